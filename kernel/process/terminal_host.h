// What a terminal asks of the machine it is on: to show text, to send signals, who it is that
// calls. The kernel implements it (kernel/tty.h), and a test.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/process/process.h"
#include "kernel/process/signals.h"

namespace quire::kernel {

/// Who reads, writes or controls the terminal.
struct TerminalUser {
    ProcessId group = 0;
    ProcessId session = 0;
    bool leads_session = false;
    bool is_privileged = false;
    bool has_terminal = false;   // any as controlling one
    bool is_controlled = false;  // by this terminal
    bool shuns_signal = false;   // the signal in question is blocked or ignored
    bool is_orphaned = false;    // its group: nobody is there to continue it
};

class TerminalHost {
  public:
    /// Shows bytes as they are.
    virtual void put(std::span<const char> text) = 0;
    /// `about`: the signal that shuns_signal speaks of.
    [[nodiscard]] virtual TerminalUser user(SignalNumber about) = 0;
    virtual void send_to_group(ProcessId group, SignalNumber signal) = 0;
    /// 0: there is no such process group.
    [[nodiscard]] virtual ProcessId session_of_group(ProcessId group) = 0;
    /// The calling process gets this terminal as its controlling one, or loses it.
    virtual void set_controlled(bool controlled) = 0;
    /// All processes of a session lose it.
    virtual void release_session(ProcessId session) = 0;
    /// Nanoseconds since boot.
    [[nodiscard]] virtual std::uint64_t now() = 0;
    /// From then on LineDiscipline::time_has_passed() is of interest.
    virtual void wake_at(std::uint64_t time) = 0;

  protected:
    ~TerminalHost() = default;
};

}  // namespace quire::kernel
