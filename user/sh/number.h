// Numbers of 64 bits as text and back, which libc/ does not have.
#pragma once

#include <string_view>

#include "user/arena.h"
#include "user/integer.h"

namespace quire::shell {

[[nodiscard]] std::string_view to_text(long long number, Arena& arena);

}  // namespace quire::shell
