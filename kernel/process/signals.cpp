#include "kernel/process/signals.h"

#include <bit>
#include <utility>

#include "kernel/abi/signal.h"

namespace quire::kernel {
namespace {

constexpr SignalSet kStandard{0x7FFFFFFF};

constexpr SignalSet set_of(std::initializer_list<SignalNumber> signals) {
    SignalSet set;
    for (SignalNumber signal : signals)
        set.add(signal);
    return set;
}

constexpr SignalSet kIgnoredByDefault = set_of({abi::kSigChild, abi::kSigUrgent, abi::kSigWindow});
constexpr SignalSet kEndsWithCore =
    set_of({abi::kSigQuit, abi::kSigIll, abi::kSigTrap, abi::kSigAbort, abi::kSigBus, abi::kSigFpe,
            abi::kSigSegv, abi::kSigCpuTime, abi::kSigFileSize, abi::kSigSystem});
// What a thread's own instruction can bring about: taken first, while its registers tell of it.
constexpr SignalSet kFaults = set_of(
    {abi::kSigIll, abi::kSigTrap, abi::kSigBus, abi::kSigFpe, abi::kSigSegv, abi::kSigSystem});

SignalNumber lowest(SignalSet set) {
    const auto low = static_cast<std::uint32_t>(set.bits());
    if (low != 0) return static_cast<SignalNumber>(__builtin_ctz(low)) + 1;
    return static_cast<SignalNumber>(__builtin_ctz(static_cast<std::uint32_t>(set.bits() >> 32))) +
           33;
}

SignalNumber take_lowest(SignalSet& set) {
    const SignalNumber signal = lowest(set);
    set.remove(signal);
    return signal;
}

}  // namespace

DefaultAction default_action(SignalNumber signal) {
    if (signal == abi::kSigContinue) return DefaultAction::Continue;
    if (kStopSignals.has(signal)) return DefaultAction::Stop;
    if (kIgnoredByDefault.has(signal)) return DefaultAction::Ignore;
    return kEndsWithCore.has(signal) ? DefaultAction::EndWithCore : DefaultAction::End;
}

bool SignalActions::ignores(SignalNumber signal) const {
    const std::uint32_t handler = of(signal).handler;
    if (handler == SignalAction::kIgnore) return true;
    if (handler != SignalAction::kDefault) return false;
    const DefaultAction action = default_action(signal);
    return action == DefaultAction::Ignore || action == DefaultAction::Continue;
}

SignalActions& SignalActions::operator=(const SignalActions& other) {
    set_ = other.set_;
    for (SignalSet left = set_; !left.empty();) {
        const SignalNumber signal = take_lowest(left);
        actions_.write(signal - 1, other.actions_[signal - 1]);
    }
    return *this;
}

void SignalActions::reset_handlers() {
    for (SignalSet left = std::exchange(set_, {}); !left.empty();) {
        const SignalNumber signal = take_lowest(left);
        if (actions_[signal - 1].handler == SignalAction::kIgnore)
            set(signal, {.handler = SignalAction::kIgnore});
    }
}

Result<void> PendingSignals::add(const SignalInfo& info) {
    const SignalNumber signal = info.signal;
    ASSERT(signal >= 1 && signal <= kSignals);
    if (kStandard.has(signal)) {
        if (!set_.has(signal)) standard_.write(signal - 1, info);
    } else if (queued_count_ < kMostQueued) {
        queued_.write(queued_count_++, info);
    } else if (info.code != abi::kSiUser) {
        return Error::TryAgain;
    }
    set_.add(signal);
    return {};
}

std::uint32_t PendingSignals::count() const {
    return queued_count_ + static_cast<std::uint32_t>(std::popcount((set_ & kStandard).bits()));
}

std::optional<SignalInfo> PendingSignals::take(SignalSet blocked) {
    const SignalSet open = set_ & ~blocked;
    if (open.empty()) return std::nullopt;
    const SignalSet faults = open & kFaults;
    const SignalNumber signal = lowest(faults.empty() ? open : faults);
    if (!kStandard.has(signal)) return take_queued(signal);
    set_.remove(signal);
    return standard_[signal - 1];
}

SignalInfo PendingSignals::take_queued(SignalNumber signal) {
    std::uint32_t first = 0;
    while (first < queued_count_ && queued_[first].signal != signal)
        ++first;
    SignalInfo info{.signal = signal};  // kill's, for which there was no room
    if (first < queued_count_) {
        info = queued_[first];
        --queued_count_;
        for (std::uint32_t i = first; i < queued_count_; ++i)
            queued_.write(i, queued_[i + 1]);
    }
    bool is_more = false;
    for (std::uint32_t i = first; i < queued_count_; ++i)
        is_more = is_more || queued_[i].signal == signal;
    if (!is_more) set_.remove(signal);
    return info;
}

void PendingSignals::discard(SignalSet which) {
    set_ = set_ & ~which;
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < queued_count_; ++i)
        if (!which.has(queued_[i].signal)) queued_.write(kept++, queued_[i]);
    queued_count_ = kept;
}

void PendingSignals::check_invariants() const {
    for (SignalNumber signal = 1; signal < abi::kSigFirstRealTime; ++signal)
        ASSERT(!set_.has(signal) || standard_[signal - 1].signal == signal);
    ASSERT(queued_count_ <= kMostQueued);
    for (std::uint32_t i = 0; i < queued_count_; ++i) {
        ASSERT(queued_[i].signal >= abi::kSigFirstRealTime && queued_[i].signal <= kSignals);
        ASSERT(set_.has(queued_[i].signal));
    }
}

}  // namespace quire::kernel
