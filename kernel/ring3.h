// A short step into ring 3 and back, by a thread of the kernel: for what only happens there.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/base/result.h"
#include "kernel/memory.h"

namespace quire::kernel {

/// Runs machine code on a page of its own in ring 3, with a stack at the page's end and interrupts
/// off, until it executes INT 80h or a trap handler abandons it. `eflags` is added to its flags.
/// Errors: OutOfMemory; nothing ran then.
Result<void> run_in_ring3(Memory& memory, std::span<const std::uint8_t> code, std::uint32_t eflags);

}  // namespace quire::kernel
