// Rows of process_costs: processes, and what goes between them. The loop and getpid come first: a
// loop of known length shows that clocks are instructions, and getpid(2) does nothing but go there
// and back.
#pragma once

#include "tests/bench/guest/measure.h"

namespace bench {

// The two instructions of a loop's turn: shows that clocks are instructions.
inline Clocks empty_loop() {
    unsigned turns = kCalls;
    const Clocks begin = mark();
    asm volatile("1: decl %0\n\tjnz 1b" : "+r"(turns)::"cc");
    return mark() - begin;
}

// mov, int 0x80 and the kernel; the loop is taken off.
inline Clocks getpid() {
    unsigned turns = kCalls;
    const Clocks begin = mark();
    asm volatile("1: movl %1, %%eax\n\tint $0x80\n\tdecl %0\n\tjnz 1b"
                 : "+r"(turns)
                 : "i"(SYS_getpid)
                 : "eax", "cc", "memory");
    return mark() - begin - 2 * kCalls;
}

// fork, _exit in the child, wait4 in the parent, who has touched this much.
template <std::size_t mib>
Clocks fork_exit_wait() {
    volatile char* memory = nullptr;
    if (mib != 0) {
        memory = map(mib * kMib);
        touch(memory, mib * kMib);
    }
    const Clocks begin = mark();
    if (must("fork", sys::fork()) == 0) sys::exit(0);
    wait_for_child();
    const Clocks cost = mark() - begin;
    if (mib != 0) unmap(memory, mib * kMib);
    return cost;
}

[[noreturn]] inline void become_nothing() {
    static char path[] = "/bench/nothing";
    static char* arguments[] = {path, nullptr};
    must("execve", sys::execute(path, arguments, arguments + 1));
    sys::exit(1);
}

// /bench/nothing ends as soon as it begins.
inline Clocks fork_exec() {
    const Clocks begin = mark();
    if (must("fork", sys::fork()) == 0) become_nothing();
    wait_for_child();
    return mark() - begin;
}

inline Clocks vfork_exec() {
    const Clocks begin = mark();
    if (must("vfork", system_call(SYS_vfork)) == 0) become_nothing();
    wait_for_child();
    return mark() - begin;
}

struct Pipe {
    int ends[2];
    Pipe() { must("pipe2", sys::pipe(ends, 0)); }
    ~Pipe() {
        sys::close(ends[0]);
        sys::close(ends[1]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    void write() { must("write", sys::write(ends[1], "x", 1)); }
    // Whether a byte came; not, when nobody can write any more.
    bool read() {
        char byte;
        return must("read", sys::read(ends[0], &byte, 1)) == 1;
    }
};

// A byte written to a pipe and read back by the same process.
inline constexpr unsigned kBytes = 100;
inline Clocks pipe_alone() {
    Pipe pipe;
    const Clocks begin = mark();
    for (unsigned i = 0; i < kBytes; ++i) {
        pipe.write();
        pipe.read();
    }
    return mark() - begin;
}

// A byte to another process, who sends one back: four calls, two of which wait.
inline Clocks pipe_two() {
    Pipe there;
    Pipe back;
    const long child = must("fork", sys::fork());
    if (child == 0) {
        while (there.read())
            back.write();
        sys::exit(0);
    }
    Clocks begin = 0;
    for (unsigned i = 0; i <= kBytes; ++i) {
        if (i == 1) begin = mark();  // the first finds the other one just born
        there.write();
        back.read();
    }
    const Clocks cost = mark() - begin;
    must("kill", sys::kill(child, 9));
    wait_for_child();
    return cost;
}

inline void on_signal(int) {}

// kill(2) to this process, the handler, sigreturn(2).
inline Clocks signal_to_self() {
    constexpr int kUser1 = 10;
    must("rt_sigaction", sys::set_signal(kUser1, on_signal));
    const long self = sys::process_id();
    const Clocks begin = mark();
    for (unsigned i = 0; i < kCalls; ++i)
        must("kill", sys::kill(self, kUser1));
    return mark() - begin;
}

inline constexpr Row kProcessRows[] = {
    {"loop", kCalls, empty_loop},       {"getpid", kCalls, getpid},
    {"fork-0", 1, fork_exit_wait<0>},   {"fork-1", 1, fork_exit_wait<1>},
    {"fork-16", 1, fork_exit_wait<16>}, {"fork-64", 1, fork_exit_wait<64>},
    {"fork-exec", 1, fork_exec},        {"vfork-exec", 1, vfork_exec},
    {"pipe-alone", kBytes, pipe_alone}, {"pipe", kBytes, pipe_two},
    {"signal", kCalls, signal_to_self},
};

}  // namespace bench
