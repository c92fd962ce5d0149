// Processes: fork, clone, wait, exit, groups and sessions.
#define SUBJECT "processes"
#include "tests/oracle/frame.h"

#include <asm/siginfo.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/time.h>

static siginfo_t told;
static long child_that_exits(int code) {
    const long child = CALL(fork);
    if (child == 0) end(code);
    return child;
}
static long child_that_waits(void) {
    const long child = CALL(fork);
    if (child == 0) {
        CALL(pause);
        end(0);
    }
    return child;
}
static long waited(long who, int options) {
    int status = 0;
    const long got = CALL(wait4, who, &status, options, 0);
    if (got > 0) answer_status(status);
    return got;
}
static void answer_waited(long who, int options) {
    const long got = waited(who, options);
    if (got <= 0) answer(got);
}
static void exits_with(long code) {
    CALL(exit_group, code);
}
static void exits_by_exit(long code) {
    CALL(exit, code);
}

// --- the ends of a process ---

CASE(exit_group, "the low eight bits are told") {
    answer_status(status_of(exits_with, 0));
    answer_status(status_of(exits_with, 255));
    answer_status(status_of(exits_with, 256));
    answer_status(status_of(exits_with, -1));
    answer_status(status_of(exits_by_exit, 0x1FF));
}

// --- wait ---

ANSWER(wait4, "no children", CALL(wait4, -1, 0, 0, 0))
ANSWER(wait4, "somebody else's child", CALL(wait4, 1, 0, 0, 0))
ANSWER(wait4, "an unknown option", CALL(wait4, -1, 0, 0x100, 0))
ANSWER(wait4, "no such group", (child_that_exits(0), CALL(wait4, -30000, 0, 0, 0)))
ANSWER(wait4, "the smallest number", CALL(wait4, 0x80000000, 0, 0, 0))
ANSWER(waitpid, "an unknown option", CALL(waitpid, -1, 0, 0x100))
CASE(wait4, "it runs still, without waiting") {
    const long child = child_that_waits();
    answer_waited(child, WNOHANG);
    CALL(kill, child, SIGKILL);
    answer_waited(child, 0);
    answer_waited(child, 0);
}
CASE(wait4, "a bad place for the status: the child is gone") {
    const long child = child_that_exits(3);
    answer(CALL(wait4, child, pages().read_only, 0, 0));
    answer_outcome(CALL(wait4, child, 0, 0, 0));
}
CASE(wait4, "a bad place for what it used") {
    const long child = child_that_exits(3);
    answer(CALL(wait4, child, 0, 0, KERNEL));
    answer_outcome(CALL(wait4, child, 0, 0, 0));
}
CASE(wait4, "stopped, continued, killed") {
    const long child = child_that_waits();
    CALL(kill, child, SIGSTOP);
    answer_waited(child, WUNTRACED);
    answer_waited(child, WUNTRACED | WNOHANG);
    CALL(kill, child, SIGCONT);
    answer_waited(child, WCONTINUED);
    answer_waited(child, WCONTINUED | WNOHANG);
    CALL(kill, child, SIGTERM);
    answer_waited(child, WUNTRACED | WCONTINUED);
}
CASE(wait4, "a stopped child is not told without WUNTRACED") {
    const long child = child_that_waits();
    CALL(kill, child, SIGSTOP);
    rest(30);
    answer_waited(child, WNOHANG);
    CALL(kill, child, SIGKILL);
    answer_waited(child, 0);
}
CASE(wait4, "SIGCHLD ignored: nobody is left to wait for") {
    act(SIGCHLD, (void*)1, 0, 0);
    const long child = child_that_exits(3);
    answer(CALL(wait4, child, 0, 0, 0));
}
CASE(wait4, "SA_NOCLDWAIT") {
    act(SIGCHLD, (void*)0, SA_NOCLDWAIT, 0);
    const long child = child_that_exits(3);
    answer(CALL(wait4, child, 0, 0, 0));
}
CASE(wait4, "by group") {
    const long child = CALL(fork);
    if (child == 0) {
        CALL(setpgid, 0, 0);
        end(4);
    }
    CALL(setpgid, child, child);
    answer_waited(0, 0);
    answer_waited(-child, 0);
}
CASE(waitid, "how it ended is told, and it is left to be told again") {
    const long child = child_that_exits(5);
    answer(CALL(waitid, 1, child, &told, WEXITED | WNOWAIT, 0));
    answer_text("%d %d %d", told.si_signo, told.si_code, told.si_status);
    answer(CALL(waitid, 1, child, &told, WEXITED, 0));
    answer(CALL(waitid, 1, child, &told, WEXITED, 0));
}
CASE(waitid, "nothing yet, without waiting: all is 0") {
    const long child = child_that_waits();
    told.si_pid = told.si_signo = 9;
    answer(CALL(waitid, 0, 0, &told, WEXITED | WNOHANG, 0));
    answer_text("%d %d", told.si_pid, told.si_signo);
    CALL(kill, child, SIGKILL);
    CALL(waitid, 1, child, &told, WEXITED, 0);
    answer_text("%d %d", told.si_code, told.si_status);
}
CASE(waitid, "odd arguments") {
    child_that_exits(5);
    answer(CALL(waitid, 0, 0, &told, 0, 0));
    answer(CALL(waitid, 0, 0, &told, WEXITED | 0x100, 0));
    answer(CALL(waitid, 9, 0, &told, WEXITED, 0));
    answer(CALL(waitid, 1, 0, &told, WEXITED, 0));
    answer(CALL(waitid, 1, -1, &told, WEXITED, 0));
    answer(CALL(waitid, 0, 0, KERNEL, WEXITED, 0));
}
CASE(getppid, "the parent is gone") {
    int ends[2];
    CALL(pipe, ends);
    const long child = CALL(fork);
    if (child == 0) {
        if (CALL(fork) == 0) {
            while (CALL(getppid) != 1)
                rest(5);
            CALL(write, ends[1], "1", 1);
            end(0);
        }
        end(0);
    }
    reap(child);
    answer(CALL(read, ends[0], room, 1));
}

// --- fork, vfork, clone ---

CASE(fork, "descriptors and the folder are copies; memory is") {
    static int value = 1;
    const long child = CALL(fork);
    if (child == 0) {
        value = 2;
        CALL(close, 1);
        CALL(chdir, "/");
        CALL(umask, 0);
        end(0);
    }
    reap(child);
    answer_text("%d %ld %ld %lo", value, CALL(fcntl64, 1, F_GETFD), CALL(getcwd, room, 99),
                CALL(umask, 022));
}
CASE(vfork, "the parent waits, and sees what was stored") {
    static volatile int value = 1;
    const long child = CALL(vfork);
    if (child == 0) {
        value = 2;
        CALL(exit_group, 3);
    }
    answer(value);
    answer_waited(child, 0);
}
CASE(clone, "CLONE_FILES: one table") {
    const long child = CALL(clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        CALL(close, 1);
        end(0);
    }
    reap(child);
    answer(CALL(fcntl64, 1, F_GETFD));
}
CASE(clone, "CLONE_FS: one folder, one mask") {
    const long child = CALL(clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        CALL(chdir, "/");
        CALL(umask, 077);
        end(0);
    }
    reap(child);
    answer_text("%ld %lo", CALL(getcwd, room, 99), CALL(umask, 022));
}
CASE(clone, "the child's number in both places") {
    static volatile int parent_sees, child_sees;
    const long child = CALL(clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0,
                            &parent_sees, 0, &child_sees);
    if (child == 0) end(child_sees == CALL(getpid) && parent_sees == child_sees);
    answer_whether(parent_sees == child && child_sees == 0, "in the parent", "not in the parent");
    answer_status(reap(child));
}
ANSWER(clone, "threads without shared handlers", CALL(clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0))
ANSWER(clone, "handlers without memory", CALL(clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0))
ANSWER(clone, "a thread without shared memory",
       CALL(clone, CLONE_THREAD | CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0))
CASE(clone, "one folder and another name space") {
    answer_outcome(CALL(clone, CLONE_FS | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0));
}
CASE(clone, "no signal at the end: only __WCLONE waits for it") {
    const long child = CALL(clone, 0, 0, 0, 0, 0);
    if (child == 0) end(6);
    rest(30);
    answer(CALL(wait4, child, 0, WNOHANG, 0));
    answer_waited(child, (int)__WCLONE);
}
CASE(clone, "__WALL waits for all kinds") {
    const long child = CALL(clone, 0, 0, 0, 0, 0);
    if (child == 0) end(6);
    answer_waited(child, __WALL);
}
CASE(fork, "above RLIMIT_NPROC, as somebody else") {
    const struct rlimit limit = {0, 0};
    CALL(setrlimit, RLIMIT_NPROC, &limit);
    become(4000);
    answer(CALL(fork));
}
CASE(set_tid_address, "gives the own number") {
    answer_whether(CALL(set_tid_address, 0) == CALL(gettid), "mine", "another");
}

// --- groups and sessions ---

CASE(getpgid, "own, by 0 and by number; nobody's") {
    const long me = CALL(getpid);
    answer_whether(CALL(getpgid, 0) == me && CALL(getpgid, me) == me && CALL(getpgrp) == me, "mine",
                   "another");
    answer(CALL(getpgid, 0x7FFFFFFF));
    answer(CALL(getpgid, -1));
    answer(CALL(getsid, -1));
}
ANSWER(setpgid, "a negative group", CALL(setpgid, 0, -1))
ANSWER(setpgid, "nobody", CALL(setpgid, 0x7FFFFFFF, 0))
ANSWER(setpgid, "not a child", CALL(setpgid, 1, 0))
ANSWER(setpgid, "to a group that is not there", CALL(setpgid, 0, 30000))
ANSWER(setpgid, "to a group of another session", CALL(setpgid, 0, 1))
CASE(setpgid, "a child into a group of its own, and back") {
    const long child = child_that_waits();
    answer(CALL(setpgid, child, 0));
    answer_whether(CALL(getpgid, child) == child, "its own", "another");
    answer(CALL(setpgid, child, CALL(getpid)));
    CALL(kill, child, SIGKILL);
    reap(child);
    answer(CALL(setpgid, child, 0));
}
CASE(setpgid, "a child that leads a session") {
    const long child = CALL(fork);
    if (child == 0) {
        CALL(setsid);
        CALL(pause);
    }
    rest(30);
    answer(CALL(setpgid, child, 0));
    CALL(kill, child, SIGKILL);
}
ANSWER(setsid, "a leader of a group", CALL(setsid))
CASE(setsid, "a child: a session and a group of its own") {
    const long child = CALL(fork);
    if (child == 0) {
        const long me = CALL(getpid);
        end(CALL(setsid) == me && CALL(getsid, 0) == me && CALL(getpgrp) == me);
    }
    answer_status(reap(child));
}
CASE(kill, "a whole group") {
    long children[3];
    for (int one = 0; one < 3; ++one) {
        children[one] = child_that_waits();
        CALL(setpgid, children[one], children[0]);
    }
    answer(CALL(kill, -children[0], SIGTERM));
    for (int one = 0; one < 3; ++one)
        answer_waited(children[one], 0);
}
CASE(kill, "a group that becomes an orphan while stopped: SIGHUP, SIGCONT") {
    int ends[2];
    CALL(pipe, ends);
    const long leader = CALL(fork);
    if (leader == 0) {
        const long child = CALL(fork);
        if (child == 0) {
            CALL(setpgid, 0, 0);
            CALL(write, ends[1], "s", 1);
            CALL(kill, CALL(getpid), SIGSTOP);
            CALL(write, ends[1], "c", 1);
            end(0);
        }
        waited(child, WUNTRACED);
        end(0);
    }
    CALL(close, ends[1]);
    reap(leader);
    answer(CALL(read, ends[0], room, 9));
    answer(CALL(read, ends[0], room, 9));
}
CASE(prctl, "a name, cut at 15 bytes; a signal when the parent dies") {
    char name[17] = "";
    int signal = 9;
    answer(CALL(prctl, 15, "a name that is too long", 0, 0, 0));
    answer(CALL(prctl, 16, name, 0, 0, 0));
    answer_text("%s", name);
    answer(CALL(prctl, 1, SIGUSR1, 0, 0, 0));
    answer(CALL(prctl, 2, &signal, 0, 0, 0));
    answer(signal);
    answer(CALL(prctl, 1, 65, 0, 0, 0));
    answer(CALL(prctl, 9999, 0, 0, 0, 0));
    answer(CALL(prctl, 15, 0, 0, 0, 0));
}
CASE(prctl, "the signal comes when the parent dies") {
    int ends[2];
    CALL(pipe, ends);
    const long child = CALL(fork);
    if (child == 0) {
        if (CALL(fork) == 0) {
            CALL(prctl, 1, SIGKILL, 0, 0, 0);
            CALL(write, ends[1], "a", 1);
            CALL(pause);
        }
        CALL(read, ends[0], room, 1);
        end(0);
    }
    CALL(close, ends[1]);
    reap(child);
    answer(CALL(read, ends[0], room, 1));
}
static void tells_its_own_signal(long unused) {
    int signal = (int)unused;
    CALL(prctl, 2, &signal, 0, 0, 0);
    end(signal);
}
CASE(prctl, "the signal at a parent's death is no child's") {
    CALL(prctl, 1, SIGUSR1, 0, 0, 0);
    answer_status(status_of(tells_its_own_signal, 99));
}
CASE(prctl, "the signal at a parent's death is forgotten by another user") {
    int signal = 99;
    CALL(prctl, 1, SIGUSR1, 0, 0, 0);
    CALL(setresuid32, 5, 0, -1);
    CALL(prctl, 2, &signal, 0, 0, 0);
    answer(signal);
    CALL(setresuid32, -1, 5, -1);
    CALL(prctl, 2, &signal, 0, 0, 0);
    answer(signal);
}
ANSWER(prctl, "a bad place for the signal at a parent's death", CALL(prctl, 2, KERNEL, 0, 0, 0))
ANSWER(prctl, "whether it leaves a core", CALL(prctl, 3, 0, 0, 0, 0))
ANSWER(prctl, "no new privileges, an odd argument", CALL(prctl, 38, 1, 1, 0, 0))
