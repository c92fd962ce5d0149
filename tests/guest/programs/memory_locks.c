// Who may keep how much in RAM: limits as on Linux, and what is kept stays there while everything
// else is pushed out. Nobody can lock the machine up.
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/mman.h>
#include <linux/resource.h>

#include "tests/guest/programs/thread_support.h"

enum { kAllowed = 16, kNobody = 1000 };

static unsigned long number_of(const char* path, const char* label) {
    const char* const line = find(read_file(path), label);
    return line == 0 ? 0 : (unsigned long)number_at(line + length(label));
}
static unsigned long locked_kib(void) {
    return number_of("/proc/self/status", "VmLck:");
}

// As a user who may lock so many pages.
static void become_user(unsigned long pages) {
    const unsigned long limit[2] = {pages * kPage, pages * kPage};
    REQUIRE(system_call(SYS_setrlimit, RLIMIT_MEMLOCK, limit) == 0);
    REQUIRE(system_call(SYS_setresuid32, kNobody, kNobody, kNobody) == 0);
}

TEST(a_limit_is_a_limit) {
    char* const pages = map(2 * kAllowed * kPage, 0);
    become_user(kAllowed);
    CHECK_EQUAL(system_call(SYS_mlock, pages, (kAllowed + 1) * kPage), -ENOMEM);
    CHECK_EQUAL(system_call(SYS_mlock, pages, kAllowed * kPage), 0);
    CHECK_EQUAL(locked_kib(), kAllowed * 4);
    CHECK_EQUAL(system_call(SYS_mlock, pages + kAllowed * kPage, 1), -ENOMEM);
    CHECK_EQUAL(system_call(SYS_mlockall, MCL_CURRENT), -ENOMEM);
    CHECK_EQUAL(system_call(SYS_munlock, pages, kPage), 0);
    CHECK_EQUAL(system_call(SYS_mlock, pages + kAllowed * kPage, 1), 0);
    CHECK_EQUAL(system_call6(SYS_mmap2, 0, kPage, PROT_READ,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0),
                -EAGAIN);
}

TEST(without_a_right_nothing_is_locked) {
    char* const pages = map(kPage, 0);
    become_user(0);
    CHECK_EQUAL(system_call(SYS_mlock, pages, kPage), -EPERM);
    CHECK_EQUAL(system_call(SYS_mlockall, MCL_CURRENT), -EPERM);
    CHECK_EQUAL(system_call(SYS_mlockall, MCL_FUTURE), -EPERM);
    CHECK_EQUAL(system_call6(SYS_mmap2, 0, kPage, PROT_READ,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0),
                -EPERM);
    CHECK_EQUAL(locked_kib(), 0);
}

TEST(what_is_to_come_counts_too) {
    become_user(2 * kAllowed);
    REQUIRE(system_call(SYS_mlockall, MCL_FUTURE) == 0);
    const long place = system_call6(SYS_mmap2, 0, kAllowed * kPage, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(!is_error(place));
    CHECK_EQUAL(locked_kib(), kAllowed * 4);
    CHECK_EQUAL(system_call6(SYS_mmap2, 0, 2 * kAllowed * kPage, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                -EAGAIN);
}

// RAM and half of swap: nearly all else goes out.
static void push_out(void) {
    const unsigned long kib =
        number_of("/proc/meminfo", "MemAvailable:") + number_of("/proc/meminfo", "SwapFree:") / 2;
    volatile char* const memory = map(kib * 1024, MAP_NORESERVE);
    for (unsigned long at = 0; at < kib * 1024; at += kPage)
        memory[at] = 1;
}

static unsigned long count_present(const unsigned char* pages, unsigned long count) {
    static unsigned char there[4096];
    unsigned long present = 0;
    REQUIRE(system_call(SYS_mincore, pages, count * kPage, there) == 0);
    for (unsigned long i = 0; i < count; ++i)
        present += there[i] & 1;
    return present;
}

TEST(what_is_locked_stays_under_pressure) {
    enum { kPages = 1024 };
    unsigned char* const locked = (unsigned char*)map(kPages * kPage, 0);
    unsigned char* const loose = (unsigned char*)map(kPages * kPage, 0);
    for (unsigned long at = 0; at < kPages * kPage; at += kPage)
        locked[at] = loose[at] = (unsigned char)(at / kPage);
    REQUIRE(system_call(SYS_mlock, locked, kPages * kPage) == 0);
    push_out();
    CHECK_EQUAL(count_present(locked, kPages), kPages);
    CHECK(count_present(loose, kPages) < kPages / 2);
    unsigned long wrong = 0;
    for (unsigned long at = 0; at < kPages * kPage; at += kPage)
        wrong += locked[at] != (unsigned char)(at / kPage) || loose[at] != locked[at];
    CHECK_EQUAL(wrong, 0);
}

// Root has no limit but what there is. The call fails, or the one who asked ends.
static void lock_everything(long unused) {
    (void)unused;
    const unsigned long bytes = number_of("/proc/meminfo", "MemTotal:") * 1024 + (16 << 20);
    char* const memory = map(bytes, MAP_NORESERVE);
    const long result = system_call(SYS_mlock, memory, bytes);
    system_call(SYS_exit_group, result == -EAGAIN || result == -ENOMEM ? 0 : 1);
}

TEST(nobody_locks_all_there_is) {
    const int status = tap_status_in_child(lock_everything, 0);
    CHECK(status == 0 || status == SIGKILL);
    char* const pages = map(kAllowed * kPage, 0);
    CHECK_EQUAL(system_call(SYS_mlock, pages, kAllowed * kPage), 0);
    CHECK_EQUAL(number_of("/proc/meminfo", "Mlocked:"), kAllowed * 4);
}
