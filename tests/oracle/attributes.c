// Who may do what to a file: modes, owners, access, and times; and what stat tells of it.
#define SUBJECT "attributes"
#include "tests/oracle/frame.h"

#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/stat.h>

static struct stat64 stat_of(const char* name) {
    struct stat64 status;
    memset(&status, 0, sizeof status);
    CALL(lstat64, name, &status);
    return status;
}
static void answer_mode(const char* name) {
    const struct stat64 status = stat_of(name);
    answer_text("%o %lu:%lu", status.st_mode, status.st_uid, status.st_gid);
}
static void touch(const char* name) {
    CALL(close, CALL(open, name, O_RDWR | O_CREAT, 0644));
}
static void answer_times(const char* name) {
    const struct stat64 status = stat_of(name);
    answer_text("%ld.%09u %ld.%09lu", (long)status.st_atime, (unsigned)status.st_atime_nsec,
                (long)status.st_mtime, (unsigned long)status.st_mtime_nsec);
}
enum { kNow = 0x3FFFFFFF, kOmit = 0x3FFFFFFE };

// --- stat ---

ANSWER(stat64, "NULL for the name", CALL(stat64, 0, room))
ANSWER(stat64, "NULL for the answer", CALL(stat64, ".", 0))
ANSWER(stat64, "a place that may not be written", CALL(stat64, ".", pages().read_only))
ANSWER(stat64, "no such file", CALL(stat64, "none", room))
ANSWER(stat64, "an empty name", CALL(stat64, "", room))
ANSWER(stat64, "a link to nothing", (CALL(symlink, "none", "l"), CALL(stat64, "l", room)))
ANSWER(fstat64, "a closed descriptor", CALL(fstat64, 77, room))
CASE(lstat64, "a link") {
    CALL(symlink, "none", "l");
    const struct stat64 status = stat_of("l");
    answer_text("%o %lld %u", status.st_mode, status.st_size, status.st_nlink);
}
CASE(stat64, "a file, a folder, a device") {
    CALL(close, file("f", "abc"));
    const struct stat64 one = stat_of("f"), two = stat_of("."), three = stat_of("/dev/null");
    answer_text("%o %lld %u", one.st_mode, one.st_size, one.st_nlink);
    answer_text("%o %o %llx", two.st_mode, three.st_mode, three.st_rdev);
    answer_whether(one.st_dev == two.st_dev && one.st_dev != three.st_dev, "same device",
                   "another one");
}
CASE(stat, "the old structure") {
    struct stat status;
    CALL(close, file("f", "abc"));
    answer(CALL(stat, "f", &status));
    answer_text("%o %lu", status.st_mode, status.st_size);
}
ANSWER(fstatat64, "an empty name", CALL(fstatat64, 0, "", room, 0))
ANSWER(fstatat64, "an empty name that stands for the descriptor",
       CALL(fstatat64, 0, "", room, AT_EMPTY_PATH))
ANSWER(fstatat64, "an unknown flag", CALL(fstatat64, AT_FDCWD, ".", room, 1))
CASE(statx, "a file") {
    struct statx status;
    CALL(close, file("f", "abc"));
    answer(CALL(statx, AT_FDCWD, "f", 0, STATX_BASIC_STATS, &status));
    answer_text("%x %o %llu", status.stx_mask & STATX_BASIC_STATS, status.stx_mode,
                status.stx_size);
}
ANSWER(statx, "an unknown flag", CALL(statx, AT_FDCWD, ".", 1, STATX_ALL, room))
ANSWER(statx, "a reserved bit of the mask", CALL(statx, AT_FDCWD, ".", 0, 0x80000000, room))
ANSWER(statx, "two ways to synchronize", CALL(statx, AT_FDCWD, ".", 0x6000, STATX_ALL, room))
ANSWER(statx, "NULL for the name", CALL(statx, AT_FDCWD, 0, 0, STATX_ALL, room))
ANSWER(statx, "NULL for the answer", CALL(statx, AT_FDCWD, ".", 0, STATX_ALL, 0))
ANSWER(statfs, "no such file", CALL(statfs, "none", room))
CASE(statfs64, "the size of the structure") {
    struct statfs64 status;
    answer(CALL(statfs64, ".", sizeof status, &status));
    answer_text("%x %u", status.f_type, status.f_namelen);
    answer(CALL(statfs64, ".", sizeof status - 4, &status));
}

// --- chmod, chown ---

CASE(chmod, "all bits, and no more") {
    touch("f");
    answer(CALL(chmod, "f", 07777));
    answer_mode("f");
    answer(CALL(chmod, "f", -1));
    answer_mode("f");
}
ANSWER(chmod, "no such file", CALL(chmod, "none", 0600))
ANSWER(chmod, "a link to itself", (CALL(symlink, "l", "l"), CALL(chmod, "l", 0600)))
ANSWER(chmod, "somebody else's file", (touch("f"), become(1000), CALL(chmod, "f", 0666)))
ANSWER(fchmod, "a closed descriptor", CALL(fchmod, 77, 0600))
CASE(chmod, "the set-group bit of a foreign group, by the owner") {
    touch("f");
    CALL(chown32, "f", 1000, 50);
    become(1000);
    answer(CALL(chmod, "f", 02755));
    answer_mode("f");
}
CASE(chown32, "-1 leaves it") {
    touch("f");
    answer(CALL(chown32, "f", 1000, -1));
    answer_mode("f");
    answer(CALL(chown32, "f", -1, 50));
    answer_mode("f");
}
CASE(chown32, "takes the set-user and set-group bits of a program") {
    touch("f");
    CALL(chmod, "f", 06755);
    answer(CALL(chown32, "f", 1000, 1000));
    answer_mode("f");
    CALL(chmod, "f", 06745);
    answer(CALL(chown32, "f", 1000, 1000));
    answer_mode("f");
}
CASE(chown32, "by the owner: to nobody else, but to a group of one's own") {
    touch("f");
    CALL(chown32, "f", 1000, 1000);
    become(1000);
    answer(CALL(chown32, "f", 1001, -1));
    answer(CALL(chown32, "f", -1, 50));
    answer(CALL(chown32, "f", 1000, 1000));
    answer(CALL(chown32, "f", -1, -1));
}
CASE(chown, "16-bit numbers: -1 leaves it") {
    touch("f");
    answer(CALL(chown, "f", 1000, 0xFFFF));
    answer_mode("f");
}
CASE(lchown32, "the link, not the file") {
    touch("f");
    CALL(symlink, "f", "l");
    answer(CALL(lchown32, "l", 5, 6));
    answer_mode("f");
    answer_mode("l");
}
CASE(fchownat, "flags") {
    CALL(symlink, "none", "l");
    answer(CALL(fchownat, AT_FDCWD, "l", 5, 6, 0));
    answer(CALL(fchownat, AT_FDCWD, "l", 5, 6, AT_SYMLINK_NOFOLLOW));
    answer(CALL(fchownat, AT_FDCWD, "l", 5, 6, 1));
    answer(CALL(fchownat, 0, "", -1, -1, AT_EMPTY_PATH));
}
CASE(write, "takes the set-user bit, as somebody else") {
    const long descriptor = file("f", "");
    CALL(chown32, "f", 1000, 1000);
    CALL(chmod, "f", 06777);
    become(1000);
    CALL(write, descriptor, "a", 1);
    answer_mode("f");
}

// --- permissions ---

CASE(open, "as owner, group, and others: only one class counts") {
    touch("f");
    CALL(chown32, "f", 1000, 50);
    CALL(chmod, "f", 0047);
    become(1000);
    answer(CALL(open, "f", O_RDONLY));
    answer(CALL(access, "f", 7));
}
CASE(open, "by a group of the supplementary ones") {
    const unsigned groups[2] = {49, 50};
    touch("f");
    CALL(chown32, "f", 0, 50);
    CALL(chmod, "f", 0060);
    CALL(setgroups32, 2, groups);
    CALL(setresgid32, 1000, 1000, 1000);
    CALL(setresuid32, 1000, 1000, 1000);
    answer_outcome(CALL(open, "f", O_RDWR));
}
CASE(open, "below a folder that may not be searched") {
    CALL(mkdir, "d", 0700);
    touch("d/f");
    CALL(chmod, "d", 0666);
    answer(CALL(access, "d/f", 0));
    become(1000);
    answer(CALL(open, "d/f", O_RDONLY));
    answer(CALL(open, "d/none", O_RDONLY));
    answer_outcome(CALL(open, "d", O_RDONLY));
}
CASE(access, "root may read all, and runs only what somebody may run") {
    touch("f");
    CALL(chmod, "f", 0);
    answer(CALL(access, "f", 6));
    answer(CALL(access, "f", 1));
    CALL(chmod, "f", 0001);
    answer(CALL(access, "f", 7));
}
ANSWER(access, "an unknown mode", CALL(access, ".", 8))
ANSWER(access, "no such file", CALL(access, "none", 0))
CASE(access, "asks for the real user; faccessat2 can ask for the effective one") {
    touch("f");
    CALL(chmod, "f", 0600);
    CALL(setresuid32, 1000, 0, 0);
    answer(CALL(access, "f", 4));
    answer(CALL(faccessat2, AT_FDCWD, "f", 4, AT_EACCESS));
    answer(CALL(faccessat2, AT_FDCWD, "f", 4, 1));
}
CASE(unlink, "the sticky bit: only what is one's own") {
    CALL(mkdir, "d", 0700);
    CALL(chmod, "d", 01777);
    touch("d/f");
    become(1000);
    answer(CALL(unlink, "d/f"));
    answer(CALL(rename, "d/f", "d/g"));
    touch("d/mine");
    answer(CALL(unlink, "d/mine"));
}
CASE(unlink, "a folder that may not be written, a file that may") {
    CALL(mkdir, "d", 0755);
    touch("d/f");
    CALL(chmod, "d/f", 0666);
    become(1000);
    answer(CALL(unlink, "d/f"));
    answer(CALL(mkdir, "d/e", 0700));
    answer(CALL(mkdir, "d/f", 0700));
    answer(CALL(symlink, "x", "d/l"));
    answer(CALL(unlink, "d/none"));
}
CASE(umask, "gives the old one, knows nine bits") {
    answer(CALL(umask, 0777777));
    answer_text("%lo", CALL(umask, 0));
}
CASE(link, "a file of somebody else that may not be written") {
    touch("f");
    CALL(chmod, ".", 0777);
    become(1000);
    answer(CALL(link, "f", "g"));
}

// --- times ---

CASE(utimensat, "both times, to the nanosecond") {
    const long times[4] = {1000, 123456789, 2000, 999999999};
    touch("f");
    answer(CALL(utimensat, AT_FDCWD, "f", times, 0));
    answer_times("f");
}
CASE(utimensat, "one left, and nanoseconds that are none") {
    const long first[4] = {1000, 1, 2000, 2}, second[4] = {5, kOmit, 6, 7},
               bad[4] = {5, 1000000000, 6, 7};
    touch("f");
    CALL(utimensat, AT_FDCWD, "f", first, 0);
    answer(CALL(utimensat, AT_FDCWD, "f", second, 0));
    answer(CALL(utimensat, AT_FDCWD, "f", bad, 0));
    answer_times("f");
}
CASE(utimensat, "of a link, of a descriptor, of nothing") {
    const long times[4] = {1000, 0, 2000, 0}, omit[4] = {0, kOmit, 0, kOmit};
    const long descriptor = file("f", "");
    CALL(symlink, "none", "l");
    answer(CALL(utimensat, AT_FDCWD, "l", times, 0));
    answer(CALL(utimensat, AT_FDCWD, "l", times, AT_SYMLINK_NOFOLLOW));
    answer(CALL(utimensat, descriptor, 0, times, 0));
    answer(CALL(utimensat, AT_FDCWD, 0, times, 0));
    answer(CALL(utimensat, AT_FDCWD, "none", omit, 0));
    answer(CALL(utimensat, AT_FDCWD, "f", times, 1));
    answer(CALL(utimensat, AT_FDCWD, "f", KERNEL, 0));
}
CASE(utimensat, "who may: now, and another time") {
    const long times[4] = {1000, 0, 2000, 0}, now[4] = {0, kNow, 0, kNow};
    touch("f");
    CALL(chmod, "f", 0666);
    touch("g");
    become(1000);
    answer(CALL(utimensat, AT_FDCWD, "f", times, 0));
    answer(CALL(utimensat, AT_FDCWD, "f", now, 0));
    answer(CALL(utimensat, AT_FDCWD, "f", 0, 0));
    answer(CALL(utimensat, AT_FDCWD, "g", 0, 0));
}
CASE(utime, "whole seconds") {
    const long times[2] = {1000, 2000};
    touch("f");
    answer(CALL(utime, "f", times));
    answer_times("f");
}
CASE(utimes, "microseconds, and too many") {
    const long times[4] = {1000, 5, 2000, 999999}, bad[4] = {1000, 1000000, 0, 0};
    touch("f");
    answer(CALL(utimes, "f", times));
    answer(CALL(utimes, "f", bad));
    answer_times("f");
}
CASE(write, "moves the two times of a file that change") {
    const long times[4] = {1000, 0, 2000, 0};
    const long descriptor = file("f", "");
    CALL(utimensat, AT_FDCWD, "f", times, 0);
    CALL(write, descriptor, "a", 1);
    const struct stat64 status = stat_of("f");
    answer_text("%ld", (long)status.st_atime);
    answer_whether(status.st_mtime > 2000 && status.st_mtime == status.st_ctime, "now", "not now");
}
