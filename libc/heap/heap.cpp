#include "libc/heap/heap.h"

#include "kernel/base/align.h"
#include "libc/string.h"

namespace quire::heap {
namespace {

/// Growing blocks below this are served best by the best fit.
constexpr std::size_t kEndFrom = 8192;

}  // namespace

// allocate() and deallocate() hold only what happens nearly always, and leave the rest to functions
// of their own, so that the common path saves no registers for it.

void* Heap::allocate(std::size_t size) {
    if (size <= kLargestSlot) {
        void* slot = runs_.allocate_fast(size);
        if (slot != nullptr) [[likely]]
            return slot;
    } else if (size <= RecentBlocks::kLargestRequest) {
        Block* block = recent_.take(block_size_for(size));
        if (block != nullptr) [[likely]]
            return block->payload();
    }
    return allocate_slow(size);
}

[[gnu::noinline]] void* Heap::allocate_slow(std::size_t size) {
    if (size <= kLargestSlot) return allocate_small(size);
    if (size < Mappings::kFrom) return allocate_from_arena(block_size_for(size));
    if (size > heap::kLargestRequest) return nullptr;
    void* mapping = mappings_.allocate(size);
    return mapping != nullptr ? mapping : allocate_from_arena(block_size_for(size));
}

void* Heap::allocate_small(std::size_t size) {
    void* slot = runs_.allocate_slow(size);
    if (slot != nullptr) return slot;
    const std::size_t block_size = RunSet::stand_in_size(slot_class_for(size));
    Block* block = recent_.take(block_size);
    return block != nullptr ? block->payload() : allocate_from_arena(block_size);
}

void* Heap::allocate_from_arena(std::size_t block_size) {
    Block* block = arena_.allocate(block_size);
    if (block == nullptr) return nullptr;
    runs_.block_allocated(block->size());
    return block->payload();
}

void Heap::deallocate(void* pointer) {
    if (runs_.class_at(arena_.offset_of(pointer)) != 0) return deallocate_slot(pointer);
    deallocate_block(pointer);
}

[[gnu::noinline]] void Heap::deallocate_slot(void* pointer) {
    if (!RunSet::deallocate_fast(pointer)) deallocate_last_slot(pointer);
}

[[gnu::noinline]] void Heap::deallocate_block(void* pointer) {
    Block* block = Block::of_payload(pointer);
    if (!arena_.contains(pointer) || !arena_.looks_allocated(block)) [[unlikely]] {
        return deallocate_other(pointer);
    }
    const std::size_t size = block->size();
    if (size >= RecentBlocks::kLimit || block->moved() || !recent_.has_room(size, arena_.used()))
        [[unlikely]] {
        return replace_recent(block);
    }
    recent_.keep(block, size);
}

[[gnu::noinline]] void Heap::deallocate_last_slot(void* pointer) {
    if (!runs_.deallocate_slow(pointer)) return refuse(pointer);
    shed_recent();
}

// A block that cannot be kept at hand just so: it takes the place of another, or goes to the arena.
[[gnu::noinline]] void Heap::replace_recent(Block* block) {
    const std::size_t size = block->size();
    if (size < RecentBlocks::kLimit && !block->moved()) {
        Block* other = recent_.evict();
        if (other != nullptr) {
            give_to_arena(other);
            if (recent_.has_room(size, arena_.used())) {
                recent_.keep(block, size);
                return;
            }
        }
    }
    give_to_arena(block);
    shed_recent();
}

void Heap::give_to_arena(Block* block) {
    runs_.block_freed(block->size());
    arena_.deallocate(block);
}

// What may be kept at hand shrinks with what is in use. Two blocks a call follow fast enough and
// keep the call short, until the heap is nearly empty: then all go, for one could hold the end of
// the arena in place.
void Heap::shed_recent() {
    for (int i = 0; i < 2; ++i) {
        if (recent_.has_room(0, arena_.used())) return;
        Block* block = recent_.evict();
        if (block != nullptr) give_to_arena(block);
    }
    if (recent_.bytes() > arena_.used() / 4) flush_recent();
}

void Heap::flush_recent() {
    while (recent_.bytes() != 0) {
        Block* block = recent_.evict();
        if (block != nullptr) give_to_arena(block);
    }
}

std::size_t Heap::trim(std::size_t keep) {
    const std::size_t before = arena_.extent();
    flush_recent();
    arena_.trim(keep);
    return before - arena_.extent();
}

[[gnu::noinline]] void Heap::deallocate_other(void* pointer) {
    if (pointer == nullptr) return;
    Mapping* mapping = mappings_.find(pointer);
    if (mapping == nullptr) {
        refuse(pointer);
        return;
    }
    mappings_.deallocate(mapping);
}

void* Heap::allocate_zeroed(std::size_t count, std::size_t size) {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) return nullptr;
    std::byte* fresh = arena_.fresh();
    auto* pointer = static_cast<std::byte*>(allocate(bytes));
    if (pointer == nullptr) return nullptr;
    if (bytes >= Mappings::kFrom && mappings_.first_is(pointer) && arena_.source_zeroed()) {
        return pointer;
    }
    // What lies beyond the highest byte ever used came from the source as zeroes.
    std::byte* end = pointer + bytes;
    if (arena_.source_zeroed() && end > fresh) {
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
    Block* block = arena_.allocate_aligned(alignment, block_size_for(size));
    if (block == nullptr) return nullptr;
    runs_.block_allocated(block->size());
    return block->payload();
}

// Where a pointer of ours lives; None, and reported, when it is none of ours.
Heap::Place Heap::find(void* pointer) {
    if (runs_.class_at(arena_.offset_of(pointer)) != 0) {
        if (RunSet::in_use(pointer)) return Place::Slot;
    } else if (arena_.contains(pointer) && arena_.looks_allocated(Block::of_payload(pointer))) {
        return Place::Block;
    } else if (mappings_.find(pointer) != nullptr) {
        return Place::Mapping;
    }
    refuse(pointer);
    return Place::None;
}

std::size_t Heap::usable_size(void* pointer) {
    if (pointer == nullptr) return 0;
    switch (find(pointer)) {
    case Place::Slot:
        return slot_size(Run::around(pointer)->slot_class);
    case Place::Block:
        return Block::of_payload(pointer)->payload_size();
    case Place::Mapping:
        return mappings_.find(pointer)->size;
    case Place::None:
        break;
    }
    return 0;
}

void* Heap::reallocate(void* pointer, std::size_t size) {
    if (pointer == nullptr) return allocate(size);
    if (size > heap::kLargestRequest) return nullptr;
    switch (find(pointer)) {
    case Place::Slot: {
        const std::size_t have = slot_size(Run::around(pointer)->slot_class);
        return size <= have ? pointer : move(pointer, have, size);
    }
    case Place::Block:
        return reallocate_block(Block::of_payload(pointer), size);
    case Place::Mapping:
        return reallocate_mapping(mappings_.find(pointer), size);
    case Place::None:
        break;
    }
    return nullptr;
}

void* Heap::reallocate_block(Block* block, std::size_t size) {
    const std::size_t wanted = block_size_for(size);
    const std::size_t have = block->size();
    if (wanted <= have) {
        arena_.shrink(block, wanted);
    } else if (!arena_.grow(block, wanted)) {
        Block* lower = arena_.grow_down(block, wanted);
        if (lower == nullptr) return move_block(block, size);
        block = lower;
    }
    runs_.block_freed(have);
    runs_.block_allocated(block->size());
    return block->payload();
}

// A block that grows out of its place a second time will go on growing: it moves to the end of
// the arena, where the top can give it more without another copy.
void* Heap::move_block(Block* block, std::size_t size) {
    void* from = block->payload();
    if (size <= kLargestSlot || size >= Mappings::kFrom)
        return move(from, block->payload_size(), size);
    const std::size_t wanted = block_size_for(size);
    Block* target = block->moved() && size >= kEndFrom ? arena_.allocate_at_end(wanted)
                                                       : arena_.allocate(wanted);
    if (target == nullptr) return nullptr;
    runs_.block_allocated(target->size());
    target->set_moved();
    memcpy(target->payload(), from, block->payload_size());
    give_to_arena(block);
    return target->payload();
}

void* Heap::reallocate_mapping(Mapping* mapping, std::size_t size) {
    if (size >= Mappings::kFrom) {
        void* place = mappings_.resize(mapping, size);
        if (place != nullptr) return place;
    }
    return move(mapping->start, mapping->size, size);
}

void* Heap::move(void* pointer, std::size_t old_size, std::size_t size) {
    void* target = allocate(size);
    if (target == nullptr) return nullptr;
    memcpy(target, pointer, old_size < size ? old_size : size);
    deallocate(pointer);
    return target;
}

}  // namespace quire::heap
