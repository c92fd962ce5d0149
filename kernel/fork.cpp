// fork(2), vfork(2), clone(2): a process out of a process.
//
//     records, descriptors, signal actions: copied         address space: page tables are shared,
//     (or shared, as clone's flags say)                    both sides read-only (docs/fork.md)
//
// Everything that can fail is done before the child is known to anybody; what fails is undone, and
// nothing has changed. Then the child is ready, with the parent's registers but EAX = 0.
#include "kernel/abi/clone.h"
#include "kernel/abi/errno.h"
#include "kernel/abi/fcntl.h"
#include "kernel/abi/signal.h"
#include "kernel/base/panic.h"
#include "kernel/files.h"
#include "kernel/process/limits.h"
#include "kernel/process/user_copy.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"
#include "kernel/tls.h"
#include "kernel/virtual_memory.h"

namespace quire::kernel {

// A child in the making: what it has so far goes with this, unless it is born.
class Processes::Offspring {
  public:
    Offspring(Processes& processes, Thread& caller, const CloneRequest& what)
        : processes_(processes), caller_(caller), parent_(*caller.process), what_(what) {}
    Offspring(const Offspring&) = delete;
    Offspring& operator=(const Offspring&) = delete;
    ~Offspring();

    Result<void> make(const cpu::TrapFrame& frame);
    Process& be_born();

  private:
    [[nodiscard]] bool shares(std::uint32_t flag) const { return (what_.flags & flag) != 0; }
    Result<void> take_memory();
    Result<void> take_files();
    Result<void> take_place();
    Result<void> take_signals();
    Result<void> take_thread(const cpu::TrapFrame& frame);
    Result<void> tell_tids();

    Processes& processes_;
    Thread& caller_;
    Process& parent_;
    const CloneRequest& what_;
    Process* child_ = nullptr;
    Thread* thread_ = nullptr;
};

Processes::Offspring::~Offspring() {
    if (child_ == nullptr) return;
    if (thread_ != nullptr) processes_.threads_.undo(*thread_);
    processes_.drop(child_->memory);
    processes_.drop(child_->files);
    processes_.drop(child_->place);
    processes_.drop(child_->signals);
    processes_.table_.undo(*child_);
}

Result<void> Processes::Offspring::make(const cpu::TrapFrame& frame) {
    child_ = TRY(processes_.table_.create(&parent_));
    TRY(take_files());
    TRY(take_place());
    TRY(take_signals());
    TRY(take_thread(frame));
    TRY(take_memory());  // the last: from here on the parent's page tables are shared
    return tell_tids();
}

Result<void> Processes::Offspring::take_memory() {
    if (shares(abi::kCloneVm)) {
        child_->memory = parent_.memory;
        ++child_->memory->users;
    } else {
        child_->memory = TRY(processes_.make_memory(*child_));
        ProgramMemory& from = *parent_.memory;
        TRY(child_->memory->space.fork_from(from.space));
        static_cast<ProgramInfo&>(*child_->memory) = from;
    }
    thread_->active_space = &child_->memory->space;
    return {};
}

Result<void> Processes::Offspring::take_files() {
    if (shares(abi::kCloneFiles)) {
        child_->files = parent_.files;
        ++child_->files->users;
        return {};
    }
    child_->files = TRY(processes_.file_tables_.allocate(processes_.files_.descriptor_blocks()));
    return child_->files->table.copy_from(parent_.files->table);
}

Result<void> Processes::Offspring::take_place() {
    if (shares(abi::kCloneFs)) {
        child_->place = parent_.place;
        ++child_->place->users;
        return {};
    }
    child_->place = TRY(processes_.places_.allocate());
    child_->place->view = parent_.place->view;
    return {};
}

Result<void> Processes::Offspring::take_signals() {
    if (shares(abi::kCloneSighand)) {
        child_->signals = parent_.signals;
        ++child_->signals->users;
        return {};
    }
    child_->signals = TRY(processes_.signal_tables_.allocate());
    child_->signals->actions = parent_.signals->actions;
    return {};
}

Result<void> Processes::Offspring::take_thread(const cpu::TrapFrame& frame) {
    cpu::TrapFrame child_frame = frame;
    child_frame.eax = 0;
    if (what_.stack != 0) child_frame.user_esp = what_.stack;
    thread_ = TRY(processes_.threads_.create(*child_, child_->pid, child_frame));
    processes_.threads_.save_fpu(caller_);
    thread_->fpu = caller_.fpu;
    thread_->tls = caller_.tls;
    thread_->blocked = caller_.blocked;
    if (!shares(abi::kCloneVm) || shares(abi::kCloneVfork))
        thread_->alternate_stack = caller_.alternate_stack;
    if (shares(abi::kCloneChildCleartid)) thread_->clear_child_tid = what_.child_tid;
    if (!shares(abi::kCloneSettls)) return {};
    const auto wanted = TRY(user::read<abi::UserDescriptor>(mm::VirtAddr(what_.tls)));
    TRY(set_thread_area(*thread_, wanted));
    return {};
}

// The child's number is written into its own memory, which is the loaded one meanwhile.
Result<void> Processes::Offspring::tell_tids() {
    if (shares(abi::kCloneParentSettid))
        TRY(user::write(mm::VirtAddr(what_.parent_tid), child_->pid));
    if (!shares(abi::kCloneChildSettid)) return {};
    processes_.threads_.use_space(&child_->memory->space);
    const Result<void> told = user::write(mm::VirtAddr(what_.child_tid), child_->pid);
    processes_.threads_.use_space(&parent_.memory->space);
    return told;
}

Process& Processes::Offspring::be_born() {
    Process& child = *child_;
    child.exit_signal = what_.flags & abi::kCloneSignal;
    child.is_vfork_child = shares(abi::kCloneVfork);
    child.start_time = processes_.now();
    processes_.scheduler().add(*thread_);
    child_ = nullptr;
    return child;
}

Result<ProcessId> Processes::clone(Thread& caller, const cpu::TrapFrame& frame,
                                   const CloneRequest& what) {
    Offspring offspring(*this, caller, what);
    TRY(offspring.make(frame));
    Process& child = offspring.be_born();
    const ProcessId pid = child.pid;
    if (!child.is_vfork_child) return pid;
    const std::uint32_t depth = lock_.give_up();
    threads_.wait_on(caller.process->vfork_done, [this, pid] {
        const Process* process = table_.find(pid);
        return process == nullptr || !process->is_vfork_child;
    });
    lock_.take_back(depth);
    return pid;
}

void Processes::start_init(void (*entry)(void*)) {
    const KernelLockGuard guard(lock_);
    auto created = table_.create(nullptr);
    auto files = file_tables_.allocate(files_.descriptor_blocks());
    auto place = places_.allocate();
    auto signals = signal_tables_.allocate();
    auto thread = threads_.start_kernel_thread("init", entry, this);
    if (!created.ok() || !files.ok() || !place.ok() || !signals.ok() || !thread.ok())
        panic("no memory for the first process");
    Process& init = *created.value();
    ASSERT(init.pid == 1);
    init.limits = default_limits();
    init.files = files.value();
    init.place = place.value();
    init.signals = signals.value();
    init.place->view = {.root = files_.mounts().root(), .directory = files_.mounts().root()};
    init.start_time = now();
    thread.value()->tid = init.pid;
    thread.value()->process = &init;
    init.threads.push_back(*thread.value());
    fs::FileCalls calls = files_of(init);
    for (std::uint32_t i = 0; i < 3; ++i) {
        if (!calls.open(abi::kAtWorkingDirectory, "/dev/console", abi::kOpenReadWrite, 0).ok())
            quire::log(LogLevel::Warning, "init", "/dev/console cannot be opened");
    }
}

namespace {

// fork and vfork are clones; their registers but EAX are the parent's.
Result<std::uint32_t> call_fork(SystemCall& call) {
    return call.processes().clone(call.thread(), call.frame(), {.flags = abi::kSigChild});
}
SYSTEM_CALL(2, fork, call_fork, CallTraits::plain());

Result<std::uint32_t> call_vfork(SystemCall& call) {
    return call.processes().clone(call.thread(), call.frame(),
                                  {.flags = abi::kCloneVfork | abi::kCloneVm | abi::kSigChild});
}
SYSTEM_CALL(190, vfork, call_vfork, CallTraits::plain());

// The order of arguments on i386: flags, stack, parent_tid, tls, child_tid.
Result<std::uint32_t> call_clone(SystemCall& call) {
    const std::uint32_t flags = call.argument(0);
    const auto has = [flags](std::uint32_t flag) { return (flags & flag) != 0; };
    if (has(abi::kCloneThread) && !has(abi::kCloneSighand)) return Error::InvalidArgument;
    if (has(abi::kCloneSighand) && !has(abi::kCloneVm)) return Error::InvalidArgument;
    if ((flags & abi::kCloneSignal) > kSignals) return Error::InvalidArgument;
    if (has(abi::kCloneThread)) return call.fail_with(abi::kEnosys);
    return call.processes().clone(call.thread(), call.frame(),
                                  {.flags = flags,
                                   .stack = call.argument(1),
                                   .parent_tid = call.argument(2),
                                   .child_tid = call.argument(4),
                                   .tls = call.argument(3)});
}
SYSTEM_CALL(120, clone, call_clone, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
