// rm [-rRfidv] FILE...: removes files. -r: folders, too, with all that is in them, -d: empty ones;
// -f: it is well if there is no such file, -i: asks before, and of -f and -i the last one counts;
// -v: shows the names.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "user/tools/remove.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

/// "." and ".." at the end of a path: to remove them is a slip.
bool is_dots(const char* path) {
    const char* const slash = strrchr(path, '/');
    const char* const name = slash != nullptr ? slash + 1 : path;
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/// All that there is: nobody means that.
bool is_root(const struct stat& told) {
    struct stat root;
    return stat("/", &root) == 0 && told.st_dev == root.st_dev && told.st_ino == root.st_ino;
}

int remove_one(const char* path, const Options& options, const RemoveHow& how) {
    struct stat told;
    if (is_dots(path)) return complain(path, "refusing to remove it");
    if (lstat(path, &told) != 0) {
        const bool is_missing = errno == ENOENT || errno == ENOTDIR;
        return options.has('f') && is_missing ? 0 : complain(path);
    }
    if (is_root(told)) return complain(path, "refusing to remove it");
    if (options.has('r') || options.has('R')) return remove_tree(path, how);
    if (S_ISDIR(told.st_mode) && !options.has('d')) return complain(path, strerror(EISDIR));
    return remove_name(path, S_ISDIR(told.st_mode), how);
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "rRfidv", "[-rfidv] FILE...", 1,
                          "recursive=r force=f interactive=i dir=d verbose=v");
    const RemoveHow how{options.last_of("fi") == 'i', options.has('v')};
    if (!options.has('f')) options.need(1);
    int result = 0;
    for (const char* path : options.operands())
        result |= remove_one(path, options, how);
    return finish(result);
}
