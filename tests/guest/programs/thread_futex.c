// futex(2) between threads: FUTEX_WAKE_OP, moving waiters, time limits, and robust lists.
#include "tests/guest/programs/thread_support.h"

enum { kSet = 0, kAdd = 1, kEqual = 0, kGreater = 4 };

static volatile int first, second;
static volatile long answers[8];

static void sleep_for(void* index) {
    volatile int* const words[] = {&first, &first, &first, &second, &second, &second};
    const long i = (long)index;
    answers[i] = futex(words[i], FUTEX_WAIT, *words[i], 0);
}

static void begin_sleepers(struct Thread* threads, int from, int to) {
    for (int i = from; i < to; ++i) {
        answers[i] = 77;
        begin_at(&threads[i], sleep_for, (void*)(long)i);
    }
    pause_for(30);
}

static long wake_operation(int wakes, int wakes2, int what, int operand, int question,
                           int compared) {
    return system_call6(FUTEX, (long)&first, FUTEX_WAKE_OP, wakes, wakes2, (long)&second,
                        what << 28 | question << 24 | operand << 12 | compared);
}

TEST(wake_op_changes_one_word_and_wakes_for_two) {
    struct Thread threads[6];
    first = second = 0;
    begin_sleepers(threads, 0, 6);
    CHECK_EQUAL(wake_operation(1, 1, kAdd, 5, kGreater, 0), 1);  // second was not above 0
    CHECK_EQUAL(second, 5);
    CHECK_EQUAL(wake_operation(9, 2, kSet, 3, kEqual, 5), 2 + 2);
    CHECK_EQUAL(second, 3);
    CHECK_EQUAL(wake_operation(9, 9, kSet, 3, kGreater, 0), 0 + 1);
    for (int i = 0; i < 6; ++i) {
        join(&threads[i]);
        CHECK_EQUAL(answers[i], 0);
    }
}

TEST(wake_op_refuses_what_linux_refuses) {
    CHECK_EQUAL(wake_operation(1, 1, 5, 0, 0, 0), -ENOSYS);
    second = 1;
    CHECK_EQUAL(wake_operation(1, 1, kSet, 9, 6, 0), -ENOSYS);
    CHECK_EQUAL(second, 9);  // it was done before the question was read
    const struct Pages pages = make_pages();
    const long operation = kSet << 28 | 1 << 12;
    for (int i = 0; i < 3; ++i) {
        char* const bad = i == 0 ? pages.hole : i == 1 ? pages.read_only : (char*)0xC0000000;
        CHECK_EQUAL(system_call6(FUTEX, (long)&first, FUTEX_WAKE_OP, 1, 1, (long)bad, operation),
                    -EFAULT);
        if (i != 1)
            CHECK_EQUAL(
                system_call6(FUTEX, (long)bad, FUTEX_WAKE_OP, 1, 1, (long)&second, operation),
                -EFAULT);
    }
    CHECK_EQUAL(
        system_call6(FUTEX, (long)&first + 1, FUTEX_WAKE_OP, 1, 1, (long)&second, operation),
        -EINVAL);
    CHECK_EQUAL(
        system_call6(FUTEX, (long)&first, FUTEX_WAKE_OP, 1, 1, (long)&second + 2, operation),
        -EINVAL);
}

static volatile int word, start;
static void add_by_calls(void* unused) {
    (void)unused;
    wait_while(&start, 0);
    for (int i = 0; i < 5000; ++i)
        system_call6(FUTEX, (long)&start, FUTEX_WAKE_OP, 1, 1, (long)&word, kAdd << 28 | 1 << 12);
}

TEST(wake_op_is_one_step) {
    struct Thread threads[4];
    for (int i = 0; i < 4; ++i)
        begin_at(&threads[i], add_by_calls, 0);
    set_and_wake(&start, 1);
    for (int i = 0; i < 5000; ++i)
        __atomic_fetch_add(&word, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 4; ++i)
        join(&threads[i]);
    CHECK_EQUAL(word, 25000);
}

TEST(moved_waiters_are_counted_with_the_woken) {
    struct Thread threads[6];
    first = second = 0;
    begin_sleepers(threads, 0, 3);
    CHECK_EQUAL(system_call6(FUTEX, (long)&first, FUTEX_REQUEUE, 1, 1, (long)&second, 0), 2);
    CHECK_EQUAL(system_call6(FUTEX, (long)&first, FUTEX_CMP_REQUEUE, 0, 9, (long)&second, 1),
                -EAGAIN);
    CHECK_EQUAL(system_call6(FUTEX, (long)&first, FUTEX_CMP_REQUEUE, 0, 9, (long)&second, 0), 1);
    CHECK_EQUAL(futex(&first, FUTEX_WAKE, 9, 0), 0);
    CHECK_EQUAL(futex(&second, FUTEX_WAKE, 9, 0), 2);
    CHECK_EQUAL(system_call6(FUTEX, (long)&first, FUTEX_REQUEUE, -1, 0, (long)&second, 0), -EINVAL);
    for (int i = 0; i < 3; ++i)
        join(&threads[i]);
}

// --- Time limits and signals ---------------------------------------------------------------------

static volatile int handled;
static void count_signal(int signal) {
    handled += signal == SIGUSR1;
}
static long now(void) {
    struct Time time;
    system_call(265, 1, &time);
    return time.seconds * 1000 + time.nanoseconds / 1000000;
}
static volatile long waited;
static void sleep_with_limit(void* milliseconds) {
    const long limit = (long)milliseconds;
    const struct Time time = {0, limit * 1000000};
    const long start = now();
    answers[0] = futex(&first, FUTEX_WAIT, first, limit == 0 ? 0 : &time);
    waited = now() - start;
}

static void signal_a_waiter(long limit, unsigned long flags, long expected) {
    struct Thread thread;
    handled = first = 0;
    act(SIGUSR1, (void*)count_signal, flags, 0);
    begin_at(&thread, sleep_with_limit, (void*)limit);
    pause_for(30);
    system_call(TKILL, thread.tid, SIGUSR1);
    while (handled == 0)
        system_call(SYS_sched_yield);
    pause_for(30);
    futex(&first, FUTEX_WAKE, 1, 0);
    join(&thread);
    CHECK_EQUAL(answers[0], expected);
}

TEST(a_handler_ends_a_wait_as_linux_has_it) {
    const unsigned long kRestart = 0x10000000;
    signal_a_waiter(0, 0, -EINTR);
    signal_a_waiter(0, kRestart, 0);  // it began again, and was woken
    signal_a_waiter(900, 0, -EINTR);
    signal_a_waiter(900, kRestart, -EINTR);
}

TEST(a_stop_does_not_lengthen_a_time_limit) {
    const long child = system_call(SYS_fork);
    if (child == 0) {
        sleep_with_limit((void*)100);
        end(answers[0] == -ETIMEDOUT && waited >= 90 ? 0 : 1);
    }
    pause_for(40);
    system_call(SYS_kill, child, SIGSTOP);
    pause_for(20);
    system_call(SYS_kill, child, SIGCONT);
    CHECK_EQUAL(status_of(child), 0);
}

TEST(a_private_word_nobody_knows_has_no_waiters) {
    const struct Pages pages = make_pages();
    CHECK_EQUAL(futex(pages.hole, FUTEX_WAKE, 1, 0), -EFAULT);
    CHECK_EQUAL(futex(pages.hole, FUTEX_WAKE | 128, 1, 0), 0);
    CHECK_EQUAL(futex((void*)0xC0000000, FUTEX_WAKE | 128, 1, 0), -EFAULT);
    CHECK_EQUAL(futex(pages.hole, FUTEX_WAIT | 128, 0, 0), -EFAULT);
    CHECK_EQUAL(system_call6(FUTEX, (long)pages.hole, 10 /* WAKE_BITSET */, 1, 0, 0, 0), -EINVAL);
}

// --- Robust lists --------------------------------------------------------------------------------

struct Lock {
    struct Lock* next;
    volatile int word;
};
struct Head {
    struct Lock* first;
    long offset;
    struct Lock* pending;
};
enum { kWaiters = (int)0x80000000, kDied = 0x40000000 };

static struct Head head;
static struct Lock locks[4];

static void die_with_locks(void* count) {
    head.offset = offsetof(struct Lock, word);
    head.first = &locks[0];
    for (long i = 0; i < (long)count; ++i) {
        locks[i].next = i + 1 < (long)count ? &locks[i + 1] : (struct Lock*)&head;
        locks[i].word |= (int)gettid();
    }
    system_call(SET_ROBUST_LIST, &head, sizeof head);
    pause_for(20);
}

TEST(locks_of_a_thread_that_ends_are_told_of) {
    struct Thread thread;
    locks[3].word = kWaiters;
    begin_at(&thread, die_with_locks, (void*)4);
    join(&thread);
    for (int i = 0; i < 3; ++i)
        CHECK_EQUAL(locks[i].word, kDied);
    CHECK_EQUAL(locks[3].word, kDied | kWaiters);
}

static void sleep_for_lock(void* lock) {
    volatile int* const word = &((struct Lock*)lock)->word;
    while ((*word & kDied) == 0)
        futex(word, FUTEX_WAIT, *word, 0);
}

TEST(who_waits_for_such_a_lock_is_woken) {
    struct Thread waiter, owner;
    locks[0].word = kWaiters;
    begin_at(&owner, die_with_locks, (void*)1);
    begin_at(&waiter, sleep_for_lock, &locks[0]);
    join(&waiter);
    join(&owner);
}

static void end_all_with_locks(long how) {
    static struct Thread thread;
    struct Lock* const lock = (struct Lock*)how;
    head.offset = offsetof(struct Lock, word);
    head.first = lock;
    lock->next = (struct Lock*)&head;
    lock->word = (int)gettid();
    system_call(SET_ROBUST_LIST, &head, sizeof head);
    begin_at(&thread, die_with_locks, (void*)0);
    raise(SIGKILL);
}

TEST(a_lock_in_shared_memory_is_told_of_when_its_process_is_killed) {
    struct Lock* const lock = (struct Lock*)system_call6(SYS_mmap2, 0, kPage, 3, 0x21, -1, 0);
    CHECK_EQUAL(tap_signal_in_child(end_all_with_locks, (long)lock), SIGKILL);
    CHECK_EQUAL(lock->word, kDied);
}

TEST(execve_frees_locks_too) {
    struct Lock* const lock = (struct Lock*)system_call6(SYS_mmap2, 0, kPage, 3, 0x21, -1, 0);
    const char* const words[] = {"/bin/true", 0};
    const long child = system_call(SYS_fork);
    if (child == 0) {
        head.offset = offsetof(struct Lock, word);
        head.first = lock;
        lock->next = (struct Lock*)&head;
        lock->word = (int)gettid();
        system_call(SET_ROBUST_LIST, &head, sizeof head);
        system_call(SYS_execve, words[0], words, words + 1);
        end(9);
    }
    CHECK_EQUAL(status_of(child), 0);
    CHECK_EQUAL(lock->word, kDied);
}

static void die_with_list(void* list) {
    system_call(SET_ROBUST_LIST, list, sizeof head);
}

TEST(lists_that_lead_nowhere_harm_nobody) {
    const struct Pages pages = make_pages();
    static struct Head bad[8];
    struct Thread thread;
    FOR_EACH_BAD_SOURCE(place, pages) {
        begin_at(&thread, die_with_list, place);
        join(&thread);
    }
    locks[0].next = &locks[1];  // a ring
    locks[1].next = &locks[0];
    for (int i = 0; i < 8; ++i)
        bad[i].offset = offsetof(struct Lock, word);
    bad[0].first = &locks[0];
    bad[1].first = (struct Lock*)0x10;
    bad[2].first = (struct Lock*)&bad[2], bad[2].pending = (struct Lock*)0xFFFFFFF0;
    bad[3].first = &locks[0], bad[3].offset = 1;
    bad[4].first = &locks[0], bad[4].offset = -0x7FFFFFFF;
    bad[5].first = (struct Lock*)(pages.hole - 4);
    bad[6].first = 0;
    bad[7].first = (struct Lock*)&bad[7], bad[7].pending = (struct Lock*)pages.read_only;
    for (int i = 0; i < 8; ++i) {
        begin_at(&thread, die_with_list, &bad[i]);
        join(&thread);
    }
}

TEST(a_list_is_told_and_checked) {
    static struct Head mine;
    void* told = 0;
    unsigned bytes = 0;
    CHECK_EQUAL(system_call(SET_ROBUST_LIST, &mine, sizeof mine - 1), -EINVAL);
    CHECK_EQUAL(system_call(SET_ROBUST_LIST, &mine, 24), -EINVAL);
    mine.first = (struct Lock*)&mine;
    CHECK_EQUAL(system_call(SET_ROBUST_LIST, &mine, sizeof mine), 0);
    for (int i = 0; i < 2; ++i) {
        CHECK_EQUAL(system_call(GET_ROBUST_LIST, i == 0 ? 0 : gettid(), &told, &bytes), 0);
        CHECK_EQUAL(told, &mine);
        CHECK_EQUAL(bytes, sizeof mine);
    }
    CHECK_EQUAL(system_call(GET_ROBUST_LIST, 32767, &told, &bytes), -ESRCH);
    CHECK_EQUAL(system_call(GET_ROBUST_LIST, 0, 0x1000, &bytes), -EFAULT);
    CHECK_EQUAL(system_call(GET_ROBUST_LIST, 0, &told, 0x1000), -EFAULT);
}

static void ask_of_root(long unused) {
    void* told;
    unsigned bytes;
    (void)unused;
    system_call(SYS_setresuid32, 1000, 1000, 1000);
    end(system_call(GET_ROBUST_LIST, 1, &told, &bytes) == -EPERM ? 0 : 1);
}
TEST(a_list_of_another_user_is_not_told) {
    CHECK_EQUAL(tap_status_in_child(ask_of_root, 0), 0);
}
