// The numbers of wait4(2) and waitid(2) of Linux. (Linux: linux/wait.h, asm-generic/siginfo.h.)
#pragma once

#include <cstdint>

namespace quire::abi {

// options
inline constexpr std::uint32_t kWaitNoHang = 1;
inline constexpr std::uint32_t kWaitStopped = 2;  // WUNTRACED, WSTOPPED
inline constexpr std::uint32_t kWaitExited = 4;
inline constexpr std::uint32_t kWaitContinued = 8;
inline constexpr std::uint32_t kWaitLeave = 0x01000000;       // WNOWAIT
inline constexpr std::uint32_t kWaitOwnThread = 0x20000000;   // __WNOTHREAD
inline constexpr std::uint32_t kWaitAllKinds = 0x40000000;    // __WALL
inline constexpr std::uint32_t kWaitOnlyClones = 0x80000000;  // __WCLONE

// which of waitid
inline constexpr std::uint32_t kWaitForAny = 0;
inline constexpr std::uint32_t kWaitForProcess = 1;
inline constexpr std::uint32_t kWaitForGroup = 2;

/// As much of siginfo_t as waitid fills in.
struct WaitInfo {
    std::int32_t signal, error, code;
    std::uint32_t pid, user;
    std::int32_t status;
};
static_assert(sizeof(WaitInfo) == 24);

}  // namespace quire::abi
