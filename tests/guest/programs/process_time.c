// Clocks, sleeps and alarms, with seconds of 32 and of 64 bits.
#include <asm/errno.h>
#include <asm/signal.h>
#include <asm/unistd.h>

#include "tests/guest/programs/tap.h"

enum { kRealTime, kMonotonic, kProcess, kThread, kRaw, kRealCoarse, kMonotonicCoarse, kBoot };

struct Spec {
    long seconds, nanoseconds;
};
struct WideSpec {
    long long seconds;
    long nanoseconds, unused;
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

static long milliseconds(void) {
    struct Spec now = {0, 0};
    CHECK_EQUAL(system_call(__NR_clock_gettime, kMonotonic, &now), 0);
    return now.seconds * 1000 + now.nanoseconds / 1000000;
}

static volatile int rings;
static void on_alarm(int signal) {
    (void)signal;
    ++rings;
}
static void expect_alarm(void) {
    const struct KernelAction action = {on_alarm, 0, 0, {0, 0}};
    rings = 0;
    REQUIRE(system_call(__NR_rt_sigaction, SIGALRM, &action, 0, 8) == 0);
}

TEST(every_clock_is_told) {
    for (int clock = kRealTime; clock <= kBoot; ++clock) {
        struct Spec spec = {-1, -1};
        struct WideSpec wide = {-1, -1, -1};
        CHECK_EQUAL(system_call(__NR_clock_gettime, clock, &spec), 0);
        CHECK_EQUAL(system_call(403, clock, &wide), 0);
        CHECK(spec.seconds >= 0 && spec.nanoseconds >= 0 && spec.nanoseconds < 1000000000);
        CHECK(wide.seconds - spec.seconds <= 1 && wide.nanoseconds < 1000000000);
        CHECK_EQUAL(system_call(__NR_clock_getres, clock, &spec), 0);
        CHECK(spec.seconds == 0 && spec.nanoseconds > 0);
        CHECK_EQUAL(system_call(406, clock, &wide), 0);
        CHECK_EQUAL(system_call(__NR_clock_getres, clock, 0), 0);
    }
    struct Spec spec;
    CHECK_EQUAL(system_call(__NR_clock_gettime, 100, &spec), -EINVAL);
    CHECK_EQUAL(system_call(__NR_clock_getres, 100, &spec), -EINVAL);
}

TEST(time_goes_forward) {
    long last = milliseconds();
    for (int i = 0; i < 1000; ++i) {
        const long now = milliseconds();
        if (!CHECK(now >= last)) return;
        last = now;
    }
}

TEST(the_wall_clock_is_one) {
    struct Value value = {0, 0};
    long seconds = 0;
    const long told = system_call(__NR_time, &seconds);
    CHECK_EQUAL(told, seconds);
    CHECK_EQUAL(system_call(__NR_gettimeofday, &value, 0), 0);
    CHECK(value.seconds - told >= 0 && value.seconds - told <= 1);
    int zone[2] = {7, 7};
    CHECK_EQUAL(system_call(__NR_gettimeofday, 0, zone), 0);
    CHECK_EQUAL(zone[0], 0);
}

TEST(a_sleep_is_as_long_as_asked_for) {
    const struct Spec span = {0, 30000000};
    long begin = milliseconds();
    CHECK_EQUAL(system_call(__NR_nanosleep, &span, 0), 0);
    CHECK(milliseconds() - begin >= 30);
    begin = milliseconds();
    const struct WideSpec wide = {0, 30000000, 0};
    CHECK_EQUAL(system_call(407, kMonotonic, 0, &wide, 0), 0);
    CHECK(milliseconds() - begin >= 30);
    const struct Spec nothing = {0, 0};
    CHECK_EQUAL(system_call(__NR_nanosleep, &nothing, 0), 0);
}

TEST(a_sleep_until_a_time) {
    for (int clock = kRealTime; clock <= kMonotonic; ++clock) {
        struct Spec then;
        const long begin = milliseconds();
        CHECK_EQUAL(system_call(__NR_clock_gettime, clock, &then), 0);
        then.nanoseconds += 40000000;
        if (then.nanoseconds >= 1000000000) {
            then.nanoseconds -= 1000000000;
            ++then.seconds;
        }
        CHECK_EQUAL(system_call(__NR_clock_nanosleep, clock, 1, &then, 0), 0);
        CHECK(milliseconds() - begin >= 39);
        CHECK_EQUAL(system_call(__NR_clock_nanosleep, clock, 1, &then, 0), 0);
    }
}

TEST(sleeps_are_refused_as_on_linux) {
    const struct Spec bad[] = {{-1, 0}, {0, -1}, {0, 1000000000}};
    for (int i = 0; i < 3; ++i) {
        CHECK_EQUAL(system_call(__NR_nanosleep, &bad[i], 0), -EINVAL);
        CHECK_EQUAL(system_call(__NR_clock_nanosleep, kMonotonic, 0, &bad[i], 0), -EINVAL);
    }
    const struct Spec span = {0, 0};
    CHECK_EQUAL(system_call(__NR_clock_nanosleep, 100, 0, &span, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_clock_nanosleep, kThread, 0, &span, 0), -EOPNOTSUPP);
    CHECK_EQUAL(system_call(__NR_clock_nanosleep, kRaw, 0, &span, 0), -EOPNOTSUPP);
}

TEST(a_signal_ends_a_sleep_and_tells_what_is_left) {
    expect_alarm();
    const struct Interval soon = {{0, 0}, {0, 50000}};
    const struct Spec span = {100, 0};
    struct Spec left = {0, 0};
    CHECK_EQUAL(system_call(__NR_setitimer, 0, &soon, 0), 0);
    CHECK_EQUAL(system_call(__NR_nanosleep, &span, &left), -EINTR);
    CHECK_EQUAL(rings, 1);
    CHECK_EQUAL(left.seconds, 99);
}

TEST(an_alarm_rings_once) {
    expect_alarm();
    CHECK_EQUAL(system_call(__NR_alarm, 100), 0);
    const long left = system_call(__NR_alarm, 1);
    CHECK(left == 100 || left == 99);
    const long begin = milliseconds();
    CHECK_EQUAL(system_call(__NR_pause), -EINTR);
    CHECK(milliseconds() - begin >= 990);
    CHECK_EQUAL(rings, 1);
    CHECK_EQUAL(system_call(__NR_alarm, 0), 0);
}

TEST(an_interval_rings_again_and_again) {
    expect_alarm();
    const struct Interval often = {{0, 20000}, {0, 20000}};
    const struct Interval never = {{0, 0}, {0, 0}};
    struct Interval now;
    CHECK_EQUAL(system_call(__NR_setitimer, 0, &often, 0), 0);
    CHECK_EQUAL(system_call(__NR_getitimer, 0, &now), 0);
    CHECK_EQUAL(now.interval.microseconds, 20000);
    CHECK(now.value.seconds == 0 && now.value.microseconds > 0);
    while (rings < 3)
        system_call(__NR_pause);
    CHECK_EQUAL(system_call(__NR_setitimer, 0, &never, &now), 0);
    CHECK_EQUAL(now.interval.microseconds, 20000);
    CHECK_EQUAL(system_call(__NR_getitimer, 0, &now), 0);
    CHECK_EQUAL(now.interval.microseconds, 0);
    CHECK_EQUAL(now.value.microseconds, 0);
}

TEST(alarms_are_refused_as_on_linux) {
    const struct Interval bad = {{0, 0}, {0, 1000000}};
    const struct Interval worse = {{-1, 0}, {0, 0}};
    struct Interval now;
    CHECK_EQUAL(system_call(__NR_setitimer, 0, &bad, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_setitimer, 0, &worse, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_setitimer, 3, 0, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_getitimer, 3, &now), -EINVAL);
}

TEST(a_child_inherits_no_alarm) {
    const struct Interval soon = {{0, 0}, {0, 30000}};
    const struct Spec span = {0, 100000000};
    expect_alarm();
    CHECK_EQUAL(system_call(__NR_setitimer, 0, &soon, 0), 0);
    const long child = system_call(__NR_fork);
    if (child == 0) system_call(__NR_exit_group, -system_call(__NR_nanosleep, &span, 0));
    int status = -1;
    while (system_call(__NR_wait4, child, &status, 0, 0) == -EINTR) {
    }
    CHECK_EQUAL(status, 0);
    CHECK_EQUAL(rings, 1);
}

static long wall_clock(void) {
    struct Value now;
    CHECK_EQUAL(system_call(__NR_gettimeofday, &now, 0), 0);
    return now.seconds;
}

static int is_about(long time, long expected) {
    return time >= expected && time <= expected + 10;
}

TEST(root_sets_the_clock) {
    long later = wall_clock() + 1000000;
    const struct Spec as_spec = {.seconds = later + 1000, .nanoseconds = 500};
    const struct Value as_value = {.seconds = later - 1000, .microseconds = 5};
    CHECK_EQUAL(system_call(__NR_stime, &later), 0);
    CHECK(is_about(wall_clock(), later));
    CHECK_EQUAL(system_call(__NR_clock_settime, kRealTime, &as_spec), 0);
    CHECK(is_about(wall_clock(), later + 1000));
    CHECK_EQUAL(system_call(__NR_settimeofday, &as_value, 0), 0);
    CHECK(is_about(wall_clock(), later - 1000));
    const long before = later - 1000000;
    CHECK_EQUAL(system_call(__NR_stime, &before), 0);
    CHECK(is_about(wall_clock(), before));
}

TEST(a_clock_that_is_set_badly_stays) {
    const long before = wall_clock();
    const struct Spec negative = {.seconds = -1},
                      fraction = {.seconds = 5, .nanoseconds = 1000000000};
    const struct Value bad = {.seconds = 5, .microseconds = 1000000};
    const struct Spec good = {.seconds = before};
    const struct { int minutes_west, dst; } far = {15 * 60 + 1, 0};
    CHECK_EQUAL(system_call(__NR_clock_settime, kRealTime, &negative), -EINVAL);
    CHECK_EQUAL(system_call(__NR_clock_settime, kRealTime, &fraction), -EINVAL);
    CHECK_EQUAL(system_call(__NR_clock_settime, kRealTime, 8), -EFAULT);
    CHECK_EQUAL(system_call(__NR_clock_settime, kMonotonic, &good), -EINVAL);
    CHECK_EQUAL(system_call(__NR_settimeofday, &bad, 0), -EINVAL);
    CHECK_EQUAL(system_call(__NR_settimeofday, 8, 0), -EFAULT);
    CHECK_EQUAL(system_call(__NR_settimeofday, 0, 8), -EFAULT);
    CHECK_EQUAL(system_call(__NR_settimeofday, 0, &far), -EINVAL);
    CHECK_EQUAL(system_call(__NR_stime, 8), -EFAULT);
    CHECK(is_about(wall_clock(), before));
}

static void set_the_clock_as_a_stranger(long time) {
    const struct Spec as_spec = {.seconds = time};
    const struct Value as_value = {.seconds = time};
    int wrong = system_call(__NR_setresuid32, 1000, 1000, 1000) != 0;
    wrong += system_call(__NR_stime, &time) != -EPERM;
    wrong += system_call(__NR_clock_settime, kRealTime, &as_spec) != -EPERM;
    wrong += system_call(__NR_settimeofday, &as_value, 0) != -EPERM;
    system_call(__NR_exit_group, wrong);
}

TEST(strangers_do_not_set_the_clock) {
    CHECK_EQUAL(tap_status_in_child(set_the_clock_as_a_stranger, wall_clock()), 0);
}
