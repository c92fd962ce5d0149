// From _start to main, and from exit to the end: environ, atexit(3), abort(3).
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "user/system_call.h"

extern "C" {

int main(int argc, char** argv, char** environment);
[[noreturn]] void program_start(long* stack);

/// What ends with the program, if it is part of it: the streams, and the report of leaks.
[[gnu::weak]] void program_flush();
[[gnu::weak]] void program_report_leaks();
/// Where the errno of a thread is, if the program has threads; nullptr for the first one.
[[gnu::weak]] int* thread_error_location() noexcept;

char** environ = nullptr;

}  // extern "C"

namespace {

constexpr int kMostAtExit = 32;
constexpr int kAbort = 6;  // SIGABRT
using AtExit = void (*)();
AtExit at_exit[kMostAtExit];
int at_exit_count = 0;
int error_number = 0;

}  // namespace

int* __errno_location() {
    int* const of_thread = thread_error_location != nullptr ? thread_error_location() : nullptr;
    return of_thread != nullptr ? of_thread : &error_number;
}

// stack: argc, argv..., 0, environment..., 0
void program_start(long* stack) {
    const long argc = stack[0];
    auto** const argv = reinterpret_cast<char**>(stack + 1);
    environ = argv + argc + 1;
    exit(main(static_cast<int>(argc), argv, environ));
}

int atexit(void (*function)()) {
    if (at_exit_count == kMostAtExit) return -1;
    at_exit[at_exit_count++] = function;
    return 0;
}

// A function may register another one: it is called next.
void exit(int code) {
    while (at_exit_count > 0)
        at_exit[--at_exit_count]();
    if (program_flush != nullptr) program_flush();
    if (program_report_leaks != nullptr) program_report_leaks();
    _exit(code);
}

void _exit(int code) {
    for (;;)
        system_call(SYS_exit_group, code);
}

void _Exit(int code) {
    _exit(code);
}

// First as it is, so that a handler sees it; then with the default action, unblocked; in the end by
// an instruction that cannot be.
void abort() {
    const long thread = system_call(SYS_gettid);
    system_call(SYS_tkill, thread, kAbort);
    const struct {
        void (*handler)();
        unsigned flags;
        void (*restorer)();
        unsigned mask[2];
    } default_action{};
    const unsigned only_abort[2] = {1U << (kAbort - 1), 0};
    constexpr int kUnblock = 1;
    system_call(SYS_rt_sigaction, kAbort, &default_action, 0, sizeof default_action.mask);
    system_call(SYS_tkill, thread, kAbort);
    system_call(SYS_rt_sigprocmask, kUnblock, only_abort, 0, sizeof only_abort);
    for (;;)
        __builtin_trap();
}
