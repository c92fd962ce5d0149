// time [-p] COMMAND [ARGUMENT]...: runs the command, and tells on the standard error output how
// long it took and, without -p, what it cost in page faults. The command's exit status is ours: 128
// and its number after a signal, 127 if there is no such program, 126 if it cannot be run.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

constexpr long kMicrosecond = 1000, kMicroseconds = 1'000'000;

timeval now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return {time.tv_sec, time.tv_nsec / kMicrosecond};
}

timeval operator-(timeval end, timeval begin) {
    const long less = end.tv_usec < begin.tv_usec ? 1 : 0;
    return {end.tv_sec - begin.tv_sec - less, end.tv_usec - begin.tv_usec + less * kMicroseconds};
}

void tell(const char* what, timeval time) {
    fprintf(stderr, "%s %ld.%02ld\n", what, static_cast<long>(time.tv_sec),
            static_cast<long>(time.tv_usec / 10'000));
}

[[noreturn]] void become(char** command) {
    execvp(command[0], command);
    const bool missing = errno == ENOENT;
    complain(command[0]);
    _exit(missing ? 127 : 126);
}

int code_of(int status) {
    if (!WIFSIGNALED(status)) return WEXITSTATUS(status);
    fprintf(stderr, "%s: %s\n", tool_name(), strsignal(WTERMSIG(status)));
    return 128 + WTERMSIG(status);
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "+p", "[-p] COMMAND [ARGUMENT]...", 125);
    options.need(1);
    const timeval begin = now();
    const pid_t child = fork();
    if (child < 0) return complain("fork");
    if (child == 0) become(options.operands().data());
    signal(SIGINT, SIG_IGN);  // Ctrl-C ends the command, and its time is told
    signal(SIGQUIT, SIG_IGN);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    const timeval real = now() - begin;
    rusage used{};
    getrusage(RUSAGE_CHILDREN, &used);
    const int code = code_of(status);
    tell("real", real);
    tell("user", used.ru_utime);
    tell("sys", used.ru_stime);
    if (!options.has('p'))
        fprintf(stderr, "faults %ld minor, %ld major\n", used.ru_minflt, used.ru_majflt);
    return code;
}
