// The way of a system call: INT 80h, its row, its handler, the result in EAX.
#pragma once

#include "kernel/system_call.h"

namespace quire::kernel {

/// From now on INT 80h of ring 3 is a system call. Panics if two rows have one number.
void start_system_calls(Processes& processes);

/// The row of `number`, or nullptr: not known.
const SystemCallRow* find_system_call(std::uint32_t number);

}  // namespace quire::kernel
