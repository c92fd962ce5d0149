// Kinds of characters, as POSIX 2 means them in the C locale.
#pragma once

#include <cstddef>
#include <string_view>

namespace quire::shell {

constexpr bool is_digit(int c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_name_start(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_name_character(int c) {
    return is_name_start(c) || is_digit(c);
}
/// One of $@ $* $# $? $- $$ $!
constexpr bool is_special_parameter(int c) {
    return c > 0 &&
           std::string_view("@*#?-$!").find(static_cast<char>(c)) != std::string_view::npos;
}

/// The length of the name at the start of `text`; 0: none is there.
constexpr std::size_t name_length(std::string_view text) {
    if (text.empty() || !is_name_start(text[0])) return 0;
    std::size_t length = 1;
    while (length < text.size() && is_name_character(text[length]))
        ++length;
    return length;
}
constexpr bool is_name(std::string_view text) {
    return !text.empty() && name_length(text) == text.size();
}
constexpr bool is_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The number that `digits` are; what is above a billion is a billion.
constexpr int to_number(std::string_view digits) {
    constexpr int kMost = 1000000000;
    int number = 0;
    for (const char digit : digits)
        number = number < kMost / 10 ? number * 10 + (digit - '0') : kMost;
    return number;
}

}  // namespace quire::shell
