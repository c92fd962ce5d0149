// Signals of the running kernel: what kernel/process/signal_delivery.h decides is done here.
//
//     exception in ring 3 --> force_signal() --.
//     kill(2), a timer, a child's end          |
//         --> send_signal() --> pending, wakes |
//                                              v
//     on the way back to ring 3: deliver_signals() --> a handler's frame | exit() | stopped
//
// Of Processes' functions, send(), send_to_thread(), force_signal() and deliver_signals() are in
// kernel/signals.cpp, too.
#pragma once

#include "kernel/processes.h"

namespace quire::kernel {

/// From now on exceptions of programs are signals; #PF is kernel/user_faults.h's.
void start_exception_signals(Processes& processes);

/// As Processes::send(), for one thread of the process where `only` is not nullptr.
/// Errors: TryAgain (no room for one more real-time signal).
Result<void> send_signal(Processes& processes, Process& process, Thread* only,
                         const SignalInfo& info);

/// A thread has gone: if those that are left have stopped, the parent is told.
void tell_if_others_stopped(Processes& processes, Process& process);

/// A process is about to end. Groups that are stopped, and that nobody could continue after it, are
/// told to hang up and go on (POSIX, exit(): SIGHUP and SIGCONT).
void hang_up_stranded(Processes& processes, Process& leaving);

}  // namespace quire::kernel
