#include "user/sh/jobs.h"

#include <algorithm>
#include <new>

#include "user/sh/characters.h"

namespace quire::shell {

/// Where the next job goes.
Job& Jobs::free_place() {
    std::size_t count = 0;
    Job* ended = nullptr;
    Job** end = &first_;
    for (; Job* const job = *end; end = &job->next, ++count) {
        if (!job->is_used) return *job;
        if (job->has_ended() && (ended == nullptr || job->turn < ended->turn)) ended = job;
    }
    if (count >= kRemembered && ended != nullptr) return *ended;
    *end = new (store_.take(sizeof(Job))) Job;
    return **end;
}

Job& Jobs::add(std::string_view text) {
    Job& job = free_place();
    job.is_used = false;
    int number = 1;
    for_each([&](const Job& other) { number = std::max(number, other.number + 1); });
    Job* const next = job.next;
    job = Job{};
    job.next = next;
    job.is_used = true;
    job.number = number;
    job.turn = ++turns_;
    const std::size_t length = std::min(text.size(), job.text.size() - 1);
    std::copy_n(text.begin(), length, job.text.begin());
    return job;
}

bool Jobs::add_process(Job& job, long pid) {
    if (job.count == Job::kMostProcesses) return false;
    if (job.count == 0) job.group = pid;
    job.processes[job.count++] = pid;
    job.last = pid;
    return true;
}

Job* Jobs::note(long pid, WaitStatus status) {
    Job* const job = find_job([&](const Job& one) { return one.place_of(pid) != one.count; });
    if (job == nullptr) return nullptr;
    if (status.ended()) job->processes[job->place_of(pid)] = 0;
    if (pid == job->last || status.stopped()) job->status = status;
    const auto end = job->processes.begin() + static_cast<std::ptrdiff_t>(job->count);
    const bool all_ended = std::all_of(job->processes.begin(), end, [](long p) { return p == 0; });
    if (status.ended() && !all_ended) return nullptr;
    job->state = status.continued() ? Job::State::Running
                 : all_ended        ? Job::State::Ended
                                    : Job::State::Stopped;
    if (job->is_stopped()) job->turn = ++turns_;
    return job;
}

Job* Jobs::find_process(long pid) {
    return find_job([&](const Job& one) { return one.last == pid; });
}

/// What stopped is what a person wants back.
Job* Jobs::newest(const Job* apart_from) {
    Job* found = nullptr;
    for_each([&](Job& job) {
        const bool is_better =
            found == nullptr ||
            (job.is_stopped() == found->is_stopped() ? job.turn > found->turn : job.is_stopped());
        if (is_better && &job != apart_from) found = &job;
    });
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
    int count = 0;
    for_each([&](Job& job) {
        const std::string_view text(job.text.data());
        const bool fits = is_number  ? job.number == to_number(name)
                          : is_piece ? text.find(name.substr(1)) != std::string_view::npos
                                     : text.starts_with(name);
        if (!fits) return;
        found = &job;
        ++count;
    });
    return count == 1 ? found : nullptr;
}

}  // namespace quire::shell
