// malloc(3) and its family in a program of the C library, error cases first. The same file runs on
// Linux.
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/guest/programs/libc/complaint.h"

#define PAGE 4096UL

// Sizes and products that the compiler must not know better than the library.
static volatile size_t wild = (size_t)-1;
static volatile size_t half = (size_t)1 << 31;

#define CHECK_FAILS(call, error)     \
    do {                             \
        errno = 0;                   \
        CHECK((call) == NULL);       \
        CHECK_EQUAL(errno, (error)); \
    } while (0)

static int is_aligned(const void* block, size_t alignment) {
    return (uintptr_t)block % alignment == 0;
}
static int all_are(const unsigned char* bytes, size_t count, int value) {
    for (size_t i = 0; i < count; ++i) {
        if (bytes[i] != value) return 0;
    }
    return 1;
}

TEST(malloc_of_a_wild_size_is_enomem) {
    CHECK_FAILS(malloc(wild), ENOMEM);
    CHECK_FAILS(malloc(wild - 4095), ENOMEM);
    CHECK_FAILS(malloc(half), ENOMEM);
    CHECK_FAILS(malloc(half - 1), ENOMEM);
    void* block = malloc(100);
    CHECK(block != NULL);
    free(block);
}

TEST(malloc_of_nothing_is_a_block_of_its_own) {
    void* first = malloc(0);
    void* second = malloc(0);
    CHECK(first != NULL && second != NULL && first != second);
    free(first);
    free(second);
    free(NULL);
}

TEST(every_size_is_aligned_to_eight_and_can_be_written) {
    static unsigned char* blocks[600];
    for (size_t size = 0; size < 600; ++size) {
        blocks[size] = malloc(size);
        REQUIRE(blocks[size] != NULL);
        CHECK(is_aligned(blocks[size], 8));
        CHECK(malloc_usable_size(blocks[size]) >= size);
        memset(blocks[size], (int)(size & 0xFF), size);
    }
    for (size_t size = 0; size < 600; ++size) {
        CHECK(all_are(blocks[size], size, (int)(size & 0xFF)));
        free(blocks[size]);
    }
}

// movaps faults on an address that is no multiple of 16.
__attribute__((target("sse"))) static void store_with_sse(float* place) {
    __asm__ volatile("movaps %%xmm0, (%0)" : : "r"(place) : "memory");
}

TEST(sse_gets_its_sixteen_from_the_aligned_functions) {
    for (size_t size = 16; size < 400; size += 4) {
        float* block = aligned_alloc(16, size);
        REQUIRE(block != NULL);
        store_with_sse(block);
        void* other = NULL;
        CHECK_EQUAL(posix_memalign(&other, 16, size), 0);
        store_with_sse(other);
        free(block);
        free(other);
    }
}

TEST(calloc_refuses_a_product_that_wraps) {
    CHECK_FAILS(calloc(half, 2), ENOMEM);
    CHECK_FAILS(calloc(0x10001, 0x10000), ENOMEM);
    CHECK_FAILS(calloc(wild, wild), ENOMEM);
    CHECK_FAILS(calloc(1, wild), ENOMEM);
}

TEST(calloc_is_zero_where_memory_was_used_before) {
    for (size_t size = 8; size < 400000; size = size * 3 + 8) {
        unsigned char* used = malloc(size);
        REQUIRE(used != NULL);
        memset(used, 0xEE, size);
        free(used);
        unsigned char* zero = calloc(size / 8, 8);
        REQUIRE(zero != NULL);
        CHECK(all_are(zero, size / 8 * 8, 0));
        memset(zero, 0xEE, size / 8 * 8);
        free(zero);
    }
}

// Pages of the process in RAM: the second number of /proc/self/statm.
static long resident_pages(void) {
    char text[64] = {0};
    const int file = (int)system_call(SYS_open, "/proc/self/statm", 0, 0);
    REQUIRE(file >= 0);
    CHECK(read(file, text, sizeof text - 1) > 0);
    close(file);
    return atoi(strchr(text, ' '));
}

TEST(calloc_does_not_touch_what_comes_fresh_from_the_kernel) {
    const long before = resident_pages();
    unsigned char* mapped = calloc(1, 8 << 20);
    unsigned char* from_the_break = calloc(50, PAGE);
    REQUIRE(mapped != NULL && from_the_break != NULL);
    CHECK(resident_pages() - before < 16);
    CHECK(mapped[5 << 20] == 0 && from_the_break[40 * PAGE] == 0);
    free(mapped);
    free(from_the_break);
}

TEST(realloc_keeps_the_contents_up_and_down) {
    unsigned char* block = realloc(NULL, 1);
    REQUIRE(block != NULL);
    block[0] = 1;
    size_t size = 1;
    while (size < 2000000) {
        const size_t larger = size * 2 + 3;
        block = realloc(block, larger);
        REQUIRE(block != NULL);
        CHECK(all_are(block, size, 1));
        memset(block, 1, larger);
        size = larger;
    }
    while (size > 10) {
        size /= 3;
        block = realloc(block, size);
        REQUIRE(block != NULL);
        CHECK(all_are(block, size, 1));
    }
    CHECK(realloc(block, 0) == NULL);
}

TEST(realloc_that_fails_leaves_the_block) {
    unsigned char* block = malloc(50);
    REQUIRE(block != NULL);
    memset(block, 7, 50);
    CHECK_FAILS(realloc(block, wild), ENOMEM);
    CHECK_FAILS(realloc(block, half), ENOMEM);
    CHECK_FAILS(reallocarray(block, half, 2), ENOMEM);
    CHECK_FAILS(reallocarray(block, wild, wild), ENOMEM);
    CHECK(all_are(block, 50, 7));
    block = reallocarray(block, 25, 4);
    REQUIRE(block != NULL);
    CHECK(all_are(block, 50, 7));
    CHECK(reallocarray(block, 0, 4) == NULL);
}

TEST(posix_memalign_answers_and_leaves_errno_alone) {
    void* block = &block;
    errno = 77;
    CHECK_EQUAL(posix_memalign(&block, 0, 8), EINVAL);
    CHECK_EQUAL(posix_memalign(&block, 1, 8), EINVAL);
    CHECK_EQUAL(posix_memalign(&block, 2, 8), EINVAL);
    CHECK_EQUAL(posix_memalign(&block, 12, 8), EINVAL);
    CHECK_EQUAL(posix_memalign(&block, 24, 8), EINVAL);
    CHECK_EQUAL(posix_memalign(&block, 16, wild), ENOMEM);
    CHECK_EQUAL(posix_memalign(&block, half, 8), ENOMEM);
    CHECK(block == &block);
    CHECK_EQUAL(errno, 77);
    for (size_t alignment = 4; alignment <= 1 << 20; alignment *= 2) {
        REQUIRE(posix_memalign(&block, alignment, 10) == 0);
        CHECK(is_aligned(block, alignment));
        memset(block, 1, 10);
        free(block);
    }
}

TEST(aligned_alloc_and_memalign_want_a_power_of_two) {
    CHECK_FAILS(aligned_alloc(0, 8), EINVAL);
    CHECK_FAILS(aligned_alloc(3, 8), EINVAL);
    CHECK_FAILS(memalign(0, 8), EINVAL);
    CHECK_FAILS(memalign(48, 8), EINVAL);
    CHECK_FAILS(aligned_alloc(64, wild), ENOMEM);
    CHECK_FAILS(memalign(64, wild), ENOMEM);
    void* block = aligned_alloc(256, 100);
    void* other = memalign(1024, 1);
    CHECK(block != NULL && is_aligned(block, 256));
    CHECK(other != NULL && is_aligned(other, 1024));
    free(block);
    free(other);
}

TEST(valloc_and_pvalloc_start_at_a_page) {
    void* block = valloc(10);
    CHECK(block != NULL && is_aligned(block, PAGE));
    void* whole = pvalloc(PAGE + 1);
    CHECK(whole != NULL && is_aligned(whole, PAGE));
    CHECK(malloc_usable_size(whole) >= 2 * PAGE);
    void* large = valloc(1 << 20);
    CHECK(large != NULL && is_aligned(large, PAGE));
    free(block);
    free(whole);
    free(large);
    CHECK_FAILS(valloc(wild), ENOMEM);
    CHECK_FAILS(pvalloc(wild), ENOMEM);
    CHECK_FAILS(pvalloc(wild - PAGE), ENOMEM);
}

TEST(small_blocks_come_from_the_break_and_large_ones_are_mapped) {
    char* start = sbrk(0);
    char* small = malloc(1000);
    char* large = malloc(1 << 20);
    char* end = sbrk(0);
    CHECK(small >= start && small < end);
    CHECK(large != NULL && (large >= end || large < start));
    const struct mallinfo2 info = mallinfo2();
    CHECK_EQUAL(info.hblks, 1);
    CHECK_EQUAL(info.hblkhd, 1 << 20);
    CHECK(info.arena >= PAGE && info.uordblks >= 1000 + (1 << 20));
    free(large);
    CHECK_EQUAL(mallinfo2().hblks, 0);
    free(small);
}

TEST(what_is_freed_goes_back_to_the_kernel) {
    static void* blocks[1000];
    char* start = sbrk(0);
    for (int i = 0; i < 1000; ++i)
        REQUIRE((blocks[i] = malloc(1000)) != NULL);
    const long peak = (char*)sbrk(0) - start;
    for (int i = 0; i < 1000; ++i)
        free(blocks[i]);
    CHECK((char*)sbrk(0) - start < peak / 20);
    malloc_trim(0);
    CHECK((char*)sbrk(0) - start <= (long)PAGE);
    CHECK_EQUAL(malloc_trim(0), 0);
}

TEST(mallopt_sets_the_limits) {
    CHECK_EQUAL(mallopt(M_MMAP_THRESHOLD, 10000), 1);
    void* mapped = malloc(10000);
    CHECK(is_aligned(mapped, PAGE));
    CHECK_EQUAL(mallinfo2().hblks, 1);
    CHECK_EQUAL(mallopt(M_MMAP_MAX, 1), 1);
    void* not_mapped = malloc(20000);
    CHECK(not_mapped != NULL);
    CHECK_EQUAL(mallinfo2().hblks, 1);
    free(mapped);
    free(not_mapped);
    CHECK_EQUAL(mallopt(M_MMAP_MAX, 0), 1);
    CHECK_EQUAL(mallopt(M_TOP_PAD, 1 << 20), 1);
    CHECK_EQUAL(mallopt(M_TRIM_THRESHOLD, 4 << 20), 1);
    char* before = sbrk(0);
    free(malloc(100000));
    CHECK((char*)sbrk(0) - before >= 1 << 20);
    CHECK_EQUAL(malloc_trim(0), 1);
    CHECK_EQUAL(mallopt(-99, 1), 0);
    CHECK_EQUAL(mallopt(M_MMAP_MAX, -1), 0);
}

TEST(memory_of_others_above_the_break_stays_theirs) {
    char* mine = malloc(2000);
    REQUIRE(mine != NULL);
    char* theirs = sbrk(5000);
    REQUIRE(theirs != (char*)-1);
    memset(theirs, 0x55, 5000);
    static char* blocks[100];
    for (int i = 0; i < 100; ++i) {
        REQUIRE((blocks[i] = malloc(3000)) != NULL);
        memset(blocks[i], 0x11, 3000);
    }
    CHECK(all_are((unsigned char*)theirs, 5000, 0x55));
    for (int i = 0; i < 100; ++i)
        free(blocks[i]);
    free(mine);
    malloc_trim(0);
    CHECK(all_are((unsigned char*)theirs, 5000, 0x55));
    CHECK((char*)sbrk(0) >= theirs + 5000);
}

static void free_twice(long size) {
    void* block = malloc((size_t)size);
    void* next = malloc((size_t)size);
    free(block);
    free(block);
    free(next);
}
static void free_on_the_stack(long unused) {
    char bytes[64];
    char* volatile wrong = bytes + unused;
    free(wrong);
}
static void free_inside(long size) {
    char* volatile block = malloc((size_t)size);
    free(block + 8);
}
static void free_after_an_overflow(long size) {
    char* block = malloc((size_t)size);
    char* next = malloc((size_t)size);
    memset(block, 0xFF, (size_t)size + 12);
    free(next);
}
static void free_a_mapping_of_others(long unused) {
    free(mmap(NULL, PAGE + (size_t)unused, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}
static void realloc_freed(long size) {
    char* volatile block = malloc((size_t)size);
    free(block);
    block = realloc(block, 2 * (size_t)size);
}

static void check_abort(void (*function)(long), long argument, const char* words) {
    const struct Complaint complaint = complaint_of(function, argument);
    CHECK_EQUAL(complaint.status & 0x7F, 6);  // SIGABRT
    if (!CHECK(strstr(complaint.text, words) != NULL)) tap_note("it said: %s", complaint.text);
    CHECK(strncmp(complaint.text, "malloc: ", 8) == 0);
}

TEST(a_second_free_is_told_and_ends_the_program) {
    check_abort(free_twice, 20, "double free");
    check_abort(free_twice, 500, "double free");
    check_abort(free_twice, 20000, "double free");
    check_abort(realloc_freed, 200, "double free");
}

TEST(a_pointer_that_is_not_ours_is_told) {
    check_abort(free_on_the_stack, 0, "not from this heap");
    check_abort(free_on_the_stack, 1, "not from this heap");
    check_abort(free_a_mapping_of_others, 0, "not from this heap");
    check_abort(free_twice, 1 << 20, "not from this heap");  // its mapping is gone
    check_abort(free_inside, 100, "middle of a block");
    check_abort(free_inside, 1 << 20, "middle of a block");
}

TEST(a_broken_heap_is_told) {
    check_abort(free_after_an_overflow, 500, "corrupted block header");
}

TEST(a_child_of_fork_has_the_heap_for_itself) {
    char* block = malloc(100);
    strcpy(block, "both");
    const pid_t child = fork();
    if (child == 0) {
        strcat(block, " have it");
        char* more = malloc(5000);
        free(block);
        _exit(more != NULL ? 0 : 1);
    }
    int status = -1;
    system_call(SYS_wait4, child, &status, 0, 0);
    CHECK_EQUAL(status, 0);
    CHECK(strcmp(block, "both") == 0);
    free(block);
}

TEST(the_break_itself) {
    char* now = sbrk(0);
    CHECK(sbrk(100) == now);
    CHECK(sbrk(-100) == now + 100);
    CHECK(sbrk(0) == now);
    errno = 0;
    CHECK(sbrk(INTPTR_MIN) == (void*)-1);
    CHECK_EQUAL(errno, ENOMEM);
    errno = 0;
    CHECK_EQUAL(brk((void*)0xFFFFF000), -1);
    CHECK_EQUAL(errno, ENOMEM);
    CHECK_EQUAL(brk(now + PAGE), 0);
    CHECK_EQUAL(brk(now), 0);
    errno = 0;
    CHECK_EQUAL(brk((void*)16), -1);
    CHECK_EQUAL(errno, ENOMEM);
}
