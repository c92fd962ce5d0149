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
[[nodiscard, gnu::noinline]] HEAP_CALL void* allocate_small(HeapParts& parts,
                                                            std::size_t slot_class);
/// The same when the run in hand has no slot. Precondition: next_word(slot_class) answered 0.
[[nodiscard, gnu::noinline]] HEAP_CALL void* allocate_from_next_run(HeapParts& parts,
                                                                    std::size_t slot_class);
/// A block from the arena, or a mapping.
[[nodiscard, gnu::noinline]] HEAP_CALL void* allocate_new(HeapParts& parts, std::size_t size);

/// A block far up in the arena or below a run in its frame, a mapping, nothing of ours.
[[gnu::noinline]] HEAP_CALL void deallocate_other(HeapParts& parts, void* pointer);
/// A large block, or one that was moved. Precondition: below the top.
[[gnu::noinline]] HEAP_CALL void deallocate_large(HeapParts& parts, Block* block);
/// A block that cannot be kept at hand just so takes the place of another, or goes to the arena.
[[gnu::noinline]] HEAP_CALL void replace_recent(HeapParts& parts, Block* block);
/// A block, a mapping, nothing, or nothing of ours.
[[nodiscard, gnu::noinline]] HEAP_CALL void* reallocate_other(HeapParts& parts, void* pointer,
                                                              std::size_t size);
/// Moves a slot in use to a larger place. nullptr, nothing changed: there is none.
[[nodiscard, gnu::noinline]] HEAP_CALL void* move_slot(HeapParts& parts, void* slot,
                                                       std::size_t size);
/// Precondition: the run of `slot` has lost it and count_one_less() said so.
[[gnu::noinline]] HEAP_CALL void settle_run(HeapParts& parts, const void* slot);

/// A block kept at hand, or nullptr: the arena must give one.
[[gnu::always_inline]] inline void* take_recent(HeapParts& parts, std::size_t size) {
    if (size > RecentBlocks::kLargestRequest) [[unlikely]]
        return nullptr;
    // A size of 0 looks into a list that is always empty.
    Block* block = parts.recent.take((size + kWord + kAlignment - 1) / kAlignment);
    if (block == nullptr) [[unlikely]]
        return nullptr;
    return block->payload();
}

/// What is at hand for a request of `size`, or nullptr: allocate_rest() must look further.
[[gnu::always_inline]] inline void* allocate_at_hand(HeapParts& parts, std::size_t size) {
    // By size - 1, which makes the class; a size of 0 gets the smallest block.
    if (size - 1 >= kLargestSlot) return take_recent(parts, size);
    const std::size_t slot_class = slot_class_for(size);
    const std::uint32_t free = parts.runs.at_hand(slot_class);
    if (free == 0) [[unlikely]]
        return nullptr;
    return parts.runs.take(slot_class, free);
}

/// A slot from another word or run, a block from the arena, or a mapping.
/// Precondition: allocate_at_hand() had nothing.
[[nodiscard, gnu::always_inline]] inline void* allocate_rest(HeapParts& parts, std::size_t size) {
    if (size - 1 >= kLargestSlot) return allocate_new(parts, size);
    return allocate_small(parts, slot_class_for(size));
}

[[gnu::always_inline]] inline void* allocate(HeapParts& parts, std::size_t size) {
    void* pointer = allocate_at_hand(parts, size);
    return pointer != nullptr ? pointer : allocate_rest(parts, size);
}

/// What became of a block that is freed, and who is to go on if it is not Kept.
enum class FreedBlock : unsigned char { Kept, ForOther, ForLarge, ForReplace };

/// Keeps a block at hand, if it is one and that is all there is to do.
/// Precondition: `pointer` lies at `unit`, in no frame of a run.
[[gnu::always_inline]] inline FreedBlock keep_block(HeapParts& parts, void* pointer,
                                                    std::size_t unit) {
    Block* block = Block::of_payload(pointer);
    // Unit 0 holds the first header, no payload. A pointer that is not aligned, or lies below the
    // arena, has a unit far beyond these.
    constexpr std::size_t kUnits = (std::size_t{256} << 20) / kAlignment;
    if (unit - 1 >= kUnits - 1 || !parts.arena.below_top(block)) [[unlikely]]
        return FreedBlock::ForOther;
    const std::size_t units = block->plain_units();
    constexpr std::size_t kLeast = kMinimumBlock / kAlignment;
    if (units - kLeast >= RecentBlocks::kLists - kLeast) return FreedBlock::ForLarge;
    Block* next = block->after(units * kAlignment);
    if (next > parts.arena.top() || !next->previous_used()) [[unlikely]]
        return FreedBlock::ForOther;
    return parts.recent.keep(block, units) ? FreedBlock::Kept : FreedBlock::ForReplace;
}

// Precondition: as for keep_block().
[[gnu::always_inline]] inline void deallocate_block(HeapParts& parts, void* pointer,
                                                    std::size_t unit) {
    switch (keep_block(parts, pointer, unit)) {
    case FreedBlock::Kept:
        return;
    case FreedBlock::ForOther:
        return deallocate_other(parts, pointer);
    case FreedBlock::ForLarge:
        return deallocate_large(parts, Block::of_payload(pointer));
    case FreedBlock::ForReplace:
        return replace_recent(parts, Block::of_payload(pointer));
    }
}

// Precondition: `slot` lies at `unit`, in the frame of a run. If none in use starts there, it may
// be a block below the run.
[[gnu::always_inline]] inline void deallocate_slot(HeapParts& parts, void* slot, std::size_t unit) {
    Run* run = Run::around(slot);
    if (!run->release(unit)) [[unlikely]]
        return deallocate_other(parts, slot);
    if (run->count_one_less()) [[unlikely]]
        settle_run(parts, slot);
}

[[gnu::always_inline]] inline void deallocate(HeapParts& parts, void* pointer) {
    const std::size_t unit = parts.arena.unit_of(pointer);
    if (parts.runs.run_near(unit)) return deallocate_slot(parts, pointer, unit);
    deallocate_block(parts, pointer, unit);
}

/// Copies the contents of a slot: `bytes` is a multiple of kAlignment, and not 0. From the end, so
/// that one number counts and is the index.
inline void copy_slot(void* to, const void* from, std::size_t bytes) {
    using Word [[gnu::may_alias]] = std::size_t;
    std::size_t word = bytes / kWord;
    do {
        word -= 2;
        const Word low = static_cast<const Word*>(from)[word];
        const Word high = static_cast<const Word*>(from)[word + 1];
        static_cast<Word*>(to)[word] = low;
        static_cast<Word*>(to)[word + 1] = high;
    } while (word != 0);
}

// Precondition: as for deallocate_slot().
[[gnu::always_inline]] inline void* reallocate_slot(HeapParts& parts, void* slot, std::size_t unit,
                                                    std::size_t size) {
    Run* run = Run::around(slot);
    if (!run->in_use_at(unit)) [[unlikely]]
        return reallocate_other(parts, slot, size);
    return size <= slot_size(run->slot_class()) ? slot : move_slot(parts, slot, size);
}

[[gnu::always_inline]] inline void* reallocate(HeapParts& parts, void* pointer, std::size_t size) {
    const std::size_t unit = parts.arena.unit_of(pointer);
    if (parts.runs.run_near(unit)) return reallocate_slot(parts, pointer, unit, size);
    return reallocate_other(parts, pointer, size);
}

}  // namespace quire::heap
