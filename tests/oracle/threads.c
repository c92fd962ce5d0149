// What threads are made of: futex words, thread areas, lists of locks; and threads themselves.
#define SUBJECT "threads"
#include "tests/oracle/frame.h"

#include <asm/ldt.h>
#include <linux/futex.h>
#include <linux/sched.h>

static volatile int word;
static long futex(volatile int* place, int operation, int value, const void* time) {
    return CALL(futex, place, operation, value, time, 0);
}
static const long kSoon[2] = {0, 10000000};

// --- futex ---

ANSWER(futex, "waits, another value", (word = 5, futex(&word, FUTEX_WAIT, 4, 0)))
ANSWER(futex, "waits, the time is over", (word = 5, futex(&word, FUTEX_WAIT, 5, kSoon)))
ANSWER(futex, "waits, a crooked place", futex((int*)((char*)&word + 1), FUTEX_WAIT, 0, 0))
ANSWER(futex, "waits, NULL", futex(0, FUTEX_WAIT, 0, 0))
ANSWER(futex, "waits, the kernel's", futex((int*)KERNEL, FUTEX_WAIT, 0, 0))
ANSWER(futex, "waits, a hole", futex((int*)pages().hole, FUTEX_WAIT, 0, 0))
ANSWER(futex, "waits, a page that may only be read",
       futex((int*)pages().read_only, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1, 0))
ANSWER(futex, "waits, a time that is none", ({
           const long bad[2] = {0, 1000000000};
           futex(&word, FUTEX_WAIT, 0, bad);
       }))
ANSWER(futex, "waits, a negative time", ({
           const long bad[2] = {-1, 0};
           futex(&word, FUTEX_WAIT, 0, bad);
       }))
ANSWER(futex, "waits, a bad time", futex(&word, FUTEX_WAIT, 0, KERNEL))
ANSWER(futex, "wakes nobody", futex(&word, FUTEX_WAKE, 1, 0))
ANSWER(futex, "wakes in a hole, private",
       futex((int*)pages().hole, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0))
ANSWER(futex, "wakes in a hole, shared", futex((int*)pages().hole, FUTEX_WAKE, 1, 0))
ANSWER(futex, "wakes at a crooked place", futex((int*)((char*)&word + 2), FUTEX_WAKE, 1, 0))
ANSWER(futex, "an unknown operation", futex(&word, 77, 0, 0))
ANSWER(futex, "the operation that is gone", futex(&word, FUTEX_FD, 0, 0))
ANSWER(futex, "waits for no bits", CALL6(futex, &word, FUTEX_WAIT_BITSET, 0, 0, 0, 0))
ANSWER(futex, "wakes no bits", CALL6(futex, &word, FUTEX_WAKE_BITSET, 1, 0, 0, 0))
ANSWER(futex, "waits for bits, until a time that is past",
       CALL6(futex, &word, FUTEX_WAIT_BITSET, 0, kSoon, 0, 1))
ANSWER(futex, "wakes, by the real-time clock",
       futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, 0))
ANSWER(futex, "moves, another value", CALL6(futex, &word, FUTEX_CMP_REQUEUE, 1, 1, &room, 5))
ANSWER(futex, "moves, a negative count", CALL6(futex, &word, FUTEX_REQUEUE, -1, 1, &room, 0))
CASE(futex, "wakes a child through shared memory") {
    int* const shared = (int*)map_at(0, kPage, kReadWrite, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const long child = CALL(fork);
    if (child == 0) end(futex(shared, FUTEX_WAIT, 0, 0) == 0 ? 3 : 4);
    while (futex(shared, FUTEX_WAKE, 1, 0) == 0)
        rest(5);
    answer_status(reap(child));
}
CASE(futex, "a private word is not seen by another process") {
    int* const shared = (int*)map_at(0, kPage, kReadWrite, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const long child = CALL(fork);
    if (child == 0) end((int)-futex(shared, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, kSoon));
    rest(3);
    answer(futex(shared, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0));
    answer_status(reap(child));
}
static void nothing(int signal) {
    (void)signal;
}
CASE(futex, "a handler while it waits with a time") {
    const long me = CALL(getpid), long_time[2] = {5, 0};
    act(SIGUSR1, nothing, 0, 0);
    if (CALL(fork) == 0) {
        rest(30);
        CALL(kill, me, SIGUSR1);
        end(0);
    }
    answer(futex(&word, FUTEX_WAIT, 0, long_time));
}
CASE(futex, "an operation on a word: odd ones") {
    answer(CALL6(futex, &word, FUTEX_WAKE_OP, 1, 1, &room,
                 FUTEX_OP(FUTEX_OP_SET, 7, FUTEX_OP_CMP_EQ, 0)));
    answer(*(int*)room);
    answer(CALL6(futex, &word, FUTEX_WAKE_OP, 1, 1, &room, 0x70000000));
    answer(CALL6(futex, &word, FUTEX_WAKE_OP, 1, 1, KERNEL, 0));
}

// --- the thread area ---

static struct user_desc area(int entry) {
    struct user_desc made;
    memset(&made, 0, sizeof made);
    made.entry_number = (unsigned)entry;
    made.base_addr = (unsigned long)room;
    made.limit = 0xFFFFF;
    made.seg_32bit = made.limit_in_pages = made.useable = 1;
    return made;
}
ANSWER(set_thread_area, "a bad place", CALL(set_thread_area, KERNEL))
ANSWER(set_thread_area, "an entry that is none of the three", ({
           struct user_desc made = area(99);
           CALL(set_thread_area, &made);
       }))
CASE(set_thread_area, "the free ones, in turn, and no more") {
    for (int one = 0; one < 4; ++one) {
        struct user_desc made = area(-1);
        answer(CALL(set_thread_area, &made));
        answer_text("(%d)", (int)made.entry_number);
    }
}
CASE(set_thread_area, "a load through it") {
    struct user_desc made = area(-1);
    int loaded;
    CALL(set_thread_area, &made);
    room[8] = 7;
    __asm__ volatile("movw %w1, %%fs\n\tmovl %%fs:8, %0"
                     : "=r"(loaded)
                     : "r"(made.entry_number * 8 + 3));
    answer(loaded);
}
CASE(get_thread_area, "what was set; one that is empty; none of the three") {
    struct user_desc made = area(7), found = area(7);
    CALL(set_thread_area, &made);
    answer(CALL(get_thread_area, &found));
    answer_whether(found.base_addr == made.base_addr && found.limit == made.limit, "the same",
                   "another");
    found = area(6);
    answer(CALL(get_thread_area, &found));
    answer_text("%lx %d %d", (unsigned long)found.base_addr, found.seg_not_present,
                found.read_exec_only);
    found = area(0);
    answer(CALL(get_thread_area, &found));
}
ANSWER(set_robust_list, "another size", CALL(set_robust_list, room, 8))
ANSWER(set_robust_list, "the size there is", CALL(set_robust_list, room, 12))
CASE(get_robust_list, "what was set; nobody's") {
    void* head = 0;
    unsigned long size = 0;
    CALL(set_robust_list, room, 12);
    answer(CALL(get_robust_list, 0, &head, &size));
    answer_whether(head == room && size == 12, "the same", "another");
    answer(CALL(get_robust_list, 0x7FFFFFFF, &head, &size));
}

// --- threads ---

enum { kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD };
static volatile int parent_tid, child_tid;
static volatile long seen_pid;
static char stack[8192] __attribute__((aligned(16)));
/// Starts a thread that runs function() and ends; returns its number, or -errno.
static long thread(int flags, void (*function)(void)) {
    void** top = (void**)(stack + sizeof stack) - 4;
    *top = (void*)function;
    long result;
    child_tid = 1;
    __asm__ volatile(
        "int $0x80\n\t"
        "testl %%eax, %%eax\n\t"
        "jnz 1f\n\t"
        "popl %%eax\n\t"
        "call *%%eax\n\t"
        "movl $1, %%eax\n\t"
        "xorl %%ebx, %%ebx\n\t"
        "int $0x80\n"
        "1:"
        : "=a"(result)
        : "a"(__NR_clone), "b"(flags | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID), "c"(top),
          "d"(&parent_tid), "S"(0), "D"(&child_tid)
        : "memory", "cc");
    if (result < 0) child_tid = 0;
    return result;
}
static void join(void) {
    while (child_tid != 0)
        CALL(futex, &child_tid, FUTEX_WAIT, child_tid, kSoon, 0);
}
static void looks(void) {
    seen_pid = CALL(getpid);
    word = (int)CALL(gettid);
}
static void ends_all(void) {
    CALL(exit_group, 5);
}
static void faults(void) {
    *(volatile int*)16 = 1;
}
static void starts_a_program(void) {
    static const char* const kArguments[] = {"self", "-exit", "3", 0};
    CALL(execve, "/proc/self/exe", kArguments, 0);
}
CASE(clone, "a thread: one process, another thread") {
    const long number = thread(kThread, looks);
    answer_outcome(number);
    join();
    answer_whether(seen_pid == CALL(getpid), "same process", "another process");
    answer_whether(word == number && number == parent_tid && number != seen_pid, "its own number",
                   "another number");
}
CASE(clone, "a thread is no child to wait for") {
    thread(kThread, looks);
    join();
    answer(CALL(wait4, -1, 0, __WALL, 0));
}
CASE(exit_group, "by a thread ends all") {
    answer_outcome(thread(kThread, ends_all));
    rest(2000);
}
CASE(exit, "by the first thread: the others go on, and end the process") {
    answer_outcome(thread(kThread, ends_all));
    CALL(exit, 6);
}
CASE(clone, "a fault of a thread ends all") {
    answer_outcome(thread(kThread, faults));
    rest(2000);
}
static void forks_and_ends(void) {
    int go[2];
    CALL(pipe, go);
    if (CALL(fork) == 0) {
        CALL(prctl, 1, SIGKILL, 0, 0, 0);
        CALL(write, go[1], "a", 1);
        CALL(pause);
    }
    CALL(read, go[0], room, 1);
}
CASE(prctl, "the signal at a parent's death comes when the thread ends that forked") {
    answer_outcome(thread(kThread, forks_and_ends));
    join();
    answer_status(reap(-1));
}
CASE(execve, "by a thread: the others are gone, the number stays") {
    answer_outcome(thread(kThread, starts_a_program));
    rest(2000);
}
CASE(clone, "memory shared, a process of its own") {
    const long number = thread(CLONE_VM | SIGCHLD, looks);
    answer_status(reap(number));
    answer_whether(seen_pid == number && word == number, "another process", "same process");
}
ANSWER(clone3, "a structure that is too small", CALL(clone3, room, 8))
CASE(clone3, "as fork") {
    unsigned long long arguments[8] = {0, 0, 0, 0, SIGCHLD, 0, 0, 0};
    const long child = CALL(clone3, arguments, sizeof arguments);
    if (child == 0) end(3);
    if (child < 0)
        answer(child);
    else
        answer_status(reap(child));
}
