// drivers::Hardware for the real machine: in/out instructions and the interrupt flag.
//
// One object in kernel/main.cpp serves all drivers. It lives here because drivers/ may not know
// mm/machine.h and cpu/ may not know drivers/.
#pragma once

#include "cpu/ports.h"
#include "drivers/hardware.h"
#include "mm/machine.h"

namespace quire::kernel {

class CpuHardware final : public drivers::Hardware {
  public:
    constexpr CpuHardware() = default;

    std::uint8_t in8(std::uint16_t port) override { return cpu::in8(port); }
    void out8(std::uint16_t port, std::uint8_t value) override { cpu::out8(port, value); }
    void out16(std::uint16_t port, std::uint16_t value) override { cpu::out16(port, value); }
    std::uint32_t in32(std::uint16_t port) override { return cpu::in32(port); }
    void out32(std::uint16_t port, std::uint32_t value) override { cpu::out32(port, value); }
    void in16_block(std::uint16_t port, void* words, std::uint32_t count) override {
        cpu::in16_block(port, words, count);
    }
    void out16_block(std::uint16_t port, const void* words, std::uint32_t count) override {
        cpu::out16_block(port, words, count);
    }
    bool interrupts_save() override { return mm::machine::interrupts_save(); }
    void interrupts_restore(bool were_on) override { mm::machine::interrupts_restore(were_on); }
};

}  // namespace quire::kernel
