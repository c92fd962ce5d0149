// Copying a file, or a folder with all that is in it: cp, and mv from one file system to another.
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/tools/tool.h"

namespace quire::tools {

/// What happens to a file that is there.
enum class Replace { Always, Never, IfOlder, IfAllowed };

/// What -n, -u and -i say; of -n and -i, and of -f, the last one counts.
Replace replace_of(const Options& options);
/// Whether `from` may take the place of `to`, which need not be there; asks if it has to.
bool may_replace(const char* from, const char* to, Replace how);
/// 'from' -> 'to', for -v.
void show_names(const char* from, const char* to);

struct CopyHow {
    bool with_folders = false;
    bool keeps_links = false;       // copies a symbolic link and not what it leads to
    bool keeps_attributes = false;  // times, owner, mode
    bool is_forced = false;         // removes a target that cannot be written
    bool is_told = false;           // shows the names
    Replace replace = Replace::Always;
};

/// Complains of what could not be copied, and goes on: 0 or 1.
int copy(const char* from, const char* to, const CopyHow& how);

/// The target of `from`: `to` itself, or the name of `from` in the folder `to`. It is malloc's.
char* target_of(const char* from, const char* to, bool is_folder);

/// What cp and mv do with FROM... TO: handle(from, target) for each, with 0 or 1 as its result.
template <typename Handle>
int for_each_target(const Options& options, Handle handle) {
    options.need(2);
    const Operands operands = options.operands();
    const char* const to = operands.back();
    const bool into_folder = is_folder(to);
    if (operands.size() > 2 && !into_folder) return complain(to, strerror(ENOTDIR));
    int result = 0;
    for (const char* from : operands.first(operands.size() - 1)) {
        char* const target = target_of(from, to, into_folder);
        result |= handle(from, target);
        free(target);
    }
    return result;
}

}  // namespace quire::tools
