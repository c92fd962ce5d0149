// Rounding to powers of two.
//
// Every function here asks for a power-of-two `alignment`; align_up() wraps to 0 when the next
// multiple does not fit in T, which callers that accept user input must rule out first.
#pragma once

#include <concepts>

#include "kernel/base/assert.h"

namespace quire {

template <std::unsigned_integral T>
constexpr bool is_power_of_two(T value) {
    return value != 0 && (value & (value - 1)) == 0;
}

/// The largest multiple of `alignment` that is not above `value`.
template <std::unsigned_integral T>
constexpr T align_down(T value, T alignment) {
    ASSERT(is_power_of_two(alignment));
    return static_cast<T>(value & ~(alignment - 1));
}

/// The smallest multiple of `alignment` that is not below `value`.
template <std::unsigned_integral T>
constexpr T align_up(T value, T alignment) {
    return align_down(static_cast<T>(value + (alignment - 1)), alignment);
}

template <std::unsigned_integral T>
constexpr bool is_aligned(T value, T alignment) {
    return align_down(value, alignment) == value;
}

/// How many blocks of `unit` hold `value`. `unit` need not be a power of two.
template <std::unsigned_integral T>
constexpr T divide_up(T value, T unit) {
    return static_cast<T>(value / unit + (value % unit != 0 ? 1 : 0));
}

static_assert(align_up(0x1001U, 0x1000U) == 0x2000U);
static_assert(align_down(0x1FFFU, 0x1000U) == 0x1000U);
static_assert(divide_up(0xFFFFFFFFU, 0x1000U) == 0x100000U);

}  // namespace quire
