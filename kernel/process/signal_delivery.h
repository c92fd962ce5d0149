// From a signal that is sent to what the program does about it: the decisions.
//
//     post_signal()        who gets it, who is woken, or that nobody cares
//          |
//     pending (of the process, or of one thread)      interrupts_sleep(): a sleep ends for it
//          |
//     take_delivery()      on the way back to the program: which comes next, and what it does
//          |
//     Handler | End | Stop
//
// Stops: SIGSTOP and its kin stop a process when they are taken, not when they are sent; each
// thread stops on its own way back to the program. Stop signals and SIGCONT undo each other when
// they are sent, whether blocked or not. Init (pid 1) gets only what it has a handler for, and
// faults.
//
// Pure: nobody is woken or ended here; kernel/signals.cpp does what is decided. signal(7),
// POSIX 2.4. But who does not take a signal any more wakes the thread that may take it instead, by
// the scheduler it belongs to. Locking: the kernel is not preemptible, and nothing here sleeps.
#pragma once

#include "kernel/process/thread_end.h"

namespace quire::kernel {

/// What the sender has still to do.
struct Posted {
    Thread* wakes = nullptr;  // this one has to look at it; nullptr: nobody
    bool resumes = false;     // threads that are stopped have to go on (SIGCONT, SIGKILL)
    bool ends = false;        // all threads have to look, as they will end (SIGKILL)
};

/// Makes a signal pending: for any thread of the process, or for `only` of it. A signal that the
/// program ignores is dropped, unless it is blocked.
/// Errors: TryAgain (real-time signals: the queue is full; the signal is not sent).
Result<Posted> post_signal(Process& process, Thread* only, const SignalInfo& info);

/// A fault of the thread: neither blocked nor ignored. Where it is, the default action comes back.
void post_fault(Thread& thread, const SignalInfo& info);

/// Whether the kernel made it because of what the program's instruction did.
[[nodiscard]] bool is_fault(const SignalInfo& info);

/// What waits to be taken, blocked or not. Precondition: the thread has a process.
[[nodiscard]] inline SignalSet pending_of(const Thread& thread) {
    return thread.pending.set() | thread.process->pending.set();
}
/// Whether there is a signal that the thread does not block. Precondition: it has a process.
[[nodiscard]] inline bool has_signal(const Thread& thread) {
    return !(pending_of(thread) & ~thread.blocked).empty();
}
/// Whether a sleep of this thread ends now: a signal it does not block, or waits for; its process
/// has to stop; or it must end. Whoever brought that about has said so in Thread::must_look.
[[nodiscard]] bool interrupts_sleep(const Thread& thread);
/// Whether the thread may not simply go back to its program. Asked on the way to ring 3, where
/// Thread::must_look says that it may be so.
[[nodiscard]] inline bool has_signal_work(const Thread& thread) {
    const Process* const process = thread.process;
    if (process == nullptr) return false;
    return must_end(thread) || has_signal(thread) || thread.blocked_before.has_value() ||
           process->state == ProcessState::Stopped;
}

struct Delivery {
    enum class What : std::uint8_t { Nothing, Handler, End, Stop };
    What what = What::Nothing;
    SignalInfo info;
    SignalAction action;  // Handler: as it was when the signal was taken
};
/// Takes the next signal that the thread has to do something about. SA_RESETHAND is done.
Delivery take_delivery(Thread& thread);

/// What is blocked while the handler runs; what was, comes back by sigreturn.
void block_for_handler(Thread& thread, const Delivery& delivery);
/// The set that the handler's frame keeps: sigsuspend's caller gets its own back.
[[nodiscard]] SignalSet mask_after_handler(const Thread& thread);
/// No handler ran: sigsuspend's mask goes.
void end_without_handler(Thread& thread);
/// Whether nothing but the end is left for this thread, so that it stops waiting even for what no
/// signal interrupts.
[[nodiscard]] inline bool is_dying(const Thread& thread) {
    constexpr SignalNumber kSigKill = 9;
    return must_end(thread) || pending_of(thread).has(kSigKill);
}
/// Sets what the thread blocks; SIGKILL and SIGSTOP never are. A signal for the process that it was
/// to take, and blocks now, goes to another thread: that one is woken.
void set_blocked(Thread& thread, SignalSet blocked);

/// The thread waits for none any more (Thread::awaited): the same for those it has left.
void end_await(Thread& thread);

/// The thread is about to end: the same for all signals that it was to take.
void leave_signals(Thread& thread);

/// Asserts that whoever has something to do before it goes back to its program will look: for a
/// signal of the process it is enough that one of those looks who may take it.
void check_must_look(Process& process);

/// Whether a call that a signal has interrupted begins again; else it fails with EINTR.
/// `restarts`, `resumes`: CallTraits. `handler`: what runs now; nullptr: nothing (a stop that is
/// over).
[[nodiscard]] bool begins_again(bool restarts, bool resumes, const SignalAction* handler);

/// Takes one of `wanted` that is pending, blocked or not: sigtimedwait.
std::optional<SignalInfo> take_one_of(Thread& thread, SignalSet wanted);

/// Whether `from` may send `signal` to `to`: root may, and who has its user id; and SIGCONT goes to
/// all of a session. kill(2).
[[nodiscard]] bool may_send(const Process& from, const Process& to, SignalNumber signal);

/// Whether a process that stopped for `signal` does so: those of terminals do not stop a group
/// that nobody could continue (POSIX 2.4.3).
[[nodiscard]] bool may_stop(SignalNumber signal, bool group_is_orphaned);
/// From here on its threads stop.
void begin_stop(Process& process, SignalNumber signal);
/// Whether all its threads have stopped, once `self` has (nullptr: as they are), and its parent was
/// not told: once.
[[nodiscard]] bool has_stopped_now(Process& process, const Thread* self);
/// The process goes on: answers whether it had been stopped. Its stopped threads are the caller's
/// to wake.
bool end_stop(Process& process, bool is_continue);

/// What sigaction(2) does, the checks but of the number: SIGKILL and SIGSTOP are refused. A signal
/// that is ignored from now on is not pending any more.
/// Errors: InvalidArgument.
Result<void> set_action(Process& process, SignalNumber signal, const SignalAction& action);

/// What is sent to the parent about a child: code kChildStopped, ...; nothing if it does not want
/// to hear of stops (SA_NOCLDSTOP).
[[nodiscard]] std::optional<SignalInfo> news_of(const Process& child, std::int32_t code,
                                                std::int32_t status);

}  // namespace quire::kernel
