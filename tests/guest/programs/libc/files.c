// The C library's calls for files and directories, and what it builds on them.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <termios.h>
#include <unistd.h>

#include "tests/guest/programs/tap.h"

// Each test is a process of its own, but they find what those before them have left here.
static const char folder[] = "/tmp/libc-files";

/// The path of a name in the folder of this test; the last one only.
static const char* in_folder(const char* name) {
    static char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void make_file(const char* name, const char* text) {
    const int file = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0640);
    CHECK_EQUAL(write(file, text, strlen(text)), strlen(text));
    CHECK_EQUAL(close(file), 0);
}

TEST(a_folder_of_its_own) {
    REQUIRE(mkdir(folder, 0755) == 0);
    char other[] = "/tmp/libc-files-XXXXXX";
    CHECK(mkdtemp(other) == other);
    CHECK_EQUAL(rmdir(other), 0);
    char no_template[] = "/tmp/name";
    errno = 0;
    CHECK_EQUAL(mkstemp(no_template), -1);
    CHECK_EQUAL(errno, EINVAL);
    char path[] = "/tmp/libc-file-XXXXXX";
    const int file = mkstemp(path);
    CHECK(file >= 0);
    CHECK_EQUAL(unlink(path), 0);
    CHECK_EQUAL(close(file), 0);
}

TEST(open_and_what_stat_tells) {
    umask(022);
    make_file("first", "twelve bytes");
    struct stat told;
    CHECK_EQUAL(stat(in_folder("first"), &told), 0);
    CHECK(S_ISREG(told.st_mode) && (told.st_mode & 0777) == 0640);
    CHECK_EQUAL(told.st_size, 12);
    CHECK_EQUAL(told.st_nlink, 1);
    CHECK(told.st_ino != 0 && told.st_mtime > 0);
    struct stat by_file;
    const int file = open(in_folder("first"), O_RDWR | O_CLOEXEC);
    CHECK_EQUAL(fcntl(file, F_GETFD), FD_CLOEXEC);
    CHECK_EQUAL(fcntl(file, F_GETFL) & O_ACCMODE, O_RDWR);
    CHECK_EQUAL(fstat(file, &by_file), 0);
    CHECK(by_file.st_ino == told.st_ino && by_file.st_dev == told.st_dev);
    CHECK_EQUAL(open(in_folder("first"), O_WRONLY | O_CREAT | O_EXCL, 0600), -1);
    CHECK_EQUAL(errno, EEXIST);
    CHECK_EQUAL(close(file), 0);
}

TEST(offsets_have_64_bits) {
    const int file = open(in_folder("large"), O_RDWR | O_CREAT, 0600);
    const off_t far_out = 0x140000000;
    CHECK(lseek(file, far_out, SEEK_SET) == far_out);
    CHECK(lseek(file, -1, SEEK_CUR) == far_out - 1);
    CHECK(lseek(file, -1, SEEK_SET) == -1 && errno == EINVAL);
    CHECK_EQUAL(ftruncate(file, 0x80001000LL), 0);
    struct stat told;
    CHECK_EQUAL(fstat(file, &told), 0);
    CHECK(told.st_size == 0x80001000LL);
    CHECK_EQUAL(ftruncate(file, 10), 0);
    CHECK_EQUAL(pwrite(file, "end", 3, 7), 3);
    char text[4] = "";
    CHECK_EQUAL(pread(file, text, 4, 7), 3);
    CHECK(memcmp(text, "end", 3) == 0);
    CHECK_EQUAL(close(file), 0);
    CHECK_EQUAL(truncate(in_folder("large"), 2), 0);
}

TEST(names_links_and_modes) {
    char other[64];
    strcpy(other, in_folder("other"));
    CHECK_EQUAL(link(in_folder("first"), other), 0);
    struct stat told;
    CHECK_EQUAL(stat(other, &told), 0);
    CHECK_EQUAL(told.st_nlink, 2);
    CHECK_EQUAL(rename(other, in_folder("renamed")), 0);
    CHECK_EQUAL(access(other, F_OK), -1);
    CHECK_EQUAL(errno, ENOENT);
    CHECK_EQUAL(symlink("first", in_folder("link")), 0);
    char target[16];
    CHECK_EQUAL(readlink(in_folder("link"), target, sizeof target), 5);
    CHECK(memcmp(target, "first", 5) == 0);
    CHECK_EQUAL(lstat(in_folder("link"), &told), 0);
    CHECK(S_ISLNK(told.st_mode));
    CHECK_EQUAL(chmod(in_folder("first"), 0444), 0);
    CHECK_EQUAL(stat(in_folder("link"), &told), 0);
    CHECK_EQUAL(told.st_mode & 0777, 0444);
    const struct timespec times[2] = {{1000000000, 5}, {1100000000, 0}};
    CHECK_EQUAL(utimensat(AT_FDCWD, in_folder("first"), times, 0), 0);
    CHECK_EQUAL(stat(in_folder("first"), &told), 0);
    CHECK(told.st_atime == 1000000000 && told.st_mtime == 1100000000);
}

static int is_listed(const char* path, const char* name, unsigned char kind) {
    DIR* const directory = opendir(path);
    int found = 0;
    for (struct dirent* entry; (entry = readdir(directory)) != NULL;)
        found |= strcmp(entry->d_name, name) == 0 && entry->d_type == kind;
    CHECK_EQUAL(closedir(directory), 0);
    return found;
}

TEST(directories_are_read) {
    CHECK_EQUAL(mkdir(in_folder("deeper"), 0700), 0);
    CHECK(is_listed(folder, ".", DT_DIR) && is_listed(folder, "deeper", DT_DIR));
    CHECK(is_listed(folder, "first", DT_REG) && is_listed(folder, "link", DT_LNK));
    CHECK(!is_listed(folder, "nobody", DT_REG));
    CHECK(opendir(in_folder("first")) == NULL);
    CHECK_EQUAL(errno, ENOTDIR);
    const int file = open(in_folder("first"), O_RDONLY);
    errno = 0;
    CHECK(fdopendir(file) == NULL);
    CHECK_EQUAL(errno, ENOTDIR);
    CHECK_EQUAL(close(file), 0);
    CHECK(fdopendir(file) == NULL);
    CHECK_EQUAL(errno, EBADF);
    for (int i = 0; i < 200; ++i) {
        char name[32];
        snprintf(name, sizeof name, "deeper/with_a_long_name_%d", i);
        make_file(name, "");
    }
    DIR* const directory = opendir(in_folder("deeper"));
    REQUIRE(directory != NULL);
    for (int round = 0; round < 2; ++round) {
        int count = 0;
        errno = 0;
        while (readdir(directory) != NULL)
            ++count;
        CHECK_EQUAL(count, 202);
        CHECK_EQUAL(errno, 0);
        rewinddir(directory);
    }
    CHECK_EQUAL(closedir(directory), 0);
}

TEST(where_one_is) {
    char before[128], now[128];
    CHECK(getcwd(before, sizeof before) == before);
    CHECK_EQUAL(chdir(folder), 0);
    CHECK(getcwd(now, sizeof now) == now && strcmp(now, folder) == 0);
    CHECK(getcwd(now, 3) == NULL);
    CHECK_EQUAL(errno, ERANGE);
    char* own = getcwd(NULL, 0);
    CHECK(own != NULL && strcmp(own, folder) == 0);
    free(own);
    CHECK_EQUAL(chdir(before), 0);
    struct statvfs full;
    CHECK_EQUAL(statvfs(folder, &full), 0);
    CHECK(full.f_frsize > 0 && full.f_blocks >= full.f_bfree && full.f_namemax >= 255);
}

TEST(pipes_descriptors_and_poll) {
    int ends[2];
    CHECK_EQUAL(pipe(ends), 0);
    struct pollfd waited = {ends[0], POLLIN, 0};
    CHECK_EQUAL(poll(&waited, 1, 0), 0);
    CHECK_EQUAL(write(ends[1], "12345", 5), 5);
    CHECK_EQUAL(poll(&waited, 1, -1), 1);
    CHECK_EQUAL(waited.revents, POLLIN);
    int waiting = 0;
    CHECK_EQUAL(ioctl(ends[0], FIONREAD, &waiting), 0);
    CHECK_EQUAL(waiting, 5);
    const int copy = dup(ends[0]);
    CHECK_EQUAL(dup2(ends[0], 50), 50);
    CHECK_EQUAL(dup3(ends[0], 51, O_CLOEXEC), 51);
    CHECK_EQUAL(fcntl(50, F_DUPFD, 60), 60);
    CHECK_EQUAL(isatty(ends[0]), 0);
    struct termios settings;
    CHECK_EQUAL(tcgetattr(ends[0], &settings), -1);
    CHECK_EQUAL(tcsetattr(ends[0], 7, &settings), -1);
    CHECK_EQUAL(errno, EINVAL);
    for (int i = 0; i < 6; ++i)
        CHECK_EQUAL(close((int[]){ends[0], ends[1], copy, 50, 51, 60}[i]), 0);
}

TEST(a_line_may_come_after_an_error) {
    int ends[2];
    char line[16];
    REQUIRE(pipe2(ends, O_NONBLOCK) == 0);
    FILE* in = fdopen(ends[0], "r");
    CHECK(fgets(line, sizeof line, in) == NULL);
    CHECK(errno == EAGAIN && ferror(in) && !feof(in));
    CHECK_EQUAL(write(ends[1], "late\n", 5), 5);
    CHECK(fgets(line, sizeof line, in) == line && strcmp(line, "late\n") == 0);
    CHECK(fgets(line, 1, in) == line && *line == '\0');
    CHECK_EQUAL(close(ends[1]), 0);
    CHECK(fgets(line, sizeof line, in) == NULL && feof(in));
    CHECK_EQUAL(fclose(in), 0);
}

TEST(lines_of_any_length) {
    FILE* out = fopen(in_folder("lines"), "w");
    for (int length = 0; length < 700; length += 99)
        fprintf(out, "%*s\n", length, "");
    fputs("no end", out);
    CHECK_EQUAL(fclose(out), 0);
    FILE* in = fopen(in_folder("lines"), "r");
    char* line = NULL;
    size_t size = 0;
    for (int length = 0; length < 700; length += 99) {
        CHECK_EQUAL(getline(&line, &size, in), length + 1);
        CHECK(line[length] == '\n' && line[length + 1] == '\0' && size > (size_t)length + 1);
    }
    CHECK_EQUAL(getdelim(&line, &size, ' ', in), 3);
    CHECK_EQUAL(getline(&line, &size, in), 3);
    CHECK(strcmp(line, "end") == 0);
    CHECK_EQUAL(getline(&line, &size, in), -1);
    CHECK(feof(in));
    free(line);
    CHECK_EQUAL(fseeko(in, 0x100000000, SEEK_SET), 0);
    CHECK(ftello(in) == 0x100000000);
    CHECK_EQUAL(ftell(in), -1);
    CHECK_EQUAL(errno, EOVERFLOW);
    CHECK_EQUAL(fclose(in), 0);
}

TEST(everything_is_removed) {
    const char* const names[] = {"first", "large", "renamed", "link", "lines"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; ++i)
        CHECK_EQUAL(unlink(in_folder(names[i])), 0);
    CHECK_EQUAL(rmdir(folder), -1);
    CHECK_EQUAL(errno, ENOTEMPTY);
    for (int i = 0; i < 200; ++i) {
        char name[32];
        snprintf(name, sizeof name, "deeper/with_a_long_name_%d", i);
        CHECK_EQUAL(remove(in_folder(name)), 0);
    }
    CHECK_EQUAL(remove(in_folder("deeper")), 0);
    CHECK_EQUAL(rmdir(folder), 0);
}
