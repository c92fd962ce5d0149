// The frame of the oracle's cases: what a system call answers, one line a case, on any kernel that
// has Linux's i386 system calls (docs/oracle.md).
//
//     #define SUBJECT "pipes"
//     #include "tests/oracle/frame.h"
//
//     ANSWER(read, "a closed descriptor", CALL(read, 77, room, 1))      // 001 read: a closed ... =
//     EBADF CASE(pipe, "what was written is read") {
//         int ends[2];
//         answer(CALL(pipe, ends));
//         ...
//         answer_text("%s", room);                                      // answers are joined by
//         blanks
//     }
//
// Each case runs in a child of its own, as root, in an empty folder on a tmpfs, with descriptors 0
// to 2 open, no handlers, and in a process group of its own, so that a crash ("killed SIGSEGV") and
// what is left behind do not matter. An answer is the same on every run: no address, number of a
// process or time.
#pragma once

#include <asm/errno.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/wait.h>

#include "user/system_call.h"

struct Case {
    const char *subject, *call, *situation;
    void (*run)(void);
};

#define CASE_NAMED(name, call, situation)                                                    \
    static void name(void);                                                                  \
    __attribute__((section("oracle_cases"), used)) static const struct Case entry_##name = { \
        SUBJECT, #call, situation, name};                                                    \
    static void name(void)
#define CASE_AT_LINE(line, call, situation) CASE_NAMED(case_at_##line, call, situation)
#define CASE_ON(line, call, situation) CASE_AT_LINE(line, call, situation)
#define CASE(call, situation) CASE_ON(__LINE__, call, situation)
/// A case whose answer is one number.
#define ANSWER(call, situation, ...) \
    CASE(call, situation) {          \
        answer((long)(__VA_ARGS__)); \
    }

#define CALL(name, ...) system_call(__NR_##name __VA_OPT__(, ) __VA_ARGS__)
#define CALL6(name, a, b, c, d, e, f) \
    system_call6(__NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/// The name of an errno, or the number.
void answer(long result);
__attribute__((format(printf, 1, 2))) void answer_text(const char* format, ...);
/// How wait4(2) says a process has ended: "exit 3", "killed SIGSEGV", "stopped SIGSTOP".
void answer_status(int status);
/// Two words for a condition.
void answer_whether(int condition, const char* yes, const char* no);
const char* signal_name(int signal);
/// 'E...' for -errno, "OK" for what is none: where the number itself may differ.
void answer_outcome(long result);

__attribute__((noreturn)) void end(int code);
/// The status of a child that has ended.
int reap(long pid);
/// fork(2); runs function(argument) in the child, then _exit(0), and returns the child's status.
int status_of(void (*function)(long argument), long argument);
/// Sleeps, whatever signals say.
void rest(int milliseconds);
/// All three user and group numbers become `id`; no groups are left.
void become(int id);

enum { kPage = 4096, kReadWrite = PROT_READ | PROT_WRITE, kPrivate = MAP_PRIVATE | MAP_ANONYMOUS };
char* map_at(const void* where, unsigned long bytes, int prot, int flags, int file, long page);
char* map(unsigned long bytes);
static inline int is_error(const void* answer) {
    return (unsigned long)answer >= (unsigned long)-4095;
}

/// Pages side by side: one to write, one to read, and a hole.
struct Pages {
    char *writable, *read_only, *hole;
};
struct Pages pages(void);
/// Places where no program has anything.
#define KERNEL ((char*)0xC0001000)
#define LAST_PAGE ((char*)0xFFFFF000)

/// A file of the case's folder with these bytes, open for reading and writing, at its start.
long file(const char* name, const char* content);
/// What is in it, ended by 0, at most 255 bytes; "(none)" if it cannot be read.
const char* content_of(const char* name);
enum { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE };
/// A place for what a case reads.
extern char room[4096];

typedef unsigned long long SignalSet;  // signal n is bit n - 1
static inline SignalSet bit(int signal) {
    return 1ULL << (signal - 1);
}
struct Action {
    void* handler;
    unsigned long flags;
    void* restorer;
    SignalSet mask;
};
long act(int signal, const void* handler, unsigned long flags, SignalSet mask);

int strcmp(const char*, const char*);
int memcmp(const void*, const void*, __SIZE_TYPE__);
void* memset(void*, int, __SIZE_TYPE__);
void* memcpy(void*, const void*, __SIZE_TYPE__);
__SIZE_TYPE__ strlen(const char*);
char* strstr(const char*, const char*);
int snprintf(char*, __SIZE_TYPE__, const char*, ...);
