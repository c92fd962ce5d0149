// The paths that calls of a heap take nearly always, inline: for heap.cpp, and for the malloc of
// user programs, whose heap stands at a fixed place, so that each access becomes an absolute
// address.
//
// What they branch to when there is more to do is in heap.cpp, and never inlined: so the common
// path saves no registers for it. Each is entered at the point where the common path knew no
// further; nothing is looked at twice.
#pragma once

#include "libc/heap/heap_parts.h"

namespace quire::heap {

/// A slot from another word or run of the class, or a block in its stead.
[[nodiscard, gnu::noinline]] void* allocate_small(HeapParts& parts, std::size_t slot_class);
/// A block from the arena, or a mapping.
[[nodiscard, gnu::noinline]] void* allocate_new(HeapParts& parts, std::size_t size);

/// A block far up in the arena, a mapping, nothing of ours.
[[gnu::noinline]] void deallocate_other(HeapParts& parts, void* pointer);
/// A large block, or one that was moved. Precondition: below the top.
[[gnu::noinline]] void deallocate_large(HeapParts& parts, Block* block);
/// A block that cannot be kept at hand just so takes the place of another, or goes to the arena.
[[gnu::noinline]] void replace_recent(HeapParts& parts, Block* block);
/// Precondition: `slot` lies in a run.
[[nodiscard, gnu::noinline]] void* reallocate_slot(HeapParts& parts, void* slot, std::size_t size);
/// A block, a mapping, nothing, or nothing of ours.
[[nodiscard, gnu::noinline]] void* reallocate_other(HeapParts& parts, void* pointer,
                                                    std::size_t size);
/// Precondition: `run` has lost a slot and must_settle().
[[gnu::noinline]] void settle_run(HeapParts& parts, Run* run);

[[gnu::always_inline]] inline void* allocate_block(HeapParts& parts, std::size_t size) {
    if (size > RecentBlocks::kLargestRequest) return allocate_new(parts, size);
    // A size of 0 looks into a list that is always empty.
    Block* block = parts.recent.take((size + kWord + kAlignment - 1) / kAlignment);
    if (block == nullptr) return allocate_new(parts, size);
    return block->payload();
}

[[gnu::always_inline]] inline void* allocate(HeapParts& parts, std::size_t size) {
    // By size - 1, which makes the class; a size of 0 gets the smallest block.
    if (size - 1 >= kLargestSlot) return allocate_block(parts, size);
    const std::size_t slot_class = slot_class_for(size);
    const std::uint32_t free = parts.runs.at_hand(slot_class);
    if (free == 0) [[unlikely]]
        return allocate_small(parts, slot_class);
    return parts.runs.take(slot_class, free);
}

// Precondition: aligned, and not below the first payload of the arena.
[[gnu::always_inline]] inline void deallocate_block(HeapParts& parts, void* pointer) {
    Block* block = Block::of_payload(pointer);
    if (!parts.arena.below_top(block)) [[unlikely]]
        return deallocate_other(parts, pointer);
    const std::size_t units = block->plain_units();
    constexpr std::size_t kLeast = kMinimumBlock / kAlignment;
    if (units - kLeast >= RecentBlocks::kLists - kLeast) return deallocate_large(parts, block);
    Block* next = block->after(units * kAlignment);
    if (next > parts.arena.top() || !next->previous_used()) [[unlikely]]
        return deallocate_other(parts, pointer);
    if (!parts.recent.keep(block, units)) replace_recent(parts, block);
}

// Precondition: `slot` lies at `unit`, in a run.
[[gnu::always_inline]] inline void deallocate_slot(HeapParts& parts, void* slot, std::size_t unit) {
    Run* run = Run::around(slot);
    if (!run->release(unit)) [[unlikely]]
        return deallocate_other(parts, slot);
    if (run->must_settle()) [[unlikely]]
        settle_run(parts, run);
}

[[gnu::always_inline]] inline void deallocate(HeapParts& parts, void* pointer) {
    const std::size_t unit = parts.arena.unit_of(pointer);
    // No payload lies at unit 0, where the first header is.
    if (unit - 1 >= RunMap::kReach - 1) [[unlikely]]
        return deallocate_other(parts, pointer);
    if (!parts.runs.run_within_reach(unit)) return deallocate_block(parts, pointer);
    deallocate_slot(parts, pointer, unit);
}

[[gnu::always_inline]] inline void* reallocate(HeapParts& parts, void* pointer, std::size_t size) {
    if (size > kLargestRequest) return nullptr;
    if (parts.runs.run_at(parts.arena.unit_of(pointer))) {
        return reallocate_slot(parts, pointer, size);
    }
    return reallocate_other(parts, pointer, size);
}

}  // namespace quire::heap
