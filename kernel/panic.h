// Last words: what the kernel says when it cannot go on.
#pragma once

#include "cpu/trap_frame.h"
#include "kernel/base/panic.h"
#include "kernel/console.h"

namespace quire::kernel {

struct System;

/// The System given to attach_log(), or nullptr before.
System* attached_system();

/// The fallback for traps nobody handles: names the exception and panics with its registers.
/// An unexpected interrupt (vector 32 and above) is only logged.
void handle_unexpected_trap(cpu::TrapFrame& frame);

/// A TrapFrame of this moment, as any other trap makes it.
cpu::TrapFrame snapshot_registers();

/// Prints general, segment and control registers as `frame` and the CPU have them.
void print_registers(Console& console, const cpu::TrapFrame& frame);

}  // namespace quire::kernel
