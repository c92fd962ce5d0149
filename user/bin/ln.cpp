// ln [-sfnv] TARGET [NAME]: another name for a file, here if none is told; ln [-sfnv] TARGET...
// FOLDER. -s: a symbolic link, whose target need not be there; -f: a name that is there is removed
// first; -n: NAME is a name even if a link there leads to a folder; -v: shows the names.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/tools/copy.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

int make_link(const char* target, const char* name, bool is_symbolic, bool is_forced) {
    for (;;) {
        const int made = is_symbolic ? symlink(target, name) : link(target, name);
        if (made == 0) return 0;
        if (errno != EEXIST || !is_forced) return complain(name);
        if (unlink(name) != 0) return complain(name);
    }
}

bool is_link(const char* path) {
    struct stat told;
    return lstat(path, &told) == 0 && S_ISLNK(told.st_mode);
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "sfnv", "[-sfnv] TARGET... [NAME | FOLDER]", 1,
                          "symbolic=s force=f no-dereference=n verbose=v");
    options.need(1);
    static char here[] = ".";
    Operands targets = options.operands();
    char* to = here;
    if (targets.size() > 1) {
        to = targets.back();
        targets = targets.first(targets.size() - 1);
    }
    const bool into_folder = is_folder(to) && !(options.has('n') && is_link(to));
    if (targets.size() > 1 && !into_folder) return complain(to, strerror(ENOTDIR));
    int result = 0;
    for (const char* target : targets) {
        char* const name = target_of(target, to, into_folder);
        const bool is_symbolic = options.has('s');
        const int failed = make_link(target, name, is_symbolic, options.has('f'));
        if (failed == 0 && options.has('v'))
            printf("'%s' %s '%s'\n", name, is_symbolic ? "->" : "=>", target);
        result |= failed;
        free(name);
    }
    return finish(result);
}
