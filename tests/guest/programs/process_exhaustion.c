// More processes than there can be: fork says so, and once they have gone all is as before.
#include <asm/errno.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/resource.h>

#include "tests/guest/programs/tap.h"

struct Limit {
    unsigned long soft, hard;
};

static void reap_all(void) {
    while (system_call(__NR_wait4, -1, 0, 0, 0) > 0) {
    }
}

// Children that live until `gate` is closed by their parent; how many there were, and what the last
// fork said. `most`: an end in case there is none.
static int fork_until_it_fails(int gate[2], int most, long* last) {
    int count = 0;
    for (; count < most; ++count) {
        *last = system_call(__NR_fork);
        if (*last < 0) break;
        if (*last != 0) continue;
        char byte;
        system_call(__NR_close, gate[1]);
        system_call(__NR_read, gate[0], &byte, 1);
        system_call(__NR_exit_group, 0);
    }
    return count;
}

static void open_gate(int gate[2]) {
    system_call(__NR_close, gate[1]);
    reap_all();
    system_call(__NR_close, gate[0]);
}

TEST(a_limit_of_processes_is_eagain) {
    int gate[2];
    long last = 0;
    const struct Limit limit = {20, 20};
    REQUIRE(system_call(__NR_pipe, gate) == 0);
    REQUIRE(system_call(__NR_setrlimit, RLIMIT_NPROC, &limit) == 0);
    REQUIRE(system_call(__NR_setuid32, 4711) == 0);
    CHECK_EQUAL(fork_until_it_fails(gate, 100, &last), 19);
    CHECK_EQUAL(last, -EAGAIN);
    open_gate(gate);
    REQUIRE(system_call(__NR_pipe, gate) == 0);
    CHECK_EQUAL(fork_until_it_fails(gate, 100, &last), 19);
    open_gate(gate);
}

TEST(as_many_as_the_machine_can_have) {
    int gate[2];
    long last = 0;
    REQUIRE(system_call(__NR_pipe, gate) == 0);
    const int count = fork_until_it_fails(gate, 5000, &last);
    CHECK(last == -EAGAIN || last == -ENOMEM);
    CHECK(count > 100);
    // Who is there goes on working.
    CHECK_EQUAL(system_call(__NR_getpid), system_call(__NR_gettid));
    open_gate(gate);
    tap_note("%d processes, then %ld", count, last);
    REQUIRE(system_call(__NR_pipe, gate) == 0);
    const int again = fork_until_it_fails(gate, count * 9 / 10, &last);
    CHECK_EQUAL(again, count * 9 / 10);
    open_gate(gate);
}

// Each process makes two, as long as it can; all end by themselves.
static void bomb(int depth) {
    for (int i = 0; i < 2 && depth > 0; ++i) {
        const long child = system_call(__NR_fork);
        if (child == 0) bomb(depth - 1);
    }
    reap_all();
    system_call(__NR_exit_group, 0);
}

TEST(a_bomb_of_forks_burns_out) {
    int status = -1;
    const long child = system_call(__NR_fork);
    if (child == 0) bomb(8);
    CHECK_EQUAL(system_call(__NR_wait4, child, &status, 0, 0), child);
    CHECK_EQUAL(status, 0);
}

// As above, but nobody waits: what is left of them is init's.
static void wild_bomb(int depth) {
    for (int i = 0; i < 2 && depth > 0; ++i)
        if (system_call(__NR_fork) == 0) wild_bomb(depth - 1);
    system_call(__NR_exit_group, 0);
}

TEST(orphans_of_a_bomb_are_reaped_by_init) {
    int ends[2];
    char byte;
    REQUIRE(system_call(__NR_pipe, ends) == 0);
    const long child = system_call(__NR_fork);
    if (child == 0) wild_bomb(7);
    system_call(__NR_close, ends[1]);
    CHECK_EQUAL(system_call(__NR_wait4, child, 0, 0, 0), child);
    CHECK_EQUAL(system_call(__NR_read, ends[0], &byte, 1), 0);  // when the last has ended
    // The last zombies are init's: it comes to wait for them in its turn.
    const long nap[2] = {0, 50000000};
    system_call(__NR_nanosleep, nap, 0);
}

TEST(a_killed_crowd_gives_everything_back) {
    int gate[2];
    long last = 0;
    REQUIRE(system_call(__NR_pipe, gate) == 0);
    REQUIRE(system_call(__NR_setpgid, 0, 0) == 0);
    CHECK_EQUAL(fork_until_it_fails(gate, 100, &last), 100);
    const unsigned long ignore[5] = {1, 0, 0, 0, 0};
    REQUIRE(system_call(__NR_rt_sigaction, SIGTERM, ignore, 0, 8) == 0);
    CHECK_EQUAL(system_call(__NR_kill, 0, SIGTERM), 0);
    int killed = 0, status = 0;
    while (system_call(__NR_wait4, -1, &status, 0, 0) > 0)
        killed += status == SIGTERM;
    CHECK_EQUAL(killed, 100);
}
