// <signal.h>. The kernel needs to know where a handler returns to (SA_RESTORER): jumps.asm.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "libc/program/call.h"
#include "user/signal_names.h"

using quire::libc::call;
using quire::libc::fail;

extern "C" {
void program_signal_return();
void program_signal_return_with_info();
}

namespace {

constexpr unsigned long kHasRestorer = 0x04000000;  // SA_RESTORER
constexpr int kBits = 32;                           // of a word of sigset_t
constexpr size_t kSetSize = sizeof(sigset_t);

bool is_signal(int signal) {
    return signal >= 1 && signal < NSIG;
}

}  // namespace

int sigaction(int signal, const struct sigaction* action, struct sigaction* before) {
    if (action == nullptr) return call(SYS_rt_sigaction, signal, nullptr, before, kSetSize);
    struct sigaction completed = *action;
    completed.sa_flags |= kHasRestorer;
    completed.sa_restorer = (action->sa_flags & SA_SIGINFO) != 0 ? program_signal_return_with_info
                                                                 : program_signal_return;
    return call(SYS_rt_sigaction, signal, &completed, before, kSetSize);
}

sighandler_t signal(int signal, sighandler_t handler) {
    struct sigaction action = {};
    struct sigaction before = {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    return sigaction(signal, &action, &before) < 0 ? SIG_ERR : before.sa_handler;
}

int sigprocmask(int how, const sigset_t* set, sigset_t* before) {
    return call(SYS_rt_sigprocmask, how, set, before, kSetSize);
}
int sigpending(sigset_t* set) {
    return call(SYS_rt_sigpending, set, kSetSize);
}
int sigsuspend(const sigset_t* mask) {
    return call(SYS_rt_sigsuspend, mask, kSetSize);
}
int sigaltstack(const stack_t* stack, stack_t* before) {
    return call(SYS_sigaltstack, stack, before);
}
int sigtimedwait(const sigset_t* set, siginfo_t* told, const struct timespec* longest) {
    return call(SYS_rt_sigtimedwait, set, told, longest, kSetSize);
}
int sigwaitinfo(const sigset_t* set, siginfo_t* told) {
    return sigtimedwait(set, told, nullptr);
}
int sigwait(const sigset_t* set, int* signal) {
    for (;;) {
        const int got = sigwaitinfo(set, nullptr);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        *signal = got;
        return 0;
    }
}

int kill(pid_t pid, int signal) {
    return call(SYS_kill, pid, signal);
}
int killpg(pid_t group, int signal) {
    return group < 0 ? fail(EINVAL) : kill(-group, signal);
}
int raise(int signal) {
    return call(SYS_tgkill, getpid(), gettid(), signal);
}
int pause() {
    return call(SYS_pause);
}

int sigemptyset(sigset_t* set) {
    *set = {};
    return 0;
}
int sigfillset(sigset_t* set) {
    set->_bits[0] = set->_bits[1] = ~0UL;
    return 0;
}
int sigaddset(sigset_t* set, int signal) {
    if (!is_signal(signal)) return fail(EINVAL);
    set->_bits[(signal - 1) / kBits] |= 1UL << ((signal - 1) % kBits);
    return 0;
}
int sigdelset(sigset_t* set, int signal) {
    if (!is_signal(signal)) return fail(EINVAL);
    set->_bits[(signal - 1) / kBits] &= ~(1UL << ((signal - 1) % kBits));
    return 0;
}
int sigismember(const sigset_t* set, int signal) {
    if (!is_signal(signal)) return fail(EINVAL);
    return static_cast<int>(set->_bits[(signal - 1) / kBits] >> ((signal - 1) % kBits) & 1);
}

char* strsignal(int signal) {
    static char other[32];
    if (signal >= 1 && signal < SIGRTMIN) return const_cast<char*>(quire::signal_text(signal));
    if (is_signal(signal)) {
        snprintf(other, sizeof other, "Real-time signal %d", signal - SIGRTMIN);
    } else {
        snprintf(other, sizeof other, "Unknown signal %d", signal);
    }
    return other;
}

void psignal(int signal, const char* text) {
    const bool has_text = text != nullptr && *text != '\0';
    dprintf(STDERR_FILENO, "%s%s%s\n", has_text ? text : "", has_text ? ": " : "",
            strsignal(signal));
}
