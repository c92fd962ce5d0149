/* What a file is: stat(2), chmod(2), mkdir(2). */
#ifndef QUIRE_SYS_STAT_H
#define QUIRE_SYS_STAT_H

#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define S_IFLNK 0120000
#define S_IFREG 0100000
#define S_IFBLK 0060000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_IFIFO 0010000
#define S_ISUID 04000
#define S_ISGID 02000
#define S_ISVTX 01000
#define S_IRWXU 0700
#define S_IRUSR 0400
#define S_IWUSR 0200
#define S_IXUSR 0100
#define S_IRWXG 0070
#define S_IRGRP 0040
#define S_IWGRP 0020
#define S_IXGRP 0010
#define S_IRWXO 0007
#define S_IROTH 0004
#define S_IWOTH 0002
#define S_IXOTH 0001
#define S_ISSOCK(mode) (((mode)&S_IFMT) == S_IFSOCK)
#define S_ISLNK(mode) (((mode)&S_IFMT) == S_IFLNK)
#define S_ISREG(mode) (((mode)&S_IFMT) == S_IFREG)
#define S_ISBLK(mode) (((mode)&S_IFMT) == S_IFBLK)
#define S_ISDIR(mode) (((mode)&S_IFMT) == S_IFDIR)
#define S_ISCHR(mode) (((mode)&S_IFMT) == S_IFCHR)
#define S_ISFIFO(mode) (((mode)&S_IFMT) == S_IFIFO)

/* As stat64(2) of Linux i386 lays it out. Blocks are of 512 bytes. */
struct stat {
    dev_t st_dev;
    uint32_t _padding0;
    uint32_t _low_number;
    mode_t st_mode;
    nlink_t st_nlink;
    uid_t st_uid;
    gid_t st_gid;
    dev_t st_rdev;
    uint32_t _padding1;
    off_t st_size;
    blksize_t st_blksize;
    blkcnt_t st_blocks;
    struct timespec st_atim;
    struct timespec st_mtim;
    struct timespec st_ctim;
    ino_t st_ino;
};
#define st_atime st_atim.tv_sec
#define st_mtime st_mtim.tv_sec
#define st_ctime st_ctim.tv_sec

int stat(const char* path, struct stat* told);
int lstat(const char* path, struct stat* told);
int fstat(int file, struct stat* told);
int fstatat(int folder, const char* path, struct stat* told, int flags);
int chmod(const char* path, mode_t mode);
int fchmod(int file, mode_t mode);
mode_t umask(mode_t mask);
int mkdir(const char* path, mode_t mode);
int mkfifo(const char* path, mode_t mode);
int mknod(const char* path, mode_t mode, dev_t device);

/* Sets the times of last use and change, NULL: both to now. One of them may be left or be now. */
#define UTIME_NOW 0x3FFFFFFF
#define UTIME_OMIT 0x3FFFFFFE
int utimensat(int folder, const char* path, const struct timespec times[2], int flags);
int futimens(int file, const struct timespec times[2]);

#ifdef __cplusplus
}
#endif
#endif
