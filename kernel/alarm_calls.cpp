// alarm, setitimer, getitimer: a signal at a time, once or again and again.
//
// ITIMER_REAL is a timer made when it is first set; those that count time of the CPU are
// kernel/process/cpu_time.h's. fork leaves all of them behind, execve keeps them.
#include "kernel/abi/signal.h"
#include "kernel/abi/time.h"
#include "kernel/process/cpu_time.h"
#include "kernel/process/process_table.h"
#include "kernel/process/time_values.h"
#include "kernel/process/user_copy.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

void ring(void* context) {
    AlarmClock& alarm = *static_cast<AlarmClock*>(context);
    Processes& processes = alarm.processes;
    SignalInfo news;
    news.signal = abi::kSigAlarm;
    news.code = abi::kSiKernel;
    if (alarm.interval != 0) {
        processes.timers().set(alarm.timer,
                               next_after(alarm.timer.deadline(), alarm.interval, processes.now()));
    }
    processes.send(alarm.process, news);
}

AlarmClock& alarm_of(SystemCall& call) {
    Process& process = call.process();
    if (!process.alarm.has_value()) process.alarm.emplace(call.processes(), process, ring);
    return *process.alarm;
}

// What is left until it rings; all zeroes: it is not set.
abi::IntervalTimer look_at(SystemCall& call) {
    const AlarmClock& alarm = alarm_of(call);
    if (!alarm.timer.is_set()) return {};
    return {time_value(alarm.interval),
            remaining_value(alarm.timer.deadline(), call.processes().now())};
}

void set_alarm(SystemCall& call, std::uint64_t value, std::uint64_t interval) {
    AlarmClock& alarm = alarm_of(call);
    TimerQueue& timers = call.processes().timers();
    alarm.interval = value == 0 ? 0 : interval;
    if (value == 0) {
        timers.cancel(alarm.timer);
    } else {
        timers.set(alarm.timer, deadline_after(call.processes().now(), value));
    }
}

// The seconds that were left are rounded, but a set alarm never tells 0.
Result<std::uint32_t> call_alarm(SystemCall& call) {
    constexpr std::int32_t kHalf = 500'000;
    const abi::TimeValue before = look_at(call).value;
    const std::uint32_t seconds = call.argument(0) > INT32_MAX ? INT32_MAX : call.argument(0);
    set_alarm(call, std::uint64_t{seconds} * kNanosecondsPerSecond, 0);
    const bool up =
        before.microseconds >= kHalf || (before.seconds == 0 && before.microseconds != 0);
    return static_cast<std::uint32_t>(before.seconds) + (up ? 1 : 0);
}
SYSTEM_CALL(27, alarm, call_alarm, CallTraits::plain());

// --- Time of the CPU ---

std::uint32_t tick_of(SystemCall& call) {
    return call.processes().system().clock.tick_length();
}

CpuTimer::Kind kind_of(std::uint32_t which) {
    return which == abi::kTimerVirtual ? CpuTimer::Virtual : CpuTimer::Profile;
}

abi::IntervalTimer look_at_cpu_timer(SystemCall& call, CpuTimer::Kind kind) {
    const CpuTimes times = cpu_times(usage_of(call.process()));
    return cpu_timer_value(call.process().cpu_timers[kind], times.of(kind), tick_of(call));
}

// --- The calls ---

bool is_timer(std::uint32_t which) {
    return which == abi::kTimerReal || which == abi::kTimerVirtual || which == abi::kTimerProfile;
}

abi::IntervalTimer look_at(SystemCall& call, std::uint32_t which) {
    return which == abi::kTimerReal ? look_at(call) : look_at_cpu_timer(call, kind_of(which));
}

Result<std::uint32_t> call_getitimer(SystemCall& call) {
    if (!is_timer(call.argument(0))) return Error::InvalidArgument;
    TRY(user::write(call.pointer(1), look_at(call, call.argument(0))));
    return 0U;
}
SYSTEM_CALL(105, getitimer, call_getitimer, CallTraits::plain());

// A missing value stops the timer, as on Linux.
Result<std::uint32_t> call_setitimer(SystemCall& call) {
    abi::IntervalTimer wanted{};
    if (call.argument(1) != 0) wanted = TRY(user::read<abi::IntervalTimer>(call.pointer(1)));
    const std::uint64_t value = TRY(nanoseconds_of(wanted.value));
    const std::uint64_t interval = TRY(nanoseconds_of(wanted.interval));
    const std::uint32_t which = call.argument(0);
    if (!is_timer(which)) return Error::InvalidArgument;
    if (call.argument(2) != 0) TRY(user::write(call.pointer(2), look_at(call, which)));
    if (which == abi::kTimerReal) {
        set_alarm(call, value, interval);
    } else {
        const CpuTimes times = cpu_times(usage_of(call.process()));
        set_cpu_timer(call.process().cpu_timers[kind_of(which)], times.of(kind_of(which)), value,
                      interval, tick_of(call));
    }
    return 0U;
}
SYSTEM_CALL(104, setitimer, call_setitimer, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
