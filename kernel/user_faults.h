// Page faults of programs, and of the kernel's copies from and to them.
//
//     #PF --> is it about a program's memory? --no--> the kernel's own fault: panic
//                     | yes
//                     v
//             AddressSpace::handle() --> resolved: back to the instruction
//                     |
//                     +--> SIGSEGV, SIGBUS for the program; BadAddress for a copy
//                     '--> out of memory: somebody ends (out_of_memory.h), then once more
#pragma once

#include "kernel/processes.h"

namespace quire::kernel {

/// From now on #PF of programs and copies is answered.
void start_user_faults(Processes& processes);

}  // namespace quire::kernel
