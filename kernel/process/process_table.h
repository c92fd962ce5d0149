// Everybody's number and family: pids, parents and children, process groups and sessions, zombies.
//
//     create() --> Alive  <-->  Stopped --end()--> Zombie --collect() by the parent--> gone
//                    the number is taken from here ............................. to here
//
// Numbers are given out in turn and come back when nobody uses them: not as a pid or a thread's
// number, nor as the id of a group or session that still has members. Pid 1 is init; children whose
// parent ends become its. credentials(7), wait(2), setpgid(2), setsid(2).
//
// A thread beside the leader has a number of its own from the same space, from take_thread_id() to
// remove_thread().
//
// Invariants: the processes are in order of their pids; each but init is among the children of its
// parent; the members of a group are of one session; a zombie has no children. Pure: it neither
// sleeps nor switches. Locking: the kernel lock.
#pragma once

#include <array>

#include "kernel/process/process.h"
#include "mm/object_cache.h"

namespace quire::kernel {

/// Whom wait4(2) and waitid(2) mean, and what about them.
struct WaitRequest {
    enum class Whom : std::uint8_t { Any, Process, Group };
    /// Ordinary children tell their end by SIGCHLD; clone() may make others.
    enum class Kind : std::uint8_t { Ordinary, Clones, All };
    Whom whom = Whom::Any;
    ProcessId id = 0;
    Kind kind = Kind::Ordinary;
    bool exited = true;      // WEXITED
    bool stopped = false;    // WUNTRACED, WSTOPPED
    bool continued = false;  // WCONTINUED
    bool leave = false;      // WNOWAIT: can be waited for again
    /// __WNOTHREAD: only children that this thread has made, or stands in for. nullptr: all.
    const Thread* of_thread = nullptr;
};

/// A status as wait4(2) tells it.
struct WaitStatus {
    static constexpr std::uint32_t kContinued = 0xFFFF;
    static constexpr std::uint32_t kCore = 0x80;
    static constexpr std::uint32_t exited(std::uint32_t code) { return (code & 0xFF) << 8; }
    static constexpr std::uint32_t stopped(SignalNumber signal) { return signal << 8 | 0x7F; }
};

struct WaitResult {
    ProcessId pid = 0;
    std::uint32_t user = 0;
    std::uint32_t status = 0;  // WaitStatus
    Usage usage;               // of the child and its waited-for children
};

class ProcessTable {
  public:
    static constexpr ProcessId kMostId = 32767;
    static constexpr ProcessId kInit = 1;
    /// Processes and threads beside the first, together.
    static constexpr std::uint32_t kMostProcesses = 4096;

    explicit ProcessTable(mm::ObjectCache<Process>& processes) : cache_(processes) {}

    /// A new process, child of `parent` (nullptr: init), in its group and session, with copies of
    /// its name, ids, limits, nice value. What is shared or copied by clone is not set.
    /// Errors: TryAgain (EAGAIN: too many, or RLIMIT_NPROC), OutOfMemory; nothing has changed then.
    Result<Process*> create(Process* parent);
    /// The way back from create(): as if it had never been. Precondition: no threads, no children.
    void undo(Process& process);

    /// A number for one more thread of `process`. Errors: TryAgain (EAGAIN: too many, or
    /// RLIMIT_NPROC).
    Result<ProcessId> take_thread_id(const Process& process);
    void give_back_thread_id(ProcessId id);
    /// The thread is none of its process any more: it can be found no longer, its number is free
    /// unless it is the process's, its children are another thread's.
    void remove_thread(Thread& thread);
    /// execve(2): the last thread of a process takes over the leader's number.
    void become_leader(Thread& last);

    /// Another parent for `child`: CLONE_PARENT. `thread` is of `parent`.
    void give_to(Process& child, Process& parent, Thread* thread);

    /// A zombie is found, too. O(processes).
    [[nodiscard]] Process* find(ProcessId pid);
    /// The thread with this number; nullptr: there is none, or it has ended. O(threads).
    [[nodiscard]] Thread* find_thread(ProcessId id);
    /// The process with this number, or with a thread that has it. O(threads).
    [[nodiscard]] Process* find_by_thread(ProcessId id);
    /// Calls visit(process) for each, ascending by pid. visit may not make or release any.
    template <typename Visitor>
    void for_each(Visitor visit) {
        for (Process& process : all_)
            visit(process);
    }
    template <typename Visitor>
    void for_each_child(Process& parent, Visitor visit) {
        for (Process& child : parent.children)
            visit(child);
    }

    /// The process is a zombie from now on: its alarm is off, its children are init's; who waits
    /// for it, or as init for one of them, is woken. Returns whether it is gone already, because
    /// its parent does not want to be told (SIGCHLD ignored, or SA_NOCLDWAIT). Zombies that come to
    /// an init like that go, too. Precondition: not init; threads, memory and signals are gone.
    bool end(Process& process, std::uint32_t status);

    /// One look for a child: a zombie is released and its usage added to the parent's. pid 0: there
    /// are such children, but none has news. Errors: NoChild.
    Result<WaitResult> collect(Process& parent, const WaitRequest& request);
    /// Takes the news `told` that collect() has left, and no other: a signal from the terminal may
    /// have stopped or continued the child since. Precondition: it has not ended since.
    void take(Process& parent, const WaitResult& told);

    /// setpgid(2); 0 is the caller, and the pid. Errors: NoSuchProcess (neither the caller nor a
    /// child), InvalidArgument (the number of a thread), AccessDenied (a child after execve),
    /// NotPermitted (a session's leader, another
    /// session, no such group in this one).
    Result<void> set_group(Process& caller, ProcessId pid, ProcessId group);
    /// setsid(2): a session and a group of its own, without a terminal. Errors: NotPermitted (a
    /// group has this number).
    Result<ProcessId> start_session(Process& caller);
    [[nodiscard]] bool group_exists(ProcessId group, ProcessId session);
    /// Whether no living member has a parent in the same session but another group (POSIX: an
    /// orphaned group; nobody would continue it if it were stopped). `leaving`: as if that one were
    /// gone already, as a member and as a parent.
    [[nodiscard]] bool is_orphaned(ProcessId group, const Process* leaving = nullptr);
    /// Whether `leaving` is what keeps the group of `member`, a child of `parent`, from being an
    /// orphaned one, and a process of it is stopped. `leaving` is one of the two.
    [[nodiscard]] bool strands(const Process& leaving, const Process& member,
                               const Process& parent);

    [[nodiscard]] std::uint32_t count() const { return count_; }
    /// The number that was given away last.
    [[nodiscard]] ProcessId last_id() const { return last_id_; }
    void check_invariants();

  private:
    static constexpr std::uint32_t kWordBits = 32;

    [[nodiscard]] bool is_taken(ProcessId id) const {
        return (taken_[id / kWordBits] >> id % kWordBits & 1) != 0;
    }
    void flip(ProcessId id) { taken_[id / kWordBits] ^= 1U << id % kWordBits; }
    Result<ProcessId> take_id();
    void give_back_id(ProcessId id);
    // Whether it is still the id of a group or session, though its process has gone.
    [[nodiscard]] bool is_remembered(ProcessId id);
    void insert(Process& process);
    void release(Process& process);
    [[nodiscard]] bool is_over_limit(const Process& parent);
    void check_threads(Process& process);
    void give_children_to_init(Process& process);
    static bool matches(const Process& child, const WaitRequest& request);
    // The status of `child`, if it has news that were asked for.
    static std::optional<std::uint32_t> news(const Process& child, const WaitRequest& request);
    void take_news(Process& parent, Process& child, std::uint32_t status);

    mm::ObjectCache<Process>& cache_;
    IntrusiveList<Process, &Process::table_hook> all_;              // ascending by pid
    std::array<std::uint32_t, (kMostId + 1) / kWordBits> taken_{};  // pids and threads' numbers
    ProcessId last_id_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t thread_ids_ = 0;
};

/// Threads of the process, with its leader though it may have ended: what /proc tells, and what
/// RLIMIT_NPROC counts.
[[nodiscard]] std::uint32_t thread_count(Process& process);

/// What all threads have used, those that have ended and those that live.
[[nodiscard]] Usage usage_of(Process& process);

}  // namespace quire::kernel
