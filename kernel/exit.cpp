// The end of threads and processes: exit(2), exit_group(2), and of those that a signal ends.
//
// A thread ends on its own stack: what it has is given back, and whoever runs next releases the
// stack. The last one of a process gives back what they have in common, and tells the parent.
#include <optional>

#include "kernel/abi/signal.h"
#include "kernel/base/panic.h"
#include "kernel/files.h"
#include "kernel/process/robust_list.h"
#include "kernel/process/signal_delivery.h"
#include "kernel/process/user_copy.h"
#include "kernel/processes.h"
#include "kernel/signals.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

constexpr std::uint32_t kExitCodeShift = 8;
constexpr std::uint32_t kExitCodeMask = 0xFF;

std::uint32_t status_of(const SystemCall& call) {
    return (call.argument(0) & kExitCodeMask) << kExitCodeShift;
}

Result<std::uint32_t> call_exit(SystemCall& call) {
    // cppcheck-suppress missingReturn ; end_thread() does not return
    call.processes().end_thread(status_of(call));
}
SYSTEM_CALL(1, exit, call_exit, CallTraits::plain());

Result<std::uint32_t> call_exit_group(SystemCall& call) {
    // cppcheck-suppress missingReturn ; exit() does not return
    call.processes().exit(status_of(call));
}
SYSTEM_CALL(252, exit_group, call_exit_group, CallTraits::plain());

// What the parent is told by its signal.
SignalInfo exit_news(const Process& process, std::uint32_t status) {
    constexpr std::uint32_t kSignalMask = 0x7F;
    constexpr std::uint32_t kCore = 0x80;
    SignalInfo news;
    news.signal = process.exit_signal;
    news.sender = process.pid;
    news.user = process.credentials.real_user;
    if ((status & kSignalMask) == 0) {
        news.code = abi::kChildExited;
        news.status = static_cast<std::int32_t>(status >> kExitCodeShift);
    } else {
        news.code = (status & kCore) != 0 ? abi::kChildDumped : abi::kChildKilled;
        news.status = static_cast<std::int32_t>(status & kSignalMask);
    }
    return news;
}

// What init is told of a child that has ended before `process` does, and that becomes its own. One
// signal of several is enough, as always with SIGCHLD. (Linux: reparent_leader.)
std::optional<SignalInfo> inherited_news(Process& process) {
    for (const Process& child : process.children) {
        if (child.state != ProcessState::Zombie) continue;
        SignalInfo news = exit_news(child, child.exit_status);
        news.signal = abi::kSigChild;
        return news;
    }
    return std::nullopt;
}

// Children that the thread has made, and that have asked for a signal at its end: prctl(2). Any of
// their threads may have asked. (Linux: forget_original_parent.)
void tell_orphans(Processes& processes, Thread& self) {
    SignalInfo news;
    news.code = abi::kSiUser;
    news.sender = self.process->pid;
    news.user = self.process->credentials.real_user;
    for (Process& child : self.process->children) {
        if (child.parent_thread != &self) continue;
        for (const Thread& thread : child.threads) {
            news.signal = thread.parent_death_signal;
            if (news.signal != 0) processes.send(child, news);
        }
    }
}

bool is_alone(Process& process) {
    return process.threads.front() == process.threads.back();
}

}  // namespace

// CLONE_CHILD_CLEARTID: who shares the memory learns of the end from a word in it. A place that
// cannot be written is the program's own affair.
void Processes::leave_memory(Thread& self) {
    ProgramMemory* const memory = self.process->memory;
    if (memory == nullptr) return;
    walk_robust_list(futexes_, memory->space, mm::VirtAddr(self.robust_list), self.tid);
    self.robust_list = 0;
    const mm::VirtAddr place(self.clear_child_tid);
    self.clear_child_tid = 0;
    if (place == mm::VirtAddr(0) || !shares_memory(self)) return;
    if (!user::write(place, std::uint32_t{0}).ok()) return;
    const Result<FutexKey> key = futex_key(memory->space, place);
    if (key.ok()) (void)futexes_.wake(key.value(), 1);
}

// Those that sleep for a disk or the lock look again, too, but go on sleeping until they have it.
void Processes::wake_who_must_end(Process& process) {
    for (Thread& thread : process.threads) {
        if (!must_end(thread)) continue;
        thread.must_look = true;
        scheduler().resume(thread);
        scheduler().wake(thread);
    }
}

Result<void> Processes::become_alone(Thread& self) {
    Process& process = *self.process;
    TRY(begin_survival(self));
    wake_who_must_end(process);
    while (!is_alone(process)) {
        if (is_dying(self)) return Error::Interrupted;
        const std::uint32_t depth = lock_.give_up();
        threads_.wait_on(process.thread_ends, [&] { return is_alone(process) || is_dying(self); });
        lock_.take_back(depth);
    }
    table_.become_leader(self);
    process.survivor = nullptr;
    return {};
}

void Processes::exit(std::uint32_t status) {
    Thread& self = threads_.current();
    begin_end(self, status);
    wake_who_must_end(*self.process);
    end_thread(status);
}

// Memory goes first, as it is what others may wait for. The thread goes on in the kernel alone
// until somebody else runs.
void Processes::end_thread(std::uint32_t status) {
    Thread& self = threads_.current();
    Process& process = *self.process;
    lock_.acquire();
    note_exit(self, status);
    leave_memory(self);
    const bool is_last = is_alone(process);
    if (is_last && process.pid == ProcessTable::kInit)
        panic("init has ended (status %04X): nobody is left", process.exit_status);
    self.active_space = nullptr;
    // While the thread is still of the process: a shared segment remembers who left it.
    if (is_last) drop(process.memory);
    drop(self.files);
    drop(self.place);
    process.usage.add(self.usage);
    leave_signals(self);
    tell_orphans(*this, self);
    table_.remove_thread(self);
    self.process = nullptr;
    self.name = "exiting";
    if (is_last) {
        end_process(process);
    } else {
        process.thread_ends.wake_all();
        tell_if_others_stopped(*this, process);
    }
    end_vfork(self);
    (void)lock_.give_up();
    threads_.end_current();
}

void Processes::end_process(Process& process) {
    drop(process.signals);
    Process& parent = *process.parent;
    if (process.session == process.pid) files_.tty().terminal().session_ended(process.pid);
    const std::uint32_t status = process.exit_status;
    const SignalInfo news = exit_news(process, status);
    hang_up_stranded(*this, process);
    const std::optional<SignalInfo> inherited = inherited_news(process);
    (void)table_.end(process, status);
    if (inherited.has_value()) send(*table_.find(ProcessTable::kInit), *inherited);
    const bool tells = news.signal != 0 && news.signal <= kSignals;  // clone(2) takes any number
    if (tells) send(parent, news);
}

}  // namespace quire::kernel
