// Signals as values: sets of them, what is pending, what a program wants done with each.
//
//     send() --> PendingSignals of the process or of a thread
//                     |  take(): the lowest one not blocked, faults of the thread itself first
//                     v
//     SignalActions: ignore | default (end, core, stop, continue, nothing) | the program's handler
//
// One pending entry for each standard signal (1-31): sent twice before it is taken, it is one.
// Real-time signals (32-64) queue in order, as far as there is room: kMostQueued. signal(7),
// sigaction(2). Locking is the caller's. Nothing here knows of CPUs or of the scheduler.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/base/lazy_array.h"
#include "kernel/base/result.h"

namespace quire::kernel {

using SignalNumber = std::uint32_t;  // 1 to kSignals; abi/signal.h names them
inline constexpr SignalNumber kSignals = 64;

/// Signal n is bit n - 1, as in the ABI's sigset_t.
class SignalSet {
  public:
    constexpr SignalSet() = default;
    constexpr explicit SignalSet(std::uint64_t bits) : bits_(bits) {}
    [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }
    [[nodiscard]] constexpr bool has(SignalNumber signal) const {
        return (bits_ >> (signal - 1) & 1) != 0;
    }
    constexpr void add(SignalNumber signal) { bits_ |= std::uint64_t{1} << (signal - 1); }
    constexpr void remove(SignalNumber signal) { bits_ &= ~(std::uint64_t{1} << (signal - 1)); }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
    constexpr SignalSet operator|(SignalSet other) const { return SignalSet(bits_ | other.bits_); }
    constexpr SignalSet operator&(SignalSet other) const { return SignalSet(bits_ & other.bits_); }
    constexpr SignalSet operator~() const { return SignalSet(~bits_); }
    constexpr bool operator==(const SignalSet&) const = default;

  private:
    std::uint64_t bits_ = 0;
};

/// SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU: what stops a process.
inline constexpr SignalSet kStopSignals{0x3C0000};
/// SIGKILL and SIGSTOP: nobody blocks, catches or ignores them.
inline constexpr SignalSet kUnstoppable{0x40100};

/// siginfo_t, as far as it has meaning: abi/signal.h has the program's layout.
struct SignalInfo {
    SignalNumber signal = 0;
    std::int32_t code = 0;      // SI_USER 0, SI_KERNEL 128, SEGV_MAPERR 1, CLD_EXITED 1 ...
    std::uint32_t sender = 0;   // pid
    std::uint32_t user = 0;     // uid of the sender
    std::uint32_t address = 0;  // of a fault
    std::uint32_t value = 0;    // sigqueue's
    std::int32_t status = 0;    // SIGCHLD: exit code or signal
    std::uint32_t trap = 0;     // the exception and its error code, for the signal context
    std::uint32_t error_code = 0;
};

/// What a program asked for with sigaction(2).
struct SignalAction {
    static constexpr std::uint32_t kDefault = 0;  // SIG_DFL
    static constexpr std::uint32_t kIgnore = 1;   // SIG_IGN
    std::uint32_t handler = kDefault;             // or the address of a function
    std::uint32_t flags = 0;                      // SA_...
    std::uint32_t restorer = 0;
    SignalSet mask{};
};

enum class DefaultAction : std::uint8_t { End, EndWithCore, Ignore, Stop, Continue };
[[nodiscard]] DefaultAction default_action(SignalNumber signal);

/// What is to be done with each signal. Most are left as they are at the start: only what was set
/// is kept, copied by fork and looked at by exec.
class SignalActions {
  public:
    SignalActions() = default;
    SignalActions(const SignalActions& other) { *this = other; }
    SignalActions& operator=(const SignalActions& other);
    ~SignalActions() = default;

    [[nodiscard]] const SignalAction& of(SignalNumber signal) const {
        return set_.has(signal) ? actions_[signal - 1] : kUnset;
    }
    void set(SignalNumber signal, const SignalAction& action) {
        set_.add(signal);
        actions_.write(signal - 1, action);
    }
    /// Whether sending it would do nothing at all, unless it is blocked.
    [[nodiscard]] bool ignores(SignalNumber signal) const;
    /// What execve does: handlers become defaults, SIG_IGN stays.
    void reset_handlers();

  private:
    static constexpr SignalAction kUnset{};

    SignalSet set_;  // what of actions_ counts
    LazyArray<SignalAction, kSignals> actions_;
};

class PendingSignals {
  public:
    static constexpr std::uint32_t kMostQueued = 32;

    /// A standard signal that is pending already stays as it is. Errors: TryAgain (no room for one
    /// more real-time signal; but one of kill(2), code SI_USER, is pending all the same: what is
    /// taken then is without its sender).
    Result<void> add(const SignalInfo& info);
    [[nodiscard]] SignalSet set() const { return set_; }
    /// How many signals wait here, each queued one counted (RLIMIT_SIGPENDING).
    [[nodiscard]] std::uint32_t count() const;
    /// Takes out the lowest one that is not in `blocked`; of those that tell of a fault, first.
    std::optional<SignalInfo> take(SignalSet blocked);
    /// Forgets all of `which`.
    void discard(SignalSet which);
    void check_invariants() const;

  private:
    SignalInfo take_queued(SignalNumber signal);

    SignalSet set_;
    LazyArray<SignalInfo, 31> standard_;         // those of set_ count
    LazyArray<SignalInfo, kMostQueued> queued_;  // in order of arrival
    std::uint32_t queued_count_ = 0;
};

}  // namespace quire::kernel
