// The numbers and structures of the calls about time of Linux i386: clocks, sleeps, alarms.
//
// A time is told in two ways: with 32-bit seconds, until 2038, and with 64-bit ones in the calls
// whose names end in _time64. (Linux: linux/time.h, linux/time_types.h, asm-generic/posix_types.h.)
#pragma once

#include <cstddef>
#include <cstdint>

namespace quire::abi {

/// struct old_timeval32, old_timespec32.
struct TimeValue {
    std::int32_t seconds, microseconds;
};
struct TimeSpec {
    std::int32_t seconds, nanoseconds;
};
/// struct __kernel_timespec. The upper half of tv_nsec is not looked at.
struct TimeSpec64 {
    std::int64_t seconds;
    std::int32_t nanoseconds;
    std::int32_t unused;
};
static_assert(sizeof(TimeValue) == 8 && sizeof(TimeSpec) == 8 && sizeof(TimeSpec64) == 16);
static_assert(offsetof(TimeSpec64, nanoseconds) == 8);

/// struct timezone: Quire knows only UTC.
struct TimeZone {
    std::int32_t minutes_west, daylight_saving;
};
/// struct old_itimerval32.
struct IntervalTimer {
    TimeValue interval, value;
};
/// struct tms, in ticks of 1/100 s.
struct ProcessTimes {
    std::int32_t user, system, children_user, children_system;
};
static_assert(sizeof(TimeZone) == 8 && sizeof(IntervalTimer) == 16 && sizeof(ProcessTimes) == 16);
inline constexpr std::uint32_t kTicksPerSecond = 100;  // USER_HZ

// clocks
inline constexpr std::uint32_t kClockRealTime = 0;
inline constexpr std::uint32_t kClockMonotonic = 1;
inline constexpr std::uint32_t kClockProcess = 2;
inline constexpr std::uint32_t kClockThread = 3;
inline constexpr std::uint32_t kClockMonotonicRaw = 4;
inline constexpr std::uint32_t kClockRealTimeCoarse = 5;
inline constexpr std::uint32_t kClockMonotonicCoarse = 6;
inline constexpr std::uint32_t kClockBootTime = 7;
// They wake a machine that sleeps, which this one never does.
inline constexpr std::uint32_t kClockRealTimeAlarm = 8;
inline constexpr std::uint32_t kClockBootTimeAlarm = 9;
inline constexpr std::uint32_t kClockAtomic =
    11;  // TAI, which is UTC until somebody says how far off

inline constexpr std::uint32_t kTimerAbsolute = 1;  // TIMER_ABSTIME, flag of clock_nanosleep

// which of setitimer
inline constexpr std::uint32_t kTimerReal = 0;     // SIGALRM
inline constexpr std::uint32_t kTimerVirtual = 1;  // SIGVTALRM, in user mode
inline constexpr std::uint32_t kTimerProfile = 2;  // SIGPROF, in user and kernel mode

}  // namespace quire::abi
