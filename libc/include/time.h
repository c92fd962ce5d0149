/* Clocks and the calendar: time(2), clock_gettime(2), ctime(3), strftime(3). The only time zone is
 * UTC; seconds have 32 bits, as in Linux i386. */
#ifndef QUIRE_TIME_H
#define QUIRE_TIME_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct timespec {
    time_t tv_sec;
    long tv_nsec;
};
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCKS_PER_SEC 1000000L

time_t time(time_t* told);
/* Microseconds that the process has been running. */
clock_t clock(void);
int clock_gettime(clockid_t which, struct timespec* told);
int clock_settime(clockid_t which, const struct timespec* time);
int clock_getres(clockid_t which, struct timespec* told);
/* -1 and EINTR when a signal came first, and how much is left in *rest. */
int nanosleep(const struct timespec* duration, struct timespec* rest);

struct tm {
    int tm_sec;
    int tm_min;
    int tm_hour;
    int tm_mday;
    int tm_mon;  /* from January, 0 */
    int tm_year; /* since 1900 */
    int tm_wday; /* from Sunday, 0 */
    int tm_yday; /* from January 1st, 0 */
    int tm_isdst;
};
/* NULL and EOVERFLOW for a year that does not fit. Those without _r keep the result until the next.
 */
struct tm* gmtime_r(const time_t* time, struct tm* told);
struct tm* gmtime(const time_t* time);
struct tm* localtime_r(const time_t* time, struct tm* told);
struct tm* localtime(const time_t* time);
/* The reverse; members out of their range are carried over, and put right. -1 and EOVERFLOW. */
time_t mktime(struct tm* date);
time_t timegm(struct tm* date);
/* "Thu Jan  1 00:00:00 1970\n"; `to` has room for 26 characters. */
char* asctime_r(const struct tm* date, char* to);
char* asctime(const struct tm* date);
char* ctime_r(const time_t* time, char* to);
char* ctime(const time_t* time);
/* All conversions of POSIX in the locale "C", and GNU's %k, %l, %P and %s. The length without the
 * NUL, or 0 when `size` is too small. */
size_t strftime(char* to, size_t size, const char* format, const struct tm* date);

#ifdef __cplusplus
}
#endif
#endif
