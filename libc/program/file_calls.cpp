// What is done with an open file: the calls of <unistd.h> and <fcntl.h> that take a descriptor.
#include <cstdarg>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include "libc/program/call.h"

using quire::libc::answer;
using quire::libc::call;

namespace {

constexpr int kLargeFile = 0100000;  // O_LARGEFILE: offsets have 64 bits

long low(off_t offset) {
    return static_cast<long>(offset);
}
long high(off_t offset) {
    return static_cast<long>(offset >> 32);
}

}  // namespace

int openat(int folder, const char* path, int flags, ...) {
    std::va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return call(SYS_openat, folder, path, flags | kLargeFile, mode);
}
int open(const char* path, int flags, ...) {
    std::va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return call(SYS_open, path, flags | kLargeFile, mode);
}
int creat(const char* path, mode_t mode) {
    return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}
int fcntl(int file, int command, ...) {
    std::va_list arguments;
    va_start(arguments, command);
    const long argument = va_arg(arguments, long);
    va_end(arguments);
    return call(SYS_fcntl64, file, command, argument);
}
int ioctl(int file, unsigned long request, ...) {
    std::va_list arguments;
    va_start(arguments, request);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    return call(SYS_ioctl, file, request, argument);
}
int close(int file) {
    return call(SYS_close, file);
}

ssize_t read(int file, void* to, size_t count) {
    return call(SYS_read, file, to, count);
}
ssize_t write(int file, const void* from, size_t count) {
    return call(SYS_write, file, from, count);
}
ssize_t pread(int file, void* to, size_t count, off_t offset) {
    return call(SYS_pread64, file, to, count, low(offset), high(offset));
}
ssize_t pwrite(int file, const void* from, size_t count, off_t offset) {
    return call(SYS_pwrite64, file, from, count, low(offset), high(offset));
}
off_t lseek(int file, off_t offset, int whence) {
    off_t place = 0;
    const int done = call(SYS__llseek, file, high(offset), low(offset), &place, whence);
    return done < 0 ? -1 : place;
}
int ftruncate(int file, off_t length) {
    return call(SYS_ftruncate64, file, low(length), high(length));
}
int fsync(int file) {
    return call(SYS_fsync, file);
}
int fdatasync(int file) {
    return call(SYS_fdatasync, file);
}
int poll(struct pollfd* files, nfds_t count, int longest) {
    return call(SYS_poll, files, count, longest);
}

int dup(int file) {
    return call(SYS_dup, file);
}
int dup2(int file, int number) {
    return call(SYS_dup2, file, number);
}
int dup3(int file, int number, int flags) {
    return call(SYS_dup3, file, number, flags);
}
int pipe(int ends[2]) {
    return call(SYS_pipe, ends);
}
int pipe2(int ends[2], int flags) {
    return call(SYS_pipe2, ends, flags);
}

int fstat(int file, struct stat* told) {
    return call(SYS_fstat64, file, told);
}
int fchmod(int file, mode_t mode) {
    return call(SYS_fchmod, file, mode);
}
int fchown(int file, uid_t user, gid_t group) {
    return call(SYS_fchown32, file, user, group);
}
int fchdir(int folder) {
    return call(SYS_fchdir, folder);
}
