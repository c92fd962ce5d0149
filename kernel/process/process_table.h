// Everybody's number and family: pids, parents and children, process groups and sessions, zombies.
//
// Numbers are given out in turn from 1 up to kMostProcesses' limit and come back when nobody uses
// them: not as a pid, nor as the id of a group or session that still has members. Pid 1 is init;
// children whose parent ends become its. credentials(7), wait(2), setpgid(2), setsid(2).
//
// Pure: it neither sleeps nor switches. Locking: the kernel lock.
#pragma once

#include "kernel/process/process.h"
#include "mm/object_cache.h"

namespace quire::kernel {

/// Whom wait4(2) and waitid(2) mean, and what about them.
struct WaitRequest {
    enum class Whom : std::uint8_t { Any, Process, Group };
    Whom whom = Whom::Any;
    ProcessId id = 0;
    bool exited = true;      // WEXITED
    bool stopped = false;    // WUNTRACED, WSTOPPED
    bool continued = false;  // WCONTINUED
    bool leave = false;      // WNOWAIT: can be waited for again
};

struct WaitResult {
    ProcessId pid = 0;
    std::uint32_t user = 0;
    std::uint32_t status = 0;  // wait4's encoding
    Usage usage;               // of the child and its waited-for children
};

class ProcessTable {
  public:
    static constexpr ProcessId kMostId = 32767;
    static constexpr std::uint32_t kMostProcesses = 4096;

    explicit ProcessTable(mm::ObjectCache<Process>& processes) : cache_(processes) {}

    /// A new process, child of `parent` (nullptr: init), in its group and session, with copies of
    /// its ids, limits, nice value. What is shared or copied by clone is not set.
    /// Errors: TryAgain (EAGAIN: too many), OutOfMemory; nothing has changed then.
    Result<Process*> create(Process* parent);
    /// The way back from create(): as if it had never been. Precondition: no threads, no children.
    void undo(Process& process);

    /// A number for a thread beside the first. Errors: TryAgain.
    Result<ProcessId> take_thread_id();
    void give_back_thread_id(ProcessId id);

    [[nodiscard]] Process* find(ProcessId pid);
    /// Calls visit(process) for each, ascending by pid. visit may not make or release any.
    template <typename Visitor>
    void for_each(Visitor visit);
    template <typename Visitor>
    void for_each_child(Process& parent, Visitor visit);

    /// The process is a zombie from now on: its children are init's, who of them has ended is told.
    /// Returns whether it is gone already, because its parent ignores SIGCHLD.
    /// Precondition: threads, memory, files, place and signals are gone.
    bool end(Process& process, std::uint32_t status);

    /// One look for a child: a zombie is released and its usage added to the parent's. pid 0: there
    /// are such children, but none has news. Errors: NoChild.
    Result<WaitResult> collect(Process& parent, const WaitRequest& request);

    /// Errors: as of setpgid(2), setsid(2): NoSuchProcess, NotPermitted, AccessDenied, Invalid...
    Result<void> set_group(Process& caller, ProcessId pid, ProcessId group);
    Result<ProcessId> start_session(Process& caller);
    [[nodiscard]] bool group_exists(ProcessId group, ProcessId session);
    /// Whether no member has a parent in the same session but another group (POSIX: orphaned).
    [[nodiscard]] bool is_orphaned(ProcessId group);

    [[nodiscard]] std::uint32_t count() const { return count_; }
    void check_invariants();

  private:
    mm::ObjectCache<Process>& cache_;
    IntrusiveList<Process, &Process::table_hook> all_;  // ascending by pid
    ProcessId last_id_ = 0;
    std::uint32_t count_ = 0;
};

}  // namespace quire::kernel
