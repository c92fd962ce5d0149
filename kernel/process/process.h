// Processes and threads: what the kernel knows of each running program.
//
//     Process (pid)                   Thread (tid)        shared by whoever clone() says
//     +------------------+  threads   +--------------+    +------------------------------+
//     | parent, children |----------->| kernel stack |--->| FileTable      (CLONE_FILES) |
//     | group, session   |            | state, slice |--->| WorkingPlace   (CLONE_FS)    |
//     | pending signals  |            | blocked set  |    +------------------------------+
//     | limits, times    |-----.      | pending      |    | ProgramMemory  (CLONE_VM)    |
//     +------------------+     |      +--------------+    | SignalTable (CLONE_SIGHAND)  |
//                              '------------------------->+------------------------------+
//
// A process is made by fork, runs one program after the other by execve, ends as a zombie that
// keeps only its status, and goes when its parent has waited for it (kernel/process/
// process_table.h). A thread is what the scheduler runs. Kernel threads have no process.
//
// These are records without behaviour of their own: who changes them is told in each file of this
// folder. Locking: the kernel lock (kernel/kernel_lock.h).
//
// The first thread of a process, its *leader*, has the process's number. It may end before others
// do: the process lives on without it, and its number stays taken.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "fs/credentials.h"
#include "fs/descriptor_table.h"
#include "fs/executable_ref.h"
#include "fs/file_calls.h"
#include "fs/wait.h"
#include "kernel/base/intrusive_list.h"
#include "kernel/process/signals.h"
#include "kernel/process/timer_queue.h"
#include "mm/address_space.h"

namespace quire::kernel {

using ProcessId = std::uint32_t;
struct KernelStack;
class Scheduler;
struct Process;
struct Thread;

/// Counted use of something that clone() may share: users starts at 1.
struct Shared {
    std::uint32_t users = 1;
};

/// What /proc tells of the program in an address space.
struct ProgramInfo {
    fs::ExecutableRef executable;  // /proc/PID/exe
    // Linear addresses, as /proc/PID/stat has them.
    std::uint32_t code_start = 0, code_end = 0, data_start = 0, data_end = 0, break_start = 0;
    std::uint32_t stack_start = 0, arguments_start = 0, arguments_end = 0, environment_end = 0;
    std::array<std::uint32_t, 48> auxiliary{};  // /proc/PID/auxv
};

/// An address space, and the program in it.
struct ProgramMemory : Shared, ProgramInfo {
    ProgramMemory(mm::UserMemory& memory, mm::UserPages&& pages, const mm::MemoryLimits& limits)
        : space(memory, std::move(pages), limits) {}
    mm::AddressSpace space;
};
struct FileTable : Shared {
    explicit FileTable(fs::DescriptorTable::BlockCache& blocks) : table(blocks) {}
    fs::DescriptorTable table;
};
struct WorkingPlace : Shared {
    fs::FileView view;
};
struct SignalTable : Shared {
    SignalTable() {}  // NOLINT(modernize-use-equals-default): which may clear all of it
    explicit SignalTable(const SignalActions& its_actions) : actions(its_actions) {}
    SignalActions actions;
};

/// RLIMIT_...; abi/resource.h numbers them.
struct Limit {
    std::uint64_t soft = ~std::uint64_t{0};
    std::uint64_t hard = ~std::uint64_t{0};
};
inline constexpr std::size_t kLimits = 16;

/// What getrusage(2), times(2) and wait4(2) tell. Times in nanoseconds.
struct Usage {
    std::uint64_t user_time = 0;
    std::uint64_t system_time = 0;
    std::uint64_t minor_faults = 0;
    std::uint64_t major_faults = 0;
    std::uint64_t voluntary_switches = 0;
    std::uint64_t involuntary_switches = 0;
    std::uint32_t most_resident = 0;  // pages
    /// Sums, and the larger of most_resident. kernel/process/process_table.cpp
    void add(const Usage& other);
};

/// x87, MMX and SSE registers: FXSAVE's image (SDM 1 10.5), or FSAVE's 108 bytes on old CPUs.
/// FXSAVE leaves some of the bytes as they were, and a signal's frame shows all of them to the
/// program: so nobody's old bytes may be in it.
struct alignas(16) FpuState {
    std::array<std::byte, 512> bytes{};
};

class Processes;

/// The ITIMER_REAL of a process: alarm(2), setitimer(2). kernel/alarm_calls.cpp rings it. Leaves
/// the queue when it ends.
struct AlarmClock {
    AlarmClock(Processes& all, Process& its_process, Timer::Function ring)
        : processes(all), process(its_process), timer(ring, this) {}
    ~AlarmClock() {
        if (timer.is_set()) timer.hook.unlink();
    }
    AlarmClock(const AlarmClock&) = delete;
    AlarmClock& operator=(const AlarmClock&) = delete;

    Processes& processes;
    Process& process;
    Timer timer;
    std::uint64_t interval = 0;  // nanoseconds; 0: rings once
};

/// An interval timer that counts time of the CPU: kernel/process/cpu_time.h.
struct CpuTimer {
    enum Kind : std::uint8_t { Virtual, Profile };
    std::uint64_t deadline = 0;  // nanoseconds of its clock; 0: not set
    std::uint64_t interval = 0;  // 0: rings once
};

enum class ThreadState : std::uint8_t {
    Ready,     // runs, or could
    Sleeping,  // until woken; a signal wakes it, too ("S")
    Waiting,   // until woken, for a disk or a lock ("D")
    Stopped,   // by a signal, until SIGCONT ("T")
    Ended,     // only its record is left ("Z")
};

/// What becomes of a call that a signal has ended.
enum class AfterSignal : std::uint8_t {
    ByRow,    // as the call's row in the table says
    Resumes,  // begins again if no handler ran
    Again,    // begins again in any case: nobody can tell that it had begun
};

/// What is out of the ordinary about a call: nothing, mostly, and at the start of each. Whoever
/// makes a note says must_look: when the call is over, notes go on the way back to the program.
struct CallNotes {
    bool is_interrupted = false;  // a signal has ended it; EAX is -EINTR, but it may start again
    AfterSignal after_signal = AfterSignal::ByRow;
    bool has_deadline = false;      // Thread::call_deadline counts; kept by one that begins again
    std::uint8_t error_number = 0;  // its errno, where Error has no word for it

    /// The call is over, unless a signal has ended it.
    void end_call() {
        if (!is_interrupted) *this = {};
    }
};

/// Who called vfork(2) sleeps in it until the child has memory of its own, or has ended.
struct VforkWait {
    fs::WaitQueue queue;
    bool is_over = false;
};

struct Thread final : fs::Waiter {
    static constexpr std::uint32_t kTlsEntries = 3;

    Thread(ProcessId id, Process* its_process) : tid(id), process(its_process) {}
    /// Makes it ready, if it sleeps (kernel/process/scheduler.cpp).
    void wake() override;

    ProcessId tid;
    Process* process;                 // nullptr: a kernel thread
    const char* name = "";            // a kernel thread's; must stay
    std::array<char, 16> own_name{};  // as Process::name, which is the leader's
    std::uint64_t start_time = 0;     // nanoseconds since boot
    ListHook process_hook;            // in Process::threads

    // --- Scheduling: kernel/process/scheduler.h ---
    Scheduler* scheduler = nullptr;  // once it is added
    ThreadState state = ThreadState::Ready;
    bool woken = false;  // since prepare_to_sleep()
    // There may be something to do before it goes back to its program (kernel/processes.h). Whoever
    // makes such work says so here; leave_kernel() looks what it is, and that nothing is left.
    bool must_look = true;
    std::uint32_t slice = 0;  // ticks left
    ListHook ready_hook;
    ListHook all_hook;

    // --- The CPU: kernel/threads.h ---
    KernelStack* stack = nullptr;
    std::uint32_t saved_esp = 0;
    mm::AddressSpace* active_space = nullptr;  // what is loaded while it runs; nullptr: any
    FpuState fpu;
    std::array<std::uint64_t, kTlsEntries> tls{};  // descriptors 6 to 8 of the GDT
    std::uint32_t clear_child_tid = 0;             // set_tid_address(2)
    std::uint32_t robust_list = 0;                 // set_robust_list(2)
    VforkWait* vfork_caller = nullptr;             // who waits for this thread's exec or end
    // What its process gets when the thread that made it ends; 0: nothing. prctl(2).
    SignalNumber parent_death_signal = 0;

    // --- Files: those of the other threads, unless clone() was told otherwise ---
    FileTable* files = nullptr;
    WorkingPlace* place = nullptr;

    // --- Signals: kernel/process/signal_delivery.h ---
    SignalSet blocked;
    SignalSet awaited;                        // sigtimedwait: these wake it, and are not delivered
    std::optional<SignalSet> blocked_before;  // sigsuspend: comes back after the handler
    PendingSignals pending;                   // for this thread only
    struct AlternateStack {
        std::uint32_t start = 0, bytes = 0, flags = 2;  // SS_DISABLE
    } alternate_stack;

    // --- The system call under way ---
    CallNotes call_notes;
    std::uint64_t call_deadline = 0;  // kept by a call that begins again
    Usage usage;
};

enum class ProcessState : std::uint8_t {
    Alive,
    Stopped,  // all threads, by a signal
    Zombie,   // has ended; its parent has not asked yet
};

struct Process {
    explicit Process(ProcessId id) : pid(id) {}
    /// A child of `its_parent`, with what a child gets by value; not yet in the family.
    /// kernel/process/process_table.cpp
    Process(ProcessId id, Process& its_parent);

    ProcessId pid;
    ProcessState state = ProcessState::Alive;
    std::array<char, 16> name{};  // /proc/PID/comm, the leader's: 15 characters and a NUL
    IntrusiveList<Thread, &Thread::process_hook> threads;

    // --- The family: kernel/process/process_table.h ---
    Process* parent = nullptr;
    Thread* parent_thread = nullptr;  // of the parent: who made it, or stands in for who did
    ListHook sibling_hook;
    IntrusiveList<Process, &Process::sibling_hook> children;  // the oldest first
    ListHook table_hook;
    ProcessId group = 0;
    ProcessId session = 0;
    std::uint32_t terminal = 0;   // device number of the controlling terminal; 0: none
    fs::WaitQueue child_changes;  // wait4(2) sleeps here
    bool has_run_exec = false;
    // What wait4 tells, in its encoding: exit code << 8, or the signal (| 0x80: with core).
    std::uint32_t exit_status = 0;
    std::uint32_t exit_signal = 17;  // what the parent gets: SIGCHLD

    // --- The end of its threads: kernel/process/thread_end.h ---
    bool is_ending = false;      // all of them, with exit_status
    Thread* survivor = nullptr;  // execve: all of them but this one
    fs::WaitQueue thread_ends;   // the survivor sleeps here

    // --- Stops: kernel/process/signal_delivery.h ---
    std::uint8_t stop_signal = 0;
    bool stop_told_parent = false;  // of this stop: SIGCHLD was sent
    bool stop_untold = false;       // stopped, and no wait has told so yet
    bool continue_untold = false;   // the same of SIGCONT

    // --- What it has ---
    ProgramMemory* memory = nullptr;
    SignalTable* signals = nullptr;
    PendingSignals pending;  // for any of its threads
    fs::Credentials credentials;
    std::uint32_t saved_user = 0, saved_group = 0;
    std::array<Limit, kLimits> limits{};
    std::int32_t nice = 0;            // -20 to 19
    std::int32_t oom_adjustment = 0;  // oom_score_adj
    bool is_dumpable = true;
    std::uint32_t personality = 0;  // personality(2)

    // --- Times ---
    std::uint64_t start_time = 0;        // nanoseconds since boot
    std::optional<AlarmClock> alarm;     // made when it is first set
    std::array<CpuTimer, 2> cpu_timers;  // ITIMER_VIRTUAL, ITIMER_PROF: by CpuTimer::Kind
    Usage usage;                         // of threads that have ended
    Usage children_usage;                // of children that were waited for

    /// The thread with this number; nullptr: it has none, or it has ended.
    [[nodiscard]] Thread* thread(ProcessId tid) {
        for (Thread& one : threads)
            if (one.tid == tid) return &one;
        return nullptr;
    }
    /// The thread that has the process's number; nullptr: it has ended.
    [[nodiscard]] Thread* leader() { return thread(pid); }
    /// What /proc and prctl(2) call a thread of it.
    [[nodiscard]] std::array<char, 16>& name_of(Thread& one) {
        return one.tid == pid ? name : one.own_name;
    }
};

}  // namespace quire::kernel
