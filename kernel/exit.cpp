// The end of a process: exit(2), exit_group(2), and of those that a signal ends.
#include "kernel/abi/signal.h"
#include "kernel/base/panic.h"
#include "kernel/files.h"
#include "kernel/process/user_copy.h"
#include "kernel/processes.h"
#include "kernel/signals.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

constexpr std::uint32_t kExitCodeShift = 8;
constexpr std::uint32_t kExitCodeMask = 0xFF;

Result<std::uint32_t> call_exit(SystemCall& call) {
    // cppcheck-suppress missingReturn ; exit() does not return
    call.processes().exit((call.argument(0) & kExitCodeMask) << kExitCodeShift);
}
SYSTEM_CALL(1, exit, call_exit, CallTraits::plain());
SYSTEM_CALL(252, exit_group, call_exit, CallTraits::plain());

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

// CLONE_CHILD_CLEARTID: who shares the memory learns of the end from a word in it. A place that
// cannot be written is the program's own affair.
void tell_of_end(Processes& processes, const Thread& thread) {
    ProgramMemory* memory = thread.process->memory;
    if (thread.clear_child_tid == 0 || memory == nullptr || memory->users == 1) return;
    const mm::VirtAddr place(thread.clear_child_tid);
    if (!user::write(place, std::uint32_t{0}).ok()) return;
    const Result<FutexKey> key = futex_key(memory->space, place);
    if (key.ok()) (void)processes.futexes().wake(key.value(), 1);
}

}  // namespace

// Memory goes first, as it is what others may wait for. The thread goes on in the kernel alone, on
// the kernel's page directory, until somebody else runs.
void Processes::exit(std::uint32_t status) {
    Thread& self = threads_.current();
    Process& process = *self.process;
    if (process.pid == ProcessTable::kInit)
        panic("init has ended (status %04X): nobody is left", status);
    lock_.acquire();
    tell_of_end(*this, self);
    threads_.use_space(nullptr);
    drop(process.memory);
    drop(process.files);
    drop(process.place);
    drop(process.signals);
    if (process.is_vfork_child) {
        process.is_vfork_child = false;
        process.parent->vfork_done.wake_all();
    }
    process.usage.add(self.usage);
    self.process_hook.unlink();
    self.process = nullptr;
    self.name = "exiting";
    Process& parent = *process.parent;
    if (process.session == process.pid) files_.tty().terminal().session_ended(process.pid);
    const SignalInfo news = exit_news(process, status);
    hang_up_stranded(*this, process);
    (void)table_.end(process, status);
    if (news.signal != 0) send(parent, news);
    (void)lock_.give_up();
    threads_.end_current();
}

}  // namespace quire::kernel
