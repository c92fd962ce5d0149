// fork(2), vfork(2), clone(2): a process out of a process, and one more thread for a process.
//
//     records, descriptors, signal actions: copied         address space: page tables are shared,
//     (or shared, as clone's flags say)                    both sides read-only (docs/fork.md)
//
// Everything that can fail is done before the child is known to anybody; what fails is undone, and
// nothing has changed. Then the child is ready, with the parent's registers but EAX = 0. A signal
// that came meanwhile is seen to first, as it may have been meant for both.
#include "cpu/fpu.h"
#include "kernel/abi/clone.h"
#include "kernel/abi/fcntl.h"
#include "kernel/abi/signal.h"
#include "kernel/base/panic.h"
#include "kernel/files.h"
#include "kernel/process/limits.h"
#include "kernel/process/signal_delivery.h"
#include "kernel/process/user_copy.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"
#include "kernel/tls.h"
#include "kernel/virtual_memory.h"

namespace quire::kernel {

// A child in the making, a process or a thread: what it has so far goes with this, unless it is
// born.
class Processes::Offspring {
  public:
    Offspring(Processes& processes, Thread& caller, const CloneRequest& what)
        : processes_(processes), caller_(caller), parent_(*caller.process), what_(what) {}
    Offspring(const Offspring&) = delete;
    Offspring& operator=(const Offspring&) = delete;
    ~Offspring();

    Result<void> make(const cpu::TrapFrame& frame);
    Thread& be_born();

  private:
    [[nodiscard]] bool shares(std::uint32_t flag) const { return (what_.flags & flag) != 0; }
    Result<void> take_record();
    Result<void> take_memory();
    Result<void> take_files();
    Result<void> take_place();
    Result<void> take_signals();
    Result<void> take_thread(const cpu::TrapFrame& frame);
    Result<void> take_tls();
    void tell_tids();
    void join_family();

    Processes& processes_;
    Thread& caller_;
    Process& parent_;
    const CloneRequest& what_;
    Process* child_ = nullptr;  // nullptr: one more thread of the parent
    ProcessId id_ = 0;
    Thread* thread_ = nullptr;
};

Processes::Offspring::~Offspring() {
    if (thread_ != nullptr) {
        processes_.drop(thread_->files);
        processes_.drop(thread_->place);
        processes_.threads_.undo(*thread_);
    }
    if (child_ == nullptr) {
        if (id_ != 0) processes_.table_.give_back_thread_id(id_);
        return;
    }
    processes_.drop(child_->memory);
    processes_.drop(child_->signals);
    processes_.table_.undo(*child_);
}

Result<void> Processes::Offspring::make(const cpu::TrapFrame& frame) {
    if (has_signal(caller_) || must_end(caller_)) return Error::Interrupted;
    TRY(take_record());
    TRY(take_thread(frame));
    TRY(take_files());
    TRY(take_place());
    TRY(take_memory());  // the last: from here on the parent's page tables are shared
    tell_tids();
    if (has_signal(caller_) || must_end(caller_)) return Error::Interrupted;
    return {};
}

Result<void> Processes::Offspring::take_record() {
    if (shares(abi::kCloneThread)) {
        id_ = TRY(processes_.table_.take_thread_id(parent_));
        return {};
    }
    child_ = TRY(processes_.table_.create(&parent_));
    id_ = child_->pid;
    return take_signals();
}

Result<void> Processes::Offspring::take_memory() {
    if (child_ == nullptr) {
        thread_->active_space = &parent_.memory->space;
        return {};
    }
    if (shares(abi::kCloneVm)) {
        child_->memory = parent_.memory;
        ++child_->memory->users;
    } else {
        child_->memory = TRY(processes_.make_memory(*child_));
        ProgramMemory& from = *parent_.memory;
        TRY(child_->memory->space.fork_from(from.space));
        static_cast<ProgramInfo&>(*child_->memory) = static_cast<const ProgramInfo&>(from);
    }
    thread_->active_space = &child_->memory->space;
    return {};
}

Result<void> Processes::Offspring::take_files() {
    if (shares(abi::kCloneFiles)) {
        thread_->files = caller_.files;
        ++thread_->files->users;
        return {};
    }
    thread_->files = TRY(processes_.file_tables_.allocate(processes_.files_.descriptor_blocks()));
    return thread_->files->table.copy_from(caller_.files->table);
}

Result<void> Processes::Offspring::take_place() {
    if (shares(abi::kCloneFs)) {
        thread_->place = caller_.place;
        ++thread_->place->users;
        return {};
    }
    thread_->place = TRY(processes_.places_.allocate());
    thread_->place->view = caller_.place->view;
    return {};
}

Result<void> Processes::Offspring::take_signals() {
    if (shares(abi::kCloneSighand)) {
        child_->signals = parent_.signals;
        ++child_->signals->users;
        return {};
    }
    child_->signals = TRY(processes_.signal_tables_.allocate(parent_.signals->actions));
    return {};
}

Result<void> Processes::Offspring::take_thread(const cpu::TrapFrame& frame) {
    cpu::TrapFrame child_frame = frame;
    child_frame.eax = 0;
    if (what_.stack != 0) child_frame.user_esp = what_.stack;
    Process& process = child_ == nullptr ? parent_ : *child_;
    thread_ = TRY(processes_.threads_.create(process, id_, child_frame));
    processes_.threads_.copy_fpu(caller_, *thread_);
    thread_->tls = caller_.tls;
    thread_->blocked = caller_.blocked;
    if (!shares(abi::kCloneVm) || shares(abi::kCloneVfork))
        thread_->alternate_stack = caller_.alternate_stack;
    if (shares(abi::kCloneChildCleartid)) thread_->clear_child_tid = what_.child_tid;
    return take_tls();
}

// The program chooses the entry: there is nobody yet who could be told of a free one.
Result<void> Processes::Offspring::take_tls() {
    if (!shares(abi::kCloneSettls)) return {};
    const auto wanted = TRY(user::read<abi::UserDescriptor>(mm::VirtAddr(what_.tls)));
    if (wanted.entry == abi::kDescriptorAnyEntry) return Error::InvalidArgument;
    TRY(set_thread_area(*thread_, wanted));
    return {};
}

// The child's number is written into its own memory, which is the loaded one meanwhile. A place
// that cannot be written is the program's own affair, as on Linux.
void Processes::Offspring::tell_tids() {
    if (shares(abi::kCloneParentSettid))
        (void)user::write(mm::VirtAddr(what_.parent_tid), id_).ok();
    if (!shares(abi::kCloneChildSettid)) return;
    processes_.threads_.use_space(thread_->active_space);
    (void)user::write(mm::VirtAddr(what_.child_tid), id_).ok();
    processes_.threads_.use_space(&parent_.memory->space);
}

// With CLONE_PARENT the child is the caller's brother.
void Processes::Offspring::join_family() {
    child_->parent_thread = &caller_;
    child_->exit_signal = what_.flags & abi::kCloneSignal;
    child_->start_time = thread_->start_time;
    child_->name = parent_.name_of(caller_);
    if (!shares(abi::kCloneParent)) return;
    child_->exit_signal = parent_.exit_signal;
    processes_.table_.give_to(*child_, *parent_.parent, parent_.parent_thread);
}

Thread& Processes::Offspring::be_born() {
    Thread& thread = *thread_;
    thread.start_time = processes_.now();
    if (child_ != nullptr) join_family();
    thread.own_name = parent_.name_of(caller_);
    thread.process->threads.push_back(thread);
    processes_.scheduler().add(thread);
    child_ = nullptr;
    thread_ = nullptr;
    id_ = 0;
    return thread;
}

Result<ProcessId> Processes::clone(Thread& caller, const cpu::TrapFrame& frame,
                                   const CloneRequest& what) {
    Offspring offspring(*this, caller, what);
    TRY(offspring.make(frame));
    Thread& thread = offspring.be_born();
    const ProcessId id = thread.tid;
    if ((what.flags & abi::kCloneVfork) == 0) return id;
    VforkWait wait;
    thread.vfork_caller = &wait;
    const std::uint32_t depth = lock_.give_up();
    threads_.wait_on(wait.queue, [&] { return wait.is_over || is_dying(caller); });
    lock_.take_back(depth);
    if (!wait.is_over) thread.vfork_caller = nullptr;
    return id;
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
    Thread& first = *thread.value();
    ASSERT(init.pid == 1);
    init.limits = default_limits();
    init.signals = signals.value();
    init.start_time = now();
    first.files = files.value();
    first.place = place.value();
    first.place->view = {.root = files_.mounts().root(), .directory = files_.mounts().root()};
    cpu::initial_fpu_image(first.fpu.bytes.data());
    first.tid = init.pid;
    first.process = &init;
    init.threads.push_back(first);
    fs::FileCalls calls = files_of(first);
    for (std::uint32_t i = 0; i < 3; ++i) {
        if (!calls.open(abi::kAtWorkingDirectory, "/dev/console", abi::kOpenReadWrite, 0).ok())
            quire::log(LogLevel::Warning, "init", "/dev/console cannot be opened");
    }
}

namespace {

Result<std::uint32_t> clone(SystemCall& call, const Processes::CloneRequest& what) {
    call.set_after_signal(AfterSignal::Again);
    return call.processes().clone(call.thread(), call.frame(), what);
}

// fork and vfork are clones; their registers but EAX are the parent's.
Result<std::uint32_t> call_fork(SystemCall& call) {
    return clone(call, {.flags = abi::kSigChild});
}
SYSTEM_CALL(2, fork, call_fork, CallTraits::plain());

Result<std::uint32_t> call_vfork(SystemCall& call) {
    return clone(call, {.flags = abi::kCloneVfork | abi::kCloneVm | abi::kSigChild});
}
SYSTEM_CALL(190, vfork, call_vfork, CallTraits::plain());

// There are no namespaces, and no descriptors of processes. (Linux: copy_process.)
bool are_possible(std::uint32_t flags, const Process& caller) {
    const auto has = [flags](std::uint32_t flag) { return (flags & flag) != 0; };
    if (has(abi::kCloneNewSpaces) || has(abi::kClonePidfd)) return false;
    if (has(abi::kCloneThread) && !has(abi::kCloneSighand)) return false;
    if (has(abi::kCloneSighand) && !has(abi::kCloneVm)) return false;
    return !has(abi::kCloneParent) || caller.parent != nullptr;
}

// The order of arguments on i386: flags, stack, parent_tid, tls, child_tid.
Result<std::uint32_t> call_clone(SystemCall& call) {
    if (!are_possible(call.argument(0), call.process())) return Error::InvalidArgument;
    return clone(call, {.flags = call.argument(0),
                        .stack = call.argument(1),
                        .parent_tid = call.argument(2),
                        .child_tid = call.argument(4),
                        .tls = call.argument(3)});
}
SYSTEM_CALL(120, clone, call_clone, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
