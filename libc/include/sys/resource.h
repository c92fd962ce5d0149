/* What a process may use and has used: getrlimit(2), getrusage(2), getpriority(2). */
#ifndef QUIRE_SYS_RESOURCE_H
#define QUIRE_SYS_RESOURCE_H

#include <sys/time.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rusage {
    struct timeval ru_utime, ru_stime;
    long ru_maxrss, ru_ixrss, ru_idrss, ru_isrss;
    long ru_minflt, ru_majflt, ru_nswap, ru_inblock, ru_oublock, ru_msgsnd, ru_msgrcv, ru_nsignals;
    long ru_nvcsw, ru_nivcsw;
};
#define RUSAGE_SELF 0
#define RUSAGE_CHILDREN (-1)
int getrusage(int who, struct rusage* used);

typedef unsigned long long rlim_t;
#define RLIM_INFINITY (~0ULL)
struct rlimit {
    rlim_t rlim_cur, rlim_max;
};
#define RLIMIT_CPU 0
#define RLIMIT_FSIZE 1
#define RLIMIT_DATA 2
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_RSS 5
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define RLIMIT_MEMLOCK 8
#define RLIMIT_AS 9
int getrlimit(int which, struct rlimit* told);
int setrlimit(int which, const struct rlimit* limit);

#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define PRIO_USER 2
/* -1 may be an answer: look at errno. */
int getpriority(int which, unsigned who);
int setpriority(int which, unsigned who, int priority);

#ifdef __cplusplus
}
#endif
#endif
