// Removing a file, or a folder with all that is in it.
#pragma once

namespace quire::tools {

struct RemoveHow {
    bool asks = false;     // of each file and folder; no is no mistake
    bool is_told = false;  // shows the names
};

/// Complains of what it could not remove, and goes on: 0 or 1.
int remove_tree(const char* path, const RemoveHow& how);
/// The same of what is no folder, or an empty one.
int remove_name(const char* path, bool is_folder, const RemoveHow& how);

}  // namespace quire::tools
