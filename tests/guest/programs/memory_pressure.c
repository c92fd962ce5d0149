// More memory than there is RAM: pages go to swap and come back as they were, in a program, in what
// it shares with its children, and in a file without a name.
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/mman.h>

#include "tests/guest/programs/tap.h"

enum { kPage = 4096 };

// struct sysinfo as far as it is needed.
struct System {
    long uptime;
    unsigned long loads[3], ram, free_ram, shared, buffers, swap, free_swap;
    unsigned short processes, padding;
    unsigned long high, free_high, unit;
    char rest[8];
};

// RAM and a part of swap; on a machine with much RAM 80 MiB, and nothing is swapped.
static unsigned long pages_to_use(void) {
    enum { kMost = 80U << 20 };
    struct System system;
    REQUIRE(system_call(SYS_sysinfo, &system) == 0);
    const unsigned long long bytes =
        ((unsigned long long)system.free_ram + system.free_swap / 2) * system.unit;
    return (bytes < kMost ? (unsigned long)bytes : kMost) / kPage;
}

static unsigned* word_of(char* memory, unsigned long page) {
    return (unsigned*)(memory + page * kPage + page * 4 % kPage);
}
static unsigned word_for(unsigned long page) {
    return (unsigned)(page * 2654435761U) | 1;
}
static unsigned long count_wrong(char* memory, unsigned long pages) {
    unsigned long wrong = 0;
    for (unsigned long i = 0; i < pages; ++i)
        wrong += *word_of(memory, i) != word_for(i);
    return wrong;
}

static void use_all_of(int flags) {
    const unsigned long pages = pages_to_use();
    char* const memory = (char*)system_call6(SYS_mmap2, 0, (long)(pages * kPage), 3,
                                             MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
    REQUIRE((unsigned long)memory < (unsigned long)-4095);
    for (unsigned long i = 0; i < pages; ++i)
        *word_of(memory, i) = word_for(i);
    CHECK_EQUAL(count_wrong(memory, pages), 0);
    CHECK_EQUAL(count_wrong(memory, pages), 0);
    CHECK_EQUAL(system_call(SYS_munmap, memory, pages * kPage), 0);
}

TEST(private_memory_survives_being_swapped_out) {
    use_all_of(MAP_PRIVATE);
}

TEST(shared_memory_survives_being_swapped_out) {
    use_all_of(MAP_SHARED);
}

TEST(a_child_sees_what_its_parent_had_swapped_out) {
    const unsigned long pages = pages_to_use();
    char* const memory = (char*)system_call6(SYS_mmap2, 0, (long)(pages * kPage), 3,
                                             MAP_ANONYMOUS | MAP_NORESERVE | MAP_PRIVATE, -1, 0);
    int status = -1;
    for (unsigned long i = 0; i < pages; ++i)
        *word_of(memory, i) = word_for(i);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        for (unsigned long i = 0; i < pages; i += 64)
            *word_of(memory, i) = 0;
        system_call(SYS_exit_group, count_wrong(memory, pages) == (pages + 63) / 64 ? 0 : 1);
    }
    REQUIRE(child > 0);
    CHECK_EQUAL(system_call(SYS_wait4, child, &status, 0, 0), child);
    CHECK_EQUAL(status, 0);
    CHECK_EQUAL(count_wrong(memory, pages), 0);
}

TEST(memory_that_was_thrown_away_reads_as_zero) {
    const unsigned long pages = pages_to_use();
    char* const memory = (char*)system_call6(SYS_mmap2, 0, (long)(pages * kPage), 3,
                                             MAP_ANONYMOUS | MAP_NORESERVE | MAP_PRIVATE, -1, 0);
    for (unsigned long i = 0; i < pages; ++i)
        *word_of(memory, i) = word_for(i);
    CHECK_EQUAL(system_call(SYS_madvise, memory, pages * kPage, MADV_DONTNEED), 0);
    unsigned long wrong = 0;
    for (unsigned long i = 0; i < pages; ++i)
        wrong += *word_of(memory, i) != 0;
    CHECK_EQUAL(wrong, 0);
}
