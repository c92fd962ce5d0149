// Division of 64-bit numbers by DIV, which divides 64 bits by 32 and must not overflow.
//
// A divisor of one word takes schoolbook division with two digits of 32 bits. A longer one leaves a
// quotient of one word: it is estimated from the divisor's first 32 bits, which makes it right or
// one too large, and one is taken off before it is compared (Warren, Hacker's Delight, 9-5).
#pragma once

#include <bit>
#include <cstdint>

namespace quire {

struct WideQuotient {
    std::uint64_t quotient;
    std::uint64_t remainder;
};

namespace wide_division {

struct Digit {
    std::uint32_t quotient;
    std::uint32_t remainder;
};

// Precondition: high < divisor, so that the quotient fits.
inline Digit divide_digit(std::uint32_t high, std::uint32_t low, std::uint32_t divisor) {
    Digit digit{};
    asm("divl %4"
        : "=a"(digit.quotient), "=d"(digit.remainder)
        : "0"(low), "1"(high), "r"(divisor)
        : "cc");
    return digit;
}

constexpr std::uint32_t high_word(std::uint64_t value) {
    return static_cast<std::uint32_t>(value >> 32);
}
constexpr std::uint32_t low_word(std::uint64_t value) {
    return static_cast<std::uint32_t>(value);
}

inline WideQuotient divide_by_word(std::uint64_t dividend, std::uint32_t divisor) {
    const Digit first = divide_digit(0, high_word(dividend), divisor);
    const Digit second = divide_digit(first.remainder, low_word(dividend), divisor);
    return {std::uint64_t{first.quotient} << 32 | second.quotient, second.remainder};
}

}  // namespace wide_division

/// Quotient and remainder. A divisor of 0 is a divide error, as of the instruction.
inline WideQuotient divide_wide(std::uint64_t dividend, std::uint64_t divisor) {
    using namespace wide_division;
    const std::uint32_t high = high_word(divisor);
    if (high == 0) return divide_by_word(dividend, low_word(divisor));
    const int shift = std::countl_zero(high);
    const std::uint64_t half = dividend >> 1;
    const Digit digit = divide_digit(high_word(half), low_word(half), high_word(divisor << shift));
    std::uint64_t quotient = (std::uint64_t{digit.quotient} << shift) >> 31;
    if (quotient != 0) --quotient;
    std::uint64_t remainder = dividend - quotient * divisor;
    if (remainder >= divisor) {
        ++quotient;
        remainder -= divisor;
    }
    return {quotient, remainder};
}

}  // namespace quire
