// What the rows of process_costs are made of: the clock, memory, and what a row is.
//
// A row's function prepares, takes the time of `turns` operations between two mark()s, and tidies
// up. make profile follows the same marks in QEMU's log of executed instructions, so the two tell
// of the same thing. Everything here runs on Linux, too.
#pragma once

#include <cstddef>
#include <cstdint>

#include "user/output.h"
#include "user/system.h"

namespace bench {

using quire::say;
namespace sys = quire::sys;
using Clocks = std::uint64_t;

inline constexpr std::size_t kPage = 4096;
inline constexpr std::size_t kMib = 1U << 20;
inline constexpr unsigned kCalls = 1000;  // of what is cheap

struct Row {
    const char* name;
    unsigned turns;
    Clocks (*measure)();  // of all turns together
};

inline Clocks clocks() {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return static_cast<Clocks>(high) << 32 | low;
}

/// The clock at the begin and at the end of what is measured. Its address is what make profile
/// looks for.
extern "C" [[gnu::noinline]] inline Clocks mark() {
    return clocks();
}

enum : long { kRead = 1, kReadWrite = 3 };
enum : long { kPrivateAnonymous = 0x22, kSharedAnonymous = 0x21 };

/// Ends the program when the result of a call is an error.
inline long must(const char* what, long result) {
    if (result >= 0 || result < -4096) return result;
    say("%s: error %ld\n", what, -result);
    sys::exit(1);
}

inline volatile char* map(std::size_t bytes, long flags = kPrivateAnonymous) {
    return reinterpret_cast<volatile char*>(must(
        "mmap2", system_call6(SYS_mmap2, 0, static_cast<long>(bytes), kReadWrite, flags, -1, 0)));
}

inline void unmap(volatile char* start, std::size_t bytes) {
    must("munmap", system_call(SYS_munmap, start, bytes));
}

inline void protect(volatile char* start, std::size_t bytes, long access) {
    must("mprotect", system_call(SYS_mprotect, start, bytes, access));
}

inline void discard(volatile char* start, std::size_t bytes) {
    constexpr long kDontNeed = 4;
    must("madvise", system_call(SYS_madvise, start, bytes, kDontNeed));
}

inline void touch(volatile char* start, std::size_t bytes) {
    for (std::size_t at = 0; at < bytes; at += kPage)
        start[at] = 1;
}

inline void read_pages(volatile char* start, std::size_t bytes) {
    for (std::size_t at = 0; at < bytes; at += kPage)
        (void)start[at];
}

/// Clocks for touch() or read_pages(), less those of the same loop over pages that are there. That
/// one runs twice, and the lesser counts: an interrupt in it must not make the faults look cheap.
template <typename Loop>
Clocks faults_of(Loop loop, volatile char* start, std::size_t bytes) {
    const Clocks begin = mark();
    loop(start, bytes);
    const Clocks first = mark() - begin;
    Clocks alone = ~Clocks{0};
    for (unsigned i = 0; i < 2; ++i) {
        const Clocks again = clocks();
        loop(start, bytes);
        const Clocks cost = clocks() - again;
        if (cost < alone) alone = cost;
    }
    return first - alone;
}

/// A kernel may keep some frames zeroed ahead: nothing of them is left when this returns.
inline void use_up_zeroed_frames() {
    constexpr std::size_t kEnough = 128 * kPage;
    volatile char* memory = map(kEnough);
    touch(memory, kEnough);
    unmap(memory, kEnough);
}

inline void wait_for_child() {
    must("wait4", sys::wait_for(-1, nullptr, 0));
}

}  // namespace bench
