// Process 1: /sbin/init, or what `init=PATH` on the command line says.
#pragma once

#include "kernel/processes.h"

namespace quire::kernel {

/// Whether there is such a file.
[[nodiscard]] bool has_init(Processes& processes);

/// Starts it. If it is no program, that is told, and the monitor keeps the console.
void start_init(Processes& processes);

}  // namespace quire::kernel
