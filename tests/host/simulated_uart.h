// A simulated 16550A (or an older 8250), after the PC16550D data sheet.
//
// It has a transmit FIFO and shift register that empty in simulated time, a receive FIFO that
// overruns, the loopback mode, and the one property drivers get wrong: the transmitter-empty
// interrupt is a latch, set when the holding register empties or the interrupt is enabled while
// it is empty, and cleared by reading the identification register or by writing a byte.
#pragma once

#include <deque>
#include <string>

#include "tests/host/simulated_hardware.h"

namespace quire::test {

class SimulatedUart final : public SimulatedDevice {
  public:
    // What kind of UART this is.
    bool has_fifo = true;
    std::uint8_t fifo_mark = 0xC0;  // how it shows that its FIFO is on
    bool has_scratch = true;
    bool has_loopback = true;
    bool stuck = false;  // the transmitter stops
    std::uint64_t byte_time = 87;

    std::string wire;  // everything that has left

    /// A byte arrives on the wire.
    void arrive(std::uint8_t byte) {
        if (to_host_.size() == (fifo_on_ ? 16U : 1U)) {
            line_status_ |= 0x02;
            return;
        }
        to_host_.push_back(byte);
    }
    void raise_break() { line_status_ |= 0x10; }

    std::uint8_t in8(std::uint16_t offset) override {
        switch (offset) {
        case 0: {
            if (divisor_access()) return divisor_low;
            if (to_host_.empty()) return 0;
            const std::uint8_t byte = to_host_.front();
            to_host_.pop_front();
            return byte;
        }
        case 1:
            return divisor_access() ? 0 : interrupt_enable_;
        case 2: {
            const std::uint8_t cause = pending_cause();
            if (cause == 0x02) transmit_latch_ = false;
            return static_cast<std::uint8_t>(cause | (fifo_on_ ? fifo_mark : 0));
        }
        case 3:
            return line_control_;
        case 4:
            return modem_control;
        case 5: {
            const std::uint8_t status = current_status();
            line_status_ = 0;
            return status;
        }
        case 6:
            return 0xB0;
        default:
            return has_scratch ? scratch_ : 0xFF;
        }
    }

    void out8(std::uint16_t offset, std::uint8_t value) override {
        switch (offset) {
        case 0:
            if (divisor_access()) {
                divisor_low = value;
            } else {
                transmit(value);
            }
            break;
        case 1:
            if (divisor_access()) break;
            if ((value & ~interrupt_enable_ & 0x02) != 0 && waiting_.empty()) {
                transmit_latch_ = true;
            }
            interrupt_enable_ = value & 0x0F;
            break;
        case 2:
            fifo_on_ = has_fifo && (value & 1) != 0;
            if ((value & 2) != 0) to_host_.clear();
            if ((value & 4) != 0) waiting_.clear();
            break;
        case 3:
            line_control_ = value;
            break;
        case 4:
            modem_control = value;
            break;
        case 7:
            scratch_ = value;
            break;
        default:
            break;
        }
    }

    void advance(std::uint64_t now) override {
        now_ = now;
        if (stuck || now < shift_done_) return;
        if (shifting_) {
            wire.push_back(shift_register_);
            shifting_ = false;
        }
        if (waiting_.empty()) return;
        shift_register_ = waiting_.front();
        waiting_.pop_front();
        shifting_ = true;
        shift_done_ = now + byte_time;
        if (waiting_.empty()) transmit_latch_ = true;
    }

    // OUT2 gates the interrupt on PCs.
    bool interrupt_line() override {
        return (modem_control & 0x18) == 0x08 && pending_cause() != 0x01;
    }

    [[nodiscard]] bool fifo_on() const { return fifo_on_; }
    [[nodiscard]] bool idle() const { return waiting_.empty() && !shifting_; }
    [[nodiscard]] int overwritten() const { return overwritten_; }
    [[nodiscard]] std::uint8_t line_control() const { return line_control_; }

    std::uint8_t modem_control = 0;
    std::uint8_t divisor_low = 0;

  private:
    [[nodiscard]] bool divisor_access() const { return (line_control_ & 0x80) != 0; }

    void transmit(std::uint8_t value) {
        if ((modem_control & 0x10) != 0) {
            if (has_loopback) arrive(value);
            return;
        }
        if (waiting_.size() == (fifo_on_ ? 16U : 1U)) {
            ++overwritten_;
            return;
        }
        transmit_latch_ = false;
        waiting_.push_back(static_cast<char>(value));
    }

    [[nodiscard]] std::uint8_t current_status() const {
        std::uint8_t status = line_status_;
        if (!to_host_.empty()) status |= 0x01;
        if (waiting_.empty()) status |= 0x20;
        if (idle()) status |= 0x40;
        return status;
    }
    [[nodiscard]] std::uint8_t pending_cause() const {
        if ((interrupt_enable_ & 4) != 0 && (line_status_ & 0x1E) != 0) return 0x06;
        if ((interrupt_enable_ & 1) != 0 && !to_host_.empty()) return 0x04;
        if ((interrupt_enable_ & 2) != 0 && transmit_latch_) return 0x02;
        return 0x01;
    }

    std::deque<char> waiting_;
    std::deque<std::uint8_t> to_host_;
    char shift_register_ = 0;
    bool shifting_ = false;
    bool fifo_on_ = false;
    bool transmit_latch_ = false;
    std::uint64_t now_ = 0;
    std::uint64_t shift_done_ = 0;
    std::uint8_t interrupt_enable_ = 0;
    std::uint8_t line_control_ = 0;
    std::uint8_t line_status_ = 0;
    std::uint8_t scratch_ = 0;
    int overwritten_ = 0;
};

}  // namespace quire::test
