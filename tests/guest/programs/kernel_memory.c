// The kernel's memory is nobody's: not to be read, written or run, neither directly nor by handing
// its addresses to a system call.
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "tests/guest/programs/tap.h"

#define KERNEL 0xC0000000u

// The window, the kernel's code and data, device memory, stacks, the fixed slots, the last byte.
static const unsigned long places[] = {
    KERNEL,     0xC0000FFF, 0xC00B8000, 0xC0100000, 0xC0101000, 0xC0180000, 0xC01F0000,
    0xC0FFF000, 0xC3FFF000, 0xE0000000, 0xEFFFFFFF, 0xF0000000, 0xF0001000, 0xF8000000,
    0xFEC00000, 0xFEE00000, 0xFFBFF000, 0xFFC00000, 0xFFFFF000, 0xFFFFFFFF,
};
#define PLACES (sizeof places / sizeof *places)

static void read_byte(long address) {
    (void)*(volatile char*)address;
}
static void write_byte(long address) {
    *(volatile char*)address = 0;
}
static void run(long address) {
    ((void (*)(void))address)();
}

TEST(it_cannot_be_read_written_or_run) {
    for (unsigned i = 0; i < PLACES; ++i) {
        tap_note("at %lx", places[i]);
        CHECK_EQUAL(tap_signal_in_child(read_byte, (long)places[i]), SIGSEGV);
        CHECK_EQUAL(tap_signal_in_child(write_byte, (long)places[i]), SIGSEGV);
        CHECK_EQUAL(tap_signal_in_child(run, (long)places[i]), SIGSEGV);
    }
}

static char page[8192] __attribute__((aligned(4096)));

static int make_pipe(int* ends, const char* text, unsigned bytes) {
    return system_call(SYS_pipe, ends) == 0 &&
           system_call(SYS_write, ends[1], text, bytes) == (long)bytes;
}

TEST(read_does_not_put_anything_there) {
    int ends[2];
    REQUIRE(make_pipe(ends, "abcd", 4));
    for (unsigned i = 0; i < PLACES; ++i)
        CHECK_EQUAL(system_call(SYS_read, ends[0], places[i], 4), -EFAULT);
    CHECK_EQUAL(system_call(SYS_read, ends[0], 0, 4), -EFAULT);
    CHECK_EQUAL(system_call(SYS_read, ends[0], KERNEL - 2, 4), -EFAULT);
    CHECK_EQUAL(system_call(SYS_read, ends[0], 0xFFFFFFFE, 4), -EFAULT);
    CHECK_EQUAL(system_call(SYS_read, ends[0], page, 8), 4);  // still there
    CHECK(page[0] == 'a' && page[3] == 'd');
}

TEST(write_does_not_tell_what_is_there) {
    int ends[2];
    REQUIRE(make_pipe(ends, "x", 1));
    for (unsigned i = 0; i < PLACES; ++i)
        CHECK_EQUAL(system_call(SYS_write, ends[1], places[i], 4), -EFAULT);
    CHECK_EQUAL(system_call(SYS_write, ends[1], 0, 4), -EFAULT);
    CHECK_EQUAL(system_call(SYS_read, ends[0], page, 64), 1);
}

TEST(names_are_not_read_from_there) {
    for (unsigned i = 0; i < PLACES; ++i) {
        CHECK_EQUAL(system_call(SYS_open, places[i], O_RDONLY, 0), -EFAULT);
        CHECK_EQUAL(system_call(SYS_execve, places[i], 0, 0), -EFAULT);
        CHECK_EQUAL(system_call(SYS_chdir, places[i]), -EFAULT);
        CHECK_EQUAL(system_call(SYS_unlink, places[i]), -EFAULT);
        CHECK_EQUAL(system_call(SYS_rename, "/tmp", places[i]), -EFAULT);
        CHECK_EQUAL(system_call(SYS_mkdir, places[i], 0777), -EFAULT);
    }
}

TEST(answers_are_not_written_there) {
    for (unsigned i = 0; i < PLACES; ++i) {
        CHECK_EQUAL(system_call(SYS_stat64, "/", places[i]), -EFAULT);
        CHECK_EQUAL(system_call(SYS_pipe, places[i]), -EFAULT);
        CHECK_EQUAL(system_call(SYS_getcwd, places[i], 100), -EFAULT);
        CHECK_EQUAL(system_call(SYS_uname, places[i]), -EFAULT);
        CHECK_EQUAL(system_call(SYS_gettimeofday, places[i], 0), -EFAULT);
        CHECK_EQUAL(system_call(SYS_clock_gettime, 0, places[i]), -EFAULT);
        CHECK_EQUAL(system_call(SYS_nanosleep, places[i], 0), -EFAULT);
        CHECK_EQUAL(system_call(SYS_rt_sigprocmask, 0, 0, places[i], 8), -EFAULT);
        CHECK_EQUAL(system_call(SYS_rt_sigaction, SIGUSR1, 0, places[i], 8), -EFAULT);
    }
}

TEST(nothing_can_be_mapped_over_it) {
    const unsigned long fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    CHECK_EQUAL(system_call6(SYS_mmap2, (long)KERNEL, 4096, PROT_READ, (long)fixed, -1, 0),
                -ENOMEM);
    CHECK_EQUAL(system_call6(SYS_mmap2, (long)KERNEL - 4096, 8192, PROT_READ, (long)fixed, -1, 0),
                -ENOMEM);
    CHECK_EQUAL(system_call(SYS_munmap, KERNEL, 4096), -EINVAL);
    CHECK_EQUAL(system_call(SYS_munmap, KERNEL - 4096, 8192), -EINVAL);
    CHECK_EQUAL(system_call(SYS_mprotect, KERNEL, 4096, PROT_READ | PROT_WRITE), -ENOMEM);
    CHECK_EQUAL(system_call(SYS_brk, KERNEL), system_call(SYS_brk, 0));
}

TEST(a_stack_pointer_into_the_kernel_harms_only_us) {
    const long child = system_call(SYS_fork);
    if (child == 0) __asm__ volatile("movl $0xC0100000, %esp\n\tpushl $0\n\tud2");
    int status = 0;
    CHECK_EQUAL(system_call(SYS_wait4, child, &status, 0, 0), child);
    CHECK_EQUAL(status & 0x7F, SIGSEGV);
}

// A system call does not need the program's stack.
TEST(a_call_with_a_wild_stack_pointer_works) {
    long result = SYS_getpid;
    __asm__ volatile(
        "movl %%esp, %%edi\n\t"
        "movl $0xFFFFFFF0, %%esp\n\t"
        "int $0x80\n\t"
        "movl %%edi, %%esp"
        : "+a"(result)
        :
        : "edi", "memory", "cc");
    CHECK_EQUAL(result, system_call(SYS_getpid));
}

TEST(the_first_pages_stay_empty) {
    CHECK_EQUAL(tap_signal_in_child(read_byte, 0), SIGSEGV);
    CHECK_EQUAL(tap_signal_in_child(read_byte, 0xFFFF), SIGSEGV);
    CHECK_EQUAL(tap_signal_in_child(run, 0), SIGSEGV);
}
