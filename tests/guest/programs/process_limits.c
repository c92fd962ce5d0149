// Limits, usage and priorities.
#include <asm/errno.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/resource.h>

#include "tests/guest/programs/tap.h"

struct Limit {
    unsigned long soft, hard;
};
struct WideLimit {
    unsigned long long soft, hard;
};

TEST(limits_are_told_in_each_width) {
    struct Limit limit;
    struct WideLimit wide;
    CHECK_EQUAL(system_call(__NR_ugetrlimit, RLIMIT_STACK, &limit), 0);
    CHECK_EQUAL(limit.soft, 8 << 20);
    CHECK_EQUAL(limit.hard, ~0UL);
    CHECK_EQUAL(system_call(__NR_getrlimit, RLIMIT_STACK, &limit), 0);
    CHECK_EQUAL(limit.hard, 0x7FFFFFFF);
    CHECK_EQUAL(system_call(__NR_prlimit64, 0, RLIMIT_STACK, 0, &wide), 0);
    CHECK(wide.soft == 8 << 20 && wide.hard == ~0ULL);
    CHECK_EQUAL(system_call(__NR_ugetrlimit, 16, &limit), -EINVAL);
    CHECK_EQUAL(system_call(__NR_prlimit64, 0, 16, 0, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_prlimit64, 30000, RLIMIT_STACK, 0, 0), -ESRCH);
}

TEST(limits_are_set_and_inherited) {
    struct Limit limit = {1000, 2000};
    CHECK_EQUAL(system_call(__NR_setrlimit, RLIMIT_CORE, &limit), 0);
    const long child = system_call(__NR_fork);
    if (child == 0) {
        struct Limit mine = {0, 0};
        system_call(__NR_ugetrlimit, RLIMIT_CORE, &mine);
        system_call(__NR_exit_group, mine.soft == 1000 && mine.hard == 2000);
    }
    int status = 0;
    system_call(__NR_wait4, child, &status, 0, 0);
    CHECK_EQUAL(status, 1 << 8);
    limit.soft = 2001;
    CHECK_EQUAL(system_call(__NR_setrlimit, RLIMIT_CORE, &limit), -EINVAL);
    struct WideLimit old, wanted = {3, 4};
    CHECK_EQUAL(system_call(__NR_prlimit64, 0, RLIMIT_CORE, &wanted, &old), 0);
    CHECK(old.soft == 1000 && old.hard == 2000);
}

TEST(only_root_raises_a_hard_limit) {
    struct Limit limit = {1, 2};
    REQUIRE(system_call(__NR_setrlimit, RLIMIT_CORE, &limit) == 0);
    limit.hard = 3;
    CHECK_EQUAL(system_call(__NR_setrlimit, RLIMIT_CORE, &limit), 0);
    REQUIRE(system_call(__NR_setuid32, 1000) == 0);
    limit.hard = 4;
    CHECK_EQUAL(system_call(__NR_setrlimit, RLIMIT_CORE, &limit), -EPERM);
    limit.soft = limit.hard = 3;
    CHECK_EQUAL(system_call(__NR_setrlimit, RLIMIT_CORE, &limit), 0);
    CHECK_EQUAL(system_call(__NR_prlimit64, 1, RLIMIT_CORE, 0, 0), -EPERM);
}

TEST(a_limit_of_files_holds) {
    struct Limit limit = {5, 5};
    REQUIRE(system_call(__NR_setrlimit, RLIMIT_NOFILE, &limit) == 0);
    long last = 0;
    int opened = 0;
    while ((last = system_call(__NR_dup, 1)) >= 0 && opened < 10)
        ++opened;
    CHECK_EQUAL(last, -EMFILE);
    CHECK(opened <= 3);
}

TEST(a_limit_of_memory_holds) {
    struct Limit limit = {1 << 20, 1 << 20};
    REQUIRE(system_call(__NR_setrlimit, RLIMIT_AS, &limit) == 0);
    CHECK_EQUAL(system_call6(__NR_mmap2, 0, 2 << 20, 3, 0x22, -1, 0), -ENOMEM);
    limit.hard = limit.soft = ~0UL;
    REQUIRE(system_call(__NR_setrlimit, RLIMIT_AS, &limit) == 0);
    CHECK((unsigned long)system_call6(__NR_mmap2, 0, 2 << 20, 3, 0x22, -1, 0) < 0xFFFFF000);
}

TEST(usage_grows_with_work) {
    struct rusage before, after;
    static char pages[64 * 4096];
    CHECK_EQUAL(system_call(__NR_getrusage, RUSAGE_SELF, &before), 0);
    for (unsigned i = 0; i < sizeof pages; i += 4096)
        ((volatile char*)pages)[i] = 1;
    CHECK_EQUAL(system_call(__NR_getrusage, RUSAGE_SELF, &after), 0);
    CHECK(after.ru_minflt >= before.ru_minflt + 60);
    CHECK(after.ru_maxrss >= before.ru_maxrss + 200);
    CHECK_EQUAL(system_call(__NR_getrusage, RUSAGE_THREAD, &after), 0);
    CHECK(after.ru_minflt >= before.ru_minflt + 60);
    CHECK_EQUAL(system_call(__NR_getrusage, 7, &after), -EINVAL);
}

TEST(processor_time_is_counted) {
    long times[4] = {0, 0, 0, 0};
    const long begin = system_call(__NR_times, 0);
    CHECK(begin >= 0);
    while (system_call(__NR_times, times) < begin + 20) {
    }
    CHECK(times[0] + times[1] > 0);
    CHECK_EQUAL(times[2], 0);
}

// --- Priorities ---

TEST(niceness_goes_up_for_all_and_down_for_root) {
    CHECK_EQUAL(system_call(__NR_getpriority, PRIO_PROCESS, 0), 20);
    CHECK_EQUAL(system_call(__NR_nice, 5), 0);
    CHECK_EQUAL(system_call(__NR_getpriority, PRIO_PROCESS, 0), 15);
    CHECK_EQUAL(system_call(__NR_nice, -100), 0);
    CHECK_EQUAL(system_call(__NR_getpriority, PRIO_PROCESS, 0), 40);
    CHECK_EQUAL(system_call(__NR_setpriority, PRIO_PROCESS, 0, 100), 0);
    CHECK_EQUAL(system_call(__NR_getpriority, PRIO_PROCESS, 0), 1);
    REQUIRE(system_call(__NR_setuid32, 1000) == 0);
    CHECK_EQUAL(system_call(__NR_nice, -1), -EPERM);
    CHECK_EQUAL(system_call(__NR_setpriority, PRIO_PROCESS, 0, 0), -EACCES);
    CHECK_EQUAL(system_call(__NR_setpriority, PRIO_PROCESS, 1, 19), -EPERM);
    CHECK_EQUAL(system_call(__NR_setpriority, PRIO_PROCESS, 0, 19), 0);
}

TEST(priorities_of_groups_and_users) {
    REQUIRE(system_call(__NR_setpgid, 0, 0) == 0);
    const long pid = system_call(__NR_getpid);
    CHECK_EQUAL(system_call(__NR_setpriority, PRIO_PGRP, 0, 3), 0);
    CHECK_EQUAL(system_call(__NR_getpriority, PRIO_PGRP, pid), 17);
    CHECK_EQUAL(system_call(__NR_getpriority, PRIO_PROCESS, pid), 17);
    CHECK(system_call(__NR_getpriority, PRIO_USER, 0) >= 17);
    CHECK_EQUAL(system_call(__NR_getpriority, PRIO_USER, 4242), -ESRCH);
    CHECK_EQUAL(system_call(__NR_getpriority, PRIO_PROCESS, 30000), -ESRCH);
    CHECK_EQUAL(system_call(__NR_setpriority, PRIO_PROCESS, 30000, 0), -ESRCH);
    CHECK_EQUAL(system_call(__NR_getpriority, 3, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_setpriority, -1, 0, 0), -EINVAL);
}

TEST(there_is_one_policy) {
    int priority = 0, high = 100;
    CHECK_EQUAL(system_call(__NR_sched_getscheduler, 0), 0);
    CHECK_EQUAL(system_call(__NR_sched_getscheduler, -1), -EINVAL);
    CHECK_EQUAL(system_call(__NR_sched_getscheduler, 30000), -ESRCH);
    CHECK_EQUAL(system_call(__NR_sched_setscheduler, 0, 0, &priority), 0);
    CHECK_EQUAL(system_call(__NR_sched_setscheduler, 0, 0, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_sched_setscheduler, 0, 1, &high), -EINVAL);
    CHECK_EQUAL(system_call(__NR_sched_setscheduler, 0, 1, &priority), -EINVAL);
    CHECK_EQUAL(system_call(__NR_sched_setparam, 0, &high), -EINVAL);
    CHECK_EQUAL(system_call(__NR_sched_getparam, 0, &high), 0);
    CHECK_EQUAL(high, 0);
    CHECK_EQUAL(system_call(__NR_sched_get_priority_max, 0), 0);
    CHECK_EQUAL(system_call(__NR_sched_get_priority_max, 1), 99);
    CHECK_EQUAL(system_call(__NR_sched_get_priority_min, 2), 1);
    CHECK_EQUAL(system_call(__NR_sched_get_priority_min, 77), -EINVAL);
    CHECK_EQUAL(system_call(__NR_sched_yield), 0);
}
