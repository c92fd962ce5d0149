// poll, select and their kin: what is ready, and odd arguments.
#define SUBJECT "polling"
#include "tests/oracle/frame.h"

#include <linux/poll.h>
#include <linux/resource.h>

static int ends[2];
static struct pollfd one_of(int descriptor, int events) {
    const struct pollfd one = {descriptor, (short)events, 0x55};
    return one;
}

ANSWER(poll, "none, without waiting", CALL(poll, 0, 0, 0))
ANSWER(poll, "none, for 10 ms", CALL(poll, 0, 0, 10))
ANSWER(poll, "a bad place", CALL(poll, KERNEL, 1, 0))
ANSWER(poll, "more than RLIMIT_NOFILE", ({
           const struct rlimit limit = {4, 4};
           CALL(setrlimit, RLIMIT_NOFILE, &limit);
           CALL(poll, room, 5, 0);
       }))
CASE(poll, "a closed descriptor, a negative one") {
    struct pollfd two[2] = {one_of(77, POLLIN), one_of(-1, POLLIN)};
    answer(CALL(poll, two, 2, 0));
    answer_text("%x %x", two[0].revents, two[1].revents);
}
CASE(poll, "a file, a folder, /dev/null: always ready") {
    struct pollfd three[3] = {one_of((int)file("f", ""), POLLIN | POLLOUT | POLLPRI),
                              one_of((int)CALL(open, ".", O_RDONLY), POLLIN | POLLOUT),
                              one_of((int)CALL(open, "/dev/null", O_RDWR), 0xFFF)};
    answer(CALL(poll, three, 3, -1));
    answer_text("%x %x %x", three[0].revents, three[1].revents, three[2].revents);
}
CASE(poll, "nothing asked: hang-up is told") {
    CALL(pipe, ends);
    struct pollfd one = one_of(ends[0], 0);
    answer(CALL(poll, &one, 1, 0));
    CALL(close, ends[1]);
    answer(CALL(poll, &one, 1, 0));
    answer_text("%x", one.revents);
}
CASE(poll, "a pipe: each of its kinds of readiness") {
    CALL(pipe, ends);
    struct pollfd both[2] = {one_of(ends[0], 0xFFFF & ~0x2000), one_of(ends[1], 0xFFFF & ~0x2000)};
    answer(CALL(poll, both, 2, 0));
    answer_text("%x %x", both[0].revents & 0xFFFF, both[1].revents & 0xFFFF);
    CALL(write, ends[1], "a", 1);
    answer(CALL(poll, both, 2, 0));
    answer_text("%x %x", both[0].revents & 0xFFFF, both[1].revents & 0xFFFF);
}
CASE(poll, "waits for a writer") {
    CALL(pipe, ends);
    struct pollfd one = one_of(ends[0], POLLIN);
    if (CALL(fork) == 0) {
        rest(30);
        CALL(write, ends[1], "a", 1);
        end(0);
    }
    answer(CALL(poll, &one, 1, 5000));
    answer_text("%x", one.revents);
}
static void nothing(int signal) {
    (void)signal;
}
CASE(poll, "a handler with SA_RESTART: EINTR all the same") {
    const long me = CALL(getpid);
    act(SIGUSR1, nothing, SA_RESTART, 0);
    if (CALL(fork) == 0) {
        rest(30);
        CALL(kill, me, SIGUSR1);
        end(0);
    }
    answer(CALL(poll, 0, 0, 5000));
}
CASE(ppoll, "odd arguments") {
    const long negative[2] = {-1, 0}, many[2] = {0, 1000000000};
    const SignalSet set = 0;
    answer(CALL(ppoll, 0, 0, negative, 0, 8));
    answer(CALL(ppoll, 0, 0, many, 0, 8));
    answer(CALL(ppoll, 0, 0, KERNEL, 0, 8));
    answer(CALL(ppoll, 0, 0, negative + 1, &set, 4));
    answer(CALL(ppoll, 0, 0, negative + 1, KERNEL, 8));
}
CASE(ppoll, "a signal that the other mask lets through") {
    const SignalSet set = bit(SIGUSR1), none = 0;
    act(SIGUSR1, nothing, 0, 0);
    CALL(rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
    CALL(kill, CALL(getpid), SIGUSR1);
    answer(CALL(ppoll, 0, 0, 0, &none, 8));
}
CASE(ppoll, "what is left of the time is told") {
    long time[2] = {0, 10000000};
    answer(CALL(ppoll, 0, 0, time, 0, 8));
    answer_text("%ld %ld", time[0], time[1]);
}

// --- select ---

CASE(_newselect, "no sets, no time") {
    long time[2] = {0, 0};
    answer(CALL(_newselect, 0, 0, 0, 0, time));
}
ANSWER(_newselect, "a negative count", CALL(_newselect, -1, 0, 0, 0, 0))
CASE(_newselect, "odd times") {
    long negative[2] = {-1, 0}, many[2] = {0, 1000001};
    answer(CALL(_newselect, 0, 0, 0, 0, negative));
    answer(CALL(_newselect, 0, 0, 0, 0, many));
    answer(CALL(_newselect, 0, 0, 0, 0, KERNEL));
}
CASE(_newselect, "a closed descriptor") {
    long time[2] = {0, 0};
    unsigned long set = 1 << 20;
    answer(CALL(_newselect, 21, &set, 0, 0, time));
    answer(CALL(_newselect, 20, &set, 0, 0, time));
}
CASE(_newselect, "a bad set") {
    long time[2] = {0, 0};
    answer(CALL(_newselect, 3, KERNEL, 0, 0, time));
}
CASE(_newselect, "a pipe, before and after a write") {
    long time[2] = {0, 0};
    CALL(pipe, ends);
    unsigned long in = 1UL << ends[0], out = 1UL << ends[1], odd = 3UL << ends[0];
    answer(CALL(_newselect, 5, &in, &out, &odd, time));
    answer_text("%lx %lx %lx", in, out, odd);
    CALL(write, ends[1], "a", 1);
    in = 1UL << ends[0];
    answer(CALL(_newselect, 5, &in, &out, &odd, time));
    answer_text("%lx %lx", in, out);
}
CASE(_newselect, "bits behind the count stay") {
    long time[2] = {0, 0};
    unsigned long set = 0x80000000;
    answer(CALL(_newselect, 3, &set, 0, 0, time));
    answer_text("%lx", set);
}
CASE(_newselect, "the time that is left is told") {
    long time[2] = {0, 10000};
    answer(CALL(_newselect, 0, 0, 0, 0, time));
    answer_text("%ld %ld", time[0], time[1]);
}
CASE(select, "the old call takes a structure") {
    long time[2] = {0, 0};
    const unsigned long arguments[5] = {0, 0, 0, 0, (unsigned long)time};
    answer(CALL(select, arguments));
    answer(CALL(select, 0));
}
CASE(pselect6, "a mask of another size") {
    const long time[2] = {0, 0};
    const SignalSet set = 0;
    const unsigned long mask[2] = {(unsigned long)&set, 4}, good[2] = {(unsigned long)&set, 8};
    answer(CALL6(pselect6, 0, 0, 0, 0, time, mask));
    answer(CALL6(pselect6, 0, 0, 0, 0, time, good));
    answer(CALL6(pselect6, 0, 0, 0, 0, time, KERNEL));
}
ANSWER(epoll_create1, "an unknown flag", CALL(epoll_create1, 1))
ANSWER(eventfd2, "a counter", CALL(eventfd2, 0, 0))
