#include "kernel/process/thread_end.h"

namespace quire::kernel {

void begin_end(const Thread& caller, std::uint32_t status) {
    if (must_end(caller)) return;
    caller.process->is_ending = true;
    caller.process->exit_status = status;
}

Result<void> begin_survival(Thread& caller) {
    if (must_end(caller)) return Error::Interrupted;
    caller.process->survivor = &caller;
    return {};
}

void note_exit(const Thread& thread, std::uint32_t status) {
    Process& process = *thread.process;
    if (!process.is_ending && thread.tid == process.pid) process.exit_status = status;
}

bool shares_memory(const Thread& thread) {
    Process& process = *thread.process;
    return process.memory->users > 1 || process.threads.front() != process.threads.back();
}

void end_vfork(Thread& thread) {
    if (thread.vfork_caller == nullptr) return;
    thread.vfork_caller->is_over = true;
    thread.vfork_caller->queue.wake_all();
    thread.vfork_caller = nullptr;
}

}  // namespace quire::kernel
