// Descriptors: open, close, dup, fcntl, and the offset that they share.
#define SUBJECT "descriptors"
#include "tests/oracle/frame.h"

#include <asm/ioctls.h>
#include <linux/resource.h>
#include <linux/uio.h>

static long opened(const char* name, int flags) {
    CALL(close, file(name, "content"));
    return CALL(open, name, flags);
}

// --- open ---

ANSWER(open, "NULL", CALL(open, 0, O_RDONLY))
ANSWER(open, "a name in the kernel", CALL(open, KERNEL, O_RDONLY))
CASE(open, "a name that runs into a hole") {
    const struct Pages area = pages();
    CALL(mprotect, area.read_only, kPage, kReadWrite);
    memset(area.hole - 3, 'a', 3);
    answer(CALL(open, area.hole - 3, O_RDONLY));
}
ANSWER(open, "an empty name", CALL(open, "", O_RDONLY))
ANSWER(open, "no such file", CALL(open, "none", O_RDONLY))
ANSWER(open, "a folder that is not there", CALL(open, "none/f", O_RDONLY | O_CREAT, 0600))
ANSWER(open, "a file as a folder", CALL(open, "/dev/null/x", O_RDONLY))
ANSWER(open, "a file with a slash behind it", (file("f", ""), CALL(open, "f/", O_RDONLY)))
ANSWER(open, "a new file with a slash behind it", CALL(open, "new/", O_RDWR | O_CREAT, 0600))
ANSWER(open, "a folder to write", CALL(open, ".", O_WRONLY))
ANSWER(open, "a folder to create", CALL(open, ".", O_RDONLY | O_CREAT, 0600))
ANSWER(open, "a folder to read", CALL(open, ".", O_RDONLY))
ANSWER(open, "a file, folders only", (file("f", ""), CALL(open, "f", O_RDONLY | O_DIRECTORY)))
ANSWER(open, "exclusively, there already",
       (file("f", ""), CALL(open, "f", O_RDWR | O_CREAT | O_EXCL, 0600)))
ANSWER(open, "exclusively, a link to nothing",
       (CALL(symlink, "none", "l"), CALL(open, "l", O_RDWR | O_CREAT | O_EXCL, 0600)))
CASE(open, "a link to nothing, to create") {
    CALL(symlink, "made", "l");
    answer_outcome(CALL(open, "l", O_RDWR | O_CREAT, 0600));
    answer(CALL(access, "made", 0));
}
ANSWER(open, "a link that is not to be followed",
       (CALL(symlink, "f", "l"), CALL(open, "l", O_RDONLY | O_NOFOLLOW)))
ANSWER(open, "a link to itself", (CALL(symlink, "l", "l"), CALL(open, "l", O_RDONLY)))
CASE(open, "a chain of 40 links, and of 41") {
    char from[8], to[8];
    file("0", "");
    for (int link = 1; link <= 41; ++link) {
        snprintf(from, sizeof from, "%d", link);
        snprintf(to, sizeof to, "%d", link - 1);
        CALL(symlink, to, from);
    }
    answer_outcome(CALL(open, "40", O_RDONLY));
    answer_outcome(CALL(open, "41", O_RDONLY));
}
CASE(open, "a name of 255 bytes, and of 256") {
    memset(room, 'n', 256);
    room[255] = 0;
    answer_outcome(CALL(open, room, O_RDWR | O_CREAT, 0600));
    CALL(unlink, room);
    room[255] = 'n';
    room[256] = 0;
    answer(CALL(open, room, O_RDWR | O_CREAT, 0600));
}
CASE(open, "a path of 4095 bytes, and of 4096") {
    char* const path = map(2 * kPage);
    for (int at = 0; at < 4096; at += 2)
        memcpy(path + at, "./", 2);
    path[4095] = 0;
    answer_outcome(CALL(open, path, O_RDONLY));
    path[4095] = '/';
    answer(CALL(open, path, O_RDONLY));
}
CASE(open, "read, write, neither: access mode 3") {
    file("f", "abc");
    const long both = CALL(open, "f", 3);
    answer_outcome(both);
    answer(CALL(read, both, room, 1));
    answer(CALL(write, both, room, 1));
}
CASE(open, "unknown flags are left out") {
    file("f", "");
    const long descriptor = CALL(open, "f", O_RDWR | 0x40000000);
    answer_outcome(descriptor);
    answer_text("%lx", (unsigned long)CALL(fcntl64, descriptor, F_GETFL));
}
ANSWER(open, "truncated",
       (file("f", "abc"), CALL(open, "f", O_WRONLY | O_TRUNC), (long)strlen(content_of("f"))))
ANSWER(open, "truncated, opened for reading",
       (file("f", "abc"), CALL(open, "f", O_RDONLY | O_TRUNC), (long)strlen(content_of("f"))))
CASE(open, "the mode of a new file is masked") {
    char all[96];
    CALL(umask, 0137);
    CALL(open, "f", O_RDWR | O_CREAT, 07777);
    CALL(stat64, "f", all);
    answer_text("%o", *(unsigned*)(all + 16));
}
CASE(open, "a new file of mode 0 is open for writing") {
    become(1000);
    answer(CALL(write, CALL(open, "/tmp/f0", O_RDWR | O_CREAT, 0), "abc", 3));
    answer(CALL(open, "/tmp/f0", O_RDONLY));
    CALL(unlink, "/tmp/f0");
}
ANSWER(open, "/dev/tty without a controlling terminal", CALL(open, "/dev/tty", O_RDWR))
ANSWER(creat, "there already",
       (file("f", "abc"), CALL(creat, "f", 0600), (long)strlen(content_of("f"))))
CASE(open, "O_PATH: to name it, not to read it") {
    file("f", "abc");
    const long descriptor = CALL(open, "f", O_PATH);
    answer_outcome(descriptor);
    answer(CALL(read, descriptor, room, 1));
    answer(CALL(fchmod, descriptor, 0600));
    answer_text("%lo", CALL(fcntl64, descriptor, F_GETFL));
    answer(CALL(close, descriptor));
}
CASE(open, "O_TMPFILE: a file without a name") {
    const long descriptor = CALL(open, ".", O_TMPFILE | O_RDWR, 0600);
    answer_outcome(descriptor);
    answer(CALL(write, descriptor, "abc", 3));
}
ANSWER(openat, "a closed descriptor", CALL(openat, 77, "f", O_RDONLY))
ANSWER(openat, "a closed descriptor, an absolute name", CALL(openat, 77, "/dev/null", O_RDONLY))
ANSWER(openat, "a file as the folder", CALL(openat, file("f", ""), "f", O_RDONLY))
CASE(openat, "below a folder, after it was renamed") {
    CALL(mkdir, "d", 0700);
    const long folder = CALL(open, "d", O_RDONLY);
    CALL(rename, "d", "e");
    answer_outcome(CALL(openat, folder, "f", O_RDWR | O_CREAT, 0600));
    answer(CALL(access, "e/f", 0));
}
CASE(openat, "below a folder that is gone") {
    CALL(mkdir, "d", 0700);
    const long folder = CALL(open, "d", O_RDONLY);
    CALL(rmdir, "d");
    answer(CALL(openat, folder, "f", O_RDWR | O_CREAT, 0600));
    answer(CALL(openat, folder, ".", O_RDONLY));
}
CASE(open, "above RLIMIT_NOFILE") {
    const struct rlimit limit = {4, 4};
    CALL(setrlimit, RLIMIT_NOFILE, &limit);
    answer(CALL(dup, 0));
    answer(CALL(dup, 0));
    answer(CALL(open, "/dev/null", O_RDONLY));
    answer(CALL(pipe, room));
    answer(CALL(dup2, 0, 4));
    answer(CALL(fcntl64, 0, F_DUPFD, 4));
    answer(CALL(fcntl64, 0, F_DUPFD, 2));
}

// --- close, dup ---

ANSWER(close, "a closed descriptor", CALL(close, 77))
ANSWER(close, "a negative number", CALL(close, -1))
ANSWER(dup, "a closed descriptor", CALL(dup, 77))
ANSWER(dup, "the lowest free number", (CALL(close, 1), CALL(dup, 0)))
ANSWER(dup2, "onto itself", CALL(dup2, 0, 0))
ANSWER(dup2, "a closed descriptor onto itself", CALL(dup2, 77, 77))
ANSWER(dup2, "a closed descriptor onto an open one: that stays",
       (CALL(dup2, 77, 0) == -EBADF ? CALL(fcntl64, 0, F_GETFD) : 1))
ANSWER(dup2, "to a negative number", CALL(dup2, 0, -1))
ANSWER(dup2, "to a number above the limit", CALL(dup2, 0, 0x7FFFFFFF))
ANSWER(dup2, "onto an open one, that is closed first", CALL(dup2, 0, 2))
ANSWER(dup3, "onto itself", CALL(dup3, 0, 0, 0))
ANSWER(dup3, "an unknown flag", CALL(dup3, 0, 5, 1))
CASE(dup3, "close on exec is the copy's alone") {
    answer(CALL(dup3, 0, 5, O_CLOEXEC));
    answer_text("%ld %ld", CALL(fcntl64, 5, F_GETFD), CALL(fcntl64, 0, F_GETFD));
    answer(CALL(dup2, 5, 6));
    answer(CALL(fcntl64, 6, F_GETFD));
}
CASE(dup, "the offset is shared, by a child too; by another open it is not") {
    const long one = file("f", "abcdef");
    const long two = CALL(dup, one);
    const long other = CALL(open, "f", O_RDONLY);
    CALL(read, one, room, 2);
    const long child = CALL(fork);
    if (child == 0) end((int)CALL(read, one, room, 1));
    reap(child);
    answer_text("%ld %ld", CALL(lseek, two, 0, SEEK_CUR), CALL(lseek, other, 0, SEEK_CUR));
}

// --- fcntl ---

ANSWER(fcntl64, "a closed descriptor", CALL(fcntl64, 77, F_GETFD))
ANSWER(fcntl64, "an unknown command", CALL(fcntl64, 0, 999))
ANSWER(fcntl64, "F_DUPFD from a negative number", CALL(fcntl64, 0, F_DUPFD, -1))
ANSWER(fcntl64, "F_DUPFD from 10", CALL(fcntl64, 0, F_DUPFD, 10))
CASE(fcntl64, "F_DUPFD_CLOEXEC from 10") {
    answer(CALL(fcntl64, 0, F_DUPFD_CLOEXEC, 10));
    answer(CALL(fcntl64, 10, F_GETFD));
}
CASE(fcntl64, "F_SETFD knows one bit") {
    answer(CALL(fcntl64, 0, F_SETFD, -1));
    answer(CALL(fcntl64, 0, F_GETFD));
    answer(CALL(fcntl64, 0, F_SETFD, 2));
    answer(CALL(fcntl64, 0, F_GETFD));
}
CASE(fcntl64, "F_SETFL changes what may be changed") {
    const long descriptor = opened("f", O_RDWR);
    answer(CALL(fcntl64, descriptor, F_SETFL, O_APPEND | O_NONBLOCK | O_WRONLY | O_CREAT));
    answer_text("%lo", CALL(fcntl64, descriptor, F_GETFL));
}
CASE(fcntl64, "F_GETFL after open with many flags") {
    answer_text(
        "%lo",
        CALL(fcntl64, opened("f", O_RDWR | O_APPEND | O_TRUNC | O_NOFOLLOW | O_LARGEFILE | O_SYNC),
             F_GETFL));
}
CASE(fcntl64, "F_GETFL of a folder") {
    answer_text("%lo", CALL(fcntl64, CALL(open, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), F_GETFL));
}
CASE(fcntl64, "F_GETLK: nobody has locked it") {
    struct flock lock = {F_WRLCK, SEEK_SET, 0, 0, 0};
    answer(CALL(fcntl64, file("f", "abc"), F_GETLK, &lock));
    answer(lock.l_type);
}
CASE(fcntl64, "F_SETLK: a child is kept out") {
    struct flock lock = {F_WRLCK, SEEK_SET, 0, 2, 0};
    const long descriptor = file("f", "abc");
    answer(CALL(fcntl64, descriptor, F_SETLK, &lock));
    const long child = CALL(fork);
    if (child == 0) {
        answer(CALL(fcntl64, descriptor, F_SETLK, &lock));
        lock.l_start = 2;
        answer(CALL(fcntl64, descriptor, F_SETLK, &lock));
        end(0);
    }
    reap(child);
}
CASE(fcntl64, "F_GETOWN, F_SETOWN") {
    int ends[2];
    CALL(pipe, ends);
    answer(CALL(fcntl64, ends[0], F_GETOWN));
    answer(CALL(fcntl64, ends[0], F_SETOWN, 0));
}
ANSWER(fcntl, "F_GETLK64 by the old call", CALL(fcntl, 0, 12, room))
CASE(ioctl, "close on exec, without waiting") {
    int on = 1;
    const long descriptor = opened("f", O_RDWR);
    answer(CALL(ioctl, descriptor, FIOCLEX));
    answer(CALL(fcntl64, descriptor, F_GETFD));
    answer(CALL(ioctl, descriptor, FIONCLEX));
    answer(CALL(ioctl, descriptor, FIONBIO, &on));
    answer(CALL(ioctl, descriptor, FIONBIO, 0));
    answer_text("%lo", CALL(fcntl64, descriptor, F_GETFL));
}
ANSWER(ioctl, "a closed descriptor", CALL(ioctl, 77, TCGETS, room))
ANSWER(ioctl, "TCGETS of a file", CALL(ioctl, opened("f", O_RDWR), TCGETS, room))
ANSWER(ioctl, "TIOCGWINSZ of /dev/null",
       CALL(ioctl, CALL(open, "/dev/null", O_RDWR), TIOCGWINSZ, room))
