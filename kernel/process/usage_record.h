// What processes have used, and how they ended, as programs are told: struct rusage, siginfo_t.
#pragma once

#include "kernel/abi/resource.h"
#include "kernel/abi/wait.h"
#include "kernel/process/process_table.h"

namespace quire::kernel {

/// getrusage(2): what is not counted is 0, as on Linux.
[[nodiscard]] abi::ResourceUsage usage_record(const Usage& usage);

/// waitid(2): a result without a process is all zeroes.
[[nodiscard]] abi::WaitInfo wait_info(const WaitResult& news);

/// times(2). What does not fit wraps.
[[nodiscard]] abi::ProcessTimes times_record(const Usage& own, const Usage& children);

}  // namespace quire::kernel
