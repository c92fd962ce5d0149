// What there is of memory, in words: for the boot, the monitor and the panic screen.
#pragma once

#include "kernel/system.h"

namespace quire::kernel {

/// The `mem` command: RAM by kind, what the boot reserved, and the free frames by zone and order.
void print_memory_map(System& system);

/// Two lines: how much RAM there is, and how much of it is free.
void print_memory_summary(System& system);

/// Usable RAM in bytes, as the BIOS gave it.
std::uint64_t usable_bytes(const boot::BootInfo& boot);

}  // namespace quire::kernel
