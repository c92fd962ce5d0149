// Times of programs and times of the kernel: seconds and fractions here, nanoseconds there.
//
// A kernel time is a std::uint64_t of nanoseconds, since boot or 1970, good for 584 years; kForever
// is later than all. What is too long for it is kForever. A program's time is good if its seconds
// are not negative and its fraction is less than a second.
#pragma once

#include <cstdint>

#include "kernel/abi/time.h"
#include "kernel/base/result.h"

namespace quire::kernel {

inline constexpr std::uint64_t kForever = ~std::uint64_t{0};
inline constexpr std::uint32_t kNanosecondsPerSecond = 1'000'000'000;

/// Errors of both: InvalidArgument (not good).
Result<std::uint64_t> nanoseconds_of(std::int64_t seconds, std::int32_t nanoseconds);
Result<std::uint64_t> nanoseconds_of(const abi::TimeValue& value);

/// From now on until `span` has passed. Saturates below kForever, which stands for "never".
[[nodiscard]] std::uint64_t deadline_after(std::uint64_t now, std::uint64_t span);

/// As the programs' structures have them. Fractions are cut off; seconds that do not fit wrap.
[[nodiscard]] abi::TimeSpec time_spec(std::uint64_t nanoseconds);
[[nodiscard]] abi::TimeSpec64 time_spec64(std::uint64_t nanoseconds);
[[nodiscard]] abi::TimeValue time_value(std::uint64_t nanoseconds);
/// Ticks of 1/100 s.
[[nodiscard]] std::uint64_t ticks_of(std::uint64_t nanoseconds);

/// What an interval timer tells of `remaining` time: a running one never tells 0.
[[nodiscard]] abi::TimeValue remaining_value(std::uint64_t deadline, std::uint64_t now);

/// The next time after `now` that is whole intervals after `last`. Precondition: interval != 0.
[[nodiscard]] std::uint64_t next_after(std::uint64_t last, std::uint64_t interval,
                                       std::uint64_t now);

/// The absolute `time` of the wall clock as a time since boot: 0 if it is over.
[[nodiscard]] std::uint64_t since_boot(std::uint64_t time, std::uint64_t wall_clock,
                                       std::uint64_t now);

}  // namespace quire::kernel
