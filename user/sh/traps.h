// What the shell does when a signal comes: `trap`, and ^C at the prompt.
//
// A handler only notes that its signal came; the shell asks between two commands (trap_to_run()),
// and after a system call that the signal interrupted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "user/sh/calls.h"
#include "user/sh/store.h"

namespace quire::shell {

class Traps {
  public:
    static constexpr int kMost = 65;  // signal 0 is the end of the shell

    explicit Traps(Store& store) : store_(store) {}
    Traps(const Traps&) = delete;
    Traps& operator=(const Traps&) = delete;

    /// The commands for a signal; "" ignores it, nullptr is what was before any trap. What the
    /// shell ignores for itself at a terminal stays ignored then; and what was ignored when it
    /// began stays so, unless it is interactive (POSIX 2.14, trap).
    void set(int signal, const char* commands);
    /// nullptr: none.
    [[nodiscard]] const char* commands(int signal) const {
        return commands_[static_cast<std::size_t>(signal)];
    }
    /// In a child: traps are the parent's, but what is ignored stays so.
    void forget();
    /// The shell is interactive: ^C comes here, the other keys' signals nowhere.
    void take_keys();
    void leave_keys();
    /// Nobody can undo it: neither a trap nor the end of one.
    void ignore_for_good(int signal);

    /// Around fork(2): what is sent to the child as soon as it is there waits until the child no
    /// longer handles it as the shell does, which would lose it.
    void hold_signals() { held_ = sys::block_signals(); }
    void release_signals() { sys::unblock_signals(held_); }

    /// A signal that has come and has commands; 0: none.
    [[nodiscard]] int next_to_run();
    /// A signal with commands that has come and stays to be done; 0: none.
    [[nodiscard]] int first_come() const;
    [[nodiscard]] bool has_come() const { return first_come() != 0; }
    /// Whether ^C has come, without a trap for it, since the last time.
    [[nodiscard]] bool take_interrupt();

  private:
    /// Whether the signal was ignored when the shell began, or is so for good.
    enum class Start : std::uint8_t { Unknown, Free, Ignored };

    void install(int signal);

    Store& store_;
    std::array<char*, kMost> commands_{};
    std::array<Start, kMost> starts_{};
    bool has_keys_ = false;
    sys::SignalMask held_{};  // what was blocked before
};

}  // namespace quire::shell
