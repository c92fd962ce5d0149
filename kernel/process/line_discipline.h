// The terminal between the keys and the programs: lines that can be edited before anybody reads
// them, echo, keys that are signals, and which process group may read.
//
//     keys --> input(): signals, ^S ^Q --> editing (canonical) --> InputQueue --> read()
//                                 \ echo                                             |
//     screen <-- OutputProcessor <--------------------------------------------- write()
//
// The behaviour is Linux's n_tty with its default settings (termios(3), POSIX.1 chapter 11): what
// programs set and get is abi/termios.h. A terminal has a session, and of that a foreground group:
// whoever else of the session reads is stopped by SIGTTIN; by SIGTTOU who writes with TOSTOP on,
// or changes settings.
//
// Pure: what it needs of the kernel is TerminalHost. Nothing here sleeps: read() and write() answer
// TryAgain, and changes() is woken. Locking: the kernel lock.
#pragma once

#include <cstdint>

#include "fs/terminal.h"
#include "kernel/abi/termios.h"
#include "kernel/process/input_queue.h"
#include "kernel/process/output_processor.h"
#include "kernel/process/terminal_host.h"

namespace quire::kernel {

class LineDiscipline final : public fs::Terminal {
  public:
    explicit LineDiscipline(TerminalHost& host);

    // --- fs::Terminal ---
    /// Errors beside those of fs::Terminal: Interrupted (stopped as a background reader), IoError
    /// (it could not even be stopped).
    Result<std::uint32_t> read(std::uint32_t bytes, fs::ByteSink& to) override;
    Result<std::uint32_t> write(std::uint32_t bytes, fs::ByteSource& from) override;
    /// ioctl(2). Errors: NotTerminal (no such request), BadAddress; others as ioctl_tty(2) tells.
    Result<std::uint32_t> control(std::uint32_t request, mm::VirtAddr argument) override;
    [[nodiscard]] bool controls_caller() override;
    [[nodiscard]] fs::Readiness readiness() override;
    [[nodiscard]] fs::WaitQueue& changes() override { return changes_; }

    // --- The other side ---
    /// A byte was typed.
    void input(char byte);
    /// A time given to TerminalHost::wake_at() is over.
    void time_has_passed() { changes_.wake_all(); }
    /// The leader of a session has ended: if it is this terminal's, its foreground group hears of
    /// it (SIGHUP, SIGCONT), and the terminal is free for another session.
    void session_ended(ProcessId session);

    [[nodiscard]] const abi::Termios& settings() const { return settings_; }
    [[nodiscard]] ProcessId session() const { return session_; }
    [[nodiscard]] ProcessId foreground() const { return foreground_; }

    void check_invariants();

  private:
    [[nodiscard]] bool has(std::uint32_t local_flag) const {
        return (settings_.local & local_flag) != 0;
    }
    [[nodiscard]] bool is_key(char byte, std::size_t key) const {
        return settings_.keys[key] != abi::kNoKey &&
               settings_.keys[key] == static_cast<std::uint8_t>(byte);
    }

    // Input, in this order. Each returns whether the byte is done with.
    bool map_input(char& byte);
    bool take_flow_control(char byte);
    bool take_signal(char byte);
    bool take_editing(char byte);
    bool take_line_end(char byte);
    void store(char byte);
    void send_signal_of_key(char byte, SignalNumber signal);

    // Editing
    void erase_character();
    void erase_word();
    void erase_line();
    void reprint();

    // Echo
    void echo(char byte);
    void echo_erased(char byte);
    void put_echo(char byte) { output_.put(byte, settings_.output); }
    [[nodiscard]] bool shows_caret(char byte) const;
    [[nodiscard]] std::uint32_t column_of_end() const;
    void flush_echo() { output_.flush(); }

    // Reading
    [[nodiscard]] InputQueue::Kind front_kind() const {
        return queue_.cell_at(queue_.position()).kind;
    }
    Result<std::uint32_t> read_line(std::uint32_t bytes, fs::ByteSink& to);
    Result<std::uint32_t> read_raw(std::uint32_t bytes, fs::ByteSink& to);
    Result<std::uint32_t> take(std::uint32_t bytes, fs::ByteSink& to, bool up_to_line_end);
    [[nodiscard]] bool is_raw_read_over(std::uint32_t bytes);

    // Job control
    Result<void> check_foreground(SignalNumber signal);

    // ioctl
    Result<std::uint32_t> change_settings(std::uint32_t request, mm::VirtAddr argument);
    void apply(const abi::Termios& settings);
    Result<std::uint32_t> change_window(mm::VirtAddr argument);
    Result<std::uint32_t> flush(std::uint32_t which);
    Result<std::uint32_t> control_flow(std::uint32_t action);
    Result<std::uint32_t> take_as_controlling(std::uint32_t force);
    Result<std::uint32_t> leave_controlling();
    Result<std::uint32_t> tell_foreground(mm::VirtAddr argument, bool tells_session);
    Result<std::uint32_t> set_foreground(mm::VirtAddr argument);

    TerminalHost& host_;
    OutputProcessor output_;
    InputQueue queue_;
    abi::Termios settings_;
    abi::WindowSize window_;
    ProcessId session_ = 0;     // 0: nobody's
    ProcessId foreground_ = 0;  // process group
    bool is_stopped_ = false;   // output, by ^S
    bool next_is_literal_ = false;
    std::uint32_t line_column_ = 0;  // where the line being edited begins on the screen
    std::uint64_t last_input_ = 0;
    std::uint64_t read_started_ = 0;  // of a raw read with a time limit; 0: none
    fs::WaitQueue changes_;
};

}  // namespace quire::kernel
