#include "kernel/emulator.h"

#include "cpu/ports.h"
#include "cpu/registers.h"

namespace quire::kernel {
namespace {

constexpr std::uint16_t kIsaDebugExit = 0xF4;
constexpr std::uint16_t kBochsShutdown = 0x8900;
// PM1a_CNT where the firmware of QEMU, and of Bochs and QEMU before 2.0, puts it.
constexpr std::uint16_t kPowerManagement[] = {0x604, 0xB004};
constexpr std::uint16_t kSleepEnable = 1 << 13;
constexpr std::uint16_t kKeyboardCommand = 0x64;
constexpr std::uint8_t kPulseReset = 0xFE;
constexpr std::uint16_t kResetControl = 0xCF9;
constexpr std::uint8_t kHardReset = 0x06;

void shut_down_bochs() {
    for (const char* letter = "Shutdown"; *letter != '\0'; ++letter) {
        cpu::out8(kBochsShutdown, static_cast<std::uint8_t>(*letter));
    }
}

}  // namespace

void end_emulation(Verdict verdict) {
    cpu::out8(kIsaDebugExit, static_cast<std::uint8_t>(verdict));
    shut_down_bochs();
    cpu::halt_forever();
}

void power_off() {
    for (const std::uint16_t port : kPowerManagement)
        cpu::out16(port, kSleepEnable);
    shut_down_bochs();
    cpu::halt_forever();
}

void reset_machine() {
    cpu::disable_interrupts();
    cpu::out8(kKeyboardCommand, kPulseReset);
    for (int i = 0; i < 1000; ++i)
        cpu::io_wait();
    cpu::out8(kResetControl, kHardReset);
    for (int i = 0; i < 1000; ++i)
        cpu::io_wait();
    const struct [[gnu::packed]] {
        std::uint16_t limit;
        std::uint32_t base;
    } no_idt{0, 0};
    asm volatile("lidt %0; int3" : : "m"(no_idt));
    cpu::halt_forever();
}

}  // namespace quire::kernel
