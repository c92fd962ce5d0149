// /proc/PID of the running kernel: kernel/process/process_files.h with the kernel around it.
#pragma once

#include "kernel/monitor.h"
#include "kernel/process/proc_maps.h"
#include "kernel/processes.h"

namespace quire::kernel {

/// From here on /proc shows processes. Precondition: once; `processes` and its files stay.
void start_proc_files(Processes& processes);

/// Who knows the paths of files here. Precondition: start_proc_files().
[[nodiscard]] NodeNames& process_names();

/// For monitor commands: the process whose number is the first argument. nullptr: there is none
/// with memory, or `usage` had to be told; it was said.
Process* find_program(System& system, Arguments arguments, const char* usage);

}  // namespace quire::kernel
