#include "user/tools/remove.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/tools/names.h"
#include "user/tools/tool.h"

namespace quire::tools {

int remove_tree(const char* path) {
    struct stat told;
    if (lstat(path, &told) != 0) return complain(path);
    if (!S_ISDIR(told.st_mode)) return unlink(path) == 0 ? 0 : complain(path);
    Names names;
    if (!names.read(path)) return complain(path);
    int result = 0;
    for (const char* name : names) {
        char* const inner = join_path(path, name);
        result |= remove_tree(inner);
        free(inner);
    }
    if (result != 0) return result;
    return rmdir(path) == 0 ? 0 : complain(path);
}

}  // namespace quire::tools
