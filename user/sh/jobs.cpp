#include "user/sh/jobs.h"

#include <algorithm>

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
    if (place == nullptr) return nullptr;
    *place = Job{};
    place->is_used = true;
    place->number = number;
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
        if (!status.stopped()) *place = 0;
        if (pid == job.last || status.stopped()) job.status = status;
        const bool all_ended =
            std::all_of(job.processes.begin(), end, [](long p) { return p == 0; });
        if (!status.stopped() && !all_ended) return nullptr;
        job.state = all_ended ? Job::State::Ended : Job::State::Stopped;
        return &job;
    }
    return nullptr;
}

Job* Jobs::find(int number) {
    Job* found = nullptr;
    for (Job& job : jobs_)
        if (job.is_used &&
            (number == 0 ? found == nullptr || job.number > found->number : job.number == number))
            found = &job;
    return found;
}

}  // namespace quire::shell
