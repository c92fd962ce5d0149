// The end of threads: of one, of all, of all but one.
//
//     exit(2)                        the thread ends; the last one takes the process along
//     exit_group(2), a fatal signal  begin_end():      all must_end(), with one status
//     execve(2)                      begin_survival(): all but the caller must_end()
//
// Nobody is torn out of the kernel: a thread that must end is woken, leaves its call as if a signal
// had come, and ends on its way to ring 3, having given back what the call had taken.
//
// The status of a process is that of begin_end(); without one it is what its *leader* has given to
// exit(2), whoever went last. (Linux: do_group_exit, de_thread, wait_task_zombie.)
//
// Pure: who is woken and who sleeps is the kernel's (kernel/exit.cpp). Locking: the kernel lock.
#pragma once

#include "kernel/process/process.h"

namespace quire::kernel {

/// Whether the thread has no way back to its program. Precondition: it has a process.
[[nodiscard]] inline bool must_end(const Thread& thread) {
    const Process& process = *thread.process;
    return process.is_ending || (process.survivor != nullptr && process.survivor != &thread);
}

/// All threads of the process of `caller` must end from now on, and `status` is told to the parent.
/// Does nothing if the caller must end already: who began that has said how.
void begin_end(const Thread& caller, std::uint32_t status);

/// All threads but `caller` must end from now on.
/// Errors: Interrupted (the caller must end itself; nothing has changed).
Result<void> begin_survival(Thread& caller);

/// What exit(2) with this status leaves behind: the leader's is kept for the parent.
void note_exit(const Thread& thread, std::uint32_t status);

/// Whether somebody but `thread` uses its memory: another thread, or a process that shares it.
[[nodiscard]] bool shares_memory(const Thread& thread);

/// Whoever waits for `thread` in vfork(2) goes on.
void end_vfork(Thread& thread);

}  // namespace quire::kernel
