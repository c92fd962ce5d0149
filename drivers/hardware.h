// What a driver asks of the machine: port access, and holding interrupts off for a moment.
//
// Drivers reach the machine only through this interface, so the same driver source runs in the
// kernel and, against simulated devices, under the host tests. A virtual call is nothing beside a
// port access (about a microsecond on the ISA bus). The kernel's implementation joins cpu/ports.h
// and interrupts_save/restore; the tests' one is tests/host/simulated_hardware.h.
#pragma once

#include <cstdint>

namespace quire::drivers {

class Hardware {
  public:
    Hardware(const Hardware&) = delete;
    Hardware& operator=(const Hardware&) = delete;

    virtual std::uint8_t in8(std::uint16_t port) = 0;
    virtual void out8(std::uint16_t port, std::uint8_t value) = 0;
    virtual void out16(std::uint16_t port, std::uint16_t value) = 0;
    virtual std::uint32_t in32(std::uint16_t port) = 0;
    virtual void out32(std::uint16_t port, std::uint32_t value) = 0;

    /// Moves `count` 16-bit words between one port and RAM (REP INSW, REP OUTSW).
    virtual void in16_block(std::uint16_t port, void* words, std::uint32_t count) = 0;
    virtual void out16_block(std::uint16_t port, const void* words, std::uint32_t count) = 0;

    /// Turns interrupts off; returns whether they were on, for interrupts_restore().
    [[nodiscard]] virtual bool interrupts_save() = 0;
    virtual void interrupts_restore(bool were_on) = 0;

  protected:
    constexpr Hardware() = default;
    ~Hardware() = default;
};

/// Interrupts are off while this object lives, and afterwards as they were before.
class InterruptsOff {
  public:
    explicit InterruptsOff(Hardware& hardware)
        : hardware_(hardware), were_on_(hardware.interrupts_save()) {}
    InterruptsOff(const InterruptsOff&) = delete;
    InterruptsOff& operator=(const InterruptsOff&) = delete;
    ~InterruptsOff() { hardware_.interrupts_restore(were_on_); }

    [[nodiscard]] bool were_on() const { return were_on_; }

  private:
    Hardware& hardware_;
    bool were_on_;
};

}  // namespace quire::drivers
