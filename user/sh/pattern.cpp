#include "user/sh/pattern.h"

#include <array>

#include "user/sh/characters.h"

namespace quire::shell {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_letter(char c) {
    return is_upper(c) || is_lower(c);
}
bool is_visible(char c) {
    return c > ' ' && c < 0x7F;
}

struct Class {
    std::string_view name;
    bool (*contains)(char c);
};
constexpr std::array<Class, 11> kClasses{{
    {"alpha", is_letter},
    {"digit", [](char c) { return is_digit(c); }},
    {"alnum", [](char c) { return is_letter(c) || is_digit(c); }},
    {"upper", is_upper},
    {"lower", is_lower},
    {"space", [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }},
    {"blank", [](char c) { return c == ' ' || c == '\t'; }},
    {"punct", [](char c) { return is_visible(c) && !is_letter(c) && !is_digit(c); }},
    {"print", [](char c) { return is_visible(c) || c == ' '; }},
    {"graph", is_visible},
    {"xdigit",
     [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }},
}};

/// [:name:] at `at`: its length, and whether `c` is in it. 0: none is there.
std::size_t class_at(std::string_view set, std::size_t at, char c, bool& contains) {
    if (!set.substr(at).starts_with("[:")) return 0;
    const std::size_t end = set.find(":]", at + 2);
    if (end == kNone) return 0;
    for (const Class& one : kClasses)
        if (one.name == set.substr(at + 2, end - at - 2)) contains |= one.contains(c);
    return end + 2 - at;
}

/// One character of a set, which a backslash may quote.
char take_member(std::string_view set, std::size_t& at) {
    if (set[at] == '\\' && at + 1 < set.size()) ++at;
    return set[at++];
}

/// The set at the start of `pattern`, with its brackets: its length, and whether `c` is in it. 0:
/// it is never closed, and so no set.
std::size_t match_set(std::string_view pattern, char c, bool& contains) {
    std::size_t at = 1;
    const bool inverted = at < pattern.size() && pattern[at] == '!';
    if (inverted) ++at;
    const std::size_t first = at;
    contains = false;
    while (at < pattern.size() && (pattern[at] != ']' || at == first)) {
        if (const std::size_t length = class_at(pattern, at, c, contains)) {
            at += length;
            continue;
        }
        const char low = take_member(pattern, at);
        char high = low;
        if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']')
            high = take_member(pattern, ++at);
        contains |= static_cast<unsigned char>(c) >= static_cast<unsigned char>(low) &&
                    static_cast<unsigned char>(c) <= static_cast<unsigned char>(high);
    }
    if (at >= pattern.size()) return 0;
    contains = contains != inverted;
    return at + 1;
}

/// How much of `pattern` (not a star) fits `c`; 0: it does not.
std::size_t match_one(std::string_view pattern, char c) {
    if (pattern[0] == '?') return 1;
    if (pattern[0] == '[') {
        bool contains = false;
        const std::size_t length = match_set(pattern, c, contains);
        if (length > 0) return contains ? length : 0;
    }
    if (pattern[0] == '\\' && pattern.size() > 1) return pattern[1] == c ? 2 : 0;
    return pattern[0] == c ? 1 : 0;
}

}  // namespace

/// Where it does not fit, the last star takes one character more; no earlier one has to.
bool matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = kNone;
    std::size_t starred = 0;
    while (t < text.size() || p < pattern.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            starred = t;
            continue;
        }
        const std::size_t length =
            p < pattern.size() && t < text.size() ? match_one(pattern.substr(p), text[t]) : 0;
        if (length > 0) {
            p += length;
            ++t;
        } else if (star != kNone && starred < text.size()) {
            p = star + 1;
            t = ++starred;
        } else {
            return false;
        }
    }
    return true;
}

std::string_view without_match(std::string_view text, std::string_view pattern,
                               Part::Operation operation) {
    const bool prefix = operation <= Part::Operation::LongPrefix;
    const bool longest =
        operation == Part::Operation::LongPrefix || operation == Part::Operation::LongSuffix;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const std::size_t length = longest ? text.size() - i : i;
        const std::size_t rest = text.size() - length;
        if (matches(pattern, prefix ? text.substr(0, length) : text.substr(rest)))
            return prefix ? text.substr(length) : text.substr(0, rest);
    }
    return text;
}

bool has_wildcards(std::string_view pattern) {
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '\\')
            ++at;
        else if (pattern[at] == '*' || pattern[at] == '?' || pattern[at] == '[')
            return true;
    }
    return false;
}

}  // namespace quire::shell
