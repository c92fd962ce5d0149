// The C library around malloc: errno, the environment, the end of a program, strings, streams.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/guest/programs/libc/complaint.h"

static const char* const kPath = "/tmp/libc-test";

TEST(calls_that_fail_set_errno) {
    errno = 0;
    CHECK_EQUAL(read(77, &errno, 1), -1);
    CHECK_EQUAL(errno, EBADF);
    CHECK_EQUAL(close(77), -1);
    CHECK_EQUAL(unlink("/nowhere/at/all"), -1);
    CHECK_EQUAL(errno, ENOENT);
    CHECK_EQUAL(sysconf(12345), -1);
    CHECK_EQUAL(errno, EINVAL);
    errno = 5;
    CHECK(getpid() > 0 && getppid() > 0 && gettid() == getpid());
    CHECK_EQUAL(errno, 5);
    CHECK_EQUAL(sysconf(_SC_PAGESIZE), 4096);
}

TEST(errors_have_texts) {
    CHECK(strcmp(strerror(0), "Success") == 0);
    CHECK(strcmp(strerror(ENOMEM), "Cannot allocate memory") == 0);
    CHECK(strcmp(strerror(EHWPOISON), "Memory page has hardware error") == 0);
    CHECK(strcmp(strerror(41), "Unknown error 41") == 0);
    CHECK(strcmp(strerror(-1), "Unknown error -1") == 0);
    CHECK(strcmp(strerror(99999), "Unknown error 99999") == 0);
}

TEST(mappings) {
    errno = 0;
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 100) == MAP_FAILED);
    CHECK_EQUAL(errno, EINVAL);
    CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    // The kernel would see page 0 of these.
    errno = 0;
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 1LL << 44) == MAP_FAILED);
    CHECK_EQUAL(errno, EINVAL);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, -(1LL << 44)) == MAP_FAILED);
    char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(pages != MAP_FAILED);
    strcpy(pages, "kept");
    CHECK_EQUAL(mprotect(pages, 4096, PROT_READ), 0);
    CHECK_EQUAL(mprotect(pages, 4096, PROT_READ | PROT_WRITE), 0);
    pages = mremap(pages, 8192, 65536, MREMAP_MAYMOVE);
    REQUIRE(pages != MAP_FAILED);
    CHECK(strcmp(pages, "kept") == 0 && pages[65535] == 0);
    char* place = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mremap(pages, 65536, 65536, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
    CHECK_EQUAL(mlock(place, 4096), 0);
    CHECK_EQUAL(munlock(place, 4096), 0);
    CHECK_EQUAL(msync(place, 65536, MS_SYNC), 0);
    CHECK_EQUAL(madvise(place, 65536, MADV_DONTNEED), 0);
    CHECK(place[0] == 0);
    CHECK_EQUAL(munmap(place, 65536), 0);
    CHECK_EQUAL(munmap(place + 1, 4096), -1);
    CHECK_EQUAL(errno, EINVAL);
}

TEST(the_environment) {
    static char* mine[] = {"HOME=/root", "EMPTY=", "HOMELESS=no", NULL};
    environ = mine;
    CHECK(strcmp(getenv("HOME"), "/root") == 0);
    CHECK(getenv("EMPTY") == mine[1] + 6);
    CHECK(getenv("HOM") == NULL);
    CHECK(getenv("EMPTY=") == NULL);
    CHECK(getenv("") == NULL);
    environ = NULL;
    CHECK(getenv("HOME") == NULL);
}

static void say_first(void) {
    dprintf(STDERR_FILENO, "first ");
}
static void say_second(void) {
    dprintf(STDERR_FILENO, "second ");
    atexit(say_first);
}
static void end_with_functions(long code) {
    atexit(say_first);
    atexit(say_second);
    if (code < 0) _exit(3);
    exit((int)code);
}
static void fill_at_exit(long unused) {
    int taken = 0;
    while (atexit(say_first) == 0)
        ++taken;
    _exit(taken + (int)unused);
}
static void end_by_abort(long unused) {
    (void)unused;
    abort();
}

TEST(the_end_of_a_program) {
    struct Complaint end = complaint_of(end_with_functions, 7);
    CHECK_EQUAL(end.status, 7 << 8);
    CHECK(strcmp(end.text, "second first first ") == 0);
    end = complaint_of(end_with_functions, -1);
    CHECK_EQUAL(end.status, 3 << 8);
    CHECK(end.text[0] == '\0');
    CHECK_EQUAL(complaint_of(fill_at_exit, 0).status, 32 << 8);
    CHECK_EQUAL(complaint_of(end_by_abort, 0).status & 0x7F, 6);
}

TEST(copies_of_strings) {
    char* copy = strdup("a text");
    char* part = strndup("a text", 3);
    CHECK(strcmp(copy, "a text") == 0);
    CHECK(strcmp(part, "a t") == 0);
    free(copy);
    free(part);
}

TEST(a_file_is_written_and_read_back) {
    FILE* out = fopen(kPath, "w");
    REQUIRE(out != NULL);
    for (int i = 0; i < 1000; ++i)
        CHECK(fprintf(out, "line %d\n", i) > 0);
    CHECK_EQUAL(ftell(out), 8890);
    CHECK_EQUAL(fclose(out), 0);
    FILE* in = fopen(kPath, "r");
    REQUIRE(in != NULL);
    char line[32];
    char expected[32];
    for (int i = 0; i < 1000; ++i) {
        snprintf(expected, sizeof expected, "line %d\n", i);
        CHECK(fgets(line, sizeof line, in) == line && strcmp(line, expected) == 0);
    }
    CHECK(fgets(line, sizeof line, in) == NULL && feof(in) && !ferror(in));
    CHECK_EQUAL(fseek(in, 5, SEEK_SET), 0);
    CHECK_EQUAL(fgetc(in), '0');
    CHECK_EQUAL(ftell(in), 6);
    CHECK_EQUAL(ungetc('x', in), 'x');
    CHECK_EQUAL(ftell(in), 5);
    CHECK_EQUAL(getc(in), 'x');
    rewind(in);
    char block[100];
    CHECK_EQUAL(fread(block, 10, 10, in), 10);
    CHECK(memcmp(block, "line 0\nline 1\n", 14) == 0);
    CHECK_EQUAL(fwrite(block, 1, 1, in), 1);
    CHECK_EQUAL(fflush(in), EOF);  // opened to be read
    CHECK(ferror(in));
    rewind(in);
    CHECK_EQUAL(fwrite(block, 1, 1, in), 1);
    CHECK_EQUAL(fflush(in), EOF);
    char* whole = NULL;
    size_t room = 0;
    CHECK_EQUAL(getline(&whole, &room, in), 7);  // what was before is no mistake of this call
    CHECK(strcmp(whole, "line 0\n") == 0);
    free(whole);
    CHECK_EQUAL(fclose(in), 0);
    CHECK_EQUAL(unlink(kPath), 0);
}

TEST(a_file_is_scanned) {
    FILE* file = fopen(kPath, "w+");
    REQUIRE(file != NULL);
    fputs("name 12 0x1f\n-5;rest", file);
    rewind(file);
    char name[8] = "";
    int first = 0, second = 0, third = 0;
    CHECK_EQUAL(fscanf(file, "%7s %d %i %d", name, &first, &second, &third), 4);
    CHECK(strcmp(name, "name") == 0 && first == 12 && second == 31 && third == -5);
    CHECK_EQUAL(fscanf(file, "%d", &first), 0);
    CHECK_EQUAL(fgetc(file), ';');
    CHECK_EQUAL(fscanf(file, "%*s%d", &first), EOF);
    CHECK_EQUAL(fclose(file), 0);
    unlink(kPath);
}

TEST(modes_of_fopen) {
    FILE* file = fopen(kPath, "w+");
    REQUIRE(file != NULL);
    CHECK_EQUAL(fputs("one two", file), 0);
    CHECK_EQUAL(fseek(file, 4, SEEK_SET), 0);
    CHECK_EQUAL(fgetc(file), 't');
    CHECK_EQUAL(fputc('W', file), 'W');
    CHECK_EQUAL(fseek(file, 0, SEEK_SET), 0);
    char text[32];
    CHECK(strcmp(fgets(text, sizeof text, file), "one tWo") == 0);
    CHECK_EQUAL(fclose(file), 0);
    file = fopen(kPath, "a");
    REQUIRE(file != NULL);
    CHECK_EQUAL(putc('!', file), '!');
    CHECK_EQUAL(fclose(file), 0);
    file = fopen(kPath, "rb");
    REQUIRE(file != NULL);
    CHECK(fileno(file) > 2);
    CHECK(strcmp(fgets(text, sizeof text, file), "one tWo!") == 0);
    CHECK_EQUAL(fclose(file), 0);
    errno = 0;
    CHECK(fopen(kPath, "q") == NULL);
    CHECK_EQUAL(errno, EINVAL);
    CHECK(fopen(kPath, "") == NULL);
    CHECK(fopen("/nowhere/at/all", "r") == NULL);
    CHECK_EQUAL(errno, ENOENT);
    CHECK(fdopen(1, "x") == NULL);
    CHECK_EQUAL(unlink(kPath), 0);
}

// A pipe, which is no terminal: the standard output comes at the end.
static void write_to_all(long unused) {
    dup2(STDERR_FILENO, STDOUT_FILENO);
    printf("line\nno end, ");
    fprintf(stderr, "%s%c", "errors", '.');
    putchar('.');
    puts("");
    errno = ENOENT;
    perror("a name");
    perror(NULL);
    printf("%ld at the end", unused);
}

TEST(the_standard_streams) {
    const struct Complaint said = complaint_of(write_to_all, 7);
    if (!CHECK(strcmp(said.text,
                      "errors.a name: No such file or directory\nNo such file or directory\n"
                      "line\nno end, .\n7 at the end") == 0)) {
        tap_note("it said: %s", said.text);
    }
}

static void write_lines(long unused) {
    dup2(STDERR_FILENO, STDOUT_FILENO);
    errno = ENOENT;
    printf("one\ntwo\n");
    if (errno == ENOENT) _exit((int)unused);
}

TEST(a_pipe_gets_what_was_flushed) {
    const struct Complaint said = complaint_of(write_lines, 3);
    CHECK_EQUAL(said.status, 3 << 8);  // and errno is as it was
    CHECK(said.text[0] == '\0');
}

static void buffer_errors(long unused) {
    setvbuf(stderr, NULL, _IOFBF, 0);
    fprintf(stderr, "at the end %ld", unused);
}

TEST(all_is_flushed_but_what_is_read) {
    CHECK(strcmp(complaint_of(buffer_errors, 4).text, "at the end 4") == 0);
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    CHECK_EQUAL(write(ends[1], "abc", 3), 3);
    FILE* in = fdopen(ends[0], "r");
    REQUIRE(in != NULL);
    CHECK_EQUAL(fgetc(in), 'a');
    CHECK_EQUAL(fflush(NULL), 0);
    CHECK_EQUAL(fgetc(in), 'b');
    CHECK_EQUAL(fclose(in), 0);  // a pipe cannot take back what was not read
    close(ends[1]);
}

TEST(a_stream_to_nowhere_fails) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    close(ends[1]);
    FILE* stream = fdopen(ends[0], "w");
    REQUIRE(stream != NULL);
    CHECK_EQUAL(setvbuf(stream, NULL, _IONBF, 0), 0);
    CHECK_EQUAL(setvbuf(stream, NULL, 9, 0), EOF);
    CHECK_EQUAL(fputc('x', stream), EOF);
    CHECK(ferror(stream));
    clearerr(stream);
    CHECK(!ferror(stream));
    CHECK_EQUAL(fprintf(stream, "text"), -1);
    CHECK_EQUAL(fclose(stream), 0);
    errno = 0;
    CHECK_EQUAL(dprintf(77, "text"), -1);
    CHECK_EQUAL(errno, EBADF);
}
