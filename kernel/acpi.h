// Switching the machine off as its firmware's tables say: drivers/acpi_power.h with memory and
// ports.
#pragma once

#include "kernel/system.h"

namespace quire::kernel {

/// Does it, or returns: there are no good tables, or the machine does not obey. May run a moment
/// after that.
void power_off_by_acpi(System& system);

}  // namespace quire::kernel
