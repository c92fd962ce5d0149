// <dirent.h> over getdents64(2): a block of entries at a time.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "libc/program/call.h"

struct _Directory {
    int file;
    unsigned next;  // in entries
    unsigned used;
    alignas(8) char entries[2048];
};

namespace {

/// Precondition: `file` is a directory.
DIR* make_directory(int file) {
    auto* const directory = static_cast<DIR*>(malloc(sizeof(DIR)));
    if (directory == nullptr) return nullptr;
    directory->file = file;
    directory->next = directory->used = 0;
    return directory;
}

}  // namespace

DIR* fdopendir(int file) {
    struct stat told;
    if (fstat(file, &told) < 0) return nullptr;
    if (S_ISDIR(told.st_mode)) return make_directory(file);
    errno = ENOTDIR;
    return nullptr;
}

DIR* opendir(const char* path) {
    const int file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return nullptr;
    DIR* const directory = make_directory(file);
    if (directory == nullptr) close(file);
    return directory;
}

struct dirent* readdir(DIR* directory) {
    if (directory->next == directory->used) {
        const int got = quire::libc::call(SYS_getdents64, directory->file, directory->entries,
                                          sizeof directory->entries);
        if (got <= 0) return nullptr;
        directory->used = static_cast<unsigned>(got);
        directory->next = 0;
    }
    auto* const entry = reinterpret_cast<dirent*>(directory->entries + directory->next);
    directory->next += entry->d_reclen;
    return entry;
}

void rewinddir(DIR* directory) {
    lseek(directory->file, 0, SEEK_SET);
    directory->next = directory->used = 0;
}

int dirfd(DIR* directory) {
    return directory->file;
}

int closedir(DIR* directory) {
    const int file = directory->file;
    free(directory);
    return close(file);
}
