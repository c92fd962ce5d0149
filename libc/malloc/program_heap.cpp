#include "libc/malloc/program_heap.h"

#include <new>

namespace quire::libc {

using heap::CallSite;

// Both locks are shut at first: they are with the first to come, who sets up.
bool ProgramHeap::enter_slowly() {
    if (!is(kPlain)) {
        const bool first = comes_first();
        if (first) {
            set_up();
        } else {
            second_.take();
        }
        if (is(kWatched)) return false;
        second_.release();
        if (first) return true;  // and the gate is ours
    }
    gate_.take();
    return true;
}

bool ProgramHeap::comes_first() {
    std::uint32_t expected = kNew;
    return __atomic_compare_exchange_n(&mode_, &expected, kStarting, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

void ProgramHeap::leave_as(bool plain) {
    (plain ? gate_ : second_).release();
}

void ProgramHeap::set_up() {
    const HeapHome& home = home_of(*this);
    new (heap_place_) heap::Heap(home.source, home.misuse);
    parts().arena.set_steps(kUsualLimits.trim_from, kUsualLimits.ahead);
    const bool watched = home.watched();
    if (watched) new (debug_place_) heap::DebugHeap(heap(), home.damage);
    __atomic_store_n(&mode_, watched ? kWatched : kPlain, __ATOMIC_RELEASE);
}

void* ProgramHeap::checked(void* pointer) {
    if (pointer == nullptr) home_of(*this).out_of_memory();
    return pointer;
}

void* ProgramHeap::leave_without_memory() {
    gate_.release();
    return checked(nullptr);
}

void* ProgramHeap::allocate_slowly(std::size_t size, std::uintptr_t caller) {
    const bool plain = enter_slowly();
    void* pointer =
        plain ? heap().allocate(size) : debug().allocate(size, CallSite{nullptr, caller});
    leave_as(plain);
    return checked(pointer);
}

void ProgramHeap::deallocate_slowly(void* pointer, std::uintptr_t caller) {
    if (pointer == nullptr) return;
    const bool plain = enter_slowly();
    if (plain) {
        heap().deallocate(pointer);
    } else {
        debug().deallocate(pointer, CallSite{nullptr, caller});
    }
    leave_as(plain);
}

void* ProgramHeap::allocate_zeroed(std::size_t count, std::size_t size, std::uintptr_t caller) {
    const bool plain = enter();
    void* pointer = plain ? heap().allocate_zeroed(count, size)
                          : debug().allocate_zeroed(count, size, CallSite{nullptr, caller});
    leave_as(plain);
    return checked(pointer);
}

void* ProgramHeap::reallocate_slowly(void* pointer, std::size_t size, std::uintptr_t caller) {
    const bool plain = enter_slowly();
    void* target = plain ? heap().reallocate(pointer, size)
                         : debug().reallocate(pointer, size, CallSite{nullptr, caller});
    leave_as(plain);
    return checked(target);
}

void* ProgramHeap::allocate_aligned(std::size_t alignment, std::size_t size,
                                    std::uintptr_t caller) {
    const bool plain = enter();
    void* pointer = plain ? heap().allocate_aligned(alignment, size)
                          : debug().allocate_aligned(alignment, size, CallSite{nullptr, caller});
    leave_as(plain);
    return checked(pointer);
}

std::size_t ProgramHeap::usable_size(void* pointer) {
    const bool plain = enter();
    const std::size_t size = plain ? heap().usable_size(pointer) : debug().usable_size(pointer);
    leave_as(plain);
    return size;
}

bool ProgramHeap::trim(std::size_t keep) {
    const bool plain = enter();
    const bool gone = heap().trim(keep) != 0;
    leave_as(plain);
    return gone;
}

heap::HeapStatistics ProgramHeap::statistics() {
    const bool plain = enter();
    const heap::HeapStatistics sum = heap().statistics();
    leave_as(plain);
    return sum;
}

ProgramHeap::Limits ProgramHeap::limits() {
    const bool plain = enter();
    const heap::HeapParts& held = parts();
    const Limits limits{held.mappings.from(), held.mappings.most(), held.arena.trim_from(),
                        held.arena.ahead()};
    leave_as(plain);
    return limits;
}

void ProgramHeap::set_limits(const Limits& limits) {
    const bool plain = enter();
    heap::HeapParts& held = parts();
    held.mappings.set_limits(limits.map_from, limits.most_mappings);
    held.arena.set_steps(limits.trim_from, limits.ahead);
    leave_as(plain);
}

void ProgramHeap::after_fork_in_child() {
    (fork_plain_ ? gate_ : second_).release_alone();
}

std::size_t ProgramHeap::report_leaks(LeakReport& report) {
    if (!is(kWatched)) return 0;
    second_.take();
    debug().check_all();
    heap::DebugHeap::SiteTotal rows[kLeakRows];
    const std::size_t count = debug().who_holds(rows, kLeakRows);
    for (std::size_t row = 0; row < count; ++row)
        report.leak(rows[row]);
    const std::size_t blocks = debug().live_blocks();
    second_.release();
    return blocks;
}

void ProgramHeap::check_invariants() {
    const bool plain = enter();
    heap().check_invariants();
    leave_as(plain);
}

}  // namespace quire::libc
