#include "kernel/process/signal_delivery.h"

#include <utility>

#include "kernel/abi/signal.h"
#include "kernel/process/scheduler.h"
#include "kernel/process/thread_end.h"

namespace quire::kernel {
namespace {

constexpr ProcessId kInit = 1;

SignalSet only(SignalNumber signal) {
    SignalSet set;
    set.add(signal);
    return set;
}

void discard_everywhere(Process& process, SignalSet which) {
    process.pending.discard(which);
    for (Thread& thread : process.threads)
        thread.pending.discard(which);
}

// Nobody shall end init by mistake: what it has no handler for, does nothing to it.
bool is_too_good_for(const Process& process, const SignalInfo& info) {
    return process.pid == kInit && !is_fault(info) &&
           process.signals->actions.of(info.signal).handler == SignalAction::kDefault;
}

// A blocked signal is kept even if it is ignored: the action may be another when it is unblocked.
bool is_dropped(const Process& process, const Thread& thread, const SignalInfo& info) {
    if (thread.blocked.has(info.signal)) return false;
    return process.signals->actions.ignores(info.signal) || is_too_good_for(process, info);
}

bool wants(const Thread& thread, SignalNumber signal) {
    if (thread.state == ThreadState::Ended || must_end(thread)) return false;
    return !thread.blocked.has(signal) || thread.awaited.has(signal);
}

// The first that has no other signal to see to, mostly the leader. (Linux: complete_signal.)
Thread* who_takes(Process& process, SignalNumber signal) {
    Thread* busy = nullptr;
    for (Thread& thread : process.threads) {
        if (!wants(thread, signal)) continue;
        if (!has_signal(thread)) return &thread;
        if (busy == nullptr) busy = &thread;
    }
    return busy;
}

// What was for any thread, and `self` does not take any more, is for others to look at. (Linux:
// retarget_shared_pending.)
void hand_on(Thread& self, SignalSet signals) {
    for (Thread& thread : self.process->threads) {
        const SignalSet taken = signals & (~thread.blocked | thread.awaited);
        if (&thread == &self || must_end(thread) || taken.empty()) continue;
        if (thread.scheduler != nullptr) thread.scheduler->interrupt(thread);
        signals = signals & ~taken;
    }
}

Delivery::What default_of(const Process& process, const SignalInfo& info) {
    if (is_too_good_for(process, info)) return Delivery::What::Nothing;
    switch (default_action(info.signal)) {
    case DefaultAction::End:
    case DefaultAction::EndWithCore:  // Quire writes no core files
        return Delivery::What::End;
    case DefaultAction::Stop:
        return Delivery::What::Stop;
    case DefaultAction::Ignore:
    case DefaultAction::Continue:  // that was done when it was sent
        break;
    }
    return Delivery::What::Nothing;
}

Delivery deliver(Process& process, const SignalInfo& info) {
    Delivery delivery{.info = info, .action = process.signals->actions.of(info.signal)};
    if (delivery.action.handler == SignalAction::kDefault) {
        delivery.what = default_of(process, info);
    } else if (delivery.action.handler != SignalAction::kIgnore) {
        delivery.what = Delivery::What::Handler;
        if ((delivery.action.flags & abi::kSaResetHandler) != 0) {
            SignalAction reset = delivery.action;
            reset.handler = SignalAction::kDefault;
            process.signals->actions.set(info.signal, reset);
        }
    }
    return delivery;
}

}  // namespace

Result<Posted> post_signal(Process& process, Thread* only_this, const SignalInfo& info) {
    if (process.state == ProcessState::Zombie || process.threads.empty()) return Posted{};
    Posted posted;
    if (kStopSignals.has(info.signal)) discard_everywhere(process, only(abi::kSigContinue));
    if (info.signal == abi::kSigContinue) discard_everywhere(process, kStopSignals);
    posted.resumes = info.signal == abi::kSigContinue || info.signal == abi::kSigKill;

    Thread* const looks = only_this != nullptr ? only_this : process.threads.front();
    if (is_dropped(process, *looks, info)) return posted;
    Thread* taker = nullptr;
    if (only_this == nullptr)
        taker = who_takes(process, info.signal);
    else if (wants(*only_this, info.signal))
        taker = only_this;
    TRY((only_this != nullptr ? only_this->pending : process.pending).add(info));
    posted.wakes = taker;
    posted.ends = info.signal == abi::kSigKill;
    return posted;
}

void post_fault(Thread& thread, const SignalInfo& info) {
    SignalActions& actions = thread.process->signals->actions;
    SignalAction action = actions.of(info.signal);
    if (thread.blocked.has(info.signal) || action.handler == SignalAction::kIgnore) {
        action.handler = SignalAction::kDefault;
        actions.set(info.signal, action);
        thread.blocked.remove(info.signal);
    }
    thread.must_look = true;
    thread.pending.discard(only(info.signal));  // somebody's kill(2) tells less
    const Result<void> added = thread.pending.add(info);
    ASSERT(added.ok());  // a standard signal
}

bool is_fault(const SignalInfo& info) {
    switch (info.signal) {
    case abi::kSigIll:
    case abi::kSigTrap:
    case abi::kSigBus:
    case abi::kSigFpe:
    case abi::kSigSegv:
        return info.code > 0;
    default:
        return false;
    }
}

bool interrupts_sleep(const Thread& thread) {
    if (!thread.must_look || thread.process == nullptr) return false;
    return must_end(thread) || has_signal(thread) ||
           !(pending_of(thread) & thread.awaited).empty() ||
           thread.process->state == ProcessState::Stopped;
}

Delivery take_delivery(Thread& thread) {
    Process& process = *thread.process;
    if (pending_of(thread).has(abi::kSigKill))
        return {Delivery::What::End, *take_one_of(thread, only(abi::kSigKill)), {}};
    while (const std::optional<SignalInfo> info = take_one_of(thread, ~thread.blocked)) {
        Delivery delivery = deliver(process, *info);
        if (delivery.what != Delivery::What::Nothing) return delivery;
    }
    return {};
}

void block_for_handler(Thread& thread, const Delivery& delivery) {
    SignalSet blocked = thread.blocked | delivery.action.mask;
    if ((delivery.action.flags & abi::kSaNoDefer) == 0) blocked.add(delivery.info.signal);
    set_blocked(thread, blocked);
    thread.blocked_before.reset();
}

SignalSet mask_after_handler(const Thread& thread) {
    return thread.blocked_before.value_or(thread.blocked);
}

void end_without_handler(Thread& thread) {
    if (thread.blocked_before.has_value()) set_blocked(thread, *thread.blocked_before);
    thread.blocked_before.reset();
}

void set_blocked(Thread& thread, SignalSet blocked) {
    const SignalSet newly = blocked & ~kUnstoppable & ~thread.blocked;
    thread.blocked = blocked & ~kUnstoppable;
    if (has_signal(thread)) thread.must_look = true;
    const SignalSet left = newly & thread.process->pending.set();
    if (!left.empty()) hand_on(thread, left);
}

void end_await(Thread& thread) {
    const SignalSet left =
        std::exchange(thread.awaited, {}) & thread.blocked & thread.process->pending.set();
    if (!left.empty()) hand_on(thread, left);
}

void leave_signals(Thread& thread) {
    const SignalSet left = thread.process->pending.set() & ~thread.blocked;
    if (!left.empty()) hand_on(thread, left);
}

void check_must_look(Process& process) {
    SignalSet taken;
    SignalSet looked_for;
    for (const Thread& thread : process.threads) {
        const bool has_own = !(thread.pending.set() & ~thread.blocked).empty() ||
                             thread.call_notes.is_interrupted || must_end(thread) ||
                             process.state == ProcessState::Stopped;
        ASSERT(thread.must_look || !has_own);
        const SignalSet takes = ~thread.blocked | thread.awaited;
        taken = taken | takes;
        if (thread.must_look) looked_for = looked_for | takes;
    }
    ASSERT((process.pending.set() & taken & ~looked_for).empty());
}

bool begins_again(bool restarts, bool resumes, const SignalAction* handler) {
    if (handler == nullptr) return restarts || resumes;
    return restarts && (handler->flags & abi::kSaRestart) != 0;
}

std::optional<SignalInfo> take_one_of(Thread& thread, SignalSet wanted) {
    std::optional<SignalInfo> info = thread.pending.take(~wanted);
    return info.has_value() ? info : thread.process->pending.take(~wanted);
}

bool may_send(const Process& from, const Process& to, SignalNumber signal) {
    const fs::Credentials& who = from.credentials;
    const auto is_of = [&to](std::uint32_t user) {
        return user == to.credentials.real_user || user == to.saved_user;
    };
    if (who.is_root() || is_of(who.user) || is_of(who.real_user)) return true;
    return signal == abi::kSigContinue && from.session == to.session;
}

bool may_stop(SignalNumber signal, bool group_is_orphaned) {
    return signal == abi::kSigStop || !group_is_orphaned;
}

void begin_stop(Process& process, SignalNumber signal) {
    if (process.state != ProcessState::Alive) return;
    process.state = ProcessState::Stopped;
    process.stop_signal = static_cast<std::uint8_t>(signal);
    process.continue_untold = false;
    process.stop_told_parent = false;
}

bool has_stopped_now(Process& process, const Thread* self) {
    if (process.state != ProcessState::Stopped || process.stop_told_parent) return false;
    for (const Thread& thread : process.threads) {
        const bool runs =
            thread.state != ThreadState::Stopped && thread.state != ThreadState::Ended;
        if (runs && &thread != self) return false;
    }
    process.stop_told_parent = true;
    process.stop_untold = true;
    return true;
}

bool end_stop(Process& process, bool is_continue) {
    if (process.state != ProcessState::Stopped) return false;
    process.state = ProcessState::Alive;
    process.stop_untold = false;
    process.continue_untold = is_continue;
    return true;
}

Result<void> set_action(Process& process, SignalNumber signal, const SignalAction& action) {
    if (kUnstoppable.has(signal)) return Error::InvalidArgument;
    SignalAction wanted = action;
    wanted.flags &= abi::kSaKnown;
    wanted.mask = wanted.mask & ~kUnstoppable;
    SignalActions& actions = process.signals->actions;
    actions.set(signal, wanted);
    if (actions.ignores(signal)) discard_everywhere(process, only(signal));
    return {};
}

std::optional<SignalInfo> news_of(const Process& child, std::int32_t code, std::int32_t status) {
    const Process* parent = child.parent;
    if (parent == nullptr || parent->signals == nullptr) return std::nullopt;
    const bool is_stop = code == abi::kChildStopped || code == abi::kChildContinued;
    const SignalAction& action = parent->signals->actions.of(abi::kSigChild);
    if (is_stop && (action.flags & abi::kSaNoChildStop) != 0) return std::nullopt;
    return SignalInfo{.signal = abi::kSigChild,
                      .code = code,
                      .sender = child.pid,
                      .user = child.credentials.real_user,
                      .status = status};
}

}  // namespace quire::kernel
