// mv [-fniuv] FROM... TO: renames, or moves into the folder TO; from one file system to another it
// copies and removes. -n: nothing that is there is replaced; -i: asks before; -u: only what is
// older; -v: shows the names.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/tools/copy.h"
#include "user/tools/remove.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

/// The kernel has nothing against it, but whoever asks for it means something else.
bool is_same_file(const char* from, const char* target) {
    struct stat told, there;
    return lstat(from, &told) == 0 && lstat(target, &there) == 0 && told.st_dev == there.st_dev &&
           told.st_ino == there.st_ino;
}

/// What rename(2) would do with what is there: a copy goes to what a link leads to.
int remove_target(const char* from, const char* target) {
    struct stat told, there;
    if (lstat(target, &there) != 0 || lstat(from, &told) != 0) return 0;
    const bool is_replaced_by_folder = S_ISDIR(told.st_mode), was_folder = S_ISDIR(there.st_mode);
    if (was_folder != is_replaced_by_folder)
        return complain(target, strerror(was_folder ? EISDIR : ENOTDIR));
    return (was_folder ? rmdir(target) : unlink(target)) == 0 ? 0 : complain(target);
}

int move(const char* from, const char* target) {
    if (is_same_file(from, target)) return complain(from, "is the same file");
    if (rename(from, target) == 0) return 0;
    if (errno != EXDEV) return complain(from);
    if (remove_target(from, target) != 0) return 1;
    CopyHow how;
    how.with_folders = how.keeps_links = how.keeps_attributes = how.is_forced = true;
    return copy(from, target, how) != 0 ? 1 : remove_tree(from, {});
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "fniuv", "[-fniuv] FROM... TO", 1,
                          "force=f no-clobber=n interactive=i update=u verbose=v");
    const Replace replace = replace_of(options);
    return finish(for_each_target(options, [&](const char* from, const char* target) {
        if (!may_replace(from, target, replace)) return 0;
        const int result = move(from, target);
        if (result == 0 && options.has('v')) fputs("renamed ", stdout), show_names(from, target);
        return result;
    }));
}
