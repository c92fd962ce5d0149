// Hardware interrupts as drivers see them: a handler for each of the 16 lines of the two 8259s.
//
// Handlers run with interrupts off and must be short. The dispatcher sends the end-of-interrupt
// and sorts out spurious IRQ 7 and 15 (cpu/pic.h).
#pragma once

#include <cstdint>

#include "cpu/registers.h"

namespace quire::cpu {

using IrqHandler = void (*)(void* context);

/// Hands line `irq` (0..15) to `handler`, which is called with `context`, and opens the line.
/// The line must be free.
void irq_register(std::uint8_t irq, IrqHandler handler, void* context);

void irq_mask(std::uint8_t irq);
void irq_unmask(std::uint8_t irq);

struct IrqStatistics {
    std::uint32_t handled;
    std::uint32_t unclaimed;  // delivered while nobody had registered
};
/// What happened on line `irq` since boot.
IrqStatistics irq_statistics(std::uint8_t irq);
/// Interrupts withdrawn before they could be read: IRQ 7 and 15 (8259A data sheet).
std::uint32_t spurious_irqs();

inline bool interrupts_enabled() {
    return (read_eflags() & kEflagsInterrupt) != 0;
}

/// Interrupts off while it lives; afterwards as before.
class InterruptGuard {
  public:
    InterruptGuard() : were_enabled_(interrupts_enabled()) { disable_interrupts(); }
    ~InterruptGuard() {
        if (were_enabled_) enable_interrupts();
    }
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

  private:
    bool were_enabled_;
};

}  // namespace quire::cpu
