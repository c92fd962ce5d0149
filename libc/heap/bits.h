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

/// Precondition of these two: number < 32.
[[gnu::always_inline]] inline void set_bit(std::uint32_t& word, std::size_t number) {
    asm("btsl %k1, %0" : "+m"(word) : "r"(number) : "cc");
}
[[gnu::always_inline]] inline void clear_bit(std::uint32_t& word, std::size_t number) {
    asm("btrl %k1, %0" : "+m"(word) : "r"(number) : "cc");
}

/// Whether `number` is negative when `less` is taken off.
template <int less>
[[nodiscard, gnu::always_inline]] inline bool negative_after(std::int16_t& number) {
    bool negative = false;
    asm("subw %2, %1" : "=@ccs"(negative), "+m"(number) : "i"(less));
    return negative;
}

}  // namespace quire::heap
