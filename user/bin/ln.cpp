// ln [-sf] TARGET [NAME]: another name for a file, here if none is told; ln [-sf] TARGET... FOLDER.
// -s: a symbolic link, whose target need not be there; -f: a name that is there is removed first.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "sf", "[-sf] TARGET... [NAME | FOLDER]");
    options.need(1);
    static char here[] = ".";
    Operands targets = options.operands();
    char* to = here;
    if (targets.size() > 1) {
        to = targets.back();
        targets = targets.first(targets.size() - 1);
    }
    const bool into_folder = is_folder(to);
    if (targets.size() > 1 && !into_folder) return complain(to, strerror(ENOTDIR));
    int result = 0;
    for (const char* target : targets) {
        char* const name = target_of(target, to, into_folder);
        result |= make_link(target, name, options.has('s'), options.has('f'));
        free(name);
    }
    return result;
}
