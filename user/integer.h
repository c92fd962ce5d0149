// Whole numbers as people type them.
#pragma once

#include <optional>
#include <string_view>

namespace quire {

/// A decimal number with an optional sign and nothing else, blanks around it allowed; nothing for
/// what is none, or too large.
constexpr std::optional<long long> to_integer(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\n";
    if (text.find_first_not_of(kBlanks) == std::string_view::npos) return std::nullopt;
    text.remove_prefix(text.find_first_not_of(kBlanks));
    text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    unsigned long long value = 0;
    for (const char digit : text) {
        const auto figure = static_cast<unsigned>(digit - '0');
        if (figure > 9 || value > (~0ULL - figure) / 10) return std::nullopt;
        value = value * 10 + figure;
    }
    if (value > (1ULL << 63) - (negative ? 0 : 1)) return std::nullopt;
    return static_cast<long long>(negative ? 0 - value : value);
}

}  // namespace quire
