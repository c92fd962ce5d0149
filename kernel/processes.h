// All processes of the running kernel and what they share: the table, the scheduler, timers, the
// clock. A system call finds everything from here. Built once by kernel_main().
#pragma once

#include "kernel/process/process_table.h"
#include "kernel/process/scheduler.h"
#include "kernel/process/timer_queue.h"
#include "kernel/system.h"

namespace quire::kernel {

class Processes final {
  public:
    Processes(System& system, VirtualMemory& memory, Files& files);
    Processes(const Processes&) = delete;
    Processes& operator=(const Processes&) = delete;

    [[nodiscard]] System& system() { return system_; }
    [[nodiscard]] VirtualMemory& memory() { return memory_; }
    [[nodiscard]] Files& files() { return files_; }
    [[nodiscard]] ProcessTable& table() { return table_; }
    [[nodiscard]] Scheduler& scheduler() { return scheduler_; }
    [[nodiscard]] TimerQueue& timers() { return timers_; }

    /// Nanoseconds since boot; and since 1970.
    [[nodiscard]] std::uint64_t now() const;
    [[nodiscard]] std::uint64_t wall_clock() const;

    /// The file calls of a process, on the stack for the length of a call:
    /// `processes.files_of(process).open(...)`. Sleeps through the scheduler.
    [[nodiscard]] fs::FileCalls files_of(Process& process);

    /// Sleeps until `queue` is woken, a signal comes (Interrupted), or the time is over (TimedOut;
    /// deadline ~0: never). The kernel lock is given up meanwhile.
    Result<void> sleep_on(fs::WaitQueue& queue, std::uint64_t deadline = ~std::uint64_t{0});

    // --- Sending signals: kernel/process/signal_delivery.h has the pure part ---
    void send(Process& process, const SignalInfo& info);
    void send_to_thread(Thread& thread, const SignalInfo& info);

    // --- kernel/fork.cpp, kernel/exit.cpp, kernel/exec.cpp ---
    struct CloneRequest {
        std::uint32_t flags = 0;  // CLONE_..., the exit signal in the low byte
        std::uint32_t stack = 0;  // 0: the caller's
        std::uint32_t parent_tid = 0, child_tid = 0, tls = 0;
    };
    /// A child that returns from the same system call with 0. Errors: TryAgain, OutOfMemory;
    /// nothing has changed then.
    Result<ProcessId> clone(Thread& caller, const cpu::TrapFrame& frame, const CloneRequest& what);
    /// Ends the whole process of the current thread. `status`: wait4's encoding.
    [[noreturn]] void exit(std::uint32_t status);
    /// Ends `process`, now if it runs, else when it next would.
    void kill(Process& process, SignalNumber signal);

    void check_invariants();

  private:
    System& system_;
    VirtualMemory& memory_;
    Files& files_;
    mm::ObjectCache<Process> process_cache_;
    mm::ObjectCache<Thread> threads_;
    mm::ObjectCache<ProgramMemory> memories_;
    mm::ObjectCache<FileTable> file_tables_;
    mm::ObjectCache<WorkingPlace> places_;
    mm::ObjectCache<SignalTable> signal_tables_;
    ProcessTable table_;
    Scheduler scheduler_;
    TimerQueue timers_;
};

}  // namespace quire::kernel
