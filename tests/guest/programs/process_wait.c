// wait4, waitpid and waitid: what a parent learns of its children, and when.
#include <asm/errno.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/resource.h>
#include <linux/wait.h>

#include "tests/guest/programs/tap.h"

struct WaitInfo {
    int signal, error, code, pid, user, status, room[26];
};

static void end_with(int code) {
    system_call(__NR_exit_group, code);
}

static long child_that_ends_with(int code) {
    const long child = system_call(__NR_fork);
    if (child == 0) end_with(code);
    return child;
}

// Lives until it is killed.
static long sleeping_child(void) {
    const long child = system_call(__NR_fork);
    if (child == 0)
        for (;;)
            system_call(__NR_pause);
    return child;
}

static void kill_and_reap(long child) {
    system_call(__NR_kill, child, SIGKILL);
    CHECK_EQUAL(system_call(__NR_wait4, child, 0, 0, 0), child);
}

TEST(without_children_there_is_nobody) {
    CHECK_EQUAL(system_call(__NR_wait4, -1, 0, 0, 0), -ECHILD);
    CHECK_EQUAL(system_call(__NR_waitpid, -1, 0, WNOHANG), -ECHILD);
    CHECK_EQUAL(system_call(__NR_waitid, P_ALL, 0, 0, WEXITED, 0), -ECHILD);
    CHECK_EQUAL(system_call(__NR_wait4, 1, 0, 0, 0), -ECHILD);
    CHECK_EQUAL(system_call(__NR_wait4, 0, 0, 0, 0), -ECHILD);
    CHECK_EQUAL(system_call(__NR_wait4, -30000, 0, 0, 0), -ECHILD);
}

TEST(what_makes_no_sense_is_refused) {
    CHECK_EQUAL(system_call(__NR_wait4, -1, 0, 0x10, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_wait4, -1, 0, WEXITED, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_wait4, 0x80000000, 0, 0, 0), -ESRCH);
    CHECK_EQUAL(system_call(__NR_waitid, P_ALL, 0, 0, 0, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_waitid, P_ALL, 0, 0, WNOHANG, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_waitid, P_ALL, 0, 0, WEXITED | 0x10, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_waitid, P_PID, 0, 0, WEXITED, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_waitid, P_PID, -1, 0, WEXITED, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_waitid, P_PGID, -1, 0, WEXITED, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_waitid, 9, 1, 0, WEXITED, 0), -EINVAL);
}

TEST(a_status_says_how_it_ended) {
    int status = -1;
    const long child = child_that_ends_with(0x1FE);
    CHECK_EQUAL(system_call(__NR_waitpid, child, &status, 0), child);
    CHECK_EQUAL(status, 0xFE00);
    const long killed = sleeping_child();
    system_call(__NR_kill, killed, SIGTERM);
    CHECK_EQUAL(system_call(__NR_wait4, killed, &status, 0, 0), killed);
    CHECK_EQUAL(status, SIGTERM);
}

TEST(who_does_not_hang_hears_nothing_yet) {
    int status = 77;
    const long child = sleeping_child();
    CHECK_EQUAL(system_call(__NR_wait4, child, &status, WNOHANG, 0), 0);
    CHECK_EQUAL(status, 77);
    struct WaitInfo info = {1, 1, 1, 1, 1, 1, {0}};
    CHECK_EQUAL(system_call(__NR_waitid, P_PID, child, &info, WEXITED | WNOHANG, 0), 0);
    CHECK_EQUAL(info.signal, 0);
    CHECK_EQUAL(info.pid, 0);
    kill_and_reap(child);
}

TEST(waits_for_one_of_a_group) {
    const long other = child_that_ends_with(1);
    const long child = sleeping_child();
    CHECK_EQUAL(system_call(__NR_setpgid, child, child), 0);
    CHECK_EQUAL(system_call(__NR_wait4, -child, 0, WNOHANG, 0), 0);
    system_call(__NR_kill, child, SIGKILL);
    CHECK_EQUAL(system_call(__NR_wait4, -child, 0, 0, 0), child);
    CHECK_EQUAL(system_call(__NR_wait4, -child, 0, 0, 0), -ECHILD);
    CHECK_EQUAL(system_call(__NR_wait4, 0, 0, 0, 0), other);
}

TEST(waitid_tells_all_and_can_leave_it) {
    struct WaitInfo info;
    const long child = child_that_ends_with(9);
    CHECK_EQUAL(system_call(__NR_waitid, P_PID, child, &info, WEXITED | WNOWAIT, 0), 0);
    CHECK_EQUAL(info.signal, SIGCHLD);
    CHECK_EQUAL(info.error, 0);
    CHECK_EQUAL(info.code, 1);  // CLD_EXITED
    CHECK_EQUAL(info.pid, child);
    CHECK_EQUAL(info.status, 9);
    info.status = 0;
    CHECK_EQUAL(system_call(__NR_waitid, P_ALL, 0, &info, WEXITED, 0), 0);
    CHECK_EQUAL(info.status, 9);
    CHECK_EQUAL(system_call(__NR_waitid, P_PID, child, &info, WEXITED, 0), -ECHILD);
}

TEST(stops_and_continues_are_told) {
    int status = 0;
    struct WaitInfo info;
    const long child = sleeping_child();
    system_call(__NR_kill, child, SIGSTOP);
    CHECK_EQUAL(system_call(__NR_wait4, child, &status, WUNTRACED, 0), child);
    CHECK_EQUAL(status, SIGSTOP << 8 | 0x7F);
    CHECK_EQUAL(system_call(__NR_wait4, child, &status, WUNTRACED | WNOHANG, 0), 0);
    system_call(__NR_kill, child, SIGCONT);
    CHECK_EQUAL(system_call(__NR_waitid, P_PID, child, &info, WCONTINUED, 0), 0);
    CHECK_EQUAL(info.code, 6);  // CLD_CONTINUED
    CHECK_EQUAL(info.status, SIGCONT);
    system_call(__NR_kill, child, SIGSTOP);
    CHECK_EQUAL(system_call(__NR_waitid, P_PID, child, &info, WSTOPPED, 0), 0);
    CHECK_EQUAL(info.code, 5);  // CLD_STOPPED
    CHECK_EQUAL(info.status, SIGSTOP);
    kill_and_reap(child);
}

static void fork_and_leave(long pipe_end) {
    const long orphan = system_call(__NR_fork);
    if (orphan != 0) end_with(0);
    while (system_call(__NR_getppid) != 1)
        system_call(__NR_sched_yield);
    system_call(__NR_write, pipe_end, "1", 1);
    end_with(0);
}

TEST(orphans_become_children_of_init) {
    int ends[2];
    char byte = 0;
    REQUIRE(system_call(__NR_pipe, ends) == 0);
    const long child = system_call(__NR_fork);
    if (child == 0) fork_and_leave(ends[1]);
    system_call(__NR_close, ends[1]);
    CHECK_EQUAL(system_call(__NR_wait4, child, 0, 0, 0), child);
    CHECK_EQUAL(system_call(__NR_read, ends[0], &byte, 1), 1);
    CHECK_EQUAL(byte, '1');
    CHECK_EQUAL(system_call(__NR_wait4, -1, 0, 0, 0), -ECHILD);
}

struct KernelAction {
    unsigned long handler, flags, restorer, mask[2];
};

TEST(who_ignores_sigchld_gets_no_zombies) {
    const struct KernelAction ignore = {1, 0, 0, {0, 0}};
    REQUIRE(system_call(__NR_rt_sigaction, SIGCHLD, &ignore, 0, 8) == 0);
    const long child = child_that_ends_with(3);
    CHECK_EQUAL(system_call(__NR_wait4, child, 0, 0, 0), -ECHILD);
}

TEST(usage_is_that_of_the_child) {
    struct rusage usage, before, after;
    static volatile int touched;
    CHECK_EQUAL(system_call(__NR_getrusage, RUSAGE_CHILDREN, &before), 0);
    const long child = system_call(__NR_fork);
    if (child == 0) {
        touched = 1;  // a page that it shares with its parent so far
        end_with(touched - 1);
    }
    CHECK_EQUAL(system_call(__NR_wait4, child, 0, 0, &usage), child);
    CHECK(usage.ru_minflt > 0);
    CHECK_EQUAL(system_call(__NR_getrusage, RUSAGE_CHILDREN, &after), 0);
    CHECK_EQUAL(after.ru_minflt - before.ru_minflt, usage.ru_minflt);
}

// A clone() whose end is told by no SIGCHLD.
TEST(clone_children_are_waited_for_by_name) {
    const long child = system_call(__NR_clone, 0, 0, 0, 0, 0);
    if (child == 0) end_with(4);
    int status = 0;
    CHECK_EQUAL(system_call(__NR_wait4, -1, &status, 0, 0), -ECHILD);
    CHECK_EQUAL(system_call(__NR_wait4, -1, &status, __WCLONE, 0), child);
    CHECK_EQUAL(status, 4 << 8);
}

TEST(a_child_may_end_with_a_signal_that_there_is_not) {
    static const int none[] = {65, 100, 255};
    for (unsigned i = 0; i < sizeof none / sizeof *none; ++i) {
        const long child = system_call(__NR_clone, none[i], 0, 0, 0, 0);
        if (child == 0) end_with(0);
        int status = -1;
        CHECK_EQUAL(system_call(__NR_wait4, -1, &status, __WCLONE, 0), child);
        CHECK_EQUAL(status, 0);
    }
}
