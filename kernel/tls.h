// Thread-local storage as i386 programs have it: descriptors 6 to 8 of the GDT, by which GS finds a
// thread's own memory. set_thread_area(2), get_thread_area(2).
#pragma once

#include "kernel/abi/clone.h"
#include "kernel/process/process.h"

namespace quire::kernel {

/// Gives `thread`, which runs or has never run, the entry that `wanted` describes, the first free
/// one for entry -1; returns its number. Errors: InvalidArgument; NoSuchProcess (none is free,
/// ESRCH as Linux has it).
Result<std::uint32_t> set_thread_area(Thread& thread, const abi::UserDescriptor& wanted);

}  // namespace quire::kernel
