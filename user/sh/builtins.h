// Commands that are part of the shell, because they change the shell itself.
#pragma once

#include <string_view>

#include "user/sh/shell.h"

namespace quire::shell {

using Builtin = int (*)(Shell& shell, Arguments arguments);

/// nullptr: there is none of that name.
[[nodiscard]] Builtin find_builtin(std::string_view name);

}  // namespace quire::shell
