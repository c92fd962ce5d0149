// stdio and what goes with it: files that are written, searched and read back, formats,
// directories, sorting, other programs, jumps out of handlers, time.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kLines = 5000 };

static int fail(const char* what) {
    printf("%s: %s\n", what, strerror(errno));
    return 1;
}

static int write_and_read_back(const char* path) {
    FILE* const file = fopen(path, "w+");
    if (file == NULL) return fail("fopen");
    for (int line = 0; line < kLines; ++line)
        if (fprintf(file, "%05d %08x %s\n", line, line * 2654435761u, "text") != 20)
            return fail("fprintf");
    if (fseek(file, 20L * 1234, SEEK_SET) != 0) return fail("fseek");
    int number = 0;
    unsigned hash = 0;
    char word[8];
    if (fscanf(file, "%d %x %7s", &number, &hash, word) != 3) return fail("fscanf");
    if (number != 1234 || hash != 1234 * 2654435761u || strcmp(word, "text") != 0)
        return fail("what was read");
    if (fseek(file, -20, SEEK_END) != 0 || ftell(file) != 20L * (kLines - 1)) return fail("ftell");
    char* line = NULL;
    size_t room = 0;
    if (getline(&line, &room, file) != 20 || getline(&line, &room, file) != -1 || !feof(file))
        return fail("getline");
    free(line);
    if (ftruncate(fileno(file), 7) != 0) return fail("ftruncate");
    if (fclose(file) != 0) return fail("fclose");
    struct stat about;
    if (stat(path, &about) != 0 || about.st_size != 7) return fail("stat");
    return 0;
}

static int formats_agree(void) {
    char text[200];
    const char expected[] = "-42 |00ff|  abc|3.14159|1.5e+10|%|18446744073709551615|0x1p-2";
    snprintf(text, sizeof text, "%-4d|%04x|%5s|%.5f|%.1e|%%|%llu|%a", -42, 255, "abc", 3.14159265,
             1.5e10, ~0ull, 0.25);
    if (strcmp(text, expected) != 0) return fail(text);
    if (strtol("  -0x1F", NULL, 16) != -31 || strtod("1e3", NULL) != 1000.0) return fail("strtol");
    return strtol("99999999999", NULL, 10) == 2147483647L && errno == ERANGE ? 0 : fail("range");
}

static int by_value(const void* a, const void* b) {
    const int left = *(const int*)a, right = *(const int*)b;
    return (left > right) - (left < right);
}

static int sort_in_a_mapped_file(const char* path) {
    const int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || ftruncate(file, kLines * sizeof(int)) != 0) return fail("open");
    int* const numbers =
        mmap(NULL, kLines * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (numbers == MAP_FAILED) return fail("mmap");
    for (int i = 0; i < kLines; ++i)
        numbers[i] = (int)(i * 2654435761u >> 4);
    qsort(numbers, kLines, sizeof(int), by_value);
    if (munmap(numbers, kLines * sizeof(int)) != 0) return fail("munmap");
    int before = -1, number = 0;
    FILE* const stream = fdopen(file, "rb");
    while (fread(&number, sizeof number, 1, stream) == 1) {
        if (number < before) return fail("the order");
        before = number;
    }
    fclose(stream);
    return unlink(path) == 0 ? 0 : fail("unlink");
}

static int directories_are_read(void) {
    if (mkdir("/tmp/streams", 0700) != 0) return fail("mkdir");
    int made = 0, seen = 0;
    char path[40];
    for (; made < 100; ++made) {
        snprintf(path, sizeof path, "/tmp/streams/%d", made);
        fclose(fopen(path, "w"));
    }
    DIR* const directory = opendir("/tmp/streams");
    if (directory == NULL) return fail("opendir");
    for (struct dirent* entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        ++seen;
        snprintf(path, sizeof path, "/tmp/streams/%.20s", entry->d_name);
        if (unlink(path) != 0) return fail("unlink");
    }
    closedir(directory);
    if (seen != made) return fail("readdir");
    return rmdir("/tmp/streams") == 0 ? 0 : fail("rmdir");
}

static int other_programs_are_heard(void) {
    FILE* const said = popen("echo through a pipe; exit 5", "r");
    char text[40] = "";
    if (said == NULL || fgets(text, sizeof text, said) == NULL) return fail("popen");
    if (strcmp(text, "through a pipe\n") != 0) return fail("what was said");
    if (WEXITSTATUS(pclose(said)) != 5) return fail("pclose");
    char* const arguments[] = {"sh", "-c", "exit 6", NULL};
    char* const environment[] = {NULL};
    pid_t child = 0;
    int status = 0;
    if (posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environment) != 0)
        return fail("posix_spawn");
    return waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 6 ? 0 : fail("waitpid");
}

static sigjmp_buf out_of_handler;
static volatile int* volatile nowhere = NULL;
static void on_fault(int signal) {
    siglongjmp(out_of_handler, signal);
}

static int a_fault_is_caught(void) {
    struct sigaction action = {.sa_handler = on_fault};
    if (sigaction(SIGSEGV, &action, NULL) != 0) return fail("sigaction");
    for (int turn = 0; turn < 3; ++turn) {
        const int signal = sigsetjmp(out_of_handler, 1);
        if (signal == 0) *nowhere = 1;
        if (signal != SIGSEGV) return fail("siglongjmp");
    }
    signal(SIGSEGV, SIG_DFL);
    return 0;
}

static int time_goes_on(void) {
    struct timespec before, after;
    const struct timespec while_short = {.tv_nsec = 20000000};
    clock_gettime(CLOCK_MONOTONIC, &before);
    if (nanosleep(&while_short, NULL) != 0) return fail("nanosleep");
    clock_gettime(CLOCK_MONOTONIC, &after);
    const long long passed =
        (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec;
    if (passed < while_short.tv_nsec) return fail("the clock");
    const time_t day = 951782400;  // 29 February 2000
    char text[40];
    strftime(text, sizeof text, "%Y-%m-%d %a", gmtime(&day));
    return strcmp(text, "2000-02-29 Tue") == 0 ? 0 : fail(text);
}

int main(void) {
    const char* const path = "/tmp/streams.text";
    if (write_and_read_back(path) != 0 || remove(path) != 0) return 1;
    if (formats_agree() != 0 || sort_in_a_mapped_file(path) != 0) return 1;
    if (directories_are_read() != 0 || other_programs_are_heard() != 0) return 1;
    if (a_fault_is_caught() != 0 || time_goes_on() != 0) return 1;
    puts("streams, sorting, directories, programs, faults and time are well");
    return 0;
}
