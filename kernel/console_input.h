// Who gets what is typed: programs, by their terminal, or the monitor.
//
//     interrupt --> Note::Input --> take() --+--> the terminal, while programs run
//                                            '--> the monitor's ring, else and after Ctrl-]
//
// Bytes stay in the drivers' rings until a thread switch or the way back to a program.
#pragma once

#include "fs/wait.h"
#include "kernel/base/ring_buffer.h"
#include "kernel/console.h"
#include "kernel/threads.h"

namespace quire::kernel {

class ConsoleInput {
  public:
    /// What a terminal does with a byte that was typed.
    using Receiver = void (*)(void* context, char byte);
    static constexpr char kMonitorKey = 0x1D;  // Ctrl-]

    /// The monitor has the input. Both must stay.
    ConsoleInput(Console& console, Threads& threads);

    /// From now on `receiver` gets what is typed, but for Ctrl-].
    void give_to(Receiver receiver, void* context);
    /// The monitor is done, for now. Precondition: give_to().
    void leave_monitor() { monitor_has_it_ = false; }
    [[nodiscard]] bool has_receiver() const { return receiver_ != nullptr; }
    [[nodiscard]] bool monitor_has_it() const { return monitor_has_it_; }

    /// The next byte for the monitor. Sleeps until there is one.
    char read_for_monitor();
    /// Sleeps until the monitor has the input.
    void wait_for_monitor_key();

  private:
    void take();

    Console& console_;
    Threads& threads_;
    RingBuffer<char, 256> ring_;
    fs::WaitQueue monitor_;
    bool monitor_has_it_ = true;
    Receiver receiver_ = nullptr;
    void* context_ = nullptr;
};

}  // namespace quire::kernel
