// The operations of futex(2). (Linux: uapi/linux/futex.h.)
#pragma once

#include <cstdint>

namespace quire::abi {

inline constexpr std::uint32_t kFutexWait = 0;
inline constexpr std::uint32_t kFutexWake = 1;
inline constexpr std::uint32_t kFutexRequeue = 3;
inline constexpr std::uint32_t kFutexCompareRequeue = 4;
inline constexpr std::uint32_t kFutexWakeOperation = 5;
inline constexpr std::uint32_t kFutexWaitBits = 9;
inline constexpr std::uint32_t kFutexWakeBits = 10;
inline constexpr std::uint32_t kFutexPrivate = 128;
inline constexpr std::uint32_t kFutexClockRealTime = 256;

/// FUTEX_WAKE_OP: what is done, and what is asked.
inline constexpr std::uint32_t kFutexSet = 0;
inline constexpr std::uint32_t kFutexAdd = 1;
inline constexpr std::uint32_t kFutexOr = 2;
inline constexpr std::uint32_t kFutexAndNot = 3;
inline constexpr std::uint32_t kFutexXor = 4;
inline constexpr std::uint32_t kFutexShift = 8U << 28;
inline constexpr std::uint32_t kFutexEqual = 0;
inline constexpr std::uint32_t kFutexNotEqual = 1;
inline constexpr std::uint32_t kFutexLess = 2;
inline constexpr std::uint32_t kFutexLessOrEqual = 3;
inline constexpr std::uint32_t kFutexGreater = 4;
inline constexpr std::uint32_t kFutexGreaterOrEqual = 5;

/// What a robust lock's word says: who has it, that somebody waits, that its owner died.
inline constexpr std::uint32_t kFutexWaiters = 0x80000000;
inline constexpr std::uint32_t kFutexOwnerDied = 0x40000000;
inline constexpr std::uint32_t kFutexTid = 0x3FFFFFFF;

/// struct robust_list_head
struct RobustListHead {
    std::uint32_t first;    // &head: the list is empty
    std::int32_t offset;    // from an entry to its lock's word
    std::uint32_t pending;  // the entry of a lock that is being taken or freed; 0: none
};

}  // namespace quire::abi
