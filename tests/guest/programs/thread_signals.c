// Signals and threads: masks, who takes what, stops, and stacks for handlers.
#include "tests/guest/programs/thread_support.h"

enum { USR1 = SIGUSR1, USR2 = SIGUSR2 };

static volatile int taken_by, taken_signal, go;

static void take(int signal) {
    taken_signal = signal;
    taken_by = (int)gettid();
}

static void prepare(int signal) {
    act(signal, (void*)take, 0, 0);
}

static void wait_blocking(void* set) {
    block(*(SignalSet*)set);
    set_and_wake(&go, 1);
    while (go != 2)
        pause_for(5);
}

TEST(each_thread_has_its_own_mask) {
    SignalSet set = bit(USR1);
    struct Thread thread;
    begin_at(&thread, wait_blocking, &set);
    wait_while(&go, 0);
    CHECK_EQUAL(blocked(), 0);
    go = 2;
    join(&thread);
}

static void tell_mask(void* to) {
    *(volatile SignalSet*)to = blocked();
}

TEST(a_new_thread_has_the_mask_of_who_made_it) {
    static volatile SignalSet seen;
    struct Thread thread;
    block(bit(USR1) | bit(USR2));
    begin_at(&thread, tell_mask, (void*)&seen);
    join(&thread);
    CHECK(seen == (bit(USR1) | bit(USR2)));
}

TEST(a_signal_for_the_process_goes_to_who_does_not_block_it) {
    SignalSet set = 0;
    struct Thread thread;
    prepare(USR1);
    begin_at(&thread, wait_blocking, &set);
    wait_while(&go, 0);
    block(bit(USR1));
    raise(USR1);
    while (taken_by == 0)
        system_call(SYS_sched_yield);
    CHECK_EQUAL(taken_by, thread.tid);
    CHECK(pending() == 0);
    go = 2;
    join(&thread);
}

TEST(what_all_block_waits_for_the_first_who_does_not) {
    SignalSet set = bit(USR1);
    struct Thread thread;
    prepare(USR1);
    block(bit(USR1));
    begin_at(&thread, wait_blocking, &set);
    wait_while(&go, 0);
    raise(USR1);
    CHECK(pending() == bit(USR1));
    CHECK_EQUAL(taken_by, 0);
    unblock(bit(USR1));
    CHECK_EQUAL(taken_by, gettid());
    go = 2;
    join(&thread);
}

TEST(tgkill_is_for_one_thread) {
    SignalSet set = bit(USR2);
    struct Thread thread;
    const long pid = system_call(SYS_getpid);
    prepare(USR1);
    prepare(USR2);
    begin_at(&thread, wait_blocking, &set);
    wait_while(&go, 0);
    CHECK_EQUAL(system_call(TGKILL, pid, thread.tid, USR2), 0);
    pause_for(10);
    CHECK_EQUAL(taken_by, 0);  // it blocks it, and nobody else may have it
    CHECK(pending() == 0);
    CHECK_EQUAL(system_call(TGKILL, pid, thread.tid, USR1), 0);
    while (taken_by == 0)
        system_call(SYS_sched_yield);
    CHECK_EQUAL(taken_by, thread.tid);
    taken_by = 0;
    CHECK_EQUAL(system_call(TKILL, gettid(), USR1), 0);
    CHECK_EQUAL(taken_by, gettid());
    CHECK_EQUAL(system_call(TGKILL, pid + 1, thread.tid, 0), -ESRCH);
    CHECK_EQUAL(system_call(TGKILL, pid, 1, 0), -ESRCH);
    CHECK_EQUAL(system_call(TGKILL, pid, 0, 0), -EINVAL);
    CHECK_EQUAL(system_call(TGKILL, -1, thread.tid, 0), -EINVAL);
    CHECK_EQUAL(system_call(TGKILL, pid, thread.tid, 65), -EINVAL);
    CHECK_EQUAL(system_call(SYS_kill, thread.tid, 0), 0);  // any thread stands for its process
    const int tid = thread.tid;
    go = 2;
    join(&thread);
    CHECK_EQUAL(system_call(TGKILL, pid, tid, 0), -ESRCH);
    CHECK_EQUAL(system_call(TKILL, tid, 0), -ESRCH);
}

TEST(who_blocks_a_signal_for_a_while_leaves_it_to_others) {
    SignalSet set = 0;
    struct Thread thread;
    prepare(USR1);
    begin_at(&thread, wait_blocking, &set);
    wait_while(&go, 0);
    for (int i = 0; i < 50; ++i) {
        taken_by = 0;
        block(bit(USR1));
        raise(USR1);
        while (taken_by == 0)
            system_call(SYS_sched_yield);
        unblock(bit(USR1));
    }
    go = 2;
    join(&thread);
}

static void wait_for_usr1(void* got) {
    const SignalSet set = bit(USR1);
    set_and_wake(&go, 1);
    *(volatile long*)got = system_call(177 /* rt_sigtimedwait */, &set, 0, 0, 8);
}

TEST(sigtimedwait_is_of_the_thread) {
    static volatile long got;
    struct Thread thread;
    block(bit(USR1));
    begin_at(&thread, wait_for_usr1, (void*)&got);
    wait_while(&go, 0);
    pause_for(10);
    raise(USR1);
    join(&thread);
    CHECK_EQUAL(got, USR1);
    CHECK(pending() == 0);
}

static void suspend(void* answer) {
    const SignalSet none = 0;
    block(bit(USR1));
    set_and_wake(&go, 1);
    *(volatile long*)answer = system_call(179 /* rt_sigsuspend */, &none, 8);
    CHECK(blocked() == bit(USR1));
}

TEST(sigsuspend_is_of_the_thread) {
    static volatile long answer;
    struct Thread thread;
    prepare(USR1);
    block(bit(USR1));
    begin_at(&thread, suspend, (void*)&answer);
    wait_while(&go, 0);
    pause_for(10);
    raise(USR1);
    join(&thread);
    CHECK_EQUAL(answer, -EINTR);
    CHECK(taken_by != 0 && taken_by != gettid());
}

struct AltStack {
    void* start;
    int flags;
    unsigned bytes;
};
enum { ONSTACK = 0x08000000, ALTSTACK = 186, DISABLE = 2 };

static volatile unsigned long handler_stack;
static void note_stack(int signal) {
    int here;
    (void)signal;
    handler_stack = (unsigned long)&here;
}

static void own_stack(void* good) {
    struct AltStack none = {0}, mine = {map(8192, 0), 0, 8192};
    system_call(ALTSTACK, 0, &none);
    system_call(ALTSTACK, &mine, 0);
    system_call(TKILL, gettid(), USR1);
    const unsigned long start = (unsigned long)mine.start;
    *(volatile int*)good =
        none.flags == DISABLE && handler_stack > start && handler_stack < start + 8192;
}

TEST(each_thread_has_its_own_alternate_stack) {
    static volatile int good;
    struct AltStack before = {map(8192, 0), 0, 8192}, after = {0};
    struct Thread thread;
    act(USR1, (void*)note_stack, ONSTACK, 0);
    system_call(ALTSTACK, &before, 0);
    begin_at(&thread, own_stack, (void*)&good);
    join(&thread);
    CHECK_EQUAL(good, 1);
    system_call(ALTSTACK, 0, &after);
    CHECK_EQUAL(after.start, before.start);
}

// --- Stops ---------------------------------------------------------------------------------------

struct Counts {
    volatile long each[4];
};

static void keep_counting(void* count) {
    for (;;) {
        ++*(volatile long*)count;
        if (*(volatile long*)count % 64 == 0) system_call(SYS_sched_yield);
    }
}

static struct Counts* begin_counters(long* child) {
    struct Counts* const counts = (struct Counts*)system_call6(SYS_mmap2, 0, kPage, 3, 0x21, -1, 0);
    *child = system_call(SYS_fork);
    if (*child == 0) {
        struct Thread threads[3];
        for (int i = 0; i < 3; ++i)
            begin_at(&threads[i], keep_counting, (void*)&counts->each[i]);
        keep_counting((void*)&counts->each[3]);
    }
    for (int i = 0; i < 4; ++i)
        while (counts->each[i] == 0)
            system_call(SYS_sched_yield);
    return counts;
}

static long sum(const struct Counts* counts) {
    return counts->each[0] + counts->each[1] + counts->each[2] + counts->each[3];
}

TEST(a_stop_is_for_all_threads_and_told_once) {
    long child;
    struct Counts* const counts = begin_counters(&child);
    for (int round = 0; round < 5; ++round) {
        int status = -1;
        system_call(SYS_kill, child, SIGSTOP);
        CHECK_EQUAL(system_call(SYS_wait4, child, &status, 2 /* WUNTRACED */, 0), child);
        CHECK_EQUAL(status, SIGSTOP << 8 | 0x7F);
        CHECK_EQUAL(system_call(SYS_wait4, child, &status, 2 | 1 /* WNOHANG */, 0), 0);
        const long before = sum(counts);
        pause_for(30);
        CHECK_EQUAL(sum(counts), before);
        system_call(SYS_kill, child, SIGCONT);
        CHECK_EQUAL(system_call(SYS_wait4, child, &status, 8 /* WCONTINUED */, 0), child);
        const long each[4] = {counts->each[0], counts->each[1], counts->each[2], counts->each[3]};
        for (int i = 0; i < 4; ++i)
            while (counts->each[i] == each[i])
                system_call(SYS_sched_yield);
    }
    system_call(SYS_kill, child, SIGKILL);
    CHECK_EQUAL(status_of(child), SIGKILL);
}

static void end_soon(void* unused) {
    (void)unused;
    pause_for(20);
}
static void sleep_and_stop(long unused) {
    struct Thread thread;
    (void)unused;
    begin_at(&thread, end_soon, 0);
    raise(SIGSTOP);
    join(&thread);
    end(5);
}

TEST(a_sleep_is_not_ended_by_a_stop) {
    const long child = system_call(SYS_fork);
    if (child == 0) sleep_and_stop(0);
    int status = -1;
    system_call(SYS_wait4, child, &status, 2, 0);
    CHECK_EQUAL(status, SIGSTOP << 8 | 0x7F);
    pause_for(40);
    system_call(SYS_kill, child, SIGCONT);
    CHECK_EQUAL(status_of(child), 5 << 8);
}

// --- A storm -------------------------------------------------------------------------------------

static volatile int storm_over;
static volatile long handled;
static void count_signal(int signal) {
    (void)signal;
    __atomic_fetch_add(&handled, 1, __ATOMIC_RELAXED);
}
// The same result each time, or another one for ever.
static void compute(void* result) {
    volatile unsigned* const seen = result;
    while (!storm_over) {
        unsigned value = 1;
        for (int i = 0; i < 1000; ++i)
            value = value * 1664525u + 1013904223u;
        if (*seen == 0) *seen = value;
        if (*seen != value) *seen = ~value;
        system_call(SYS_sched_yield);
    }
}

TEST(signals_may_come_at_any_moment) {
    static volatile unsigned results[4];
    struct Thread threads[4];
    const long pid = system_call(SYS_getpid);
    act(USR1, (void*)count_signal, 0x10000000 /* SA_RESTART */, 0);
    for (int i = 0; i < 4; ++i)
        begin_at(&threads[i], compute, (void*)&results[i]);
    for (int i = 0; i < 2000; ++i) {
        system_call(TGKILL, pid, threads[i % 4].tid, USR1);
        if (i % 3 == 0) raise(USR1);
        if (i % 7 == 0) system_call(SYS_sched_yield);
    }
    storm_over = 1;
    for (int i = 0; i < 4; ++i)
        join(&threads[i]);
    for (int i = 0; i < 4; ++i)
        CHECK_EQUAL(results[i], results[0]);
    CHECK(results[0] != 0);
    CHECK(handled > 100);
}
