// The mode of a file as ls and stat show it: "drwxr-xr-x".
#pragma once

#include <sys/types.h>

#include <array>

namespace quire::tools {

using ModeText = std::array<char, 11>;  // with its NUL
[[nodiscard]] ModeText mode_text(mode_t mode);
/// "regular file", "directory" ...
[[nodiscard]] const char* kind_text(mode_t mode, bool is_empty);

}  // namespace quire::tools
