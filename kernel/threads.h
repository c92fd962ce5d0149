// Threads on the CPU: their kernel stacks, the switch from one to the other, the idle loop.
//
//     kernel stack, 16 KiB, an unmapped guard page below
//     +-----------+--------------------------------------------------+
//     | TrapFrame |  calls of the kernel ...        <-- saved_esp    |
//     +-----------+--------------------------------------------------+
//     top: where the CPU goes when a trap comes from ring 3 (TSS.ESP0)
//
// A switch stores four registers and the stack pointer; the rest of what runs is on the stack
// already. A program's FPU registers stay in the CPU until another program runs. The page directory
// is changed only for threads that have one: kernel threads run on whichever is loaded.
#pragma once

#include "cpu/features.h"
#include "cpu/trap_frame.h"
#include "fs/wait.h"
#include "kernel/deferred.h"
#include "kernel/memory.h"
#include "kernel/process/scheduler.h"
#include "mm/object_cache.h"

namespace quire::kernel {

class VirtualMemory;

struct KernelStack {
    mm::DynamicRange range;
    ListHook free_hook;

    [[nodiscard]] std::uint32_t top() const { return mm::start_of(range.pages().end).raw(); }
};

class Threads {
  public:
    static constexpr mm::PageCount kStackPages{4};

    /// The code that runs now becomes the first kernel thread, `boot`. Everything must stay.
    /// Panics if there is no memory for the idle thread.
    Threads(Memory& memory, VirtualMemory& virtual_memory, const cpu::Features& features);
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;

    [[nodiscard]] Scheduler& scheduler() { return scheduler_; }
    [[nodiscard]] Deferred& deferred() { return deferred_; }
    /// Whose stack we are on.
    [[nodiscard]] static Thread& current() { return *running_; }
    [[nodiscard]] bool is_idle() const { return running_ == idle_; }

    /// For interrupt handlers: `what` is seen to before the thread that runs goes back to its
    /// program, or where the kernel lets go of the CPU before that.
    void note(Note what) {
        deferred_.note(what);
        running_->must_look = true;
    }

    // --- Making and ending ---

    /// A thread of the kernel that runs entry(context) and may never return. `name` must stay.
    /// Errors: OutOfMemory.
    Result<Thread*> start_kernel_thread(const char* name, void (*entry)(void*), void* context);

    /// A thread for `process` that will go to ring 3 with the registers of `frame`; not yet added
    /// to the process and the scheduler; its FPU image is the caller's to fill in. Errors:
    /// OutOfMemory.
    Result<Thread*> create(Process& process, ProcessId tid, const cpu::TrapFrame& frame);
    /// Precondition: never ran.
    void undo(Thread& thread);

    /// A kernel thread becomes the program whose registers are in user_frame(): its stack is empty
    /// from here on. Precondition: the current thread has a process.
    [[noreturn]] void enter_program();

    /// Where the registers are with which a thread came from ring 3.
    [[nodiscard]] static cpu::TrapFrame& user_frame(Thread& thread);

    /// The current thread's life ends. Its record and stack go when somebody else runs.
    [[noreturn]] void end_current();

    // --- Running ---

    /// Lets others run as the scheduler chooses; returns when the current thread's turn comes.
    /// Notes of interrupts are seen to.
    void switch_away();

    /// Sleeps, if need be, until done() is true; `queue` is woken when that may be. No signal ends
    /// it. Precondition: the thread is in no queue.
    template <typename Condition>
    void wait_on(fs::WaitQueue& queue, Condition done);

    /// Makes `space` the loaded one for the current thread; nullptr: the kernel's own directory.
    void use_space(mm::AddressSpace* space);

    /// The registers of the FPU are in thread.fpu from now on, too. For signals.
    void save_fpu(Thread& thread);
    /// The registers of `from` become those of `to`, which has not run yet.
    void copy_fpu(Thread& from, Thread& to);
    /// thread.fpu was changed and counts. For exec and sigreturn.
    void load_fpu(Thread& thread);

    /// The end of each switch, on the stack of the thread that runs now: releases who has ended.
    void finish_switch();

    /// Stacks mapped, in use or kept.
    [[nodiscard]] std::uint32_t stack_count() const { return stack_count_; }
    void check_invariants();

  private:
    static constexpr std::uint32_t kMostKeptStacks = 8;

    static inline constinit Thread* running_ = nullptr;  // there is one CPU

    Result<KernelStack*> take_stack(const char* name);
    void return_stack(KernelStack* stack);
    void switch_to(Thread& next);
    void load_registers(Thread& next);
    [[noreturn]] void idle();
    void release(Thread& thread);

    Memory& memory_;
    VirtualMemory& virtual_memory_;
    mm::ObjectCache<Thread> threads_;
    mm::ObjectCache<KernelStack> stacks_;
    Scheduler scheduler_;
    Deferred deferred_;
    Thread* idle_ = nullptr;
    Thread* ended_ = nullptr;      // to be released by whoever runs next
    Thread* fpu_owner_ = nullptr;  // whose FPU registers and TLS descriptors the CPU has
    IntrusiveList<KernelStack, &KernelStack::free_hook> kept_stacks_;
    std::uint32_t kept_count_ = 0;
    std::uint32_t stack_count_ = 0;
};

template <typename Condition>
void Threads::wait_on(fs::WaitQueue& queue, Condition done) {
    Thread& self = current();
    queue.add(self);
    for (;;) {
        scheduler_.prepare_to_sleep();
        if (done()) break;
        if (scheduler_.sleep(ThreadState::Waiting)) switch_away();
    }
    queue.remove(self);
}

}  // namespace quire::kernel
