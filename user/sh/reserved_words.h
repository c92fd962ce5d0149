// The words that mean something to the parser where a command begins. POSIX 2.4.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace quire::shell {

/// Where a command could begin, these end a list, or make no sense.
inline constexpr std::array<std::string_view, 8> kListEnds{"then", "else", "elif", "fi",
                                                           "do",   "done", "esac", "}"};
/// These begin a command, or belong to one.
inline constexpr std::array<std::string_view, 8> kListStarts{"!",  "{",  "case",  "for",
                                                             "if", "in", "until", "while"};

constexpr bool ends_list(std::string_view word) {
    return std::find(kListEnds.begin(), kListEnds.end(), word) != kListEnds.end();
}
constexpr bool is_reserved(std::string_view word) {
    return ends_list(word) ||
           std::find(kListStarts.begin(), kListStarts.end(), word) != kListStarts.end();
}

}  // namespace quire::shell
