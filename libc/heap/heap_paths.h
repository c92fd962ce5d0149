// The ways that calls of a heap take, for any owner: one that has the heap to itself, like the
// kernel's, and the malloc of programs, whose lock must be let go of whichever way a call ends.
//
// Each function goes as far as it is sure of, and is then left for the one that does the rest,
// which is its last call and is not inlined: so the common ways save no registers for what is rare,
// and nothing is looked at twice. The last one of all tells the owner that the call is over.
//
// An Owner has
//      HeapParts& parts()
//      void leave()                       the call is over
//      void* leave_with(void* result)     the same; returns `result`, which is not null
//      void* leave_without_memory()       the same; returns null
//      kBlocksInline                      whether blocks are as common as slots
// HeapParts is an owner itself, to whom the end of a call is nothing.
#pragma once

#include "libc/heap/copy_slot.h"
#include "libc/heap/heap_parts.h"

namespace quire::heap {

// Allocation.

/// A block from the arena, or a mapping.
template <typename Owner>
[[nodiscard, gnu::noinline]] HEAP_CALL void* allocate_new(Owner& owner, std::size_t size) {
    HeapParts& parts = owner.parts();
    if (size >= parts.mappings.from()) [[unlikely]] {
        if (size > kLargestRequest) return owner.leave_without_memory();
        void* mapping = parts.mappings.allocate(size);
        if (mapping != nullptr) return owner.leave_with(mapping);
    }
    Block* block = parts.arena.allocate(block_size_for(size));
    if (block == nullptr) return owner.leave_without_memory();
    parts.runs.block_allocated(block->size());
    return owner.leave_with(block->payload());
}

/// A block kept at hand, or one from the arena, or a mapping.
template <typename Owner>
[[nodiscard, gnu::always_inline]] inline void* allocate_block_here(Owner& owner, std::size_t size) {
    if (size > RecentBlocks::kLargestRequest) return allocate_new(owner, size);
    // A size of 0 looks into a list that is always empty.
    Block* block = owner.parts().recent.take((size + kWord + kAlignment - 1) / kAlignment);
    return block != nullptr ? owner.leave_with(block->payload()) : allocate_new(owner, size);
}

template <typename Owner>
[[nodiscard, gnu::noinline]] HEAP_CALL void* allocate_block(Owner& owner, std::size_t size) {
    return allocate_block_here(owner, size);
}

/// A block in the stead of a slot.
template <typename Owner>
[[nodiscard, gnu::always_inline]] inline void* allocate_stand_in(Owner& owner,
                                                                 std::size_t slot_class) {
    return allocate_block(owner, RunSet::stand_in_size(slot_class) - kWord);
}

template <typename Owner>
[[nodiscard, gnu::noinline]] HEAP_CALL void* allocate_elsewhere(Owner& owner,
                                                                std::size_t slot_class);

/// A slot of another word. Precondition: that of RunSet::take_next().
template <typename Owner>
[[nodiscard, gnu::noinline]] HEAP_CALL void* allocate_farther(Owner& owner,
                                                              std::size_t slot_class) {
    RunSet& runs = owner.parts().runs;
    void* slot = runs.take_next(slot_class);
    if (slot == nullptr) [[unlikely]]
        return allocate_elsewhere(owner, slot_class);
    return owner.leave_with(slot);
}

/// A slot of another run, or a block in its stead. Precondition: that of RunSet::next_run().
template <typename Owner>
[[nodiscard, gnu::noinline]] HEAP_CALL void* allocate_elsewhere(Owner& owner,
                                                                std::size_t slot_class) {
    RunSet& runs = owner.parts().runs;
    return runs.next_run(slot_class) ? allocate_farther(owner, slot_class)
                                     : allocate_stand_in(owner, slot_class);
}

/// A slot that is not in hand. Precondition: at_hand() answered 0.
template <typename Owner>
[[nodiscard, gnu::noinline]] HEAP_CALL void* allocate_small(Owner& owner, std::size_t slot_class) {
    RunSet& runs = owner.parts().runs;
    if (runs.has_room(slot_class)) return allocate_farther(owner, slot_class);
    if (runs.too_few(slot_class)) return allocate_stand_in(owner, slot_class);
    return allocate_elsewhere(owner, slot_class);
}

/// At least `size` bytes; a size of 0 is served like 1.
template <typename Owner>
[[nodiscard, gnu::always_inline]] inline void* allocate(Owner& owner, std::size_t size) {
    // By size - 1, which makes the class; a size of 0 gets the smallest block.
    if (size - 1 >= kLargestSlot) {
        return Owner::kBlocksInline ? allocate_block_here(owner, size)
                                    : allocate_block(owner, size);
    }
    const std::size_t slot_class = slot_class_for(size);
    RunSet& runs = owner.parts().runs;
    const std::uint32_t free = runs.at_hand(slot_class);
    if (free == 0) [[unlikely]]
        return allocate_small(owner, slot_class);
    return owner.leave_with(runs.take(slot_class, free));
}

// Deallocation.

/// Brings what is kept at hand nearer to its share. `evicted`: a block of it has gone already.
HEAP_CALL void keep_less(HeapParts& parts, bool evicted = false);
/// To be called when something went to the arena: what is kept at hand follows what is in use.
inline void follow_use(HeapParts& parts) {
    if (parts.recent.is_to_follow(parts.arena.used())) keep_less(parts);
}
/// Of anything: a block, a mapping, nothing, or nothing of ours.
HEAP_CALL void deallocate_any(HeapParts& parts, void* pointer);
/// Of a block that cannot be kept at hand just so: it takes the place of another, or goes to the
/// arena.
HEAP_CALL void replace_recent(HeapParts& parts, Block* block);

template <typename Owner>
[[gnu::noinline]] HEAP_CALL void deallocate_other(Owner& owner, void* pointer) {
    deallocate_any(owner.parts(), pointer);
    owner.leave();
}

/// A block too large to be kept at hand, or one that was moved. Precondition: below the top.
template <typename Owner>
[[gnu::noinline]] HEAP_CALL void deallocate_large(Owner& owner, Block* block) {
    HeapParts& parts = owner.parts();
    if (!parts.arena.looks_allocated(block)) return deallocate_other(owner, block->payload());
    parts.runs.block_freed(block->size());
    parts.arena.deallocate(block);
    follow_use(parts);
    owner.leave();
}

template <typename Owner>
[[gnu::noinline]] HEAP_CALL void deallocate_instead(Owner& owner, Block* block) {
    replace_recent(owner.parts(), block);
    owner.leave();
}

/// Precondition: `pointer` lies at `unit`, and in no run.
template <typename Owner>
[[gnu::always_inline]] inline void deallocate_block_here(Owner& owner, void* pointer,
                                                         std::size_t unit) {
    HeapParts& parts = owner.parts();
    Block* block = Block::of_payload(pointer);
    // Unit 0 holds the first header, no payload. A pointer that is not aligned, or lies below the
    // arena, has a unit far beyond these.
    constexpr std::size_t kUnits = (std::size_t{256} << 20) / kAlignment;
    if (unit - 1 >= kUnits - 1 || !parts.arena.below_top(block)) [[unlikely]]
        return deallocate_other(owner, pointer);
    const std::size_t units = block->plain_units();
    constexpr std::size_t kLeast = kMinimumBlock / kAlignment;
    if (units - kLeast >= RecentBlocks::kLists - kLeast) return deallocate_large(owner, block);
    Block* next = block->after(units * kAlignment);
    if (next > parts.arena.top() || !next->previous_used()) [[unlikely]]
        return deallocate_other(owner, pointer);
    if (!parts.recent.keep(block, units)) return deallocate_instead(owner, block);
    owner.leave();
}

template <typename Owner>
[[gnu::noinline]] HEAP_CALL void deallocate_block(Owner& owner, void* pointer, std::size_t unit) {
    deallocate_block_here(owner, pointer, unit);
}

/// Precondition: `pointer` lies in the frame of a run of which it is no slot in use.
template <typename Owner>
[[gnu::noinline]] HEAP_CALL void deallocate_near_run(Owner& owner, void* pointer) {
    const std::size_t unit = owner.parts().arena.unit_of(pointer);
    if (unit % kUnitsInGranule < Run::around(pointer)->first_unit) {
        return deallocate_block(owner, pointer, unit);
    }
    deallocate_other(owner, pointer);
}

/// Precondition: the run of `slot` has lost it and count_one_less() said so.
template <typename Owner>
[[gnu::noinline]] HEAP_CALL void settle_run(Owner& owner, const void* slot) {
    HeapParts& parts = owner.parts();
    if (parts.runs.settle(slot)) follow_use(parts);
    owner.leave();
}

/// Ends a block. nullptr is fine; a wrong pointer is reported and nothing changes.
template <typename Owner>
[[gnu::always_inline]] inline void deallocate(Owner& owner, void* pointer) {
    HeapParts& parts = owner.parts();
    const std::size_t unit = parts.arena.unit_of(pointer);
    if (!parts.runs.run_near(unit)) {
        return Owner::kBlocksInline ? deallocate_block_here(owner, pointer, unit)
                                    : deallocate_block(owner, pointer, unit);
    }
    const ByteDividend place(unit % kUnitsInGranule);
    Run* run = Run::around(pointer);
    if (!run->release(run->number_at(place))) [[unlikely]]
        return deallocate_near_run(owner, pointer);
    if (run->count_one_less()) [[unlikely]]
        return settle_run(owner, pointer);
    owner.leave();
}

// Reallocation.

/// Of anything but a slot in use, as Heap::reallocate().
[[nodiscard]] HEAP_CALL void* reallocate_any(HeapParts& parts, void* pointer, std::size_t size);

/// The end of a reallocation that moved a slot, whose run is to be settled.
template <typename Owner>
[[nodiscard, gnu::noinline]] HEAP_CALL void* settle_run_with(Owner& owner, const void* slot,
                                                             void* target) {
    settle_run(owner.parts(), slot);
    return owner.leave_with(target);
}

/// Moves a slot in use to a larger place.
template <typename Owner>
[[nodiscard, gnu::noinline]] HEAP_CALL void* move_slot(Owner& owner, void* slot, std::size_t size) {
    HeapParts& parts = owner.parts();
    void* target = allocate(parts, size);
    if (target == nullptr) return owner.leave_without_memory();
    Run* run = Run::around(slot);
    copy_slot(target, slot, run->units);
    static_cast<void>(run->release(run->number_at(parts.arena.unit_of(slot))));
    if (run->count_one_less()) return settle_run_with(owner, slot, target);
    return owner.leave_with(target);
}

/// Changes the size of a block, moving it with its contents if need be; as Heap::reallocate().
template <typename Owner>
[[nodiscard, gnu::always_inline]] inline void* reallocate(Owner& owner, void* pointer,
                                                          std::size_t size) {
    HeapParts& parts = owner.parts();
    const std::size_t unit = parts.arena.unit_of(pointer);
    if (!parts.runs.run_near(unit)) return reallocate_other(owner, pointer, size);
    const ByteDividend place(unit % kUnitsInGranule);
    Run* run = Run::around(pointer);
    const std::size_t number = run->number_at(place);
    if (!run->in_use_at(number)) [[unlikely]]
        return reallocate_other(owner, pointer, size);
    if (size <= run->size()) return owner.leave_with(pointer);
    if (size > kLargestSlot) return move_slot(owner, pointer, size);
    const std::size_t slot_class = slot_class_for(size);
    const std::uint32_t free = parts.runs.at_hand(slot_class);
    if (free == 0) return move_slot(owner, pointer, size);
    void* target = parts.runs.take(slot_class, free);
    copy_slot(target, pointer, run->units);
    static_cast<void>(run->release(number));
    if (run->count_one_less()) [[unlikely]]
        return settle_run_with(owner, pointer, target);
    return owner.leave_with(target);
}

}  // namespace quire::heap
