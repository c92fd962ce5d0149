// The operations of futex(2). (Linux: uapi/linux/futex.h.)
#pragma once

#include <cstdint>

namespace quire::abi {

inline constexpr std::uint32_t kFutexWait = 0;
inline constexpr std::uint32_t kFutexWake = 1;
inline constexpr std::uint32_t kFutexRequeue = 3;
inline constexpr std::uint32_t kFutexCompareRequeue = 4;
inline constexpr std::uint32_t kFutexWaitBits = 9;
inline constexpr std::uint32_t kFutexWakeBits = 10;
inline constexpr std::uint32_t kFutexPrivate = 128;
inline constexpr std::uint32_t kFutexClockRealTime = 256;

}  // namespace quire::abi
