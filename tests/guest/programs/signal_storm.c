// Many signals at any moment: what a program computes, reads and keeps in its FPU must not change.
#include "tests/guest/programs/signal_support.h"

static volatile unsigned handled;

static void disturb(int signal) {
    (void)signal;
    ++handled;
    __asm__ volatile("fninit; fldz; fldz; fldz");  // its own FPU, which is thrown away
}

// A child that sends `signals`, one after the other, as often as it can until it is ended.
static long start_sender(const int* signals, unsigned count, int yields) {
    const long parent = system_call(SYS_getpid);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        for (unsigned i = 0;; ++i) {
            system_call(SYS_kill, parent, signals[i % count]);
            if (yields) system_call(SYS_sched_yield);
        }
    }
    return child;
}
static void end_sender(long child) {
    system_call(SYS_kill, child, SIGKILL);
    while (system_call(SYS_wait4, child, 0, 0, 0) == -EINTR) {
    }
}

static const int kSignals[] = {SIGUSR1, SIGUSR2, SIGTERM, 40, 41, SIGHUP};
enum { kCount = sizeof kSignals / sizeof *kSignals };

static void handle_all(unsigned long flags) {
    for (unsigned i = 0; i < kCount; ++i)
        act(kSignals[i], disturb, flags, 0);
}

// What comes out must be the same with and without a storm.
static unsigned compute(unsigned rounds) {
    unsigned a = 1, b = 0;
    double sum = 0;
    for (unsigned i = 0; i < rounds; ++i) {
        a = a * 1664525 + 1013904223;
        b ^= a >> 7;
        sum += a & 0xFF;
    }
    return b ^ (unsigned)sum;
}

TEST(a_computation_in_a_storm) {
    const unsigned expected = compute(1000000);
    handle_all(SA_NODEFER);
    const long sender = start_sender(kSignals, kCount, 0);
    while (handled < 50)
        CHECK_EQUAL(compute(1000000), expected);
    end_sender(sender);
}

TEST(calls_in_a_storm) {
    int ends[2];
    REQUIRE(system_call(SYS_pipe, ends) == 0);
    handle_all(SA_RESTART);
    const long sender = start_sender(kSignals, kCount, 1);
    const long writer = system_call(SYS_fork);
    if (writer == 0) {
        for (unsigned i = 0; i < 2000; ++i) {
            if (system_call(SYS_write, ends[1], &i, sizeof i) != sizeof i) end(1);
            if (i % 16 == 0) system_call(SYS_sched_yield);
        }
        end(0);
    }
    for (unsigned i = 0; i < 2000; ++i) {
        unsigned got = ~0u;
        const long bytes = system_call(SYS_read, ends[0], &got, sizeof got);
        if (!CHECK_EQUAL(bytes, sizeof got) || !CHECK_EQUAL(got, i)) break;
    }
    int status = -1;
    CHECK_EQUAL(system_call(SYS_wait4, writer, &status, 0, 0), writer);
    CHECK_EQUAL(status, 0);
    CHECK(handled > 0);
    end_sender(sender);
}

// Two processes send each other signals and wait for them: nobody may sleep through one.
TEST(a_rally_of_two) {
    const SignalSet set = bit(SIGUSR1);
    block(set);
    act(SIGUSR1, disturb, 0, 0);
    const long parent = system_call(SYS_getpid);
    const SignalSet none = 0;
    const long child = system_call(SYS_fork);
    if (child == 0) {
        for (unsigned i = 0; i < 500; ++i) {
            system_call(SYS_rt_sigsuspend, &none, 8);
            system_call(SYS_kill, parent, SIGUSR1);
        }
        end(handled == 500 ? 0 : 1);
    }
    for (unsigned i = 0; i < 500; ++i) {
        system_call(SYS_kill, child, SIGUSR1);
        system_call(SYS_rt_sigsuspend, &none, 8);
    }
    CHECK_EQUAL(handled, 500);
    int status = -1;
    system_call(SYS_wait4, child, &status, 0, 0);
    CHECK_EQUAL(status, 0);
}

// Stopped and continued at any moment, a program notices nothing.
TEST(stops_at_any_moment) {
    const unsigned expected = compute(3000000);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        for (int i = 0; i < 3; ++i)
            if (compute(3000000) != expected) end(1);
        end(0);
    }
    int status = -1;
    for (;;) {
        if (system_call(SYS_kill, child, SIGSTOP) != 0) break;
        if (system_call(SYS_wait4, child, &status, 2 /* WUNTRACED */, 0) != child) break;
        if ((status & 0xFF) != 0x7F) break;
        system_call(SYS_kill, child, SIGCONT);
        pause_for(10);
    }
    CHECK_EQUAL(status, 0);
}

// Fork and wait while children's ends are told by a signal that comes at any moment.
static volatile unsigned ended;
static void reap(int signal) {
    (void)signal;
    while (system_call(SYS_wait4, -1, 0, 1 /* WNOHANG */, 0) > 0)
        ++ended;
}

TEST(children_that_a_handler_waits_for) {
    act(SIGCHLD, reap, 0, 0);
    unsigned made = 0;
    for (; made < 200; ++made) {
        const long child = system_call(SYS_fork);
        if (child == 0) end(0);
        if (!CHECK(child > 0)) break;
    }
    const SignalSet set = bit(SIGCHLD), none = 0;
    block(set);
    while (ended < made)
        system_call(SYS_rt_sigsuspend, &none, 8);
    CHECK_EQUAL(ended, made);
}
