// Pipes: their two ends, what is in between, and what happens when one end is gone.
#define SUBJECT "pipes"
#include "tests/oracle/frame.h"

#include <asm/ioctls.h>
#include <linux/poll.h>
#include <linux/uio.h>

static int ends[2];
static int* a_pipe(void) {
    CALL(pipe, ends);
    return ends;
}
static int polled(int descriptor, int events) {
    struct pollfd one = {descriptor, (short)events, 0};
    CALL(poll, &one, 1, 0);
    return one.revents;
}
static void answer_events(int events) {
    answer_text("%s%s%s%s%s", events & POLLIN ? "in " : "", events & POLLOUT ? "out " : "",
                events & POLLHUP ? "hup " : "", events & POLLERR ? "err " : "",
                events ? "." : "none");
}

ANSWER(pipe, "NULL for the two numbers", CALL(pipe, 0))
ANSWER(pipe, "a place that may not be written", CALL(pipe, pages().read_only))
CASE(pipe, "the two lowest free numbers") {
    answer(CALL(pipe, ends));
    answer_text("%d %d", ends[0], ends[1]);
}
CASE(pipe, "numbers that could not be told are free again") {
    CALL(pipe, 0);
    answer(CALL(dup, 0));
}
ANSWER(pipe2, "an unknown flag", CALL(pipe2, ends, 1))
CASE(pipe2, "close on exec, without waiting") {
    answer(CALL(pipe2, ends, O_CLOEXEC | O_NONBLOCK));
    answer_text("%ld %ld", CALL(fcntl64, ends[0], F_GETFD),
                CALL(fcntl64, ends[1], F_GETFL) & (O_NONBLOCK | O_ACCMODE));
    answer(CALL(read, ends[0], room, 1));
}
ANSWER(read, "the end to write to", CALL(read, a_pipe()[1], room, 1))
ANSWER(write, "the end to read from", CALL(write, a_pipe()[0], room, 1))
ANSWER(lseek, "a pipe", CALL(lseek, a_pipe()[0], 0, SEEK_CUR))
ANSWER(pread64, "a pipe", CALL(pread64, a_pipe()[0], room, 1, 0, 0))
ANSWER(ftruncate, "a pipe", CALL(ftruncate, a_pipe()[1], 0))
ANSWER(fsync, "a pipe", CALL(fsync, a_pipe()[1]))
CASE(read, "what was written, in pieces of another size") {
    a_pipe();
    answer(CALL(write, ends[1], "abc", 3));
    answer(CALL(write, ends[1], "defg", 4));
    answer(CALL(read, ends[0], room, 5));
    answer(CALL(read, ends[0], room + 5, 5));
    answer_text("%s", room);
}
ANSWER(read, "0 bytes of an empty pipe", CALL(read, a_pipe()[0], room, 0))
ANSWER(write, "0 bytes", CALL(write, a_pipe()[1], room, 0))
CASE(read, "no writer left") {
    a_pipe();
    CALL(write, ends[1], "a", 1);
    CALL(close, ends[1]);
    answer(CALL(read, ends[0], room, 5));
    answer(CALL(read, ends[0], room, 5));
}
CASE(write, "no reader left") {
    a_pipe();
    CALL(close, ends[0]);
    CALL(write, ends[1], "a", 1);
}
CASE(write, "no reader left, SIGPIPE ignored") {
    act(SIGPIPE, (void*)1, 0, 0);
    a_pipe();
    CALL(close, ends[0]);
    answer(CALL(write, ends[1], "a", 1));
    answer(CALL(write, ends[1], "a", 0));
}
CASE(write, "until it is full, without waiting") {
    CALL(pipe2, ends, O_NONBLOCK);
    long all = 0, got;
    while ((got = CALL(write, ends[1], room, 4096)) > 0)
        all += got;
    answer(all);
    answer(got);
    answer(CALL(write, ends[1], room, 1));
}
CASE(write, "more than a page into a pipe with less room, without waiting") {
    CALL(pipe2, ends, O_NONBLOCK);
    for (int page = 0; page < 15; ++page)
        CALL(write, ends[1], room, 4096);
    char* const much = map(4 * kPage);
    answer(CALL(write, ends[1], much, 4 * kPage));
}
CASE(write, "a page or less is written whole or not at all") {
    CALL(pipe2, ends, O_NONBLOCK);
    for (int page = 0; page < 16; ++page)
        CALL(write, ends[1], room, 4096);
    CALL(read, ends[0], room, 4000);
    answer(CALL(write, ends[1], room, 4096));
    CALL(read, ends[0], room, 96);
    answer(CALL(write, ends[1], room, 4096));
}
CASE(write, "from a place that may not be read") {
    a_pipe();
    answer(CALL(write, ends[1], 0, 1));
    answer(CALL(write, ends[1], pages().hole, 1));
    answer(CALL(write, ends[1], KERNEL, 1));
    answer(CALL(write, ends[1], pages().read_only, 0xFFFFFFFF));
}
CASE(read, "to a place that may not be written: the bytes stay") {
    a_pipe();
    CALL(write, ends[1], "abc", 3);
    answer(CALL(read, ends[0], 0, 3));
    answer(CALL(read, ends[0], pages().read_only, 3));
    answer(CALL(read, ends[0], room, 3));
}
CASE(ioctl, "FIONREAD counts the bytes") {
    int bytes = 9;
    a_pipe();
    CALL(write, ends[1], "abc", 3);
    answer(CALL(ioctl, ends[0], FIONREAD, &bytes));
    answer(bytes);
    answer(CALL(ioctl, ends[0], FIONREAD, 0));
}
ANSWER(ioctl, "TCGETS of a pipe", CALL(ioctl, a_pipe()[0], TCGETS, room))
ANSWER(ioctl, "an unknown request", CALL(ioctl, a_pipe()[0], 0x1234, room))
CASE(fcntl64, "the size of a pipe, and another one") {
    a_pipe();
    answer(CALL(fcntl64, ends[0], F_SETFL, O_NONBLOCK));
    answer(CALL(fcntl64, ends[0], 1032));
    answer(CALL(fcntl64, ends[1], 1031, 5000));
    answer(CALL(fcntl64, ends[1], 1032));
}
CASE(poll, "an empty pipe, one with bytes, a full one") {
    CALL(pipe2, ends, O_NONBLOCK);
    answer_events(polled(ends[0], POLLIN));
    answer_events(polled(ends[1], POLLOUT));
    CALL(write, ends[1], room, 10);
    answer_events(polled(ends[0], POLLIN));
    while (CALL(write, ends[1], room, 4096) > 0) {
    }
    answer_events(polled(ends[1], POLLOUT));
}
CASE(poll, "the other end is gone") {
    a_pipe();
    const int in = ends[0];
    CALL(close, ends[1]);
    answer_events(polled(in, POLLIN));
    a_pipe();
    CALL(close, ends[0]);
    answer_events(polled(ends[1], POLLOUT));
}
CASE(poll, "bytes, and no writer left") {
    a_pipe();
    CALL(write, ends[1], "a", 1);
    CALL(close, ends[1]);
    answer_events(polled(ends[0], POLLIN));
}
CASE(read, "a signal comes while it waits") {
    a_pipe();
    const long me = CALL(getpid);
    act(SIGUSR1, (void*)end, 0, 0);
    if (CALL(fork) == 0) {
        rest(100);
        CALL(kill, me, SIGUSR1);
        end(0);
    }
    CALL(read, ends[0], room, 1);
}
CASE(fstat64, "what a pipe is") {
    struct stat64_of_linux {
        unsigned char before[16];
        unsigned int mode;
    } status;
    char all[96];
    a_pipe();
    answer(CALL(fstat64, ends[0], all));
    memcpy(&status, all, sizeof status);
    answer_text("%o", status.mode);
}
CASE(fcntl64, "reopened through /proc: another end") {
    char path[40];
    a_pipe();
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    const long writer = CALL(open, path, O_WRONLY);
    answer_outcome(writer);
    answer(CALL(write, writer, "ab", 2));
    answer(CALL(read, ends[0], room, 5));
}
CASE(mknod, "a named pipe: opened without waiting") {
    answer(CALL(mknod, "p", 010644, 0));
    answer(CALL(open, "p", O_WRONLY | O_NONBLOCK));
    answer(CALL(open, "p", O_RDONLY | O_NONBLOCK));
    answer(CALL(open, "p", O_WRONLY | O_NONBLOCK));
    answer(CALL(write, 4, "abc", 3));
    answer(CALL(read, 3, room, 9));
}
CASE(writev, "several pieces are one message") {
    struct iovec pieces[3] = {{(void*)"ab", 2}, {0, 0}, {(void*)"cde", 3}};
    a_pipe();
    answer(CALL(writev, ends[1], pieces, 3));
    answer(CALL(read, ends[0], room, 9));
    answer_text("%s", room);
}
CASE(writev, "a bad first piece, a bad second piece") {
    struct iovec bad_first[2] = {{0, 2}, {(void*)"cde", 3}};
    struct iovec bad_second[2] = {{(void*)"cde", 3}, {0, 2}};
    a_pipe();
    answer(CALL(writev, ends[1], bad_first, 2));
    answer(CALL(writev, ends[1], bad_second, 2));
}
CASE(writev, "odd counts") {
    struct iovec piece = {(void*)"ab", 2};
    a_pipe();
    answer(CALL(writev, ends[1], &piece, 0));
    answer(CALL(writev, ends[1], &piece, 1025));
    answer(CALL(writev, ends[1], &piece, -1));
    answer(CALL(writev, ends[1], 0, 1));
    answer(CALL(writev, ends[1], 0, 0));
    piece.iov_len = (unsigned long)-1;
    answer(CALL(writev, ends[1], &piece, 1));
}
