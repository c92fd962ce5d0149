// Clocks, sleeping, timers, and the errors of each.
#define SUBJECT "times"
#include "tests/oracle/frame.h"

#include <linux/resource.h>
#include <linux/time.h>

typedef long long Time64[2];
static long long milliseconds(void) {
    long now[2];
    CALL(clock_gettime, CLOCK_MONOTONIC, now);
    return now[0] * 1000LL + now[1] / 1000000;
}
static volatile int count;
static void counts(int signal) {
    (void)signal;
    ++count;
}
/// In user mode and nowhere else, until a signal ends it: the runner's, if no other comes.
static void compute(void) {
    for (;;)
        ++count;
}
/// The result of a sleep, and whether it lasted as long as asked, and not ten times.
#define ANSWER_SLEEP(least, ...)                                      \
    do {                                                              \
        const long long before = milliseconds();                      \
        answer(__VA_ARGS__);                                          \
        const long long slept = milliseconds() - before;              \
        answer_whether(slept >= (least), "long enough", "too short"); \
    } while (0)

CASE(clock_gettime, "each clock there is") {
    long now[2];
    for (int clock = 0; clock < 13; ++clock)
        answer(CALL(clock_gettime, clock, now));
}
CASE(clock_getres, "each clock there is") {
    long step[2];
    for (int clock = 0; clock < 12; ++clock) {
        step[0] = step[1] = 0;
        answer(CALL(clock_getres, clock, step));
    }
}
ANSWER(clock_gettime, "NULL", CALL(clock_gettime, 0, 0))
ANSWER(clock_getres, "NULL is no error", CALL(clock_getres, 0, 0))
ANSWER(clock_gettime64, "a bad place", CALL(clock_gettime64, 0, pages().read_only))
CASE(clock_gettime, "does not go back") {
    long a[2], b[2];
    CALL(clock_gettime, CLOCK_MONOTONIC, a);
    CALL(clock_gettime, CLOCK_MONOTONIC, b);
    answer_whether(b[0] > a[0] || (b[0] == a[0] && b[1] >= a[1]), "not back", "back");
    answer_whether(a[1] >= 0 && a[1] < 1000000000, "nanoseconds", "too many");
}
CASE(clock_gettime64, "the same second in three calls") {
    Time64 wide;
    long now[2];
    CALL(clock_gettime, 0, now);
    CALL(clock_gettime64, 0, wide);
    const long seconds = CALL(time, 0);
    answer_whether(wide[0] - now[0] <= 1 && seconds - now[0] <= 1, "the same", "another");
}
ANSWER(clock_settime, "as somebody else", ({
           const long time[2] = {1000, 0};
           become(1000);
           CALL(clock_settime, 0, time);
       }))
ANSWER(clock_settime, "the monotonic clock", ({
           const long time[2] = {1000, 0};
           CALL(clock_settime, 1, time);
       }))
ANSWER(time, "a bad place", CALL(time, KERNEL))
ANSWER(gettimeofday, "NULL for both", CALL(gettimeofday, 0, 0))
ANSWER(gettimeofday, "a bad place", CALL(gettimeofday, KERNEL, 0))
CASE(gettimeofday, "the zone") {
    int zone[2] = {9, 9};
    answer(CALL(gettimeofday, 0, zone));
    answer_text("%d %d", zone[0], zone[1]);
}
CASE(times, "a bad place, and NULL") {
    answer(CALL(times, KERNEL));
    answer_outcome(CALL(times, 0));
}

// --- sleeping ---

ANSWER(nanosleep, "NULL", CALL(nanosleep, 0, 0))
CASE(nanosleep, "odd times") {
    long time[2] = {-1, 0};
    answer(CALL(nanosleep, time, 0));
    time[0] = 0;
    time[1] = -1;
    answer(CALL(nanosleep, time, 0));
    time[1] = 1000000000;
    answer(CALL(nanosleep, time, 0));
    time[1] = 0;
    answer(CALL(nanosleep, time, 0));
    time[1] = 999999;
    answer(CALL(nanosleep, time, KERNEL));
}
CASE(nanosleep, "not shorter than asked") {
    const long time[2] = {0, 30000000};
    ANSWER_SLEEP(30, CALL(nanosleep, time, 0));
}
CASE(clock_nanosleep, "until a time: later, and past") {
    long time[2];
    CALL(clock_gettime, CLOCK_MONOTONIC, time);
    time[1] += 30000000;
    if (time[1] >= 1000000000) time[0] += 1, time[1] -= 1000000000;
    ANSWER_SLEEP(29, CALL(clock_nanosleep, CLOCK_MONOTONIC, 1, time, 0));
    ANSWER_SLEEP(0, CALL(clock_nanosleep, CLOCK_MONOTONIC, 1, time, 0));
}
CASE(clock_nanosleep, "odd arguments") {
    const long time[2] = {0, 0}, bad[2] = {0, 1000000000};
    answer(CALL(clock_nanosleep, 99, 0, time, 0));
    answer(CALL(clock_nanosleep, 0, 0, bad, 0));
    answer(CALL(clock_nanosleep, 0, 0, 0, 0));
    answer(CALL(clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, time, 0));
    answer(CALL(clock_nanosleep, 0, 8, time, 0));
}
CASE(clock_nanosleep_time64, "the same, and a time past 2038") {
    const Time64 time = {0, 1000000}, far = {1LL << 40, 0};
    answer(CALL(clock_nanosleep_time64, 0, 0, time, 0));
    const long child = CALL(fork);
    if (child == 0) CALL(clock_nanosleep_time64, 0, 0, far, 0);
    rest(30);
    answer(CALL(wait4, child, 0, WNOHANG, 0));
    CALL(kill, child, SIGKILL);
}

// --- alarm, timers ---

CASE(alarm, "what was left is told, rounded to the nearest second, never 0") {
    answer(CALL(alarm, 100));
    answer(CALL(alarm, 50));
    answer(CALL(alarm, 0));
    answer(CALL(alarm, 0));
}
CASE(alarm, "a child has none") {
    CALL(alarm, 100);
    const long child = CALL(fork);
    if (child == 0) end((int)CALL(alarm, 0));
    answer_status(reap(child));
}
CASE(setitimer, "again and again") {
    const long interval[4] = {0, 10000, 0, 10000};
    long off[4] = {0}, old[4];
    act(SIGALRM, counts, SA_RESTART, 0);
    answer(CALL(setitimer, 0, interval, 0));
    while (count < 3)
        rest(5);
    answer(CALL(setitimer, 0, off, old));
    answer_text("%ld %ld", old[0], old[1]);
}
CASE(setitimer, "odd arguments") {
    long bad[4] = {0, 0, 0, 1000000}, negative[4] = {0, 0, -1, 0}, good[4] = {0, 0, 9, 0};
    answer(CALL(setitimer, 9, good, 0));
    answer(CALL(setitimer, 0, bad, 0));
    answer(CALL(setitimer, 0, negative, 0));
    answer(CALL(setitimer, 0, KERNEL, 0));
    answer(CALL(setitimer, 0, good, KERNEL));
    answer(CALL(getitimer, 0, KERNEL));
    answer(CALL(getitimer, 9, good));
    answer(CALL(setitimer, 0, 0, good));
}
CASE(getitimer, "an alarm is the same timer") {
    long now[4];
    CALL(alarm, 100);
    answer(CALL(getitimer, 0, now));
    answer_text("%ld %ld", now[0], now[1]);
    answer_whether(now[2] == 99 || now[2] == 100, "about 100", "another time");
}
CASE(setitimer, "processor time: a signal while it computes") {
    const long soon[4] = {0, 0, 0, 20000};
    answer(CALL(setitimer, 1, soon, 0));
    compute();
}
CASE(getitimer, "the other two timers are off at first") {
    long now[4] = {9, 9, 9, 9};
    answer(CALL(getitimer, 1, now));
    answer(CALL(getitimer, 2, now));
    answer_text("%ld %ld", now[2], now[3]);
}
CASE(getrusage, "odd arguments") {
    answer(CALL(getrusage, 0, room));
    answer(CALL(getrusage, -1, room));
    answer(CALL(getrusage, 1, room));
    answer(CALL(getrusage, 2, room));
    answer(CALL(getrusage, 0, KERNEL));
}

// --- limits ---

ANSWER(getrlimit, "an unknown limit", CALL(getrlimit, 99, room))
ANSWER(getrlimit, "a bad place", CALL(getrlimit, 0, 0))
ANSWER(ugetrlimit, "an unknown limit", CALL(ugetrlimit, 16, room))
ANSWER(setrlimit, "soft above hard", ({
           const struct rlimit limit = {5, 4};
           CALL(setrlimit, RLIMIT_NOFILE, &limit);
       }))
ANSWER(setrlimit, "a bad place", CALL(setrlimit, RLIMIT_NOFILE, KERNEL))
CASE(setrlimit, "somebody else lowers, and does not raise") {
    const struct rlimit low = {10, 10}, high = {10, 20};
    become(1000);
    answer(CALL(setrlimit, RLIMIT_NOFILE, &low));
    answer(CALL(setrlimit, RLIMIT_NOFILE, &high));
    answer(CALL(setrlimit, RLIMIT_NOFILE, &low));
}
CASE(setrlimit, "more files than the system lets have") {
    const struct rlimit limit = {10, 0x7FFFFFFF};
    answer(CALL(setrlimit, RLIMIT_NOFILE, &limit));
}
CASE(prlimit64, "own limits, odd arguments") {
    unsigned long long limit[2];
    answer(CALL(prlimit64, 0, RLIMIT_CORE, 0, limit));
    answer_text("%llu %llu", limit[0], limit[1]);
    answer(CALL(prlimit64, 0, 99, 0, limit));
    answer(CALL(prlimit64, 0x7FFFFFFF, RLIMIT_CORE, 0, limit));
    answer(CALL(prlimit64, 0, RLIMIT_CORE, KERNEL, 0));
}
CASE(ugetrlimit, "no limit is all ones; the old call says 0x7fffffff") {
    unsigned long limit[2];
    CALL(ugetrlimit, RLIMIT_CPU, limit);
    answer_text("%lx %lx", limit[0], limit[1]);
    CALL(getrlimit, RLIMIT_CPU, limit);
    answer_text("%lx %lx", limit[0], limit[1]);
}
CASE(setrlimit, "RLIMIT_CPU: SIGXCPU") {
    const struct rlimit limit = {1, 2};
    CALL(setrlimit, RLIMIT_CPU, &limit);
    compute();
}
CASE(setrlimit, "a child has the limits, a program too") {
    const struct rlimit limit = {7, 9};
    CALL(setrlimit, RLIMIT_NOFILE, &limit);
    const long child = CALL(fork);
    if (child == 0) {
        unsigned long now[2];
        CALL(ugetrlimit, RLIMIT_NOFILE, now);
        end((int)(now[0] * 10 + now[1]));
    }
    answer_status(reap(child));
}

// --- priorities ---

CASE(nice, "up, down, beyond both ends") {
    answer(CALL(nice, 5));
    answer(20 - CALL(getpriority, 0, 0));
    answer(CALL(nice, 100));
    answer(20 - CALL(getpriority, 0, 0));
    answer(CALL(nice, -100));
    answer(20 - CALL(getpriority, 0, 0));
}
CASE(nice, "somebody else goes up only") {
    become(1000);
    answer(CALL(nice, 1));
    answer(CALL(nice, -1));
    answer(CALL(setpriority, 0, 0, 0));
    answer(CALL(setpriority, 0, 0, 5));
}
CASE(getpriority, "odd arguments") {
    answer(CALL(getpriority, 9, 0));
    answer(CALL(getpriority, 0, 0x7FFFFFFF));
    answer(CALL(setpriority, 9, 0, 0));
    answer(CALL(setpriority, 0, 0x7FFFFFFF, 0));
    answer(CALL(setpriority, 0, 1, 0));
}
CASE(sched_getscheduler, "odd arguments") {
    int priority = 0;
    answer(CALL(sched_getscheduler, 0));
    answer(CALL(sched_getscheduler, -1));
    answer(CALL(sched_getscheduler, 0x7FFFFFFF));
    answer(CALL(sched_getparam, 0, &priority));
    answer(CALL(sched_getparam, 0, 0));
    answer(CALL(sched_setscheduler, 0, 99, &priority));
    answer(CALL(sched_setscheduler, 0, 1, &priority));
    answer(CALL(sched_get_priority_max, 1));
    answer(CALL(sched_get_priority_min, 0));
    answer(CALL(sched_get_priority_max, 99));
    answer(CALL(sched_yield));
}
CASE(sched_getaffinity, "one processor, odd lengths") {
    answer(CALL(sched_getaffinity, 0, 3, room));
    answer(CALL(sched_getaffinity, 0, 0, room));
    answer_outcome(CALL(sched_getaffinity, 0, 4, room));
    answer(room[0]);
    answer(CALL(sched_getaffinity, 0x7FFFFFFF, 4, room));
}
