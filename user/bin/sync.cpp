// sync [FILE]...: writes all that is dirty to the disks, or these files.
#include <fcntl.h>
#include <unistd.h>

#include "user/tools/tool.h"

using namespace quire::tools;

int main(int argc, char** argv) {
    const Options options(argc, argv, "", "[FILE]...");
    if (options.operands().empty()) sync();
    int result = 0;
    for (const char* path : options.operands()) {
        const int file = open(path, O_RDONLY | O_NONBLOCK);
        if (file < 0 || fsync(file) != 0) result = complain(path);
        if (file >= 0) close(file);
    }
    return result;
}
