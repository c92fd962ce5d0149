// Sending signals: to processes, groups, threads, with a value; and who may.
#include "tests/guest/programs/signal_support.h"

static volatile int calls;
static siginfo_t seen;

static void look(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)context;
    ++calls;
    seen = *info;
}

static long self(void) {
    return system_call(SYS_getpid);
}

// A child that waits to be ended.
static long start_child(void) {
    const long child = system_call(SYS_fork);
    if (child == 0)
        for (;;)
            system_call(SYS_pause);
    return child;
}
static int status_of(long child) {
    int status = -1;
    while (system_call(SYS_wait4, child, &status, 0, 0) == -EINTR) {
    }
    return status;
}

// --- kill ----------------------------------------------------------------------------------------

TEST(kill_ends_a_child_by_any_signal_that_ends) {
    static const int signals[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
                                  15, 16, 24, 25, 26, 27, 29, 30, 31, 32, 33, 50, 64};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; ++i) {
        const long child = start_child();
        CHECK_EQUAL(system_call(SYS_kill, child, signals[i]), 0);
        CHECK_EQUAL(status_of(child) & 0x7F, signals[i]);
    }
}

TEST(signals_that_do_nothing_do_nothing) {
    static const int signals[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; ++i)
        CHECK_EQUAL(raise(signals[i]), 0);
}

TEST(signal_0_asks_only) {
    CHECK_EQUAL(system_call(SYS_kill, self(), 0), 0);
    CHECK_EQUAL(system_call(SYS_kill, 0, 0), 0);
    const long child = start_child();
    CHECK_EQUAL(system_call(SYS_kill, child, 0), 0);
    system_call(SYS_kill, child, SIGKILL);
    siginfo_t info;
    // Until somebody has waited for it, it is there.
    system_call(SYS_waitid, 1, child, &info, 0x1000004 /* WNOWAIT | WEXITED */, 0);
    CHECK_EQUAL(system_call(SYS_kill, child, SIGTERM), 0);
    CHECK_EQUAL(status_of(child), SIGKILL);
    CHECK_EQUAL(system_call(SYS_kill, child, 0), -ESRCH);
}

TEST(kill_says_no) {
    CHECK_EQUAL(system_call(SYS_kill, self(), 65), -EINVAL);
    CHECK_EQUAL(system_call(SYS_kill, self(), -1), -EINVAL);
    CHECK_EQUAL(system_call(SYS_kill, 32000, SIGTERM), -ESRCH);
    CHECK_EQUAL(system_call(SYS_kill, 32000, 65), -ESRCH);
    CHECK_EQUAL(system_call(SYS_kill, -32000, SIGTERM), -ESRCH);
    CHECK_EQUAL(system_call(SYS_kill, 0x80000000, SIGTERM), -ESRCH);
}

TEST(kill_reaches_a_group) {
    long children[3];
    for (int i = 0; i < 3; ++i) {
        children[i] = start_child();
        CHECK_EQUAL(system_call(SYS_setpgid, children[i], children[0]), 0);
    }
    CHECK_EQUAL(system_call(SYS_kill, -children[0], SIGUSR1), 0);
    for (int i = 0; i < 3; ++i)
        CHECK_EQUAL(status_of(children[i]), SIGUSR1);
    CHECK_EQUAL(system_call(SYS_kill, -children[0], SIGUSR1), -ESRCH);
}

TEST(kill_reaches_the_own_group) {
    system_call(SYS_setpgid, 0, 0);
    act(SIGTERM, look, SA_SIGINFO, 0);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        act(SIGTERM, SIG_DFL, 0, 0);
        CHECK_EQUAL(system_call(SYS_kill, 0, SIGTERM), 0);
        end(1);
    }
    CHECK_EQUAL(status_of(child), SIGTERM);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(seen.si_pid, child);
}

// --- Threads -------------------------------------------------------------------------------------

TEST(tkill_and_tgkill_reach_the_thread) {
    act(SIGUSR1, look, SA_SIGINFO, 0);
    const long thread = system_call(SYS_gettid);
    CHECK_EQUAL(system_call(SYS_tkill, thread, SIGUSR1), 0);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(seen.si_code, SI_TKILL);
    CHECK_EQUAL(seen.si_pid, self());
    CHECK_EQUAL(system_call(SYS_tgkill, self(), thread, SIGUSR1), 0);
    CHECK_EQUAL(calls, 2);
    CHECK_EQUAL(system_call(SYS_tkill, thread, 0), 0);
    CHECK_EQUAL(calls, 2);
}

TEST(tkill_and_tgkill_say_no) {
    const long thread = system_call(SYS_gettid);
    CHECK_EQUAL(system_call(SYS_tkill, 0, SIGUSR1), -EINVAL);
    CHECK_EQUAL(system_call(SYS_tkill, -1, SIGUSR1), -EINVAL);
    CHECK_EQUAL(system_call(SYS_tkill, 32000, SIGUSR1), -ESRCH);
    CHECK_EQUAL(system_call(SYS_tkill, thread, 65), -EINVAL);
    CHECK_EQUAL(system_call(SYS_tgkill, 0, thread, SIGUSR1), -EINVAL);
    CHECK_EQUAL(system_call(SYS_tgkill, self(), 0, SIGUSR1), -EINVAL);
    CHECK_EQUAL(system_call(SYS_tgkill, system_call(SYS_getppid), thread, SIGUSR1), -ESRCH);
    CHECK_EQUAL(system_call(SYS_tgkill, self(), 32000, SIGUSR1), -ESRCH);
}

// --- With a value --------------------------------------------------------------------------------

static siginfo_t queued(int value) {
    siginfo_t info = {0};
    info.si_code = SI_QUEUE;
    info.si_pid = 3;
    info.si_uid = 4;
    info.si_int = value;
    return info;
}

TEST(sigqueue_sends_a_value) {
    act(40, look, SA_SIGINFO, 0);
    siginfo_t info = queued(4711);
    CHECK_EQUAL(system_call(SYS_rt_sigqueueinfo, self(), 40, &info), 0);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(seen.si_signo, 40);
    CHECK_EQUAL(seen.si_code, SI_QUEUE);
    CHECK_EQUAL(seen.si_int, 4711);
    CHECK_EQUAL(seen.si_pid, 3);
    CHECK_EQUAL(seen.si_uid, 4);
}

TEST(values_come_in_order) {
    block(bit(40));
    for (int i = 1; i <= 4; ++i) {
        siginfo_t info = queued(i);
        CHECK_EQUAL(system_call(SYS_rt_sigqueueinfo, self(), 40, &info), 0);
    }
    const SignalSet set = bit(40);
    const struct Time none = {0, 0};
    for (int i = 1; i <= 4; ++i) {
        siginfo_t info = {0};
        CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, &info, &none, 8), 40);
        CHECK_EQUAL(info.si_int, i);
    }
}

TEST(sigqueue_says_no) {
    const struct Pages pages = make_pages();
    siginfo_t info = queued(1);
    CHECK_EQUAL(system_call(SYS_rt_sigqueueinfo, 32000, 40, &info), -ESRCH);
    CHECK_EQUAL(system_call(SYS_rt_sigqueueinfo, self(), 65, &info), -EINVAL);
    FOR_EACH_BAD_SOURCE(bad, pages)
    CHECK_EQUAL(system_call(SYS_rt_sigqueueinfo, self(), 40, bad), -EFAULT);
    const long child = start_child();
    info.si_code = SI_USER;
    CHECK_EQUAL(system_call(SYS_rt_sigqueueinfo, child, SIGTERM, &info), -EPERM);
    info.si_code = SI_TKILL;
    CHECK_EQUAL(system_call(SYS_rt_sigqueueinfo, child, SIGTERM, &info), -EPERM);
    info.si_code = SI_QUEUE;
    CHECK_EQUAL(system_call(SYS_rt_sigqueueinfo, child, SIGTERM, &info), 0);
    CHECK_EQUAL(status_of(child), SIGTERM);
}

// --- Who may -------------------------------------------------------------------------------------

static void send_as_another_user(long victim) {
    if (system_call(SYS_setresuid32, 1000, 1000, 1000) != 0) end(9);
    if (system_call(SYS_kill, victim, 0) != -EPERM) end(1);
    if (system_call(SYS_kill, victim, SIGTERM) != -EPERM) end(2);
    if (system_call(SYS_tkill, victim, SIGTERM) != -EPERM) end(3);
    if (system_call(SYS_kill, victim, 65) != -EINVAL) end(4);
    if (system_call(SYS_kill, victim, SIGCONT) != 0) end(5);  // of one session
    if (system_call(SYS_kill, self(), SIGCONT) != 0) end(6);
}

TEST(others_need_the_right_to_send) {
    const long victim = start_child();
    CHECK_EQUAL(tap_status_in_child(send_as_another_user, victim), 0);
    system_call(SYS_kill, victim, SIGKILL);
    CHECK_EQUAL(status_of(victim), SIGKILL);
}

static void send_to_everybody(long unused) {
    (void)unused;
    if (system_call(SYS_setresuid32, 4321, 4321, 4321) != 0) end(9);
    const long child = start_child();
    if (system_call(SYS_kill, -1, SIGUSR1) != 0) end(1);  // all that it may send to
    if (status_of(child) != SIGUSR1) end(2);
}

TEST(everybody_is_whom_one_may_send_to) {
    CHECK_EQUAL(tap_status_in_child(send_to_everybody, 0), 0);
}
