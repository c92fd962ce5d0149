// Bits of an array of words, by the CPU's own instructions. BT, BTS and BTR on memory take a number
// that may reach beyond the first word and find the word themselves (SDM 2A, BT): one instruction
// where C++ needs a shift, a mask, an index and the test. The array is little-endian, so bit n is
// bit n % 32 of word n / 32.
//
// Precondition: number < 32 * N.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quire::heap {

template <std::size_t N>
using Bits = std::uint32_t[N];

template <std::size_t N>
[[nodiscard, gnu::always_inline]] inline bool test_bit(const Bits<N>& bits, std::size_t number) {
    bool set = false;
    asm("btl %k2, %1" : "=@ccc"(set) : "m"(bits), "r"(number));
    return set;
}

/// Sets the bit. Returns whether it was set before.
template <std::size_t N>
[[nodiscard, gnu::always_inline]] inline bool test_and_set_bit(Bits<N>& bits, std::size_t number) {
    bool was_set = false;
    asm("btsl %k2, %1" : "=@ccc"(was_set), "+m"(bits) : "r"(number));
    return was_set;
}

template <std::size_t N>
[[gnu::always_inline]] inline void set_bit(Bits<N>& bits, std::size_t number) {
    asm("btsl %k1, %0" : "+m"(bits) : "r"(number) : "cc");
}
template <std::size_t N>
[[gnu::always_inline]] inline void clear_bit(Bits<N>& bits, std::size_t number) {
    asm("btrl %k1, %0" : "+m"(bits) : "r"(number) : "cc");
}

/// Precondition of these two: number < 32.
[[gnu::always_inline]] inline void set_bit(std::uint32_t& word, std::size_t number) {
    asm("btsl %k1, %0" : "+m"(word) : "r"(number) : "cc");
}
[[gnu::always_inline]] inline void clear_bit(std::uint32_t& word, std::size_t number) {
    asm("btrl %k1, %0" : "+m"(word) : "r"(number) : "cc");
}

/// A number below 256 that is to be divided, already where the division expects it: a caller that
/// makes it early keeps another register free.
struct ByteDividend {
    [[gnu::always_inline]] explicit ByteDividend(std::size_t below_256) : number(below_256) {
        asm("" : "+a"(number));
    }
    std::size_t number;
};
/// The quotient in the lowest eight bits, the remainder in the next eight. Precondition:
/// divisor != 0.
[[nodiscard, gnu::always_inline]] inline std::size_t divide_bytes(ByteDividend dividend,
                                                                  const std::uint8_t& divisor) {
    asm("divb %1" : "+a"(dividend.number) : "m"(divisor) : "cc");
    return dividend.number;
}

/// Whether `number` is negative when `less` is taken off.
template <int less>
[[nodiscard, gnu::always_inline]] inline bool negative_after(std::int8_t& number) {
    bool negative = false;
    asm("subb %2, %1" : "=@ccs"(negative), "+m"(number) : "i"(less));
    return negative;
}

}  // namespace quire::heap
