// execve(2): a process goes on with another program.
#pragma once

#include <string_view>

#include "cpu/trap_frame.h"
#include "kernel/process/argument_strings.h"
#include "kernel/processes.h"

namespace quire::kernel {

/// `thread`, which runs, becomes a new program of its process: its memory is that program's, other
/// threads are gone, and `frame` starts it. `strings` are complete but for what scripts add.
/// Errors: those of ProgramLoader; nothing has changed then.
Result<void> exec(Processes& processes, Thread& thread, cpu::TrapFrame& frame,
                  std::string_view path, ArgumentStrings& strings);

/// The same with strings of the kernel: the first program.
Result<void> exec(Processes& processes, Thread& thread, cpu::TrapFrame& frame,
                  std::string_view path, std::span<const std::string_view> arguments,
                  std::span<const std::string_view> environment);

}  // namespace quire::kernel
