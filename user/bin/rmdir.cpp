// rmdir [-pv] FOLDER...: removes empty folders; -p: then those above them in the path; -v: shows
// the names.
#include <string.h>
#include <unistd.h>

#include "user/tools/tool.h"

using namespace quire::tools;

int main(int argc, char** argv) {
    const Options options(argc, argv, "pv", "[-pv] FOLDER...", 1, "parents=p verbose=v");
    options.need(1);
    int result = 0;
    for (char* path : options.operands()) {
        for (char* slash = path; slash != nullptr;) {
            if (options.has('v')) printf("rmdir: removing directory, '%s'\n", path);
            if (rmdir(path) != 0) {
                result = complain(path);
                break;
            }
            slash = options.has('p') ? strrchr(path, '/') : nullptr;
            if (slash != nullptr) *slash = '\0';
            if (*path == '\0') break;
        }
    }
    return finish(result);
}
