// What time is it, and wake me then: time, gettimeofday, clock_gettime, nanosleep and their kin.
//
// Each call with 32-bit seconds has a twin with 64-bit ones (kernel/process/user_time.h). Sleeping
// is waiting on a queue that nobody wakes, with a deadline.
#include "kernel/abi/errno.h"
#include "kernel/abi/time.h"
#include "kernel/process/cpu_time.h"
#include "kernel/process/user_time.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

using mm::VirtAddr;

// --- What time is it? ---

Result<std::uint32_t> call_time(SystemCall& call) {
    const auto seconds =
        static_cast<std::uint32_t>(call.processes().wall_clock() / kNanosecondsPerSecond);
    if (call.argument(0) != 0) TRY(user::write(call.pointer(0), seconds));
    return seconds;
}
SYSTEM_CALL(13, time, call_time, CallTraits::plain());

Result<std::uint32_t> call_gettimeofday(SystemCall& call) {
    if (call.argument(0) != 0)
        TRY(user::write(call.pointer(0), time_value(call.processes().wall_clock())));
    if (call.argument(1) != 0)
        TRY(user::write(call.pointer(1), call.processes().system().time_zone));
    return 0U;
}
SYSTEM_CALL(78, gettimeofday, call_gettimeofday, CallTraits::plain());

// A clock of the CPU as its number says it: whose, and which time. (Linux: posix-timers_types.h.)
struct CpuClock {
    enum Which : std::uint32_t { Profile, Virtual, Scheduled };
    static constexpr std::uint32_t kThreadBit = 4;

    ProcessId id;  // of a process or a thread; 0: the caller
    bool is_thread;
    std::uint32_t which;
};

// Negative numbers are clocks of the CPU.
std::optional<CpuClock> cpu_clock(std::uint32_t clock) {
    if (clock == abi::kClockProcess) return CpuClock{0, false, CpuClock::Scheduled};
    if (clock == abi::kClockThread) return CpuClock{0, true, CpuClock::Scheduled};
    if (static_cast<std::int32_t>(clock) >= 0) return {};
    return CpuClock{~clock >> 3 & ~(7U << 29), (clock & CpuClock::kThreadBit) != 0, clock & 3};
}

// What the clock counts; nothing: there is no such process, or it is no thread of the caller's.
std::optional<Usage> usage_by(SystemCall& call, const CpuClock& clock) {
    if (clock.which > CpuClock::Scheduled) return {};
    Process& caller = call.process();
    if (!clock.is_thread) {
        Process* const process = clock.id == 0 ? &caller : call.processes().table().find(clock.id);
        if (process == nullptr) return {};
        return usage_of(*process);
    }
    if (clock.id == 0) return call.thread().usage;
    const Thread* const thread = caller.thread(clock.id);
    if (thread == nullptr) return {};
    return thread->usage;
}

// Errors: InvalidArgument (no such clock).
Result<std::uint64_t> read_cpu_clock(SystemCall& call, const CpuClock& clock) {
    const std::optional<Usage> usage = usage_by(call, clock);
    if (!usage.has_value()) return Error::InvalidArgument;
    const CpuTimes times = cpu_times(*usage);
    return clock.which == CpuClock::Virtual ? times.user : times.all;
}

// Errors: InvalidArgument (no such clock).
Result<std::uint64_t> read_clock(SystemCall& call, std::uint32_t clock) {
    if (const auto of_cpu = cpu_clock(clock)) return read_cpu_clock(call, *of_cpu);
    switch (clock) {
    case abi::kClockRealTime:
    case abi::kClockRealTimeCoarse:
    case abi::kClockRealTimeAlarm:
    case abi::kClockAtomic:
        return call.processes().wall_clock();
    case abi::kClockMonotonic:
    case abi::kClockMonotonicRaw:
    case abi::kClockMonotonicCoarse:
    case abi::kClockBootTime:
    case abi::kClockBootTimeAlarm:
        return call.processes().now();
    default:
        return Error::InvalidArgument;
    }
}

template <typename Spec>
Result<std::uint32_t> call_clock_gettime(SystemCall& call) {
    const std::uint64_t time = TRY(read_clock(call, call.argument(0)));
    TRY(write_time<Spec>(call.pointer(1), time));
    return 0U;
}
SYSTEM_CALL(265, clock_gettime, call_clock_gettime<abi::TimeSpec>, CallTraits::plain());
SYSTEM_CALL(403, clock_gettime64, call_clock_gettime<abi::TimeSpec64>, CallTraits::plain());

bool is_coarse(std::uint32_t clock) {
    return clock == abi::kClockRealTimeCoarse || clock == abi::kClockMonotonicCoarse ||
           cpu_clock(clock).has_value();
}

// Between two ticks the clock follows the TSC; time of the CPU is counted in ticks.
template <typename Spec>
Result<std::uint32_t> call_clock_getres(SystemCall& call) {
    TRY(read_clock(call, call.argument(0)));
    const std::uint32_t tick = call.processes().system().clock.tick_length();
    if (call.argument(1) != 0)
        TRY(write_time<Spec>(call.pointer(1), is_coarse(call.argument(0)) ? tick : 1));
    return 0U;
}
SYSTEM_CALL(266, clock_getres, call_clock_getres<abi::TimeSpec>, CallTraits::plain());
SYSTEM_CALL(406, clock_getres_time64, call_clock_getres<abi::TimeSpec64>, CallTraits::plain());

// --- Wake me then ---

// Errors: Interrupted.
Result<void> sleep_until(SystemCall& call, std::uint64_t deadline) {
    fs::WaitQueue nobody_wakes;
    while (call.processes().now() < deadline) {
        const Result<void> slept = call.processes().sleep_on(nobody_wakes, deadline);
        if (!slept.ok() && slept.error() == Error::Interrupted) return slept;
    }
    return {};
}

// A sleep that a signal ends tells how much of it is left.
template <typename Spec>
Result<std::uint32_t> sleep_for(SystemCall& call, std::uint64_t span, VirtAddr left) {
    const std::uint64_t deadline = call.deadline_in(span);
    const Result<void> slept = sleep_until(call, deadline);
    if (slept.ok()) return 0U;
    const std::uint64_t now = call.processes().now();
    if (now >= deadline) return 0U;
    if (left.raw() != 0) TRY(write_time<Spec>(left, deadline - now));
    return Error::Interrupted;
}

Result<std::uint32_t> call_nanosleep(SystemCall& call) {
    return sleep_for<abi::TimeSpec>(call, TRY(read_time<abi::TimeSpec>(call.pointer(0))),
                                    call.pointer(1));
}
SYSTEM_CALL(162, nanosleep, call_nanosleep, CallTraits::resuming());

bool can_be_slept_by(std::uint32_t clock) {
    return clock == abi::kClockRealTime || clock == abi::kClockMonotonic ||
           clock == abi::kClockBootTime;
}

// A clock of the CPU that another thread or process moves: it is looked at every tick. One that has
// ended moves no more. A thread that waits for itself would do so for ever, which is refused; for
// CLOCK_THREAD_CPUTIME_ID as such, differently. (Linux: posix_cpu_nsleep.)
template <typename Spec>
Result<std::uint32_t> sleep_by_cpu_clock(SystemCall& call, const CpuClock& clock) {
    const std::uint64_t time = TRY(read_time<Spec>(call.pointer(2)));
    if (clock.is_thread && (clock.id == 0 || clock.id == call.thread().tid))
        return Error::InvalidArgument;
    const std::uint64_t begin = TRY(read_cpu_clock(call, clock));
    const bool absolute = (call.argument(1) & abi::kTimerAbsolute) != 0;
    const std::uint64_t deadline = absolute ? time : call.deadline_from(begin, time);
    Processes& processes = call.processes();
    const std::uint32_t tick = processes.system().clock.tick_length();
    fs::WaitQueue nobody_wakes;
    std::uint64_t now = begin;
    while (now < deadline) {
        const Result<void> slept = processes.sleep_on(nobody_wakes, processes.now() + tick);
        const Result<std::uint64_t> read = read_cpu_clock(call, clock);
        if (read.ok()) now = read.value();
        if (slept.ok() || slept.error() != Error::Interrupted || now >= deadline) continue;
        const VirtAddr left = call.pointer(3);
        if (!absolute && left.raw() != 0) TRY(write_time<Spec>(left, deadline - now));
        return Error::Interrupted;
    }
    return 0U;
}

template <typename Spec>
Result<std::uint32_t> call_clock_nanosleep(SystemCall& call) {
    const std::uint32_t clock = call.argument(0);
    const auto of_cpu = cpu_clock(clock);
    if (of_cpu.has_value() && clock != abi::kClockThread)
        return sleep_by_cpu_clock<Spec>(call, *of_cpu);
    TRY(read_clock(call, clock));
    if (!can_be_slept_by(clock)) return Error::NotSupported;
    const std::uint64_t time = TRY(read_time<Spec>(call.pointer(2)));
    if ((call.argument(1) & abi::kTimerAbsolute) == 0)
        return sleep_for<Spec>(call, time, call.pointer(3));
    Processes& processes = call.processes();
    TRY(sleep_until(call, clock == abi::kClockRealTime
                              ? since_boot(time, processes.wall_clock(), processes.now())
                              : time));
    return 0U;
}
SYSTEM_CALL(267, clock_nanosleep, call_clock_nanosleep<abi::TimeSpec>, CallTraits::resuming());
SYSTEM_CALL(407, clock_nanosleep_time64, call_clock_nanosleep<abi::TimeSpec64>,
            CallTraits::resuming());

}  // namespace
}  // namespace quire::kernel
