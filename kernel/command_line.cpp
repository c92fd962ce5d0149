// Cutting the command line into words, and reading numbers from it.
#include "kernel/command_line.h"

namespace quire::kernel {

namespace {

// Also what a loader may leave behind the text: line ends and NULs.
bool is_separator(char character) {
    return static_cast<unsigned char>(character) <= ' ';
}

template <typename Predicate>
std::size_t count_until(std::string_view text, Predicate predicate) {
    std::size_t count = 0;
    while (count < text.size() && !predicate(text[count]))
        ++count;
    return count;
}

// Cuts the first `count` characters off `rest` and returns them.
std::string_view take(std::string_view& rest, std::size_t count) {
    const std::string_view taken(rest.data(), count);
    rest.remove_prefix(count);
    return taken;
}

std::string_view take_value(std::string_view& rest) {
    if (rest.empty() || rest.front() != '"') return take(rest, count_until(rest, is_separator));
    rest.remove_prefix(1);
    const std::string_view value =
        take(rest, count_until(rest, [](char character) { return character == '"'; }));
    if (!rest.empty()) rest.remove_prefix(1);
    return value;
}

// The value of a digit in bases up to 16, or 16 for what is none.
std::uint32_t digit_value(char character) {
    if (character >= '0' && character <= '9') return static_cast<std::uint32_t>(character - '0');
    const char lower = static_cast<char>(character | 0x20);
    if (lower >= 'a' && lower <= 'f') return static_cast<std::uint32_t>(lower - 'a') + 10;
    return 16;
}

std::optional<std::uint32_t> unit_factor(std::string_view unit) {
    if (unit.empty()) return 1;
    if (unit.size() > 1) return std::nullopt;
    switch (unit.front()) {
    case 'k':
    case 'K':
        return 1U << 10;
    case 'm':
    case 'M':
        return 1U << 20;
    case 'g':
    case 'G':
        return 1U << 30;
    default:
        return std::nullopt;
    }
}

}  // namespace

Result<std::uint32_t> parse_digits(std::string_view digits, std::uint32_t base) {
    if (digits.empty()) return Error::InvalidArgument;
    std::uint32_t number = 0;
    for (const char digit : digits) {
        if (digit_value(digit) >= base || __builtin_mul_overflow(number, base, &number) ||
            __builtin_add_overflow(number, digit_value(digit), &number)) {
            return Error::InvalidArgument;
        }
    }
    return number;
}

Result<std::uint32_t> parse_number(std::string_view text) {
    const bool is_hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const std::uint32_t base = is_hex ? 16 : 10;
    if (is_hex) text.remove_prefix(2);
    const std::string_view digits =
        take(text, count_until(text, [base](char c) { return digit_value(c) >= base; }));
    const std::optional<std::uint32_t> factor = unit_factor(text);
    if (!factor) return Error::InvalidArgument;
    std::uint32_t number = TRY(parse_digits(digits, base));
    if (__builtin_mul_overflow(number, *factor, &number)) return Error::InvalidArgument;
    return number;
}

void CommandLine::Iterator::take_word() {
    rest_.remove_prefix(
        count_until(rest_, [](char character) { return !is_separator(character); }));
    at_end_ = rest_.empty();
    word_ = Word{};
    word_.key = take(rest_, count_until(rest_, [](char character) {
                         return character == '=' || is_separator(character);
                     }));
    if (rest_.empty() || rest_.front() != '=') return;
    rest_.remove_prefix(1);
    word_.has_value = true;
    word_.value = take_value(rest_);
}

std::optional<std::string_view> CommandLine::find(std::string_view key) const {
    std::optional<std::string_view> found;
    for (const Word& word : *this) {
        if (word.key == key) found = word.value;
    }
    return found;
}

Result<std::uint32_t> CommandLine::number(std::string_view key) const {
    const std::optional<std::string_view> value = find(key);
    if (!value) return Error::NotFound;
    return parse_number(*value);
}

}  // namespace quire::kernel
