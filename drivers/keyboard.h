// The PS/2 keyboard: the 8042 controller, IRQ 1, and a ring of typed characters.
//
// One idea: everything the keyboard is told (repeat rate, enable, lamps) goes through a small
// state machine that advances when the keyboard's answer arrives by interrupt:
//
//     pending_ --begin--> command sent -ACK-> argument sent -ACK-> next pending command
//                             |  RESEND: again, at most kMostResends times; no answer: given up
//
// so nothing ever waits in the interrupt handler. A machine without a controller is found out by
// one port read, a controller without a keyboard costs nothing. (IBM PS/2 8042; AT keyboard.)
#pragma once

#include <cstdint>

#include "drivers/hardware.h"
#include "drivers/keyboard_decoder.h"
#include "drivers/pit.h"
#include "kernel/base/result.h"
#include "kernel/base/ring_buffer.h"

namespace quire::drivers {

struct KeyboardStatistics {
    std::uint32_t interrupts = 0;
    std::uint32_t spurious_interrupts = 0;
    std::uint32_t scan_codes = 0;
    std::uint32_t dropped_characters = 0;  // nobody read the ring
    std::uint32_t resends = 0;
    std::uint32_t abandoned_commands = 0;
};

class Keyboard {
  public:
    static constexpr std::uint8_t kIrq = 1;

    constexpr Keyboard(Hardware& hardware, const Pit& pit) : hardware_(hardware), pit_(pit) {}

    /// Sets up the controller: keyboard on, mouse off, IRQ 1 on, translation to set 1.
    /// Errors: NotFound (no controller), TimedOut (it stopped answering). Both are logged, and
    /// the object may still be used: it types nothing.
    Result<void> init();

    /// Starts the conversation with the keyboard. The caller has registered interrupt() for
    /// IRQ 1.
    void enable_interrupts();

    /// The handler for IRQ 1; `context` is the Keyboard. Interrupts are off.
    static void interrupt(void* context) { static_cast<Keyboard*>(context)->on_interrupt(); }
    void on_interrupt();

    /// Does the interrupt handler's work once: for a monitor that runs with interrupts off.
    void poll();

    /// Takes the oldest typed byte; false when there is none.
    [[nodiscard]] bool read(char& byte) { return typed_.pop(byte); }

    [[nodiscard]] bool present() const { return present_; }
    [[nodiscard]] std::uint8_t modifiers() const { return decoder_.modifiers(); }
    [[nodiscard]] std::uint8_t leds() const { return decoder_.leds(); }
    [[nodiscard]] const KeyboardStatistics& statistics() const { return statistics_; }

    void check_invariants() const;

  private:
    static constexpr std::uint32_t kRingSize = 256;

    enum class Command : std::uint8_t { None, SetRate, Enable, SetLeds };
    enum class Phase : std::uint8_t { Idle, CommandSent, ArgumentSent };

    Result<void> set_up_controller();
    Result<void> send_to_controller(std::uint8_t command);
    Result<void> send_to_data_port(std::uint8_t byte);
    Result<std::uint8_t> read_answer();
    Result<void> wait_until_writable();
    void discard_output();

    bool take_output();
    void on_byte(std::uint8_t byte);
    bool on_answer(std::uint8_t byte);
    void on_scan_code(std::uint8_t byte);
    void begin_next_command();
    void send_current_byte();
    void finish_command();
    void want(Command command);
    [[nodiscard]] bool is_wanted(Command command) const;

    Hardware& hardware_;
    const Pit& pit_;
    bool present_ = false;
    KeyboardDecoder decoder_;
    std::uint8_t wanted_ = 0;  // a bit for each Command
    Command current_ = Command::None;
    Phase phase_ = Phase::Idle;
    std::uint8_t resends_ = 0;
    std::uint64_t sent_at_ = 0;  // ticks
    KeyboardStatistics statistics_;
    RingBuffer<char, kRingSize> typed_;
};

}  // namespace quire::drivers
