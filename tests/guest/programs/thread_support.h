// What the tests of threads share: clone(2) without a library.
//
//     Thread it = begin(work, argument);     a thread on a stack of its own
//     join(&it);                             sleeps until CLONE_CHILD_CLEARTID has told its end
#pragma once

#include <linux/futex.h>
#include <linux/sched.h>
#include <stddef.h>

#include "tests/guest/programs/signal_support.h"

enum { kStackBytes = 64 * 1024, kPage = 4096, CLONE = 120, FUTEX = 240, GETTID = 224 };
enum { TGKILL = 270, TKILL = 238, SET_ROBUST_LIST = 311, GET_ROBUST_LIST = 312 };

/// As pthread_create(3) has it, but for TLS.
static const unsigned kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                                     CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT_SETTID |
                                     CLONE_CHILD_CLEARTID;

typedef void (*Work)(void* argument);

struct Thread {
    volatile int alive;  // its number until it has ended
    volatile int tid;
    char* stack;
};

static inline int is_error(long result) {
    return (unsigned long)result > 0xFFFFF000UL;
}

static inline char* map(unsigned long bytes, int more_flags) {
    const long place =
        system_call6(SYS_mmap2, 0, (long)bytes, 3 /* read, write */, 0x22 | more_flags, -1, 0);
    REQUIRE(!is_error(place));
    return (char*)place;
}

/// clone(2); the child calls work(argument) on the stack that ends at `top`, then exit(2).
static inline long raw_clone(unsigned flags, char* top, volatile int* parent_tid, void* tls,
                             volatile int* child_tid, Work work, void* argument) {
    void** const words = (void**)top - 2;
    words[0] = (void*)work;
    words[1] = argument;
    long result;
    __asm__ volatile(
        "int $0x80\n\t"
        "testl %%eax, %%eax\n\t"
        "jnz 1f\n\t"
        "xorl %%ebp, %%ebp\n\t"
        "popl %%eax\n\t"
        "call *%%eax\n\t"
        "movl $1, %%eax\n\t"
        "xorl %%ebx, %%ebx\n\t"
        "int $0x80\n\t"
        "hlt\n"
        "1:"
        : "=a"(result)
        : "a"(CLONE), "b"(flags), "c"(words), "d"(parent_tid), "S"(tls), "D"(child_tid)
        : "memory", "cc");
    return result;
}

static inline char* new_stack(void) {
    return map(kStackBytes, 0);
}

static inline void begin_at(struct Thread* thread, Work work, void* argument) {
    thread->stack = new_stack();
    thread->alive = 1;
    const long made = raw_clone(kThreadFlags, thread->stack + kStackBytes, &thread->tid, 0,
                                &thread->alive, work, argument);
    REQUIRE(made > 0);
    CHECK_EQUAL(thread->tid, made);
}

static inline long futex(volatile void* word, int operation, int value, const void* time) {
    return system_call(FUTEX, word, operation, value, time, 0);
}

/// Until the word is `value` no more.
static inline void wait_while(volatile int* word, int value) {
    while (*word == value)
        futex(word, FUTEX_WAIT, value, 0);
}

static inline void join(struct Thread* thread) {
    wait_while(&thread->alive, 1);
    system_call(SYS_munmap, thread->stack, kStackBytes);
}

static inline void set_and_wake(volatile int* word, int value) {
    *word = value;
    futex(word, FUTEX_WAKE, 1 << 30, 0);
}

/// Lets others run until the word is `value`.
static inline void yield_until(volatile int* word, int value) {
    while (*word != value)
        system_call(SYS_sched_yield);
}

static inline long gettid(void) {
    return system_call(GETTID);
}

static inline int status_of(long child) {
    int status = -1;
    CHECK_EQUAL(system_call(SYS_wait4, child, &status, 0x40000000 /* __WALL */, 0), child);
    return status;
}

static inline unsigned long length(const char* text) {
    unsigned long count = 0;
    while (text[count] != 0)
        ++count;
    return count;
}
/// Where `part` begins in `text`, or 0.
static inline const char* find(const char* text, const char* part) {
    const unsigned long size = length(part);
    for (; *text != 0; ++text) {
        unsigned long same = 0;
        while (same < size && text[same] == part[same])
            ++same;
        if (same == size) return text;
    }
    return 0;
}
/// The file as a string.
static inline const char* read_file(const char* path) {
    static char text[4096];
    const long file = system_call(SYS_open, path, 0, 0);
    long used = 0, got = 0;
    while (file >= 0 &&
           (got = system_call(SYS_read, file, text + used, (long)sizeof text - 1 - used)) > 0)
        used += got;
    text[used] = 0;
    if (file >= 0) system_call(SYS_close, file);
    return text;
}
static inline long number_at(const char* text) {
    long value = 0;
    while (*text == ' ' || *text == '\t')
        ++text;
    for (; *text >= '0' && *text <= '9'; ++text)
        value = value * 10 + (*text - '0');
    return value;
}
/// The number behind `label` in /proc/self/status.
static inline long status_number(const char* label) {
    const char* const line = find(read_file("/proc/self/status"), label);
    return line == 0 ? -1 : number_at(line + length(label));
}
