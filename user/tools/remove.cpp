#include "user/tools/remove.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/tools/ask.h"
#include "user/tools/names.h"
#include "user/tools/tool.h"

namespace quire::tools {

int remove_name(const char* path, bool is_folder, const RemoveHow& how) {
    if (how.asks && !ask(is_folder ? "remove directory" : "remove", path)) return 0;
    if ((is_folder ? rmdir(path) : unlink(path)) != 0) return complain(path);
    if (how.is_told) printf("removed %s'%s'\n", is_folder ? "directory " : "", path);
    return 0;
}

int remove_tree(const char* path, const RemoveHow& how) {
    struct stat told;
    if (lstat(path, &told) != 0) return complain(path);
    if (!S_ISDIR(told.st_mode)) return remove_name(path, false, how);
    Names names;
    if (!names.read(path)) return complain(path);
    if (how.asks && names.begin() != names.end() && !ask("descend into directory", path)) return 0;
    int result = 0;
    for (const char* name : names) {
        char* const inner = join_path(path, name);
        result |= remove_tree(inner, how);
        free(inner);
    }
    return result != 0 ? result : remove_name(path, true, how);
}

}  // namespace quire::tools
