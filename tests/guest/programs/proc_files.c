// /proc/PID as a program sees it: its own, its child's, one that has gone.
#include <asm/errno.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>

#include "tests/guest/programs/tap.h"

enum { kPage = 4096 };

static char text[16384];
static char path[64];

static unsigned length_of(const char* string) {
    unsigned length = 0;
    while (string[length] != '\0')
        ++length;
    return length;
}

// "/proc/PID/name" for a number; pid 0: "self".
static const char* proc_path(long pid, const char* name) {
    char digits[12];
    int count = 0;
    char* to = path;
    for (const char* from = "/proc/"; *from != '\0';)
        *to++ = *from++;
    for (; pid > 0; pid /= 10)
        digits[count++] = (char)('0' + pid % 10);
    if (count == 0)
        for (const char* from = "self"; *from != '\0';)
            *to++ = *from++;
    while (count > 0)
        *to++ = digits[--count];
    if (*name != '\0') *to++ = '/';
    while (*name != '\0')
        *to++ = *name++;
    *to = '\0';
    return path;
}

// The whole of a file, in `text`; its length, or -errno.
static long get(long pid, const char* name) {
    const long file = system_call(__NR_open, proc_path(pid, name), O_RDONLY, 0);
    if (file < 0) return file;
    long length = 0, got;
    while ((got = system_call(__NR_read, file, text + length, sizeof text - 1 - length)) > 0)
        length += got;
    text[length] = '\0';
    system_call(__NR_close, file);
    return got < 0 ? got : length;
}

static int contains(const char* part) {
    for (const char* at = text; *at != '\0'; ++at) {
        unsigned i = 0;
        while (part[i] != '\0' && at[i] == part[i])
            ++i;
        if (part[i] == '\0') return 1;
    }
    return 0;
}

static int begins_with(const char* part) {
    for (unsigned i = 0; part[i] != '\0'; ++i)
        if (text[i] != part[i]) return 0;
    return 1;
}

// The KiB behind `name` in /proc/meminfo; -1 if it is not there.
static long memory_figure(const char* name) {
    const long file = system_call(__NR_open, "/proc/meminfo", O_RDONLY, 0);
    const long length = system_call(__NR_read, file, text, sizeof text - 1);
    system_call(__NR_close, file);
    text[length < 0 ? 0 : length] = '\0';
    for (const char* at = text; *at != '\0'; ++at) {
        unsigned i = 0;
        while (name[i] != '\0' && at[i] == name[i])
            ++i;
        if (name[i] != '\0') continue;
        long kib = 0;
        for (at += i; *at == ' ' || (*at >= '0' && *at <= '9'); ++at)
            if (*at != ' ') kib = kib * 10 + (*at - '0');
        return kib;
    }
    return -1;
}

static long child_that_waits(void) {
    const long child = system_call(__NR_fork);
    if (child == 0)
        for (;;)
            system_call(__NR_pause);
    return child;
}

static void kill_and_reap(long child) {
    system_call(__NR_kill, child, SIGKILL);
    CHECK_EQUAL(system_call(__NR_wait4, child, 0, 0, 0), child);
}

TEST(self_is_the_own_number) {
    const long length = system_call(__NR_readlink, "/proc/self", text, sizeof text);
    REQUIRE(length > 0);
    long pid = 0;
    for (long i = 0; i < length; ++i)
        pid = pid * 10 + (text[i] - '0');
    CHECK_EQUAL(pid, system_call(__NR_getpid));
}

TEST(comm_and_command_line_are_the_programs) {
    CHECK(get(0, "comm") > 0);
    CHECK(begins_with("proc_files\n"));
    CHECK(get(0, "cmdline") > 0);
    CHECK(contains("proc_files"));
    CHECK_EQUAL(system_call(__NR_prctl, 15, "renamed"), 0);
    CHECK_EQUAL(get(0, "comm"), 8);
    CHECK(begins_with("renamed\n"));
}

TEST(maps_show_program_heap_and_stack) {
    CHECK(get(0, "maps") > 0);
    CHECK(contains("r-xp"));
    CHECK(contains("/tests/proc_files\n"));
    CHECK(contains("[stack]\n"));
    const long heap = system_call(__NR_brk, 0);
    REQUIRE(system_call(__NR_brk, heap + kPage) == heap + kPage);
    CHECK(get(0, "maps") > 0);
    CHECK(contains("[heap]\n"));
}

TEST(maps_follow_what_is_mapped) {
    const long at = system_call6(__NR_mmap2, 0x60000000, 3 * kPage, 1, 0x32, -1, 0);
    REQUIRE(at == 0x60000000);
    CHECK(get(0, "maps") > 0);
    CHECK(contains("60000000-60003000 r--p 00000000 00:00 0 \n"));
    REQUIRE(system_call(__NR_munmap, at, 3 * kPage) == 0);
    CHECK(get(0, "maps") > 0);
    CHECK(!contains("60000000-"));
}

TEST(smaps_count_what_was_touched) {
    const long at = system_call6(__NR_mmap2, 0x60000000, 8 * kPage, 3, 0x32, -1, 0);
    REQUIRE(at == 0x60000000);
    for (int i = 0; i < 5; ++i)
        ((volatile char*)at)[i * kPage] = 1;
    CHECK(get(0, "smaps") > 0);
    CHECK(
        contains("60000000-60008000 rw-p 00000000 00:00 0 \n"
                 "Size:                 32 kB\n"
                 "KernelPageSize:        4 kB\n"
                 "MMUPageSize:           4 kB\n"
                 "Rss:                  20 kB\n"));
}

TEST(locked_memory_is_told_and_is_not_inactive) {
    const long at = system_call6(__NR_mmap2, 0x60000000, 256 * kPage, 3, 0x32, -1, 0);
    REQUIRE(at == 0x60000000);
    const long locked = memory_figure("Mlocked:"), inactive = memory_figure("Inactive(anon):");
    CHECK_EQUAL(system_call(__NR_mlock, at, 256 * kPage), 0);
    CHECK_EQUAL(memory_figure("Mlocked:") - locked, 1024);
    CHECK(memory_figure("Inactive(anon):") - inactive < 512);
    CHECK_EQUAL(memory_figure("Unevictable:"), memory_figure("Mlocked:"));
    CHECK_EQUAL(system_call(__NR_munlock, at, 256 * kPage), 0);
    CHECK_EQUAL(memory_figure("Mlocked:"), locked);
}

TEST(pages_of_objects_count_as_mapped_while_they_are) {
    const long mapped = memory_figure("Mapped:");
    const long at = system_call6(__NR_mmap2, 0, 256 * kPage, 3, 0x21, -1, 0);
    REQUIRE(at > 0 || at < -4095);
    CHECK_EQUAL(memory_figure("Mapped:"), mapped);
    for (long i = 0; i < 256; ++i)
        *(volatile char*)(at + i * kPage) = 1;
    CHECK_EQUAL(memory_figure("Mapped:") - mapped, 1024);
    CHECK_EQUAL(system_call(__NR_munmap, at, 256 * kPage), 0);
    CHECK_EQUAL(memory_figure("Mapped:"), mapped);
    CHECK(mapped > 0);  // our own text
}

TEST(the_dynamic_area_is_told) {
    const long total = memory_figure("VmallocTotal:"), used = memory_figure("VmallocUsed:");
    CHECK(used > 0 && used < total);
    CHECK(memory_figure("VmallocChunk:") > 0 && memory_figure("VmallocChunk:") <= total - used);
    const long child = child_that_waits();  // with a kernel stack and its guards
    CHECK(memory_figure("VmallocUsed:") > used);
    kill_and_reap(child);
    CHECK_EQUAL(memory_figure("VmallocTotal:"), total);
}

TEST(shared_memory_is_promised_as_a_whole) {
    const long promised = memory_figure("Committed_AS:");
    const long at = system_call6(__NR_mmap2, 0, 256 * kPage, 3, 0x21, -1, 0);
    REQUIRE(at > 0 || at < -4095);
    CHECK_EQUAL(memory_figure("Committed_AS:") - promised, 1024);
    CHECK_EQUAL(system_call(__NR_munmap, at, 256 * kPage), 0);
    CHECK_EQUAL(memory_figure("Committed_AS:"), promised);
    // More than there could ever be.
    if (memory_figure("MemTotal:") + memory_figure("SwapTotal:") < 1 << 20)
        CHECK_EQUAL(system_call6(__NR_mmap2, 0, 1 << 30, 3, 0x21, -1, 0), -ENOMEM);
}

TEST(status_tells_who_and_how) {
    const long child = child_that_waits();
    const long nap[2] = {0, 30000000};
    system_call(__NR_nanosleep, nap, 0);
    CHECK(get(child, "status") > 0);
    CHECK(begins_with("Name:\tproc_files\n"));
    CHECK(contains("\nState:\tS (sleeping)\n"));
    CHECK(contains("\nThreads:\t1\n"));
    CHECK(contains("\nUid:\t0\t0\t0\t0\n"));
    system_call(__NR_kill, child, SIGSTOP);
    system_call(__NR_wait4, child, 0, 2, 0);
    CHECK(get(child, "status") > 0);
    CHECK(contains("\nState:\tT (stopped)\n"));
    kill_and_reap(child);
    CHECK_EQUAL(get(child, "status"), -ENOENT);
}

TEST(a_zombie_has_a_state_and_no_memory) {
    const long child = system_call(__NR_fork);
    if (child == 0) system_call(__NR_exit_group, 3);
    int info[32];
    CHECK_EQUAL(system_call(__NR_waitid, 1, child, info, 4 | 0x01000000, 0), 0);
    CHECK(get(child, "stat") > 0);
    CHECK(contains(" (proc_files) Z "));
    CHECK_EQUAL(get(child, "maps"), 0);
    CHECK_EQUAL(get(child, "cmdline"), 0);
    CHECK_EQUAL(system_call(__NR_readlink, proc_path(child, "exe"), text, 100), -ENOENT);
    kill_and_reap(child);
}

TEST(an_open_file_of_who_has_gone_is_esrch) {
    const long child = child_that_waits();
    const long file = system_call(__NR_open, proc_path(child, "status"), O_RDONLY, 0);
    REQUIRE(file >= 0);
    kill_and_reap(child);
    CHECK_EQUAL(system_call(__NR_read, file, text, 100), -ESRCH);
}

TEST(links_lead_to_files) {
    long length = system_call(__NR_readlink, proc_path(0, "exe"), text, sizeof text);
    REQUIRE(length > 0);
    text[length] = '\0';
    CHECK(contains("/tests/proc_files"));
    REQUIRE(system_call(__NR_chdir, "/tmp") == 0);
    length = system_call(__NR_readlink, proc_path(0, "cwd"), text, sizeof text);
    CHECK_EQUAL(length, 4);
    CHECK(begins_with("/tmp"));
}

TEST(descriptors_are_listed) {
    int ends[2];
    REQUIRE(system_call(__NR_pipe, ends) == 0);
    REQUIRE(system_call(__NR_dup2, ends[0], 70) == 70);
    long length = system_call(__NR_readlink, proc_path(0, "fd/70"), text, sizeof text);
    REQUIRE(length > 6);
    CHECK(begins_with("pipe:["));
    CHECK_EQUAL(system_call(__NR_readlink, proc_path(0, "fd/71"), text, 100), -ENOENT);
    const long directory = system_call(__NR_open, proc_path(0, "fd"), O_RDONLY, 0);
    REQUIRE(directory >= 0);
    length = system_call(__NR_getdents64, directory, text, sizeof text);
    int found = 0;
    for (long at = 0; at < length; at += *(unsigned short*)(text + at + 16))
        found += length_of(text + at + 19) == 2 && text[at + 19] == '7' && text[at + 20] == '0';
    CHECK_EQUAL(found, 1);
}

TEST(pagemap_tells_frames) {
    static volatile char page[2 * kPage] __attribute__((aligned(4096)));
    page[0] = 1;
    const long file = system_call(__NR_open, proc_path(0, "pagemap"), O_RDONLY, 0);
    REQUIRE(file >= 0);
    unsigned long long word = 0;
    const unsigned long offset = (unsigned long)page / kPage * 8;
    CHECK_EQUAL(system_call(__NR_pread64, file, &word, 8, offset, 0), 8);
    CHECK((word >> 63) == 1);
    CHECK((word & 0xFFFFF) != 0);
    CHECK_EQUAL(system_call(__NR_pread64, file, &word, 7, offset, 0), -EINVAL);
}

static void look_at_init(long unused) {
    (void)unused;
    int wrong = system_call(__NR_setresuid32, 1000, 1000, 1000) != 0;
    wrong += get(1, "status") <= 0;
    wrong += get(1, "maps") != -EACCES;
    wrong += get(1, "environ") != -EACCES;
    wrong += system_call(__NR_readlink, "/proc/1/exe", text, 100) != -EACCES;
    wrong += get(0, "maps") == 0;
    system_call(__NR_exit_group, wrong);
}

TEST(what_is_private_is_not_told_to_others) {
    CHECK_EQUAL(tap_status_in_child(look_at_init, 0), 0);
}

TEST(a_bad_pointer_for_a_text_is_efault) {
    const char* const names[] = {"maps", "smaps", "status", "stat", "cmdline", "pagemap", "auxv"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; ++i) {
        const long file = system_call(__NR_open, proc_path(0, names[i]), O_RDONLY, 0);
        REQUIRE(file >= 0);
        CHECK_EQUAL(system_call(__NR_read, file, 0, 64), -EFAULT);
        CHECK_EQUAL(system_call(__NR_read, file, 0xC0100000, 64), -EFAULT);
        CHECK(system_call(__NR_read, file, text, 64) > 0);
        system_call(__NR_close, file);
    }
}

// The number behind a word of the text; -1: it is not there.
static long number_after(const char* word) {
    for (const char* at = text; *at != '\0'; ++at) {
        unsigned i = 0;
        while (word[i] != '\0' && at[i] == word[i])
            ++i;
        if (word[i] != '\0') continue;
        long number = 0;
        for (at += i; *at >= '0' && *at <= '9'; ++at)
            number = number * 10 + (*at - '0');
        return number;
    }
    return -1;
}

static long threads_made(void) {
    CHECK(get(0, "../stat") > 0);
    return number_after("\nprocesses ");
}

TEST(the_machine_counts_what_is_done) {
    const long before = threads_made();
    const long switches = number_after("\nctxt ");
    CHECK(begins_with("cpu  "));
    CHECK(number_after("\nbtime ") > 1700000000 || number_after("\nbtime ") == 0);
    CHECK(number_after("\nprocs_running ") >= 1);
    kill_and_reap(child_that_waits());
    CHECK(threads_made() > before);
    CHECK(number_after("\nctxt ") > switches);
}

// The first number of "cpu  ...": programs' time in ticks.
static long ticks_of_programs(void) {
    CHECK(get(0, "../stat") > 0);
    return number_after("cpu  ");
}

TEST(time_of_the_cpu_is_counted) {
    const long before = ticks_of_programs();
    REQUIRE(before >= 0);
    while (ticks_of_programs() <= before + 5)
        for (int i = 0; i < 1000; ++i)
            (void)contains("there is no such word in it");
}

TEST(the_last_process_is_told_with_the_load) {
    const long child = child_that_waits();
    CHECK(get(0, "../loadavg") > 0);
    char* last = text;
    for (char* at = text; *at != '\0'; ++at)
        if (*at == ' ') last = at + 1;
    long pid = 0;
    for (; *last >= '0' && *last <= '9'; ++last)
        pid = pid * 10 + (*last - '0');
    CHECK_EQUAL(pid, child);
    kill_and_reap(child);
}
