#include "kernel/process/cpu_time.h"

#include "kernel/abi/resource.h"
#include "kernel/abi/signal.h"
#include "kernel/process/time_values.h"

namespace quire::kernel {

namespace {

// A limit in seconds is reached.
bool reaches(std::uint64_t time, std::uint64_t limit) {
    return limit != abi::kNoLimit64 && time / kNanosecondsPerSecond >= limit;
}

bool rings(CpuTimer& timer, std::uint64_t now) {
    if (timer.deadline == 0 || now < timer.deadline) return false;
    timer.deadline = timer.interval == 0 ? 0 : next_after(timer.deadline, timer.interval, now);
    return true;
}

}  // namespace

CpuTimes cpu_times(const Usage& usage) {
    return {.user = usage.user_time, .all = usage.user_time + usage.system_time};
}

bool watches_cpu_time(const Process& process) {
    for (const CpuTimer& timer : process.cpu_timers)
        if (timer.deadline != 0) return true;
    return process.limits[abi::kLimitCpu].soft != abi::kNoLimit64;
}

void set_cpu_timer(CpuTimer& timer, std::uint64_t now, std::uint64_t value, std::uint64_t interval,
                   std::uint32_t tick) {
    timer.interval = value == 0 ? 0 : interval;
    timer.deadline = value == 0 ? 0 : deadline_after(deadline_after(now, value), tick);
}

abi::IntervalTimer cpu_timer_value(const CpuTimer& timer, std::uint64_t now, std::uint32_t tick) {
    if (timer.deadline == 0) return {};
    const std::uint64_t left = timer.deadline > now ? timer.deadline - now : tick;
    return {time_value(timer.interval), time_value(left)};
}

SignalSet take_due_signals(Process& process, const CpuTimes& times) {
    SignalSet due;
    Limit& limit = process.limits[abi::kLimitCpu];
    if (limit.soft != abi::kNoLimit64 && reaches(times.all, limit.hard)) {
        due.add(abi::kSigKill);
        return due;
    }
    if (reaches(times.all, limit.soft)) {
        due.add(abi::kSigCpuTime);
        ++limit.soft;
    }
    if (rings(process.cpu_timers[CpuTimer::Virtual], times.user)) due.add(abi::kSigVirtualAlarm);
    if (rings(process.cpu_timers[CpuTimer::Profile], times.all)) due.add(abi::kSigProfile);
    return due;
}

}  // namespace quire::kernel
