// Memory under several threads: who faults on the same page, and what becomes of a copy when
// another thread takes the memory away.
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "tests/guest/programs/thread_support.h"

enum { kPages = 64, kRead = SYS_read, kWrite = SYS_write };
static const char file_name[] = "/tests/thread_memory_pages";

static volatile int go, ready;
static char* shared;

static void read_all(void* wrong) {
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    wait_while(&go, 0);
    for (int i = 0; i < kPages; ++i)
        if (shared[i * kPage] != (char)(i + 1)) ++*(volatile int*)wrong;
}

static long make_file(void) {
    char page[kPage];
    const long file = system_call(SYS_open, file_name, O_CREAT | O_TRUNC | O_RDWR, 0600);
    REQUIRE(file >= 0);
    for (int i = 0; i < kPages; ++i) {
        for (int j = 0; j < kPage; ++j)
            page[j] = (char)(i + 1);
        REQUIRE(system_call(kWrite, file, page, kPage) == kPage);
    }
    return file;
}

TEST(threads_may_fault_on_the_same_pages_of_a_file) {
    const long file = make_file();
    for (int round = 0; round < 10; ++round) {
        static volatile int wrong;
        struct Thread threads[4];
        system_call(SYS_fsync, file);
        shared = (char*)system_call6(SYS_mmap2, 0, kPages * kPage, PROT_READ, MAP_PRIVATE, file, 0);
        REQUIRE(!is_error((long)shared));
        go = ready = 0;
        for (int i = 0; i < 4; ++i)
            begin_at(&threads[i], read_all, (void*)&wrong);
        yield_until(&ready, 4);
        set_and_wake(&go, 1);
        for (int i = 0; i < 4; ++i)
            join(&threads[i]);
        CHECK_EQUAL(wrong, 0);
        system_call(SYS_munmap, shared, kPages * kPage);
    }
    system_call(SYS_close, file);
    system_call(SYS_unlink, file_name);
}

static void add_all(void* unused) {
    (void)unused;
    wait_while(&go, 0);
    for (int i = 0; i < kPages; ++i)
        __atomic_fetch_add((int*)(shared + i * kPage), 1, __ATOMIC_SEQ_CST);
}

TEST(threads_may_write_new_pages_at_once) {
    for (int round = 0; round < 10; ++round) {
        struct Thread threads[4];
        go = 0;
        shared = map(kPages * kPage, 0);
        for (int i = 0; i < 4; ++i)
            begin_at(&threads[i], add_all, 0);
        const long child = system_call(SYS_fork);  // and pages that are shared with another
        if (child == 0) {
            pause_for(5);
            end(0);
        }
        set_and_wake(&go, 1);
        for (int i = 0; i < 4; ++i)
            join(&threads[i]);
        for (int i = 0; i < kPages; ++i)
            CHECK_EQUAL(*(int*)(shared + i * kPage), 4);
        status_of(child);
        system_call(SYS_munmap, shared, kPages * kPage);
    }
}

// --- Under another's feet ------------------------------------------------------------------------

struct Copy {
    long file;
    char* place;
    long bytes;
    volatile long result;
    volatile int begun;
};

static void read_there(void* argument) {
    struct Copy* const copy = argument;
    copy->begun = 1;
    copy->result = system_call(kRead, copy->file, copy->place, copy->bytes);
}

TEST(memory_that_goes_while_a_read_sleeps_is_efault) {
    int ends[2];
    char byte = 'x';
    system_call(SYS_pipe, ends);
    struct Copy copy = {.file = ends[0], .place = map(kPage, 0), .bytes = 10};
    struct Thread thread;
    begin_at(&thread, read_there, &copy);
    yield_until(&copy.begun, 1);
    pause_for(10);
    system_call(SYS_munmap, copy.place, kPage);
    CHECK_EQUAL(system_call(kWrite, ends[1], &byte, 1), 1);
    join(&thread);
    CHECK_EQUAL(copy.result, -EFAULT);
}

// The first page stays, so that what fits in it is told.
TEST(half_of_a_read_is_told_when_the_rest_has_gone) {
    const long file = make_file();
    struct Copy copy = {.file = file, .place = map(4 * kPage, 0), .bytes = 4 * kPage};
    system_call(SYS_munmap, copy.place + 2 * kPage, 2 * kPage);
    system_call(SYS_lseek, file, 0, 0);
    read_there(&copy);
    CHECK_EQUAL(copy.result, 2 * kPage);
    CHECK_EQUAL(copy.place[2 * kPage - 1], 2);
    system_call(SYS_unlink, file_name);
}

static volatile int over;
static char* arena;
enum { kArena = 32 };

static void unmap_and_map(void* unused) {
    unsigned seed = 1;
    (void)unused;
    while (!over) {
        seed = seed * 1664525u + 1013904223u;
        char* const at = arena + (seed >> 8) % kArena * kPage;
        switch (seed >> 28 & 3) {
        case 0:
            system_call(SYS_munmap, at, kPage);
            break;
        case 1:
            system_call(SYS_mprotect, at, kPage, PROT_READ);
            break;
        case 2:
            system_call(163 /* mremap */, at, kPage, kPage, 3 /* may move, fixed */,
                        arena + (seed >> 16) % kArena * kPage);
            break;
        default:
            system_call6(SYS_mmap2, (long)at, kPage, 3, 0x32 /* fixed */, -1, 0);
        }
    }
}

// Every answer but a right one, or the short count up to what has gone, is wrong.
static void move_bytes(void* unused) {
    unsigned seed = 99;
    int ends[2];
    (void)unused;
    const long file = system_call(SYS_open, file_name, O_RDWR, 0);
    system_call(SYS_pipe2, ends, O_NONBLOCK);
    while (!over) {
        seed = seed * 1664525u + 1013904223u;
        char* const at = arena + (seed >> 4) % (kArena * kPage);
        const long room = arena + kArena * kPage - at;
        const long bytes = room < 3 * kPage ? room : 3 * kPage;
        long result;
        switch (seed >> 29) {
        case 0:
            result = system_call(kRead, file, at, bytes);
            break;
        case 1:
            result = system_call(kWrite, file, at, bytes);
            break;
        case 2:
            result = system_call(kWrite, ends[1], at, bytes);
            break;
        case 3:
            result = system_call(kRead, ends[0], at, bytes);
            break;
        case 4:
            result = futex((volatile void*)((unsigned long)at & ~3UL), FUTEX_WAKE, 1, 0);
            break;
        case 5:
            result = system_call(SYS_open, at, 0, 0);
            if (result >= 0) system_call(SYS_close, result);
            break;
        default:
            system_call(SYS_lseek, file, 0, 0);
            result = 0;
        }
        if (!CHECK(result <= bytes && result > -4096)) tap_note("%ld of %ld", result, bytes);
    }
    system_call(SYS_close, file);
    system_call(SYS_close, ends[0]);
    system_call(SYS_close, ends[1]);
}

TEST(memory_may_go_in_the_middle_of_any_copy) {
    struct Thread threads[5];
    system_call(SYS_close, make_file());
    arena = map(kArena * kPage, 0);
    for (int i = 0; i < 5; ++i)
        begin_at(&threads[i], i < 2 ? unmap_and_map : move_bytes, 0);
    pause_for(1500);
    over = 1;
    for (int i = 0; i < 5; ++i)
        join(&threads[i]);
    system_call(SYS_unlink, file_name);
}

// --- Turns ---

static const char disk_file[] = "/tests/thread_memory_file";
static volatile int calls, over_too;
static void call_the_kernel(void* unused) {
    static char names[6 * 65];
    (void)unused;
    while (!over_too) {
        system_call(122 /* uname */, names);
        ++calls;
    }
}

// The kernel's lock is held while the disk is waited for. Who waits for it has it next, and not who
// gave it back and comes again at once.
TEST(who_waits_for_the_disk_again_and_again_lets_others_have_their_turn) {
    struct Thread thread;
    char byte = 'x';
    const long file = system_call(SYS_open, disk_file, O_CREAT | O_TRUNC | O_RDWR, 0600);
    begin_at(&thread, call_the_kernel, 0);
    while (calls == 0)
        system_call(SYS_sched_yield);
    const int before = calls;
    for (int i = 0; i < 100; ++i) {
        system_call(kWrite, file, &byte, 1);
        system_call(SYS_fsync, file);
    }
    tap_note("%d calls beside 100 of fsync", calls - before);
    CHECK(calls - before > 10);  // how often the disk is waited for is the disk's; it was 0 or 1
    over_too = 1;
    join(&thread);
    system_call(SYS_close, file);
    system_call(SYS_unlink, disk_file);
}

// --- The kernel's hand ---------------------------------------------------------------------------

static void take_memory(void* unused) {
    (void)unused;
    for (;;) {
        char* const place = (char*)system_call6(SYS_mmap2, 0, 1 << 20, 3, 0x22, -1, 0);
        if (is_error((long)place)) end(3);
        for (long at = 0; at < 1 << 20; at += kPage)
            place[at] = 1;
    }
}
static void take_memory_by_many(long unused) {
    struct Thread threads[4];
    (void)unused;
    for (int i = 0; i < 4; ++i)
        begin_at(&threads[i], take_memory, 0);
    take_memory(0);
}

TEST(who_takes_all_memory_ends_with_all_its_threads) {
    const int status = tap_status_in_child(take_memory_by_many, 0);
    CHECK(status == SIGKILL || status == 3 << 8);
}
