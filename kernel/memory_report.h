// The boot's memory report: what the BIOS said, and where the kernel is.
#pragma once

#include "kernel/system.h"

namespace quire::kernel {

/// Prints the memory map as the BIOS gave it, with the sum of usable RAM.
void print_memory_map(System& system);

/// Usable RAM in bytes, as the BIOS gave it.
std::uint64_t usable_bytes(const boot::BootInfo& boot);

}  // namespace quire::kernel
