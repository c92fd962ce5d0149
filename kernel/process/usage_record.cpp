#include "kernel/process/usage_record.h"

#include "kernel/abi/signal.h"
#include "kernel/process/time_values.h"

namespace quire::kernel {

namespace {

constexpr std::uint32_t kSignalBits = 0x7F;
constexpr std::uint32_t kPageKib = mm::kPageSize / 1024;

// A status of wait4 in two: what happened, and which code or signal.
struct ChildEvent {
    std::int32_t code;
    std::uint32_t status;
};
ChildEvent event_of(std::uint32_t status) {
    if (status == WaitStatus::kContinued) return {abi::kChildContinued, abi::kSigContinue};
    const std::uint32_t signal = status & kSignalBits, upper = status >> 8 & 0xFF;
    if (signal == kSignalBits) return {abi::kChildStopped, upper};
    if (signal == 0) return {abi::kChildExited, upper};
    const bool core = (status & WaitStatus::kCore) != 0;
    return {core ? abi::kChildDumped : abi::kChildKilled, signal};
}

std::int32_t ticks(std::uint64_t nanoseconds) {
    return static_cast<std::int32_t>(ticks_of(nanoseconds));
}

}  // namespace

abi::ResourceUsage usage_record(const Usage& usage) {
    abi::ResourceUsage record{};
    record.user_time = time_value(usage.user_time);
    record.system_time = time_value(usage.system_time);
    record.most_resident = usage.most_resident * kPageKib;
    record.minor_faults = static_cast<std::uint32_t>(usage.minor_faults);
    record.major_faults = static_cast<std::uint32_t>(usage.major_faults);
    record.voluntary_switches = static_cast<std::uint32_t>(usage.voluntary_switches);
    record.involuntary_switches = static_cast<std::uint32_t>(usage.involuntary_switches);
    return record;
}

abi::WaitInfo wait_info(const WaitResult& news) {
    if (news.pid == 0) return {};
    const ChildEvent event = event_of(news.status);
    return {static_cast<std::int32_t>(abi::kSigChild), 0, event.code, news.pid, news.user,
            static_cast<std::int32_t>(event.status)};
}

abi::ProcessTimes times_record(const Usage& own, const Usage& children) {
    return {ticks(own.user_time), ticks(own.system_time), ticks(children.user_time),
            ticks(children.system_time)};
}

}  // namespace quire::kernel
