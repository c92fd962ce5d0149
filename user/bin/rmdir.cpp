// rmdir [-pv] FOLDER...: removes empty folders; -p: then those above them in the path; -v: shows
// the names.
#include <string.h>
#include <unistd.h>

#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

/// Cuts the last part of the path off; false: nothing is above it.
bool go_up(char* path) {
    char* const slash = strrchr(path, '/');
    if (slash == nullptr) return false;
    *slash = '\0';
    return *path != '\0';
}

int remove(char* path, bool with_above, bool is_told) {
    for (size_t last = strlen(path); with_above && last > 1 && path[last - 1] == '/'; --last)
        path[last - 1] = '\0';
    do {
        if (is_told) printf("rmdir: removing directory, '%s'\n", path);
        if (rmdir(path) != 0) return complain(path);
    } while (with_above && go_up(path));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "pv", "[-pv] FOLDER...", 1, "parents=p verbose=v");
    options.need(1);
    int result = 0;
    for (char* path : options.operands())
        result |= remove(path, options.has('p'), options.has('v'));
    return finish(result);
}
