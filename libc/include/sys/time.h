/* Times in microseconds: gettimeofday(2). */
#ifndef QUIRE_SYS_TIME_H
#define QUIRE_SYS_TIME_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct timeval {
    time_t tv_sec;
    suseconds_t tv_usec;
};
/* `zone` is NULL. */
int gettimeofday(struct timeval* told, void* zone);

#ifdef __cplusplus
}
#endif
#endif
