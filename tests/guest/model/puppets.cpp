#include "tests/guest/model/puppets.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/host/formatted.h"

namespace quire::test {

namespace {

constexpr uid_t kOrdinaryUser = 1000;

void fail(const char* what) {
    std::perror(what);
    std::exit(2);
}

// A pipe of which one end gets a number that puppets know, and the other stays here.
int make_pipe(int theirs, bool they_read) {
    int ends[2];
    if (pipe(ends) != 0) fail("pipe");
    const int own = ends[they_read ? 1 : 0], other = ends[they_read ? 0 : 1];
    const int kept = fcntl(own, F_DUPFD_CLOEXEC, kPuppetFiles + 20);
    if (kept < 0 || dup2(other, theirs) < 0) fail("dup");
    close(own);
    close(other);
    return kept;
}

}  // namespace

Puppets::Puppets(std::string program) : program_(std::move(program)) {
    for (std::uint32_t i = 0; i < kProcesses; ++i) {
        commands_[i] = make_pipe(static_cast<int>(kPuppetCommands + 2 * i), true);
        answers_[i] = make_pipe(static_cast<int>(kPuppetAnswers + 2 * i), false);
    }
    int ends[2];
    if (pipe(ends) != 0 || dup2(ends[0], kPuppetPipe) < 0 || dup2(ends[1], kPuppetPipe + 1) < 0)
        fail("pipe");
    close(ends[0]);
    close(ends[1]);
}

Puppets::~Puppets() {
    for (std::uint32_t i = 0; i < kProcesses; ++i)
        if (exists(i)) exit(i);
    for (std::uint32_t i = 0; i < kProcesses; ++i) {
        close(commands_[i]);
        close(answers_[i]);
        close(static_cast<int>(kPuppetCommands + 2 * i));
        close(static_cast<int>(kPuppetAnswers + 2 * i));
    }
    close(kPuppetPipe);
    close(kPuppetPipe + 1);
}

void Puppets::become(std::uint32_t number) const {
    const auto unlimited = static_cast<rlim_t>(RLIM_INFINITY);
    const rlimit stack{8 << 20, unlimited}, locked{8 << 20, unlimited};
    setrlimit(RLIMIT_STACK, &stack);
    setrlimit(RLIMIT_MEMLOCK, &locked);
    const int adjustment = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    (void)!write(adjustment, "1000", 4);
    (void)!setresuid(static_cast<uid_t>(-1), kOrdinaryUser, 0);
    const std::string digit = std::to_string(number);
    char* arguments[] = {const_cast<char*>("puppet"), const_cast<char*>(digit.c_str()), nullptr};
    char* environment[] = {nullptr};
    execve(program_.c_str(), arguments, environment);
    std::perror(program_.c_str());
    _exit(95);
}

bool Puppets::spawn(std::uint32_t number) {
    const pid_t pid = ::fork();
    if (pid == 0) become(number);
    if (pid < 0) return false;
    pids_[number] = pid;
    looks_[number] = std::make_unique<ProcessLook>(pid);
    PuppetAnswer ready{};
    if (more(number, &ready, sizeof ready) &&
        ready.result == static_cast<std::int32_t>(kPuppetBreak)) {
        // The files of the process that it was before are of no use.
        looks_[number] = std::make_unique<ProcessLook>(pid);
        return true;
    }
    exit(number);
    return false;
}

std::optional<PuppetAnswer> Puppets::fork(std::uint32_t number, std::uint32_t child) {
    const auto answer = command(number, {kPuppetFork, {child}});
    if (answer.has_value() && answer->result > 0) {
        pids_[child] = answer->result;
        looks_[child] = std::make_unique<ProcessLook>(pids_[child]);
    }
    return answer;
}

// One that was spawned is our child; one that was forked goes by itself (its parent ignores
// SIGCHLD, and so does it), or is left to init.
bool Puppets::is_alive(std::uint32_t number) const {
    waitpid(pids_[number], nullptr, WNOHANG);
    const std::string text = whole_text(formatted("/proc/%d/stat", pids_[number]).c_str());
    const std::size_t name_end = text.rfind(") ");
    return name_end != std::string::npos && text[name_end + 2] != 'Z';
}

void Puppets::exit(std::uint32_t number) {
    const PuppetBatch end{1, {{kPuppetExit, {}}}};
    (void)!write(commands_[number], &end, sizeof end);
    while (is_alive(number))
        sched_yield();
    // What it had not read is nobody's.
    PuppetBatch dropped;
    const int pipe = static_cast<int>(kPuppetCommands + 2 * number);
    pollfd waiting{pipe, POLLIN, 0};
    while (poll(&waiting, 1, 0) == 1 && read(pipe, &dropped, sizeof dropped) > 0) {
    }
    looks_[number].reset();
    forget_pages();
}

void Puppets::forget_pages() {
    for (const auto& look : looks_)
        if (look != nullptr) look->forget();
}

// Empty: it is no more.
std::vector<PuppetAnswer> Puppets::exchange(std::uint32_t number,
                                            const std::vector<PuppetCommand>& commands) {
    forget_pages();
    PuppetBatch batch{static_cast<std::uint32_t>(commands.size()), {}};
    std::copy(commands.begin(), commands.end(), batch.commands);
    std::vector<PuppetAnswer> answers(commands.size());
    if (write(commands_[number], &batch, sizeof batch) != sizeof batch ||
        !more(number, answers.data(), answers.size() * sizeof(PuppetAnswer)))
        answers.clear();
    return answers;
}

void Puppets::ahead(std::uint32_t number, const std::vector<PuppetCommand>& commands) {
    const std::vector<PuppetAnswer> answers = exchange(number, commands);
    for (const PuppetAnswer& answer : answers)
        done_ahead_.push_back(answer);
    if (answers.empty()) done_ahead_.assign(commands.size(), std::nullopt);
}

std::optional<PuppetAnswer> Puppets::command(std::uint32_t number, const PuppetCommand& command) {
    std::optional<PuppetAnswer> answer;
    if (!done_ahead_.empty()) {
        answer = done_ahead_.front();
        done_ahead_.pop_front();
        return answer;
    }
    const std::vector<PuppetAnswer> answers = exchange(number, {command});
    if (!answers.empty()) answer = answers.front();
    return answer;
}

std::optional<PuppetAnswer> Puppets::call(std::uint32_t number, std::uint32_t call,
                                          const std::array<std::uint32_t, 6>& a) {
    return command(number, {kPuppetCall, {call, a[0], a[1], a[2], a[3], a[4], a[5]}});
}

bool Puppets::more(std::uint32_t number, void* bytes, std::size_t count) {
    auto* to = static_cast<char*>(bytes);
    while (count != 0) {
        pollfd waiting{answers_[number], POLLIN, 0};
        if (poll(&waiting, 1, 2000) == 1) {
            const ssize_t got = read(answers_[number], to, count);
            if (got <= 0) return false;
            to += got;
            count -= static_cast<std::size_t>(got);
        } else if (!is_alive(number)) {
            return false;
        }
    }
    return true;
}

}  // namespace quire::test
