/* How full a file system is: statvfs(3). */
#ifndef QUIRE_SYS_STATVFS_H
#define QUIRE_SYS_STATVFS_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct statvfs {
    unsigned long f_bsize;
    unsigned long f_frsize; /* the unit of the counts below */
    fsblkcnt_t f_blocks, f_bfree, f_bavail;
    fsfilcnt_t f_files, f_ffree, f_favail;
    unsigned long f_fsid, f_flag, f_namemax;
};
int statvfs(const char* path, struct statvfs* told);
int fstatvfs(int file, struct statvfs* told);

#ifdef __cplusplus
}
#endif
#endif
