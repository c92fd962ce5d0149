// execve: what the new program gets, what it does not, and what becomes of the old one if it fails.
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "tests/guest/programs/tap.h"

enum { kPage = 4096, WNOHANG = 1 };

static const char script[] = "/tmp/exec_script";
static const char second[] = "/tmp/exec_second";
static char output[200000];
static unsigned long output_bytes;
static const char* no_words[] = {0};

static unsigned long length(const char* text) {
    unsigned long count = 0;
    while (text[count] != 0)
        ++count;
    return count;
}
static int is_same(const char* one, const char* other) {
    while (*one != 0 && *one == *other)
        ++one, ++other;
    return *one == *other;
}

static void make_file(const char* path, const char* text, int mode) {
    const long file = system_call(SYS_open, path, O_CREAT | O_TRUNC | O_WRONLY, mode);
    system_call(SYS_write, file, text, length(text));
    system_call(SYS_close, file);
    system_call(SYS_chmod, path, mode);
}

static long start(const char* path, const char** arguments, const char** environment, int out) {
    const long child = system_call(SYS_fork);
    if (child != 0) return child;
    system_call(SYS_dup2, out, 1);
    system_call(SYS_exit_group, 100 - system_call(SYS_execve, path, arguments, environment));
    __builtin_unreachable();
}

static int status_of(long child) {
    int status = -1;
    CHECK_EQUAL(system_call(SYS_wait4, child, &status, 0, 0), child);
    return status;
}

// What it prints is in `output` then. If it cannot be started, the answer is 100 + errno.
static int run(const char* path, const char** arguments, const char** environment) {
    int ends[2];
    output_bytes = 0;
    system_call(SYS_pipe2, ends, O_CLOEXEC);
    const long child = start(path, arguments, environment, ends[1]);
    system_call(SYS_close, ends[1]);
    for (;;) {
        const long got =
            system_call(SYS_read, ends[0], output + output_bytes, sizeof output - 1 - output_bytes);
        if (got <= 0) break;
        output_bytes += (unsigned long)got;
    }
    output[output_bytes] = 0;
    system_call(SYS_close, ends[0]);
    const int status = status_of(child);
    CHECK_EQUAL(status & 0x7f, 0);
    return status >> 8;
}
static int failure(const char* path) {
    const char* words[] = {"x", 0};
    return run(path, words, no_words) - 100;
}

TEST(arguments_and_environment_reach_the_program) {
    const char* echo[] = {"echo", "one", "", "two words", 0};
    CHECK_EQUAL(run("/bin/echo", echo, no_words), 0);
    CHECK(is_same(output, "one  two words\n"));
    const char* shell[] = {"sh", "-c", "echo $NAME.$OTHER", 0};
    const char* variables[] = {"NAME=value", "OTHER=", 0};
    CHECK_EQUAL(run("/bin/sh", shell, variables), 0);
    CHECK(is_same(output, "value.\n"));
}

TEST(what_cannot_be_run_is_refused) {
    make_file(script, "", 0755);
    CHECK_EQUAL(failure(script), ENOEXEC);
    make_file(script, "no program", 0755);
    CHECK_EQUAL(failure(script), ENOEXEC);
    make_file(script, "\177ELF but nothing more than that, which is too little", 0755);
    CHECK_EQUAL(failure(script), ENOEXEC);
    make_file(script, "#!/bin/echo\n", 0644);
    CHECK_EQUAL(failure(script), EACCES);
    CHECK_EQUAL(failure("/tmp"), EACCES);
    CHECK_EQUAL(failure("/tmp/exec_none"), ENOENT);
    CHECK_EQUAL(failure("/tmp/exec_script/x"), ENOTDIR);
    CHECK_EQUAL(failure(""), ENOENT);
    system_call(SYS_unlink, script);
}

TEST(a_script_is_read_by_its_interpreter) {
    const char* words[] = {"zero", "one", "two", 0};
    make_file(script, "#! /bin/echo  the argument \nnot read\n", 0755);
    CHECK_EQUAL(run(script, words, no_words), 0);
    CHECK(is_same(output, "the argument /tmp/exec_script one two\n"));
    make_file(second, "#!/tmp/exec_script more", 0755);
    CHECK_EQUAL(run(second, words, no_words), 0);
    CHECK(is_same(output, "the argument /tmp/exec_script more /tmp/exec_second one two\n"));
    make_file(second, "#!/tmp/exec_second\n", 0755);
    CHECK_EQUAL(failure(second), ELOOP);
    make_file(second, "#!/tmp/exec_none\n", 0755);
    CHECK_EQUAL(failure(second), ENOENT);
    make_file(second, "#!   \n", 0755);
    CHECK_EQUAL(failure(second), ENOEXEC);
    system_call(SYS_unlink, script);
    system_call(SYS_unlink, second);
}

TEST(arguments_have_a_longest_length) {
    static char word[32 * kPage + 1];
    const char* words[] = {"echo", word, 0};
    for (unsigned i = 0; i < sizeof word - 2; ++i)
        word[i] = 'w';
    CHECK_EQUAL(run("/bin/echo", words, no_words), 0);
    CHECK_EQUAL(output_bytes, 32 * kPage);
    word[sizeof word - 2] = 'w';
    CHECK_EQUAL(run("/bin/echo", words, no_words), 100 + E2BIG);
}

TEST(many_arguments_arrive_and_too_many_do_not) {
    enum { kMany = 20000 };
    static const char* words[400000];
    words[0] = "echo";
    for (int i = 1; i <= kMany; ++i)
        words[i] = i == kMany ? "last" : "word";
    CHECK_EQUAL(run("/bin/echo", words, no_words), 0);
    CHECK_EQUAL(output_bytes, 5 * kMany);
    CHECK(is_same(output + 5 * (kMany - 1), "last\n"));
    for (unsigned i = 0; i < sizeof words / sizeof *words - 1; ++i)
        words[i] = "abcdefghijkl";
    CHECK_EQUAL(run("/bin/true", words, no_words), 100 + E2BIG);
}

TEST(a_program_without_arguments_gets_an_empty_one) {
    make_file(script, "#!/bin/echo\n", 0755);
    CHECK_EQUAL(run(script, 0, 0), 0);
    CHECK(is_same(output, "/tmp/exec_script\n"));
    system_call(SYS_unlink, script);
}

TEST(a_program_that_fails_to_start_another_goes_on) {
    static char data[kPage] = {5};
    char* const pages = (char*)system_call6(SYS_mmap2, 0, kPage, 3, 0x22, -1, 0);
    const long end = system_call(SYS_brk, 0);
    pages[0] = 6;
    make_file(script, "\177ELF\1\1\1", 0755);
    CHECK_EQUAL(system_call(SYS_execve, script, no_words, no_words), -ENOEXEC);
    CHECK_EQUAL(data[0] + pages[0], 11);
    CHECK_EQUAL(system_call(SYS_brk, 0), end);
    system_call(SYS_unlink, script);
}

// --- What goes over ---

static long start_sleeper(int out) {
    const char* words[] = {"sleep", "20", 0};
    return start("/bin/sleep", words, no_words, out);
}
static void end_sleeper(long child) {
    CHECK_EQUAL(system_call(SYS_wait4, child, 0, WNOHANG, 0), 0);
    system_call(SYS_kill, child, SIGKILL);
    CHECK_EQUAL(status_of(child) & 0x7f, SIGKILL);
}

TEST(descriptors_go_over_unless_they_close_on_exec) {
    int closed[2], kept[2];
    char byte = 0;
    system_call(SYS_pipe2, closed, O_CLOEXEC);
    system_call(SYS_pipe2, kept, O_NONBLOCK);
    const long child = start_sleeper(1);
    system_call(SYS_close, closed[1]);
    system_call(SYS_close, kept[1]);
    CHECK_EQUAL(system_call(SYS_read, closed[0], &byte, 1), 0);  // the sleeper has no writing side
    CHECK_EQUAL(system_call(SYS_read, kept[0], &byte, 1), -EAGAIN);
    end_sleeper(child);
    CHECK_EQUAL(system_call(SYS_read, kept[0], &byte, 1), 0);
}

struct Action {
    void* handler;
    unsigned long flags;
    void* restorer;
    unsigned long mask[2];
};
static void handle(int signal) {
    (void)signal;
}

TEST(handlers_are_forgotten_and_ignored_signals_stay_ignored) {
    const struct Action handled = {(void*)handle, 0, 0, {0, 0}};
    const struct Action ignored = {(void*)1, 0, 0, {0, 0}};
    system_call(SYS_rt_sigaction, SIGUSR1, &handled, 0, 8);
    system_call(SYS_rt_sigaction, SIGUSR2, &ignored, 0, 8);
    int ends[2];
    char byte;
    system_call(SYS_pipe2, ends, O_CLOEXEC);
    const long child = start_sleeper(1);
    system_call(SYS_close, ends[1]);
    system_call(SYS_read, ends[0], &byte, 1);  // until it is the sleeper
    system_call(SYS_kill, child, SIGUSR2);
    CHECK_EQUAL(system_call(SYS_wait4, child, 0, WNOHANG, 0), 0);
    system_call(SYS_kill, child, SIGUSR1);
    CHECK_EQUAL(status_of(child) & 0x7f, SIGUSR1);
}

TEST(working_directory_and_umask_go_over) {
    const char* words[] = {"sh", "-c", "umask; pwd", 0};
    system_call(SYS_umask, 027);
    system_call(SYS_chdir, "/tmp");
    CHECK_EQUAL(run("/bin/sh", words, no_words), 0);
    CHECK(is_same(output, "0027\n/tmp\n"));
}

// --- Written or run, never both ---

// A descriptor that writes it.
static long copy_sleep(const char* path) {
    static char bytes[kPage];
    const long from = system_call(SYS_open, "/bin/sleep", O_RDONLY, 0);
    const long to = system_call(SYS_open, path, O_CREAT | O_TRUNC | O_WRONLY, 0755);
    for (long got; (got = system_call(SYS_read, from, bytes, sizeof bytes)) > 0;)
        system_call(SYS_write, to, bytes, got);
    system_call(SYS_close, from);
    return to;
}

TEST(a_running_program_cannot_be_written) {
    const long to = copy_sleep(script);
    CHECK_EQUAL(failure(script), ETXTBSY);
    system_call(SYS_close, to);

    int ends[2];
    char byte;
    const char* words[] = {"sleep", "20", 0};
    system_call(SYS_pipe2, ends, O_CLOEXEC);
    const long child = start(script, words, no_words, 1);
    system_call(SYS_close, ends[1]);
    system_call(SYS_read, ends[0], &byte, 1);
    CHECK_EQUAL(system_call(SYS_open, script, O_WRONLY, 0), -ETXTBSY);
    CHECK_EQUAL(system_call(SYS_truncate, script, 0), -ETXTBSY);
    end_sleeper(child);
    const long again = system_call(SYS_open, script, O_WRONLY, 0);
    CHECK(again >= 0);
    system_call(SYS_unlink, script);
}

// A mapping keeps open what it was made of: so it goes on being a writer of the file.
TEST(a_mapping_is_a_writer_when_its_descriptor_could_write) {
    const int rights[] = {PROT_READ | PROT_WRITE, PROT_READ, PROT_READ | PROT_WRITE};
    const int kinds[] = {MAP_SHARED, MAP_SHARED, MAP_PRIVATE};
    system_call(SYS_close, copy_sleep(script));
    for (int i = 0; i < 3; ++i) {
        const long file = system_call(SYS_open, script, O_RDWR, 0);
        const long page = system_call6(SYS_mmap2, 0, kPage, rights[i], kinds[i], file, 0);
        REQUIRE((unsigned long)page < -4096UL);
        system_call(SYS_close, file);
        CHECK_EQUAL(failure(script), ETXTBSY);
        CHECK_EQUAL(system_call(SYS_mprotect, page, kPage, PROT_READ), 0);
        CHECK_EQUAL(failure(script), ETXTBSY);
        CHECK_EQUAL(system_call(SYS_munmap, page, kPage), 0);
        const long reader = system_call(SYS_open, script, O_RDONLY, 0);
        const long other =
            system_call6(SYS_mmap2, 0, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE, reader, 0);
        REQUIRE((unsigned long)other < -4096UL);
        system_call(SYS_close, reader);
        const char* words[] = {"sleep", "0", 0};
        const long child = start(script, words, no_words, -1);
        int status = -1;
        system_call(SYS_wait4, child, &status, 0, 0);
        CHECK_EQUAL(status, 0);
        system_call(SYS_munmap, other, kPage);
    }
    system_call(SYS_unlink, script);
}

// --- The owner's rights ---

static const char* find(const char* text, const char* word) {
    for (; *text != 0; ++text) {
        unsigned long i = 0;
        while (word[i] != 0 && text[i] == word[i])
            ++i;
        if (word[i] == 0) return text + i;
    }
    return "";
}
static int begins(const char* text, const char* word) {
    while (*word != 0 && *text == *word)
        ++text, ++word;
    return *word == 0;
}

TEST(a_suid_program_has_its_owners_rights) {
    static char status[4096];
    char path[] = "/proc/0000000000/status";
    const char* words[] = {"sleep", "20", 0};
    int ends[2];
    char byte;
    system_call(SYS_close, copy_sleep(script));
    system_call(SYS_chown32, script, 5, 6);
    system_call(SYS_chmod, script, 06755);
    system_call(SYS_pipe2, ends, O_CLOEXEC);
    const long child = system_call(SYS_fork);
    if (child == 0) {
        system_call(SYS_setgid32, 1001);
        system_call(SYS_setuid32, 1000);
        system_call(SYS_exit_group, system_call(SYS_execve, script, words, no_words));
    }
    system_call(SYS_close, ends[1]);
    system_call(SYS_read, ends[0], &byte, 1);
    long number = child;
    for (int i = 15; i >= 6; --i, number /= 10)
        path[i] = (char)('0' + number % 10);
    char* digits = path + 6;  // without zeros in front
    while (*digits == '0')
        ++digits;
    char* to = path + 6;
    while (*digits != 0)
        *to++ = *digits++;
    *to = 0;
    const long file = system_call(SYS_open, path, O_RDONLY, 0);
    CHECK(system_call(SYS_read, file, status, sizeof status - 1) > 0);
    CHECK(begins(find(status, "Uid:\t"), "1000\t5\t5\t5\n"));
    CHECK(begins(find(status, "Gid:\t"), "1001\t6\t6\t6\n"));
    end_sleeper(child);
    system_call(SYS_unlink, script);
}

// --- vfork ---

TEST(a_parent_waits_for_its_vfork_child_to_become_a_program) {
    static volatile int shared = 1;
    const char* words[] = {"sleep", "20", 0};
    const long child = system_call(SYS_vfork);
    if (child == 0) {
        shared = 2;
        system_call(SYS_execve, "/bin/sleep", words, no_words);
        system_call(SYS_exit, 1);
    }
    CHECK_EQUAL(shared, 2);
    end_sleeper(child);
}
