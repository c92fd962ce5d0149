// The end of the machine's work: reboot(2).
#pragma once

#include <cstdint>

#include "user/system.h"

namespace quire {

inline constexpr std::uint32_t kPowerOff = 0x4321FEDC;
inline constexpr std::uint32_t kRestart = 0x01234567;

/// Writes back what is dirty, and does it. Comes back, with -errno, only if it may not be.
inline long end_machine(std::uint32_t how) {
    constexpr std::uint32_t kMagic = 0xFEE1DEAD, kMagic2 = 672274793;
    system_call(SYS_sync);
    return system_call(SYS_reboot, kMagic, kMagic2, how, 0);
}

}  // namespace quire
