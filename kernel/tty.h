// The console as a terminal: the line discipline between its keys, its screen, and programs.
//
// /dev/console and /dev/tty are this one. What is typed comes from ConsoleInput, in thread context;
// what is shown goes to the screen and the serial line as it is, for the line discipline has made
// "\r\n" of newlines where it should.
#pragma once

#include "kernel/process/line_discipline.h"
#include "kernel/process/timer_queue.h"
#include "kernel/system.h"

namespace quire::kernel {

class Tty final : TerminalHost {
  public:
    /// Programs' device number of it, /dev/console: ps(1) shows it.
    static constexpr std::uint32_t kDeviceNumber = 0x501;

    explicit Tty(System& system);
    Tty(const Tty&) = delete;
    Tty& operator=(const Tty&) = delete;

    [[nodiscard]] LineDiscipline& terminal() { return discipline_; }
    /// What is typed goes to programs from now on. Precondition: there are processes.
    void take_input();

  private:
    void put(std::span<const char> text) override;
    [[nodiscard]] TerminalUser user(SignalNumber about) override;
    void send_to_group(ProcessId group, SignalNumber signal) override;
    [[nodiscard]] ProcessId session_of_group(ProcessId group) override;
    void set_controlled(bool controlled) override;
    void release_session(ProcessId session) override;
    [[nodiscard]] std::uint64_t now() override;
    void wake_at(std::uint64_t time) override;

    System& system_;
    LineDiscipline discipline_;
    Timer timer_;
};

}  // namespace quire::kernel
