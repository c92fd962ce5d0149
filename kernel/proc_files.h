// /proc/PID of the running kernel: kernel/process/process_files.h with the kernel around it.
#pragma once

#include "kernel/processes.h"

namespace quire::kernel {

/// From here on /proc shows processes. Precondition: once; `processes` and its files stay.
void start_proc_files(Processes& processes);

}  // namespace quire::kernel
