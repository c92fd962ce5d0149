// Processes: <sys/wait.h>, <sys/resource.h>, and what <unistd.h> has of them.
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include "libc/program/call.h"

using quire::libc::answer;
using quire::libc::call;

extern "C" {
/// malloc's part in fork(2), if the program has malloc.
[[gnu::weak]] void program_heap_before_fork();
[[gnu::weak]] void program_heap_after_fork(int in_child);
/// That of the streams.
[[gnu::weak]] void program_streams_before_fork();
[[gnu::weak]] void program_streams_after_fork(int in_child);
/// In the child, if the program has threads.
[[gnu::weak]] void thread_after_fork();
}

pid_t fork() {
    const bool has_heap = program_heap_before_fork != nullptr;
    const bool has_streams = program_streams_before_fork != nullptr;
    if (has_streams) program_streams_before_fork();
    if (has_heap) program_heap_before_fork();
    const long child = system_call(SYS_fork);
    const int in_child = child == 0 ? 1 : 0;
    if (has_heap) program_heap_after_fork(in_child);
    if (has_streams) program_streams_after_fork(in_child);
    if (child == 0 && thread_after_fork != nullptr) thread_after_fork();
    return static_cast<pid_t>(answer(child));
}

pid_t wait4(pid_t pid, int* status, int options, struct rusage* used) {
    return call(SYS_wait4, pid, status, options, used);
}
pid_t waitpid(pid_t pid, int* status, int options) {
    return wait4(pid, status, options, nullptr);
}
pid_t wait(int* status) {
    return waitpid(-1, status, 0);
}

pid_t getpid() {
    return call(SYS_getpid);
}
pid_t getppid() {
    return call(SYS_getppid);
}
pid_t gettid() {
    return call(SYS_gettid);
}
pid_t getpgrp() {
    return call(SYS_getpgrp);
}
pid_t getpgid(pid_t pid) {
    return call(SYS_getpgid, pid);
}
int setpgid(pid_t pid, pid_t group) {
    return call(SYS_setpgid, pid, group);
}
pid_t getsid(pid_t pid) {
    return call(SYS_getsid, pid);
}
pid_t setsid() {
    return call(SYS_setsid);
}

uid_t getuid() {
    return static_cast<uid_t>(call(SYS_getuid32));
}
uid_t geteuid() {
    return static_cast<uid_t>(call(SYS_geteuid32));
}
gid_t getgid() {
    return static_cast<gid_t>(call(SYS_getgid32));
}
gid_t getegid() {
    return static_cast<gid_t>(call(SYS_getegid32));
}
int setuid(uid_t user) {
    return call(SYS_setuid32, user);
}
int setgid(gid_t group) {
    return call(SYS_setgid32, group);
}

int getrusage(int who, struct rusage* used) {
    return call(SYS_getrusage, who, used);
}
int getrlimit(int which, struct rlimit* told) {
    return call(SYS_prlimit64, 0, which, nullptr, told);
}
int setrlimit(int which, const struct rlimit* limit) {
    return call(SYS_prlimit64, 0, which, limit, nullptr);
}

// The kernel answers 20 - priority, so that no answer looks like an error.
int getpriority(int which, unsigned who) {
    const int told = call(SYS_getpriority, which, who);
    return told < 0 ? -1 : 20 - told;
}
int setpriority(int which, unsigned who, int priority) {
    return call(SYS_setpriority, which, who, priority);
}
int nice(int increment) {
    if (call(SYS_nice, increment) < 0) return -1;
    return getpriority(PRIO_PROCESS, 0);
}

int uname(struct utsname* told) {
    return call(SYS_uname, told);
}
int gethostname(char* to, size_t size) {
    struct utsname told;
    if (uname(&told) < 0) return -1;
    return strlcpy(to, told.nodename, size) >= size ? quire::libc::fail(ENAMETOOLONG) : 0;
}
int sethostname(const char* name, size_t length) {
    return call(SYS_sethostname, name, length);
}

long sysconf(int name) {
    switch (name) {
    case _SC_CLK_TCK:
        return 100;
    case _SC_OPEN_MAX:
        return 1024;
    case _SC_PAGESIZE:
        return 4096;
    case _SC_NPROCESSORS_ONLN:
        return 1;
    default:
        return quire::libc::fail(EINVAL);
    }
}
int getpagesize() {
    return 4096;
}
