// What the compiler and the headers of the C++ library may call.
//
// The arithmetic below is what libgcc has elsewhere. That library takes its arguments from the
// stack, and the kernel passes them in registers (tools/make/kernel.mk), so it is not linked: a
// function of it that is not here is an error of the linker.
#include <cstddef>
#include <cstdint>

#include "kernel/base/panic.h"
#include "libc/wide_division.h"

extern "C" {
[[noreturn]] void __cxa_pure_virtual();
std::uint64_t __udivdi3(std::uint64_t dividend, std::uint64_t divisor);
std::uint64_t __umoddi3(std::uint64_t dividend, std::uint64_t divisor);
std::uint64_t __udivmoddi4(std::uint64_t dividend, std::uint64_t divisor, std::uint64_t* remainder);
std::int64_t __divdi3(std::int64_t dividend, std::int64_t divisor);
int __popcountsi2(std::uint32_t word);
int __popcountdi2(std::uint64_t words);
}

void __cxa_pure_virtual() {
    quire::panic("a pure virtual function was called");
}

std::uint64_t __udivdi3(std::uint64_t dividend, std::uint64_t divisor) {
    return quire::divide_wide(dividend, divisor).quotient;
}

std::uint64_t __umoddi3(std::uint64_t dividend, std::uint64_t divisor) {
    return quire::divide_wide(dividend, divisor).remainder;
}

std::uint64_t __udivmoddi4(std::uint64_t dividend, std::uint64_t divisor,
                           std::uint64_t* remainder) {
    const quire::WideQuotient result = quire::divide_wide(dividend, divisor);
    *remainder = result.remainder;
    return result.quotient;
}

// Rounds towards 0, as C++ does.
std::int64_t __divdi3(std::int64_t dividend, std::int64_t divisor) {
    const auto magnitude = [](std::int64_t value) {
        const auto bits = static_cast<std::uint64_t>(value);
        return value < 0 ? 0 - bits : bits;
    };
    const std::uint64_t quotient =
        quire::divide_wide(magnitude(dividend), magnitude(divisor)).quotient;
    return static_cast<std::int64_t>((dividend < 0) != (divisor < 0) ? 0 - quotient : quotient);
}

// Bits are added up in pairs, then in fours, in bytes, and all bytes by one multiplication.
int __popcountsi2(std::uint32_t word) {
    word -= word >> 1 & 0x55555555;
    word = (word & 0x33333333) + (word >> 2 & 0x33333333);
    word = (word + (word >> 4)) & 0x0F0F0F0F;
    return static_cast<int>(word * 0x01010101 >> 24);
}

int __popcountdi2(std::uint64_t words) {
    return __popcountsi2(static_cast<std::uint32_t>(words)) +
           __popcountsi2(static_cast<std::uint32_t>(words >> 32));
}

namespace std {

// string_view::substr() from behind the end.
[[noreturn]] void __throw_out_of_range_fmt(const char* format, ...);

void __throw_out_of_range_fmt(const char* format, ...) {
    quire::panic("out of range: %s", format);
}

}  // namespace std
