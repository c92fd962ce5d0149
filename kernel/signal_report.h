// What the kernel log says of a program that a fault has ended.
#pragma once

#include "cpu/trap_frame.h"
#include "kernel/process/process.h"

namespace quire::kernel {

/// One line: which fault, where, why, and what is near the address.
/// Precondition: is_fault(info); the process has its memory. Locking: the kernel lock.
void tell_of_fault(Process& process, const cpu::TrapFrame& frame, const SignalInfo& info);

}  // namespace quire::kernel
