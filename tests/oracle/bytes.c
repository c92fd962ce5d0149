// The bytes of files: read, write, their kin, the offset, the length, and devices.
#define SUBJECT "bytes"
#include "tests/oracle/frame.h"

#include <linux/resource.h>
#include <linux/uio.h>

static long opened(const char* name, int flags) {
    CALL(close, file(name, "abcdef"));
    return CALL(open, name, flags);
}
static long llseek(long descriptor, long long offset, int whence, long long* result) {
    return CALL(_llseek, descriptor, offset >> 32, offset, result, whence);
}
static const long long kTwoGiB = 1LL << 31;

// --- read, write ---

ANSWER(read, "a closed descriptor", CALL(read, 77, room, 1))
ANSWER(read, "0 bytes of a closed descriptor", CALL(read, 77, room, 0))
ANSWER(read, "opened for writing", CALL(read, opened("f", O_WRONLY), room, 1))
ANSWER(read, "a folder", CALL(read, CALL(open, ".", O_RDONLY), room, 1))
ANSWER(read, "more than there is", CALL(read, file("f", "abc"), room, 100))
ANSWER(read, "at the end", (CALL(lseek, file("f", "abc"), 9, SEEK_SET), CALL(read, 3, room, 100)))
ANSWER(read, "to NULL", CALL(read, file("f", "abc"), 0, 3))
ANSWER(read, "to NULL, 0 bytes", CALL(read, file("f", "abc"), 0, 0))
ANSWER(read, "to NULL, at the end", CALL(read, file("f", ""), 0, 3))
ANSWER(read, "to the kernel, at the end", CALL(read, file("f", ""), KERNEL, 3))
ANSWER(read, "to a page that may not be written",
       CALL(read, file("f", "abc"), pages().read_only, 3))
ANSWER(read, "across the kernel's border", CALL(read, file("f", "abcdef"), (char*)0xBFFFFFFE, 6))
CASE(read, "into a hole: what fits") {
    char* const area = map(2 * kPage);
    CALL(munmap, area + kPage, kPage);
    const long descriptor = file("f", "abcdef");
    answer(CALL(read, descriptor, area + kPage - 2, 6));
    answer(CALL(lseek, descriptor, 0, SEEK_CUR));
}
ANSWER(write, "a closed descriptor", CALL(write, 77, room, 1))
ANSWER(write, "opened for reading", CALL(write, opened("f", O_RDONLY), room, 1))
ANSWER(write, "from NULL", CALL(write, file("f", ""), 0, 3))
ANSWER(write, "from NULL, 0 bytes", CALL(write, file("f", ""), 0, 0))
CASE(write, "out of a hole: what is there") {
    char* const area = map(2 * kPage);
    CALL(munmap, area + kPage, kPage);
    memset(area, 'x', kPage);
    const long descriptor = file("f", "");
    answer(CALL(write, descriptor, area + kPage - 2, 6));
    answer_text("%s", content_of("f"));
}
CASE(write, "behind the end: zeros between") {
    const long descriptor = file("f", "a");
    CALL(lseek, descriptor, 3, SEEK_SET);
    answer(CALL(write, descriptor, "b", 1));
    content_of("f");
    answer(CALL(pread64, descriptor, room, 9, 0, 0));
    answer_text("%d %d %c", room[1], room[2], room[3]);
}
CASE(write, "appended wherever the offset is") {
    const long descriptor = opened("f", O_RDWR | O_APPEND);
    CALL(lseek, descriptor, 0, SEEK_SET);
    answer(CALL(write, descriptor, "X", 1));
    answer(CALL(lseek, descriptor, 0, SEEK_CUR));
    answer_text("%s", content_of("f"));
}
CASE(write, "above RLIMIT_FSIZE: what fits, then a signal") {
    const struct rlimit limit = {4, 4};
    CALL(setrlimit, RLIMIT_FSIZE, &limit);
    const long descriptor = file("f", "ab");
    CALL(lseek, descriptor, 0, SEEK_END);
    answer(CALL(write, descriptor, "cdef", 4));
    CALL(write, descriptor, "gh", 2);
}
CASE(write, "above RLIMIT_FSIZE, SIGXFSZ ignored") {
    const struct rlimit limit = {4, 4};
    act(SIGXFSZ, (void*)1, 0, 0);
    CALL(setrlimit, RLIMIT_FSIZE, &limit);
    const long descriptor = file("f", "abcd");
    CALL(lseek, descriptor, 0, SEEK_END);
    answer(CALL(write, descriptor, "e", 1));
    answer(CALL(ftruncate, descriptor, 5));
}
CASE(write, "past 2 GiB, opened without O_LARGEFILE, and with") {
    long long now;
    long descriptor = file("f", "");
    answer(llseek(descriptor, kTwoGiB - 1, SEEK_SET, &now));
    answer(CALL(write, descriptor, "ab", 2));
    descriptor = opened("g", O_RDWR | O_LARGEFILE);
    answer(llseek(descriptor, kTwoGiB - 1, SEEK_SET, &now));
    answer(CALL(write, descriptor, "ab", 2));
}

// --- pread, pwrite, readv, writev ---

ANSWER(pread64, "a negative offset", CALL(pread64, file("f", "abc"), room, 1, -1, -1))
ANSWER(pread64, "behind the end", CALL(pread64, file("f", "abc"), room, 1, 9, 0))
CASE(pread64, "the offset stays") {
    const long descriptor = file("f", "abc");
    answer(CALL(pread64, descriptor, room, 9, 1, 0));
    answer(CALL(lseek, descriptor, 0, SEEK_CUR));
}
ANSWER(pwrite64, "a negative offset", CALL(pwrite64, file("f", "abc"), "X", 1, -1, -1))
CASE(pwrite64, "appends if the file was opened for that") {
    answer(CALL(pwrite64, opened("f", O_RDWR | O_APPEND), "X", 1, 0, 0));
    answer_text("%s", content_of("f"));
}
CASE(readv, "three places") {
    char one[3] = "", two[3] = "";
    struct iovec places[3] = {{one, 2}, {0, 0}, {two, 2}};
    answer(CALL(readv, file("f", "abc"), places, 3));
    answer_text("%s %s", one, two);
}
CASE(readv, "odd places") {
    struct iovec places[2] = {{room, 2}, {room, (unsigned long)-1}};
    const long descriptor = file("f", "abcdef");
    answer(CALL(readv, descriptor, places, 2));
    answer(CALL(readv, descriptor, places, -1));
    answer(CALL(readv, descriptor, places, 1025));
    answer(CALL(readv, descriptor, 0, 2));
    answer(CALL(readv, descriptor, places, 0));
    places[0].iov_base = KERNEL;
    answer(CALL(readv, descriptor, places, 1));
}
CASE(writev, "more than 2 GiB in all is cut") {
    struct iovec places[2] = {{room, 0x7FFFFFFF}, {room, 0x7FFFFFFF}};
    answer_outcome(CALL(writev, CALL(open, "/dev/null", O_WRONLY), places, 2));
}
CASE(preadv, "three places, from an offset") {
    char one[3] = "", two[3] = "";
    struct iovec places[2] = {{one, 2}, {two, 2}};
    const long descriptor = file("f", "abcdef");
    answer(CALL(preadv, descriptor, places, 2, 1, 0));
    answer_text("%s %s %ld", one, two, CALL(lseek, descriptor, 0, SEEK_CUR));
    answer(CALL(preadv, descriptor, places, 2, -1, -1));
}

// --- lseek ---

ANSWER(lseek, "a closed descriptor", CALL(lseek, 77, 0, SEEK_SET))
ANSWER(lseek, "an unknown origin", CALL(lseek, file("f", "abc"), 0, 9))
ANSWER(lseek, "before the start", CALL(lseek, file("f", "abc"), -1, SEEK_SET))
ANSWER(lseek, "from the end", CALL(lseek, file("f", "abc"), -1, SEEK_END))
ANSWER(lseek, "behind the end", CALL(lseek, file("f", "abc"), 100, SEEK_END))
ANSWER(lseek, "data and hole",
       (CALL(lseek, file("f", "abc"), 1, SEEK_DATA) * 10 + CALL(lseek, 3, 1, SEEK_HOLE)))
ANSWER(lseek, "data behind the end", CALL(lseek, file("f", "abc"), 3, SEEK_DATA))
CASE(lseek, "an offset past 2 GiB cannot be told by the small call") {
    long long now;
    const long descriptor = opened("f", O_RDWR | O_LARGEFILE);
    answer(llseek(descriptor, kTwoGiB * 4, SEEK_SET, &now));
    answer_whether(now == kTwoGiB * 4, "there", "elsewhere");
    answer(CALL(lseek, descriptor, 0, SEEK_CUR));
}
CASE(_llseek, "odd arguments") {
    long long now;
    const long descriptor = file("f", "abc");
    answer(llseek(descriptor, 0, 9, &now));
    answer(llseek(descriptor, -1, SEEK_SET, &now));
    answer(llseek(descriptor, 1LL << 62, SEEK_SET, &now));
    answer(llseek(descriptor, 1, SEEK_SET, 0));
    answer(llseek(77, 1, SEEK_SET, &now));
}

// --- the length ---

ANSWER(ftruncate, "a closed descriptor", CALL(ftruncate, 77, 0))
ANSWER(ftruncate, "a negative length", CALL(ftruncate, file("f", "abc"), -1))
ANSWER(ftruncate, "opened for reading", CALL(ftruncate, opened("f", O_RDONLY), 0))
ANSWER(ftruncate, "a folder", CALL(ftruncate, CALL(open, ".", O_RDONLY), 0))
ANSWER(ftruncate64, "a negative length", CALL(ftruncate64, file("f", "abc"), 0, 0x80000000))
ANSWER(ftruncate64, "past 2 GiB, opened without O_LARGEFILE",
       CALL(ftruncate64, file("f", "abc"), 0x80000000, 0))
ANSWER(truncate, "no such file", CALL(truncate, "none", 0))
ANSWER(truncate, "a folder", CALL(truncate, ".", 0))
ANSWER(truncate, "a negative length", (file("f", "abc"), CALL(truncate, "f", -1)))
ANSWER(truncate, "NULL", CALL(truncate, 0, 0))
ANSWER(truncate, "/dev/null", CALL(truncate, "/dev/null", 0))
ANSWER(truncate64, "too large for any file", (file("f", ""), CALL(truncate64, "f", 0, 0x7FFFFFFF)))
CASE(truncate, "shorter, then longer: zeros") {
    const long descriptor = file("f", "abcdef");
    answer(CALL(truncate, "f", 2));
    answer(CALL(truncate, "f", 4));
    answer(CALL(read, descriptor, room, 9));
    answer_text("%d %d %d", room[1], room[2], room[3]);
}

// --- fsync and others ---

ANSWER(fsync, "a closed descriptor", CALL(fsync, 77))
ANSWER(fsync, "a file opened for reading", CALL(fsync, opened("f", O_RDONLY)))
ANSWER(fdatasync, "/dev/null", CALL(fdatasync, CALL(open, "/dev/null", O_WRONLY)))
CASE(sendfile, "from a file to a file, with an offset of its own") {
    long offset = 1;
    const long from = file("f", "abcdef"), to = file("g", "");
    answer(CALL(sendfile, to, from, &offset, 3));
    answer_text("%ld %ld %s", offset, CALL(lseek, from, 0, SEEK_CUR), content_of("g"));
    answer(CALL(sendfile, to, 77, 0, 3));
    answer(CALL(sendfile, to, from, KERNEL, 3));
    answer(CALL(sendfile, opened("h", O_RDONLY), from, 0, 3));
}
ANSWER(fadvise64, "unknown advice", CALL(fadvise64, file("f", "abc"), 0, 0, 0, 99))
CASE(fadvise64, "a pipe") {
    int ends[2];
    CALL(pipe, ends);
    answer(CALL(fadvise64, ends[0], 0, 0, 0, 0));
}

// --- devices ---

CASE(read, "/dev/null, /dev/zero, /dev/full") {
    room[0] = 9;
    answer(CALL(read, CALL(open, "/dev/null", O_RDONLY), room, 5));
    answer(CALL(read, CALL(open, "/dev/zero", O_RDONLY), room, 5));
    answer(room[0]);
}
CASE(write, "/dev/null, /dev/zero") {
    answer(CALL(write, CALL(open, "/dev/null", O_WRONLY), room, 5));
    answer(CALL(write, CALL(open, "/dev/zero", O_WRONLY), room, 5));
    answer(CALL(write, CALL(open, "/dev/null", O_WRONLY), 0, 5));
    answer(CALL(lseek, CALL(open, "/dev/null", O_WRONLY), 5, SEEK_SET));
}
CASE(getrandom, "odd arguments") {
    answer(CALL(getrandom, room, 16, 0));
    answer(CALL(getrandom, room, 16, 8));
    answer(CALL(getrandom, room, 16, 6));
    answer(CALL(getrandom, 0, 16, 0));
    answer(CALL(getrandom, 0, 0, 0));
}
CASE(memfd_create, "a file without a name, and odd arguments") {
    answer_outcome(CALL(memfd_create, "m", 1));
    answer_text("%ld", CALL(fcntl64, 3, F_GETFD));
    answer(CALL(write, 3, "abc", 3));
    answer(CALL(memfd_create, "m", 0x80));
    answer(CALL(memfd_create, 0, 0));
    memset(room, 'm', 250);
    answer(CALL(memfd_create, room, 0));
    CALL(readlink, "/proc/self/fd/3", room, 100);
    answer_text("%.18s", room);
}
