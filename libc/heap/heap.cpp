#include "libc/heap/heap.h"

#include "kernel/base/align.h"
#include "libc/heap/heap_paths.h"
#include "libc/string.h"

namespace quire::heap {
namespace {

/// Growing blocks below this are served best by the best fit.
constexpr std::size_t kEndFrom = 8192;

void give_to_arena(HeapParts& parts, Block* block) {
    parts.runs.block_freed(block->size());
    parts.arena.deallocate(block);
}

void set_share(HeapParts& parts) {
    const Arena& arena = parts.arena;
    parts.recent.follow(arena.used(), [&] { return arena.extent() <= arena.trim_from(); });
}

// Empties what is kept at hand when the heap is nearly empty: one block could hold the end of the
// arena in place.
[[gnu::noinline]] void flush_recent(HeapParts& parts) {
    while (parts.recent.units() != 0) {
        Block* block = parts.recent.evict();
        if (block != nullptr) give_to_arena(parts, block);
    }
}

}  // namespace

// What may be kept at hand shrinks with what is in use. One block a call, `evicted` or not yet,
// follows fast enough and keeps the call short.
void keep_less(HeapParts& parts, bool evicted) {
    set_share(parts);
    if (!parts.recent.too_many()) return;
    if (parts.recent.units() * kAlignment > parts.arena.used() / 2) return flush_recent(parts);
    Block* block = evicted ? nullptr : parts.recent.evict();
    if (block != nullptr) give_to_arena(parts, block);
}

void deallocate_any(HeapParts& parts, void* pointer) {
    if (pointer == nullptr) return;
    if (parts.is_block(pointer)) {
        Block* block = Block::of_payload(pointer);
        const std::size_t units = block->plain_units();
        if (units >= RecentBlocks::kLists) return deallocate_large(parts, block);
        if (!parts.recent.keep(block, units)) replace_recent(parts, block);
        return;
    }
    Mapping* mapping = parts.mappings.find(pointer);
    if (mapping == nullptr) return parts.refuse(pointer);
    parts.mappings.deallocate(mapping);
}

void replace_recent(HeapParts& parts, Block* block) {
    set_share(parts);
    if (parts.recent.keep(block, block->size() / kAlignment)) return;
    Block* other = parts.recent.evict();
    if (other != nullptr) {
        if (other->size() == block->size()) parts.recent.pass_on();
        if (parts.recent.keep(block, block->size() / kAlignment)) block = nullptr;
        give_to_arena(parts, other);
    }
    if (block != nullptr) give_to_arena(parts, block);
    if (parts.recent.is_to_follow(parts.arena.used())) keep_less(parts, other != nullptr);
}

namespace {

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
    if (size <= kLargestSlot || size >= parts.mappings.from()) {
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
    if (size >= parts.mappings.from()) {
        void* place = parts.mappings.resize(mapping, size);
        if (place != nullptr) return place;
    }
    return move(parts, mapping->start, mapping->size, size);
}

}  // namespace

void* reallocate_any(HeapParts& parts, void* pointer, std::size_t size) {
    if (size > kLargestRequest) return nullptr;
    if (pointer == nullptr) return allocate(parts, size);
    if (parts.is_block(pointer)) return reallocate_block(parts, Block::of_payload(pointer), size);
    Mapping* mapping = parts.mappings.find(pointer);
    if (mapping != nullptr) return reallocate_mapping(parts, mapping, size);
    parts.refuse(pointer);
    return nullptr;
}

void* Heap::allocate(std::size_t size) {
    return heap::allocate(parts_, size);
}

void Heap::deallocate(void* pointer) {
    heap::deallocate(parts_, pointer);
}

void* Heap::reallocate(void* pointer, std::size_t size) {
    return heap::reallocate(parts_, pointer, size);
}

void* Heap::allocate_zeroed(std::size_t count, std::size_t size) {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) return nullptr;
    const Arena& arena = parts_.arena;
    std::byte* fresh = arena.fresh();
    auto* pointer = static_cast<std::byte*>(allocate(bytes));
    if (pointer == nullptr) return nullptr;
    if (parts_.mappings.first_is(pointer) && arena.source_zeroed()) return pointer;
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
    if (size >= parts_.mappings.from() && alignment <= parts_.mappings.alignment()) {
        void* mapping = parts_.mappings.allocate(size);
        if (mapping != nullptr) return mapping;
    }
    Block* block = parts_.arena.allocate_aligned(alignment, block_size_for(size));
    if (block == nullptr) return nullptr;
    parts_.runs.block_allocated(block->size());
    return block->payload();
}

std::size_t Heap::usable_size(void* pointer) {
    if (pointer == nullptr) return 0;
    if (parts_.runs.run_at(parts_.arena.unit_of(pointer))) {
        Run* run = Run::around(pointer);
        if (run->in_use(pointer)) return run->size();
    } else if (parts_.is_block(pointer)) {
        return Block::of_payload(pointer)->payload_size();
    } else if (const Mapping* mapping = parts_.mappings.find(pointer)) {
        return mapping->size;
    }
    parts_.refuse(pointer);
    return 0;
}

std::size_t Heap::trim(std::size_t keep) {
    const std::size_t before = parts_.arena.extent();
    flush_recent(parts_);
    parts_.arena.trim(keep);
    return before - parts_.arena.extent();
}

}  // namespace quire::heap
