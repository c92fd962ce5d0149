// Signals that wait: masks, what is pending, and the calls that wait for a signal.
#include "tests/guest/programs/signal_support.h"

struct Time64 {
    long long seconds, nanoseconds;
};

static volatile int calls, last_signal;
static volatile SignalSet mask_inside;

static void count(int signal) {
    ++calls;
    last_signal = signal;
    mask_inside = blocked();
}

static const SignalSet kUnstoppable = (1ULL << (SIGKILL - 1)) | (1ULL << (SIGSTOP - 1));

// --- Masks ---------------------------------------------------------------------------------------

TEST(a_mask_is_set_and_changed) {
    SignalSet set = bit(1) | bit(64), before = 5;
    CHECK_EQUAL(system_call(SYS_rt_sigprocmask, SIG_SETMASK, &set, &before, 8), 0);
    CHECK(before == 0);
    set = bit(2) | bit(33);
    CHECK_EQUAL(system_call(SYS_rt_sigprocmask, SIG_BLOCK, &set, &before, 8), 0);
    CHECK(before == (bit(1) | bit(64)));
    set = bit(1) | bit(33);
    CHECK_EQUAL(system_call(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, &before, 8), 0);
    CHECK(before == (bit(1) | bit(2) | bit(33) | bit(64)));
    CHECK(blocked() == (bit(2) | bit(64)));
}

TEST(kill_and_stop_are_never_blocked) {
    SignalSet all = ~0ULL;
    CHECK_EQUAL(system_call(SYS_rt_sigprocmask, SIG_SETMASK, &all, 0, 8), 0);
    CHECK(blocked() == ~kUnstoppable);
}

TEST(the_old_form_changes_32_signals) {
    const SignalSet high = bit(40);
    block(high);
    unsigned long set = 0x80000001, before = 9;
    CHECK_EQUAL(system_call(SYS_sigprocmask, SIG_SETMASK, &set, &before), 0);
    CHECK_EQUAL(before, 0);
    CHECK(blocked() == (high | 0x80000001));
    set = 1;
    CHECK_EQUAL(system_call(SYS_sigprocmask, SIG_UNBLOCK, &set, &before), 0);
    CHECK_EQUAL(before, 0x80000001);
    CHECK(blocked() == (high | 0x80000000));
    CHECK_EQUAL(system_call(SYS_sigprocmask, 7, &set, 0), -EINVAL);
    CHECK_EQUAL(system_call(SYS_sigprocmask, 7, 0, &before), 0);
    CHECK_EQUAL(before, 0x80000000);
}

TEST(the_oldest_form_has_it_in_registers) {
    CHECK_EQUAL(system_call(SYS_ssetmask, 6), 0);
    CHECK_EQUAL(system_call(SYS_sgetmask), 6);
    CHECK_EQUAL(system_call(SYS_ssetmask, ~0UL), 6);
    CHECK(blocked() == (0xFFFFFFFF & ~kUnstoppable));
}

TEST(masks_that_are_none) {
    SignalSet set = bit(1);
    CHECK_EQUAL(system_call(SYS_rt_sigprocmask, 3, &set, 0, 8), -EINVAL);
    CHECK_EQUAL(system_call(SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 4), -EINVAL);
    CHECK_EQUAL(system_call(SYS_rt_sigprocmask, 3, 0, &set, 8), 0);  // nothing is to be done
    CHECK(set == 0);
    CHECK(blocked() == 0);
}

TEST(bad_pointers_change_no_mask) {
    const struct Pages pages = make_pages();
    SignalSet set = bit(1);
    FOR_EACH_BAD_SOURCE(bad, pages) {
        CHECK_EQUAL(system_call(SYS_rt_sigprocmask, SIG_BLOCK, bad, 0, 8), -EFAULT);
        CHECK_EQUAL(system_call(SYS_rt_sigsuspend, bad, 8), -EFAULT);
        CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, bad, 0, 0, 8), -EFAULT);
        CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, 0, bad, 8), -EFAULT);
    }
    FOR_EACH_BAD_TARGET(bad, pages) {
        CHECK_EQUAL(system_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, bad, 8), -EFAULT);
        CHECK_EQUAL(system_call(SYS_sigprocmask, SIG_BLOCK, 0, bad), -EFAULT);
        CHECK_EQUAL(system_call(SYS_rt_sigpending, bad, 8), -EFAULT);
        CHECK_EQUAL(system_call(SYS_sigpending, bad), -EFAULT);
    }
    CHECK_EQUAL(system_call(SYS_rt_sigpending, 0, 8), -EFAULT);
    CHECK_EQUAL(system_call(SYS_sigpending, 0), -EFAULT);
    CHECK_EQUAL(system_call(SYS_rt_sigsuspend, 0, 8), -EFAULT);
    CHECK(blocked() == 0);
}

// --- Pending -------------------------------------------------------------------------------------

TEST(what_is_blocked_is_pending_and_comes_once) {
    act(SIGUSR1, count, 0, 0);
    block(bit(SIGUSR1));
    raise(SIGUSR1);
    raise(SIGUSR1);
    CHECK_EQUAL(calls, 0);
    CHECK(pending() == bit(SIGUSR1));
    unsigned long low = 0;
    CHECK_EQUAL(system_call(SYS_sigpending, &low), 0);
    CHECK_EQUAL(low, bit(SIGUSR1));
    unblock(bit(SIGUSR1));
    CHECK_EQUAL(calls, 1);
    CHECK(pending() == 0);
}

TEST(real_time_signals_come_as_often_as_they_were_sent) {
    act(40, count, 0, 0);
    block(bit(40));
    for (int i = 0; i < 5; ++i)
        raise(40);
    unblock(bit(40));
    CHECK_EQUAL(calls, 5);
}

TEST(part_of_a_set_can_be_asked_for) {
    block(bit(SIGUSR1));
    raise(SIGUSR1);
    unsigned char bytes[8] = {9, 9, 9, 9, 9, 9, 9, 9};
    CHECK_EQUAL(system_call(SYS_rt_sigpending, bytes, 2), 0);
    CHECK_EQUAL(bytes[0], 0);
    CHECK_EQUAL(bytes[1], 2);
    CHECK_EQUAL(bytes[2], 9);
    CHECK_EQUAL(system_call(SYS_rt_sigpending, bytes, 9), -EINVAL);
}

TEST(ignoring_a_signal_forgets_it) {
    block(bit(SIGUSR1) | bit(SIGCHLD));
    raise(SIGUSR1);
    raise(SIGCHLD);
    CHECK(pending() == (bit(SIGUSR1) | bit(SIGCHLD)));
    act(SIGUSR1, SIG_IGN, 0, 0);
    act(SIGCHLD, SIG_DFL, 0, 0);
    CHECK(pending() == 0);
    raise(SIGUSR1);  // blocked, so it may not be ignored later
    CHECK(pending() == bit(SIGUSR1));
}

// --- Waiting -------------------------------------------------------------------------------------

// Something that sends the parent a signal in a while.
static long start_sender(int signal, long milliseconds) {
    const long parent = system_call(SYS_getpid);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        act(SIGALRM, SIG_DFL, 0, 0);
        pause_for(milliseconds);
        system_call(SYS_kill, parent, signal);
        end(0);
    }
    return child;
}
static void await_sender(long child) {
    while (system_call(SYS_wait4, child, 0, 0, 0) == -EINTR) {
    }
}

TEST(pause_ends_with_a_handler) {
    act(SIGUSR1, count, SA_RESTART, 0);
    const long sender = start_sender(SIGUSR1, 50);
    CHECK_EQUAL(system_call(SYS_pause), -EINTR);
    CHECK_EQUAL(calls, 1);
    await_sender(sender);
}

TEST(sigsuspend_waits_with_another_mask) {
    act(SIGUSR1, count, SA_RESTART, 0);
    act(SIGUSR2, count, 0, 0);
    block(bit(SIGUSR1) | bit(SIGHUP));
    raise(SIGUSR1);
    SignalSet set = bit(SIGUSR2);
    CHECK_EQUAL(system_call(SYS_rt_sigsuspend, &set, 8), -EINTR);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(last_signal, SIGUSR1);
    CHECK(mask_inside == (bit(SIGUSR1) | bit(SIGUSR2)));
    CHECK(blocked() == (bit(SIGUSR1) | bit(SIGHUP)));
}

TEST(sigsuspend_sleeps_until_one_comes) {
    act(SIGUSR1, count, 0, 0);
    block(bit(SIGUSR1) | bit(SIGUSR2));
    raise(SIGUSR2);  // stays blocked
    const long sender = start_sender(SIGUSR1, 50);
    SignalSet set = bit(SIGUSR2);
    CHECK_EQUAL(system_call(SYS_rt_sigsuspend, &set, 8), -EINTR);
    CHECK_EQUAL(calls, 1);
    CHECK(pending() == bit(SIGUSR2));
    await_sender(sender);
}

TEST(the_old_sigsuspend_has_its_mask_in_a_register) {
    act(SIGUSR1, count, 0, 0);
    block(bit(SIGUSR1));
    raise(SIGUSR1);
    CHECK_EQUAL(system_call(SYS_sigsuspend, 0, 0, 4), -EINTR);
    CHECK_EQUAL(calls, 1);
    CHECK(mask_inside == (4 | bit(SIGUSR1)));
    CHECK(blocked() == bit(SIGUSR1));
}

TEST(sigsuspend_wants_a_whole_set) {
    SignalSet set = 0;
    CHECK_EQUAL(system_call(SYS_rt_sigsuspend, &set, 4), -EINVAL);
}

// --- sigtimedwait --------------------------------------------------------------------------------

TEST(a_pending_signal_is_taken_without_its_handler) {
    act(SIGUSR1, count, 0, 0);
    block(bit(SIGUSR1) | bit(40));
    raise(SIGUSR1);
    raise(40);
    raise(40);
    SignalSet set = bit(SIGUSR1) | bit(40);
    siginfo_t info;
    const struct Time none = {0, 0};
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, &info, 0, 8), SIGUSR1);
    CHECK_EQUAL(info.si_signo, SIGUSR1);
    CHECK_EQUAL(info.si_code, SI_USER);
    CHECK_EQUAL(info.si_pid, system_call(SYS_getpid));
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, 0, &none, 8), 40);
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, 0, &none, 8), 40);
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, 0, &none, 8), -EAGAIN);
    CHECK_EQUAL(calls, 0);
    CHECK(pending() == 0);
}

TEST(sigtimedwait_waits_for_what_comes) {
    block(bit(SIGCHLD));  // ignored, if it were not blocked
    const long sender = start_sender(SIGCHLD, 50);
    SignalSet set = bit(SIGCHLD);
    siginfo_t info;
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, &info, 0, 8), SIGCHLD);
    CHECK_EQUAL(info.si_pid, sender);
    await_sender(sender);
}

TEST(sigtimedwait_gives_up_in_time) {
    SignalSet set = bit(SIGUSR1);
    const struct Time time = {0, 50000000};
    const struct Time64 time64 = {0, 50000000};
    block(set);
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, 0, &time, 8), -EAGAIN);
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait_time64, &set, 0, &time64, 8), -EAGAIN);
}

TEST(sigtimedwait_is_interrupted_by_others) {
    act(SIGUSR2, count, SA_RESTART, 0);
    block(bit(SIGUSR1));
    const long sender = start_sender(SIGUSR2, 50);
    SignalSet set = bit(SIGUSR1);
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, 0, 0, 8), -EINTR);
    CHECK_EQUAL(calls, 1);
    await_sender(sender);
}

TEST(times_and_sets_that_are_none) {
    SignalSet set = bit(SIGUSR1);
    const struct Time negative = {-1, 0}, too_long = {0, 1000000000};
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, 0, &negative, 8), -EINVAL);
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, 0, &too_long, 8), -EINVAL);
    CHECK_EQUAL(system_call(SYS_rt_sigtimedwait, &set, 0, 0, 4), -EINVAL);
}

// --- The alarm clock -----------------------------------------------------------------------------

TEST(an_alarm_comes_and_is_the_end_without_a_handler) {
    act(SIGALRM, count, 0, 0);
    CHECK_EQUAL(system_call(SYS_alarm, 100), 0);
    CHECK_EQUAL(system_call(SYS_alarm, 1), 100);
    CHECK_EQUAL(system_call(SYS_pause), -EINTR);
    CHECK_EQUAL(last_signal, SIGALRM);
    CHECK_EQUAL(system_call(SYS_alarm, 0), 0);
}

static void wait_for_alarm(long unused) {
    (void)unused;
    system_call(SYS_alarm, 1);
    for (;;) {  // computes
    }
}

TEST(an_alarm_ends_a_program_that_computes) {
    CHECK_EQUAL(tap_signal_in_child(wait_for_alarm, 0), SIGALRM);
}

static volatile int stop_computing;
static void stop(int signal) {
    (void)signal;
    stop_computing = 1;
}

// A handler runs between any two instructions of a program that makes no calls.
TEST(a_handler_interrupts_a_computation) {
    act(SIGALRM, stop, 0, 0);
    system_call(SYS_alarm, 1);
    unsigned long a = 1, b = 2;
    while (!stop_computing) {
        __asm__ volatile("addl $3, %0; subl $3, %0; xchgl %0, %1" : "+r"(a), "+r"(b));
        __asm__ volatile("xchgl %0, %1" : "+r"(a), "+r"(b));
    }
    CHECK_EQUAL(a, 1);
    CHECK_EQUAL(b, 2);
}
