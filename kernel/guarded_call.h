// Coming back from a trap to a place of our choice.
//
//     call_guarded(code, context)      calls code(context) and returns when it does, or
//     abandon_guarded_call(frame)      when a trap handler says so: the interrupted code is given
//     up
//
// A trap in the middle of C++ code cannot resume elsewhere in it, as the compiler owns the stack.
// call_guarded() therefore remembers the stack pointer and what a function must keep, in assembly.
// Calls nest; abandoning ends the innermost. No destructor runs in what is given up.
#pragma once

#include "cpu/trap_frame.h"

namespace quire::kernel {

void call_guarded(void (*code)(void* context), void* context);

/// Makes the trap return from the innermost call_guarded(), which must be active.
void abandon_guarded_call(cpu::TrapFrame& frame);

}  // namespace quire::kernel
