// The time-stamp counter: clocks since reset; under QEMU's -icount shift=0, instructions.
#pragma once

#include <cstdint>

namespace quire::cpu {

inline std::uint64_t read_tsc() {
    std::uint32_t low;
    std::uint32_t high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return static_cast<std::uint64_t>(high) << 32 | low;
}

}  // namespace quire::cpu
