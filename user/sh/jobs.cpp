#include "user/sh/jobs.h"

#include <algorithm>

#include "user/sh/characters.h"

namespace quire::shell {

Job* Jobs::add(std::string_view text) {
    int number = 1;
    Job* place = nullptr;
    for (Job& job : jobs_) {
        if (job.is_used)
            number = std::max(number, job.number + 1);
        else if (place == nullptr)
            place = &job;
    }
    for (Job& job : jobs_)
        if (place == nullptr && job.has_ended()) place = &job;
    if (place == nullptr) return nullptr;
    *place = Job{};
    place->is_used = true;
    place->number = number;
    place->turn = ++turns_;
    const std::size_t length = std::min(text.size(), place->text.size() - 1);
    std::copy_n(text.begin(), length, place->text.begin());
    return place;
}

bool Jobs::add_process(Job& job, long pid) {
    if (job.count == Job::kMostProcesses) return false;
    if (job.count == 0) job.group = pid;
    job.processes[job.count++] = pid;
    job.last = pid;
    return true;
}

Job* Jobs::note(long pid, WaitStatus status) {
    for (Job& job : jobs_) {
        const auto end = job.processes.begin() + static_cast<std::ptrdiff_t>(job.count);
        const auto place = std::find(job.processes.begin(), end, pid);
        if (!job.is_used || place == end) continue;
        if (status.ended()) *place = 0;
        if (pid == job.last || status.stopped()) job.status = status;
        const bool all_ended =
            std::all_of(job.processes.begin(), end, [](long p) { return p == 0; });
        if (status.ended() && !all_ended) return nullptr;
        job.state = status.continued() ? Job::State::Running
                    : all_ended        ? Job::State::Ended
                                       : Job::State::Stopped;
        if (job.is_stopped()) job.turn = ++turns_;
        return &job;
    }
    return nullptr;
}

Job* Jobs::find_process(long pid) {
    for (Job& job : jobs_)
        if (job.is_used && job.last == pid) return &job;
    return nullptr;
}

/// What stopped is what a person wants back.
Job* Jobs::newest(const Job* apart_from) {
    Job* found = nullptr;
    for (Job& job : jobs_) {
        if (!job.is_used || &job == apart_from) continue;
        const bool is_better =
            found == nullptr ||
            (job.is_stopped() == found->is_stopped() ? job.turn > found->turn : job.is_stopped());
        if (is_better) found = &job;
    }
    return found;
}

char Jobs::mark(const Job& job) {
    const Job* const current = newest(nullptr);
    if (&job == current) return '+';
    return &job == newest(current) ? '-' : ' ';
}

Job* Jobs::find(std::string_view name) {
    if (name.empty() || name == "%" || name == "+") return newest(nullptr);
    if (name == "-") return newest(newest(nullptr));
    const bool is_number = is_digits(name);
    const bool is_piece = name.front() == '?';
    Job* found = nullptr;
    for (Job& job : jobs_) {
        const std::string_view text(job.text.data());
        const bool fits = is_number  ? job.number == to_number(name)
                          : is_piece ? text.find(name.substr(1)) != std::string_view::npos
                                     : text.starts_with(name);
        if (!job.is_used || !fits) continue;
        if (found != nullptr) return nullptr;
        found = &job;
    }
    return found;
}

}  // namespace quire::shell
