// MALLOC_DEBUG: what a watched heap tells about a program, on its standard error output.
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/guest/programs/libc/complaint.h"

static char* watched[] = {"MALLOC_DEBUG=1", NULL};
static char* not_watched[] = {"MALLOC_DEBUG=0", NULL};

/// What the function makes malloc say; the heap is new when it begins.
static struct Complaint of_watched(void (*function)(long), long argument) {
    environ = watched;
    return complaint_of(function, argument);
}

static void check_told(void (*function)(long), long argument, const char* words) {
    const struct Complaint complaint = of_watched(function, argument);
    CHECK_EQUAL(complaint.status, 0);  // told, and the program goes on
    if (!CHECK(strstr(complaint.text, words) != NULL)) tap_note("it said: %s", complaint.text);
}

static void behave(long unused) {
    char* block = malloc(100 + (size_t)unused);
    block = realloc(block, 5000);
    free(block);
    free(calloc(10, 10));
    free(aligned_alloc(64, 10));
}
static void write_past(long distance) {
    char* volatile block = malloc(24);
    block[24 + distance] = 1;
    free(block);
}
static void write_before(long distance) {
    char* volatile block = malloc(24);
    block[-distance] = 1;
    free(block);
}
static void write_after_free(long place) {
    char* volatile block = malloc(50);
    free(block);
    block[place] = 1;
    for (int i = 0; i < 100; ++i)
        free(malloc(10));
}
static void write_past_and_keep(long distance) {
    char* volatile block = malloc(24);
    block[24 + distance] = 1;
}
static void free_twice(long size) {
    char* volatile block = malloc((size_t)size);
    free(block);
    free(block);
}
static void free_wild(long unused) {
    free((char*)0x1000 + unused);
}
static void leak(long count) {
    for (long i = 0; i < count; ++i)
        (void)!malloc(7);
    free(malloc(9));
}

TEST(a_good_program_hears_nothing) {
    const struct Complaint complaint = of_watched(behave, 0);
    CHECK_EQUAL(complaint.status, 0);
    CHECK(complaint.text[0] == '\0');
}

TEST(writes_beside_a_block_are_told_with_the_distance) {
    check_told(write_past, 0, "malloc: write 0 bytes past the block of 24 bytes at 0x");
    check_told(write_past, 8, "malloc: write 8 bytes past the block of 24 bytes at 0x");
    check_told(write_before, 3, "malloc: write 3 bytes before the block of 24 bytes at 0x");
    check_told(write_past, 2, "allocated at 0x80");
}

TEST(a_block_never_freed_is_looked_at_in_the_end) {
    check_told(write_past_and_keep, 2, "write 2 bytes past the block of 24 bytes");
}

TEST(a_write_after_free_is_told) {
    check_told(write_after_free, 5, "malloc: write after free, 5 bytes into the block of 50 bytes");
}

TEST(wrong_pointers_are_told) {
    check_told(free_twice, 30, "malloc: second free of the block of 30 bytes");
    check_told(free_wild, 0, "malloc: no block starts at 0x1000");
}

TEST(leaks_are_counted_by_their_caller) {
    check_told(leak, 5, "malloc: never freed: 35 bytes in 5 blocks from 0x80");
}

TEST(without_the_variable_nothing_is_watched) {
    environ = not_watched;
    CHECK(complaint_of(leak, 5).text[0] == '\0');
    CHECK(complaint_of(write_past, 0).text[0] == '\0');
}

TEST(new_memory_and_freed_memory_are_poisoned) {
    environ = watched;
    unsigned char* volatile block = malloc(40);
    CHECK(block[0] == 0xA5 && block[39] == 0xA5);
    CHECK_EQUAL(malloc_usable_size(block), 40);
    free(block);
    CHECK(block[0] == 0xF5 && block[39] == 0xF5);
    CHECK_EQUAL((size_t)malloc(10) % 16, 0);
}
