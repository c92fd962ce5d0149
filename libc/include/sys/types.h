/* The types of system calls, as Linux i386 has them. Offsets in files have 64 bits. */
#ifndef QUIRE_SYS_TYPES_H
#define QUIRE_SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef int ssize_t;
typedef long long off_t;
typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned int mode_t;
typedef unsigned long long dev_t;
typedef unsigned long long ino_t;
typedef unsigned int nlink_t;
typedef long blksize_t;
typedef unsigned long long blkcnt_t;
typedef unsigned long long fsblkcnt_t;
typedef unsigned long long fsfilcnt_t;
typedef int clockid_t;
typedef long clock_t;
typedef long time_t;
typedef long suseconds_t;

/* The two parts of a device's number. */
#define major(device) ((unsigned)((device) >> 8 & 0xFFF))
#define minor(device) ((unsigned)(((device)&0xFF) | ((device) >> 12 & 0xFFF00)))
#define makedev(large, small) \
    ((dev_t)(((large)&0xFFF) << 8 | ((small)&0xFF) | ((small)&0xFFF00) << 12))

#endif
