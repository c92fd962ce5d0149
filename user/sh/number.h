// Numbers of 64 bits as text and back, which libc/ does not have.
#pragma once

#include <optional>
#include <string_view>

#include "user/arena.h"

namespace quire::shell {

[[nodiscard]] std::string_view to_text(long long number, Arena& arena);

/// A decimal number with an optional sign and nothing else, blanks around it allowed.
[[nodiscard]] std::optional<long long> to_integer(std::string_view text);

}  // namespace quire::shell
