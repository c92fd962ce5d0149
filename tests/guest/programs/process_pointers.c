// Every pointer that the calls about processes, limits and time take, made bad: the answer is
// EFAULT, and nothing has happened: no child is lost, no limit set, no timer begun.
#include <asm/errno.h>
#include <asm/signal.h>
#include <asm/unistd.h>

#include "tests/guest/programs/tap.h"

enum { kPage = 4096 };

// What a call does with the pointer: fetches from there, stores there, looks for a NUL.
enum Use { FETCH, STORE, STRING };
// May be NULL.
enum { NULL_IS_GOOD = 1 };

static long buffer[64];
static unsigned long long good_limit[2] = {1000, 2000};
static long no_time[4];

#define BUFFER (long)buffer
#define P 0

struct Row {
    const char* name;
    long number;
    int pointer;  // which argument
    unsigned bytes;
    enum Use use;
    int flags;
    long arguments[5];
};

static const struct Row rows[] = {
    {"getrlimit", __NR_getrlimit, 1, 8, STORE, 0, {3, P}},
    {"ugetrlimit", __NR_ugetrlimit, 1, 8, STORE, 0, {3, P}},
    {"setrlimit", __NR_setrlimit, 1, 8, FETCH, 0, {4, P}},
    {"prlimit64 new", __NR_prlimit64, 2, 16, FETCH, NULL_IS_GOOD, {0, 4, P, 0}},
    {"prlimit64 old", __NR_prlimit64, 3, 16, STORE, NULL_IS_GOOD, {0, 4, (long)good_limit, P}},
    {"getrusage", __NR_getrusage, 1, 72, STORE, 0, {0, P}},
    {"times", __NR_times, 0, 16, STORE, NULL_IS_GOOD, {P}},
    {"time", __NR_time, 0, 4, STORE, NULL_IS_GOOD, {P}},
    {"gettimeofday", __NR_gettimeofday, 0, 8, STORE, NULL_IS_GOOD, {P, 0}},
    {"gettimeofday zone", __NR_gettimeofday, 1, 8, STORE, NULL_IS_GOOD, {0, P}},
    {"clock_gettime", __NR_clock_gettime, 1, 8, STORE, 0, {1, P}},
    {"clock_gettime64", 403, 1, 16, STORE, 0, {1, P}},
    {"clock_getres", __NR_clock_getres, 1, 8, STORE, NULL_IS_GOOD, {1, P}},
    {"clock_getres_time64", 406, 1, 16, STORE, NULL_IS_GOOD, {1, P}},
    {"nanosleep", __NR_nanosleep, 0, 8, FETCH, 0, {P, 0}},
    {"clock_nanosleep", __NR_clock_nanosleep, 2, 8, FETCH, 0, {1, 0, P, 0}},
    {"clock_nanosleep_time64", 407, 2, 16, FETCH, 0, {1, 0, P, 0}},
    {"setitimer", __NR_setitimer, 1, 16, FETCH, NULL_IS_GOOD, {0, P, 0}},
    {"setitimer old", __NR_setitimer, 2, 16, STORE, NULL_IS_GOOD, {0, (long)no_time, P}},
    {"getitimer", __NR_getitimer, 1, 16, STORE, 0, {0, P}},
    {"getresuid", __NR_getresuid32, 0, 4, STORE, 0, {P, BUFFER, BUFFER}},
    {"getresuid effective", __NR_getresuid32, 1, 4, STORE, 0, {BUFFER, P, BUFFER}},
    {"getresuid saved", __NR_getresuid32, 2, 4, STORE, 0, {BUFFER, BUFFER, P}},
    {"getresgid of 16 bits", __NR_getresgid, 1, 2, STORE, 0, {BUFFER, P, BUFFER}},
    {"getgroups32", __NR_getgroups32, 1, 8, STORE, 0, {32, P}},
    {"getgroups", __NR_getgroups, 1, 4, STORE, 0, {32, P}},
    {"setgroups32", __NR_setgroups32, 1, 12, FETCH, 0, {3, P}},
    {"setgroups", __NR_setgroups, 1, 6, FETCH, 0, {3, P}},
    {"sched_getparam", __NR_sched_getparam, 1, 4, STORE, 0, {0, P}},
    {"sched_setparam", __NR_sched_setparam, 1, 4, FETCH, 0, {0, P}},
    {"sched_setscheduler", __NR_sched_setscheduler, 2, 4, FETCH, 0, {0, 0, P}},
    {"sched_rr_get_interval", __NR_sched_rr_get_interval, 1, 8, STORE, 0, {0, P}},
    {"sched_getaffinity", __NR_sched_getaffinity, 2, 4, STORE, 0, {0, 4, P}},
    {"sched_setaffinity", __NR_sched_setaffinity, 2, 4, FETCH, 0, {0, 4, P}},
    {"getcpu", __NR_getcpu, 0, 4, STORE, NULL_IS_GOOD, {P, 0, 0}},
    {"getcpu node", __NR_getcpu, 1, 4, STORE, NULL_IS_GOOD, {0, P, 0}},
    {"uname", __NR_uname, 0, 390, STORE, 0, {P}},
    {"olduname", __NR_olduname, 0, 325, STORE, 0, {P}},
    {"sysinfo", __NR_sysinfo, 0, 64, STORE, 0, {P}},
    {"getrandom", __NR_getrandom, 0, 64, STORE, 0, {P, 64, 0}},
    {"prctl set name", __NR_prctl, 1, 4, STRING, 0, {15, P}},
    {"prctl get name", __NR_prctl, 1, 16, STORE, 0, {16, P}},
    {"wait4 status", __NR_wait4, 1, 4, STORE, NULL_IS_GOOD, {-1, P, 0, 0}},
    {"wait4 usage", __NR_wait4, 3, 72, STORE, NULL_IS_GOOD, {-1, 0, 0, P}},
    {"waitpid", __NR_waitpid, 1, 4, STORE, NULL_IS_GOOD, {-1, P, 0}},
    {"waitid", __NR_waitid, 2, 24, STORE, NULL_IS_GOOD, {0, 0, P, 4, 0}},
    {"waitid usage", __NR_waitid, 4, 72, STORE, NULL_IS_GOOD, {0, 0, 0, 4, P}},
};
enum { kRows = sizeof rows / sizeof rows[0] };

static char* map(long bytes, int rights) {
    const long at = system_call6(__NR_mmap2, 0, bytes, rights, 0x22, -1, 0);
    REQUIRE((unsigned long)at < 0xFFFFF000);
    return (char*)at;
}

static void try_one(const struct Row* row, const char* kind, long bad) {
    long a[5];
    for (int i = 0; i < 5; ++i)
        a[i] = i == row->pointer ? bad : row->arguments[i];
    const long result = system_call5(row->number, a[0], a[1], a[2], a[3], a[4]);
    // These two say so of a NULL: it is no pointer at all there.
    const int is_sched = row->number == __NR_sched_getparam || row->number == __NR_sched_setparam ||
                         row->number == __NR_sched_setscheduler;
    const long expected = bad == 0 && is_sched ? -EINVAL : -EFAULT;
    if (result != expected) tap_note("%s, %s (%08lx): %ld", row->name, kind, bad, result);
    CHECK(result == expected);
}

static void try_all(const struct Row* row) {
    static char* hole;       // a page, and nothing behind it
    static char* read_only;  // a page
    if (hole == 0) {
        read_only = map(kPage, 1);
        hole = map(2 * kPage, 3);
        REQUIRE(system_call(__NR_munmap, hole + kPage, kPage) == 0);
    }
    // A call that stores may have stored in part before it met the hole, even the end of a string.
    for (int i = 0; i < kPage; ++i)
        hole[i] = 'x';
    if ((row->flags & NULL_IS_GOOD) == 0) try_one(row, "NULL", 0);
    try_one(row, "not mapped", 0x1000);
    try_one(row, "behind a hole's edge", (long)(hole + kPage));
    if (row->bytes > 1) try_one(row, "runs into a hole", (long)(hole + kPage - row->bytes / 2));
    try_one(row, "of the kernel", (long)0xC0100000);
    try_one(row, "the last byte", (long)0xFFFFFFFF);
    // At the top of user space stands the name of the program, with its NUL.
    if (row->use != STRING)
        try_one(row, "runs into the kernel", (long)(0xC0000000 - row->bytes / 2));
    if (row->use == STORE) try_one(row, "read-only", (long)read_only);
}

TEST(every_bad_pointer_is_efault_and_nothing_has_happened) {
    const unsigned groups[2] = {7, 8};
    const long limit[2] = {500, 600};
    long now[4] = {0, 0, 0, 0};
    REQUIRE(system_call(__NR_setgroups32, 2, groups) == 0);
    REQUIRE(system_call(__NR_setrlimit, 4, limit) == 0);
    REQUIRE(system_call(__NR_prctl, 15, "unchanged") == 0);
    const long child = system_call(__NR_fork);
    if (child == 0) system_call(__NR_exit_group, 5);

    for (int i = 0; i < kRows; ++i)
        try_all(&rows[i]);

    CHECK_EQUAL(system_call(__NR_getgroups32, 32, buffer), 2);
    CHECK_EQUAL(buffer[1], 8);
    CHECK_EQUAL(system_call(__NR_ugetrlimit, 4, now), 0);
    CHECK_EQUAL(now[0], 500);
    CHECK_EQUAL(now[1], 600);
    CHECK_EQUAL(system_call(__NR_prctl, 16, buffer), 0);
    CHECK_EQUAL(buffer[0], 0x68636E75);  // "unch"
    CHECK_EQUAL(system_call(__NR_getitimer, 0, now), 0);
    CHECK_EQUAL(now[2] | now[3], 0);
    int status = 0;
    CHECK_EQUAL(system_call(__NR_wait4, child, &status, 0, 0), child);
    CHECK_EQUAL(status, 5 << 8);
}

// The remaining time is told when the sleep has ended already: EFAULT takes the place of EINTR.
struct KernelAction {
    void (*handler)(int);
    unsigned long flags, restorer, mask[2];
};
static void on_alarm(int signal) {
    (void)signal;
}

TEST(a_bad_place_for_the_rest_of_a_sleep) {
    const struct KernelAction action = {on_alarm, 0, 0, {0, 0}};
    const long soon[4] = {0, 0, 0, 20000}, span[2] = {100, 0};
    REQUIRE(system_call(__NR_rt_sigaction, SIGALRM, &action, 0, 8) == 0);
    CHECK_EQUAL(system_call(__NR_setitimer, 0, soon, 0), 0);
    CHECK_EQUAL(system_call(__NR_nanosleep, span, 0x1000), -EFAULT);
    CHECK_EQUAL(system_call(__NR_setitimer, 0, soon, 0), 0);
    CHECK_EQUAL(system_call(__NR_clock_nanosleep, 1, 0, span, 0xC0100000), -EFAULT);
}
