// What a program may ask of the machine and of itself.
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/prctl.h>
#include <linux/reboot.h>
#include <linux/sysinfo.h>
#include <linux/utsname.h>

#include "tests/guest/programs/tap.h"

static int equal(const char* a, const char* b) {
    while (*a != '\0' && *a == *b)
        ++a, ++b;
    return *a == *b;
}

TEST(the_machine_has_a_name) {
    struct new_utsname name;
    CHECK_EQUAL(system_call(__NR_uname, &name), 0);
    CHECK(equal(name.sysname, "Linux"));
    CHECK(equal(name.machine, "i686"));
    CHECK(name.release[0] >= '3' && name.release[1] == '.');
}

TEST(memory_and_processes_are_counted) {
    struct sysinfo info;
    CHECK_EQUAL(system_call(__NR_sysinfo, &info), 0);
    CHECK(info.mem_unit == 1 || info.mem_unit == 4096);
    CHECK(info.totalram > info.freeram);
    CHECK(info.freeram > 0);
    CHECK(info.procs >= 2);
}

TEST(random_bytes_differ) {
    unsigned char first[64], second[64];
    int same = 0;
    CHECK_EQUAL(system_call(__NR_getrandom, first, sizeof first, 0), sizeof first);
    CHECK_EQUAL(system_call(__NR_getrandom, second, sizeof second, 1), sizeof second);
    for (unsigned i = 0; i < sizeof first; ++i)
        same += first[i] == second[i];
    CHECK(same < 16);
    CHECK_EQUAL(system_call(__NR_getrandom, first, 0, 0), 0);
    CHECK_EQUAL(system_call(__NR_getrandom, first, 8, 8), -EINVAL);
    CHECK_EQUAL(system_call(__NR_getrandom, first, 8, 6), -EINVAL);
}

TEST(a_process_names_itself) {
    char name[16];
    CHECK_EQUAL(system_call(__NR_prctl, PR_SET_NAME, "a name that is too long"), 0);
    CHECK_EQUAL(system_call(__NR_prctl, PR_GET_NAME, name), 0);
    CHECK(equal(name, "a name that is "));
    CHECK_EQUAL(system_call(__NR_prctl, PR_SET_NAME, ""), 0);
    CHECK_EQUAL(system_call(__NR_prctl, PR_GET_NAME, name), 0);
    CHECK(equal(name, ""));
}

TEST(dumpable_is_yes_or_no) {
    CHECK_EQUAL(system_call(__NR_prctl, PR_GET_DUMPABLE), 1);
    CHECK_EQUAL(system_call(__NR_prctl, PR_SET_DUMPABLE, 2), -EINVAL);
    CHECK_EQUAL(system_call(__NR_prctl, PR_SET_DUMPABLE, 0), 0);
    CHECK_EQUAL(system_call(__NR_prctl, PR_GET_DUMPABLE), 0);
    CHECK_EQUAL(system_call(__NR_prctl, 4242), -EINVAL);
}

static int page_is_executable(long page) {
    static char text[8192];
    const long file = system_call(__NR_open, "/proc/self/maps", 0);
    long bytes = 0;
    for (long got; (got = system_call(__NR_read, file, text + bytes, sizeof text - 1 - bytes)) > 0;)
        bytes += got;
    text[bytes] = '\0';
    system_call(__NR_close, file);
    for (const char* line = text; *line != '\0';) {
        unsigned long bounds[2] = {0, 0};
        for (int i = 0; i < 2; ++i, ++line)
            for (; *line != '-' && *line != ' '; ++line)
                bounds[i] = bounds[i] * 16 + (*line <= '9' ? *line - '0' : *line - 'a' + 10);
        if (bounds[0] <= (unsigned long)page && (unsigned long)page < bounds[1])
            return line[2] == 'x';
        while (*line++ != '\n') {
        }
    }
    return -1;
}

TEST(the_personality_is_kept_and_inherited) {
    enum { kAsk = -1, kNoRandom = 0x40000, kReadExecute = 0x400000, kShortInode = 0x1000000 };
    const long before = system_call(__NR_personality, kAsk);
    CHECK_EQUAL(system_call(__NR_personality, before | kNoRandom | kShortInode), before);
    CHECK_EQUAL(system_call(__NR_personality, kAsk), before | kNoRandom | kShortInode);
    const long child = system_call(__NR_fork);
    if (child == 0)
        system_call(__NR_exit_group,
                    system_call(__NR_personality, kAsk) == (before | kNoRandom | kShortInode));
    int status = 0;
    system_call(__NR_wait4, child, &status, 0, 0);
    CHECK_EQUAL(status, 1 << 8);
    CHECK_EQUAL(system_call(__NR_personality, before | kReadExecute),
                before | kNoRandom | kShortInode);
}

TEST(reading_may_imply_executing) {
    enum { kAsk = -1, kReadExecute = 0x400000 };
    const long before = system_call(__NR_personality, kAsk) & ~kReadExecute;
    system_call(__NR_personality, before);
    const long plain = system_call6(__NR_mmap2, 0, 4096, 1, 0x22, -1, 0);
    CHECK_EQUAL(page_is_executable(plain), 0);
    system_call(__NR_personality, before | kReadExecute);
    const long both = system_call6(__NR_mmap2, 0, 8192, 1, 0x22, -1, 0);
    CHECK_EQUAL(page_is_executable(both), 1);
    const long neither = system_call6(__NR_mmap2, 0, 4096, 0, 0x22, -1, 0);
    CHECK_EQUAL(page_is_executable(neither), 0);
    CHECK_EQUAL(system_call(__NR_mprotect, plain, 4096, 1), 0);
    CHECK_EQUAL(page_is_executable(plain), 1);
    CHECK_EQUAL(system_call(__NR_mprotect, plain, 4096, 0), 0);
    CHECK_EQUAL(page_is_executable(plain), 0);
}

TEST(there_is_one_processor) {
    unsigned long mask = 0;
    unsigned cpu = 7, node = 7;
    CHECK(system_call(__NR_sched_getaffinity, 0, sizeof mask, &mask) >= 4);
    CHECK((mask & 1) != 0);
    CHECK_EQUAL(system_call(__NR_sched_getaffinity, 0, 3, &mask), -EINVAL);
    CHECK_EQUAL(system_call(__NR_sched_getaffinity, 30000, sizeof mask, &mask), -ESRCH);
    CHECK_EQUAL(system_call(__NR_getcpu, &cpu, &node, 0), 0);
    CHECK(cpu < 64 && node == 0);
    mask = 0;
    CHECK_EQUAL(system_call(__NR_sched_setaffinity, 0, sizeof mask, &mask), -EINVAL);
    mask = 1;
    CHECK_EQUAL(system_call(__NR_sched_setaffinity, 0, sizeof mask, &mask), 0);
}

TEST(switching_off_needs_the_right_words) {
    CHECK_EQUAL(system_call(__NR_reboot, 1, LINUX_REBOOT_MAGIC2, 0x4321FEDC), -EINVAL);
    CHECK_EQUAL(system_call(__NR_reboot, LINUX_REBOOT_MAGIC1, 1, 0x4321FEDC), -EINVAL);
    CHECK_EQUAL(system_call(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, 77), -EINVAL);
    REQUIRE(system_call(__NR_setuid32, 1000) == 0);
    CHECK_EQUAL(system_call(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, 0x4321FEDC),
                -EPERM);
}

TEST(the_robust_list_has_one_size) {
    long head[3] = {0, 0, 0};
    CHECK_EQUAL(system_call(__NR_set_robust_list, head, 12), 0);
    CHECK_EQUAL(system_call(__NR_set_robust_list, head, 11), -EINVAL);
}

static int is_log_line(const char* text) {
    return text[0] == '<' && text[1] >= '0' && text[1] <= '7' && text[2] == '>' && text[3] == '[';
}

TEST(the_log_can_be_read_again_and_again) {
    static char log[65536], again[65536];
    enum { kRead = 2, kReadAll = 3, kSizeBuffer = 10 };
    CHECK(system_call(__NR_syslog, kSizeBuffer, 0, 0) >= 4096);
    const long length = system_call(__NR_syslog, kReadAll, log, sizeof log);
    REQUIRE(length > 0);
    CHECK(is_log_line(log));
    CHECK_EQUAL(log[length - 1], '\n');
    CHECK_EQUAL(system_call(__NR_syslog, kReadAll, again, sizeof again), length);
    for (long i = 0; i < length; ++i)
        if (log[i] != again[i]) CHECK_EQUAL(i, -1);
    // What does not fit is left out from the oldest on, by whole lines.
    const long some = system_call(__NR_syslog, kReadAll, again, length - 1);
    CHECK(some > 0 && some < length && is_log_line(again));
    for (long i = 0; i < some; ++i)
        if (log[length - some + i] != again[i]) CHECK_EQUAL(i, -1);
    CHECK_EQUAL(system_call(__NR_syslog, kReadAll, log, 3), 0);
    CHECK_EQUAL(system_call(__NR_syslog, kReadAll, log, 0), 0);
    CHECK_EQUAL(system_call(__NR_syslog, kReadAll, 0, 10), -EINVAL);
    CHECK_EQUAL(system_call(__NR_syslog, kReadAll, log, -1), -EINVAL);
    CHECK_EQUAL(system_call(__NR_syslog, kReadAll, 0xC0100000, 4096), -EFAULT);
    CHECK_EQUAL(system_call(__NR_syslog, kReadAll, 8, 4096), -EFAULT);
    CHECK_EQUAL(system_call(__NR_syslog, 11, log, 100), -EINVAL);
    CHECK_EQUAL(system_call(__NR_syslog, 8, 0, 9), -EINVAL);
    CHECK_EQUAL(system_call(__NR_syslog, 8, 0, 0), -EINVAL);
}

static void ask_as_a_stranger(long unused) {
    (void)unused;
    static char log[4096];
    int wrong = system_call(__NR_setresuid32, 1000, 1000, 1000) != 0;
    // Where kernel.dmesg_restrict is set, as on Debian, they may not even look.
    const long seen = system_call(__NR_syslog, 3, log, sizeof log);
    wrong += seen <= 0 && seen != -EPERM;
    wrong += (system_call(__NR_syslog, 10, 0, 0) > 0) != (seen > 0);
    wrong += system_call(__NR_syslog, 2, log, sizeof log) != -EPERM;
    wrong += system_call(__NR_syslog, 5, 0, 0) != -EPERM;
    wrong += system_call(__NR_sethostname, "stranger", 8) != -EPERM;
    wrong += system_call(__NR_setdomainname, "stranger", 8) != -EPERM;
    system_call(__NR_exit_group, wrong);
}

TEST(strangers_see_the_log_and_change_nothing) {
    CHECK_EQUAL(tap_status_in_child(ask_as_a_stranger, 0), 0);
}

TEST(the_machine_can_be_named_anew) {
    struct new_utsname before, name;
    CHECK_EQUAL(system_call(__NR_uname, &before), 0);
    CHECK_EQUAL(system_call(__NR_sethostname, "another name", 7), 0);
    CHECK_EQUAL(system_call(__NR_setdomainname, "domain", 6), 0);
    CHECK_EQUAL(system_call(__NR_uname, &name), 0);
    CHECK(equal(name.nodename, "another"));
    CHECK(equal(name.domainname, "domain"));
    CHECK_EQUAL(system_call(__NR_sethostname, &name, 65), -EINVAL);
    CHECK_EQUAL(system_call(__NR_sethostname, &name, -1), -EINVAL);
    CHECK_EQUAL(system_call(__NR_sethostname, 8, 4), -EFAULT);
    CHECK_EQUAL(system_call(__NR_uname, &name), 0);
    CHECK(equal(name.nodename, "another"));
    unsigned node = 0, domain = 0;
    while (before.nodename[node] != '\0')
        ++node;
    while (before.domainname[domain] != '\0')
        ++domain;
    CHECK_EQUAL(system_call(__NR_sethostname, before.nodename, node), 0);
    CHECK_EQUAL(system_call(__NR_setdomainname, before.domainname, domain), 0);
}
