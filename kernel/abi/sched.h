// The numbers of sched_setscheduler(2) and its kin of Linux. (Linux: linux/sched.h.)
#pragma once

#include <cstdint>

namespace quire::abi {

inline constexpr std::uint32_t kSchedOther = 0;
inline constexpr std::uint32_t kSchedFifo = 1;
inline constexpr std::uint32_t kSchedRoundRobin = 2;
inline constexpr std::uint32_t kSchedBatch = 3;
inline constexpr std::uint32_t kSchedIdle = 5;
inline constexpr std::uint32_t kSchedDeadline = 6;
inline constexpr std::int32_t kMostRealTimePriority = 99;

/// struct sched_param.
struct SchedParameters {
    std::int32_t priority;
};
static_assert(sizeof(SchedParameters) == 4);

}  // namespace quire::abi
