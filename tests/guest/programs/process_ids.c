// Numbers, users, groups and sessions of a process, as Linux has them.
#include <asm/errno.h>
#include <asm/signal.h>
#include <asm/unistd.h>

#include "tests/guest/programs/tap.h"

enum { kSame = -1 };

static void become(long user) {
    REQUIRE(system_call(__NR_setresuid32, user, user, user) == 0);
}

static void check_users(unsigned real, unsigned effective, unsigned saved) {
    unsigned ids[3] = {~0U, ~0U, ~0U};
    CHECK_EQUAL(system_call(__NR_getresuid32, &ids[0], &ids[1], &ids[2]), 0);
    CHECK_EQUAL(ids[0], real);
    CHECK_EQUAL(ids[1], effective);
    CHECK_EQUAL(ids[2], saved);
}

TEST(the_only_thread_has_the_number_of_the_process) {
    const long pid = system_call(__NR_getpid);
    CHECK(pid > 1);
    CHECK_EQUAL(system_call(__NR_gettid), pid);
    int word = 0;
    CHECK_EQUAL(system_call(__NR_set_tid_address, &word), pid);
}

TEST(root_is_all_zeroes) {
    check_users(0, 0, 0);
    CHECK_EQUAL(system_call(__NR_getuid32), 0);
    CHECK_EQUAL(system_call(__NR_geteuid32), 0);
    CHECK_EQUAL(system_call(__NR_getgid32), 0);
    CHECK_EQUAL(system_call(__NR_getegid32), 0);
}

TEST(setuid_of_root_is_for_ever) {
    CHECK_EQUAL(system_call(__NR_setuid32, 1000), 0);
    check_users(1000, 1000, 1000);
    CHECK_EQUAL(system_call(__NR_setuid32, 0), -EPERM);
    CHECK_EQUAL(system_call(__NR_setresuid32, kSame, 0, kSame), -EPERM);
    CHECK_EQUAL(system_call(__NR_setgid32, 5), -EPERM);
    CHECK_EQUAL(system_call(__NR_setuid32, kSame), -EINVAL);
}

TEST(the_saved_id_is_the_way_back) {
    REQUIRE(system_call(__NR_setresuid32, 10, 20, 30) == 0);
    check_users(10, 20, 30);
    CHECK_EQUAL(system_call(__NR_setuid32, 30), 0);
    check_users(10, 30, 30);
    CHECK_EQUAL(system_call(__NR_setreuid32, kSame, 10), 0);
    check_users(10, 10, 30);
    CHECK_EQUAL(system_call(__NR_setreuid32, 30, kSame), -EPERM);
    CHECK_EQUAL(system_call(__NR_setresuid32, 30, 10, 10), 0);
    check_users(30, 10, 10);
}

TEST(ids_of_16_bits_are_widened) {
    REQUIRE(system_call(__NR_setregid32, 70000, 7) == 0);
    CHECK_EQUAL(system_call(__NR_getgid), 65534);
    CHECK_EQUAL(system_call(__NR_getegid), 7);
    CHECK_EQUAL(system_call(__NR_getgid32), 70000);
    unsigned short ids[3] = {0, 0, 0};
    CHECK_EQUAL(system_call(__NR_getresgid, &ids[0], &ids[1], &ids[2]), 0);
    CHECK_EQUAL(ids[0], 65534);
    CHECK_EQUAL(ids[1], 7);
    CHECK_EQUAL(system_call(__NR_setresgid, 0xFFFF, 9, 0xFFFF), 0);
    CHECK_EQUAL(system_call(__NR_getegid32), 9);
    CHECK_EQUAL(system_call(__NR_getgid32), 70000);
    CHECK_EQUAL(system_call(__NR_setuid, 0xFFFF), -EINVAL);
}

TEST(supplementary_groups_are_roots_to_set) {
    unsigned groups[40] = {4, 5, 70000};
    unsigned short narrow[40];
    CHECK_EQUAL(system_call(__NR_setgroups32, 3, groups), 0);
    CHECK_EQUAL(system_call(__NR_getgroups32, 0, 0), 3);
    CHECK_EQUAL(system_call(__NR_getgroups32, 2, groups), -EINVAL);
    CHECK_EQUAL(system_call(__NR_getgroups32, -1, groups), -EINVAL);
    CHECK_EQUAL(system_call(__NR_getgroups, 40, narrow), 3);
    CHECK_EQUAL(narrow[1], 5);
    CHECK_EQUAL(narrow[2], 65534);
    CHECK_EQUAL(system_call(__NR_setgroups32, 65537, groups), -EINVAL);
    CHECK_EQUAL(system_call(__NR_setgroups32, 0, 0), 0);
    CHECK_EQUAL(system_call(__NR_getgroups32, 40, groups), 0);
    become(1000);
    CHECK_EQUAL(system_call(__NR_setgroups32, 0, 0), -EPERM);
}

// --- Groups and sessions ---

TEST(a_process_can_lead_a_group) {
    const long pid = system_call(__NR_getpid);
    CHECK_EQUAL(system_call(__NR_setpgid, 0, 0), 0);
    CHECK_EQUAL(system_call(__NR_getpgrp), pid);
    CHECK_EQUAL(system_call(__NR_getpgid, 0), pid);
    CHECK_EQUAL(system_call(__NR_getpgid, pid), pid);
    CHECK_EQUAL(system_call(__NR_getsid, 0), system_call(__NR_getsid, pid));
    CHECK_EQUAL(system_call(__NR_setsid), -EPERM);
}

TEST(a_session_begins_without_a_terminal) {
    const long pid = system_call(__NR_getpid);
    REQUIRE(system_call(__NR_setsid) == pid);
    CHECK_EQUAL(system_call(__NR_getsid, 0), pid);
    CHECK_EQUAL(system_call(__NR_getpgrp), pid);
    CHECK_EQUAL(system_call(__NR_setsid), -EPERM);
    CHECK_EQUAL(system_call(__NR_setpgid, 0, 0), -EPERM);
    CHECK_EQUAL(system_call(__NR_open, "/dev/tty", 2), -ENXIO);
}

TEST(groups_are_refused_as_on_linux) {
    CHECK_EQUAL(system_call(__NR_setpgid, 0, -1), -EINVAL);
    CHECK_EQUAL(system_call(__NR_setpgid, 30000, 0), -ESRCH);
    CHECK_EQUAL(system_call(__NR_setpgid, 1, 0), -ESRCH);
    CHECK_EQUAL(system_call(__NR_setpgid, 0, 30000), -EPERM);
    CHECK_EQUAL(system_call(__NR_getpgid, 30000), -ESRCH);
    CHECK_EQUAL(system_call(__NR_getsid, 30000), -ESRCH);
    CHECK_EQUAL(system_call(__NR_getpgid, -1), -ESRCH);
}

TEST(a_parent_moves_its_child) {
    const long child = system_call(__NR_fork);
    if (child == 0)
        for (;;)
            system_call(__NR_pause);
    CHECK_EQUAL(system_call(__NR_getpgid, child), system_call(__NR_getpgrp));
    CHECK_EQUAL(system_call(__NR_setpgid, child, child), 0);
    CHECK_EQUAL(system_call(__NR_getpgid, child), child);
    system_call(__NR_kill, child, SIGKILL);
    CHECK_EQUAL(system_call(__NR_wait4, child, 0, 0, 0), child);
    CHECK_EQUAL(system_call(__NR_getpgid, child), -ESRCH);
}
