// futex(2) between processes: sleeping for a word, waking, time-outs, bits, and what is refused.
#include <errno.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/time.h>
#include <stddef.h>

#include "tests/guest/programs/tap.h"

enum { FUTEX = SYS_futex, CLOCK_GETTIME = 265, PAGE = 4096 };

static volatile int* shared_page(void) {
    const long page =
        system_call6(SYS_mmap2, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(page > 0 || page < -PAGE);
    return (volatile int*)page;
}

static long futex(volatile int* word, int operation, int value, const void* time) {
    return system_call(FUTEX, word, operation, value, time, 0);
}

static long futex_bits(volatile int* word, int operation, int value, const void* time, int bits) {
    return system_call6(FUTEX, (long)word, operation, value, (long)time, 0, bits);
}

// Wakes until somebody was there: the child may not sleep yet.
static void wake_one(volatile int* word) {
    long woken = 0;
    while ((woken = futex(word, FUTEX_WAKE, 1, NULL)) == 0)
        system_call(SYS_sched_yield);
    CHECK_EQUAL(woken, 1);
}

static void wait_for_child(int expected_status) {
    int status = -1;
    CHECK(system_call(SYS_wait4, -1, &status, 0, 0) > 0);
    CHECK_EQUAL(status, expected_status);
}

TEST(a_word_that_has_changed_is_not_waited_for) {
    volatile int* word = shared_page();
    *word = 5;
    CHECK_EQUAL(futex(word, FUTEX_WAIT, 4, NULL), -EAGAIN);
}

TEST(a_child_sleeps_until_it_is_woken) {
    volatile int* word = shared_page();
    if (system_call(SYS_fork) == 0) {
        const long result = futex(word, FUTEX_WAIT, 0, NULL);
        system_call(SYS_exit_group, result == 0 && word[1] == 7 ? 0 : 1);
    }
    word[1] = 7;
    wake_one(word);
    wait_for_child(0);
    CHECK_EQUAL(futex(word, FUTEX_WAKE, 1, NULL), 0);
}

TEST(a_shared_word_is_the_same_at_two_addresses) {
    volatile int* word = shared_page();
    const long other = system_call(163, word, 0, PAGE, 1, 0);  // mremap of length 0: the same again
    REQUIRE(other > 0 || other < -PAGE);
    if (system_call(SYS_fork) == 0)
        system_call(SYS_exit_group, (int)-futex(word, FUTEX_WAIT, 0, NULL));
    wake_one((volatile int*)other);
    wait_for_child(0);
}

TEST(a_private_word_of_a_child_is_another_one) {
    static volatile int word;
    const struct __kernel_old_timespec soon = {0, 30000000};
    if (system_call(SYS_fork) == 0)
        system_call(SYS_exit_group, futex(&word, FUTEX_WAIT, 0, &soon) == -ETIMEDOUT ? 0 : 1);
    for (int i = 0; i < 20; ++i) {
        CHECK_EQUAL(futex(&word, FUTEX_WAKE, 9, NULL), 0);
        system_call(SYS_sched_yield);
    }
    wait_for_child(0);
}

TEST(a_wait_with_a_time_ends_by_itself) {
    volatile int* word = shared_page();
    const struct __kernel_old_timespec soon = {0, 20000000};
    struct __kernel_old_timespec before, after;
    system_call(CLOCK_GETTIME, 1, &before);
    CHECK_EQUAL(futex(word, FUTEX_WAIT, 0, &soon), -ETIMEDOUT);
    system_call(CLOCK_GETTIME, 1, &after);
    const long passed =
        (after.tv_sec - before.tv_sec) * 1000000000L + after.tv_nsec - before.tv_nsec;
    CHECK(passed >= 20000000);
    // FUTEX_WAIT_BITSET has a time of the clock, not a span: this one has gone by.
    CHECK_EQUAL(futex_bits(word, FUTEX_WAIT_BITSET, 0, &before, -1), -ETIMEDOUT);
    CHECK_EQUAL(futex_bits(word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &before, -1),
                -ETIMEDOUT);
}

TEST(bits_choose_who_is_woken) {
    volatile int* word = shared_page();
    if (system_call(SYS_fork) == 0)
        system_call(SYS_exit_group, (int)-futex_bits(word, FUTEX_WAIT_BITSET, 0, NULL, 2));
    for (int i = 0; i < 20; ++i) {
        CHECK_EQUAL(futex_bits(word, FUTEX_WAKE_BITSET, 9, NULL, 1), 0);
        system_call(SYS_sched_yield);
    }
    while (futex_bits(word, FUTEX_WAKE_BITSET, 9, NULL, 6) == 0)
        system_call(SYS_sched_yield);
    wait_for_child(0);
}

TEST(waiters_can_be_moved_to_another_word) {
    volatile int* word = shared_page();
    enum { CHILDREN = 3 };
    for (int i = 0; i < CHILDREN; ++i)
        if (system_call(SYS_fork) == 0)
            system_call(SYS_exit_group, (int)-futex(word, FUTEX_WAIT, 0, NULL));
    long moved = 0;
    while (moved < CHILDREN) {
        const long now =
            system_call6(FUTEX, (long)word, FUTEX_CMP_REQUEUE, 0, CHILDREN, (long)(word + 1), 0);
        REQUIRE(now >= 0);
        moved += now;
        system_call(SYS_sched_yield);
    }
    CHECK_EQUAL(futex(word, FUTEX_WAKE, 9, NULL), 0);
    CHECK_EQUAL(futex(word + 1, FUTEX_WAKE, 9, NULL), CHILDREN);
    for (int i = 0; i < CHILDREN; ++i)
        wait_for_child(0);
    CHECK_EQUAL(system_call6(FUTEX, (long)word, FUTEX_CMP_REQUEUE, 0, 1, (long)(word + 1), 9),
                -EAGAIN);
}

TEST(what_is_no_word_is_refused) {
    volatile int* word = shared_page();
    volatile int* const odd = (volatile int*)((volatile char*)word + 1);
    const struct __kernel_old_timespec bad = {0, 1000000000};
    CHECK_EQUAL(futex(odd, FUTEX_WAIT, 0, NULL), -EINVAL);
    CHECK_EQUAL(futex(odd, FUTEX_WAKE, 1, NULL), -EINVAL);
    CHECK_EQUAL(futex(NULL, FUTEX_WAIT, 0, NULL), -EFAULT);
    CHECK_EQUAL(futex((volatile int*)0xC0001000, FUTEX_WAKE, 1, NULL), -EFAULT);
    CHECK_EQUAL(futex(word, FUTEX_WAIT, 0, (void*)8), -EFAULT);
    CHECK_EQUAL(futex(word, FUTEX_WAIT, 0, &bad), -EINVAL);
    CHECK_EQUAL(futex_bits(word, FUTEX_WAIT_BITSET, 0, NULL, 0), -EINVAL);
    CHECK_EQUAL(futex_bits(word, FUTEX_WAKE_BITSET, 1, NULL, 0), -EINVAL);
    CHECK_EQUAL(futex(word, 77, 0, NULL), -ENOSYS);
    CHECK_EQUAL(system_call(SYS_munmap, word, PAGE), 0);
    CHECK_EQUAL(futex(word, FUTEX_WAIT, 0, NULL), -EFAULT);
}
