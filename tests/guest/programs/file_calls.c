// The file calls as a program sees them: what they answer, what is there then, and each error.
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <asm/signal.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "tests/guest/programs/tap.h"

enum { kSet = 0, kCurrent = 1, kEnd = 2 };  // whence
static const char file_path[] = "/tmp/file_calls";
static const char other_path[] = "/tmp/file_calls2";
static const char folder_path[] = "/tmp/file_folder";
static char buffer[8192];

struct Vector {
    const void* start;
    unsigned long bytes;
};
struct PollWish {
    int file;
    short wanted, found;
};

static int is_same(const char* one, const char* other) {
    while (*one != 0 && *one == *other)
        ++one, ++other;
    return *one == *other;
}
static long open_new(int flags) {
    return system_call(SYS_open, file_path, O_CREAT | O_TRUNC | O_RDWR | flags, 0644);
}
static long read_at(long file, long offset, unsigned long bytes) {
    return system_call6(SYS_pread64, file, (long)buffer, (long)bytes, offset, 0, 0);
}
static unsigned mode_of(const char* path) {
    struct stat64 status;
    return system_call(SYS_stat64, path, &status) == 0 ? status.st_mode : 0;
}

// --- Descriptors ---

TEST(descriptors_are_the_lowest_free_numbers) {
    const long first = open_new(0);
    const long second = open_new(0);
    CHECK_EQUAL(second, first + 1);
    CHECK_EQUAL(system_call(SYS_close, first), 0);
    CHECK_EQUAL(system_call(SYS_close, first), -EBADF);
    CHECK_EQUAL(system_call(SYS_dup, second), first);
    CHECK_EQUAL(system_call(SYS_dup2, second, 50), 50);
    CHECK_EQUAL(system_call(SYS_dup2, second, second), second);
    CHECK_EQUAL(system_call(SYS_dup2, 99, 50), -EBADF);
    CHECK_EQUAL(system_call(SYS_dup2, second, -1), -EBADF);
    CHECK_EQUAL(system_call(SYS_dup3, second, second, 0), -EINVAL);
    CHECK_EQUAL(system_call(SYS_dup3, second, 51, O_CLOEXEC), 51);
    CHECK_EQUAL(system_call(SYS_fcntl64, 51, F_GETFD, 0), FD_CLOEXEC);
    CHECK_EQUAL(system_call(SYS_fcntl64, 50, F_DUPFD, 60), 60);
    CHECK_EQUAL(system_call(SYS_fcntl64, 50, F_DUPFD, -1), -EINVAL);
    system_call(SYS_unlink, file_path);
}

TEST(fcntl_reads_and_sets_flags) {
    const long file = open_new(O_APPEND);
    CHECK_EQUAL(system_call(SYS_fcntl64, file, F_GETFL, 0) & ~O_LARGEFILE, O_RDWR | O_APPEND);
    CHECK_EQUAL(system_call(SYS_fcntl64, file, F_SETFL, O_NONBLOCK), 0);
    CHECK_EQUAL(system_call(SYS_fcntl64, file, F_GETFL, 0) & ~O_LARGEFILE, O_RDWR | O_NONBLOCK);
    CHECK_EQUAL(system_call(SYS_fcntl64, file, F_GETFD, 0), 0);
    CHECK_EQUAL(system_call(SYS_fcntl64, file, F_SETFD, FD_CLOEXEC), 0);
    CHECK_EQUAL(system_call(SYS_fcntl64, file, F_GETFD, 0), FD_CLOEXEC);
    CHECK_EQUAL(system_call(SYS_ioctl, file, FIONCLEX, 0), 0);
    CHECK_EQUAL(system_call(SYS_fcntl64, file, F_GETFD, 0), 0);
    CHECK_EQUAL(system_call(SYS_fcntl64, file, 777, 0), -EINVAL);
    CHECK_EQUAL(system_call(SYS_fcntl64, 99, F_GETFD, 0), -EBADF);
    CHECK_EQUAL(system_call(SYS_ioctl, file, TCGETS, buffer), -ENOTTY);
    CHECK_EQUAL(system_call(SYS_ioctl, 99, TCGETS, buffer), -EBADF);
    system_call(SYS_unlink, file_path);
}

TEST(open_makes_finds_and_refuses) {
    system_call(SYS_unlink, file_path);
    CHECK_EQUAL(system_call(SYS_open, file_path, O_RDONLY, 0), -ENOENT);
    CHECK(system_call(SYS_open, file_path, O_CREAT | O_EXCL | O_RDWR, 0600) >= 0);
    CHECK_EQUAL(system_call(SYS_open, file_path, O_CREAT | O_EXCL | O_RDWR, 0600), -EEXIST);
    CHECK_EQUAL(system_call(SYS_open, file_path, O_DIRECTORY, 0), -ENOTDIR);
    CHECK_EQUAL(system_call(SYS_open, "/tmp/file_calls/x", 0, 0), -ENOTDIR);
    CHECK_EQUAL(system_call(SYS_open, "/tmp", O_WRONLY, 0), -EISDIR);
    CHECK_EQUAL(system_call(SYS_openat, 99, "x", 0, 0), -EBADF);
    CHECK(system_call(SYS_openat, 99, "/tmp", 0, 0) >= 0);
    CHECK(system_call(SYS_openat, AT_FDCWD, "/tmp", 0, 0) >= 0);
    CHECK(system_call(SYS_creat, file_path, 0600) >= 0);
    system_call(SYS_unlink, file_path);
}

TEST(too_many_open_files_are_refused) {
    const unsigned long limits[] = {100, 100};
    long file = 0;
    CHECK_EQUAL(system_call(SYS_setrlimit, 7 /* RLIMIT_NOFILE */, limits), 0);
    for (int i = 0; i < 5000 && file >= 0; ++i)
        file = system_call(SYS_dup, 0);
    CHECK_EQUAL(file, -EMFILE);
    CHECK_EQUAL(system_call(SYS_open, "/tmp", 0, 0), -EMFILE);
    CHECK_EQUAL(system_call(SYS_pipe, buffer), -EMFILE);
}

// --- Bytes ---

TEST(what_is_written_is_read) {
    const long file = open_new(0);
    CHECK_EQUAL(system_call(SYS_write, file, "0123456789", 10), 10);
    CHECK_EQUAL(system_call(SYS_read, file, buffer, 10), 0);
    CHECK_EQUAL(system_call(SYS_lseek, file, 2, kSet), 2);
    CHECK_EQUAL(system_call(SYS_read, file, buffer, 3), 3);
    CHECK(buffer[0] == '2' && buffer[2] == '4');
    CHECK_EQUAL(system_call(SYS_lseek, file, -1, kCurrent), 4);
    CHECK_EQUAL(system_call(SYS_lseek, file, 5, kEnd), 15);
    CHECK_EQUAL(system_call(SYS_write, file, "x", 1), 1);
    CHECK_EQUAL(read_at(file, 8, 100), 8);
    CHECK(buffer[1] == '9' && buffer[2] == 0 && buffer[7] == 'x');
    CHECK_EQUAL(system_call(SYS_lseek, file, -1, kSet), -EINVAL);
    CHECK_EQUAL(system_call(SYS_lseek, file, 0, 77), -EINVAL);
    CHECK_EQUAL(system_call(SYS_lseek, 99, 0, kSet), -EBADF);
    CHECK_EQUAL(system_call(SYS_read, 99, buffer, 1), -EBADF);
    CHECK_EQUAL(system_call(SYS_write, 99, buffer, 1), -EBADF);
    CHECK_EQUAL(system_call(SYS_read, file, buffer, 0), 0);
    system_call(SYS_unlink, file_path);
}

TEST(a_place_beyond_2_GiB_needs_llseek) {
    const long file = open_new(O_LARGEFILE);
    unsigned long long place = 0;
    CHECK_EQUAL(system_call(SYS__llseek, file, 1, 5, &place, kSet), 0);
    CHECK(place == 0x100000005ULL);
    CHECK_EQUAL(system_call(SYS__llseek, file, -1, -1, &place, kSet), -EINVAL);
    int ends[2];
    system_call(SYS_pipe, ends);
    CHECK_EQUAL(system_call(SYS__llseek, ends[0], 0, 0, &place, kSet), -ESPIPE);
    CHECK_EQUAL(system_call(SYS_lseek, ends[0], 0, kSet), -ESPIPE);
    CHECK_EQUAL(read_at(ends[0], 0, 1), -ESPIPE);
    system_call(SYS_unlink, file_path);
}

TEST(reading_and_writing_need_the_right_mode) {
    open_new(0);
    const long reader = system_call(SYS_open, file_path, O_RDONLY, 0);
    const long writer = system_call(SYS_open, file_path, O_WRONLY, 0);
    CHECK_EQUAL(system_call(SYS_write, reader, "x", 1), -EBADF);
    CHECK_EQUAL(system_call(SYS_read, writer, buffer, 1), -EBADF);
    CHECK_EQUAL(system_call(SYS_write, reader, (void*)0xC0000000, 1), -EBADF);
    CHECK_EQUAL(system_call6(SYS_pread64, reader, (long)buffer, 1, -1, -1, 0), -EINVAL);
    CHECK_EQUAL(system_call6(SYS_pwrite64, reader, (long)buffer, 1, 0, 0, 0), -EBADF);
    const long folder = system_call(SYS_open, "/tmp", O_RDONLY, 0);
    CHECK_EQUAL(system_call(SYS_read, folder, buffer, 1), -EISDIR);
    CHECK_EQUAL(system_call(SYS_ftruncate, reader, 0), -EINVAL);
    system_call(SYS_unlink, file_path);
}

TEST(vectors_are_read_and_written_in_order) {
    const long file = open_new(0);
    char one[3], two[10];
    const struct Vector out[] = {{"abc", 3}, {"", 0}, {"defgh", 5}};
    const struct Vector in[] = {{one, 3}, {two, 10}};
    CHECK_EQUAL(system_call(SYS_writev, file, out, 3), 8);
    system_call(SYS_lseek, file, 0, kSet);
    CHECK_EQUAL(system_call(SYS_readv, file, in, 2), 8);
    CHECK(one[0] == 'a' && one[2] == 'c' && two[0] == 'd' && two[4] == 'h');
    const struct Vector negative[] = {{buffer, (unsigned long)-1}};
    CHECK_EQUAL(system_call(SYS_writev, file, negative, 1), -EINVAL);
    CHECK_EQUAL(system_call(SYS_writev, file, out, 1025), -EINVAL);
    CHECK_EQUAL(system_call(SYS_writev, file, out, -1), -EINVAL);
    CHECK_EQUAL(system_call(SYS_writev, file, 0, 0), 0);
    CHECK_EQUAL(system_call(SYS_writev, 99, out, 1), -EBADF);
    system_call(SYS_unlink, file_path);
}

TEST(vectors_have_forms_with_a_place) {
    const long file = open_new(0);
    char one[2], two[10];
    const struct Vector out[] = {{"abc", 3}, {"de", 2}};
    const struct Vector in[] = {{one, 2}, {two, 10}};
    CHECK_EQUAL(system_call(__NR_pwritev, file, out, 2, 4, 0), 5);
    CHECK_EQUAL(system_call(SYS_lseek, file, 0, kCurrent), 0);
    CHECK_EQUAL(system_call(__NR_preadv, file, in, 2, 5, 0), 4);
    CHECK(one[0] == 'b' && one[1] == 'c' && two[1] == 'e');
    CHECK_EQUAL(system_call(__NR_preadv, file, in, 2, -1, -1), -EINVAL);
    CHECK_EQUAL(system_call(__NR_preadv, file, 0, 1, 0, 0), -EFAULT);
    system_call(SYS_unlink, file_path);
}

TEST(advice_about_a_file_is_taken_or_refused) {
    const long file = open_new(0);
    int ends[2];
    system_call(SYS_pipe, ends);
    for (int advice = 0; advice < 6; ++advice) {
        CHECK_EQUAL(system_call(__NR_fadvise64, file, 0, 0, 100, advice), 0);
        CHECK_EQUAL(system_call6(__NR_fadvise64_64, file, 0, 0, 100, 0, advice), 0);
    }
    CHECK_EQUAL(system_call(__NR_fadvise64, file, 0, 0, 100, 6), -EINVAL);
    CHECK_EQUAL(system_call(__NR_fadvise64, 99, 0, 0, 100, 0), -EBADF);
    CHECK_EQUAL(system_call(__NR_fadvise64, ends[0], 0, 0, 100, 0), -ESPIPE);
    system_call(SYS_unlink, file_path);
}

TEST(appended_bytes_go_to_the_end) {
    const long file = open_new(O_APPEND);
    system_call(SYS_write, file, "abc", 3);
    system_call(SYS_lseek, file, 0, kSet);
    system_call(SYS_write, file, "def", 3);
    CHECK_EQUAL(read_at(file, 0, 100), 6);
    CHECK_EQUAL(buffer[3], 'd');
    system_call(SYS_unlink, file_path);
}

TEST(truncate_cuts_and_grows) {
    const long file = open_new(0);
    system_call(SYS_write, file, "abcdef", 6);
    CHECK_EQUAL(system_call(SYS_ftruncate, file, 3), 0);
    CHECK_EQUAL(system_call(SYS_truncate, file_path, 5), 0);
    CHECK_EQUAL(read_at(file, 0, 100), 5);
    CHECK(buffer[2] == 'c' && buffer[3] == 0 && buffer[4] == 0);
    CHECK_EQUAL(system_call(SYS_truncate64, file_path, 1, 0), 0);
    CHECK_EQUAL(system_call(SYS_ftruncate64, file, 2, 0), 0);
    CHECK_EQUAL(system_call(SYS_ftruncate, file, -1), -EINVAL);
    CHECK_EQUAL(system_call(SYS_truncate, file_path, -1), -EINVAL);
    CHECK_EQUAL(system_call(SYS_truncate, "/tmp", 0), -EISDIR);
    CHECK_EQUAL(system_call(SYS_truncate, "/tmp/file_none", 0), -ENOENT);
    CHECK_EQUAL(system_call(SYS_fsync, file), 0);
    CHECK_EQUAL(system_call(SYS_fdatasync, file), 0);
    CHECK_EQUAL(system_call(SYS_fsync, 99), -EBADF);
    CHECK_EQUAL(system_call(SYS_sync), 0);
    system_call(SYS_unlink, file_path);
}

TEST(descriptors_of_a_child_share_the_offset) {
    const long file = open_new(0);
    system_call(SYS_write, file, "abcdef", 6);
    system_call(SYS_lseek, file, 0, kSet);
    const long child = system_call(SYS_fork);
    if (child == 0) system_call(SYS_exit_group, system_call(SYS_read, file, buffer, 2));
    int status;
    system_call(SYS_wait4, child, &status, 0, 0);
    CHECK_EQUAL(status, 2 << 8);
    CHECK_EQUAL(system_call(SYS_lseek, file, 0, kCurrent), 2);
    system_call(SYS_unlink, file_path);
}

TEST(sendfile_copies_between_descriptors) {
    enum { kBytes = 10000 };
    const long from = open_new(0);
    const long to = system_call(SYS_creat, other_path, 0600);
    for (int i = 0; i < kBytes / 10; ++i)
        system_call(SYS_write, from, "0123456789", 10);
    system_call(SYS_lseek, from, 5, kSet);
    CHECK_EQUAL(system_call(__NR_sendfile, to, from, 0, 100), 100);
    CHECK_EQUAL(system_call(SYS_lseek, from, 0, kCurrent), 105);
    long long offset = 9000;
    CHECK_EQUAL(system_call(SYS_sendfile64, to, from, &offset, 5000), 1000);
    CHECK(offset == kBytes);
    CHECK_EQUAL(system_call(SYS_lseek, from, 0, kCurrent), 105);
    CHECK_EQUAL(system_call(SYS_sendfile64, to, from, &offset, 1), 0);
    offset = 0;
    CHECK_EQUAL(system_call(SYS_sendfile64, to, from, &offset, kBytes), kBytes);
    CHECK_EQUAL(system_call(SYS_lseek, to, 0, kEnd), kBytes + 1100);
    CHECK_EQUAL(system_call(SYS_sendfile64, from, to, 0, 1), -EBADF);
    CHECK_EQUAL(system_call(SYS_sendfile64, 99, from, 0, 1), -EBADF);
    CHECK_EQUAL(system_call(SYS_sendfile64, to, from, (void*)0xC0000000, 1), -EFAULT);
    offset = -1;
    CHECK_EQUAL(system_call(SYS_sendfile64, to, from, &offset, 1), -EINVAL);
    const long reader = system_call(SYS_open, other_path, O_RDONLY, 0);
    CHECK_EQUAL(read_at(reader, 0, 10), 10);
    CHECK_EQUAL(buffer[0], '5');
    system_call(SYS_unlink, file_path);
    system_call(SYS_unlink, other_path);
}

TEST(a_file_without_a_name_is_shared_memory) {
    const long file = system_call(__NR_memfd_create, "memory", 1);
    REQUIRE(file >= 0);
    CHECK_EQUAL(system_call(SYS_fcntl64, file, F_GETFD, 0), FD_CLOEXEC);
    CHECK_EQUAL(system_call(SYS_ftruncate, file, 5000), 0);
    char* const pages = (char*)system_call6(SYS_mmap2, 0, 8192, 3, 1, file, 0);
    pages[4999] = 'm';
    CHECK_EQUAL(read_at(file, 4998, 10), 2);
    CHECK_EQUAL(buffer[1], 'm');
    CHECK_EQUAL(system_call(SYS_close, file), 0);
    CHECK_EQUAL(pages[4999], 'm');
    CHECK_EQUAL(system_call(__NR_memfd_create, 0, 0), -EFAULT);
    CHECK_EQUAL(system_call(__NR_memfd_create, "x", 0x100), -EINVAL);
}

// --- Pipes, poll, select ---

static void write_to(long end) {
    system_call(SYS_write, end, "x", 1);
}

TEST(pipes_carry_bytes_and_end) {
    int ends[2];
    REQUIRE(system_call(SYS_pipe, ends) == 0);
    CHECK_EQUAL(system_call(SYS_write, ends[1], "abc", 3), 3);
    CHECK_EQUAL(system_call(SYS_read, ends[0], buffer, 100), 3);
    CHECK_EQUAL(system_call(SYS_write, ends[0], "x", 1), -EBADF);
    CHECK_EQUAL(system_call(SYS_fcntl64, ends[0], F_SETFL, O_NONBLOCK), 0);
    CHECK_EQUAL(system_call(SYS_read, ends[0], buffer, 1), -EAGAIN);
    system_call(SYS_close, ends[1]);
    CHECK_EQUAL(system_call(SYS_read, ends[0], buffer, 1), 0);
    CHECK_EQUAL(system_call(SYS_pipe2, ends, 1), -EINVAL);
}

TEST(how_much_can_be_read_is_told) {
    int ends[2], bytes = -1;
    const long file = open_new(0);
    system_call(SYS_pipe, ends);
    CHECK_EQUAL(system_call(SYS_ioctl, ends[0], FIONREAD, &bytes), 0);
    CHECK_EQUAL(bytes, 0);
    system_call(SYS_write, ends[1], buffer, 5000);
    system_call(SYS_read, ends[0], buffer, 7);
    CHECK_EQUAL(system_call(SYS_ioctl, ends[0], FIONREAD, &bytes), 0);
    CHECK_EQUAL(bytes, 4993);
    system_call(SYS_write, file, buffer, 100);
    system_call(SYS_lseek, file, 30, kSet);
    CHECK_EQUAL(system_call(SYS_ioctl, file, FIONREAD, &bytes), 0);
    CHECK_EQUAL(bytes, 70);
    CHECK_EQUAL(system_call(SYS_ioctl, ends[0], FIONREAD, 0), -EFAULT);
    system_call(SYS_unlink, file_path);
}

TEST(a_write_nobody_reads_is_a_signal) {
    int ends[2];
    system_call(SYS_pipe, ends);
    system_call(SYS_close, ends[0]);
    CHECK_EQUAL(tap_signal_in_child(write_to, ends[1]), SIGPIPE);
    const unsigned long ignored[] = {1, 0, 0, 0, 0};
    system_call(SYS_rt_sigaction, SIGPIPE, ignored, 0, 8);
    CHECK_EQUAL(system_call(SYS_write, ends[1], "x", 1), -EPIPE);
}

TEST(a_reader_waits_for_a_writer) {
    int ends[2];
    system_call(SYS_pipe, ends);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        const long time[] = {0, 20000000};
        system_call(SYS_nanosleep, time, 0);
        write_to(ends[1]);
        system_call(SYS_exit_group, 0);
    }
    CHECK_EQUAL(system_call(SYS_read, ends[0], buffer, 1), 1);
    system_call(SYS_wait4, child, 0, 0, 0);
}

TEST(a_full_pipe_blocks_its_writer_until_there_is_room) {
    int ends[2];
    system_call(SYS_pipe, ends);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        long sum = 0;
        system_call(SYS_close, ends[0]);
        for (int i = 0; i < 40; ++i)
            sum += system_call(SYS_write, ends[1], buffer, 5000);
        system_call(SYS_exit_group, sum == 200000 ? 0 : 1);
    }
    system_call(SYS_close, ends[1]);
    long sum = 0;
    for (long got; (got = system_call(SYS_read, ends[0], buffer, sizeof buffer)) > 0;)
        sum += got;
    int status;
    CHECK_EQUAL(sum, 200000);
    system_call(SYS_wait4, child, &status, 0, 0);
    CHECK_EQUAL(status, 0);
}

TEST(poll_tells_what_can_be_done) {
    int ends[2];
    system_call(SYS_pipe, ends);
    struct PollWish wishes[] = {
        {ends[0], POLLIN, 9}, {ends[1], POLLOUT, 9}, {-1, POLLIN, 9}, {99, POLLIN, 9}};
    CHECK_EQUAL(system_call(SYS_poll, wishes, 4, 0), 2);
    CHECK_EQUAL(wishes[0].found, 0);
    CHECK_EQUAL(wishes[1].found, POLLOUT);
    CHECK_EQUAL(wishes[2].found, 0);
    CHECK_EQUAL(wishes[3].found, POLLNVAL);
    system_call(SYS_write, ends[1], "x", 1);
    CHECK_EQUAL(system_call(SYS_poll, wishes, 1, -1), 1);
    CHECK_EQUAL(wishes[0].found, POLLIN);
    system_call(SYS_close, ends[1]);
    CHECK_EQUAL(system_call(SYS_poll, wishes, 1, -1), 1);
    CHECK_EQUAL(wishes[0].found, POLLIN | POLLHUP);
    CHECK_EQUAL(system_call(SYS_poll, 0, 0, 10), 0);
    CHECK_EQUAL(system_call(SYS_poll, wishes, 100000, 0), -EINVAL);
}

TEST(poll_waits_for_the_first_that_is_ready) {
    int one[2], two[2];
    system_call(SYS_pipe, one);
    system_call(SYS_pipe, two);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        const long time[] = {0, 20000000};
        system_call(SYS_nanosleep, time, 0);
        write_to(two[1]);
        system_call(SYS_exit_group, 0);
    }
    struct PollWish wishes[] = {{one[0], POLLIN, 0}, {two[0], POLLIN, 0}};
    CHECK_EQUAL(system_call(SYS_poll, wishes, 2, -1), 1);
    CHECK_EQUAL(wishes[1].found, POLLIN);
    system_call(SYS_wait4, child, 0, 0, 0);
}

TEST(select_tells_what_can_be_done) {
    int ends[2];
    system_call(SYS_pipe, ends);
    unsigned long in[32] = {0}, out[32] = {0};
    long time[] = {0, 1000};
    in[0] = 1UL << ends[0];
    out[0] = 1UL << ends[1];
    CHECK_EQUAL(system_call(SYS__newselect, 32, in, out, 0, time), 1);
    CHECK_EQUAL(in[0], 0);
    CHECK_EQUAL(out[0], 1UL << ends[1]);
    in[0] = 1UL << ends[0];
    CHECK_EQUAL(system_call(SYS__newselect, 32, in, 0, 0, time), 0);
    CHECK_EQUAL(time[0] + time[1], 0);
    in[0] = 1UL << 29;
    CHECK_EQUAL(system_call(SYS__newselect, 32, in, 0, 0, 0), -EBADF);
    CHECK_EQUAL(system_call(SYS__newselect, -1, 0, 0, 0, 0), -EINVAL);
    time[1] = -1;
    CHECK_EQUAL(system_call(SYS__newselect, 0, 0, 0, 0, time), -EINVAL);
}

// --- Names ---

TEST(names_are_made_moved_and_removed) {
    system_call(SYS_close, open_new(0));
    CHECK_EQUAL(system_call(SYS_link, file_path, other_path), 0);
    CHECK_EQUAL(system_call(SYS_link, file_path, other_path), -EEXIST);
    CHECK_EQUAL(system_call(SYS_unlink, file_path), 0);
    CHECK_EQUAL(system_call(SYS_unlink, file_path), -ENOENT);
    CHECK_EQUAL(system_call(SYS_rename, other_path, file_path), 0);
    CHECK_EQUAL(system_call(SYS_rename, other_path, file_path), -ENOENT);
    CHECK_EQUAL(system_call(SYS_mkdir, folder_path, 0755), 0);
    CHECK_EQUAL(system_call(SYS_mkdir, folder_path, 0755), -EEXIST);
    CHECK_EQUAL(system_call(SYS_rename, file_path, folder_path), -EISDIR);
    CHECK_EQUAL(system_call(SYS_rename, folder_path, file_path), -ENOTDIR);
    CHECK_EQUAL(system_call(SYS_unlink, folder_path), -EISDIR);
    CHECK_EQUAL(system_call(SYS_rmdir, file_path), -ENOTDIR);
    CHECK_EQUAL(system_call(SYS_rename, file_path, "/tmp/file_folder/in"), 0);
    CHECK_EQUAL(system_call(SYS_rmdir, folder_path), -ENOTEMPTY);
    const long folder = system_call(SYS_open, folder_path, O_DIRECTORY, 0);
    CHECK_EQUAL(system_call(SYS_linkat, folder, "in", folder, "again", 0), 0);
    CHECK_EQUAL(system_call(SYS_unlinkat, folder, "again", 0), 0);
    CHECK_EQUAL(system_call(SYS_unlinkat, folder, "in", 1), -EINVAL);
    CHECK_EQUAL(system_call(SYS_renameat, folder, "in", AT_FDCWD, file_path), 0);
    CHECK_EQUAL(system_call(SYS_mkdirat, folder, "sub", 0700), 0);
    CHECK_EQUAL(system_call(SYS_unlinkat, folder, "sub", AT_REMOVEDIR), 0);
    CHECK_EQUAL(system_call(SYS_rmdir, folder_path), 0);
    system_call(SYS_unlink, file_path);
}

TEST(symbolic_links_are_read_and_followed) {
    system_call(SYS_close, open_new(0));
    CHECK_EQUAL(system_call(SYS_symlink, file_path, other_path), 0);
    CHECK_EQUAL(system_call(SYS_readlink, other_path, buffer, 100), sizeof file_path - 1);
    CHECK_EQUAL(system_call(SYS_readlink, other_path, buffer, 4), 4);
    CHECK_EQUAL(system_call(SYS_readlink, other_path, buffer, 0), -EINVAL);
    CHECK_EQUAL(system_call(SYS_readlink, file_path, buffer, 100), -EINVAL);
    CHECK_EQUAL(system_call(SYS_readlinkat, AT_FDCWD, other_path, buffer, 100),
                sizeof file_path - 1);
    CHECK_EQUAL(mode_of(other_path) & S_IFMT, S_IFREG);
    struct stat64 status;
    CHECK_EQUAL(system_call(SYS_lstat64, other_path, &status), 0);
    CHECK_EQUAL(status.st_mode & S_IFMT, S_IFLNK);
    CHECK_EQUAL(system_call(SYS_fstatat64, AT_FDCWD, other_path, &status, AT_SYMLINK_NOFOLLOW), 0);
    CHECK_EQUAL(status.st_mode & S_IFMT, S_IFLNK);
    CHECK_EQUAL(system_call(SYS_open, other_path, O_NOFOLLOW, 0), -ELOOP);
    system_call(SYS_unlink, other_path);
    system_call(SYS_symlink, other_path, other_path);
    CHECK_EQUAL(system_call(SYS_open, other_path, 0, 0), -ELOOP);
    system_call(SYS_unlink, other_path);
    system_call(SYS_unlink, file_path);
}

TEST(directories_are_read_and_entered) {
    struct Entry {
        unsigned long long number, offset;
        unsigned short bytes;
        unsigned char kind;
        char name[];
    } __attribute__((packed));
    system_call(SYS_mkdir, folder_path, 0755);
    CHECK_EQUAL(system_call(SYS_chdir, folder_path), 0);
    CHECK_EQUAL(system_call(SYS_getcwd, buffer, 100), sizeof folder_path);
    CHECK(is_same(buffer, folder_path));
    CHECK_EQUAL(system_call(SYS_getcwd, buffer, 5), -ERANGE);
    for (int i = 0; i < 3; ++i) {
        const char name[] = {(char)('a' + i), 0};
        system_call(SYS_close, system_call(SYS_creat, name, 0600));
    }
    const long folder = system_call(SYS_open, ".", O_DIRECTORY, 0);
    int names = 0;
    for (long got; (got = system_call(SYS_getdents64, folder, buffer, 64)) > 0;)
        for (long at = 0; at < got; at += ((struct Entry*)(buffer + at))->bytes)
            ++names;
    CHECK_EQUAL(names, 5);
    CHECK_EQUAL(system_call(SYS_getdents64, folder, buffer, 10), 0);
    system_call(SYS_lseek, folder, 0, kSet);
    CHECK_EQUAL(system_call(SYS_getdents64, folder, buffer, 10), -EINVAL);
    CHECK_EQUAL(system_call(SYS_getdents64, 0, buffer, 100), -ENOTDIR);
    for (int i = 0; i < 3; ++i) {
        const char name[] = {(char)('a' + i), 0};
        CHECK_EQUAL(system_call(SYS_unlink, name), 0);
    }
    CHECK_EQUAL(system_call(SYS_chdir, "/"), 0);
    CHECK_EQUAL(system_call(SYS_fchdir, folder), 0);
    CHECK_EQUAL(system_call(SYS_rmdir, folder_path), 0);
    CHECK_EQUAL(system_call(SYS_getcwd, buffer, 100), -ENOENT);
    CHECK_EQUAL(system_call(SYS_chdir, "/tmp/file_none"), -ENOENT);
    CHECK_EQUAL(system_call(SYS_fchdir, 99), -EBADF);
    CHECK_EQUAL(system_call(SYS_chdir, "/dev/null"), -ENOTDIR);
}

// --- Attributes ---

TEST(stat_tells_the_same_in_all_its_forms) {
    const long file = open_new(0);
    system_call(SYS_write, file, "abc", 3);
    system_call(SYS_chmod, file_path, 0640);
    struct stat64 one, two, three;
    struct stat old;
    struct statx wide;
    CHECK_EQUAL(system_call(SYS_stat64, file_path, &one), 0);
    CHECK_EQUAL(system_call(SYS_fstat64, file, &two), 0);
    CHECK_EQUAL(system_call(SYS_fstatat64, file, "", &three, AT_EMPTY_PATH), 0);
    CHECK_EQUAL(system_call(__NR_stat, file_path, &old), 0);
    CHECK_EQUAL(system_call(SYS_statx, file, "", AT_EMPTY_PATH, 0x7ff, &wide), 0);
    CHECK_EQUAL(one.st_mode, S_IFREG | 0640);
    CHECK_EQUAL(one.st_size, 3);
    CHECK_EQUAL(one.st_nlink, 1);
    CHECK(one.st_ino == two.st_ino && two.st_ino == three.st_ino && one.st_ino == wide.stx_ino);
    CHECK_EQUAL(old.st_size, 3);
    CHECK_EQUAL(old.st_mode, one.st_mode);
    CHECK_EQUAL(wide.stx_size, 3);
    CHECK_EQUAL(wide.stx_mode, one.st_mode);
    CHECK_EQUAL(wide.stx_mtime.tv_sec, one.st_mtime);
    CHECK_EQUAL(wide.stx_dev_minor, one.st_dev & 0xff);
    CHECK_EQUAL(wide.stx_mask & 0x7ff, 0x7ff);
    CHECK_EQUAL(system_call(SYS_stat64, "/tmp/file_none", &one), -ENOENT);
    CHECK_EQUAL(system_call(SYS_fstat64, 99, &one), -EBADF);
    CHECK_EQUAL(system_call(SYS_fstatat64, AT_FDCWD, file_path, &one, 1), -EINVAL);
    CHECK_EQUAL(system_call(SYS_statx, AT_FDCWD, file_path, 0x6000, 0, &wide), -EINVAL);
    CHECK_EQUAL(system_call(SYS_statx, AT_FDCWD, "", 0, 0, &wide), -ENOENT);
    system_call(SYS_unlink, file_path);
}

TEST(modes_owners_and_times_change) {
    const long file = open_new(0);
    struct stat64 status;
    const long times[] = {1000, 5, 2000, 6};
    const long omitted[] = {7, (1L << 30) - 2, 3000, 0};
    const long wrong[] = {0, 1000000000, 0, 0};
    CHECK_EQUAL(system_call(SYS_chmod, file_path, 0600), 0);
    CHECK_EQUAL(mode_of(file_path), S_IFREG | 0600);
    CHECK_EQUAL(system_call(SYS_fchmod, file, 0444), 0);
    CHECK_EQUAL(mode_of(file_path), S_IFREG | 0444);
    CHECK_EQUAL(system_call(SYS_fchmodat, AT_FDCWD, file_path, 0755), 0);
    CHECK_EQUAL(mode_of(file_path), S_IFREG | 0755);
    CHECK_EQUAL(system_call(SYS_utimensat, AT_FDCWD, file_path, times, 0), 0);
    CHECK_EQUAL(system_call(SYS_utimensat, file, 0, omitted, 0), 0);
    CHECK_EQUAL(system_call(SYS_fstat64, file, &status), 0);
    CHECK_EQUAL(status.st_atime, 1000);
    CHECK_EQUAL(status.st_mtime, 3000);
    CHECK_EQUAL(system_call(SYS_utimensat, AT_FDCWD, file_path, wrong, 0), -EINVAL);
    CHECK_EQUAL(system_call(SYS_utimensat, AT_FDCWD, "/tmp/file_none", 0, 0), -ENOENT);
    CHECK_EQUAL(system_call(SYS_chown32, file_path, 5, 6), 0);
    CHECK_EQUAL(system_call(SYS_fchown32, file, -1, 7), 0);
    CHECK_EQUAL(system_call(SYS_fstat64, file, &status), 0);
    CHECK_EQUAL(status.st_uid, 5);
    CHECK_EQUAL(status.st_gid, 7);
    CHECK_EQUAL(system_call(SYS_umask, 077), 022);
    CHECK_EQUAL(system_call(SYS_umask, 022), 077);
    system_call(SYS_unlink, file_path);
}

TEST(times_change_by_the_older_calls_too) {
    open_new(0);
    struct stat64 status;
    const long seconds[] = {100, 200};
    const long micros[] = {300, 999999, 400, 5};
    const long wrong[] = {0, 0, 0, 1000000};
    CHECK_EQUAL(system_call(__NR_utime, file_path, seconds), 0);
    system_call(SYS_stat64, file_path, &status);
    CHECK(status.st_atime == 100 && status.st_mtime == 200);
    CHECK_EQUAL(system_call(SYS_utimes, file_path, micros), 0);
    system_call(SYS_stat64, file_path, &status);
    CHECK(status.st_atime == 300 && status.st_mtime == 400);
    CHECK_EQUAL(status.st_mtime_nsec, 5000);
    CHECK_EQUAL(system_call(SYS_futimesat, AT_FDCWD, file_path, 0), 0);
    system_call(SYS_stat64, file_path, &status);
    CHECK(status.st_mtime > 1000);
    CHECK_EQUAL(system_call(SYS_utimes, file_path, wrong), -EINVAL);
    CHECK_EQUAL(system_call(SYS_utimes, file_path, (void*)0xC0000000), -EFAULT);
    CHECK_EQUAL(system_call(SYS_chown, file_path, 0xFFFF, 9), 0);
    system_call(SYS_stat64, file_path, &status);
    CHECK(status.st_uid == 0 && status.st_gid == 9);
    system_call(SYS_unlink, file_path);
}

static void try_as_somebody(long unused) {
    (void)unused;
    system_call(SYS_setgid32, 1000);
    system_call(SYS_setuid32, 1000);
    long failed = 0;
    failed += system_call(SYS_open, file_path, O_RDONLY, 0) != -EACCES;
    failed += system_call(SYS_access, file_path, 4) != -EACCES;
    failed += system_call(SYS_access, file_path, 0) != 0;
    failed += system_call(SYS_chmod, file_path, 0777) != -EPERM;
    failed += system_call(SYS_chown32, file_path, 1000, 1000) != -EPERM;
    failed += system_call(SYS_chroot, "/") != -EPERM;
    failed += system_call(SYS_truncate, file_path, 0) != -EACCES;
    failed += system_call(SYS_execve, file_path, 0, 0) != -EACCES;
    system_call(SYS_exit_group, failed);
}

TEST(permissions_are_obeyed) {
    open_new(0);
    system_call(SYS_chmod, file_path, 0600);
    CHECK_EQUAL(system_call(SYS_access, file_path, 6), 0);
    CHECK_EQUAL(system_call(SYS_access, file_path, 1), -EACCES);
    CHECK_EQUAL(system_call(SYS_access, file_path, 8), -EINVAL);
    CHECK_EQUAL(system_call(SYS_faccessat, AT_FDCWD, "/tmp/file_none", 0), -ENOENT);
    CHECK_EQUAL(tap_status_in_child(try_as_somebody, 0), 0);
    system_call(SYS_unlink, file_path);
}

TEST(statfs_tells_of_the_file_system) {
    struct statfs64 wide;
    struct statfs old;
    CHECK_EQUAL(system_call(SYS_statfs64, "/tmp", sizeof wide, &wide), 0);
    CHECK(wide.f_bsize != 0 && wide.f_namelen == 255);
    CHECK_EQUAL(system_call(SYS_statfs64, "/tmp", sizeof wide - 4, &wide), -EINVAL);
    CHECK_EQUAL(system_call(SYS_statfs, "/tmp", &old), 0);
    CHECK_EQUAL(old.f_type, wide.f_type);
    CHECK_EQUAL(system_call(SYS_fstatfs64, 99, sizeof wide, &wide), -EBADF);
    CHECK_EQUAL(system_call(SYS_statfs, "/tmp/file_none", &old), -ENOENT);
}
