// What the shell has started: a job is a pipeline, a process group of its own.
//
//     [1]  group 12:  12 running, 13 ended, 14 running        sleep 9 | sort | cat &
//
// Pure bookkeeping: whoever waits for processes says so with note().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quire::shell {

/// What wait4(2) says of a process.
class WaitStatus {
  public:
    explicit WaitStatus(int bits) : bits_(bits) {}
    [[nodiscard]] bool stopped() const { return (bits_ & 0xFF) == 0x7F; }
    [[nodiscard]] bool killed() const { return !stopped() && (bits_ & 0x7F) != 0; }
    [[nodiscard]] int signal() const { return stopped() ? bits_ >> 8 & 0xFF : bits_ & 0x7F; }
    /// What $? shows: the exit code, or 128 + signal.
    [[nodiscard]] int code() const {
        return stopped() || killed() ? 128 + signal() : bits_ >> 8 & 0xFF;
    }

  private:
    int bits_;
};

struct Job {
    static constexpr std::size_t kMostProcesses = 16;
    enum class State : std::uint8_t { Running, Stopped, Ended };

    bool is_used = false;
    int number = 0;
    long group = 0;
    std::array<long, kMostProcesses> processes{};  // 0: ended
    std::size_t count = 0;
    long last = 0;  // the process whose status is the job's
    WaitStatus status{0};
    State state = State::Running;
    std::array<char, 64> text{};

    [[nodiscard]] bool has_ended() const { return state == State::Ended; }
};

class Jobs {
  public:
    static constexpr std::size_t kMost = 32;

    /// nullptr: too many.
    Job* add(std::string_view text);
    /// False: the job has too many processes.
    bool add_process(Job& job, long pid);
    void remove(Job& job) { job.is_used = false; }
    /// A process has changed. The job it belongs to, if that has changed by it; else nullptr.
    Job* note(long pid, WaitStatus status);
    /// Number 0: the newest. nullptr: none.
    [[nodiscard]] Job* find(int number);
    /// In a child: they are not its own.
    void forget() { jobs_ = {}; }

    template <typename Visitor>
    void for_each(Visitor visit) {
        for (Job& job : jobs_)
            if (job.is_used) visit(job);
    }

  private:
    std::array<Job, kMost> jobs_;
};

}  // namespace quire::shell
