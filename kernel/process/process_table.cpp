#include "kernel/process/process_table.h"

#include <bit>

#include "kernel/abi/resource.h"
#include "kernel/abi/signal.h"

namespace quire::kernel {

namespace {

// Whether the end of `child` is of no interest to its parent, so that nobody will wait for it.
bool is_unwanted(const Process& child) {
    const SignalTable* signals = child.parent->signals;
    if (child.exit_signal != abi::kSigChild || signals == nullptr) return false;
    const SignalAction& action = signals->actions.of(abi::kSigChild);
    return action.handler == SignalAction::kIgnore || (action.flags & abi::kSaNoChildWait) != 0;
}

}  // namespace

Process::Process(ProcessId id, Process& its_parent)
    : pid(id),
      name(its_parent.name),
      parent(&its_parent),
      group(its_parent.group),
      session(its_parent.session),
      terminal(its_parent.terminal),
      credentials(its_parent.credentials),
      saved_user(its_parent.saved_user),
      saved_group(its_parent.saved_group),
      limits(its_parent.limits),
      nice(its_parent.nice),
      oom_adjustment(its_parent.oom_adjustment),
      is_dumpable(its_parent.is_dumpable),
      personality(its_parent.personality) {}

void Usage::add(const Usage& other) {
    user_time += other.user_time;
    system_time += other.system_time;
    minor_faults += other.minor_faults;
    major_faults += other.major_faults;
    voluntary_switches += other.voluntary_switches;
    involuntary_switches += other.involuntary_switches;
    if (most_resident < other.most_resident) most_resident = other.most_resident;
}

Usage usage_of(Process& process) {
    Usage all = process.usage;
    for (const Thread& thread : process.threads)
        all.add(thread.usage);
    return all;
}

std::uint32_t thread_count(Process& process) {
    bool has_leader = false;
    std::uint32_t count = 0;
    for (const Thread& thread : process.threads) {
        has_leader = has_leader || thread.tid == process.pid;
        ++count;
    }
    return has_leader ? count : count + 1;
}

// --- Numbers ---

bool ProcessTable::is_remembered(ProcessId id) {
    for (const Process& process : all_)
        if (process.group == id || process.session == id) return true;
    return false;
}

Result<ProcessId> ProcessTable::take_id() {
    if (count_ + thread_ids_ >= kMostProcesses) return Error::TryAgain;
    ProcessId id = last_id_;
    do {
        id = id == kMostId ? kInit + 1 : id + 1;
    } while (is_taken(id) || is_remembered(id));
    flip(id);
    last_id_ = id;
    return id;
}

void ProcessTable::give_back_id(ProcessId id) {
    ASSERT(is_taken(id));
    flip(id);
}

Result<ProcessId> ProcessTable::take_thread_id(const Process& process) {
    if (is_over_limit(process)) return Error::TryAgain;
    const ProcessId id = TRY(take_id());
    ++thread_ids_;
    return id;
}

void ProcessTable::give_back_thread_id(ProcessId id) {
    ASSERT(thread_ids_ != 0);
    give_back_id(id);
    --thread_ids_;
}

void ProcessTable::remove_thread(Thread& thread) {
    Process& process = *thread.process;
    process.threads.remove(thread);
    if (thread.tid != process.pid) give_back_thread_id(thread.tid);
    for (Process& child : process.children)
        if (child.parent_thread == &thread) child.parent_thread = process.threads.front();
}

void ProcessTable::become_leader(Thread& last) {
    Process& process = *last.process;
    ASSERT(process.threads.front() == &last && process.threads.back() == &last);
    if (last.tid == process.pid) return;
    give_back_thread_id(last.tid);
    last.tid = process.pid;
}

void ProcessTable::give_to(Process& child, Process& parent, Thread* thread) {
    child.parent->children.remove(child);
    child.parent = &parent;
    child.parent_thread = thread;
    parent.children.push_back(child);
}

// --- The table ---

Process* ProcessTable::find(ProcessId pid) {
    if (pid == 0 || pid > kMostId || !is_taken(pid)) return nullptr;
    for (Process& process : all_)
        if (process.pid == pid) return &process;
    return nullptr;
}

Thread* ProcessTable::find_thread(ProcessId id) {
    if (id == 0 || id > kMostId || !is_taken(id)) return nullptr;
    for (Process& process : all_)
        for (Thread& thread : process.threads)
            if (thread.tid == id) return &thread;
    return nullptr;
}

Process* ProcessTable::find_by_thread(ProcessId id) {
    Process* const process = find(id);
    if (process != nullptr) return process;
    Thread* const thread = find_thread(id);
    return thread == nullptr ? nullptr : thread->process;
}

// Most new ones have the highest number; only after the numbers began anew the place is looked for.
void ProcessTable::insert(Process& process) {
    ++count_;
    if (all_.empty() || all_.back()->pid < process.pid) {
        all_.push_back(process);
        return;
    }
    for (Process& other : all_) {
        if (other.pid < process.pid) continue;
        all_.insert_before(other, process);
        return;
    }
}

bool ProcessTable::is_over_limit(const Process& parent) {
    const std::uint64_t most = parent.limits[abi::kLimitProcesses].soft;
    const std::uint32_t user = parent.credentials.real_user;
    if (user == 0 || parent.credentials.is_root() || most >= kMostProcesses) return false;
    std::uint64_t there = 0;
    for (Process& process : all_)
        if (process.credentials.real_user == user) there += thread_count(process);
    return there >= most;
}

Result<Process*> ProcessTable::create(Process* parent) {
    ASSERT((parent == nullptr) == all_.empty());
    if (parent != nullptr && is_over_limit(*parent)) return Error::TryAgain;
    const ProcessId before = last_id_;
    const ProcessId id = TRY(take_id());
    const Result<Process*> made =
        parent == nullptr ? cache_.allocate(id) : cache_.allocate(id, *parent);
    if (!made.ok()) {
        give_back_id(id);
        last_id_ = before;
        return made.error();
    }
    Process& process = *made.value();
    if (parent != nullptr) parent->children.push_back(process);
    insert(process);
    return &process;
}

void ProcessTable::undo(Process& process) {
    release(process);
}

void ProcessTable::release(Process& process) {
    ASSERT(process.threads.empty() && process.children.empty());
    if (process.parent != nullptr) process.parent->children.remove(process);
    all_.remove(process);
    --count_;
    give_back_id(process.pid);
    cache_.release(&process);
}

// --- The end, and who is told ---

void ProcessTable::give_children_to_init(Process& process) {
    Process& init = *all_.front();
    bool has_news = false;
    while (Process* child = process.children.pop_front()) {
        child->parent = &init;
        child->parent_thread = init.threads.front();
        child->exit_signal = abi::kSigChild;
        init.children.push_back(*child);
        if (child->state != ProcessState::Zombie) continue;
        if (is_unwanted(*child)) {
            release(*child);
        } else {
            has_news = true;
        }
    }
    if (has_news) init.child_changes.wake_all();
}

bool ProcessTable::end(Process& process, std::uint32_t status) {
    ASSERT(process.parent != nullptr && process.state != ProcessState::Zombie);
    ASSERT(process.threads.empty() && process.memory == nullptr && process.signals == nullptr);
    process.state = ProcessState::Zombie;
    process.exit_status = status;
    process.stop_untold = process.continue_untold = false;
    process.alarm.reset();
    give_children_to_init(process);
    process.parent->child_changes.wake_all();
    if (!is_unwanted(process)) return false;
    release(process);
    return true;
}

bool ProcessTable::matches(const Process& child, const WaitRequest& request) {
    const bool is_clone = child.exit_signal != abi::kSigChild;
    if (request.kind != WaitRequest::Kind::All &&
        is_clone != (request.kind == WaitRequest::Kind::Clones))
        return false;
    if (request.of_thread != nullptr && child.parent_thread != request.of_thread) return false;
    // Nothing will ever come from a zombie but its end.
    if (child.state == ProcessState::Zombie && !request.exited) return false;
    switch (request.whom) {
    case WaitRequest::Whom::Any:
        return true;
    case WaitRequest::Whom::Process:
        return child.pid == request.id;
    case WaitRequest::Whom::Group:
        return child.group == request.id;
    }
    ASSERT_UNREACHABLE();
}

std::optional<std::uint32_t> ProcessTable::news(const Process& child, const WaitRequest& request) {
    if (child.state == ProcessState::Zombie) return child.exit_status;
    if (request.stopped && child.stop_untold) return WaitStatus::stopped(child.stop_signal);
    if (request.continued && child.continue_untold) return WaitStatus::kContinued;
    return std::nullopt;
}

void ProcessTable::take_news(Process& parent, Process& child, std::uint32_t status) {
    if (child.state == ProcessState::Zombie) {
        parent.children_usage.add(child.usage);
        parent.children_usage.add(child.children_usage);
        release(child);
    } else if (status == WaitStatus::kContinued) {
        child.continue_untold = false;
    } else if (status == WaitStatus::stopped(child.stop_signal)) {
        child.stop_untold = false;
    }
}

Result<WaitResult> ProcessTable::collect(Process& parent, const WaitRequest& request) {
    bool is_there = false;
    for (Process& child : parent.children) {
        if (!matches(child, request)) continue;
        is_there = true;
        const std::optional<std::uint32_t> status = news(child, request);
        if (!status.has_value()) continue;
        WaitResult result{child.pid, child.credentials.real_user, *status, usage_of(child)};
        result.usage.add(child.children_usage);
        if (!request.leave) take_news(parent, child, *status);
        return result;
    }
    if (!is_there) return Error::NoChild;
    return WaitResult{};
}

void ProcessTable::take(Process& parent, const WaitResult& told) {
    for (Process& child : parent.children)
        if (child.pid == told.pid) return take_news(parent, child, told.status);
    ASSERT_UNREACHABLE();
}

// --- Groups and sessions ---

// In the order of Linux's setpgid (kernel/sys.c).
Result<void> ProcessTable::set_group(Process& caller, ProcessId pid, ProcessId group) {
    Process* process = pid == 0 ? &caller : find(pid);
    if (group == 0) group = pid == 0 ? caller.pid : pid;
    if (process == nullptr)
        return find_thread(pid) == nullptr ? Error::NoSuchProcess : Error::InvalidArgument;
    if (process->parent == &caller) {
        if (process->session != caller.session) return Error::NotPermitted;
        if (process->has_run_exec) return Error::AccessDenied;
    } else if (process != &caller) {
        return Error::NoSuchProcess;
    }
    if (process->session == process->pid) return Error::NotPermitted;
    if (group != process->pid && !group_exists(group, caller.session)) return Error::NotPermitted;
    process->group = group;
    return {};
}

Result<ProcessId> ProcessTable::start_session(Process& caller) {
    for (const Process& process : all_)
        if (process.group == caller.pid) return Error::NotPermitted;
    caller.session = caller.group = caller.pid;
    caller.terminal = 0;
    return caller.pid;
}

bool ProcessTable::group_exists(ProcessId group, ProcessId session) {
    for (const Process& process : all_)
        if (process.group == group && process.session == session) return true;
    return false;
}

bool ProcessTable::is_orphaned(ProcessId group, const Process* leaving) {
    for (const Process& process : all_) {
        if (process.group != group || process.state == ProcessState::Zombie) continue;
        const Process* parent = process.parent;
        if (parent == nullptr || parent->pid == kInit) continue;
        if (&process == leaving || parent == leaving) continue;
        if (parent->group != group && parent->session == process.session) return false;
    }
    return true;
}

bool ProcessTable::strands(const Process& leaving, const Process& member, const Process& parent) {
    const bool holds_it =
        parent.pid != kInit && parent.group != member.group && parent.session == member.session;
    if (!holds_it || !is_orphaned(member.group, &leaving)) return false;
    for (const Process& process : all_) {
        const bool is_stopped = process.state == ProcessState::Stopped;
        if (is_stopped && process.group == member.group && &process != &leaving) return true;
    }
    return false;
}

// Numbers of threads are taken, of one thread each, and the leader's is the process's.
void ProcessTable::check_threads(Process& process) {
    for (Thread& thread : process.threads) {
        ASSERT(thread.process == &process && is_taken(thread.tid));
        ASSERT(find_thread(thread.tid) == &thread);
        ASSERT(thread.tid == process.pid || find(thread.tid) == nullptr);
    }
    const Thread* const maker = process.parent_thread;
    ASSERT(maker == nullptr || maker->process == process.parent);
}

void ProcessTable::check_invariants() {
    all_.check_invariants();
    std::uint32_t count = 0;
    std::uint32_t children = 0;
    std::uint32_t taken = 0;
    std::uint32_t others = 0;
    ProcessId last = 0;
    for (Process& process : all_) {
        ASSERT(process.pid > last && is_taken(process.pid));
        last = process.pid;
        ++count;
        ASSERT((process.parent == nullptr) == (process.pid == kInit));
        for (const Process& child : process.children) {
            ASSERT(child.parent == &process);
            ++children;
        }
        ASSERT(process.state != ProcessState::Zombie ||
               (process.children.empty() && process.threads.empty()));
        check_threads(process);
        others += process.state == ProcessState::Zombie ? 0 : thread_count(process) - 1;
        for (const Process& other : all_)
            ASSERT(other.group != process.group || other.session == process.session);
    }
    for (const std::uint32_t word : taken_)
        taken += static_cast<std::uint32_t>(std::popcount(word));
    ASSERT(others <= thread_ids_);
    ASSERT(count == count_ && taken == count_ + thread_ids_);
    ASSERT(count == 0 ? children == 0 : children == count - 1);
}

}  // namespace quire::kernel
