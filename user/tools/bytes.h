// From one descriptor to another, as it is: cat and cp.
#pragma once

namespace quire::tools {

/// Writes all that can still be read of `in` to `out`. 0, or 1 after a complaint about the one that
/// failed, by its name.
int copy_bytes(int in, int out, const char* from, const char* to);

}  // namespace quire::tools
