// Patterns of file names: *.txt, /proc/[0-9]*/maps.
#pragma once

#include "user/arena.h"
#include "user/sh/expansion.h"

namespace quire::shell {

/// The paths that fit, in order; nullptr: none does.
[[nodiscard]] Field* files_like(std::string_view pattern, Arena& arena, Names& names);

}  // namespace quire::shell
