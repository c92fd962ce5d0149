// Every pointer that a file or memory call takes, made bad: the answer is EFAULT, and nothing has
// happened: no file is made, no descriptor left open, no offset moved, no byte of a pipe lost.
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>

#include "tests/guest/programs/tap.h"

enum { kPage = 4096 };
enum { kFile = 100, kFolder = 101, kPipe = 102, kPipeEnd = 103 };  // descriptors

static char buffer[512];
static const char path[] = "/tmp/bad_pointers/file";
static const char other[] = "/tmp/bad_pointers/other";
static const char folder[] = "/tmp/bad_pointers";

struct Vector {
    const void* start;
    unsigned long bytes;
};

// What a call does with the pointer: fetches from there, stores there, looks for a NUL.
enum Use { FETCH, STORE, STRING };
// May be NULL; what is good up to the hole may be moved.
enum { NULL_IS_GOOD = 1, PART_IS_GOOD = 2 };

struct Row {
    const char* name;
    long number;
    int pointer;  // which argument
    enum Use use;
    int flags;
    long arguments[6];
};

#define PATH (long)path
#define OTHER (long)other
#define BUFFER (long)buffer
#define P 0

static const struct Row rows[] = {
    {"open", SYS_open, 0, STRING, 0, {P, 0, 0}},
    {"open to make", SYS_open, 0, STRING, 0, {P, O_CREAT | O_RDWR, 0644}},
    {"openat", SYS_openat, 1, STRING, 0, {AT_FDCWD, P, 0, 0}},
    {"creat", SYS_creat, 0, STRING, 0, {P, 0644}},
    {"mkdir", SYS_mkdir, 0, STRING, 0, {P, 0755}},
    {"mkdirat", SYS_mkdirat, 1, STRING, 0, {kFolder, P, 0755}},
    {"mknod", __NR_mknod, 0, STRING, 0, {P, 010644, 0}},
    {"rmdir", SYS_rmdir, 0, STRING, 0, {P}},
    {"unlink", SYS_unlink, 0, STRING, 0, {P}},
    {"unlinkat", SYS_unlinkat, 1, STRING, 0, {kFolder, P, 0}},
    {"rename from", SYS_rename, 0, STRING, 0, {P, OTHER}},
    {"rename to", SYS_rename, 1, STRING, 0, {PATH, P}},
    {"link from", SYS_link, 0, STRING, 0, {P, OTHER}},
    {"link to", SYS_link, 1, STRING, 0, {PATH, P}},
    {"symlink target", SYS_symlink, 0, STRING, 0, {P, OTHER}},
    {"symlink", SYS_symlink, 1, STRING, 0, {PATH, P}},
    {"readlink", SYS_readlink, 0, STRING, 0, {P, BUFFER, 100}},
    {"readlink into", SYS_readlink, 1, STORE, 0, {(long)"/tmp/bad_pointers/link", P, 100}},
    {"chdir", SYS_chdir, 0, STRING, 0, {P}},
    {"chroot", SYS_chroot, 0, STRING, 0, {P}},
    {"getcwd", SYS_getcwd, 0, STORE, 0, {P, 100}},
    {"chmod", SYS_chmod, 0, STRING, 0, {P, 0600}},
    {"fchmodat", SYS_fchmodat, 1, STRING, 0, {kFolder, P, 0600}},
    {"chown32", SYS_chown32, 0, STRING, 0, {P, 1, 1}},
    {"lchown32", __NR_lchown32, 0, STRING, 0, {P, 1, 1}},
    {"access", SYS_access, 0, STRING, 0, {P, 0}},
    {"faccessat", SYS_faccessat, 1, STRING, 0, {AT_FDCWD, P, 0}},
    {"truncate", SYS_truncate, 0, STRING, 0, {P, 0}},
    {"truncate64", SYS_truncate64, 0, STRING, 0, {P, 0, 0}},
    {"stat64", SYS_stat64, 0, STRING, 0, {P, BUFFER}},
    {"stat64 into", SYS_stat64, 1, STORE, 0, {PATH, P}},
    {"lstat64", __NR_lstat64, 0, STRING, 0, {P, BUFFER}},
    {"lstat64 into", __NR_lstat64, 1, STORE, 0, {PATH, P}},
    {"fstat64 into", SYS_fstat64, 1, STORE, 0, {kFile, P}},
    {"fstatat64", SYS_fstatat64, 1, STRING, 0, {AT_FDCWD, P, BUFFER, 0}},
    {"fstatat64 into", SYS_fstatat64, 2, STORE, 0, {AT_FDCWD, PATH, P, 0}},
    {"stat", __NR_stat, 0, STRING, 0, {P, BUFFER}},
    {"stat into", __NR_stat, 1, STORE, 0, {PATH, P}},
    {"lstat into", __NR_lstat, 1, STORE, 0, {PATH, P}},
    {"fstat into", __NR_fstat, 1, STORE, 0, {kFile, P}},
    {"statx", SYS_statx, 1, STRING, 0, {AT_FDCWD, P, 0, 0x7ff, BUFFER}},
    {"statx into", SYS_statx, 4, STORE, 0, {AT_FDCWD, PATH, 0, 0x7ff, P}},
    {"utimensat", SYS_utimensat, 1, STRING, NULL_IS_GOOD, {AT_FDCWD, P, 0, 0}},
    {"utimensat times", SYS_utimensat, 2, FETCH, NULL_IS_GOOD, {AT_FDCWD, PATH, P, 0}},
    {"statfs", SYS_statfs, 0, STRING, 0, {P, BUFFER}},
    {"statfs into", SYS_statfs, 1, STORE, 0, {PATH, P}},
    {"fstatfs into", SYS_fstatfs, 1, STORE, 0, {kFile, P}},
    {"statfs64", SYS_statfs64, 0, STRING, 0, {P, 84, BUFFER}},
    {"statfs64 into", SYS_statfs64, 2, STORE, 0, {PATH, 84, P}},
    {"fstatfs64 into", SYS_fstatfs64, 2, STORE, 0, {kFile, 84, P}},
    {"read", SYS_read, 1, STORE, PART_IS_GOOD, {kFile, P, 100}},
    {"read from a pipe", SYS_read, 1, STORE, PART_IS_GOOD, {kPipe, P, 4}},
    {"pread64", SYS_pread64, 1, STORE, PART_IS_GOOD, {kFile, P, 100, 0, 0}},
    {"readv", SYS_readv, 1, FETCH, 0, {kFile, P, 2}},
    {"write", SYS_write, 1, FETCH, PART_IS_GOOD, {kFile, P, 100}},
    {"write to a pipe", SYS_write, 1, FETCH, PART_IS_GOOD, {kPipeEnd, P, 100}},
    {"pwrite64", SYS_pwrite64, 1, FETCH, PART_IS_GOOD, {kFile, P, 100, 0, 0}},
    {"writev", SYS_writev, 1, FETCH, 0, {kFile, P, 2}},
    {"_llseek into", SYS__llseek, 3, STORE, 0, {kFile, 0, 0, P, 1}},
    {"getdents64", SYS_getdents64, 1, STORE, 0, {kFolder, P, 512}},
    {"pipe", SYS_pipe, 0, STORE, 0, {P}},
    {"pipe2", SYS_pipe2, 0, STORE, 0, {P, 0}},
    {"poll", SYS_poll, 0, FETCH, 0, {P, 3, 0}},
    {"select to read", SYS__newselect, 1, FETCH, NULL_IS_GOOD, {64, P, 0, 0, 0}},
    {"select to write", SYS__newselect, 2, FETCH, NULL_IS_GOOD, {64, 0, P, 0, 0}},
    {"select's time", SYS__newselect, 4, FETCH, NULL_IS_GOOD, {0, 0, 0, 0, P}},
    {"ioctl FIONREAD", SYS_ioctl, 2, STORE, 0, {kFile, FIONREAD, P}},
    {"ioctl FIONBIO", SYS_ioctl, 2, FETCH, 0, {kFile, FIONBIO, P}},
    {"execve", SYS_execve, 0, STRING, 0, {P, 0, 0}},
    {"execve's arguments", SYS_execve, 1, FETCH, NULL_IS_GOOD, {(long)"/bin/true", P, 0}},
    {"execve's environment", SYS_execve, 2, FETCH, NULL_IS_GOOD, {(long)"/bin/true", 0, P}},
    {"old mmap", SYS_mmap, 0, FETCH, 0, {P}},
};

static char* hole;  // behind a page that may be written
static char *read_only, *forbidden;

static void make_pages(void) {
    char* const start = (char*)system_call6(SYS_mmap2, 0, 5 * kPage, 3, 0x22, -1, 0);
    hole = start + kPage;
    read_only = start + 2 * kPage;
    forbidden = start + 4 * kPage;
    for (int i = 0; i < kPage; ++i)
        start[i] = 'x';
    system_call(SYS_munmap, hole, kPage);
    system_call(SYS_mprotect, read_only, kPage, 1);
    system_call(SYS_munmap, start + 3 * kPage, kPage);
    system_call(SYS_mprotect, forbidden, kPage, 0);
}

static void move_descriptor(long from, int to) {
    system_call(SYS_dup2, from, to);
    system_call(SYS_close, from);
}

static void make_files(void) {
    int ends[2];
    system_call(SYS_mkdir, folder, 0755);
    move_descriptor(system_call(SYS_open, path, O_CREAT | O_RDWR | O_TRUNC, 0644), kFile);
    system_call(SYS_write, kFile, "contents", 8);
    system_call(SYS_lseek, kFile, 4, 0);
    system_call(SYS_symlink, "target", "/tmp/bad_pointers/link");
    move_descriptor(system_call(SYS_open, folder, O_DIRECTORY, 0), kFolder);
    REQUIRE(system_call(SYS_pipe, ends) == 0);
    move_descriptor(ends[0], kPipe);
    move_descriptor(ends[1], kPipeEnd);
    system_call(SYS_write, kPipeEnd, "pipe", 4);
}

static void remove_files(void) {
    system_call(SYS_unlink, path);
    system_call(SYS_unlink, "/tmp/bad_pointers/link");
    CHECK_EQUAL(system_call(SYS_rmdir, folder), 0);  // a call that made a name fails here
}

static long call_with(const struct Row* row, const void* pointer) {
    long a[6];
    for (int i = 0; i < 6; ++i)
        a[i] = i == row->pointer ? (long)pointer : row->arguments[i];
    return system_call6(row->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void expect_fault(const struct Row* row, const char* what, const void* pointer) {
    const long result = call_with(row, pointer);
    if (result != -EFAULT) tap_note("%s, %s: %ld", row->name, what, result);
    CHECK(result == -EFAULT);
}

// At the end of a page, the next one a hole: some of what is asked for can be moved.
static void expect_fault_or_part(const struct Row* row) {
    const long result = call_with(row, hole - 1);
    if (result != -EFAULT && result != 1) tap_note("%s, into a hole: %ld", row->name, result);
    CHECK(result == -EFAULT || result == 1);
}

static long lowest_descriptor(void) {
    const long lowest = system_call(SYS_dup, 0);
    system_call(SYS_close, lowest);
    return lowest;
}

TEST(bad_pointers_are_refused_everywhere) {
    make_pages();
    make_files();
    const long lowest = lowest_descriptor();
    for (const struct Row* row = rows; row < rows + sizeof rows / sizeof *rows; ++row) {
        if ((row->flags & NULL_IS_GOOD) == 0) expect_fault(row, "NULL", 0);
        expect_fault(row, "the first page", (void*)0xff0);
        expect_fault(row, "a hole", hole);
        expect_fault(row, "PROT_NONE", forbidden);
        expect_fault(row, "the kernel's start", (void*)0xC0000000);
        expect_fault(row, "the kernel", (void*)0xC0100000);
        expect_fault(row, "the end", (void*)0xFFFFF000);
        expect_fault(row, "the last byte", (void*)0xFFFFFFFF);
        if (row->use == STORE) expect_fault(row, "read-only", read_only);
        hole[-1] = 'x';
        if ((row->flags & PART_IS_GOOD) == 0) expect_fault(row, "into a hole", hole - 1);
        if (!CHECK_EQUAL(lowest_descriptor(), lowest)) tap_note("after %s", row->name);
    }
    remove_files();
}

TEST(a_bad_pointer_moves_no_offset_and_takes_no_bytes) {
    make_pages();
    make_files();
    CHECK_EQUAL(system_call(SYS_read, kFile, hole, 4), -EFAULT);
    CHECK_EQUAL(system_call(SYS_write, kFile, hole, 4), -EFAULT);
    CHECK_EQUAL(system_call(SYS_lseek, kFile, 0, 1), 4);
    CHECK_EQUAL(system_call(SYS_lseek, kFile, 0, 2), 8);
    CHECK_EQUAL(system_call(SYS_read, kPipe, read_only, 4), -EFAULT);
    CHECK_EQUAL(system_call(SYS_write, kPipeEnd, hole, 4), -EFAULT);
    CHECK_EQUAL(system_call(SYS_read, kPipe, buffer, 100), 4);
    CHECK(buffer[0] == 'p' && buffer[3] == 'e');
    remove_files();
}

TEST(a_buffer_that_runs_into_a_hole_is_refused_or_filled_in_part) {
    make_pages();
    make_files();
    for (const struct Row* row = rows; row < rows + sizeof rows / sizeof *rows; ++row)
        if ((row->flags & PART_IS_GOOD) != 0) expect_fault_or_part(row);
    remove_files();
}

TEST(bad_buffers_of_readv_and_writev_are_refused) {
    make_pages();
    make_files();
    const void* const bad[] = {0, hole, forbidden, (void*)0xC0000000, (void*)0xFFFFFFFF};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; ++i) {
        const struct Vector vector[] = {{bad[i], 4}, {buffer, 4}};
        CHECK_EQUAL(system_call(SYS_readv, kFile, vector, 2), -EFAULT);
        CHECK_EQUAL(system_call(SYS_writev, kFile, vector, 2), -EFAULT);
    }
    CHECK_EQUAL(system_call(SYS_lseek, kFile, 0, 1), 4);
    remove_files();
}

TEST(a_string_without_end_is_too_long_if_all_of_it_can_be_read) {
    char* const long_path = (char*)system_call6(SYS_mmap2, 0, 2 * kPage, 3, 0x22, -1, 0);
    for (int i = 0; i < 2 * kPage; ++i)
        long_path[i] = '/';
    CHECK_EQUAL(system_call(SYS_open, long_path, 0, 0), -ENAMETOOLONG);
    long_path[kPage - 1] = 0;
    CHECK(system_call(SYS_open, long_path, 0, 0) >= 0);
    long_path[kPage - 1] = '/';
    long_path[kPage] = 0;
    CHECK_EQUAL(system_call(SYS_open, long_path, 0, 0), -ENAMETOOLONG);
    CHECK_EQUAL(system_call(SYS_open, "", 0, 0), -ENOENT);
}

TEST(an_argument_of_execve_that_cannot_be_read_is_refused) {
    make_pages();
    const void* const bad[] = {hole, forbidden, hole - 1, (void*)0xC0000000};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; ++i) {
        const void* strings[] = {"true", bad[i], 0};
        const void* good[] = {"true", 0};
        CHECK_EQUAL(system_call(SYS_execve, "/bin/true", strings, 0), -EFAULT);
        CHECK_EQUAL(system_call(SYS_execve, "/bin/true", good, strings), -EFAULT);
    }
}
