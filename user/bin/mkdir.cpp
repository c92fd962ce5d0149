// mkdir [-p] [-m MODE] FOLDER...: makes folders. -p: those above, too, and it is well if they are
// there.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

bool is_folder(const char* path) {
    struct stat told;
    return stat(path, &told) == 0 && S_ISDIR(told.st_mode);
}

/// Makes what is above `path`; what fails shows when `path` itself is made.
void make_above(char* path) {
    for (char* slash = path + 1; (slash = strchr(slash, '/')) != nullptr; ++slash) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "pm:", "[-p] [-m MODE] FOLDER...");
    options.need(1);
    const bool makes_above = options.has('p');
    const auto mode = static_cast<mode_t>(strtoul(options.value('m', "777"), nullptr, 8));
    int result = 0;
    for (char* path : options.operands()) {
        if (makes_above) make_above(path);
        const bool was_made = mkdir(path, mode) == 0;
        if (was_made && options.has('m')) chmod(path, mode);
        const int error = errno;
        if (was_made || (makes_above && error == EEXIST && is_folder(path))) continue;
        result = complain(path, strerror(error));
    }
    return result;
}
