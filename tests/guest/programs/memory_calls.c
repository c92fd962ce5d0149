// The memory calls as a program sees them: what they answer, what is there then, and each error.
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "tests/guest/programs/tap.h"

enum { kPage = 4096, kPrivate = MAP_PRIVATE | MAP_ANONYMOUS, kReadWrite = PROT_READ | PROT_WRITE };

static char* map_at(void* where, unsigned long bytes, int prot, int flags, int file, long page) {
    return (char*)system_call6(SYS_mmap2, (long)where, (long)bytes, prot, flags, file, page);
}
static char* map(unsigned long bytes) {
    return map_at(0, bytes, kReadWrite, kPrivate, -1, 0);
}
static int is_address(const void* answer) {
    return (unsigned long)answer < (unsigned long)-4095 && ((unsigned long)answer & 4095) == 0;
}

static void load(long address) {
    (void)*(volatile char*)address;
}
static void store(long address) {
    *(volatile char*)address = 1;
}
#define CHECK_NO_LOAD(address) CHECK_EQUAL(tap_signal_in_child(load, (long)(address)), SIGSEGV)
#define CHECK_NO_STORE(address) CHECK_EQUAL(tap_signal_in_child(store, (long)(address)), SIGSEGV)
#define CHECK_LOAD(address) CHECK_EQUAL(tap_signal_in_child(load, (long)(address)), 0)

// --- brk ---

TEST(brk_grows_and_shrinks_by_bytes) {
    char* const start = (char*)system_call(SYS_brk, 0);
    CHECK_EQUAL(system_call(SYS_brk, start + 10), (long)(start + 10));
    start[9] = 7;
    CHECK_EQUAL(system_call(SYS_brk, start + 100000), (long)(start + 100000));
    CHECK_EQUAL(start[9], 7);
    CHECK_EQUAL(start[99999], 0);
    start[99999] = 1;
    CHECK_EQUAL(system_call(SYS_brk, start + 10), (long)(start + 10));
    CHECK_NO_LOAD(start + 99999);
    CHECK_EQUAL(system_call(SYS_brk, start + 100000), (long)(start + 100000));
    CHECK_EQUAL(start[99999], 0);
}

TEST(brk_answers_the_old_break_when_it_cannot_move_it) {
    const long start = system_call(SYS_brk, 0);
    CHECK_EQUAL(system_call(SYS_brk, start - 1), start);
    CHECK_EQUAL(system_call(SYS_brk, 1), start);
    CHECK_EQUAL(system_call(SYS_brk, -1), start);
    const unsigned long next = ((unsigned long)start + kPage - 1) & ~(kPage - 1UL);
    CHECK(
        is_address(map_at((char*)next + 4 * kPage, kPage, PROT_READ, kPrivate | MAP_FIXED, -1, 0)));
    CHECK_EQUAL(system_call(SYS_brk, next + 8 * kPage), start);
    CHECK_EQUAL(system_call(SYS_brk, next + 2 * kPage), (long)(next + 2 * kPage));
}

// --- mmap, munmap ---

TEST(mapped_pages_are_zero_and_gone_when_unmapped) {
    char* const pages = map(3 * kPage);
    REQUIRE(is_address(pages));
    for (int i = 0; i < 3 * kPage; ++i)
        if (!CHECK(pages[i] == 0)) return;
    pages[0] = pages[2 * kPage] = 5;
    CHECK_EQUAL(system_call(SYS_munmap, pages + kPage, kPage), 0);
    CHECK_EQUAL(pages[0] + pages[2 * kPage], 10);
    CHECK_NO_LOAD(pages + kPage);
    CHECK_EQUAL(system_call(SYS_munmap, pages, 3 * kPage), 0);
    CHECK_NO_LOAD(pages);
}

TEST(a_fixed_map_replaces_what_was_there) {
    char* const pages = map(3 * kPage);
    pages[0] = pages[kPage] = pages[2 * kPage] = 1;
    CHECK_EQUAL((long)map_at(pages + kPage, kPage, kReadWrite, kPrivate | MAP_FIXED, -1, 0),
                (long)(pages + kPage));
    CHECK_EQUAL(pages[0], 1);
    CHECK_EQUAL(pages[kPage], 0);
    CHECK_EQUAL(pages[2 * kPage], 1);
    CHECK_EQUAL((long)map_at(pages, kPage, kReadWrite, kPrivate | MAP_FIXED_NOREPLACE, -1, 0),
                -EEXIST);
}

TEST(mmap_refuses_what_makes_no_sense) {
    char* const pages = map(kPage);
    CHECK_EQUAL((long)map(0), -EINVAL);
    CHECK_EQUAL((long)map(0xFFFFF000), -ENOMEM);
    CHECK_EQUAL((long)map(0xFFFFFFFF), -ENOMEM);
    CHECK_EQUAL((long)map_at(0, kPage, kReadWrite, MAP_ANONYMOUS, -1, 0), -EINVAL);
    CHECK_EQUAL((long)map_at(pages + 1, kPage, kReadWrite, kPrivate | MAP_FIXED, -1, 0), -EINVAL);
    CHECK_EQUAL((long)map_at(0, kPage, kReadWrite, MAP_PRIVATE, -1, 0), -EBADF);
    CHECK_EQUAL((long)map_at(0, kPage, kReadWrite, MAP_PRIVATE, 999, 0), -EBADF);
}

TEST(munmap_refuses_what_makes_no_sense_and_takes_holes) {
    char* const pages = map(kPage);
    CHECK_EQUAL(system_call(SYS_munmap, pages, 0), -EINVAL);
    CHECK_EQUAL(system_call(SYS_munmap, pages + 1, kPage), -EINVAL);
    CHECK_EQUAL(system_call(SYS_munmap, pages, 0xFFFFF000), -EINVAL);
    CHECK_EQUAL(system_call(SYS_munmap, pages, kPage), 0);
    CHECK_EQUAL(system_call(SYS_munmap, pages, kPage), 0);
}

static void read_gone(long page) {
    (void)*(volatile char*)(page + kPage);
}

TEST(a_page_past_the_end_of_a_file_is_a_bus_error) {
    const long file = system_call(SYS_open, "/tmp/memory_calls", O_RDWR | O_CREAT | O_TRUNC, 0600);
    system_call(SYS_write, file, "text", 4);
    char* const pages = map_at(0, 2 * kPage, PROT_READ, MAP_PRIVATE, (int)file, 0);
    CHECK(pages[0] == 't' && pages[3] == 't' && pages[4] == 0);
    CHECK_EQUAL(tap_signal_in_child(read_gone, (long)pages), SIGBUS);
    system_call(SYS_unlink, "/tmp/memory_calls");
}

TEST(shared_maps_of_a_file_are_the_file_private_ones_are_not) {
    const long file = system_call(SYS_open, "/tmp/memory_calls", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char text[8] = "";
    system_call(SYS_write, file, "abcdefg", 8);
    char* const shared = map_at(0, kPage, kReadWrite, MAP_SHARED, (int)file, 0);
    char* const own = map_at(0, kPage, kReadWrite, MAP_PRIVATE, (int)file, 0);
    REQUIRE(is_address(shared) && is_address(own));
    own[1] = 'B';
    shared[0] = 'A';
    CHECK_EQUAL(system_call(SYS_pread64, file, text, 8, 0, 0), 8);
    CHECK(text[0] == 'A' && text[1] == 'b');
    CHECK_EQUAL(system_call(SYS_msync, shared, kPage, MS_SYNC), 0);
    CHECK_EQUAL(system_call(SYS_pwrite64, file, "C", 1, 2, 0), 1);
    CHECK_EQUAL(shared[2], 'C');
    CHECK_EQUAL(own[0], 'a');
    system_call(SYS_close, file);
    system_call(SYS_unlink, "/tmp/memory_calls");
    CHECK_EQUAL(shared[0], 'A');
}

TEST(what_a_file_was_not_opened_for_cannot_be_mapped) {
    const long file = system_call(SYS_open, "/tmp/memory_calls", O_RDWR | O_CREAT | O_TRUNC, 0600);
    system_call(SYS_write, file, "abc", 3);
    const int reader = (int)system_call(SYS_open, "/tmp/memory_calls", O_RDONLY, 0);
    const int writer = (int)system_call(SYS_open, "/tmp/memory_calls", O_WRONLY, 0);
    int ends[2];
    system_call(SYS_pipe, ends);
    CHECK_EQUAL((long)map_at(0, kPage, kReadWrite, MAP_SHARED, reader, 0), -EACCES);
    CHECK(is_address(map_at(0, kPage, kReadWrite, MAP_PRIVATE, reader, 0)));
    CHECK_EQUAL((long)map_at(0, kPage, PROT_WRITE, MAP_SHARED, writer, 0), -EACCES);
    CHECK_EQUAL((long)map_at(0, kPage, PROT_READ, MAP_PRIVATE, ends[0], 0), -ENODEV);
    char* const pages = map_at(0, kPage, PROT_READ, MAP_SHARED, reader, 0);
    CHECK_EQUAL(system_call(SYS_mprotect, pages, kPage, kReadWrite), -EACCES);
    system_call(SYS_unlink, "/tmp/memory_calls");
}

static char* common;
static void write_common(long value) {
    common[0] = common[2 * kPage] = (char)value;
}

TEST(shared_anonymous_memory_is_shared_with_children) {
    common = map_at(0, 3 * kPage, kReadWrite, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(is_address(common));
    CHECK_EQUAL(tap_status_in_child(write_common, 6), 0);
    CHECK_EQUAL(common[0] + common[kPage] + common[2 * kPage], 12);
    const int zero = (int)system_call(SYS_open, "/dev/zero", O_RDWR, 0);
    common = map_at(0, 3 * kPage, kReadWrite, MAP_SHARED, zero, 0);
    REQUIRE(is_address(common));
    CHECK_EQUAL(tap_status_in_child(write_common, 7), 0);
    CHECK_EQUAL(common[0] + common[kPage] + common[2 * kPage], 14);
}

TEST(old_mmap_takes_its_arguments_from_memory) {
    const unsigned long arguments[] = {0, kPage, kReadWrite, kPrivate, (unsigned long)-1, 0};
    char* const page = (char*)system_call(SYS_mmap, arguments);
    REQUIRE(is_address(page));
    page[5] = 1;
    const unsigned long odd[] = {0, kPage, kReadWrite, kPrivate, (unsigned long)-1, 1};
    CHECK_EQUAL(system_call(SYS_mmap, odd), -EINVAL);
}

// --- mprotect ---

TEST(mprotect_takes_and_gives_rights) {
    char* const pages = map(3 * kPage);
    pages[kPage] = 3;
    CHECK_EQUAL(system_call(SYS_mprotect, pages + kPage, kPage, PROT_READ), 0);
    CHECK_EQUAL(pages[kPage], 3);
    CHECK_NO_STORE(pages + kPage);
    pages[0] = pages[2 * kPage] = 1;
    CHECK_EQUAL(system_call(SYS_mprotect, pages + kPage, kPage, PROT_NONE), 0);
    CHECK_NO_LOAD(pages + kPage);
    CHECK_EQUAL(system_call(SYS_mprotect, pages, 3 * kPage, kReadWrite), 0);
    CHECK_EQUAL(++pages[kPage], 4);
}

TEST(mprotect_refuses_what_makes_no_sense) {
    char* const pages = map(3 * kPage);
    CHECK_EQUAL(system_call(SYS_mprotect, pages + 1, kPage, PROT_READ), -EINVAL);
    CHECK_EQUAL(system_call(SYS_mprotect, pages, kPage, 0x10), -EINVAL);
    CHECK_EQUAL(system_call(SYS_mprotect, pages, 0, PROT_READ), 0);
    system_call(SYS_munmap, pages + kPage, kPage);
    CHECK_EQUAL(system_call(SYS_mprotect, pages, 3 * kPage, PROT_READ), -ENOMEM);
    CHECK_NO_STORE(pages);  // what lies before the hole has changed
    pages[2 * kPage] = 1;
}

// --- mremap ---

TEST(mremap_grows_moves_and_shrinks) {
    char* const pages = map(4 * kPage);
    pages[0] = 1;
    pages[kPage] = 2;
    CHECK_EQUAL(system_call(SYS_mremap, pages, 4 * kPage, 2 * kPage, 0), (long)pages);
    CHECK_NO_LOAD(pages + 2 * kPage);
    CHECK_EQUAL(system_call(SYS_mremap, pages, 2 * kPage, 4 * kPage, 0), (long)pages);
    CHECK_EQUAL(pages[3 * kPage], 0);
    char* const target = map(4 * kPage);
    CHECK_EQUAL(
        system_call(SYS_mremap, pages, 4 * kPage, 4 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, target),
        (long)target);
    CHECK_EQUAL(target[0] + target[kPage], 3);
    CHECK_NO_LOAD(pages);
}

TEST(mremap_moves_when_there_is_no_room) {
    char* const pages = map(3 * kPage);
    pages[0] = 9;
    CHECK_EQUAL(system_call(SYS_mremap, pages, kPage, 2 * kPage, 0), -ENOMEM);
    char* const moved = (char*)system_call(SYS_mremap, pages, kPage, 2 * kPage, MREMAP_MAYMOVE);
    REQUIRE(is_address(moved) && moved != pages);
    CHECK_EQUAL(moved[0], 9);
    CHECK_NO_LOAD(pages);
    CHECK_LOAD(pages + kPage);
}

TEST(mremap_refuses_what_makes_no_sense) {
    char* const pages = map(2 * kPage);
    CHECK_EQUAL(system_call(SYS_mremap, pages + 1, kPage, kPage, 0), -EINVAL);
    CHECK_EQUAL(system_call(SYS_mremap, pages, kPage, 0, 0), -EINVAL);
    CHECK_EQUAL(system_call(SYS_mremap, pages, kPage, kPage, 8), -EINVAL);
    CHECK_EQUAL(system_call(SYS_mremap, pages, kPage, kPage, MREMAP_FIXED, pages + kPage), -EINVAL);
    CHECK_EQUAL(
        system_call(SYS_mremap, pages, 2 * kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, pages),
        -EINVAL);
    system_call(SYS_munmap, pages, 2 * kPage);
    CHECK_EQUAL(system_call(SYS_mremap, pages, kPage, 2 * kPage, MREMAP_MAYMOVE), -EFAULT);
}

// --- madvise, mincore, msync, mlock ---

TEST(dontneed_throws_pages_away) {
    char* const pages = map(2 * kPage);
    pages[0] = pages[kPage] = 1;
    CHECK_EQUAL(system_call(SYS_madvise, pages, kPage, MADV_DONTNEED), 0);
    CHECK_EQUAL(pages[0], 0);
    CHECK_EQUAL(pages[kPage], 1);
}

TEST(madvise_refuses_what_makes_no_sense) {
    char* const pages = map(3 * kPage);
    CHECK_EQUAL(system_call(SYS_madvise, pages + 1, kPage, MADV_NORMAL), -EINVAL);
    CHECK_EQUAL(system_call(SYS_madvise, pages, kPage, 1000), -EINVAL);
    CHECK_EQUAL(system_call(SYS_madvise, pages, 0, MADV_NORMAL), 0);
    system_call(SYS_munmap, pages + kPage, kPage);
    CHECK_EQUAL(system_call(SYS_madvise, pages, 3 * kPage, MADV_DONTNEED), -ENOMEM);
}

static char* kept_from_child;
static void load_kept(long unused) {
    (void)unused;
    (void)*(volatile char*)kept_from_child;
}

TEST(a_child_does_not_get_what_is_not_to_be_forked) {
    kept_from_child = map(kPage);
    CHECK_EQUAL(system_call(SYS_madvise, kept_from_child, kPage, MADV_DONTFORK), 0);
    CHECK_EQUAL(tap_signal_in_child(load_kept, 0), SIGSEGV);
    CHECK_EQUAL(system_call(SYS_madvise, kept_from_child, kPage, MADV_DOFORK), 0);
    CHECK_EQUAL(tap_signal_in_child(load_kept, 0), 0);
}

TEST(mincore_tells_what_is_in_memory) {
    char* const pages = map(3 * kPage);
    unsigned char answer[3] = {9, 9, 9};
    pages[kPage] = 1;
    CHECK_EQUAL(system_call(SYS_mincore, pages, 3 * kPage, answer), 0);
    CHECK(answer[0] == 0 && answer[1] == 1 && answer[2] == 0);
    CHECK_EQUAL(system_call(SYS_mincore, pages + 1, kPage, answer), -EINVAL);
    CHECK_EQUAL(system_call(SYS_mincore, pages, kPage, 0), -EFAULT);
    CHECK_EQUAL(system_call(SYS_mincore, pages, kPage, (void*)0xC0000000), -EFAULT);
    system_call(SYS_munmap, pages + kPage, kPage);
    CHECK_EQUAL(system_call(SYS_mincore, pages, 3 * kPage, answer), -ENOMEM);
}

TEST(msync_refuses_what_makes_no_sense) {
    char* const pages = map(kPage);
    CHECK_EQUAL(system_call(SYS_msync, pages, kPage, MS_SYNC), 0);
    CHECK_EQUAL(system_call(SYS_msync, pages + 1, kPage, MS_SYNC), -EINVAL);
    CHECK_EQUAL(system_call(SYS_msync, pages, kPage, MS_SYNC | MS_ASYNC), -EINVAL);
    CHECK_EQUAL(system_call(SYS_msync, pages, kPage, 0x40), -EINVAL);
    system_call(SYS_munmap, pages, kPage);
    CHECK_EQUAL(system_call(SYS_msync, pages, kPage, MS_SYNC), -ENOMEM);
}

TEST(locked_pages_are_brought_in) {
    char* const pages = map(2 * kPage);
    unsigned char answer[2] = {0, 0};
    CHECK_EQUAL(system_call(SYS_mlock, pages + 10, kPage), 0);
    CHECK_EQUAL(system_call(SYS_mincore, pages, 2 * kPage, answer), 0);
    CHECK(answer[0] == 1 && answer[1] == 1);
    CHECK_EQUAL(system_call(SYS_madvise, pages, kPage, MADV_DONTNEED), -EINVAL);
    CHECK_EQUAL(system_call(SYS_munlock, pages, 2 * kPage), 0);
    CHECK_EQUAL(system_call(SYS_madvise, pages, kPage, MADV_DONTNEED), 0);
    CHECK_EQUAL(system_call(SYS_mlock2, pages, kPage, 1), 0);
    CHECK_EQUAL(system_call(SYS_mlock2, pages, kPage, 2), -EINVAL);
    CHECK_EQUAL(system_call(SYS_mlockall, 0), -EINVAL);
    CHECK_EQUAL(system_call(SYS_mlockall, 8), -EINVAL);
    CHECK_EQUAL(system_call(SYS_mlockall, MCL_CURRENT | MCL_FUTURE), 0);
    CHECK_EQUAL(system_call(SYS_munlockall), 0);
    system_call(SYS_munmap, pages, 2 * kPage);
    CHECK_EQUAL(system_call(SYS_mlock, pages, kPage), -ENOMEM);
}

// --- The stack ---

static int deep(int levels) {
    volatile char room[1024];
    room[0] = (char)levels;
    return levels == 0 ? room[0] : deep(levels - 1) + (room[0] != 0 ? 1 : 0);
}
static void overflow(long unused) {
    (void)unused;
    deep(100 * 1024);
}

TEST(the_stack_grows_to_its_limit_and_no_further) {
    CHECK(deep(7 * 1024) > 0);
    CHECK_EQUAL(tap_signal_in_child(overflow, 0), SIGSEGV);
}

TEST(a_map_that_grows_down_does) {
    char* const pages = map_at((void*)0x60000000, 2 * kPage, kReadWrite,
                               kPrivate | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    REQUIRE(is_address(pages));
    pages[-1] = 1;
    CHECK_EQUAL(pages[-kPage], 0);
}
