// Taking all there is, of everything: who asks for too much is refused or ended, and afterwards the
// machine is as before.
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "tests/guest/programs/tap.h"

static void die(int code) {
    system_call(SYS_exit_group, code);
}

static long map(long bytes) {
    return system_call6(SYS_mmap2, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                        -1, 0);
}
static int is_error(long result) {
    return (unsigned long)result > 0xFFFFF000u;
}

// Children that live until all have been made: their only way on is the end of the pipe.
static void fork_until_refused(long most) {
    int ends[2];
    if (system_call(SYS_pipe, ends) != 0) die(1);
    long made = 0, refused = 0;
    while (made < most && refused == 0) {
        const long child = system_call(SYS_fork);
        if (child == 0) {
            char byte;
            system_call(SYS_close, ends[1]);
            system_call(SYS_read, ends[0], &byte, 1);
            die(0);
        }
        if (child < 0)
            refused = child;
        else
            ++made;
    }
    system_call(SYS_close, ends[1]);
    long ended = 0;
    while (system_call(SYS_wait4, -1, 0, 0, 0) > 0)
        ++ended;
    if (ended != made) die(2);
    if (made < most && refused != -EAGAIN && refused != -ENOMEM) die(3);
}

TEST(a_thousand_children) {
    CHECK_EQUAL(tap_status_in_child(fork_until_refused, 1000), 0);
}

TEST(as_many_children_as_there_can_be) {
    CHECK_EQUAL(tap_status_in_child(fork_until_refused, 100000), 0);
}

static void limited_bomb(long most) {
    const unsigned long limit[2] = {(unsigned long)most, (unsigned long)most};
    if (system_call(SYS_setrlimit, 6, limit) != 0) die(4);  // RLIMIT_NPROC
    if (system_call(SYS_setresuid32, 1000, 1000, 1000) != 0) die(5);
    int ends[2];
    long made = 0, child;
    system_call(SYS_pipe, ends);
    while ((child = system_call(SYS_fork)) > 0)
        ++made;
    if (child == 0) {
        char byte;
        system_call(SYS_close, ends[1]);
        system_call(SYS_read, ends[0], &byte, 1);
        die(0);
    }
    system_call(SYS_close, ends[1]);
    while (system_call(SYS_wait4, -1, 0, 0, 0) > 0) {
    }
    die(child == -EAGAIN && made == most - 1 ? 0 : 6);
}

TEST(a_limit_stops_a_fork_bomb) {
    CHECK_EQUAL(tap_status_in_child(limited_bomb, 20), 0);
}

// A bomb as bombs are: every child forks, too. All are of one group, which ends it.
static void bomb(long unused) {
    (void)unused;
    system_call(SYS_setpgid, 0, 0);
    const unsigned long limit[2] = {200, 200};
    system_call(SYS_setrlimit, 6, limit);
    system_call(SYS_setresuid32, 1000, 1000, 1000);
    const long top = system_call(SYS_getpid);
    for (int i = 0; i < 2000; ++i) {
        if (system_call(SYS_fork) == 0) continue;
        while (system_call(SYS_wait4, -1, 0, 1, 0) > 0) {
        }
    }
    if (system_call(SYS_getpid) == top) system_call(SYS_kill, 0, SIGKILL);
    for (;;)
        system_call(SYS_pause);
}

TEST(a_fork_bomb_ends_with_its_group) {
    CHECK_EQUAL(tap_signal_in_child(bomb, 0), SIGKILL);
}

// Ends by the kernel's hand or by a refusal, whichever comes first.
static void take_memory(long step) {
    for (;;) {
        const long place = map(step);
        if (is_error(place)) die(place == -ENOMEM ? 0 : 1);
        for (long at = 0; at < step; at += 4096)
            *(volatile int*)(place + at) = (int)at;
    }
}

TEST(all_memory) {
    const int status = tap_status_in_child(take_memory, 1 << 20);
    tap_note("it ended with status 0x%x", status);
    CHECK(status == 0 || (status & 0x7F) == SIGKILL);
}

// struct sysinfo as far as it is needed.
struct System {
    long uptime;
    unsigned long loads[3], ram, free_ram, rest[10];
};

// Pipes take frames one by one, and so all but those kept back; then a fault needs several at once.
// The program itself is locked, or it would go and come all the time.
static void take_all_and_fault(long unused) {
    enum { kLeft = 8 << 20, kNew = 1 << 20 };
    static char piece[4096];
    struct System system;
    int ends[2];
    long done = 0;
    (void)unused;
    if (system_call(SYS_mlockall, 1) != 0 || system_call(SYS_sysinfo, &system) != 0) die(1);
    const long place = map(kNew);
    if (system.free_ram > kLeft &&
        is_error(system_call6(SYS_mmap2, 0, (long)(system.free_ram - kLeft), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0)))
        die(2);
    while (done != -ENOMEM && system_call(SYS_pipe2, ends, O_NONBLOCK) == 0)
        while ((done = system_call(SYS_write, ends[1], piece, sizeof piece)) > 0) {
        }
    if (done != -ENOMEM) die(3);
    for (long at = 0; at < kNew; at += 4096)
        *(volatile int*)(place + at) = 1;
    die(4);
}

// It gives back a few pages at once, but ends when it runs next. If that is not enough, it does not
// help to end it again.
TEST(who_is_the_first_to_go_goes_once) {
    int ends[2], status = 0;
    char byte;
    REQUIRE(system_call(SYS_pipe, ends) == 0);
    const long first = system_call(SYS_fork);
    if (first == 0) {
        const long file = system_call(SYS_open, "/proc/self/oom_score_adj", O_WRONLY, 0);
        if (system_call(SYS_write, file, "1000", 4) != 4) die(1);
        system_call(SYS_write, ends[1], "", 1);
        for (;;)
            system_call(SYS_pause);
    }
    REQUIRE(first > 0 && system_call(SYS_read, ends[0], &byte, 1) == 1);
    CHECK_EQUAL(tap_status_in_child(take_all_and_fault, 0), SIGKILL);
    system_call(SYS_kill, first, SIGKILL);
    CHECK_EQUAL(system_call(SYS_wait4, first, &status, 0, 0), first);
}

TEST(all_addresses) {
    long pieces = 0, place;
    enum { kStep = 16 << 20, kMost = 256 };
    static long places[kMost];
    while (pieces < kMost &&
           !is_error(place = system_call6(SYS_mmap2, 0, kStep, PROT_NONE,
                                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)))
        places[pieces++] = place;
    tap_note("%ld pieces of 16 MiB", pieces);
    CHECK(pieces > 128 && pieces < 192);
    CHECK_EQUAL(map(kStep), -ENOMEM);
    while (pieces > 0)
        CHECK_EQUAL(system_call(SYS_munmap, places[--pieces], kStep), 0);
}

TEST(the_heap_ends_below_what_is_mapped) {
    const unsigned long start = (unsigned long)system_call(SYS_brk, 0);
    CHECK_EQUAL(system_call(SYS_brk, 0xBFFFF000u), start);
    CHECK_EQUAL(system_call(SYS_brk, start + 100), start + 100);
    CHECK_EQUAL(system_call(SYS_brk, start), start);
}

__attribute__((noinline)) static int recurse(volatile char* below, int depth) {
    if (depth == 0) return 0;
    volatile char room[4096];
    room[0] = *below;
    return recurse(room, depth - 1) + room[1];
}
static void overflow_the_stack(long unused) {
    char start = (char)unused;
    die(recurse(&start, 1 << 20));
}

TEST(a_stack_that_grows_without_end) {
    CHECK_EQUAL(tap_signal_in_child(overflow_the_stack, 0), SIGSEGV);
}

TEST(all_descriptors) {
    int opened = 0;
    long file;
    while ((file = system_call(SYS_open, "/dev/null", O_RDWR, 0)) >= 0 && opened < 100000)
        ++opened;
    CHECK_EQUAL(file, -EMFILE);
    CHECK(opened >= 1000);
    int ends[2];
    CHECK_EQUAL(system_call(SYS_pipe, ends), -EMFILE);
    CHECK_EQUAL(system_call(SYS_dup, 1), -EMFILE);
}

// A pipe takes so much and no more.
TEST(a_full_pipe) {
    int ends[2];
    REQUIRE(system_call(SYS_pipe2, ends, O_NONBLOCK) == 0);
    static char piece[4096];
    long total = 0, done;
    while ((done = system_call(SYS_write, ends[1], piece, sizeof piece)) > 0)
        total += done;
    CHECK_EQUAL(done, -EAGAIN);
    CHECK_EQUAL(total, 65536);
}

TEST(a_file_system_without_room) {
    static char piece[65536];
    const long file = system_call(SYS_open, "/tmp/all", O_CREAT | O_WRONLY | O_TRUNC, 0600);
    REQUIRE(file >= 0);
    long total = 0, done;
    while ((done = system_call(SYS_write, file, piece, sizeof piece)) > 0 && total < (512 << 20))
        total += done;
    tap_note("%ld KiB until error %ld", total / 1024, -done);
    CHECK(done == -ENOSPC || done == -ENOMEM);
    CHECK_EQUAL(system_call(SYS_unlink, "/tmp/all"), 0);
    CHECK_EQUAL(system_call(SYS_close, file), 0);
    const long again = system_call(SYS_open, "/tmp/one", O_CREAT | O_WRONLY, 0600);
    CHECK_EQUAL(system_call(SYS_write, again, piece, sizeof piece), sizeof piece);
    CHECK_EQUAL(system_call(SYS_unlink, "/tmp/one"), 0);
}

// Every other page has other rights: a region each.
TEST(very_many_regions) {
    const long pages = 40000;
    const long place = system_call6(SYS_mmap2, 0, pages * 4096, PROT_NONE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(!is_error(place));
    long done = 0;
    for (long page = 0; page < pages && done == 0; page += 2)
        done = system_call(SYS_mprotect, place + page * 4096, 4096, PROT_READ);
    CHECK(done == 0 || done == -ENOMEM);
    CHECK_EQUAL(system_call(SYS_munmap, place, pages * 4096), 0);
}
