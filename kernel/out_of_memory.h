// When a fault finds no memory and nothing can leave RAM: one process ends, and the log tells all
// about it (kernel/process/oom_report.h). The first sentence and the last are shown on the console;
// `dmesg` has what is between.
#pragma once

#include "kernel/processes.h"

namespace quire::kernel {

/// Ends the process that mm::OomChoice finds, and all that share its memory, and gives that memory
/// back at once. `asker` is who faults. Takes no memory. Says whether there may be some now; if
/// not, it is the asker who has to end. Precondition: the kernel lock is held.
bool make_somebody_end(Processes& processes, const Process& asker);

}  // namespace quire::kernel
