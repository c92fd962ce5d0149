#include "libc/heap/heap.h"

#include "kernel/base/align.h"
#include "libc/string.h"

namespace quire::heap {

void* Heap::allocate(std::size_t size) {
    if (size <= kLargestSlot) {
        const std::size_t slot_class = slot_class_for(size);
        void* slot = runs_.allocate(slot_class);
        if (slot != nullptr) return slot;
        return allocate_block(RunSet::stand_in_size(slot_class));
    }
    if (size >= Mappings::kFrom) return allocate_large(size);
    return allocate_block(block_size_for(size));
}

void* Heap::allocate_block(std::size_t block_size) {
    Block* block = arena_.allocate(block_size);
    if (block == nullptr) return nullptr;
    runs_.block_allocated(block->size());
    return block->payload();
}

void* Heap::allocate_large(std::size_t size) {
    if (size > kLargestRequest) return nullptr;
    void* mapping = mappings_.allocate(size);
    return mapping != nullptr ? mapping : allocate_block(block_size_for(size));
}

void Heap::deallocate(void* pointer) {
    if (runs_.covers(pointer)) {
        if (runs_.deallocate(pointer) != RunSet::FreeResult::Freed) [[unlikely]]
            refuse(pointer);
        return;
    }
    Block* block = Block::of_payload(pointer);
    if (arena_.contains(pointer) && arena_.looks_allocated(block)) [[likely]] {
        runs_.block_freed(block->size());
        arena_.deallocate(block);
        return;
    }
    free_other(pointer);
}

void Heap::free_other(void* pointer) {
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
    if (runs_.covers(pointer)) {
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
    if (size > kLargestRequest) return nullptr;
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
        return move_block(block, size);
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
    Block* target = block->moved() ? arena_.allocate_at_end(wanted) : arena_.allocate(wanted);
    if (target == nullptr) return nullptr;
    runs_.block_allocated(target->size());
    target->set_moved();
    memcpy(target->payload(), from, block->payload_size());
    runs_.block_freed(block->size());
    arena_.deallocate(block);
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
