// The kernel's own threads: `reclaim` makes frames free before they are few, `write-back` brings
// what is dirty to the disks. Both take a step with the kernel lock held, and sleep when there is
// nothing to do; so programs wait for a step at most.
#pragma once

#include "kernel/processes.h"

namespace quire::kernel {

/// Starts both. Panics if there is no memory for them.
void start_daemons(Processes& processes);

}  // namespace quire::kernel
