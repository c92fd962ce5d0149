// Sending signals, and acting on them.
#include "kernel/abi/signal.h"
#include "kernel/processes.h"

namespace quire::kernel {

void Processes::send(Process& process, const SignalInfo& info) {
    if (process.signals == nullptr || process.signals->actions.ignores(info.signal)) return;
    (void)process.pending.add(info).ok();
    for (Thread& thread : process.threads)
        scheduler().interrupt(thread);
}

void Processes::send_to_thread(Thread& thread, const SignalInfo& info) {
    if (thread.process->signals->actions.ignores(info.signal)) return;
    (void)thread.pending.add(info).ok();
    scheduler().interrupt(thread);
}

void Processes::force_signal(Thread& thread, const SignalInfo& info) {
    (void)thread;
    exit(info.signal);
}

void Processes::deliver_signals(Thread& thread, cpu::TrapFrame&) {
    const auto info = thread.process->pending.take(thread.blocked);
    if (info.has_value()) exit(info->signal);
    thread.is_interrupted = false;
}

}  // namespace quire::kernel
