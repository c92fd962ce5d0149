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

void ProgramHeap::leave(bool plain) {
    (plain ? gate_ : second_).release();
}

void ProgramHeap::set_up() {
    const HeapHome& home = home_of(*this);
    new (heap_place_) heap::Heap(home.source, home.misuse);
    heap().parts().arena.set_steps(kUsualLimits.trim_from, kUsualLimits.ahead);
    const bool watched = home.watched();
    if (watched) new (debug_place_) heap::DebugHeap(heap(), home.damage);
    __atomic_store_n(&mode_, watched ? kWatched : kPlain, __ATOMIC_RELEASE);
}

void* ProgramHeap::checked(void* pointer) {
    if (pointer == nullptr) home_of(*this).out_of_memory();
    return pointer;
}

void* ProgramHeap::allocate_slowly(std::size_t size, std::uintptr_t caller) {
    const bool plain = enter_slowly();
    void* pointer =
        plain ? heap().allocate(size) : debug().allocate(size, CallSite{nullptr, caller});
    leave(plain);
    return checked(pointer);
}

void* ProgramHeap::allocate_small(std::size_t slot_class) {
    const std::uint32_t free = heap().parts().runs.next_word(slot_class);
    if (free == 0) return allocate_from_next_run(slot_class);
    return gate_.release_with(heap().parts().runs.take(slot_class, free));
}

void* ProgramHeap::allocate_from_next_run(std::size_t slot_class) {
    void* pointer = heap::allocate_from_next_run(heap().parts(), slot_class);
    gate_.release();
    return checked(pointer);
}

void* ProgramHeap::allocate_block(std::size_t size) {
    void* pointer = heap::take_recent(heap().parts(), size);
    return pointer == nullptr ? allocate_new(size) : gate_.release_with(pointer);
}

void* ProgramHeap::allocate_new(std::size_t size) {
    void* pointer = heap::allocate_new(heap().parts(), size);
    gate_.release();
    return checked(pointer);
}

void ProgramHeap::deallocate_block(void* pointer, std::size_t unit) {
    switch (heap::keep_block(heap().parts(), pointer, unit)) {
    case heap::FreedBlock::Kept:
        return gate_.release();
    case heap::FreedBlock::ForOther:
        return deallocate_other(pointer);
    case heap::FreedBlock::ForLarge:
        return deallocate_large(heap::Block::of_payload(pointer));
    case heap::FreedBlock::ForReplace:
        return replace_recent(heap::Block::of_payload(pointer));
    }
}

void ProgramHeap::deallocate_large(heap::Block* block) {
    heap::deallocate_large(heap().parts(), block);
    gate_.release();
}

void ProgramHeap::replace_recent(heap::Block* block) {
    heap::replace_recent(heap().parts(), block);
    gate_.release();
}

void ProgramHeap::deallocate_other(void* pointer) {
    heap::deallocate_other(heap().parts(), pointer);
    gate_.release();
}

void ProgramHeap::settle_run(void* slot) {
    heap::settle_run(heap().parts(), slot);
    gate_.release();
}

void ProgramHeap::deallocate_slowly(void* pointer, std::uintptr_t caller) {
    if (pointer == nullptr) return;
    const bool plain = enter_slowly();
    if (plain) {
        heap().deallocate(pointer);
    } else {
        debug().deallocate(pointer, CallSite{nullptr, caller});
    }
    leave(plain);
}

void* ProgramHeap::settle_run_with(void* slot, void* result) {
    settle_run(slot);
    return result;
}

void* ProgramHeap::move_slot(void* slot, std::size_t size) {
    void* target = heap::move_slot(heap().parts(), slot, size);
    gate_.release();
    return checked(target);
}

void* ProgramHeap::reallocate_other(void* pointer, std::size_t size) {
    void* target = heap::reallocate_other(heap().parts(), pointer, size);
    gate_.release();
    return checked(target);
}

void* ProgramHeap::allocate_zeroed(std::size_t count, std::size_t size, std::uintptr_t caller) {
    const bool plain = enter();
    void* pointer = plain ? heap().allocate_zeroed(count, size)
                          : debug().allocate_zeroed(count, size, CallSite{nullptr, caller});
    leave(plain);
    return checked(pointer);
}

void* ProgramHeap::reallocate_slowly(void* pointer, std::size_t size, std::uintptr_t caller) {
    const bool plain = enter_slowly();
    void* target = plain ? heap().reallocate(pointer, size)
                         : debug().reallocate(pointer, size, CallSite{nullptr, caller});
    leave(plain);
    return checked(target);
}

void* ProgramHeap::allocate_aligned(std::size_t alignment, std::size_t size,
                                    std::uintptr_t caller) {
    const bool plain = enter();
    void* pointer = plain ? heap().allocate_aligned(alignment, size)
                          : debug().allocate_aligned(alignment, size, CallSite{nullptr, caller});
    leave(plain);
    return checked(pointer);
}

std::size_t ProgramHeap::usable_size(void* pointer) {
    const bool plain = enter();
    const std::size_t size = plain ? heap().usable_size(pointer) : debug().usable_size(pointer);
    leave(plain);
    return size;
}

bool ProgramHeap::trim(std::size_t keep) {
    const bool plain = enter();
    const bool gone = heap().trim(keep) != 0;
    leave(plain);
    return gone;
}

heap::HeapStatistics ProgramHeap::statistics() {
    const bool plain = enter();
    const heap::HeapStatistics sum = heap().statistics();
    leave(plain);
    return sum;
}

ProgramHeap::Limits ProgramHeap::limits() {
    const bool plain = enter();
    const heap::HeapParts& parts = heap().parts();
    const Limits limits{parts.mappings.from(), parts.mappings.most(), parts.arena.trim_from(),
                        parts.arena.ahead()};
    leave(plain);
    return limits;
}

void ProgramHeap::set_limits(const Limits& limits) {
    const bool plain = enter();
    heap::HeapParts& parts = heap().parts();
    parts.mappings.set_limits(limits.map_from, limits.most_mappings);
    parts.arena.set_steps(limits.trim_from, limits.ahead);
    leave(plain);
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
    leave(plain);
}

}  // namespace quire::libc
