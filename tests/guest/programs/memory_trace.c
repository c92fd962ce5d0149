// A known sequence of uses of memory, for who watches by the event trace (tests/system/test_trace.py):
// each test notes where it does what. By itself it checks that the memory holds what it should.
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/mman.h>

#include "tests/guest/programs/tap.h"

enum { kPage = 4096 };

static char* map(unsigned long pages, int rights) {
    char* const memory = (char*)system_call6(SYS_mmap2, 0, (long)(pages * kPage), rights,
                                             MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    REQUIRE((unsigned long)memory < (unsigned long)-4095);
    tap_note("pid %ld memory %lx", system_call(SYS_getpid), (unsigned long)memory);
    return memory;
}

TEST(first_touches) {
    volatile char* const memory = map(4, PROT_READ | PROT_WRITE);
    CHECK(memory[0] == 0);
    memory[0] = 1;
    memory[kPage] = 2;
    CHECK(memory[0] == 1 && memory[kPage] == 2);
    CHECK_EQUAL(system_call(SYS_mprotect, memory, kPage, PROT_READ), 0);
    CHECK_EQUAL(system_call(SYS_munmap, memory, 4 * kPage), 0);
}

static void write_there(long place) {
    tap_note("child %ld", system_call(SYS_getpid));
    *(volatile char*)place = 9;
}

TEST(copies_after_fork) {
    volatile char* const memory = map(2, PROT_READ | PROT_WRITE);
    memory[0] = 1;
    CHECK_EQUAL(tap_status_in_child(write_there, (long)memory), 0);
    CHECK(memory[0] == 1);
    memory[0] = 2;
    CHECK(memory[0] == 2);
}

TEST(a_forbidden_write) {
    char* const memory = map(1, PROT_READ);
    CHECK_EQUAL(tap_signal_in_child(write_there, (long)memory), SIGSEGV);
}

TEST(more_than_there_is) {
    enum { kPages = 12 * 256 };
    char* const memory = map(kPages, PROT_READ | PROT_WRITE);
    for (unsigned long i = 0; i < kPages; ++i)
        *(volatile unsigned long*)(memory + i * kPage) = i + 1;
    unsigned long wrong = 0;
    for (unsigned long i = 0; i < kPages; ++i)
        wrong += *(volatile unsigned long*)(memory + i * kPage) != i + 1;
    CHECK_EQUAL(wrong, 0);
}
