// pwd: the path of the current folder.
#include <unistd.h>

#include "user/tools/tool.h"

using namespace quire::tools;

int main(int argc, char** argv) {
    const Options options(argc, argv, "LP", "");
    char path[4096];
    if (getcwd(path, sizeof path) == nullptr) return complain("current directory");
    puts(path);
    return finish(0);
}
