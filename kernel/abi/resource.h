// The numbers and structures of getrlimit(2), getrusage(2) and getpriority(2) of Linux i386.
// (Linux: asm-generic/resource.h, linux/resource.h.)
#pragma once

#include <cstdint>

#include "kernel/abi/time.h"

namespace quire::abi {

// RLIMIT_...
inline constexpr std::uint32_t kLimitCpu = 0;  // seconds
inline constexpr std::uint32_t kLimitFileSize = 1;
inline constexpr std::uint32_t kLimitData = 2;
inline constexpr std::uint32_t kLimitStack = 3;
inline constexpr std::uint32_t kLimitCore = 4;
inline constexpr std::uint32_t kLimitResident = 5;
inline constexpr std::uint32_t kLimitProcesses = 6;
inline constexpr std::uint32_t kLimitFiles = 7;
inline constexpr std::uint32_t kLimitLockedMemory = 8;
inline constexpr std::uint32_t kLimitAddressSpace = 9;
inline constexpr std::uint32_t kLimitFileLocks = 10;
inline constexpr std::uint32_t kLimitPendingSignals = 11;
inline constexpr std::uint32_t kLimitMessageQueues = 12;
inline constexpr std::uint32_t kLimitNice = 13;
inline constexpr std::uint32_t kLimitRealTimePriority = 14;
inline constexpr std::uint32_t kLimitRealTime = 15;  // microseconds
inline constexpr std::uint32_t kLimitKinds = 16;

/// RLIM_INFINITY of the calls with 32 and with 64 bits; and what the oldest one answers instead.
inline constexpr std::uint32_t kNoLimit = ~0U;
inline constexpr std::uint64_t kNoLimit64 = ~std::uint64_t{0};
inline constexpr std::uint32_t kNoLimitOld = 0x7FFFFFFF;

struct ResourceLimit {
    std::uint32_t soft, hard;
};
struct ResourceLimit64 {
    std::uint64_t soft, hard;
};
static_assert(sizeof(ResourceLimit) == 8 && sizeof(ResourceLimit64) == 16);

// who of getrusage
inline constexpr std::int32_t kUsageSelf = 0;
inline constexpr std::int32_t kUsageChildren = -1;
inline constexpr std::int32_t kUsageThread = 1;

/// struct rusage. What Linux leaves 0, too, has no name here.
struct ResourceUsage {
    TimeValue user_time, system_time;
    std::uint32_t most_resident;  // KiB
    std::uint32_t unused1[3];
    std::uint32_t minor_faults, major_faults;
    std::uint32_t unused2;
    std::uint32_t blocks_read, blocks_written;
    std::uint32_t unused3[3];
    std::uint32_t voluntary_switches, involuntary_switches;
};
static_assert(sizeof(ResourceUsage) == 72);

// which of getpriority and setpriority
inline constexpr std::uint32_t kPriorityProcess = 0;
inline constexpr std::uint32_t kPriorityGroup = 1;
inline constexpr std::uint32_t kPriorityUser = 2;

}  // namespace quire::abi
