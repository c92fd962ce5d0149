// Ending an emulator's run, and resetting a machine.
#pragma once

#include <cstdint>

namespace quire::kernel {

/// What a test run tells the harness. QEMU's isa-debug-exit turns it into exit code 2 * value + 1.
enum class Verdict : std::uint8_t { Passed = 0x21, Failed = 0x22, Panicked = 0x23 };

/// Ends the emulator: QEMU through isa-debug-exit, Bochs through its shutdown port. Where neither
/// is there, the machine halts.
[[noreturn]] void end_emulation(Verdict verdict);

/// Switches an emulated machine off without its tables (kernel/acpi.h): the power management of
/// QEMU's and Bochs's chipsets (ACPI: SLP_EN, and 0 for S5, in PM1a_CNT), Bochs's shutdown port.
/// Where none of them is there, the machine halts.
[[noreturn]] void power_off();

/// Resets the machine: keyboard controller, chipset reset port, and at last a triple fault.
[[noreturn]] void reset_machine();

}  // namespace quire::kernel
