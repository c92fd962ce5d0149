// What programs ask of the machine and of themselves: uname(2), sysinfo(2), reboot(2), prctl(2),
// personality(2), getrandom(2), with the numbers of Linux i386. (Linux: linux/utsname.h,
// linux/sysinfo.h, linux/reboot.h, linux/prctl.h, linux/personality.h, linux/random.h.)
#pragma once

#include <cstddef>
#include <cstdint>

namespace quire::abi {

/// struct new_utsname; that of olduname(2) has no domain, that of oldolduname(2) 9 bytes a field.
struct MachineName {
    static constexpr std::size_t kField = 65;
    char system[kField], node[kField], release[kField], version[kField], machine[kField];
    char domain[kField];
};
static_assert(sizeof(MachineName) == 390);

struct SystemInfo {
    std::int32_t uptime;     // seconds
    std::uint32_t loads[3];  // 1, 5 and 15 minutes, << 16
    std::uint32_t total_ram, free_ram, shared_ram, buffer_ram, total_swap, free_swap;
    std::uint16_t processes, unused1;
    std::uint32_t total_high, free_high;
    std::uint32_t unit;  // of the figures above, in bytes
    std::uint8_t unused2[8];
};
static_assert(sizeof(SystemInfo) == 64 && offsetof(SystemInfo, unit) == 52);

// reboot
inline constexpr std::uint32_t kRebootMagic1 = 0xFEE1DEAD;
inline constexpr std::uint32_t kRebootMagic2[4] = {0x28121969, 0x05121996, 0x16041998, 0x20112000};
inline constexpr std::uint32_t kRebootRestart = 0x01234567;
inline constexpr std::uint32_t kRebootHalt = 0xCDEF0123;
inline constexpr std::uint32_t kRebootPowerOff = 0x4321FEDC;

// swapon
inline constexpr std::uint32_t kSwapPriority = 0x7FFF;
inline constexpr std::uint32_t kSwapPrefer = 0x8000;
inline constexpr std::uint32_t kSwapFlags = 0x7FFFF;  // and those about discarding

// prctl
inline constexpr std::uint32_t kPrctlSetParentDeathSignal = 1;
inline constexpr std::uint32_t kPrctlGetParentDeathSignal = 2;
inline constexpr std::uint32_t kPrctlGetDumpable = 3;
inline constexpr std::uint32_t kPrctlSetDumpable = 4;
inline constexpr std::uint32_t kPrctlSetName = 15;
inline constexpr std::uint32_t kPrctlGetName = 16;

// personality
inline constexpr std::uint32_t kPersonalityAsk = 0xFFFFFFFF;
inline constexpr std::uint32_t kPersonalityKind = 0x00000FF;         // 0: Linux
inline constexpr std::uint32_t kPersonalityNoRandom = 0x0040000;     // ADDR_NO_RANDOMIZE
inline constexpr std::uint32_t kPersonalityPageZero = 0x0100000;     // MMAP_PAGE_ZERO
inline constexpr std::uint32_t kPersonalityOldLayout = 0x0200000;    // ADDR_COMPAT_LAYOUT
inline constexpr std::uint32_t kPersonalityReadExecute = 0x0400000;  // READ_IMPLIES_EXEC
/// What a program with other rights than its caller's does not inherit (PER_CLEAR_ON_SETID).
inline constexpr std::uint32_t kPersonalityUnsafe =
    kPersonalityNoRandom | kPersonalityPageZero | kPersonalityOldLayout | kPersonalityReadExecute;

// getrandom
inline constexpr std::uint32_t kRandomNonBlock = 1;
inline constexpr std::uint32_t kRandomRandom = 2;
inline constexpr std::uint32_t kRandomInsecure = 4;

}  // namespace quire::abi
