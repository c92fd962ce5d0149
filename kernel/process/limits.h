// RLIMIT_...: how much a process may have. getrlimit(2), prlimit(2), /proc/PID/limits.
//
// The limits of memory, of descriptors and of a file's size are enforced where those are: a copy of
// them lies there, and apply_limits() brings it up to date. The limit of processes is asked by
// ProcessTable, that of CPU time after each tick (cpu_time.h), that of pending signals where one is
// queued (kernel/signals.cpp). The others can be set and asked for; there is nothing to limit.
//
// kNoLimit64 is "no limit"; so is everything that does not fit in 32 bits, as on a 32-bit Linux.
#pragma once

#include <array>
#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/process/process.h"
#include "mm/address_space.h"
#include "mm/text_writer.h"

namespace quire::kernel {

/// Those of init, Linux's own as far as they have meaning here.
[[nodiscard]] std::array<Limit, kLimits> default_limits();

/// What `process` has of a kind. Errors: InvalidArgument (no such kind).
Result<Limit> limit_of(const Process& process, std::uint32_t kind);

/// Whether `caller` may give `process` this limit. Errors: InvalidArgument (no such kind; the soft
/// one above the hard one), NotPermitted (the hard one is raised, and the caller is not root; more
/// descriptors than a table has).
Result<void> check_limit(const Process& caller, const Process& process, std::uint32_t kind,
                         Limit limit);
/// Precondition: check_limit() said yes.
void set_limit(Process& process, std::uint32_t kind, Limit limit);

/// As they are for the memory of a program of this process; exec starts from here.
[[nodiscard]] mm::MemoryLimits memory_limits(const Process& process);
/// Brings what its memory, its descriptors and its writes know of limits up to date. Memory and
/// descriptors may be missing.
void apply_limits(Process& process);

/// The whole of /proc/PID/limits.
void write_limits(const Process& process, const mm::TextWriter& out);

}  // namespace quire::kernel
