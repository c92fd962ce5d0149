// Signals: actions, masks, sending, waiting, and what a handler is told.
#define SUBJECT "signals"
#include "tests/oracle/frame.h"

#include <asm/siginfo.h>
#include <linux/time.h>

static volatile int count;
static siginfo_t told;
static void counts(int signal) {
    (void)signal;
    ++count;
}
static void learns(int signal, siginfo_t* information, void* context) {
    (void)signal, (void)context;
    told = *information;
    ++count;
}
static SignalSet set_of(int call, int how, const SignalSet* change) {
    SignalSet before = 0;
    if (call == __NR_rt_sigpending)
        CALL(rt_sigpending, &before, 8);
    else
        CALL(rt_sigprocmask, how, change, &before, 8);
    return before;
}
static SignalSet blocked(void) {
    return set_of(__NR_rt_sigprocmask, SIG_BLOCK, 0);
}
static SignalSet pending(void) {
    return set_of(__NR_rt_sigpending, 0, 0);
}
static void block(SignalSet set) {
    CALL(rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
}
static void unblock(SignalSet set) {
    CALL(rt_sigprocmask, SIG_UNBLOCK, &set, 0, 8);
}
static long raise(int signal) {
    return CALL(kill, CALL(getpid), signal);
}
static void answer_sender(void) {
    answer_text("code %d", told.si_code);
    answer_whether(told.si_pid == CALL(getpid), "from me", "from another");
}
static void raise_it(long signal) {
    raise((int)signal);
    rest(20);
}

// --- rt_sigaction ---

ANSWER(rt_sigaction, "signal 0", act(0, counts, 0, 0))
ANSWER(rt_sigaction, "signal 65", act(65, counts, 0, 0))
ANSWER(rt_sigaction, "signal 64", act(64, counts, 0, 0))
ANSWER(rt_sigaction, "SIGKILL, a handler", act(SIGKILL, counts, 0, 0))
ANSWER(rt_sigaction, "SIGSTOP, ignored", act(SIGSTOP, (void*)1, 0, 0))
ANSWER(rt_sigaction, "SIGKILL, only asked", CALL(rt_sigaction, SIGKILL, 0, room, 8))
ANSWER(rt_sigaction, "a set of 4 bytes", CALL(rt_sigaction, SIGUSR1, 0, 0, 4))
ANSWER(rt_sigaction, "a bad new action", CALL(rt_sigaction, SIGUSR1, KERNEL, 0, 8))
CASE(rt_sigaction, "a bad place for the old action: the new one is there") {
    const struct Action action = {(void*)1, 0, 0, 0};
    answer(CALL(rt_sigaction, SIGUSR1, &action, pages().read_only, 8));
    answer(raise(SIGUSR1));
}
CASE(rt_sigaction, "what was set is told, without what cannot be blocked") {
    struct Action action;
    act(SIGUSR1, counts, SA_RESTART | SA_NODEFER, ~0ULL);
    answer(CALL(rt_sigaction, SIGUSR1, 0, &action, 8));
    answer_text("%lx %llx", action.flags, action.mask);
    answer_whether(action.handler == counts, "the handler", "another");
}
CASE(rt_sigaction, "an unknown flag is left out when it is told") {
    struct Action action;
    act(SIGUSR1, counts, 0x1000, 0);
    CALL(rt_sigaction, SIGUSR1, 0, &action, 8);
    answer_text("%lx", action.flags);
}
CASE(rt_sigaction, "ignoring drops what is pending") {
    block(bit(SIGUSR1));
    raise(SIGUSR1);
    act(SIGUSR1, (void*)1, 0, 0);
    answer_text("%llx", pending());
}
CASE(rt_sigaction, "SA_RESETHAND: the handler once, then death") {
    act(SIGUSR1, counts, SA_RESETHAND, 0);
    raise(SIGUSR1);
    answer(count);
    raise(SIGUSR1);
}
CASE(rt_sigaction, "SA_NODEFER") {
    act(SIGUSR1, counts, SA_NODEFER, 0);
    answer(raise(SIGUSR1));
    answer_text("%d %llx", count, blocked());
}
CASE(signal, "the old call: the old handler, reset when it runs") {
    answer(CALL(signal, SIGUSR1, 1));
    answer(CALL(signal, SIGUSR1, counts));
    raise(SIGUSR1);
    answer(CALL(signal, SIGUSR1, 0));
    answer(CALL(signal, SIGKILL, 0));
}
CASE(sigaction, "the oldest structure") {
    struct {
        void* handler;
        unsigned long mask, flags;
        void* restorer;
    } action = {counts, 1, SA_RESTART, 0}, old;
    answer(CALL(sigaction, SIGUSR1, &action, 0));
    answer(CALL(sigaction, SIGUSR1, 0, &old));
    answer_text("%lx %lx", old.mask, old.flags);
    answer(CALL(sigaction, 65, &action, 0));
}

// --- masks ---

ANSWER(rt_sigprocmask, "an unknown how", CALL(rt_sigprocmask, 9, room, 0, 8))
ANSWER(rt_sigprocmask, "an unknown how, no set", CALL(rt_sigprocmask, 9, 0, 0, 8))
ANSWER(rt_sigprocmask, "a set of 4 bytes", CALL(rt_sigprocmask, SIG_BLOCK, room, 0, 4))
ANSWER(rt_sigprocmask, "a bad set", CALL(rt_sigprocmask, SIG_BLOCK, KERNEL, 0, 8))
CASE(rt_sigprocmask, "a bad place for the old mask: the new one holds") {
    const SignalSet set = bit(SIGUSR1);
    answer(CALL(rt_sigprocmask, SIG_BLOCK, &set, pages().read_only, 8));
    answer_text("%llx", blocked());
}
CASE(rt_sigprocmask, "SIGKILL and SIGSTOP cannot be blocked") {
    block(~0ULL);
    answer_text("%llx", blocked());
}
CASE(rt_sigpending, "blocked signals wait; two of a kind are one") {
    act(SIGUSR1, counts, 0, 0);
    block(bit(SIGUSR1) | bit(SIGUSR2));
    raise(SIGUSR1);
    raise(SIGUSR1);
    raise(SIGUSR2);
    answer_text("%llx", pending());
    act(SIGUSR2, counts, 0, 0);
    unblock(bit(SIGUSR1) | bit(SIGUSR2));
    answer(count);
}
CASE(rt_sigqueueinfo, "those above 31 are counted, lowest number first") {
    siginfo_t information = {0};
    act(40, counts, 0, 0);
    block(bit(40));
    information.si_code = -1;
    for (int time = 0; time < 3; ++time)
        answer(CALL(rt_sigqueueinfo, CALL(getpid), 40, &information));
    unblock(bit(40));
    answer(count);
}
CASE(rt_sigprocmask, "a child has the mask, and nothing pending") {
    block(bit(SIGUSR1));
    raise(SIGUSR1);
    const long child = CALL(fork);
    if (child == 0) {
        answer_text("%llx %llx", blocked(), pending());
        end(0);
    }
    reap(child);
    answer_text("%llx", pending());
}
ANSWER(rt_sigpending, "a bad place", CALL(rt_sigpending, 0, 8))
ANSWER(rt_sigpending, "a set of 9 bytes", CALL(rt_sigpending, room, 9))
ANSWER(rt_sigsuspend, "a set of 4 bytes", CALL(rt_sigsuspend, room, 4))
ANSWER(rt_sigsuspend, "a bad set", CALL(rt_sigsuspend, KERNEL, 8))
CASE(rt_sigsuspend, "waits with another mask; the old one comes back") {
    const SignalSet none = 0;
    act(SIGUSR1, counts, 0, 0);
    block(bit(SIGUSR1));
    raise(SIGUSR1);
    answer(CALL(rt_sigsuspend, &none, 8));
    answer_text("%d %llx", count, blocked());
}

// --- sending ---

ANSWER(kill, "signal -1", raise(-1))
ANSWER(kill, "signal 65", raise(65))
ANSWER(kill, "signal 0", raise(0))
ANSWER(kill, "nobody", CALL(kill, 0x7FFFFFFF, 0))
ANSWER(kill, "the smallest number", CALL(kill, 0x80000000, 0))
ANSWER(kill, "no such group", CALL(kill, -30000, 0))
ANSWER(kill, "one's own group, signal 0", CALL(kill, 0, 0))
ANSWER(kill, "init, by somebody else", (become(1000), CALL(kill, 1, SIGTERM)))
ANSWER(tkill, "no thread 0", CALL(tkill, 0, SIGTERM))
ANSWER(tkill, "nobody", CALL(tkill, 0x7FFFFFFF, SIGTERM))
ANSWER(tgkill, "another group", CALL(tgkill, 1, CALL(gettid), 0))
ANSWER(tgkill, "oneself", CALL(tgkill, CALL(getpid), CALL(gettid), 0))
CASE(kill, "a handler is told who sent it") {
    act(SIGUSR1, learns, SA_SIGINFO, 0);
    raise(SIGUSR1);
    answer_sender();
}
CASE(tkill, "a handler is told who sent it") {
    act(SIGUSR1, learns, SA_SIGINFO, 0);
    CALL(tkill, CALL(gettid), SIGUSR1);
    answer_sender();
}
CASE(rt_sigqueueinfo, "a value") {
    siginfo_t information = {0};
    act(SIGUSR1, learns, SA_SIGINFO, 0);
    information.si_code = SI_QUEUE;
    information.si_value.sival_int = 77;
    answer(CALL(rt_sigqueueinfo, CALL(getpid), SIGUSR1, &information));
    answer_text("%d %d", told.si_code, told.si_value.sival_int);
}
CASE(rt_sigqueueinfo, "to another: not in the kernel's name") {
    siginfo_t information = {0};
    information.si_code = SI_USER;
    answer(CALL(rt_sigqueueinfo, CALL(getppid), 0, &information));
    information.si_code = SI_TKILL;
    answer(CALL(rt_sigqueueinfo, CALL(getppid), 0, &information));
    information.si_code = SI_QUEUE;
    answer(CALL(rt_sigqueueinfo, CALL(getppid), 0, &information));
    answer(CALL(rt_sigqueueinfo, CALL(getppid), 0, 0));
}
CASE(kill, "what each signal does to a process without handlers") {
    for (int signal = 1; signal <= 31; ++signal) {
        if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU)
            continue;
        answer_status(status_of(raise_it, signal));
    }
}
CASE(kill, "a signal above 31 ends it") {
    answer_status(status_of(raise_it, 34));
    answer_status(status_of(raise_it, 64));
}
CASE(kill, "SIGCHLD tells the parent how a child has ended") {
    act(SIGCHLD, learns, SA_SIGINFO, 0);
    const long child = CALL(fork);
    if (child == 0) end(7);
    while (count == 0)
        rest(5);
    answer_text("%d %d %d", told.si_signo, told.si_code, told.si_status);
    answer_whether(told.si_pid == child, "the child", "another");
}
CASE(kill, "SIGCHLD of a child that a signal ended") {
    act(SIGCHLD, learns, SA_SIGINFO, 0);
    const long child = CALL(fork);
    if (child == 0) raise(SIGKILL);
    reap(child);
    answer_text("%d %d", told.si_code, told.si_status);
}

// --- waiting ---

CASE(rt_sigtimedwait, "one that waits already") {
    const SignalSet set = bit(SIGUSR1);
    const long soon[2] = {0, 0};
    block(set);
    raise(SIGUSR1);
    answer(CALL(rt_sigtimedwait, &set, &told, soon, 8));
    answer_text("%d %d", told.si_signo, told.si_code);
    answer(CALL(rt_sigtimedwait, &set, &told, soon, 8));
}
CASE(rt_sigtimedwait, "odd arguments") {
    const SignalSet set = bit(SIGUSR1);
    const long negative[2] = {-1, 0}, many[2] = {0, 1000000000};
    answer(CALL(rt_sigtimedwait, &set, 0, negative, 8));
    answer(CALL(rt_sigtimedwait, &set, 0, many, 8));
    answer(CALL(rt_sigtimedwait, &set, 0, KERNEL, 8));
    answer(CALL(rt_sigtimedwait, KERNEL, 0, 0, 8));
    answer(CALL(rt_sigtimedwait, &set, 0, 0, 4));
}
CASE(pause, "a handler ends it") {
    const long me = CALL(getpid);
    act(SIGUSR1, counts, SA_RESTART, 0);
    if (CALL(fork) == 0) {
        rest(50);
        CALL(kill, me, SIGUSR1);
        end(0);
    }
    answer(CALL(pause));
}
static void read_while_signalled(unsigned long flags) {
    int ends[2];
    const long me = CALL(getpid);
    CALL(pipe, ends);
    act(SIGUSR1, counts, flags, 0);
    if (CALL(fork) == 0) {
        rest(50);
        CALL(kill, me, SIGUSR1);
        rest(50);
        CALL(write, ends[1], "a", 1);
        end(0);
    }
    answer(CALL(read, ends[0], room, 1));
    answer(count);
}
CASE(read, "a handler with SA_RESTART") {
    read_while_signalled(SA_RESTART);
}
CASE(read, "a handler without SA_RESTART") {
    read_while_signalled(0);
}
CASE(nanosleep, "a handler: what is left is told") {
    const long me = CALL(getpid);
    long wanted[2] = {5, 0}, left[2] = {0, 0};
    act(SIGUSR1, counts, SA_RESTART, 0);
    if (CALL(fork) == 0) {
        rest(50);
        CALL(kill, me, SIGUSR1);
        end(0);
    }
    answer(CALL(nanosleep, wanted, left));
    answer_whether(left[0] == 4, "4 s and more", "another time");
}

// --- the stack for signals ---

static char other_stack[16384];
static stack_t seen;
static volatile int on_it;
static void looks(int signal) {
    char here = 0;
    (void)signal;
    on_it = &here >= other_stack && &here < other_stack + sizeof other_stack;
    CALL(sigaltstack, 0, &seen);
}
ANSWER(sigaltstack, "too small", ({
           const stack_t small = {other_stack, 0, 1000};
           CALL(sigaltstack, &small, 0);
       }))
ANSWER(sigaltstack, "an unknown flag", ({
           const stack_t odd = {other_stack, 8, sizeof other_stack};
           CALL(sigaltstack, &odd, 0);
       }))
ANSWER(sigaltstack, "a bad place", CALL(sigaltstack, KERNEL, 0))
CASE(sigaltstack, "none at first") {
    answer(CALL(sigaltstack, 0, &seen));
    answer_text("%d %d", seen.ss_flags, (int)seen.ss_size);
}
CASE(sigaltstack, "a handler runs on it, and cannot change it") {
    const stack_t stack = {other_stack, 0, sizeof other_stack};
    answer(CALL(sigaltstack, &stack, 0));
    act(SIGUSR1, looks, SA_ONSTACK, 0);
    raise(SIGUSR1);
    answer_text("%d %d", on_it, seen.ss_flags);
    CALL(sigaltstack, 0, &seen);
    answer(seen.ss_flags);
}
CASE(sigaltstack, "a handler without SA_ONSTACK") {
    const stack_t stack = {other_stack, 0, sizeof other_stack};
    CALL(sigaltstack, &stack, 0);
    act(SIGUSR1, looks, 0, 0);
    raise(SIGUSR1);
    answer_text("%d %d", on_it, seen.ss_flags);
}
CASE(sigaltstack, "SS_AUTODISARM") {
    const stack_t stack = {other_stack, (int)0x80000000, sizeof other_stack};
    answer(CALL(sigaltstack, &stack, 0));
    act(SIGUSR1, looks, SA_ONSTACK, 0);
    raise(SIGUSR1);
    answer_text("%d %x", on_it, seen.ss_flags);
    CALL(sigaltstack, 0, &seen);
    answer_text("%x", seen.ss_flags);
}
CASE(sigaltstack, "inherited by fork") {
    const stack_t stack = {other_stack, 0, sizeof other_stack};
    CALL(sigaltstack, &stack, 0);
    const long child = CALL(fork);
    if (child == 0) {
        CALL(sigaltstack, 0, &seen);
        answer_text("%d %d", seen.ss_flags, (int)seen.ss_size);
        end(0);
    }
    reap(child);
}
