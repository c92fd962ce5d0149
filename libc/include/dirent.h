/* The names in a directory: opendir(3). */
#ifndef QUIRE_DIRENT_H
#define QUIRE_DIRENT_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DT_UNKNOWN 0
#define DT_FIFO 1
#define DT_CHR 2
#define DT_DIR 4
#define DT_BLK 6
#define DT_REG 8
#define DT_LNK 10
#define DT_SOCK 12

/* As getdents64(2) of Linux lays it out; it is d_reclen long, not sizeof. */
struct dirent {
    ino_t d_ino;
    long long d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[256];
};
typedef struct _Directory DIR;

/* NULL, and errno, when it cannot be. */
DIR* opendir(const char* path);
DIR* fdopendir(int file);
/* The next name, "." and ".." among them, in no order; it lasts until the next call. NULL at the
 * end, and for an error, which sets errno. */
struct dirent* readdir(DIR* directory);
void rewinddir(DIR* directory);
int dirfd(DIR* directory);
int closedir(DIR* directory);

#ifdef __cplusplus
}
#endif
#endif
