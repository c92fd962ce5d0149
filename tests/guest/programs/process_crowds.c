// Many processes at a time, which end in all the ways there are: nothing of them is left. How many
// there can be is asked in exhaustion.c.
#include <asm/signal.h>
#include <asm/unistd.h>

#include "tests/guest/programs/tap.h"

static void reap_all(void) {
    while (system_call(__NR_wait4, -1, 0, 0, 0) > 0) {
    }
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

// Half of the crowd sleeps, half works; all are ended by one call.
TEST(a_killed_crowd_gives_everything_back) {
    const unsigned long ignore[5] = {1, 0, 0, 0, 0};
    REQUIRE(system_call(__NR_setpgid, 0, 0) == 0);
    for (int i = 0; i < 100; ++i) {
        const long child = system_call(__NR_fork);
        REQUIRE(child >= 0);
        while (child == 0)
            system_call(i % 2 == 0 ? __NR_pause : __NR_getpid);
    }
    REQUIRE(system_call(__NR_rt_sigaction, SIGTERM, ignore, 0, 8) == 0);
    CHECK_EQUAL(system_call(__NR_kill, 0, SIGTERM), 0);
    int killed = 0, status = 0;
    while (system_call(__NR_wait4, -1, &status, 0, 0) > 0)
        killed += status == SIGTERM;
    CHECK_EQUAL(killed, 100);
}
