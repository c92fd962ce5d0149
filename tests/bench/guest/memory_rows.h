// Rows of process_costs: page faults, and calls that change an address space.
#pragma once

#include "tests/bench/guest/measure.h"

namespace bench {

inline constexpr unsigned kPages = 1024;  // of which faults are counted
inline constexpr unsigned kSome = 256;    // of which ranges are changed

// A write to a page never touched, its frame zeroed in the fault.
inline Clocks zero_fault() {
    volatile char* memory = map(kPages * kPage);
    const Clocks cost = faults_of(touch, memory, kPages * kPage);
    unmap(memory, kPages * kPage);
    return cost;
}

// The same after the machine had nothing to do for a while, and could zero frames.
inline constexpr unsigned kAhead = 32;
inline Clocks zero_fault_ahead() {
    volatile char* memory = map(kPages * kPage);
    touch(memory, kPage);  // its page table, too
    const long pause[2] = {0, 100'000'000};
    must("nanosleep", system_call(SYS_nanosleep, pause, 0));
    const Clocks cost = faults_of(touch, memory + kPage, kAhead * kPage);
    unmap(memory, kPages * kPage);
    return cost;
}

// A read of a page never touched.
inline Clocks read_fault() {
    volatile char* memory = map(kPages * kPage);
    const Clocks cost = faults_of(read_pages, memory, kPages * kPage);
    unmap(memory, kPages * kPage);
    return cost;
}

// The child writes to pages it shares with its parent, who keeps them: each is copied.
inline Clocks cow_copy() {
    volatile char* shared = map(kPage, kSharedAnonymous);
    auto* const result = reinterpret_cast<volatile Clocks*>(shared);
    volatile char* memory = map(kPages * kPage);
    touch(memory, kPages * kPage);
    if (must("fork", sys::fork()) == 0) {
        *result = faults_of(touch, memory, kPages * kPage);
        sys::exit(0);
    }
    wait_for_child();
    const Clocks cost = *result;
    unmap(memory, kPages * kPage);
    unmap(shared, kPage);
    return cost;
}

// The first write under a page table, if parent and child share whole tables; a turn is one of
// them.
inline constexpr unsigned kTables = 4;
inline Clocks cow_first() {
    constexpr std::size_t kUnderTable = 4 * kMib;
    volatile char* shared = map(kPage, kSharedAnonymous);
    auto* const result = reinterpret_cast<volatile Clocks*>(shared);
    volatile char* memory = map(kTables * kUnderTable);
    touch(memory, kTables * kUnderTable);
    if (must("fork", sys::fork()) == 0) {
        const Clocks begin = mark();
        for (unsigned i = 0; i < kTables; ++i)
            memory[i * kUnderTable] = 1;
        *result = mark() - begin;
        sys::exit(0);
    }
    wait_for_child();
    const Clocks cost = *result;
    unmap(memory, kTables * kUnderTable);
    unmap(shared, kPage);
    return cost;
}

// The child has ended: its parent is the only owner of the pages it writes to. A kernel may let the
// two share whole page tables; `split` makes the child write a page under each first.
template <bool split>
Clocks cow_sole_owner() {
    volatile char* memory = map(kPages * kPage);
    touch(memory, kPages * kPage);
    if (must("fork", sys::fork()) == 0) {
        if (split) {
            memory[0] = 1;
            memory[(kPages - 1) * kPage] = 1;
        }
        sys::exit(0);
    }
    wait_for_child();
    const Clocks cost = faults_of(touch, memory, kPages * kPage);
    unmap(memory, kPages * kPage);
    return cost;
}

// The heap grows by a page, which is touched.
inline Clocks brk_touch() {
    const std::uintptr_t first = sys::set_break(0);
    std::uintptr_t end = (first + kPage - 1) & ~(kPage - 1);
    const Clocks begin = mark();
    for (unsigned i = 0; i < kSome; ++i) {
        end = sys::set_break(end + kPage);
        *reinterpret_cast<volatile char*>(end - 1) = 1;
    }
    const Clocks cost = mark() - begin;
    sys::set_break(first);
    return cost;
}

template <unsigned pages>
Clocks map_unmap() {
    const Clocks begin = mark();
    for (unsigned i = 0; i < kCalls; ++i)
        unmap(map(pages * kPage), pages * kPage);
    return mark() - begin;
}

inline Clocks map_touch_unmap() {
    const Clocks begin = mark();
    for (unsigned i = 0; i < kSome; ++i) {
        volatile char* page = map(kPage);
        *page = 1;
        unmap(page, kPage);
    }
    return mark() - begin;
}

// A turn is a page.
inline Clocks unmap_touched() {
    volatile char* memory = map(kPages * kPage);
    touch(memory, kPages * kPage);
    const Clocks begin = mark();
    unmap(memory, kPages * kPage);
    return mark() - begin;
}

// A turn is one call for 256 touched pages: read-only, and writable again.
inline constexpr unsigned kFlips = 100;
inline Clocks protect_flip() {
    volatile char* memory = map(kSome * kPage);
    touch(memory, kSome * kPage);
    const Clocks begin = mark();
    for (unsigned i = 0; i < kFlips / 2; ++i) {
        protect(memory, kSome * kPage, kRead);
        protect(memory, kSome * kPage, kReadWrite);
    }
    const Clocks cost = mark() - begin;
    unmap(memory, kSome * kPage);
    return cost;
}

inline long remap(volatile char* start, std::size_t bytes, std::size_t new_bytes,
                  volatile char* to) {
    enum : long { kMayMove = 1, kFixed = 2 };
    return must("mremap", system_call(SYS_mremap, start, bytes, new_bytes,
                                      to != nullptr ? kMayMove | kFixed : 0, to));
}

// A turn is 256 touched pages moved elsewhere.
inline constexpr unsigned kMoves = 20;
inline Clocks remap_move() {
    const std::size_t bytes = kSome * kPage;
    volatile char* room = map(2 * bytes);
    touch(room, bytes);
    unmap(room + bytes, bytes);
    const Clocks begin = mark();
    for (unsigned i = 0; i < kMoves / 2; ++i) {
        remap(room, bytes, bytes, room + bytes);
        remap(room + bytes, bytes, bytes, room);
    }
    const Clocks cost = mark() - begin;
    unmap(room, bytes);
    return cost;
}

// A turn is one page more, or less, at the end of 256, where there is room.
inline Clocks remap_resize() {
    volatile char* memory = map((kSome + 1) * kPage);
    unmap(memory + kSome * kPage, kPage);
    const Clocks begin = mark();
    for (unsigned i = 0; i < kCalls / 2; ++i) {
        remap(memory, kSome * kPage, (kSome + 1) * kPage, nullptr);
        remap(memory, (kSome + 1) * kPage, kSome * kPage, nullptr);
    }
    const Clocks cost = mark() - begin;
    unmap(memory, kSome * kPage);
    return cost;
}

// MADV_DONTNEED; a turn is a touched page.
inline Clocks discard_touched() {
    volatile char* memory = map(kPages * kPage);
    touch(memory, kPages * kPage);
    const Clocks begin = mark();
    discard(memory, kPages * kPage);
    const Clocks cost = mark() - begin;
    unmap(memory, kPages * kPage);
    return cost;
}

inline constexpr Row kMemoryRows[] = {
    {"zero-fault", kPages, zero_fault},
    {"zero-fault-ahead", kAhead, zero_fault_ahead},
    {"read-fault", kPages, read_fault},
    {"cow-copy", kPages, cow_copy},
    {"cow-first", kTables, cow_first},
    {"cow-sole", kPages, cow_sole_owner<true>},
    {"cow-sole-tables", kPages, cow_sole_owner<false>},
    {"brk-touch", kSome, brk_touch},
    {"map-1", kCalls, map_unmap<1>},
    {"map-256", kCalls, map_unmap<256>},
    {"map-touch-1", kSome, map_touch_unmap},
    {"unmap-page", kPages, unmap_touched},
    {"protect-256", kFlips, protect_flip},
    {"remap-256", kMoves, remap_move},
    {"remap-resize", kCalls, remap_resize},
    {"discard-page", kPages, discard_touched},
};

}  // namespace bench
