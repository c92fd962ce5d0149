// A serial port: the 8250/16450/16550 UART at 115,200 baud, 8 data bits, no parity, 1 stop bit.
//
//     write() -> transmit ring -> UART FIFO          UART FIFO -> receive ring -> read()
//                (emptied by interrupt)                           (filled by interrupt)
//
// The one rule: output is never lost while the UART works. A full ring makes the writer push
// bytes out itself, and with interrupts off (or before they are set up, or in a panic) everything
// is sent by polling. A UART that takes nothing for kStuckLimit is called stuck: bytes are dropped
// and counted without waiting until it takes one again. An absent port swallows everything.
// Invariant: bytes leave in the order they were written. (TI PC16550D data sheet.)
#pragma once

#include <cstddef>
#include <cstdint>

#include "drivers/hardware.h"
#include "drivers/pit.h"
#include "kernel/base/result.h"
#include "kernel/base/ring_buffer.h"

namespace quire::drivers {

struct SerialStatistics {
    std::uint32_t bytes_sent = 0;
    std::uint32_t bytes_dropped = 0;  // absent or stuck port
    std::uint32_t bytes_received = 0;
    std::uint32_t receive_overruns = 0;  // the receive ring was full
    std::uint32_t fifo_overruns = 0;     // the UART said it lost a byte
    std::uint32_t line_errors = 0;       // parity, framing, break
    std::uint32_t interrupts = 0;
    std::uint32_t spurious_interrupts = 0;
    std::uint32_t full_ring_waits = 0;
};

class SerialPort {
  public:
    enum class Model : std::uint8_t { Absent, Uart8250, Uart16550 };

    static constexpr std::uint16_t kCom1 = 0x3F8;
    static constexpr std::uint8_t kCom1Irq = 4;
    static constexpr std::uint16_t kCom2 = 0x2F8;
    static constexpr std::uint8_t kCom2Irq = 3;

    constexpr SerialPort(Hardware& hardware, const Pit& pit, std::uint16_t base)
        : hardware_(hardware), pit_(pit), base_(base) {}

    /// Looks for a UART and sets it up for polled output. NotFound when there is none; the port
    /// may still be used and swallows everything.
    Result<void> init();

    /// Starts interrupt-driven operation. The caller has registered interrupt() for the IRQ.
    void enable_interrupts();

    /// The IRQ handler; `context` is the SerialPort. Interrupts are off.
    static void interrupt(void* context) { static_cast<SerialPort*>(context)->on_interrupt(); }
    void on_interrupt();

    /// Sends `size` bytes as they are. Returns when the last is in the ring, or, with interrupts
    /// off, in the UART.
    void write(const char* bytes, std::size_t size);

    /// Puts all of `bytes` in the ring, or nothing, and never waits; says whether it did. For
    /// output that may be late or lost, and with interrupts on or off. Precondition:
    /// enable_interrupts().
    [[nodiscard]] bool try_write(const char* bytes, std::size_t size);

    /// Sends what the ring holds and then `bytes` by polling: for the last words of a panic.
    void write_polled(const char* bytes, std::size_t size);

    /// Waits until the last bit is on the wire: before the machine is switched off.
    void flush();

    /// Takes the oldest received byte; false when there is none.
    [[nodiscard]] bool read(std::uint8_t& byte) { return received_.pop(byte); }

    [[nodiscard]] bool present() const { return model_ != Model::Absent; }
    [[nodiscard]] Model model() const { return model_; }
    [[nodiscard]] const SerialStatistics& statistics() const { return statistics_; }

    void check_invariants() const;

  private:
    static constexpr std::uint32_t kStuckLimit = 5'000'000;  // microseconds
    static constexpr std::uint32_t kRingSize = 4096;

    std::uint8_t in(std::uint16_t reg) {
        return hardware_.in8(static_cast<std::uint16_t>(base_ + reg));
    }
    void out(std::uint16_t reg, std::uint8_t value) {
        hardware_.out8(static_cast<std::uint16_t>(base_ + reg), value);
    }

    // How many bytes an empty UART takes at once.
    [[nodiscard]] int transmit_room() const { return model_ == Model::Uart16550 ? 16 : 1; }

    bool scratch_register_holds();
    bool loopback_echoes();
    void set_line_parameters();

    std::uint8_t read_line_status();
    bool pump();
    bool wait_until_sent(std::uint8_t status_bits);
    void drain_ring();
    void send_polled(const char* bytes, std::size_t size);
    void receive();
    void set_transmit_interrupt(bool wanted);

    Hardware& hardware_;
    const Pit& pit_;
    std::uint16_t base_;
    Model model_ = Model::Absent;
    bool interrupt_driven_ = false;
    bool stuck_ = false;
    std::uint8_t interrupt_enable_ = 0;
    SerialStatistics statistics_;
    RingBuffer<std::uint8_t, kRingSize> to_send_;
    RingBuffer<std::uint8_t, 1024> received_;
};

}  // namespace quire::drivers
