#include "kernel/process/time_values.h"

namespace quire::kernel {

namespace {

constexpr std::uint32_t kMicrosecond = 1000;
constexpr std::uint32_t kMicrosecondsPerSecond = 1'000'000;
constexpr std::uint64_t kMostSeconds = kForever / kNanosecondsPerSecond - 1;

}  // namespace

Result<std::uint64_t> nanoseconds_of(std::int64_t seconds, std::int32_t nanoseconds) {
    const auto fraction = static_cast<std::uint32_t>(nanoseconds);
    if (seconds < 0 || fraction >= kNanosecondsPerSecond) return Error::InvalidArgument;
    const auto whole = static_cast<std::uint64_t>(seconds);
    if (whole > kMostSeconds) return kForever;
    return whole * kNanosecondsPerSecond + fraction;
}

Result<std::uint64_t> nanoseconds_of(const abi::TimeValue& value) {
    const auto fraction = static_cast<std::uint32_t>(value.microseconds);
    if (fraction >= kMicrosecondsPerSecond) return Error::InvalidArgument;
    return nanoseconds_of(value.seconds, static_cast<std::int32_t>(fraction * kMicrosecond));
}

std::uint64_t deadline_after(std::uint64_t now, std::uint64_t span) {
    return span < kForever - 1 - now ? now + span : kForever - 1;
}

abi::TimeSpec time_spec(std::uint64_t nanoseconds) {
    return {static_cast<std::int32_t>(nanoseconds / kNanosecondsPerSecond),
            static_cast<std::int32_t>(nanoseconds % kNanosecondsPerSecond)};
}

abi::TimeSpec64 time_spec64(std::uint64_t nanoseconds) {
    return {static_cast<std::int64_t>(nanoseconds / kNanosecondsPerSecond),
            static_cast<std::int32_t>(nanoseconds % kNanosecondsPerSecond), 0};
}

abi::TimeValue time_value(std::uint64_t nanoseconds) {
    const abi::TimeSpec spec = time_spec(nanoseconds);
    return {spec.seconds, spec.nanoseconds / static_cast<std::int32_t>(kMicrosecond)};
}

std::uint64_t ticks_of(std::uint64_t nanoseconds) {
    return nanoseconds / (kNanosecondsPerSecond / abi::kTicksPerSecond);
}

abi::TimeValue remaining_value(std::uint64_t deadline, std::uint64_t now) {
    const std::uint64_t left = deadline > now ? deadline - now : 0;
    return time_value(left < kMicrosecond ? kMicrosecond : left);
}

std::uint64_t next_after(std::uint64_t last, std::uint64_t interval, std::uint64_t now) {
    if (last > now) return last;
    const std::uint64_t missed = (now - last) / interval + 1;
    return deadline_after(last, missed > kForever / interval ? kForever : missed * interval);
}

std::uint64_t since_boot(std::uint64_t time, std::uint64_t wall_clock, std::uint64_t now) {
    return time <= wall_clock ? 0 : deadline_after(now, time - wall_clock);
}

}  // namespace quire::kernel
