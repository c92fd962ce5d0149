#include "kernel/processes.h"

#include "cpu/idt.h"
#include "cpu/registers.h"
#include "kernel/abi/signal.h"
#include "kernel/disks.h"
#include "kernel/files.h"
#include "kernel/process/cpu_time.h"
#include "kernel/process/limits.h"
#include "kernel/process/signal_delivery.h"
#include "kernel/process/time_values.h"
#include "kernel/virtual_memory.h"
#include "mm/memory_calls.h"

extern "C" void before_ring3(quire::cpu::TrapFrame* frame);

namespace quire::kernel {
namespace {

constinit Processes* the_processes = nullptr;

}  // namespace

// With interrupts off from the look that finds nothing, nothing can come up behind it.
void see_to_work(Thread& self, cpu::TrapFrame& frame) {
    Threads& threads = the_processes->threads();
    if (frame.vector == cpu::kSystemCallVector) self.call_notes.end_call();
    for (;;) {
        cpu::disable_interrupts();
        if (self.process == nullptr) return;  // kernel/ring3.h
        const bool signal = has_signal_work(self) || self.call_notes.is_interrupted;
        if (!threads.deferred().is_pending() && !threads.scheduler().must_switch() && !signal) {
            self.must_look = self.call_notes.has_deadline;  // when its call has begun again
            return;
        }
        cpu::enable_interrupts();
        threads.deferred().run();
        if (threads.scheduler().must_switch()) {
            ++self.usage.involuntary_switches;
            threads.switch_away();
        }
        if (signal) {
            const KernelLockGuard guard(the_processes->lock());
            the_processes->deliver_signals(self, frame);
        }
    }
}

Processes::Processes(System& system, VirtualMemory& memory, Files& files, Threads& threads)
    : system_(system),
      memory_(memory),
      files_(files),
      threads_(threads),
      lock_(threads),
      processes_(system.memory->slabs(), "process"),
      memories_(system.memory->slabs(), "mm_struct"),
      file_tables_(system.memory->slabs(), "files_cache"),
      places_(system.memory->slabs(), "fs_cache"),
      signal_tables_(system.memory->slabs(), "sighand_cache"),
      table_(processes_) {
    the_processes = this;
    cpu::set_user_return([](cpu::TrapFrame& frame) { leave_kernel(Threads::current(), frame); });
    threads_.deferred().attach(
        Note::Tick, [](void* self) { static_cast<Processes*>(self)->on_tick(); }, this);
}

std::uint64_t Processes::wall_clock() const {
    return system_.clock.wall_clock();
}

// The tick was that of the thread that runs, if of any; a process that has ended uses nothing.
void Processes::check_cpu_time() {
    Process* const process = threads_.current().process;
    if (process == nullptr || !watches_cpu_time(*process)) return;
    const SignalSet due = take_due_signals(*process, cpu_times(usage_of(*process)));
    for (const SignalNumber signal :
         {abi::kSigKill, abi::kSigCpuTime, abi::kSigVirtualAlarm, abi::kSigProfile}) {
        if (due.has(signal)) send(*process, {.signal = signal, .code = abi::kSiKernel});
    }
}

// A disk that does not answer is given up by those who wait for it, when they look at the time.
void Processes::on_tick() {
    timers_.run_until(now());
    check_cpu_time();
    system_.disks->waiter().wake_threads();
    if (!system_.load.sample_is_due()) return;
    const Scheduler::Demand demand = scheduler().demand();
    system_.load.sample(demand.running + demand.blocked);
}

fs::FileCalls Processes::files_of(Thread& thread) {
    return {files_.layer(),      thread.place->view,
            thread.files->table, thread.process->credentials,
            files_.time(),       *this};
}

Result<void> Processes::sleep_on(fs::WaitQueue& queue, std::uint64_t deadline) {
    Thread& self = threads_.current();
    if (interrupts_sleep(self)) return Error::Interrupted;
    Timer timer([](void* thread) { static_cast<Thread*>(thread)->wake(); }, &self);
    if (deadline != kNever) {
        if (deadline <= now()) return Error::TimedOut;
        timers_.set(timer, deadline);
    }
    scheduler().prepare_to_sleep();
    queue.add(self);
    const std::uint32_t depth = lock_.give_up();
    if (scheduler().sleep(ThreadState::Sleeping)) {
        ++self.usage.voluntary_switches;
        threads_.switch_away();
    }
    queue.remove(self);
    timers_.cancel(timer);
    lock_.take_back(depth);
    if (interrupts_sleep(self)) return Error::Interrupted;
    if (deadline != kNever && deadline <= now()) return Error::TimedOut;
    return {};
}

void Processes::sleep_stopped() {
    scheduler().prepare_to_sleep();
    const std::uint32_t depth = lock_.give_up();
    if (scheduler().sleep(ThreadState::Stopped)) threads_.switch_away();
    lock_.take_back(depth);
}

// --- What processes share ------------------------------------------------------------------------

Result<ProgramMemory*> Processes::make_memory(const Process& process) {
    mm::UserMemory& memory = memory_.user_memory();
    TRY(memory.room().make_room(mm::PageCount(1)));
    mm::UserPages pages = TRY(mm::UserPages::create(memory));
    return memories_.allocate(memory, std::move(pages), memory_limits(process));
}

template <typename T>
void Processes::drop_user(mm::ObjectCache<T>& cache, T*& shared) {
    T* const it = shared;
    shared = nullptr;
    if (it != nullptr && --it->users == 0) cache.release(it);
}

void Processes::drop(ProgramMemory*& memory) {
    mm::UserMemory& user_memory = memory_.user_memory();
    if (memory != nullptr && memory->users == 1 &&
        user_memory.is_loaded(memory->space.pages().directory().frame())) {
        user_memory.load(user_memory.kernel().frame());
    }
    drop_user(memories_, memory);
}

void Processes::drop(FileTable*& files) {
    drop_user(file_tables_, files);
}

void Processes::drop(WorkingPlace*& place) {
    drop_user(places_, place);
}

void Processes::drop(SignalTable*& signals) {
    drop_user(signal_tables_, signals);
}

void Processes::check_invariants() {
    table_.check_invariants();
    table_.for_each(check_must_look);
    timers_.check_invariants();
    futexes_.check_invariants();
    threads_.check_invariants();
}

}  // namespace quire::kernel

void before_ring3(quire::cpu::TrapFrame* frame) {
    quire::kernel::leave_kernel(quire::kernel::Threads::current(), *frame);
}
