// What the shell has started: a job is a pipeline, a process group of its own.
//
//     [1]  group 12:  12 running, 13 ended, 14 running        sleep 9 | sort | cat &
//
// Pure bookkeeping: whoever waits for processes says so with note().
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/abi/termios.h"
#include "user/sh/store.h"

namespace quire::shell {

/// What wait4(2) says of a process.
class WaitStatus {
  public:
    explicit WaitStatus(int bits) : bits_(bits) {}
    [[nodiscard]] bool stopped() const { return (bits_ & 0xFF) == 0x7F; }
    [[nodiscard]] bool continued() const { return bits_ == 0xFFFF; }
    [[nodiscard]] bool ended() const { return !stopped() && !continued(); }
    [[nodiscard]] bool killed() const { return ended() && (bits_ & 0x7F) != 0; }
    [[nodiscard]] int signal() const { return stopped() ? bits_ >> 8 & 0xFF : bits_ & 0x7F; }
    /// What $? shows: the exit code, or 128 + signal.
    [[nodiscard]] int code() const {
        return stopped() || killed() ? 128 + signal() : bits_ >> 8 & 0xFF;
    }

  private:
    int bits_;
};

struct Job {
    static constexpr std::size_t kMostProcesses = 32;
    enum class State : std::uint8_t { Running, Stopped, Ended };

    Job* next = nullptr;
    bool is_used = false;
    int number = 0;
    long group = 0;
    std::array<long, kMostProcesses> processes{};  // 0: ended
    std::size_t count = 0;
    long last = 0;  // the process whose status is the job's
    WaitStatus status{0};
    State state = State::Running;
    std::size_t turn = 0;               // when it was started, or stopped
    bool in_background = false;         // somebody may wait for it
    std::optional<abi::Termios> modes;  // of the terminal, when it stopped
    std::array<char, 64> text{};

    [[nodiscard]] bool has_ended() const { return state == State::Ended; }
    [[nodiscard]] bool is_stopped() const { return state == State::Stopped; }
    /// Which of the processes it is; `count`: none.
    [[nodiscard]] std::size_t place_of(long pid) const {
        const auto end = processes.begin() + static_cast<std::ptrdiff_t>(count);
        return static_cast<std::size_t>(std::find(processes.begin(), end, pid) - processes.begin());
    }
};

class Jobs {
  public:
    explicit Jobs(Store& store) : store_(store) {}
    Jobs(const Jobs&) = delete;
    Jobs& operator=(const Jobs&) = delete;

    /// Of more jobs than these, that which began first of those that have ended is forgotten.
    static constexpr std::size_t kRemembered = 128;

    Job& add(std::string_view text);
    /// False: the job has too many processes.
    bool add_process(Job& job, long pid);
    void remove(Job& job) { job.is_used = false; }
    /// A process has changed. The job it belongs to, if that has changed by it; else nullptr.
    Job* note(long pid, WaitStatus status);
    /// There are no children: with SIGCHLD ignored the kernel does not tell how they end.
    void note_none_left() {
        for_each([](Job& job) { job.state = Job::State::Ended; });
    }
    /// What stands behind the % of a name: a number, the start of the command, or, behind a ?, any
    /// piece of it. Nothing, % and + are the current job: the one that stopped last, else the one
    /// that started last; - is the one before. nullptr: none, or more than one.
    [[nodiscard]] Job* find(std::string_view name);
    /// '+': the current job; '-': the one before; ' ': any other.
    [[nodiscard]] char mark(const Job& job);
    /// The job whose last process it is; nullptr: none.
    [[nodiscard]] Job* find_process(long pid);
    [[nodiscard]] bool has_stopped() {
        const Job* const current = newest(nullptr);
        return current != nullptr && current->is_stopped();
    }
    /// In a child: they are not its own.
    void forget() { first_ = nullptr; }

    /// visit() may remove the job, and add others.
    template <typename Visitor>
    void for_each(Visitor visit) {
        for (Job* job = first_; job != nullptr; job = job->next)
            if (job->is_used) visit(*job);
    }

  private:
    /// The first one of which it is true, or nullptr.
    template <typename Predicate>
    Job* find_job(Predicate is_it) {
        Job* found = nullptr;
        for_each([&](Job& job) {
            if (found == nullptr && is_it(job)) found = &job;
        });
        return found;
    }
    Job& free_place();
    [[nodiscard]] Job* newest(const Job* apart_from);

    Store& store_;
    Job* first_ = nullptr;  // also those that are gone, whose places others get
    std::size_t turns_ = 0;
};

}  // namespace quire::shell
