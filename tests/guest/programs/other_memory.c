// Processes and each other's memory: what one does is not seen by another, unless both asked for
// it.
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "tests/guest/programs/tap.h"

static int word = 1;
static char page[4096] __attribute__((aligned(4096)));

static char* map(long flags) {
    const long place =
        system_call6(SYS_mmap2, 0, 4096, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    return (unsigned long)place < 0xFFFFF000 ? (char*)place : (char*)0;
}

static void write_everywhere(long address) {
    word = 2;
    page[7] = 2;
    *(char*)address = 2;
}

TEST(what_a_child_writes_is_its_own) {
    char* const mine = map(MAP_PRIVATE);
    char on_stack = 1;
    REQUIRE(mine != 0);
    page[7] = 1;
    *mine = 1;
    CHECK_EQUAL(tap_status_in_child(write_everywhere, (long)mine), 0);
    CHECK_EQUAL(tap_status_in_child(write_everywhere, (long)&on_stack), 0);
    CHECK_EQUAL(word, 1);
    CHECK_EQUAL(page[7], 1);
    CHECK_EQUAL(*mine, 1);
    CHECK_EQUAL(on_stack, 1);
}

TEST(what_the_parent_writes_does_not_reach_the_child) {
    int ends[2];
    REQUIRE(system_call(SYS_pipe, ends) == 0);
    page[9] = 'a';
    const long child = system_call(SYS_fork);
    if (child == 0) {
        char go;
        system_call(SYS_read, ends[0], &go, 1);
        system_call(SYS_exit_group, page[9]);
    }
    page[9] = 'b';
    system_call(SYS_write, ends[1], "x", 1);
    int status = 0;
    CHECK_EQUAL(system_call(SYS_wait4, child, &status, 0, 0), child);
    CHECK_EQUAL(status >> 8, 'a');
}

static void write_one(long address) {
    *(char*)address = 5;
}

TEST(shared_memory_is_shared) {
    char* const shared = map(MAP_SHARED);
    REQUIRE(shared != 0);
    CHECK_EQUAL(tap_status_in_child(write_one, (long)shared), 0);
    CHECK_EQUAL(*shared, 5);
}

// Many processes with the same page at first, each of which writes and looks at it again.
TEST(many_children_keep_to_themselves) {
    enum { kChildren = 24 };
    long children[kChildren];
    for (int i = 0; i < kChildren; ++i) {
        children[i] = system_call(SYS_fork);
        if (children[i] != 0) continue;
        for (unsigned at = 0; at < sizeof page; ++at)
            page[at] = (char)i;
        for (int turn = 0; turn < 3; ++turn)
            system_call(SYS_sched_yield);
        for (unsigned at = 0; at < sizeof page; ++at)
            if (page[at] != (char)i) system_call(SYS_exit_group, 1);
        system_call(SYS_exit_group, 0);
    }
    for (int i = 0; i < kChildren; ++i) {
        int status = -1;
        CHECK(children[i] > 0);
        system_call(SYS_wait4, children[i], &status, 0, 0);
        CHECK_EQUAL(status, 0);
    }
}

TEST(other_processes_memory_has_no_handle) {
    const long parent = system_call(SYS_getppid);
    struct {
        void* base;
        unsigned long bytes;
    } local = {page, 4}, remote = {(void*)0x08048000, 4};
    CHECK_EQUAL(system_call6(347, parent, (long)&local, 1, (long)&remote, 1, 0), -ENOSYS);
    CHECK_EQUAL(system_call6(348, parent, (long)&local, 1, (long)&remote, 1, 0), -ENOSYS);
    CHECK_EQUAL(system_call(26, 16, parent, 0, 0), -ENOSYS);  // ptrace(PTRACE_ATTACH)
}

static void read_ram(long unused) {
    (void)unused;
    if (system_call(SYS_setgroups32, 0, 0) != 0 ||
        system_call(SYS_setresgid32, 1000, 1000, 1000) != 0 ||
        system_call(SYS_setresuid32, 1000, 1000, 1000) != 0)
        system_call(SYS_exit_group, 1);
    const long file = system_call(SYS_open, "/dev/mem", O_RDONLY, 0);
    system_call(SYS_exit_group, file == -EACCES ? 0 : 2);
}

TEST(ram_is_for_root_to_read_and_for_nobody_to_write) {
    CHECK_EQUAL(tap_status_in_child(read_ram, 0), 0);
    const long file = system_call(SYS_open, "/dev/mem", O_RDWR, 0);
    if (file >= 0) CHECK(system_call(SYS_write, file, "x", 1) < 0);
}

static void write_text(long address) {
    *(volatile char*)address = 0;
}
static void run_page(long address) {
    ((void (*)(void))address)();
}

TEST(a_program_cannot_change_its_own_code_or_constants) {
    static const char constant[] = "constant";
    CHECK_EQUAL(tap_signal_in_child(write_text, (long)&write_text), SIGSEGV);
    CHECK_EQUAL(tap_signal_in_child(write_text, (long)constant), SIGSEGV);
}

TEST(what_is_unmapped_is_gone) {
    char* const place = map(MAP_PRIVATE);
    REQUIRE(place != 0);
    *place = 1;
    CHECK_EQUAL(system_call(SYS_munmap, place, 4096), 0);
    CHECK_EQUAL(tap_signal_in_child(write_text, (long)place), SIGSEGV);
    CHECK_EQUAL(tap_signal_in_child(run_page, (long)place), SIGSEGV);
}

// A page that another process has used comes to us with zeros.
static void fill_with_secrets(long bytes) {
    const long place = system_call6(SYS_mmap2, 0, bytes, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (long at = 0; at < bytes; at += 4)
        *(unsigned*)(place + at) = 0x5EC4E700u;
}
static void look_for_secrets(long bytes) {
    const long place = system_call6(SYS_mmap2, 0, bytes, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (long at = 0; at < bytes; at += 4096)
        *(volatile char*)(place + at) = 0;  // its own page, not the common zero page
    for (long at = 0; at < bytes; at += 4)
        if (*(unsigned*)(place + at) != 0) system_call(SYS_exit_group, 1);
}

TEST(new_pages_tell_nothing_of_who_had_them) {
    const long bytes = 8 << 20;
    CHECK_EQUAL(tap_status_in_child(fill_with_secrets, bytes), 0);
    CHECK_EQUAL(tap_status_in_child(look_for_secrets, bytes), 0);
}
