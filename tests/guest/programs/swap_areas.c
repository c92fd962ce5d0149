// swapoff and swapon while programs run: what was out comes back as it was. And /proc/sys/vm.
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "tests/guest/programs/thread_support.h"

enum { kPrefer = 0x8000, kEnough = 2048 };
static const char kDisk[] = "/dev/hda2";

static long swap_on(const char* path, long flags) {
    return system_call(SYS_swapon, path, flags);
}
static long swap_off(const char* path) {
    return system_call(SYS_swapoff, path);
}
// The priority of the only area, or 1 if there is none.
static long priority(void) {
    const char* at = find(read_file("/proc/swaps"), "partition");
    if (at == 0) return 1;
    for (int fields = 0; fields < 3; ++fields) {
        while (*at != '\t' && *at != ' ')
            ++at;
        while (*at == '\t' || *at == ' ')
            ++at;
    }
    return *at == '-' ? -number_at(at + 1) : number_at(at);
}
static long memory_number(const char* label) {
    const char* const line = find(read_file("/proc/meminfo"), label);
    return line == 0 ? -1 : number_at(line + length(label));
}
static long write_file(const char* path, const char* text) {
    const long file = system_call(SYS_open, path, O_WRONLY | O_TRUNC, 0);
    if (file < 0) return file;
    const long written = system_call(SYS_write, file, text, length(text));
    system_call(SYS_close, file);
    return written;
}

TEST(an_area_goes_and_comes) {
    CHECK_EQUAL(priority(), -2);
    CHECK_EQUAL(swap_on(kDisk, 0), -EBUSY);
    CHECK_EQUAL(swap_off(kDisk), 0);
    CHECK_EQUAL(priority(), 1);
    CHECK_EQUAL(memory_number("SwapTotal:"), 0);
    CHECK_EQUAL(swap_off(kDisk), -EINVAL);
    CHECK_EQUAL(swap_on(kDisk, kPrefer | 7), 0);
    CHECK_EQUAL(priority(), 7);
    CHECK_EQUAL(swap_off(kDisk), 0);
    CHECK_EQUAL(swap_on(kDisk, 0), 0);
    CHECK_EQUAL(priority(), -2);
}

TEST(a_disk_that_is_open_for_writing_is_no_area) {
    CHECK_EQUAL(system_call(SYS_open, kDisk, O_RDWR, 0), -EBUSY);
    CHECK_EQUAL(swap_off(kDisk), 0);
    const long file = system_call(SYS_open, kDisk, O_RDWR, 0);
    CHECK(file >= 0);
    CHECK_EQUAL(swap_on(kDisk, 0), -EBUSY);
    system_call(SYS_close, file);
    CHECK_EQUAL(swap_on(kDisk, 0), 0);
}

static void as_somebody_else(long unused) {
    system_call(SYS_setresuid32, 1000, 1000, 1000);
    CHECK_EQUAL(swap_on(kDisk, unused), -EPERM);
    CHECK_EQUAL(swap_off(kDisk), -EPERM);
    CHECK_EQUAL(write_file("/proc/sys/vm/overcommit_memory", "1"), -EACCES);
}

TEST(what_is_no_area_is_refused) {
    CHECK_EQUAL(swap_on("/dev/none", 0), -ENOENT);
    CHECK_EQUAL(swap_on("/dev/hda1", 0), -EBUSY);
    CHECK_EQUAL(swap_on("/dev/hda", 0), -EINVAL);
    CHECK_EQUAL(swap_on("/dev/null", 0), -EINVAL);
    CHECK_EQUAL(swap_on("/bin/sh", 0), -EINVAL);
    CHECK_EQUAL(swap_on("/", 0), -EISDIR);
    CHECK_EQUAL(swap_on(kDisk, 0x100000), -EINVAL);
    CHECK_EQUAL(swap_on((const char*)0xC0000000, 0), -EFAULT);
    CHECK_EQUAL(swap_off("/dev/hda1"), -EINVAL);
    CHECK_EQUAL(swap_off(""), -ENOENT);
    CHECK_EQUAL(tap_status_in_child(as_somebody_else, 0), 0);
}

static unsigned word_for(unsigned long page) {
    return (unsigned)(page * 2654435761U) | 1;
}
static unsigned long count_wrong(const unsigned* words, unsigned long pages) {
    unsigned long wrong = 0;
    for (unsigned long i = 0; i < pages; ++i)
        wrong += words[i * kPage / 4] != word_for(i);
    return wrong;
}

static void* memory_of(unsigned long pages, int flags) {
    const long place = system_call6(SYS_mmap2, 0, (long)(pages * kPage), 3,
                                    MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
    REQUIRE(!is_error(place));
    return (void*)place;
}
static unsigned* pages_of_words(unsigned long pages, int flags) {
    unsigned* const words = (unsigned*)memory_of(pages, flags);
    for (unsigned long i = 0; i < pages; ++i)
        words[i * kPage / 4] = word_for(i);
    return words;
}
// More than there are free frames, so that some of them are out.
static unsigned long too_many_pages(void) {
    return (unsigned long)(memory_number("MemAvailable:") + memory_number("SwapFree:") / 2) / 4;
}

// A child sees the same pages; those of `filler` make them go.
static void bring_back(int flags) {
    const unsigned long pages = too_many_pages(), kept = pages / 3;
    volatile int* const is_over = (volatile int*)memory_of(1, MAP_SHARED);
    unsigned* const words = pages_of_words(kept, flags);
    unsigned* const filler = pages_of_words(pages - kept, MAP_PRIVATE);
    CHECK(memory_number("SwapTotal:") - memory_number("SwapFree:") > kEnough);
    CHECK_EQUAL(system_call(SYS_munmap, filler, (pages - kept) * kPage), 0);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        yield_until(is_over, 1);
        system_call(SYS_exit_group, count_wrong(words, kept) == 0 ? 0 : 1);
    }
    CHECK_EQUAL(swap_off(kDisk), 0);
    *is_over = 1;
    CHECK_EQUAL(status_of(child), 0);
    CHECK_EQUAL(count_wrong(words, kept), 0);
    CHECK_EQUAL(swap_on(kDisk, 0), 0);
    CHECK_EQUAL(system_call(SYS_munmap, words, kept * kPage), 0);
}

TEST(private_pages_come_back) {
    bring_back(MAP_PRIVATE);
}
TEST(shared_pages_come_back) {
    bring_back(MAP_SHARED);
}

TEST(what_does_not_fit_stays_out) {
    const unsigned long pages = too_many_pages();
    const unsigned* const words = pages_of_words(pages, MAP_PRIVATE);
    CHECK_EQUAL(swap_off(kDisk), -ENOMEM);
    CHECK_EQUAL(priority(), -2);
    CHECK_EQUAL(count_wrong(words, pages), 0);
}

TEST(what_is_promised_keeps_its_place) {
    CHECK_EQUAL(write_file("/proc/sys/vm/overcommit_memory", "2\n"), 2);
    CHECK_EQUAL(write_file("/proc/sys/vm/overcommit_ratio", "1"), 1);
    CHECK_EQUAL(swap_off(kDisk), -ENOMEM);
    CHECK_EQUAL(write_file("/proc/sys/vm/overcommit_ratio", "50"), 2);
    CHECK_EQUAL(write_file("/proc/sys/vm/overcommit_memory", "0"), 1);
}

TEST(wrong_values_change_nothing) {
    CHECK_EQUAL(write_file("/proc/sys/vm/overcommit_memory", "3"), -EINVAL);
    CHECK_EQUAL(write_file("/proc/sys/vm/overcommit_memory", ""), 0);
    CHECK_EQUAL(write_file("/proc/sys/vm/overcommit_ratio", "-1"), -EINVAL);
    CHECK_EQUAL(number_at(read_file("/proc/sys/vm/overcommit_memory")), 0);
    CHECK_EQUAL(number_at(read_file("/proc/sys/vm/overcommit_ratio")), 50);
}

TEST(the_replacement_policy_can_be_changed_under_load) {
    static const char* const kPolicies[] = {"fifo", "clock", "aging", "two-lists", "generations"};
    const char kPath[] = "/proc/sys/vm/replacement_policy";
    const unsigned long pages = (unsigned long)memory_number("MemAvailable:") / 4 + 2000;
    unsigned* const words = pages_of_words(pages, MAP_PRIVATE);
    CHECK(find(read_file(kPath), "[generations]") != 0);
    for (unsigned policy = 0; policy < sizeof kPolicies / sizeof *kPolicies; ++policy) {
        CHECK_EQUAL(write_file(kPath, kPolicies[policy]), (long)length(kPolicies[policy]));
        const char* const mark = find(read_file(kPath), "[");
        CHECK(mark != 0 && find(mark, kPolicies[policy]) == mark + 1);
        for (unsigned long i = 0; i < pages; ++i)
            words[i * kPage / 4] = word_for(i);
        CHECK_EQUAL(count_wrong(words, pages), 0);
    }
    CHECK_EQUAL(write_file(kPath, "best"), -EINVAL);
    CHECK(find(read_file(kPath), "[generations]") != 0);
}
