// The numbers of libc/string.h: texts to numbers and back.
//
// One parse_number() serves all strto* functions; they differ in their limits. A number that is too
// large sets errno to ERANGE, and a base that cannot be to EINVAL, in programs that have an errno:
// those with libc/program/ in them. The others (no C library) only see the limit.
#include <climits>
#include <cstdint>

#include "kernel/abi/errno.h"
#include "libc/string.h"

/// Where errno is (libc/include/errno.h).
extern "C" [[gnu::weak]] int* __errno_location() noexcept;

namespace {

void set_error(int number) {
    if (__errno_location != nullptr) *__errno_location() = number;
}

bool is_space(char character) {
    return character == ' ' || (character >= '\t' && character <= '\r');
}

// The value of a digit in bases up to 36, or 36 for what is no digit.
unsigned digit_value(char character) {
    if (character >= '0' && character <= '9') return static_cast<unsigned>(character - '0');
    if (character >= 'a' && character <= 'z') return static_cast<unsigned>(character - 'a') + 10;
    if (character >= 'A' && character <= 'Z') return static_cast<unsigned>(character - 'A') + 10;
    return 36;
}

template <typename Unsigned>
struct Number {
    Unsigned magnitude = 0;
    bool negative = false;
    bool overflowed = false;
};

// Skips "0x" where the base allows it and a digit follows, and settles base 0.
const char* skip_prefix(const char* digits, unsigned& base) {
    const bool is_hex =
        digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') && digit_value(digits[2]) < 16;
    if ((base == 0 || base == 16) && is_hex) {
        base = 16;
        return digits + 2;
    }
    if (base == 0) base = digits[0] == '0' ? 8 : 10;
    return digits;
}

// What the three strto* functions share: everything but the limits of the result.
template <typename Unsigned>
Number<Unsigned> parse_number(const char* text, char** end, int base_asked) {
    Number<Unsigned> number;
    if (end != nullptr) *end = const_cast<char*>(text);
    if (base_asked < 0 || base_asked == 1 || base_asked > 36) {
        set_error(quire::abi::kEinval);
        return number;
    }
    while (is_space(*text))
        ++text;
    number.negative = *text == '-';
    if (*text == '-' || *text == '+') ++text;
    auto base = static_cast<unsigned>(base_asked);
    text = skip_prefix(text, base);
    const char* const first = text;
    for (unsigned digit = digit_value(*text); digit < base; digit = digit_value(*++text)) {
        if (__builtin_mul_overflow(number.magnitude, base, &number.magnitude) ||
            __builtin_add_overflow(number.magnitude, digit, &number.magnitude)) {
            number.overflowed = true;
        }
    }
    if (end != nullptr && text != first) *end = const_cast<char*>(text);
    return number;
}

// C gives strtoul("-1") the value ULONG_MAX, and any overflow the largest value.
template <typename Unsigned>
Unsigned unsigned_value(const Number<Unsigned>& number) {
    if (number.overflowed) {
        set_error(quire::abi::kErange);
        return ~Unsigned{0};
    }
    return number.negative ? Unsigned{0} - number.magnitude : number.magnitude;
}

template <typename Signed, typename Unsigned>
Signed signed_value(const Number<Unsigned>& number) {
    constexpr auto kMost = static_cast<Signed>(~Unsigned{0} >> 1);
    const Unsigned limit = static_cast<Unsigned>(kMost) + (number.negative ? 1 : 0);
    if (!number.overflowed && number.magnitude <= limit) {
        return static_cast<Signed>(unsigned_value(number));
    }
    set_error(quire::abi::kErange);
    return number.negative ? -kMost - 1 : kMost;
}

}  // namespace

long strtol(const char* text, char** end, int base) noexcept {
    return signed_value<long>(parse_number<unsigned long>(text, end, base));
}

long long strtoll(const char* text, char** end, int base) noexcept {
    return signed_value<long long>(parse_number<unsigned long long>(text, end, base));
}

unsigned long strtoul(const char* text, char** end, int base) noexcept {
    return unsigned_value(parse_number<unsigned long>(text, end, base));
}

unsigned long long strtoull(const char* text, char** end, int base) noexcept {
    return unsigned_value(parse_number<unsigned long long>(text, end, base));
}

int atoi(const char* text) noexcept {
    return static_cast<int>(strtol(text, nullptr, 10));
}

char* itoa(int value, char* buffer, int base) noexcept {
    char* end = buffer;
    if (base >= 2 && base <= 36) {
        const bool negative = base == 10 && value < 0;
        unsigned rest = static_cast<unsigned>(value);
        if (negative) rest = 0 - rest;  // right for INT_MIN too, which has no positive
        do {
            *end++ = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % static_cast<unsigned>(base)];
            rest /= static_cast<unsigned>(base);
        } while (rest != 0);
        if (negative) *end++ = '-';
    }
    *end = '\0';
    reverse(buffer);
    return buffer;
}

void reverse(char* text) noexcept {
    const std::size_t length = strlen(text);
    for (std::size_t i = 0; i < length / 2; ++i) {
        const char swapped = text[i];
        text[i] = text[length - 1 - i];
        text[length - 1 - i] = swapped;
    }
}
