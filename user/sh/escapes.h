// Backslashes in the texts of `echo` and `printf`.
#pragma once

#include <cstddef>
#include <string_view>

#include "user/output.h"

namespace quire::shell {

enum class OctalForm { Printf, Echo };  // \101; also \0101

/// Prints what the backslash at `at` begins, and goes behind it. False: it was \c, which ends all
/// output.
bool print_escape(Output& output, std::string_view text, std::size_t& at, OctalForm form);

}  // namespace quire::shell
