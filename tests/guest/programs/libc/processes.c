// The C library's calls for processes, signals and time; setjmp, and the environment.
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <malloc.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/guest/programs/libc/complaint.h"

TEST(children_are_waited_for) {
    int status = -1;
    const pid_t child = fork();
    if (child == 0) _exit(7);
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7 && !WIFSIGNALED(status));
    const pid_t killed = fork();
    if (killed == 0)
        for (;;)
            pause();
    CHECK_EQUAL(waitpid(killed, &status, WNOHANG), 0);
    CHECK_EQUAL(kill(killed, SIGSTOP), 0);
    CHECK_EQUAL(waitpid(killed, &status, WUNTRACED), killed);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    CHECK_EQUAL(kill(killed, SIGKILL), 0);
    CHECK_EQUAL(wait(&status), killed);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !WIFEXITED(status));
    CHECK_EQUAL(wait(&status), -1);
    CHECK_EQUAL(errno, ECHILD);
}

/// What a child writes that calls `start`, which becomes another program.
static const char* output_of(void (*start)(void)) {
    static char text[256];
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        start();
        dprintf(STDOUT_FILENO, "errno %d", errno);
        _exit(1);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got; (got = read(ends[0], text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    waitpid(child, NULL, 0);
    return text;
}

static void start_by_path(void) {
    execl("/bin/echo", "echo", "by", "path", (char*)NULL);
}
static void start_by_name(void) {
    setenv("PATH", "/nowhere:/bin", 1);
    execlp("echo", "echo", "by", "name", (char*)NULL);
}
static void start_nobody(void) {
    char* const arguments[] = {"nobody", NULL};
    execvp("no-such-program", arguments);
}
static void start_what_is_no_program(void) {
    char* const arguments[] = {"etc", NULL};
    setenv("PATH", "/:/nowhere", 1);
    execvp("etc", arguments);
}

static void start_a_script(void) {
    const int file = open("/tmp/script", O_WRONLY | O_CREAT | O_TRUNC, 0700);
    dprintf(file, "echo $0 $1 $#\n");
    close(file);
    setenv("PATH", "/nowhere:/tmp", 1);
    execlp("script", "name", "one", "two", (char*)NULL);
}

TEST(the_exec_family) {
    CHECK(strcmp(output_of(start_a_script), "/tmp/script one 2\n") == 0);
    CHECK_EQUAL(unlink("/tmp/script"), 0);
    CHECK(strcmp(output_of(start_by_path), "by path\n") == 0);
    CHECK(strcmp(output_of(start_by_name), "by name\n") == 0);
    CHECK(strcmp(output_of(start_nobody), "errno 2") == 0);
    CHECK(strcmp(output_of(start_what_is_no_program), "errno 13") == 0);
}

TEST(the_shell_runs_a_line) {
    CHECK(system(NULL) != 0);
    CHECK_EQUAL(WEXITSTATUS(system("exit 5")), 5);
    CHECK_EQUAL(system("true"), 0);
}

static void know_more(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info, (void)context;
}

TEST(a_line_leaves_handlers_as_they_are) {
    struct sigaction action, now;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = know_more;
    action.sa_flags = SA_SIGINFO;
    sigaddset(&action.sa_mask, SIGUSR1);
    CHECK_EQUAL(sigaction(SIGINT, &action, NULL), 0);
    CHECK_EQUAL(system("true"), 0);
    CHECK_EQUAL(sigaction(SIGINT, NULL, &now), 0);
    CHECK(now.sa_sigaction == know_more);
    CHECK((now.sa_flags & SA_SIGINFO) != 0 && (now.sa_flags & SA_RESTART) == 0);
    CHECK_EQUAL(sigismember(&now.sa_mask, SIGUSR1), 1);
    signal(SIGINT, SIG_DFL);
}

TEST(the_environment_changes) {
    CHECK_EQUAL(clearenv(), 0);
    CHECK(getenv("ONE") == NULL);
    CHECK_EQUAL(setenv("ONE", "1", 0), 0);
    CHECK_EQUAL(setenv("TWO", "2", 0), 0);
    CHECK_EQUAL(setenv("ONE", "other", 0), 0);
    CHECK(strcmp(getenv("ONE"), "1") == 0);
    const size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 1000; ++i)
        CHECK_EQUAL(setenv("ONE", i % 2 == 0 ? "longer than that" : "", 1), 0);
    CHECK(strcmp(getenv("ONE"), "") == 0);
    CHECK(mallinfo2().uordblks < before + 100);  // what was replaced is given back
    static char entry[] = "THREE=3";
    CHECK_EQUAL(putenv(entry), 0);
    entry[6] = '4';
    CHECK(strcmp(getenv("THREE"), "4") == 0);
    CHECK_EQUAL(unsetenv("ONE"), 0);
    CHECK(getenv("ONE") == NULL && strcmp(getenv("TWO"), "2") == 0);
    errno = 0;
    CHECK_EQUAL(setenv("", "x", 1), -1);
    CHECK_EQUAL(errno, EINVAL);
    CHECK_EQUAL(setenv("A=B", "x", 1), -1);
    CHECK_EQUAL(unsetenv("A=B"), -1);
    CHECK(strcmp(environ[0], "TWO=2") == 0 && strcmp(environ[1], "THREE=4") == 0);
    CHECK(environ[2] == NULL);
}

static volatile sig_atomic_t caught;
static void catch_it(int signal) {
    caught = signal;
}
static void catch_with_info(int signal, siginfo_t* told, void* context) {
    caught = signal + (told->si_pid == getpid() && context != NULL ? 100 : 0);
}

TEST(signals_are_caught) {
    CHECK(signal(SIGUSR1, catch_it) == SIG_DFL);
    CHECK_EQUAL(raise(SIGUSR1), 0);
    CHECK_EQUAL(caught, SIGUSR1);
    CHECK(signal(SIGUSR1, SIG_IGN) == catch_it);
    CHECK_EQUAL(raise(SIGUSR1), 0);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = catch_with_info;
    action.sa_flags = SA_SIGINFO;
    CHECK_EQUAL(sigaction(SIGUSR2, &action, NULL), 0);
    CHECK_EQUAL(kill(getpid(), SIGUSR2), 0);
    CHECK_EQUAL(caught, 100 + SIGUSR2);
    CHECK_EQUAL(sigaction(SIGKILL, &action, NULL), -1);
    CHECK_EQUAL(errno, EINVAL);
    CHECK(signal(99, catch_it) == SIG_ERR);
}

TEST(signals_wait_behind_a_mask) {
    sigset_t set, before, waiting;
    caught = 0;
    signal(SIGUSR1, catch_it);
    CHECK_EQUAL(sigemptyset(&set), 0);
    CHECK_EQUAL(sigaddset(&set, SIGUSR1), 0);
    CHECK_EQUAL(sigaddset(&set, 64), 0);
    CHECK_EQUAL(sigismember(&set, 64), 1);
    CHECK_EQUAL(sigdelset(&set, 64), 0);
    CHECK_EQUAL(sigismember(&set, 64), 0);
    CHECK_EQUAL(sigaddset(&set, 65), -1);
    CHECK_EQUAL(sigprocmask(SIG_BLOCK, &set, &before), 0);
    raise(SIGUSR1);
    CHECK_EQUAL(caught, 0);
    CHECK_EQUAL(sigpending(&waiting), 0);
    CHECK_EQUAL(sigismember(&waiting, SIGUSR1), 1);
    CHECK_EQUAL(sigsuspend(&before), -1);
    CHECK_EQUAL(errno, EINTR);
    CHECK_EQUAL(caught, SIGUSR1);
    raise(SIGUSR1);
    int which = 0;
    CHECK_EQUAL(sigwait(&set, &which), 0);
    CHECK_EQUAL(which, SIGUSR1);
    CHECK_EQUAL(sigprocmask(SIG_SETMASK, &before, NULL), 0);
    CHECK(strcmp(strsignal(SIGSEGV), "Segmentation fault") == 0);
    CHECK(strcmp(strsignal(40), "Real-time signal 8") == 0);
    CHECK(strcmp(strsignal(0), "Unknown signal 0") == 0);
}

static jmp_buf place;
static sigjmp_buf place_with_mask;
__attribute__((noinline)) static void jump_from_deep(int value) {
    longjmp(place, value);
}
__attribute__((noinline)) static void jump(int value) {
    jump_from_deep(value);
}
static void jump_out(int signal) {
    siglongjmp(place_with_mask, signal);
}

TEST(jumps_go_back) {
    volatile int rounds = 0;
    const int came = setjmp(place);
    ++rounds;
    if (came == 0) jump(42);
    if (came == 42) jump(0);
    CHECK_EQUAL(came, 1);
    CHECK_EQUAL(rounds, 3);
    signal(SIGSEGV, jump_out);
    volatile int faults = 0;
    if (sigsetjmp(place_with_mask, 1) == SIGSEGV) ++faults;
    if (faults < 3) *(volatile int*)16 = 1;  // caught again only if the mask has come back
    CHECK_EQUAL(faults, 3);
    signal(SIGSEGV, SIG_DFL);
}

TEST(clocks_and_sleep) {
    struct timespec before, after, rest = {0, 20000000};
    CHECK_EQUAL(clock_gettime(CLOCK_MONOTONIC, &before), 0);
    CHECK_EQUAL(nanosleep(&rest, NULL), 0);
    CHECK_EQUAL(clock_gettime(CLOCK_MONOTONIC, &after), 0);
    CHECK((after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec >=
          20000000);
    CHECK_EQUAL(clock_gettime(77, &after), -1);
    time_t now = 0;
    CHECK(time(&now) == now && now > 1000000000);
    struct timeval day;
    CHECK_EQUAL(gettimeofday(&day, NULL), 0);
    CHECK(day.tv_sec - now <= 1);
    CHECK(clock() >= 0);
    struct tm date;
    CHECK(mktime(localtime_r(&now, &date)) == now);
    CHECK_EQUAL(usleep(1000), 0);
    CHECK_EQUAL(alarm(100), 0);
    CHECK(alarm(0) > 98);
}

static volatile int rung = 0;
static void ring(int signal) {
    rung = signal;
    alarm(1);  // again, if nobody slept yet
}

TEST(who_sleeps_for_longer_than_a_time_can_be_sleeps) {
    signal(SIGALRM, ring);
    alarm(1);
    const unsigned left = sleep(4000000000U);
    CHECK_EQUAL(rung, SIGALRM);
    CHECK(left <= 4000000000U && left > 3000000000U);
    alarm(0);
    signal(SIGALRM, SIG_DFL);
}

TEST(who_and_where) {
    struct utsname told;
    CHECK_EQUAL(uname(&told), 0);
    CHECK(told.sysname[0] != '\0' && told.machine[0] == 'i' ? 1 : told.machine[0] != '\0');
    char name[65];
    CHECK_EQUAL(gethostname(name, sizeof name), 0);
    CHECK(strcmp(name, told.nodename) == 0);
    CHECK_EQUAL(gethostname(name, 2), -1);
    CHECK_EQUAL(errno, ENAMETOOLONG);
    const struct passwd* const root = getpwuid(0);
    CHECK(root != NULL && strcmp(root->pw_name, "root") == 0);
    CHECK(getpwnam("root") != NULL && getpwnam("nobody-at-all") == NULL);
    CHECK(getgrgid(0) != NULL && strcmp(getgrgid(0)->gr_name, "root") == 0);
    CHECK_EQUAL(getpriority(PRIO_PROCESS, 0), 0);
    struct rusage used;
    CHECK_EQUAL(getrusage(RUSAGE_SELF, &used), 0);
    struct rlimit limit;
    CHECK_EQUAL(getrlimit(RLIMIT_STACK, &limit), 0);
    CHECK(limit.rlim_cur >= 4096);
    CHECK_EQUAL(getpgid(0), getpgrp());
    CHECK(getsid(0) > 0 && sysconf(_SC_CLK_TCK) == 100);
}

static void fail_an_assertion(long number) {
    assert(number == 1);
}

TEST(assertions) {
    assert(1 == 1);
    const struct Complaint complaint = complaint_of(fail_an_assertion, 2);
    CHECK_EQUAL(complaint.status & 0x7F, SIGABRT);
    CHECK(strstr(complaint.text, "processes.c:") != NULL);
    CHECK(strstr(complaint.text, "fail_an_assertion: assertion 'number == 1' does not hold\n") !=
          NULL);
}

TEST(texts_into_memory) {
    char* text = NULL;
    CHECK_EQUAL(asprintf(&text, "%d and %s", 5, "six"), 9);
    CHECK(strcmp(text, "5 and six") == 0);
    free(text);
    char room[16];
    CHECK_EQUAL(sprintf(room, "%#x", 255), 4);
    CHECK(strcmp(room, "0xff") == 0);
    CHECK_EQUAL(strerror_r(ENOENT, room, sizeof room), ERANGE);
    CHECK_EQUAL(strerror_r(ENOENT, (char[40]){0}, 40), 0);
    CHECK(strcasecmp("Quire", "qUIRE") == 0 && isupper('Q') && LONG_MAX == INT_MAX);
    errno = 0;
    CHECK(strtol("99999999999", NULL, 10) == LONG_MAX && errno == ERANGE);
}
