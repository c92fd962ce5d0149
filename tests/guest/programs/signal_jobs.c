// Stopping and continuing, and what a parent hears of its children.
#include "tests/guest/programs/signal_support.h"

#define WNOHANG 1
#define WUNTRACED 2
#define WCONTINUED 8
#define STOPPED_BY(signal) ((signal) << 8 | 0x7F)
#define CONTINUED 0xFFFF

static volatile int calls;
static siginfo_t seen;

static void look(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)context;
    ++calls;
    seen = *info;
}

// Its wait status, once there is news of this kind.
static int news_of(long child, int options) {
    int status = -1;
    long got;
    while ((got = system_call(SYS_wait4, child, &status, options, 0)) == -EINTR) {
    }
    return got == child ? status : -2;
}

// A child that computes and one that sleeps: both are to be stopped.
static long start_busy(void) {
    const long child = system_call(SYS_fork);
    if (child == 0)
        for (;;) {
        }
    return child;
}
static long start_sleeper(void) {
    const long child = system_call(SYS_fork);
    if (child == 0)
        for (;;)
            system_call(SYS_pause);
    return child;
}

static void stop_and_continue(long child, int signal) {
    system_call(SYS_setpgid, child, child);  // a group that is not orphaned: we are its parent
    CHECK_EQUAL(system_call(SYS_kill, child, signal), 0);
    CHECK_EQUAL(news_of(child, WUNTRACED), STOPPED_BY(signal));
    CHECK_EQUAL(news_of(child, WUNTRACED | WNOHANG), -2);  // told once
    CHECK_EQUAL(system_call(SYS_kill, child, SIGCONT), 0);
    CHECK_EQUAL(news_of(child, WCONTINUED), CONTINUED);
    CHECK_EQUAL(news_of(child, WCONTINUED | WNOHANG), -2);
    CHECK_EQUAL(system_call(SYS_kill, child, SIGTERM), 0);
    CHECK_EQUAL(news_of(child, 0), SIGTERM);
}

TEST(stop_signals_stop) {
    static const int signals[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; ++i) {
        stop_and_continue(start_busy(), signals[i]);
        stop_and_continue(start_sleeper(), signals[i]);
    }
}

TEST(a_stopped_child_dies_by_kill_only) {
    const long child = start_sleeper();
    system_call(SYS_kill, child, SIGSTOP);
    CHECK_EQUAL(news_of(child, WUNTRACED), STOPPED_BY(SIGSTOP));
    system_call(SYS_kill, child, SIGTERM);
    pause_for(30);
    CHECK_EQUAL(news_of(child, WNOHANG), -2);
    system_call(SYS_kill, child, SIGKILL);
    CHECK_EQUAL(news_of(child, 0), SIGKILL);
}

TEST(what_came_meanwhile_is_acted_on_later) {
    const long child = start_sleeper();
    system_call(SYS_kill, child, SIGSTOP);
    CHECK_EQUAL(news_of(child, WUNTRACED), STOPPED_BY(SIGSTOP));
    system_call(SYS_kill, child, SIGTERM);
    system_call(SYS_kill, child, SIGCONT);
    CHECK_EQUAL(news_of(child, 0), SIGTERM);
}

TEST(a_process_can_stop_itself) {
    const long child = system_call(SYS_fork);
    if (child == 0) {
        raise(SIGSTOP);
        end(7);
    }
    CHECK_EQUAL(news_of(child, WUNTRACED), STOPPED_BY(SIGSTOP));
    system_call(SYS_kill, child, SIGCONT);
    CHECK_EQUAL(news_of(child, 0), 7 << 8);
}

TEST(stop_and_continue_undo_each_other) {
    const SignalSet stops = bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU);
    block(stops | bit(SIGCONT));
    raise(SIGTSTP);
    raise(SIGTTIN);
    CHECK(pending() == (bit(SIGTSTP) | bit(SIGTTIN)));
    raise(SIGCONT);
    CHECK(pending() == bit(SIGCONT));
    raise(SIGTTOU);
    CHECK(pending() == bit(SIGTTOU));
}

TEST(a_handler_takes_the_place_of_stopping) {
    act(SIGTSTP, look, SA_SIGINFO, 0);
    act(SIGCONT, look, SA_SIGINFO, 0);
    raise(SIGTSTP);
    CHECK_EQUAL(calls, 1);
    raise(SIGCONT);
    CHECK_EQUAL(calls, 2);
}

static void stop_as_orphan(long unused) {
    (void)unused;
    system_call(SYS_setsid);  // its group has no parent in the session
    raise(SIGTSTP);
    raise(SIGTTIN);
    raise(SIGTTOU);
    end(3);
}

TEST(an_orphaned_group_is_not_stopped_by_terminals) {
    CHECK_EQUAL(tap_status_in_child(stop_as_orphan, 0), 3 << 8);
}

// --- Calls that a stop has interrupted -----------------------------------------------------------

static void stop_and_continue_quietly(long child) {
    pause_for(50);
    system_call(SYS_kill, child, SIGSTOP);
    CHECK_EQUAL(news_of(child, WUNTRACED), STOPPED_BY(SIGSTOP));
    system_call(SYS_kill, child, SIGCONT);
    CHECK_EQUAL(news_of(child, WCONTINUED), CONTINUED);
}

TEST(a_read_goes_on_after_a_stop) {
    int ends[2];
    char byte;
    REQUIRE(system_call(SYS_pipe, ends) == 0);
    const long child = system_call(SYS_fork);
    if (child == 0) end(system_call(SYS_read, ends[0], &byte, 1) == 1 ? 0 : 1);
    stop_and_continue_quietly(child);
    system_call(SYS_write, ends[1], "x", 1);
    CHECK_EQUAL(news_of(child, 0), 0);
}

TEST(pause_goes_on_after_a_stop) {
    const long child = system_call(SYS_fork);
    if (child == 0) {
        system_call(SYS_pause);
        end(1);
    }
    stop_and_continue_quietly(child);
    pause_for(30);
    CHECK_EQUAL(news_of(child, WNOHANG), -2);
    system_call(SYS_kill, child, SIGTERM);
    CHECK_EQUAL(news_of(child, 0), SIGTERM);
}

TEST(sigsuspend_goes_on_after_a_stop_with_its_mask) {
    const long child = system_call(SYS_fork);
    if (child == 0) {
        act(SIGUSR1, look, SA_SIGINFO, 0);
        block(bit(SIGUSR1));
        const SignalSet none = 0;
        const long result = system_call(SYS_rt_sigsuspend, &none, 8);
        end(result == -EINTR && calls == 1 && blocked() == bit(SIGUSR1) ? 0 : 1);
    }
    stop_and_continue_quietly(child);
    system_call(SYS_kill, child, SIGUSR1);
    CHECK_EQUAL(news_of(child, 0), 0);
}

TEST(a_sleep_goes_on_after_a_stop) {
    const long child = system_call(SYS_fork);
    if (child == 0) {
        const struct Time time = {0, 300000000};
        end(system_call(SYS_nanosleep, &time, 0) == 0 ? 0 : 1);
    }
    stop_and_continue_quietly(child);
    CHECK_EQUAL(news_of(child, 0), 0);
}

// --- SIGCHLD -------------------------------------------------------------------------------------

static void exit_with(int code) {
    const long child = system_call(SYS_fork);
    if (child == 0) end(code);
    CHECK_EQUAL(news_of(child, 0), code << 8);
}

TEST(a_parent_hears_of_an_exit) {
    act(SIGCHLD, look, SA_SIGINFO, 0);
    exit_with(7);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(seen.si_signo, SIGCHLD);
    CHECK_EQUAL(seen.si_code, CLD_EXITED);
    CHECK_EQUAL(seen.si_status, 7);
    CHECK_EQUAL(seen.si_uid, system_call(SYS_getuid));
}

TEST(a_parent_hears_of_a_kill_and_of_stops) {
    block(bit(SIGCHLD));
    const SignalSet set = bit(SIGCHLD);
    const long child = start_sleeper();
    siginfo_t info;
    system_call(SYS_kill, child, SIGSTOP);
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, &info, 0, 8), SIGCHLD);
    CHECK_EQUAL(info.si_code, CLD_STOPPED);
    CHECK_EQUAL(info.si_status, SIGSTOP);
    CHECK_EQUAL(info.si_pid, child);
    system_call(SYS_kill, child, SIGCONT);
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, &info, 0, 8), SIGCHLD);
    CHECK_EQUAL(info.si_code, CLD_CONTINUED);
    CHECK_EQUAL(info.si_status, SIGCONT);
    system_call(SYS_kill, child, SIGKILL);
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, &info, 0, 8), SIGCHLD);
    CHECK_EQUAL(info.si_code, CLD_KILLED);
    CHECK_EQUAL(info.si_status, SIGKILL);
    CHECK_EQUAL(news_of(child, 0), SIGKILL);
}

TEST(nocldstop_hears_of_the_end_only) {
    act(SIGCHLD, look, SA_SIGINFO | SA_NOCLDSTOP, 0);
    const long child = start_sleeper();
    stop_and_continue(child, SIGSTOP);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(seen.si_code, CLD_KILLED);
}

TEST(who_ignores_its_children_has_no_zombies) {
    act(SIGCHLD, SIG_IGN, 0, 0);
    const long child = system_call(SYS_fork);
    if (child == 0) end(7);
    CHECK_EQUAL(system_call(SYS_wait4, child, 0, 0, 0), -ECHILD);
    CHECK_EQUAL(system_call(SYS_kill, child, 0), -ESRCH);
}

TEST(nocldwait_neither_but_hears_of_them) {
    act(SIGCHLD, look, SA_SIGINFO | SA_NOCLDWAIT, 0);
    const long child = system_call(SYS_fork);
    if (child == 0) end(7);
    while (calls == 0)
        system_call(SYS_sched_yield);
    CHECK_EQUAL(system_call(SYS_wait4, child, 0, 0, 0), -ECHILD);
    CHECK_EQUAL(seen.si_status, 7);
}

// --- The shell's story: init and orphans ---------------------------------------------------------

// A stopped job whose parent goes is told to hang up and to go on (POSIX, exit()).
TEST(a_stopped_orphan_is_told_to_hang_up) {
    int ends[2];
    REQUIRE(system_call(SYS_pipe, ends) == 0);
    const long parent = system_call(SYS_fork);
    if (parent == 0) {
        system_call(SYS_setsid);
        const long job = start_sleeper();
        system_call(SYS_setpgid, job, job);
        system_call(SYS_kill, job, SIGSTOP);
        news_of(job, WUNTRACED);
        end(0);  // the job's end of the pipe is closed when it has hung up
    }
    system_call(SYS_close, ends[1]);
    CHECK_EQUAL(news_of(parent, 0), 0);
    char byte;
    CHECK_EQUAL(system_call(SYS_read, ends[0], &byte, 1), 0);
}
