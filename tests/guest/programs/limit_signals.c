// What a process gets for using too much: timers and limits of CPU time, limits of files' sizes, of
// processes, of signals that wait. And the clocks that count CPU time.
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/resource.h>

#include "tests/guest/programs/tap.h"

enum { kReal, kVirtual, kProfile };  // ITIMER_...
enum { kProcessClock = 2, kThreadClock = 3, kAbsolute = 1 };

struct Limit {
    unsigned long soft, hard;
};
struct Spec {
    long seconds, nanoseconds;
};
struct Value {
    long seconds, microseconds;
};
struct Interval {
    struct Value interval, value;
};
struct KernelAction {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask[2];
};

static volatile int rung[32];
static void on_signal(int signal) {
    ++rung[signal];
}
static void catch(int signal) {
    const struct KernelAction action = {on_signal, 0, 0, {0, 0}};
    REQUIRE(system_call(__NR_rt_sigaction, signal, &action, 0, 8) == 0);
}
static int limit(int kind, unsigned long soft, unsigned long hard) {
    const struct Limit wanted = {soft, hard};
    return (int)system_call(__NR_setrlimit, kind, &wanted);
}
static long cpu_milliseconds(unsigned clock) {
    struct Spec now = {0, 0};
    CHECK_EQUAL(system_call(__NR_clock_gettime, clock, &now), 0);
    return now.seconds * 1000 + now.nanoseconds / 1000000;
}
static void compute(long milliseconds) {
    const long end = cpu_milliseconds(kProcessClock) + milliseconds;
    while (cpu_milliseconds(kProcessClock) < end) {
    }
}

TEST(a_profile_timer_rings_by_use_of_the_processor) {
    const struct Interval often = {{0, 30000}, {0, 30000}};
    const struct Spec span = {0, 150000000};
    struct Interval now;
    catch(SIGPROF);
    CHECK_EQUAL(system_call(__NR_setitimer, kProfile, &often, 0), 0);
    CHECK_EQUAL(system_call(__NR_nanosleep, &span, 0), 0);
    CHECK_EQUAL(rung[SIGPROF], 0);
    while (rung[SIGPROF] < 3)
        compute(1);
    CHECK(cpu_milliseconds(kProcessClock) >= 60);  // by ticks on one side, and not on the other
    CHECK_EQUAL(system_call(__NR_getitimer, kProfile, &now), 0);
    CHECK_EQUAL(now.interval.microseconds, 30000);
    CHECK(now.value.seconds == 0 && now.value.microseconds > 0);
    const struct Interval never = {{0, 0}, {0, 0}};
    CHECK_EQUAL(system_call(__NR_setitimer, kProfile, &never, &now), 0);
    CHECK_EQUAL(system_call(__NR_getitimer, kProfile, &now), 0);
    CHECK(now.value.microseconds == 0 && now.interval.microseconds == 0);
}

TEST(a_virtual_timer_rings_once_by_time_in_the_program) {
    const struct Interval once = {{0, 0}, {0, 20000}};
    catch(SIGVTALRM);
    CHECK_EQUAL(system_call(__NR_setitimer, kVirtual, &once, 0), 0);
    for (volatile long i = 0; rung[SIGVTALRM] == 0; ++i) {
    }
    compute(50);
    CHECK_EQUAL(rung[SIGVTALRM], 1);
    struct Interval now;
    CHECK_EQUAL(system_call(__NR_getitimer, kVirtual, &now), 0);
    CHECK_EQUAL(now.value.microseconds, 0);
}

TEST(timers_end_a_process_that_does_not_expect_them) {
    const int kinds[] = {kVirtual, kProfile};
    const int signals[] = {SIGVTALRM, SIGPROF};
    for (int i = 0; i < 2; ++i) {
        const long child = system_call(__NR_fork);
        if (child == 0) {
            const struct Interval once = {{0, 0}, {0, 10000}};
            system_call(__NR_setitimer, kinds[i], &once, 0);
            for (;;) {
            }
        }
        int status = 0;
        CHECK_EQUAL(system_call(__NR_wait4, child, &status, 0, 0), child);
        CHECK_EQUAL(status, signals[i]);
    }
}

TEST(a_child_has_no_timers_of_its_parent) {
    const struct Interval later = {{5, 0}, {5, 0}};
    struct Interval now = {{9, 9}, {9, 9}};
    CHECK_EQUAL(system_call(__NR_setitimer, kVirtual, &later, 0), 0);
    CHECK_EQUAL(system_call(__NR_setitimer, kProfile, &later, 0), 0);
    const long child = system_call(__NR_fork);
    if (child == 0) {
        for (int kind = kVirtual; kind <= kProfile; ++kind) {
            system_call(__NR_getitimer, kind, &now);
            if (now.value.seconds != 0 || now.value.microseconds != 0 || now.interval.seconds != 0)
                system_call(__NR_exit_group, 1);
        }
        system_call(__NR_exit_group, 0);
    }
    int status = -1;
    system_call(__NR_wait4, child, &status, 0, 0);
    CHECK_EQUAL(status, 0);
}

TEST(timers_refuse_what_linux_refuses) {
    struct Interval now;
    const struct Interval bad = {{0, 0}, {0, 1000000}};
    for (int kind = kVirtual; kind <= kProfile; ++kind) {
        CHECK_EQUAL(system_call(__NR_setitimer, kind, &bad, 0), -EINVAL);
        CHECK_EQUAL(system_call(__NR_setitimer, kind, 1, 0), -EFAULT);
        CHECK_EQUAL(system_call(__NR_setitimer, kind, 0, 1), -EFAULT);
        CHECK_EQUAL(system_call(__NR_getitimer, kind, 0), -EFAULT);
    }
    CHECK_EQUAL(system_call(__NR_getitimer, 3, &now), -EINVAL);
    CHECK_EQUAL(system_call(__NR_getitimer, -1, &now), -EINVAL);
}

// --- RLIMIT_CPU ---

static void use_two_seconds(long unused) {
    (void)unused;
    if (limit(RLIMIT_CPU, 1, 2) != 0) system_call(__NR_exit_group, 99);
    for (;;)
        compute(1);
}

TEST(the_soft_limit_of_cpu_time_ends_who_does_not_catch_it) {
    CHECK_EQUAL(tap_signal_in_child(use_two_seconds, 0), SIGXCPU);
}

TEST(the_hard_limit_of_cpu_time_kills) {
    const long child = system_call(__NR_fork);
    if (child == 0) {
        struct Limit now = {0, 0};
        catch(SIGXCPU);
        limit(RLIMIT_CPU, 1, 2);
        while (rung[SIGXCPU] == 0)
            compute(1);
        system_call(__NR_ugetrlimit, RLIMIT_CPU, &now);
        if (now.soft != 2 || now.hard != 2) system_call(__NR_exit_group, 1);
        for (;;)
            compute(1);
    }
    int status = 0;
    CHECK_EQUAL(system_call(__NR_wait4, child, &status, 0, 0), child);
    CHECK_EQUAL(status, SIGKILL);
}

// --- RLIMIT_FSIZE ---

TEST(a_file_grows_to_its_limit_and_no_further) {
    const char* const path = "/tmp/limited";
    static char bytes[3000];
    catch(SIGXFSZ);
    REQUIRE(limit(RLIMIT_FSIZE, 5000, 5000) == 0);
    const long file = system_call(__NR_open, path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    REQUIRE(file >= 0);
    CHECK_EQUAL(system_call(__NR_write, file, bytes, 3000), 3000);
    CHECK_EQUAL(system_call(__NR_write, file, bytes, 3000), 2000);
    CHECK_EQUAL(rung[SIGXFSZ], 0);
    CHECK_EQUAL(system_call(__NR_write, file, bytes, 0), 0);
    CHECK_EQUAL(system_call(__NR_write, file, bytes, 1), -EFBIG);
    CHECK_EQUAL(rung[SIGXFSZ], 1);
    CHECK_EQUAL(system_call(__NR_pwrite64, file, bytes, 10, 4995, 0), 5);
    CHECK_EQUAL(system_call(__NR_pwrite64, file, bytes, 10, 5000, 0), -EFBIG);
    CHECK_EQUAL(rung[SIGXFSZ], 2);
    CHECK_EQUAL(system_call(__NR_ftruncate, file, 5001), -EFBIG);
    CHECK_EQUAL(system_call(__NR_truncate, path, 5001), -EFBIG);
    CHECK_EQUAL(system_call(__NR_ftruncate64, file, 0, 1), -EINVAL);  // no O_LARGEFILE: before it
    CHECK_EQUAL(system_call(__NR_truncate64, path, 0, 1), -EFBIG);
    CHECK_EQUAL(rung[SIGXFSZ], 5);
    CHECK_EQUAL(system_call(__NR_ftruncate, file, 5000), 0);
    CHECK_EQUAL(system_call(__NR_write, 1, "", 0), 0);
    CHECK_EQUAL(system_call(__NR_unlink, path), 0);
}

static void write_too_much(long unused) {
    (void)unused;
    limit(RLIMIT_FSIZE, 0, 0);
    const long file = system_call(__NR_open, "/tmp/none", O_WRONLY | O_CREAT, 0600);
    system_call(__NR_unlink, "/tmp/none");
    system_call(__NR_write, file, "x", 1);
}

TEST(a_file_too_large_ends_who_does_not_catch_it) {
    CHECK_EQUAL(tap_signal_in_child(write_too_much, 0), SIGXFSZ);
}

// --- Others ---

TEST(a_user_has_no_more_processes_than_the_limit) {
    REQUIRE(limit(RLIMIT_NPROC, 2, 2) == 0);
    const long root_child = system_call(__NR_fork);
    if (root_child == 0) system_call(__NR_exit_group, 0);
    CHECK(root_child > 0);
    system_call(__NR_wait4, root_child, 0, 0, 0);
    REQUIRE(system_call(__NR_setuid32, 4321) == 0);
    const long child = system_call(__NR_fork);
    if (child == 0) system_call(__NR_exit_group, system_call(__NR_fork) == -EAGAIN);
    CHECK(child > 0);
    int status = 0;
    system_call(__NR_wait4, child, &status, 0, 0);
    CHECK_EQUAL(status, 1 << 8);
}

TEST(no_more_signals_wait_than_the_limit) {
    const unsigned long mask[2] = {~0UL, ~0UL};
    const long self = system_call(__NR_getpid);
    struct {
        int signal, error, code, fields[29];
    } info = {0, 0, -1, {0}};
    REQUIRE(system_call(__NR_setuid32, 4322) == 0);
    REQUIRE(system_call(__NR_rt_sigprocmask, 0, mask, 0, 8) == 0);
    REQUIRE(limit(RLIMIT_SIGPENDING, 3, 3) == 0);
    CHECK_EQUAL(system_call(__NR_rt_sigqueueinfo, self, 40, &info), 0);
    CHECK_EQUAL(system_call(__NR_rt_sigqueueinfo, self, 40, &info), 0);
    CHECK_EQUAL(system_call(__NR_kill, self, SIGUSR1), 0);
    CHECK_EQUAL(system_call(__NR_rt_sigqueueinfo, self, 41, &info), -EAGAIN);
    CHECK_EQUAL(system_call(__NR_tkill, self, 41), -EAGAIN);
    CHECK_EQUAL(system_call(__NR_kill, self, 41), 0);
    CHECK_EQUAL(system_call(__NR_rt_sigqueueinfo, self, SIGUSR2, &info), 0);
}

static void dereference_null(long unused) {
    (void)unused;
    *(volatile char*)8 = 1;
}

TEST(nobody_dumps_core) {
    limit(RLIMIT_CORE, 0, 0);
    CHECK_EQUAL(tap_status_in_child(dereference_null, 0), SIGSEGV);
}

TEST(memory_keeps_to_its_limits) {
    REQUIRE(limit(RLIMIT_DATA, 1 << 20, 1 << 20) == 0);
    CHECK_EQUAL(system_call6(__NR_mmap2, 0, 2 << 20, 3, 0x22, -1, 0), -ENOMEM);
    const long end = system_call(__NR_brk, 0);
    CHECK_EQUAL(system_call(__NR_brk, end + (2 << 20)), end);
    REQUIRE(limit(RLIMIT_MEMLOCK, 4096, 4096) == 0);
    REQUIRE(system_call(__NR_setuid32, 4323) == 0);
    const long pages = system_call6(__NR_mmap2, 0, 8192, 3, 0x22, -1, 0);
    REQUIRE(pages > 0 || pages < -4095);
    CHECK_EQUAL(system_call(__NR_mlock, pages, 8192), -ENOMEM);
    CHECK_EQUAL(system_call(__NR_mlock, pages, 4096), 0);
}

static int __attribute__((noinline)) recurse(volatile int depth) {
    volatile char room[4096];
    room[depth & 4095] = 1;
    return depth == 0 ? 0 : recurse(depth - 1) + room[0];
}
static void use_stack(long kib) {
    limit(RLIMIT_STACK, 256 << 10, 256 << 10);
    recurse((int)kib / 4);
}

TEST(the_stack_keeps_to_its_limit) {
    CHECK_EQUAL(tap_signal_in_child(use_stack, 128), 0);
    CHECK_EQUAL(tap_signal_in_child(use_stack, 512), SIGSEGV);
}

// --- Clocks of CPU time ---

static unsigned clock_of(long pid, unsigned which) {
    return (unsigned)~pid << 3 | which;
}

TEST(cpu_clocks_of_processes_by_their_numbers) {
    struct Spec spec;
    const long self = system_call(__NR_getpid);
    compute(30);
    CHECK(cpu_milliseconds(clock_of(self, 2)) >= 30);
    CHECK(cpu_milliseconds(clock_of(self, 0)) >= 10);  // counted in ticks
    CHECK(cpu_milliseconds(clock_of(0, 2)) >= 30);
    CHECK(cpu_milliseconds(clock_of(self, 6)) >= 30);  // the thread
    CHECK(cpu_milliseconds(clock_of(self, 1)) <= cpu_milliseconds(clock_of(self, 2)));
    CHECK_EQUAL(system_call(__NR_clock_gettime, clock_of(1, 2), &spec), 0);
    CHECK_EQUAL(system_call(__NR_clock_gettime, clock_of(1, 6), &spec), -EINVAL);
    CHECK_EQUAL(system_call(__NR_clock_gettime, clock_of(30000, 2), &spec), -EINVAL);
    CHECK_EQUAL(system_call(__NR_clock_gettime, clock_of(self, 3), &spec), -EINVAL);
    CHECK_EQUAL(system_call(__NR_clock_gettime, clock_of(self, 2), 1), -EFAULT);
    CHECK_EQUAL(system_call(__NR_clock_getres, clock_of(self, 2), &spec), 0);
}

TEST(a_sleep_by_the_cpu_time_of_a_child) {
    const long child = system_call(__NR_fork);
    if (child == 0)
        for (;;) {
        }
    const struct Spec until = {0, 100000000};
    CHECK_EQUAL(system_call(__NR_clock_nanosleep, clock_of(child, 2), kAbsolute, &until, 0), 0);
    CHECK(cpu_milliseconds(clock_of(child, 2)) >= 100);
    const long before = cpu_milliseconds(clock_of(child, 2));
    CHECK_EQUAL(system_call(__NR_clock_nanosleep, clock_of(child, 2), 0, &until, 0), 0);
    CHECK(cpu_milliseconds(clock_of(child, 2)) >= before + 90);
    system_call(__NR_kill, child, SIGKILL);
    CHECK_EQUAL(system_call(__NR_wait4, child, 0, 0, 0), child);
}

TEST(a_sleep_by_ones_own_cpu_time_ends_by_a_signal) {
    const struct Interval soon = {{0, 0}, {0, 60000}};
    const struct Spec span = {50, 0};
    struct Spec left = {0, 0};
    catch(SIGALRM);
    CHECK_EQUAL(system_call(__NR_setitimer, kReal, &soon, 0), 0);
    CHECK_EQUAL(system_call(__NR_clock_nanosleep, kProcessClock, 0, &span, &left), -EINTR);
    CHECK(left.seconds == 49 || left.seconds == 50);
    const struct Spec nothing = {0, 0};
    CHECK_EQUAL(system_call(__NR_clock_nanosleep, kProcessClock, 0, &nothing, 0), 0);
    CHECK_EQUAL(system_call(__NR_clock_nanosleep, kThreadClock, 0, &span, 0), -EOPNOTSUPP);
    CHECK_EQUAL(system_call(__NR_clock_nanosleep, clock_of(0, 6), 0, &span, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_clock_nanosleep, clock_of(30000, 2), 0, &span, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_clock_nanosleep, clock_of(30000, 2), 0, 1, 0), -EFAULT);
}
