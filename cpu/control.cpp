#include "cpu/control.h"

#include "cpu/registers.h"

namespace quire::cpu {
namespace {

constexpr std::uint32_t kCr4MachineCheckEnable = 1U << 6;

}  // namespace

void enable_features(const Features& features) {
    std::uint32_t cr4 = read_cr4();
    if (features.machine_check()) cr4 |= kCr4MachineCheckEnable;
    if (features.fxsave() && features.sse()) cr4 |= kCr4OsFxsr | kCr4OsXmmExceptions;
    write_cr4(cr4);

    // CR0.AM leaves it to programs whether they want #AC: their EFLAGS.AC says so.
    std::uint32_t cr0 = read_cr0() | kCr0WriteProtect | kCr0AlignmentMask | kCr0MonitorCoprocessor |
                        kCr0NumericError;
    cr0 &= ~(kCr0Emulation | kCr0TaskSwitched);
    write_cr0(cr0);
    asm volatile("fninit");
}

}  // namespace quire::cpu
