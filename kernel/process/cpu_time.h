// What happens when a process has used so much of the CPU: its two interval timers of CPU time,
// and RLIMIT_CPU. setitimer(2), getrlimit(2).
//
//     ITIMER_VIRTUAL  time in its program             SIGVTALRM
//     ITIMER_PROF     in its program and for it in    SIGPROF
//     RLIMIT_CPU      the kernel, as seconds          SIGXCPU at the soft limit, and a second later
//                                                     again and again; SIGKILL at the hard one
//
// CPU time is counted in ticks, so it is looked at after a tick. Pure: the signals that are due
// come out as a set, who sends them is the caller. fork leaves the timers behind, execve keeps
// them. (Linux: kernel/time/posix-cpu-timers.c, check_process_timers.)
#pragma once

#include "kernel/abi/time.h"
#include "kernel/process/process.h"

namespace quire::kernel {

/// Times of the CPU of a process, in nanoseconds.
struct CpuTimes {
    std::uint64_t user = 0;
    std::uint64_t all = 0;

    /// What the clock of a timer says.
    [[nodiscard]] std::uint64_t of(CpuTimer::Kind kind) const {
        return kind == CpuTimer::Virtual ? user : all;
    }
};
[[nodiscard]] CpuTimes cpu_times(const Usage& usage);

/// Whether anything is to be looked at when the process uses CPU time.
[[nodiscard]] bool watches_cpu_time(const Process& process);

/// Sets a timer that is due first after `value`, then every `interval`; 0: never, once. A tick is
/// added to the first, as its present one may be nearly over (as Linux does).
void set_cpu_timer(CpuTimer& timer, std::uint64_t now, std::uint64_t value, std::uint64_t interval,
                   std::uint32_t tick);
/// What is left and the interval. A timer that is due and was not looked at yet tells a tick.
[[nodiscard]] abi::IntervalTimer cpu_timer_value(const CpuTimer& timer, std::uint64_t now,
                                                 std::uint32_t tick);

/// The signals due after the process has used `times`. What rings again is set to its next time;
/// the soft limit moves on by a second when it was reached. SIGKILL comes alone.
[[nodiscard]] SignalSet take_due_signals(Process& process, const CpuTimes& times);

}  // namespace quire::kernel
