// execve: what can be started, what the new program finds, and why others cannot.
#define SUBJECT "exec"
#include "tests/oracle/frame.h"

#include <asm/fcntl.h>
#include <linux/elf.h>

#define SELF "/proc/self/exe"
static char* const kNone[] = {0};

static long start(const char* path, const char* first, const char* second) {
    const char* const arguments[] = {"self", first, second, 0};
    return CALL(execve, path, arguments, kNone);
}
/// What a program prints that is started with these.
static void answer_started(const char* path, const char* const* arguments,
                           const char* const* environment) {
    int ends[2];
    CALL(pipe, ends);
    const long child = CALL(fork);
    if (child == 0) {
        CALL(dup2, ends[1], 1);
        answer(CALL(execve, path, arguments, environment));
        end(0);
    }
    CALL(close, ends[1]);
    long used = 0, got;
    while ((got = CALL(read, ends[0], room + used, 900 - used)) > 0)
        used += got;
    room[used] = 0;
    if (used) answer_text("%s", room);
    const int status = reap(child);
    if (status) answer_status(status);
}
static void executable(const char* name, const char* content, int bytes, int mode) {
    const long made = CALL(open, name, O_RDWR | O_CREAT | O_TRUNC, 0700);
    CALL(write, made, content, bytes);
    CALL(fchmod, made, mode);
    CALL(close, made);
}
static void script(const char* name, const char* content) {
    executable(name, content, (int)strlen(content), 0755);
}

// --- what cannot be started ---

ANSWER(execve, "NULL", CALL(execve, 0, kNone, kNone))
ANSWER(execve, "an empty name", start("", 0, 0))
ANSWER(execve, "no such file", start("none", 0, 0))
ANSWER(execve, "a folder", start("/tmp", 0, 0))
ANSWER(execve, "a file as a folder", start("/dev/null/x", 0, 0))
ANSWER(execve, "a device", start("/dev/null", 0, 0))
ANSWER(execve, "not executable", (executable("f", "#!/bin/sh\n", 10, 0644), start("f", 0, 0)))
ANSWER(execve, "an empty file", (script("f", ""), start("f", 0, 0)))
ANSWER(execve, "text", (script("f", "echo hello\n"), start("f", 0, 0)))
ANSWER(execve, "only the magic number", (executable("f", "\177ELF", 4, 0755), start("f", 0, 0)))
ANSWER(execve, "the magic number, then junk", ({
           memset(room, 'x', 200);
           memcpy(room, "\177ELF", 4);
           executable("f", room, 200, 0755);
           start("f", 0, 0);
       }))
CASE(execve, "open for writing") {
    script("f", "#!/bin/sh\n");
    CALL(open, "f", O_WRONLY);
    answer(start("f", 0, 0));
}
ANSWER(execve, "a link to itself", (CALL(symlink, "l", "l"), start("l", 0, 0)))
ANSWER(execve, "arguments in the kernel", CALL(execve, SELF, KERNEL, kNone))
CASE(execve, "an argument in a hole") {
    const char* const arguments[] = {"self", pages().hole, 0};
    answer(CALL(execve, SELF, arguments, kNone));
}
CASE(execve, "an environment in the kernel") {
    answer(CALL(execve, SELF, kNone, KERNEL));
}
CASE(execve, "an argument of 128 KiB, and of one byte less") {
    char* const text = map(256 << 10);
    memset(text, 'a', 131072);
    const char* const arguments[] = {"self", "-exit", "3", text, 0};
    answer(CALL(execve, SELF, arguments, kNone));
    text[131071] = 0;
    answer(CALL(execve, SELF, arguments, kNone));
}
CASE(execve, "more than a quarter of the stack's limit") {
    char* const text = map(128 << 10);
    const char** const arguments = (const char**)map(kPage);
    memset(text, 'a', 131071);
    for (int one = 0; one < 20; ++one)
        arguments[one] = text;
    answer(CALL(execve, SELF, arguments, kNone));
}
CASE(execve, "as somebody else, executable by others only") {
    executable("f", "#!/bin/none\n", 12, 0711);
    CALL(chown32, "f", 0, 1000);
    CALL(chmod, "f", 0701);
    become(1000);
    answer(start("f", 0, 0));
}

// --- ELF files that are broken ---

/// Copies the start of this program, changes a field of its head, and tries to start that.
static void copy_of_this_program(const char* name, unsigned place, unsigned value, unsigned bytes) {
    const long from = CALL(open, "/oracle", O_RDONLY);
    const long to = CALL(open, name, O_RDWR | O_CREAT | O_TRUNC, 0755);
    long got;
    while ((got = CALL(read, from, room, sizeof room)) > 0)
        CALL(write, to, room, got);
    CALL(pwrite64, to, &value, bytes, place, 0);
    CALL(close, to);
    CALL(close, from);
}
static long with_header(unsigned place, unsigned value, unsigned bytes) {
    copy_of_this_program("f", place, value, bytes);
    return start("f", "-exit", "3");
}
#define HEADER(field, value)                                        \
    with_header(__builtin_offsetof(struct elf32_hdr, field), value, \
                sizeof(((struct elf32_hdr*)0)->field))
ANSWER(execve, "ELF: a whole copy", with_header(0, 0x464C457F, 4))
ANSWER(execve, "ELF: another machine", HEADER(e_machine, 40))
ANSWER(execve, "ELF: an object file", HEADER(e_type, ET_REL))
ANSWER(execve, "ELF: no program headers", HEADER(e_phnum, 0))
ANSWER(execve, "ELF: too many program headers", HEADER(e_phnum, 0xFFFF))
ANSWER(execve, "ELF: program headers of another size", HEADER(e_phentsize, 30))
ANSWER(execve, "ELF: program headers behind the end", HEADER(e_phoff, 0x7000000))
ANSWER(execve, "ELF: another class is not looked at", with_header(4, 2, 1))
ANSWER(execve, "ELF: another byte order is not looked at", with_header(5, 2, 1))
CASE(execve, "ELF: the entry is nowhere") {
    answer(HEADER(e_entry, 0x10));
}

// --- scripts ---

CASE(execve, "a script: its interpreter's arguments") {
    script("s", "#!/oracle -arguments\n");
    const char* const arguments[] = {"name", "one", "two", 0};
    const char* const environment[] = {"A=1", 0};
    answer_started("./s", arguments, environment);
}
CASE(execve, "a script: all behind the first blank is one argument") {
    script("s", "#! \t/oracle  -arg b c \t \n");
    const char* const arguments[] = {"name", 0};
    answer_started("./s", arguments, (const char* const*)kNone);
}
CASE(execve, "a script: a line without an end") {
    script("s", "#!/oracle -x");
    const char* const arguments[] = {"name", 0};
    answer_started("./s", arguments, (const char* const*)kNone);
}
ANSWER(execve, "a script: no interpreter named", (script("s", "#!\n"), start("s", 0, 0)))
ANSWER(execve, "a script: blanks only", (script("s", "#!   \n"), start("s", 0, 0)))
ANSWER(execve, "a script: no such interpreter", (script("s", "#!/none\n"), start("s", 0, 0)))
ANSWER(execve, "a script: its interpreter is a folder", (script("s", "#!/tmp\n"), start("s", 0, 0)))
CASE(execve, "a script whose interpreter is a script") {
    script("a", "#!/oracle -x\n");
    script("b", "#!./a y\n");
    const char* const arguments[] = {"name", "z", 0};
    answer_started("./b", arguments, (const char* const*)kNone);
}
CASE(execve, "a script whose interpreter is itself") {
    script("s", "#!./s\n");
    answer(start("./s", 0, 0));
}
CASE(execve, "a script: a line of 256 bytes and more, cut in the name") {
    memset(room, 'a', 400);
    memcpy(room, "#!/", 3);
    room[399] = '\n';
    executable("s", room, 400, 0755);
    answer(start("./s", 0, 0));
}
CASE(execve, "a script: a long line, cut in the argument") {
    memset(room, 'a', 400);
    memcpy(room, "#!/oracle -", 11);
    room[399] = '\n';
    executable("s", room, 400, 0755);
    const char* const arguments[] = {"name", 0};
    answer_started("./s", arguments, (const char* const*)kNone);
}

// --- what the new program finds ---

CASE(execve, "arguments and environment, empty ones too") {
    const char* const arguments[] = {"self", "-args", "", "a b", 0};
    const char* const environment[] = {"A=1", "", "B", 0};
    answer_started(SELF, arguments, environment);
}
CASE(execve, "NULL for the environment") {
    const char* const arguments[] = {"self", "-args", 0};
    answer_started(SELF, arguments, 0);
}
CASE(execve, "descriptors stay open but those to be closed") {
    char text[2] = "5";
    const char* const arguments[] = {"self", "-open", text, 0};
    CALL(dup2, 0, 5);
    answer_started(SELF, arguments, 0);
    CALL(fcntl64, 5, F_SETFD, 1);
    answer_started(SELF, arguments, 0);
}
CASE(execve, "handlers are gone, what is ignored stays") {
    const char* const arguments[] = {"self", "-actions", 0};
    act(SIGUSR1, (void*)answer_started, 0, 0);
    act(SIGUSR2, (void*)1, 0, 0);
    answer_started(SELF, arguments, 0);
}
CASE(execve, "the mask and what is pending stay") {
    const SignalSet set = bit(SIGUSR1);
    CALL(rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
    const long child = CALL(fork);
    if (child == 0) {
        CALL(kill, CALL(getpid), SIGUSR1);
        answer(start(SELF, "-unblock", 0));
    }
    answer_status(reap(child));
}
CASE(execve, "the set-user bit makes another user") {
    const char* const arguments[] = {"self", "-ids", 0};
    copy_of_this_program("f", 0, 0, 0);
    CALL(chown32, "f", 1001, 1002);
    CALL(chmod, "f", 06755);
    become(1000);
    answer_started("./f", arguments, 0);
}
CASE(execve, "the program is not to be written while it runs") {
    copy_of_this_program("f", 0, 0, 0);
    int ends[2];
    CALL(pipe, ends);
    const long child = CALL(fork);
    if (child == 0) {
        CALL(dup2, ends[1], 1);
        start("./f", "-sleep", 0);
        end(0);
    }
    CALL(read, ends[0], room, 1);
    answer(CALL(open, "f", O_RDWR));
    answer(CALL(truncate, "f", 1));
    answer_outcome(CALL(open, "f", O_RDONLY));
    CALL(kill, child, SIGKILL);
    reap(child);
    answer_outcome(CALL(open, "f", O_RDWR));
}
