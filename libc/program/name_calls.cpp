// What is done with names in directories: the calls of <unistd.h> and <sys/stat.h> that take a
// path.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "kernel/abi/stat.h"
#include "libc/program/call.h"

using quire::libc::call;

int stat(const char* path, struct stat* told) {
    return call(SYS_stat64, path, told);
}
int lstat(const char* path, struct stat* told) {
    return call(SYS_lstat64, path, told);
}
int fstatat(int folder, const char* path, struct stat* told, int flags) {
    return call(SYS_fstatat64, folder, path, told, flags);
}
int chmod(const char* path, mode_t mode) {
    return call(SYS_chmod, path, mode);
}
mode_t umask(mode_t mask) {
    return static_cast<mode_t>(call(SYS_umask, mask));
}
int mkdir(const char* path, mode_t mode) {
    return call(SYS_mkdir, path, mode);
}
int mknod(const char* path, mode_t mode, dev_t device) {
    return call(SYS_mknodat, AT_FDCWD, path, mode, static_cast<unsigned>(device));
}
int mkfifo(const char* path, mode_t mode) {
    return mknod(path, S_IFIFO | (mode & 07777), 0);
}
int utimensat(int folder, const char* path, const struct timespec times[2], int flags) {
    return call(SYS_utimensat, folder, path, times, flags);
}
int futimens(int file, const struct timespec times[2]) {
    return utimensat(file, nullptr, times, 0);
}
int truncate(const char* path, off_t length) {
    return call(SYS_truncate64, path, static_cast<long>(length), static_cast<long>(length >> 32));
}
int access(const char* path, int mode) {
    return call(SYS_access, path, mode);
}
int chown(const char* path, uid_t user, gid_t group) {
    return call(SYS_chown32, path, user, group);
}
int lchown(const char* path, uid_t user, gid_t group) {
    return call(SYS_fchownat, AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW);
}

int link(const char* path, const char* name) {
    return call(SYS_link, path, name);
}
int linkat(int folder, const char* path, int new_folder, const char* name, int flags) {
    return call(SYS_linkat, folder, path, new_folder, name, flags);
}
int symlink(const char* target, const char* name) {
    return call(SYS_symlink, target, name);
}
ssize_t readlink(const char* path, char* to, size_t size) {
    return call(SYS_readlink, path, to, size);
}
int unlink(const char* path) {
    return call(SYS_unlink, path);
}
int unlinkat(int folder, const char* path, int flags) {
    return call(SYS_unlinkat, folder, path, flags);
}
int rmdir(const char* path) {
    return call(SYS_rmdir, path);
}
int rename(const char* from, const char* to) {
    return call(SYS_rename, from, to);
}
int remove(const char* path) {
    if (unlink(path) == 0) return 0;
    return errno == EISDIR ? rmdir(path) : -1;
}

int chdir(const char* path) {
    return call(SYS_chdir, path);
}
int chroot(const char* path) {
    return call(SYS_chroot, path);
}
char* getcwd(char* to, size_t size) {
    constexpr size_t kLongest = 4096;
    char* const place = to != nullptr ? to : static_cast<char*>(malloc(kLongest));
    if (place == nullptr) return nullptr;
    if (call(SYS_getcwd, place, to != nullptr ? size : kLongest) >= 0) return place;
    if (to == nullptr) free(place);
    return nullptr;
}

void sync() {
    call(SYS_sync);
}

namespace {

int tell(int done, const quire::abi::Statfs64& from, struct statvfs* told) {
    if (done < 0) return -1;
    *told = {};
    told->f_bsize = from.block_size;
    told->f_frsize = from.fragment_size != 0 ? from.fragment_size : from.block_size;
    told->f_blocks = from.blocks;
    told->f_bfree = from.free_blocks;
    told->f_bavail = from.available_blocks;
    told->f_files = from.nodes;
    told->f_ffree = told->f_favail = from.free_nodes;
    told->f_fsid = from.id[0];
    told->f_flag = from.flags;
    told->f_namemax = from.longest_name;
    return 0;
}

}  // namespace

int statvfs(const char* path, struct statvfs* told) {
    quire::abi::Statfs64 from{};
    return tell(call(SYS_statfs64, path, sizeof from, &from), from, told);
}
int fstatvfs(int file, struct statvfs* told) {
    quire::abi::Statfs64 from{};
    return tell(call(SYS_fstatfs64, file, sizeof from, &from), from, told);
}
