// What every program takes for granted: where it starts, what it inherits, how it ends.
#include <asm/errno.h>
#include <asm/signal.h>

#include "tests/guest/programs/tap.h"

static int in_data = 42;
static int in_bss;
static char page[4096] __attribute__((aligned(4096)));

TEST(data_is_what_the_file_says_and_bss_is_zero) {
    CHECK_EQUAL(in_data, 42);
    CHECK_EQUAL(in_bss, 0);
    for (unsigned i = 0; i < sizeof page; ++i)
        if (!CHECK(page[i] == 0)) return;
}

static void end_with(long code) {
    system_call(SYS_exit_group, code);
}

TEST(an_exit_code_reaches_the_parent) {
    CHECK_EQUAL(tap_status_in_child(end_with, 0), 0);
    CHECK_EQUAL(tap_status_in_child(end_with, 7), 7 << 8);
    CHECK_EQUAL(tap_status_in_child(end_with, 0x1ff), 0xff << 8);
}

static void change_memory(long value) {
    in_data = in_bss = (int)value;
    page[5] = (char)value;
}

TEST(a_child_has_memory_of_its_own) {
    page[5] = 1;
    CHECK_EQUAL(tap_status_in_child(change_memory, 9), 0);
    CHECK_EQUAL(in_data, 42);
    CHECK_EQUAL(in_bss, 0);
    CHECK_EQUAL(page[5], 1);
}

TEST(a_child_has_another_number_and_knows_its_parent) {
    const long parent = system_call(SYS_getpid);
    int ends[2];
    REQUIRE(system_call(SYS_pipe, ends) == 0);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        const long told[2] = {system_call(SYS_getpid), system_call(SYS_getppid)};
        system_call(SYS_write, ends[1], told, sizeof told);
        system_call(SYS_exit_group, 0);
    }
    long told[2] = {0, 0};
    CHECK_EQUAL(system_call(SYS_read, ends[0], told, sizeof told), sizeof told);
    CHECK_EQUAL(told[0], child);
    CHECK_EQUAL(told[1], parent);
    CHECK_EQUAL(system_call(SYS_wait4, child, 0, 0, 0), child);
    CHECK_EQUAL(system_call(SYS_wait4, child, 0, 0, 0), -ECHILD);
}

TEST(a_call_that_there_is_not_says_so) {
    CHECK_EQUAL(system_call(4000), -ENOSYS);
    CHECK_EQUAL(system_call(-1), -ENOSYS);
    CHECK_EQUAL(system_call(17), -ENOSYS);
}

// ebx, ecx, edx, esi, edi, ebp survive a call; so do the flags.
TEST(registers_survive_a_call) {
    unsigned long b = 1, c = 2, d = 3, s = 4, t = 5, frame_before, frame_after;
    long result = SYS_getpid;
    __asm__ volatile(
        "movl %%ebp, %6\n\t"
        "std\n\t"
        "int $0x80\n\t"
        "movl %%ebp, %7\n\t"
        "pushfl\n\t"
        "popl %0\n\t"
        "cld"
        : "+a"(result), "+b"(b), "+c"(c), "+d"(d), "+S"(s), "+D"(t), "=m"(frame_before),
          "=m"(frame_after)
        :
        : "memory", "cc");
    CHECK_EQUAL(b, 1);
    CHECK_EQUAL(c, 2);
    CHECK_EQUAL(d, 3);
    CHECK_EQUAL(s, 4);
    CHECK_EQUAL(t, 5);
    CHECK_EQUAL(frame_before, frame_after);
    CHECK_EQUAL(result & 0x400, 0x400);
}

static void touch(long address) {
    *(volatile char*)address = 1;
}

TEST(a_wild_store_ends_the_program_and_only_it) {
    CHECK_EQUAL(tap_signal_in_child(touch, 0), SIGSEGV);
    CHECK_EQUAL(tap_signal_in_child(touch, 0xFFF), SIGSEGV);
    CHECK_EQUAL(tap_signal_in_child(touch, (long)0xC0000000), SIGSEGV);
}
