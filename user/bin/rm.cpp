// rm [-rf] FILE...: removes files. -r: folders, too, with all that is in them; -f: it is well if
// there is no such file.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int remove_one(const char* path, bool with_folders, bool is_forced) {
    struct stat told;
    if (is_dots(path)) return complain(path, "refusing to remove it");
    if (lstat(path, &told) != 0) return is_forced && errno == ENOENT ? 0 : complain(path);
    if (with_folders) return remove_tree(path);
    if (S_ISDIR(told.st_mode)) return complain(path, strerror(EISDIR));
    return unlink(path) == 0 ? 0 : complain(path);
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "rRf", "[-rf] FILE...");
    if (!options.has('f')) options.need(1);
    int result = 0;
    for (const char* path : options.operands())
        result |= remove_one(path, options.has('r') || options.has('R'), options.has('f'));
    return result;
}
