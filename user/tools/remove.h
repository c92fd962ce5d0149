// Removing a file, or a folder with all that is in it.
#pragma once

namespace quire::tools {

/// Complains of what it could not remove, and goes on: 0 or 1.
int remove_tree(const char* path);

}  // namespace quire::tools
