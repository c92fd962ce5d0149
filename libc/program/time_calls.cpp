// The calls of <time.h>, <sys/time.h>, and the sleeps and alarms of <unistd.h>.
#include <errno.h>
#include <limits.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "libc/program/call.h"

using quire::libc::call;

time_t time(time_t* told) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (told != nullptr) *told = now.tv_sec;
    return now.tv_sec;
}
clock_t clock() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * CLOCKS_PER_SEC + used.tv_nsec / 1000;
}
int clock_gettime(clockid_t which, struct timespec* told) {
    return call(SYS_clock_gettime, which, told);
}
int clock_settime(clockid_t which, const struct timespec* time) {
    return call(SYS_clock_settime, which, time);
}
int clock_getres(clockid_t which, struct timespec* told) {
    return call(SYS_clock_getres, which, told);
}
int gettimeofday(struct timeval* told, void* zone) {
    return call(SYS_gettimeofday, told, zone);
}

int nanosleep(const struct timespec* duration, struct timespec* rest) {
    return call(SYS_nanosleep, duration, rest);
}
unsigned sleep(unsigned seconds) {
    const unsigned most = seconds < LONG_MAX ? seconds : LONG_MAX;  // time_t can hold no more
    timespec duration{static_cast<time_t>(most), 0};
    if (nanosleep(&duration, &duration) == 0) return seconds - most;
    return seconds - most + static_cast<unsigned>(duration.tv_sec) + (duration.tv_nsec > 0 ? 1 : 0);
}
int usleep(unsigned microseconds) {
    const timespec duration{static_cast<time_t>(microseconds / 1000000),
                            static_cast<long>(microseconds % 1000000 * 1000)};
    return nanosleep(&duration, nullptr);
}
unsigned alarm(unsigned seconds) {
    return static_cast<unsigned>(call(SYS_alarm, seconds));
}
