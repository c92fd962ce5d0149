// What the tests of signals share: the kernel's structures, which are not the C library's, and
// short forms of the calls.
#pragma once

#include <asm/errno.h>
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>

#include "tests/guest/programs/tap.h"

typedef unsigned long long SignalSet;  // signal n is bit n - 1

struct Action {
    void* handler;
    unsigned long flags;
    void* restorer;
    SignalSet mask;
};

struct Time {
    long seconds, nanoseconds;
};

static inline SignalSet bit(int signal) {
    return 1ULL << (signal - 1);
}

static inline long act(int signal, void* handler, unsigned long flags, SignalSet mask) {
    const struct Action action = {handler, flags, 0, mask};
    return system_call(SYS_rt_sigaction, signal, &action, 0, 8);
}

static inline SignalSet blocked(void) {
    SignalSet set = 0;
    system_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, &set, 8);
    return set;
}
static inline long block(SignalSet set) {
    return system_call(SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
}
static inline long unblock(SignalSet set) {
    return system_call(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, 0, 8);
}
static inline SignalSet pending(void) {
    SignalSet set = 0;
    system_call(SYS_rt_sigpending, &set, 8);
    return set;
}

static inline long raise(int signal) {
    return system_call(SYS_kill, system_call(SYS_getpid), signal);
}

static inline void pause_for(long milliseconds) {
    const struct Time time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    system_call(SYS_nanosleep, &time, 0);
}

static inline void end(int code) {
    system_call(SYS_exit_group, code);
    __builtin_unreachable();
}

/// A page of which the next one is a hole, and which may not be written.
struct Pages {
    char *writable, *read_only, *hole;
};
static inline struct Pages make_pages(void) {
    char* const start =
        (char*)system_call6(SYS_mmap2, 0, 3 * 4096, 3, 0x22 /* private, anonymous */, -1, 0);
    system_call(SYS_mprotect, start + 4096, 4096, 1);
    system_call(SYS_munmap, start + 2 * 4096, 4096);
    const struct Pages pages = {start, start + 4096, start + 2 * 4096};
    return pages;
}

/// Places that no program can read: NULL, unmapped, the kernel's, one that begins at the end of a
/// page with a hole behind it, one that wraps.
#define FOR_EACH_BAD_SOURCE(pointer, pages)                                                \
    for (char *all_[] = {(char*)0x1000, (pages).hole - 1, (pages).hole, (char*)0xFFFFF000, \
                         (char*)0xFFFFFFFF},                                               \
              **at_ = all_, *pointer = *at_;                                               \
         at_ < all_ + sizeof all_ / sizeof *all_; ++at_, pointer = at_ < all_ + 5 ? *at_ : 0)
/// The same for writing: what may only be read, too.
#define FOR_EACH_BAD_TARGET(pointer, pages)                                                     \
    for (char *all_[] = {(char*)0x1000, (pages).read_only, (pages).read_only - 1, (pages).hole, \
                         (char*)0xFFFFFFFF},                                                    \
              **at_ = all_, *pointer = *at_;                                                    \
         at_ < all_ + sizeof all_ / sizeof *all_; ++at_, pointer = at_ < all_ + 5 ? *at_ : 0)
