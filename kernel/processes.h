// All processes of the running kernel and what they share: the table, threads, timers, the lock.
// A system call finds everything from here. Built once by kernel_main().
//
//     kernel/processes.cpp   this, sleeping      kernel/fork.cpp   clone()
//     kernel/signals.cpp     send()              kernel/exit.cpp   exit()
#pragma once

#include "cpu/registers.h"
#include "kernel/kernel_lock.h"
#include "kernel/process/futex.h"
#include "kernel/process/process_table.h"
#include "kernel/process/timer_queue.h"
#include "kernel/system.h"
#include "kernel/threads.h"

namespace quire::kernel {

class Processes final : fs::Sleeper {
  public:
    /// Everything handed in must stay.
    Processes(System& system, VirtualMemory& memory, Files& files, Threads& threads);
    Processes(const Processes&) = delete;
    Processes& operator=(const Processes&) = delete;

    [[nodiscard]] System& system() { return system_; }
    [[nodiscard]] VirtualMemory& memory() { return memory_; }
    [[nodiscard]] Files& files() { return files_; }
    [[nodiscard]] Threads& threads() { return threads_; }
    [[nodiscard]] Scheduler& scheduler() { return threads_.scheduler(); }
    [[nodiscard]] ProcessTable& table() { return table_; }
    [[nodiscard]] TimerQueue& timers() { return timers_; }
    [[nodiscard]] FutexTable& futexes() { return futexes_; }
    [[nodiscard]] KernelLock& lock() { return lock_; }

    /// Nanoseconds since boot; and since 1970.
    [[nodiscard]] std::uint64_t now() const { return system_.clock.nanoseconds(); }
    [[nodiscard]] std::uint64_t wall_clock() const;

    /// The file calls of a thread, for the length of a call:
    /// `processes.files_of(thread).open(...)`. They sleep by sleep_on().
    [[nodiscard]] fs::FileCalls files_of(Thread& thread);
    [[nodiscard]] fs::Sleeper& sleeper() { return *this; }

    /// Sleeps until `queue` is woken, a signal comes (Interrupted), or the time is over (TimedOut;
    /// kNever: it never is). May end earlier, so the caller looks again. The kernel lock is given
    /// up meanwhile.
    static constexpr std::uint64_t kNever = ~std::uint64_t{0};
    Result<void> sleep_on(fs::WaitQueue& queue, std::uint64_t deadline = kNever);

    /// The current thread sleeps as Stopped, without the lock, until SIGCONT or SIGKILL resumes it.
    void sleep_stopped();

    // --- kernel/signals.cpp ---
    void send(Process& process, const SignalInfo& info);
    void send_to_thread(Thread& thread, const SignalInfo& info);
    /// The current thread gets it now, whatever it blocks or ignores: a fault.
    void force_signal(Thread& thread, const SignalInfo& info);
    /// Acts on the signals of the current thread, which is on its way to `frame` in ring 3. May not
    /// return.
    void deliver_signals(Thread& thread, cpu::TrapFrame& frame);

    // --- kernel/fork.cpp ---
    struct CloneRequest {
        std::uint32_t flags = 0;       // CLONE_..., the exit signal in the low byte
        std::uint32_t stack = 0;       // 0: as the caller's
        std::uint32_t parent_tid = 0;  // where tids are written, if flags say so
        std::uint32_t child_tid = 0;
        std::uint32_t tls = 0;  // a user_desc
    };
    /// A child, or with CLONE_THREAD one more thread of the process, that comes back from the same
    /// system call with 0. Returns its number. Errors: TryAgain, OutOfMemory, InvalidArgument,
    /// BadAddress; Interrupted (a signal waits for the caller: it comes first). Nothing has changed
    /// then.
    Result<ProcessId> clone(Thread& caller, const cpu::TrapFrame& frame, const CloneRequest& what);
    /// Process 1: its thread runs `entry(this)` in the kernel and may become a program by exec()
    /// and Threads::enter_program(). Its descriptors 0, 1 and 2 are /dev/console. Panics if there
    /// is no memory for it.
    void start_init(void (*entry)(void*));

    // --- kernel/exec.cpp ---
    /// Descriptors and signal actions are shared with no other process from now on. Errors:
    /// OutOfMemory; nothing has changed then.
    Result<void> stop_sharing(Thread& thread);

    // --- kernel/exit.cpp ---
    /// Ends the process of the current thread: all its threads. `status`: wait4's encoding.
    [[noreturn]] void exit(std::uint32_t status);
    /// Ends the current thread, and with the last one its process. `status`: what exit(2) was
    /// given, in wait4's encoding.
    [[noreturn]] void end_thread(std::uint32_t status);
    /// For execve: ends all threads of the process but the current one, which is its leader then.
    /// The kernel lock is given up meanwhile. Errors: Interrupted (this one has to end, too).
    Result<void> become_alone(Thread& self);
    /// What a thread owes to others who use its memory, before it leaves it: its robust locks are
    /// freed, and who waits for its end is woken. Precondition: the memory is loaded. May sleep.
    void leave_memory(Thread& self);

    // --- What processes share: one more user is ++users, one less is drop() ---
    /// An empty address space with one user, and the limits of `process`. Errors: OutOfMemory.
    Result<ProgramMemory*> make_memory(const Process& process);
    /// Sets the pointer to nullptr, and releases what has no user any more. An address space must
    /// not be in use by any thread then.
    void drop(ProgramMemory*& memory);
    void drop(FileTable*& files);
    void drop(WorkingPlace*& place);
    void drop(SignalTable*& signals);

    void check_invariants();

  private:
    class Offspring;
    void wake_who_must_end(Process& process);
    void end_process(Process& process);

    Result<void> sleep(fs::WaitQueue& queue) override { return sleep_on(queue); }
    void on_tick();
    void check_cpu_time();
    template <typename T>
    static void drop_user(mm::ObjectCache<T>& cache, T*& shared);

    System& system_;
    VirtualMemory& memory_;
    Files& files_;
    Threads& threads_;
    KernelLock lock_;
    mm::ObjectCache<Process> processes_;
    mm::ObjectCache<ProgramMemory> memories_;
    mm::ObjectCache<FileTable> file_tables_;
    mm::ObjectCache<WorkingPlace> places_;
    mm::ObjectCache<SignalTable> signal_tables_;
    ProcessTable table_;
    TimerQueue timers_;
    FutexTable futexes_;
};

/// What leave_kernel() does when there may be something to do.
void see_to_work(Thread& self, cpu::TrapFrame& frame);

/// All that has to happen between two stretches of a program: notes of interrupts, the turn of
/// other threads, signals. Afterwards interrupts are off, and `self`, the current thread, goes to
/// ring 3 by `frame`, unless it does not come back from here at all.
inline void leave_kernel(Thread& self, cpu::TrapFrame& frame) {
    cpu::disable_interrupts();
    if (self.must_look) [[unlikely]]
        see_to_work(self, frame);
}

}  // namespace quire::kernel
