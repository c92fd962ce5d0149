// System V shared memory of the running kernel: kernel/process/shared_memory.h with the kernel
// around it.
#pragma once

#include "kernel/process/shared_memory.h"
#include "kernel/processes.h"

namespace quire::kernel {

/// From here on there is shared memory, and /proc/sysvipc. Precondition: once; `processes` stays.
void start_shared_memory(Processes& processes);

}  // namespace quire::kernel
