// The files of /proc, the terminal of no session, the machine, and calls that are not for
// everybody.
#define SUBJECT "system"
#include "tests/oracle/frame.h"

#include <asm/ioctls.h>

static char text[16384];
static const char* read_all(const char* path) {
    const long opened = CALL(open, path, O_RDONLY);
    long used = 0, got;
    while ((got = CALL(read, opened, text + used, sizeof text - 1 - (unsigned long)used)) > 0)
        used += got;
    CALL(close, opened);
    text[used] = 0;
    return text;
}
static int count_of(const char* from, char sought) {
    int found = 0;
    for (; *from; ++from)
        found += *from == sought;
    return found;
}
/// The rest of the line behind the first `key`; "(none)" without it.
static const char* line_of(const char* from, const char* key) {
    static char line[200];
    const char* at = strstr(from, key);
    if (!at) return "(none)";
    at += strlen(key);
    int length = 0;
    for (; at[length] && at[length] != '\n' && length < 199; ++length)
        line[length] = at[length] == '\t' ? ' ' : at[length];
    line[length] = 0;
    return line;
}
/// The line of a place in maps, without its first field, and where its region begins and ends, in
/// pages from there.
static void answer_region(const char* place) {
    char from[12];
    read_all("/proc/self/maps");
    for (char* line = text; line && *line; line = strstr(line, "\n") ? strstr(line, "\n") + 1 : 0) {
        unsigned long start = 0, stop = 0;
        const char* at = line;
        for (; *at != '-'; ++at)
            start = start * 16 + (unsigned long)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
        for (++at; *at != ' '; ++at)
            stop = stop * 16 + (unsigned long)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
        if ((unsigned long)place < start || (unsigned long)place >= stop) continue;
        snprintf(from, sizeof from, "%.5s", at);
        answer_text("%s%+ld%+ld", from, (long)(start - (unsigned long)place) / kPage,
                    (long)(stop - (unsigned long)place) / kPage);
        return;
    }
    answer_text("none");
}

// --- /proc/self/maps ---

CASE(maps, "a mapping that stands alone, and each protection") {
    char* const area = map(8 * kPage) + kPage;
    CALL(munmap, area - kPage, kPage);
    CALL(munmap, area + 6 * kPage, kPage);
    answer_region(area);
    CALL(mprotect, area + kPage, kPage, PROT_READ);
    answer_region(area);
    answer_region(area + kPage);
    CALL(mprotect, area + kPage, kPage, PROT_NONE);
    answer_region(area + kPage);
    CALL(mprotect, area + kPage, kPage, PROT_READ | PROT_WRITE | PROT_EXEC);
    answer_region(area + kPage);
    CALL(mprotect, area + kPage, kPage, kReadWrite);
    answer_region(area);
}
CASE(maps, "shared memory, and the stack") {
    char here;
    char* const area = map_at(0, kPage, kReadWrite, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    answer_region(area);
    read_all("/proc/self/maps");
    answer_whether(strstr(text, "[stack]") != 0, "[stack]", "no stack");
    answer_whether(strstr(text, "/dev/zero (deleted)") != 0, "/dev/zero (deleted)", "no name");
    (void)here;
}
CASE(maps, "the line of a file") {
    map_at(0, 2 * kPage, PROT_READ, MAP_PRIVATE, (int)file("mapped", "abc"), 1);
    read_all("/proc/self/maps");
    const char* at = strstr(text, "/tmp/oracle/mapped");
    while (at > text && at[-1] != '\n')
        --at;
    answer_text("%.13s", at + 18);
    answer_whether(at[8] == '-' && at[17] == ' ', "eight digits", "other digits");
    answer_text("%d", (int)(strstr(at, "/tmp") - at));
}
CASE(maps, "the heap has its name") {
    const long start = CALL(brk, 0);
    CALL(brk, start + kPage);
    answer_whether(strstr(read_all("/proc/self/maps"), "[heap]") != 0, "[heap]", "no heap");
}
CASE(maps, "a file that is gone") {
    map_at(0, kPage, PROT_READ, MAP_PRIVATE, (int)file("mapped", "abc"), 0);
    CALL(unlink, "mapped");
    answer_text("%s", line_of(read_all("/proc/self/maps"), "/tmp/oracle/"));
}

// --- other files of /proc ---

CASE(stat, "the count of its fields, and a name with blanks and brackets") {
    CALL(prctl, 15, "a) (b", 0, 0, 0);
    read_all("/proc/self/stat");
    answer_text("%d %d", count_of(text, ' '), count_of(text, '\n'));
    answer_whether(strstr(text, " (a) (b) R ") != 0, "the name and R", "another");
}
CASE(statm, "seven numbers") {
    read_all("/proc/self/statm");
    answer_text("%d %d", count_of(text, ' '), count_of(text, '\n'));
}
CASE(status, "some of its lines") {
    static const char* const kLines[] = {
        "Umask:",  "State:",  "TracerPid:", "Uid:",    "Gid:",   "Threads:",    "SigBlk:",
        "SigIgn:", "SigCgt:", "SigPnd:",    "ShdPnd:", "VmLck:", "NoNewPrivs:", "Seccomp:"};
    const SignalSet set = bit(SIGUSR1);
    CALL(rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
    CALL(kill, CALL(getpid), SIGUSR1);
    act(SIGUSR2, (void*)1, 0, 0);
    act(SIGALRM, read_all, 0, 0);
    CALL(mlock, map(2 * kPage), 2 * kPage);
    read_all("/proc/self/status");
    for (unsigned one = 0; one < sizeof kLines / sizeof kLines[0]; ++one)
        answer_text("%s%s", kLines[one], line_of(text, kLines[one]));
}
CASE(status, "names of its lines, in order") {
    read_all("/proc/self/status");
    char names[900];
    int used = 0;
    for (const char* at = text; at && *at && used < 800;
         at = strstr(at, "\n") ? strstr(at, "\n") + 1 : 0) {
        for (; *at && *at != ':'; ++at)
            names[used++] = *at;
        names[used++] = ' ';
    }
    names[used] = 0;
    answer_text("%s.", names);
}
CASE(cmdline, "each argument with its 0") {
    const long opened = CALL(open, "/proc/self/cmdline", O_RDONLY);
    const long got = CALL(read, opened, room, 100);
    answer_text("%s %d", room, room[got - 1]);
    answer(CALL(write, CALL(open, "/proc/self/cmdline", O_WRONLY), "x", 1));
}
CASE(comm, "read, and written") {
    const long opened = CALL(open, "/proc/self/comm", O_RDWR);
    answer(CALL(write, opened, "another", 7));
    answer_text("%s", line_of(read_all("/proc/self/comm"), ""));
}
CASE(readlink, "the program, the folder, a descriptor") {
    CALL(readlink, "/proc/self/exe", room, 100);
    answer_text("%.7s", room);
    CALL(readlink, "/proc/self/cwd", room, 100);
    answer_text("%.11s", room);
    CALL(close, file("f", ""));
    CALL(open, "f", O_RDONLY);
    CALL(readlink, "/proc/self/fd/3", room, 100);
    answer_text("%.13s", room);
    answer(CALL(readlink, "/proc/self/fd/77", room, 100));
    CALL(readlink, "/proc/self/root", room, 100);
    answer_text("%.1s", room);
}
CASE(open, "through /proc: a descriptor's file, without its offset") {
    const long descriptor = file("f", "abcdef");
    CALL(read, descriptor, room, 3);
    const long again = CALL(open, "/proc/self/fd/3", O_RDONLY);
    answer_outcome(again);
    answer(CALL(read, again, room, 9));
}
CASE(open, "through /proc: a file that has no name any more") {
    file("f", "abcdef");
    CALL(unlink, "f");
    answer(CALL(read, CALL(open, "/proc/self/fd/3", O_RDONLY), room, 9));
}
ANSWER(open, "nobody's folder in /proc", CALL(open, "/proc/2147483647/stat", O_RDONLY))
ANSWER(open, "a new file in /proc", CALL(open, "/proc/new", O_RDWR | O_CREAT, 0600))
ANSWER(mkdir, "in /proc", CALL(mkdir, "/proc/new", 0700))
CASE(mem, "own memory: read, written, and a hole") {
    static char bytes[4] = "abc";
    const long opened = CALL(open, "/proc/self/mem", O_RDWR);
    answer_outcome(opened);
    answer(CALL(pread64, opened, room, 3, bytes, 0));
    answer(CALL(pread64, opened, room, 3, 16, 0));
}
CASE(oom_score_adj, "what it takes") {
    const long opened = CALL(open, "/proc/self/oom_score_adj", O_RDWR);
    answer(CALL(write, opened, "500", 3));
    answer(CALL(write, opened, "1001", 4));
    answer(CALL(write, opened, "x", 1));
    answer_text("%s", line_of(read_all("/proc/self/oom_score_adj"), ""));
}

// --- terminals ---

ANSWER(ioctl, "TIOCGPGRP, not the controlling terminal", CALL(ioctl, 1, TIOCGPGRP, room))
ANSWER(ioctl, "TIOCSPGRP, not the controlling terminal", CALL(ioctl, 1, TIOCSPGRP, room))
ANSWER(ioctl, "TIOCGSID, not the controlling terminal", CALL(ioctl, 1, TIOCGSID, room))
ANSWER(ioctl, "TCGETS to a bad place", CALL(ioctl, 1, TCGETS, 0))
ANSWER(ioctl, "TCSETS from a bad place", CALL(ioctl, 1, TCSETS, KERNEL))
ANSWER(ioctl, "TIOCGWINSZ to a bad place", CALL(ioctl, 1, TIOCGWINSZ, 0))
ANSWER(ioctl, "an unknown request to a terminal", CALL(ioctl, 1, 0x5499, 0))

// --- the machine ---

ANSWER(uname, "a bad place", CALL(uname, 0))
CASE(uname, "names") {
    CALL(uname, room);
    answer_text("%s %s", room, room + 4 * 65);
}
ANSWER(uname, "a place that ends in a hole", CALL(uname, pages().hole - 390 + 100 - kPage + 4090))
ANSWER(sysinfo, "a bad place", CALL(sysinfo, 0))
CASE(sysinfo, "the unit of its numbers") {
    CALL(sysinfo, room);
    answer(*(int*)(room + 52));
}
ANSWER(reboot, "as somebody else", (become(1000), CALL(reboot, 0xFEE1DEAD, 672274793, 0)))
ANSWER(reboot, "wrong numbers", CALL(reboot, 1, 2, 3))
ANSWER(sethostname, "as somebody else", (become(1000), CALL(sethostname, "x", 1)))
ANSWER(sethostname, "too long", CALL(sethostname, room, 65))
ANSWER(mount, "as somebody else", (become(1000), CALL(mount, "x", ".", "tmpfs", 0, 0)))
ANSWER(umount2, "not a mount point", CALL(umount2, ".", 0))
ANSWER(swapon, "as somebody else", (become(1000), CALL(swapon, "x", 0)))
ANSWER(swapoff, "no such file", CALL(swapoff, "none"))
ANSWER(iopl, "as somebody else", (become(1000), CALL(iopl, 3)))
ANSWER(ioperm, "as somebody else", (become(1000), CALL(ioperm, 0x80, 1, 1)))
ANSWER(syslog, "as somebody else", (become(1000), CALL(syslog, 5, 0, 0)))
ANSWER(personality, "asked", CALL(personality, -1))
ANSWER(vhangup, "as somebody else", (become(1000), CALL(vhangup)))
ANSWER(sync, "no answer", CALL(sync))
ANSWER(nfsservctl, "a call that is gone", CALL(nfsservctl, 0, 0, 0))
ANSWER(break, "a call that never was", CALL(break))
ANSWER(stty, "a call that never was", CALL(stty))
CASE(syscall, "numbers that are no calls") {
    answer(system_call(-1));
    answer(system_call(0x7FFFFFFF));
    answer(system_call(222));
    answer(system_call(999));
}
ANSWER(socketcall, "an unknown call", CALL(socketcall, 99, room))
ANSWER(ptrace, "an unknown request, nobody", CALL(ptrace, 999, 0x7FFFFFFF, 0, 0))
