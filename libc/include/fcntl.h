/* Opening files and what can be set for them: open(2), fcntl(2). */
#ifndef QUIRE_FCNTL_H
#define QUIRE_FCNTL_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define O_RDONLY 00
#define O_WRONLY 01
#define O_RDWR 02
#define O_ACCMODE 03
#define O_CREAT 0100
#define O_EXCL 0200
#define O_NOCTTY 0400
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_NONBLOCK 04000
#define O_DIRECTORY 0200000
#define O_NOFOLLOW 0400000
#define O_CLOEXEC 02000000
#define O_PATH 010000000

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_DUPFD_CLOEXEC 1030
#define FD_CLOEXEC 1

/* "Relative to the current directory", for the calls that take a directory; their flags. */
#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_REMOVEDIR 0x200
#define AT_SYMLINK_FOLLOW 0x400

/* The mode is looked at with O_CREAT alone. Files above 2 GiB can be opened, too. */
int open(const char* path, int flags, ...);
int openat(int folder, const char* path, int flags, ...);
int creat(const char* path, mode_t mode);
int fcntl(int file, int command, ...);

#ifdef __cplusplus
}
#endif
#endif
