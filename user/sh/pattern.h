// Patterns: * ? [a-z] [!a-z] [[:digit:]]; a backslash takes what follows literally. POSIX 2.13.
#pragma once

#include <cstddef>
#include <string_view>

#include "user/sh/syntax.h"

namespace quire::shell {

/// Whether all of `text` fits.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text);

/// What is left of `text` after `operation` (ShortPrefix to LongSuffix) has cut the pattern off.
[[nodiscard]] std::string_view without_match(std::string_view text, std::string_view pattern,
                                             Part::Operation operation);

/// Whether the pattern is more than plain text.
[[nodiscard]] bool has_wildcards(std::string_view pattern);

}  // namespace quire::shell
