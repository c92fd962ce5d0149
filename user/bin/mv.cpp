// mv [-fn] FROM... TO: renames, or moves into the folder TO; from one file system to another it
// copies and removes. -n: nothing that is there is replaced.
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "user/tools/copy.h"
#include "user/tools/remove.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

int move(const char* from, const char* target) {
    if (rename(from, target) == 0) return 0;
    if (errno != EXDEV) return complain(from);
    CopyHow how;
    how.with_folders = how.keeps_links = how.keeps_attributes = how.is_forced = true;
    return copy(from, target, how) != 0 ? 1 : remove_tree(from);
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "fn", "[-fn] FROM... TO");
    return for_each_target(options, [&](const char* from, const char* target) {
        const bool is_kept = options.has('n') && access(target, F_OK) == 0;
        return is_kept ? 0 : move(from, target);
    });
}
