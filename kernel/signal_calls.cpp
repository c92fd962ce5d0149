// System calls about what a thread does with its signals: actions, masks, waiting, stacks, and the
// way back from a handler. sigaction(2), sigprocmask(2), sigpending(2), sigsuspend(2), pause(2),
// sigtimedwait(2), sigaltstack(2), sigreturn(2).
//
// All of them check first, then write what they tell, and change things last: a bad pointer is
// EFAULT, and nothing has changed.
#include "cpu/fpu.h"
#include "kernel/abi/signal.h"
#include "kernel/process/signal_frame.h"
#include "kernel/process/signal_info.h"
#include "kernel/process/signal_stack.h"
#include "kernel/process/user_copy.h"
#include "kernel/process/user_time.h"
#include "kernel/signals.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

using mm::VirtAddr;

constexpr std::uint32_t kSetBytes = 8;  // of sigset_t

std::uint32_t low_half(SignalSet set) {
    return static_cast<std::uint32_t>(set.bits());
}
SignalSet with_low_half(SignalSet set, std::uint32_t low) {
    return SignalSet((set.bits() & ~std::uint64_t{0xFFFFFFFF}) | low);
}

// Programs may leave a pointer 0 where they want to hear nothing.
template <typename T>
Result<void> write_if_wanted(VirtAddr to, const T& value) {
    if (to == VirtAddr(0)) return {};
    return user::write(to, value);
}

Result<void> check_set_bytes(SystemCall& call, unsigned argument) {
    if (call.argument(argument) != kSetBytes) return Error::InvalidArgument;
    return {};
}

Result<SignalSet> read_set(VirtAddr from) {
    return SignalSet(TRY(user::read<std::uint64_t>(from)));
}

// --- Actions -------------------------------------------------------------------------------------

bool is_signal(std::uint32_t number) {
    return number >= 1 && number <= kSignals;
}

// Errors: InvalidArgument, if that may not be asked or set.
Result<void> check_action(std::uint32_t signal, bool sets) {
    if (!is_signal(signal) || (sets && kUnstoppable.has(signal))) return Error::InvalidArgument;
    return {};
}

Result<std::uint32_t> call_rt_sigaction(SystemCall& call) {
    TRY(check_set_bytes(call, 3));
    const std::uint32_t signal = call.argument(0);
    const bool sets = call.argument(1) != 0;
    abi::SigAction wanted{};
    if (sets) wanted = TRY(user::read<abi::SigAction>(call.pointer(1)));
    TRY(check_action(signal, sets));
    const SignalAction& now = call.process().signals->actions.of(signal);
    const abi::SigAction told{now.handler,
                              now.flags,
                              now.restorer,
                              {low_half(now.mask), low_half(SignalSet(now.mask.bits() >> 32))}};
    TRY(write_if_wanted(call.pointer(2), told));
    if (sets) {
        const SignalSet mask(wanted.mask[0] | std::uint64_t{wanted.mask[1]} << 32);
        TRY(set_action(call.process(), signal,
                       {wanted.handler, wanted.flags, wanted.restorer, mask}));
    }
    return 0;
}

Result<std::uint32_t> call_sigaction(SystemCall& call) {
    const std::uint32_t signal = call.argument(0);
    const bool sets = call.argument(1) != 0;
    abi::OldSigAction wanted{};
    if (sets) wanted = TRY(user::read<abi::OldSigAction>(call.pointer(1)));
    TRY(check_action(signal, sets));
    const SignalAction& now = call.process().signals->actions.of(signal);
    const abi::OldSigAction told{now.handler, low_half(now.mask), now.flags, now.restorer};
    TRY(write_if_wanted(call.pointer(2), told));
    if (sets)
        TRY(set_action(call.process(), signal,
                       {wanted.handler, wanted.flags, wanted.restorer, SignalSet(wanted.mask)}));
    return 0;
}

Result<std::uint32_t> call_signal(SystemCall& call) {
    const std::uint32_t signal = call.argument(0);
    TRY(check_action(signal, true));
    const std::uint32_t before = call.process().signals->actions.of(signal).handler;
    TRY(set_action(call.process(), signal,
                   {.handler = call.argument(1), .flags = abi::kSaResetHandler | abi::kSaNoDefer}));
    return before;
}

// --- Masks ---------------------------------------------------------------------------------------

Result<SignalSet> combine(SignalSet now, std::uint32_t how, SignalSet with) {
    switch (how) {
    case abi::kSigBlock:
        return now | with;
    case abi::kSigUnblock:
        return now & ~with;
    case abi::kSigSetMask:
        return with;
    default:
        return Error::InvalidArgument;
    }
}

Result<std::uint32_t> call_rt_sigprocmask(SystemCall& call) {
    TRY(check_set_bytes(call, 3));
    const SignalSet now = call.thread().blocked;
    SignalSet wanted = now;
    if (call.argument(1) != 0) {
        const SignalSet with = TRY(read_set(call.pointer(1)));
        wanted = TRY(combine(now, call.argument(0), with));
    }
    TRY(write_if_wanted(call.pointer(2), now.bits()));
    set_blocked(call.thread(), wanted);
    return 0;
}

Result<std::uint32_t> call_sigprocmask(SystemCall& call) {
    const SignalSet now = call.thread().blocked;
    SignalSet wanted = now;
    if (call.argument(1) != 0) {
        const SignalSet low(TRY(user::read<std::uint32_t>(call.pointer(1))));
        const SignalSet combined = TRY(combine(now, call.argument(0), low));
        wanted = with_low_half(now, low_half(combined));
    }
    TRY(write_if_wanted(call.pointer(2), low_half(now)));
    set_blocked(call.thread(), wanted);
    return 0;
}

Result<std::uint32_t> call_sgetmask(SystemCall& call) {
    return low_half(call.thread().blocked);
}

Result<std::uint32_t> call_ssetmask(SystemCall& call) {
    const SignalSet before = call.thread().blocked;
    set_blocked(call.thread(), SignalSet(call.argument(0)));
    return low_half(before);
}

// What is pending and blocked: all else is delivered at once.
SignalSet pending_set(SystemCall& call) {
    return (call.thread().pending.set() | call.process().pending.set()) & call.thread().blocked;
}

Result<std::uint32_t> call_rt_sigpending(SystemCall& call) {
    const std::uint32_t bytes = call.argument(1);
    if (bytes > kSetBytes) return Error::InvalidArgument;
    const std::uint64_t bits = pending_set(call).bits();
    TRY(user::copy_to(call.pointer(0), &bits, bytes));
    return 0;
}

Result<std::uint32_t> call_sigpending(SystemCall& call) {
    TRY(user::write(call.pointer(0), low_half(pending_set(call))));
    return 0;
}

// --- Waiting -------------------------------------------------------------------------------------

// Sleeps until a signal comes; answers Interrupted.
Error wait_for_signal(SystemCall& call) {
    fs::WaitQueue nobody;
    for (;;) {
        const Result<void> slept = call.processes().sleep_on(nobody);
        if (!slept.ok()) return slept.error();
    }
}

Error suspend(SystemCall& call, SignalSet blocked) {
    call.thread().blocked_before = call.thread().blocked;
    set_blocked(call.thread(), blocked);
    return wait_for_signal(call);
}

Result<std::uint32_t> call_rt_sigsuspend(SystemCall& call) {
    TRY(check_set_bytes(call, 1));
    return suspend(call, TRY(read_set(call.pointer(0))));
}

// Two arguments that nobody needs come first.
Result<std::uint32_t> call_sigsuspend(SystemCall& call) {
    return suspend(call, SignalSet(call.argument(2)));
}

Result<std::uint32_t> call_pause(SystemCall& call) {
    return wait_for_signal(call);
}

// Errors: TimedOut; Interrupted: by another signal.
Result<SignalInfo> await(SystemCall& call, SignalSet wanted, std::uint64_t deadline) {
    Thread& self = call.thread();
    fs::WaitQueue nobody;
    self.awaited = wanted;
    Result<void> slept;
    std::optional<SignalInfo> info = take_one_of(self, wanted);
    while (!info.has_value() && slept.ok()) {
        slept = call.processes().sleep_on(nobody, deadline);
        info = take_one_of(self, wanted);
    }
    end_await(self);
    if (info.has_value()) return *info;
    return slept.error();
}

Result<std::uint32_t> wait_for_one(SystemCall& call, SignalSet wanted, std::uint64_t deadline) {
    const Result<SignalInfo> info = await(call, wanted & ~kUnstoppable, deadline);
    if (!info.ok()) return info.error() == Error::TimedOut ? Error::TryAgain : info.error();
    TRY(write_if_wanted(call.pointer(1), to_program(info.value())));
    return info.value().signal;
}

template <typename Spec>
Result<std::uint32_t> sigtimedwait(SystemCall& call) {
    TRY(check_set_bytes(call, 3));
    const SignalSet wanted = TRY(read_set(call.pointer(0)));
    std::uint64_t deadline = Processes::kNever;
    if (call.argument(2) != 0) {
        deadline = deadline_after(call.processes().now(), TRY(read_time<Spec>(call.pointer(2))));
    }
    return wait_for_one(call, wanted, deadline);
}

// --- Stack and return ----------------------------------------------------------------------------

Result<std::uint32_t> call_sigaltstack(SystemCall& call) {
    AlternateStack& stack = call.thread().alternate_stack;
    const std::uint32_t esp = call.frame().user_esp;
    AlternateStack wanted = stack;
    if (call.argument(0) != 0) {
        const auto given = TRY(user::read<abi::SigAltStack>(call.pointer(0)));
        TRY(change(wanted, given, esp));
    }
    TRY(write_if_wanted(call.pointer(1), told_of(stack, esp)));
    stack = wanted;
    return 0;
}

// A frame that is none is a segmentation fault.
Result<std::uint32_t> come_back(SystemCall& call, FrameKind kind) {
    Thread& self = call.thread();
    Threads& threads = call.processes().threads();
    const FpuFormat format = cpu::has_fxsave() ? FpuFormat::Fxsave : FpuFormat::Fsave;
    threads.save_fpu(self);
    const Result<void> popped = pop_signal_frame(self, call.frame(), kind, format);
    threads.load_fpu(self);
    if (!popped.ok())
        call.processes().force_signal(self, {.signal = abi::kSigSegv, .code = abi::kSiKernel});
    return call.frame().eax;
}

Result<std::uint32_t> call_sigreturn(SystemCall& call) {
    return come_back(call, FrameKind::Plain);
}

Result<std::uint32_t> call_rt_sigreturn(SystemCall& call) {
    return come_back(call, FrameKind::Info);
}

SYSTEM_CALL(29, pause, call_pause, CallTraits::resuming());
SYSTEM_CALL(48, signal, call_signal, CallTraits::plain());
SYSTEM_CALL(67, sigaction, call_sigaction, CallTraits::plain());
SYSTEM_CALL(68, sgetmask, call_sgetmask, CallTraits::lock_free());
SYSTEM_CALL(69, ssetmask, call_ssetmask, CallTraits::lock_free());
SYSTEM_CALL(72, sigsuspend, call_sigsuspend, CallTraits::resuming());
SYSTEM_CALL(73, sigpending, call_sigpending, CallTraits::plain());
SYSTEM_CALL(119, sigreturn, call_sigreturn, CallTraits::plain());
SYSTEM_CALL(126, sigprocmask, call_sigprocmask, CallTraits::plain());
SYSTEM_CALL(173, rt_sigreturn, call_rt_sigreturn, CallTraits::plain());
SYSTEM_CALL(174, rt_sigaction, call_rt_sigaction, CallTraits::plain());
SYSTEM_CALL(175, rt_sigprocmask, call_rt_sigprocmask, CallTraits::plain());
SYSTEM_CALL(176, rt_sigpending, call_rt_sigpending, CallTraits::plain());
SYSTEM_CALL(177, rt_sigtimedwait, sigtimedwait<abi::TimeSpec>, CallTraits::plain());
SYSTEM_CALL(179, rt_sigsuspend, call_rt_sigsuspend, CallTraits::resuming());
SYSTEM_CALL(186, sigaltstack, call_sigaltstack, CallTraits::plain());
SYSTEM_CALL(421, rt_sigtimedwait_time64, sigtimedwait<abi::TimeSpec64>, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
