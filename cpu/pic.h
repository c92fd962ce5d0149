// The two cascaded 8259A interrupt controllers of a PC (8259A data sheet).
//
// Remapped so that IRQ 0-15 arrive at vectors 32-47, clear of the exceptions. All lines start
// masked, but for the cascade on line 2.
#pragma once

#include <cstdint>

namespace quire::cpu {

inline constexpr std::uint32_t kIrqLines = 16;

void initialise_pic();

/// Called by trap_dispatch(): acknowledges `irq` and runs its handler; drops a spurious one.
void dispatch_irq(std::uint8_t irq);

}  // namespace quire::cpu
