// What shared memory is promised: Committed_AS of /proc/meminfo; and the largest size of a process.
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/unistd.h>
#include <linux/mman.h>

#include "tests/guest/programs/tap.h"

static long number_in(const char* path, const char* label) {
    static char text[4096];
    const long file = system_call(__NR_open, path, O_RDONLY);
    REQUIRE(file >= 0);
    const long bytes = system_call(__NR_read, file, text, sizeof text - 1);
    system_call(__NR_close, file);
    REQUIRE(bytes > 0);
    text[bytes] = '\0';
    for (const char* at = text; *at != '\0'; ++at) {
        const char* have = at;
        const char* want = label;
        while (*want != '\0' && *have == *want)
            ++have, ++want;
        if (*want != '\0') continue;
        long number = 0;
        while (*have == ' ' || *have == '\t')
            ++have;
        while (*have >= '0' && *have <= '9')
            number = number * 10 + (*have++ - '0');
        return number;
    }
    return -1;
}
static long promised(void) {
    return number_in("/proc/meminfo", "Committed_AS:");
}
static long map(unsigned long bytes, int flags) {
    return system_call6(__NR_mmap2, 0, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
}

TEST(shared_memory_is_promised_as_a_whole) {
    const long before = promised();
    const long pages = map(1 << 20, MAP_SHARED | MAP_ANONYMOUS);
    REQUIRE((unsigned long)pages < -4096UL);
    CHECK_EQUAL(promised() - before, 1024);
    *(volatile char*)pages = 1;
    CHECK_EQUAL(promised() - before, 1024);
    CHECK_EQUAL(system_call(__NR_munmap, pages, 1 << 19), 0);
    CHECK_EQUAL(promised() - before, 1024);
    CHECK_EQUAL(system_call(__NR_munmap, pages + (1 << 19), 1 << 19), 0);
    CHECK_EQUAL(promised() - before, 0);
}

TEST(memory_files_are_charged_by_the_page) {
    const long before = promised();
    const long file = system_call(__NR_memfd_create, "f", 0);
    REQUIRE(file >= 0);
    CHECK_EQUAL(system_call(__NR_ftruncate, file, 1 << 20), 0);
    CHECK_EQUAL(promised() - before, 0);
    CHECK_EQUAL(system_call(__NR_pwrite64, file, "x", 1, 8192, 0), 1);
    CHECK_EQUAL(promised() - before, 4);
    const long pages = system_call6(__NR_mmap2, 0, 1 << 20, 3, MAP_SHARED, file, 0);
    REQUIRE((unsigned long)pages < -4096UL);
    ((volatile char*)pages)[0] = ((volatile char*)pages)[4096] = 1;
    CHECK_EQUAL(promised() - before, 12);
    CHECK_EQUAL(system_call(__NR_ftruncate, file, 4096), 0);
    CHECK_EQUAL(promised() - before, 4);
    CHECK_EQUAL(system_call(__NR_munmap, pages, 1 << 20), 0);
    CHECK_EQUAL(system_call(__NR_close, file), 0);
    CHECK_EQUAL(promised() - before, 0);
}

TEST(what_is_not_to_be_reserved_is_charged_by_the_page) {
    const long before = promised();
    const long pages = map(1 << 20, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE);
    REQUIRE((unsigned long)pages < -4096UL);
    CHECK_EQUAL(promised() - before, 0);
    ((volatile char*)pages)[0] = 1;
    CHECK_EQUAL(promised() - before, 4);
}

TEST(the_peak_of_the_size_is_kept) {
    const char* const status = "/proc/self/status";
    const long size = number_in(status, "VmSize:");
    const long pages = map(8 << 20, MAP_PRIVATE | MAP_ANONYMOUS);
    REQUIRE((unsigned long)pages < -4096UL);
    CHECK_EQUAL(number_in(status, "VmSize:"), size + 8192);
    CHECK_EQUAL(system_call(__NR_munmap, pages, 8 << 20), 0);
    CHECK_EQUAL(number_in(status, "VmSize:"), size);
    CHECK(number_in(status, "VmPeak:") >= size + 8192);
}
