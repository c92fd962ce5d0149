#include "libc/heap/heap.h"

#include "kernel/base/align.h"
#include "libc/string.h"

namespace quire::heap {
namespace {

/// Growing blocks below this are served best by the best fit.
constexpr std::size_t kEndFrom = 8192;

// What happens nearly always is kept apart from the rest, which is never inlined, so that the
// common path saves no registers for it.

void give_to_arena(HeapParts& parts, Block* block) {
    parts.runs.block_freed(block->size());
    parts.arena.deallocate(block);
}

// What may be kept at hand shrinks with what is in use. Two blocks a call follow fast enough and
// keep the call short, until the heap is nearly empty: then all go, for one could hold the end of
// the arena in place.
void flush_recent(HeapParts& parts) {
    while (parts.recent.units() != 0) {
        Block* block = parts.recent.evict();
        if (block != nullptr) give_to_arena(parts, block);
    }
}

void shed_recent(HeapParts& parts) {
    parts.recent.follow(parts.arena.used());
    for (int i = 0; i < 2; ++i) {
        if (!parts.recent.too_many()) return;
        Block* block = parts.recent.evict();
        if (block != nullptr) give_to_arena(parts, block);
    }
    if (parts.recent.units() * kAlignment > parts.arena.used() / 4) flush_recent(parts);
}

// Allocation.

void* allocate_from_arena(HeapParts& parts, std::size_t block_size) {
    Block* block = parts.arena.allocate(block_size);
    if (block == nullptr) return nullptr;
    parts.runs.block_allocated(block->size());
    return block->payload();
}

[[gnu::noinline]] void* allocate_large(HeapParts& parts, std::size_t size) {
    if (size >= Mappings::kFrom) {
        if (size > kLargestRequest) return nullptr;
        void* mapping = parts.mappings.allocate(size);
        if (mapping != nullptr) return mapping;
    }
    return allocate_from_arena(parts, block_size_for(size));
}

[[gnu::noinline]] void* allocate_block(HeapParts& parts, std::size_t size) {
    if (size > RecentBlocks::kLargestRequest) return allocate_large(parts, size);
    const std::size_t block_size = block_size_for(size);
    Block* block = parts.recent.take(block_size / kAlignment);
    return block != nullptr ? block->payload() : allocate_from_arena(parts, block_size);
}

[[gnu::noinline]] void* allocate_small(HeapParts& parts, std::size_t slot_class) {
    if (parts.runs.next_word(slot_class) || parts.runs.next_run(slot_class)) [[likely]] {
        return parts.runs.take(slot_class, parts.runs.at_hand(slot_class));
    }
    return allocate_block(parts, RunSet::stand_in_size(slot_class) - kWord);
}

[[gnu::always_inline]] inline void* allocate(HeapParts& parts, std::size_t size) {
    if (size > kLargestSlot) return allocate_block(parts, size);
    const std::size_t slot_class = slot_class_for(size + (size == 0));
    const std::uint32_t free = parts.runs.at_hand(slot_class);
    if (free == 0) [[unlikely]]
        return allocate_small(parts, slot_class);
    return parts.runs.take(slot_class, free);
}

// Deallocation.

// What is no small block: a large one, one far up in the arena, a mapping, nothing of ours.
[[gnu::noinline]] void deallocate_other(HeapParts& parts, void* pointer) {
    if (pointer == nullptr) return;
    if (parts.is_block(pointer)) {
        give_to_arena(parts, Block::of_payload(pointer));
        shed_recent(parts);
        return;
    }
    Mapping* mapping = parts.mappings.find(pointer);
    if (mapping == nullptr) return parts.refuse(pointer);
    parts.mappings.deallocate(mapping);
}

// A block that cannot be kept at hand just so takes the place of another, or goes to the arena.
[[gnu::noinline]] void replace_recent(HeapParts& parts, Block* block) {
    Block* other = parts.recent.evict();
    if (other != nullptr) {
        give_to_arena(parts, other);
        parts.recent.follow(parts.arena.used());
        if (parts.recent.keep(block, block->size() / kAlignment)) return;
    }
    give_to_arena(parts, block);
    shed_recent(parts);
}

// Precondition: aligned, and not below the first payload of the arena.
[[gnu::noinline]] void deallocate_block(HeapParts& parts, void* pointer) {
    Block* block = Block::of_payload(pointer);
    if (!parts.arena.below_top(block)) [[unlikely]]
        return deallocate_other(parts, pointer);
    const std::size_t units = block->plain_units();
    constexpr std::size_t kLeast = kMinimumBlock / kAlignment;
    if (units - kLeast >= RecentBlocks::kLists - kLeast) return deallocate_other(parts, pointer);
    Block* next = block->after(units * kAlignment);
    if (next > parts.arena.top() || !next->previous_used()) [[unlikely]]
        return deallocate_other(parts, pointer);
    if (!parts.recent.keep(block, units)) replace_recent(parts, block);
}

[[gnu::noinline]] void settle_run(HeapParts& parts, Run* run) {
    parts.runs.settle(run);
    shed_recent(parts);
}

// Precondition: aligned, and in a run.
[[gnu::always_inline]] inline void deallocate_slot(HeapParts& parts, void* slot) {
    Run* run = Run::around(slot);
    if (!run->release(slot)) [[unlikely]]
        return deallocate_other(parts, slot);
    if (run->used <= 0) [[unlikely]]
        settle_run(parts, run);
}

[[gnu::always_inline]] inline void deallocate(HeapParts& parts, void* pointer) {
    const std::size_t unit = parts.arena.unit_of(pointer);
    // No payload lies at unit 0, where the first header is.
    if (unit - 1 >= RunMap::kReach - 1) [[unlikely]]
        return deallocate_other(parts, pointer);
    if (!parts.runs.run_within_reach(unit)) return deallocate_block(parts, pointer);
    deallocate_slot(parts, pointer);
}

// Reallocation.

void* move(HeapParts& parts, void* pointer, std::size_t old_size, std::size_t size) {
    void* target = allocate(parts, size);
    if (target == nullptr) return nullptr;
    memcpy(target, pointer, old_size < size ? old_size : size);
    deallocate(parts, pointer);
    return target;
}

// A block that grows out of its place a second time will go on growing: it moves to the end of
// the arena, where the top can give it more without another copy.
void* move_block(HeapParts& parts, Block* block, std::size_t size) {
    void* from = block->payload();
    if (size <= kLargestSlot || size >= Mappings::kFrom) {
        return move(parts, from, block->payload_size(), size);
    }
    const std::size_t wanted = block_size_for(size);
    Block* target = block->moved() && size >= kEndFrom ? parts.arena.allocate_at_end(wanted)
                                                       : parts.arena.allocate(wanted);
    if (target == nullptr) return nullptr;
    parts.runs.block_allocated(target->size());
    target->set_moved();
    memcpy(target->payload(), from, block->payload_size());
    give_to_arena(parts, block);
    return target->payload();
}

void* reallocate_block(HeapParts& parts, Block* block, std::size_t size) {
    const std::size_t wanted = block_size_for(size);
    const std::size_t have = block->size();
    if (wanted <= have) {
        parts.arena.shrink(block, wanted);
    } else if (!parts.arena.grow(block, wanted)) {
        Block* lower = parts.arena.grow_down(block, wanted);
        if (lower == nullptr) return move_block(parts, block, size);
        block = lower;
    }
    parts.runs.block_freed(have);
    parts.runs.block_allocated(block->size());
    return block->payload();
}

void* reallocate_mapping(HeapParts& parts, Mapping* mapping, std::size_t size) {
    if (size >= Mappings::kFrom) {
        void* place = parts.mappings.resize(mapping, size);
        if (place != nullptr) return place;
    }
    return move(parts, mapping->start, mapping->size, size);
}

[[gnu::noinline]] void* reallocate_slot(HeapParts& parts, void* slot, std::size_t size) {
    Run* run = Run::around(slot);
    const std::size_t have = slot_size(run->slot_class);
    if (size <= have) return slot;
    void* target = allocate(parts, size);
    if (target == nullptr) return nullptr;
    memcpy(target, slot, have);
    deallocate_slot(parts, slot);
    return target;
}

// Where a pointer of ours lives; None, and reported, when it is none of ours.
enum class Place : unsigned char { Slot, Block, Mapping, None };

Place find(HeapParts& parts, void* pointer) {
    if (parts.runs.run_at(parts.arena.unit_of(pointer))) {
        if (Run::around(pointer)->in_use(pointer)) return Place::Slot;
    } else if (parts.is_block(pointer)) {
        return Place::Block;
    } else if (parts.mappings.find(pointer) != nullptr) {
        return Place::Mapping;
    }
    parts.refuse(pointer);
    return Place::None;
}

}  // namespace

void* Heap::allocate(std::size_t size) {
    return heap::allocate(parts_, size);
}

void Heap::deallocate(void* pointer) {
    heap::deallocate(parts_, pointer);
}

void* Heap::reallocate(void* pointer, std::size_t size) {
    if (pointer == nullptr) return allocate(size);
    if (size > kLargestRequest) return nullptr;
    switch (find(parts_, pointer)) {
    case Place::Slot:
        return reallocate_slot(parts_, pointer, size);
    case Place::Block:
        return reallocate_block(parts_, Block::of_payload(pointer), size);
    case Place::Mapping:
        return reallocate_mapping(parts_, parts_.mappings.find(pointer), size);
    case Place::None:
        break;
    }
    return nullptr;
}

void* Heap::allocate_zeroed(std::size_t count, std::size_t size) {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) return nullptr;
    const Arena& arena = parts_.arena;
    std::byte* fresh = arena.fresh();
    auto* pointer = static_cast<std::byte*>(allocate(bytes));
    if (pointer == nullptr) return nullptr;
    if (bytes >= Mappings::kFrom && parts_.mappings.first_is(pointer) && arena.source_zeroed()) {
        return pointer;
    }
    // What lies beyond the highest byte ever used came from the source as zeroes.
    std::byte* end = pointer + bytes;
    if (arena.source_zeroed() && end > fresh) {
        end = pointer > fresh ? pointer : fresh;
    }
    memset(pointer, 0, static_cast<std::size_t>(end - pointer));
    return pointer;
}

void* Heap::allocate_aligned(std::size_t alignment, std::size_t size) {
    if (!is_power_of_two(alignment) || size > kLargestRequest || alignment > kLargestRequest) {
        return nullptr;
    }
    if (alignment <= kAlignment) return allocate(size);
    Block* block = parts_.arena.allocate_aligned(alignment, block_size_for(size));
    if (block == nullptr) return nullptr;
    parts_.runs.block_allocated(block->size());
    return block->payload();
}

std::size_t Heap::usable_size(void* pointer) {
    if (pointer == nullptr) return 0;
    switch (find(parts_, pointer)) {
    case Place::Slot:
        return slot_size(Run::around(pointer)->slot_class);
    case Place::Block:
        return Block::of_payload(pointer)->payload_size();
    case Place::Mapping:
        return parts_.mappings.find(pointer)->size;
    case Place::None:
        break;
    }
    return 0;
}

std::size_t Heap::trim(std::size_t keep) {
    const std::size_t before = parts_.arena.extent();
    flush_recent(parts_);
    parts_.arena.trim(keep);
    return before - parts_.arena.extent();
}

}  // namespace quire::heap
