// What a heap says about itself: misuse, the walk over all blocks, statistics, invariants.
#include "kernel/base/assert.h"
#include "libc/heap/heap.h"

namespace quire::heap {

const char* misuse_text(HeapMisuse misuse) {
    switch (misuse) {
    case HeapMisuse::DoubleFree:
        return "double free";
    case HeapMisuse::ForeignPointer:
        return "pointer that is not from this heap";
    case HeapMisuse::InteriorPointer:
        return "pointer into the middle of a block";
    case HeapMisuse::CorruptedHeader:
        return "corrupted block header";
    }
    return "?";
}

void Heap::refuse(void* pointer) {
    if (report_ != nullptr) report_(diagnose(pointer), pointer);
}

// Walks, so it is slow, but sees what a pointer really points at.
HeapMisuse Heap::diagnose(void* pointer) {
    if (mappings_.around(pointer) != nullptr) return HeapMisuse::InteriorPointer;
    if (arena_.offset_of(pointer) >= arena_.extent()) return HeapMisuse::ForeignPointer;
    for (Block* block = arena_.first(); block != arena_.top(); block = block->next()) {
        if (!arena_.plausible(block)) return HeapMisuse::CorruptedHeader;
        if (pointer >= block->next()) continue;
        if (!block->used()) return HeapMisuse::DoubleFree;
        if (!(runs_.class_at(arena_.offset_of(pointer)) != 0)) break;
        return RunSet::is_slot(pointer) ? HeapMisuse::DoubleFree : HeapMisuse::InteriorPointer;
    }
    return pointer >= arena_.top() ? HeapMisuse::DoubleFree : HeapMisuse::InteriorPointer;
}

namespace {

void visit_run(Run* run, HeapVisitor& visitor) {
    const std::size_t size = slot_size(run->slot_class);
    for (std::size_t number = 0; number < slots_in_run(run->slot_class); ++number) {
        const bool is_free = (run->free_slots[number / 32] >> number % 32 & 1) != 0;
        visitor.visit({run->slots() + number * size, size,
                       is_free ? HeapBlock::Kind::FreeSlot : HeapBlock::Kind::UsedSlot});
    }
}

class Counter final : public HeapVisitor {
  public:
    explicit Counter(HeapStatistics& statistics) : sum_(statistics) {}
    void visit(const HeapBlock& block) override {
        switch (block.kind) {
        case HeapBlock::Kind::Internal:
            return;
        case HeapBlock::Kind::Free:
            if (block.size > sum_.largest_free) sum_.largest_free = block.size;
            [[fallthrough]];
        case HeapBlock::Kind::FreeSlot:
            sum_.free_bytes += block.size;
            ++sum_.free_count;
            return;
        case HeapBlock::Kind::Mapping:
            sum_.mapped_bytes += block.size;
            [[fallthrough]];
        case HeapBlock::Kind::Used:
        case HeapBlock::Kind::UsedSlot:
            sum_.used_bytes += block.size;
            ++sum_.used_count;
            return;
        }
    }

  private:
    HeapStatistics& sum_;
};

}  // namespace

void Heap::walk(HeapVisitor& visitor) {
    const Block* end = arena_.top();
    for (Block* block = arena_.first(); block != end; block = block->next()) {
        void* payload = block->payload();
        if (!block->used()) {
            visitor.visit({payload, block->payload_size(), HeapBlock::Kind::Free});
        } else if (runs_.class_at(arena_.offset_of(payload)) != 0) {
            visit_run(Run::around(payload), visitor);
        } else {
            const bool ours = runs_.is_map(payload) || mappings_.is_record(payload);
            visitor.visit({payload, block->payload_size(),
                           ours ? HeapBlock::Kind::Internal : HeapBlock::Kind::Used});
        }
    }
    for (Mapping* mapping = mappings_.first(); mapping != nullptr; mapping = mapping->next) {
        visitor.visit({mapping->start, mapping->size, HeapBlock::Kind::Mapping});
    }
}

HeapStatistics Heap::statistics() {
    HeapStatistics sum;
    Counter counter(sum);
    walk(counter);
    sum.arena_bytes = arena_.extent();
    sum.top_bytes = arena_.top_size();
    if (sum.top_bytes > sum.largest_free) sum.largest_free = sum.top_bytes;
    sum.runs = runs_.count();
    return sum;
}

void Heap::check_invariants() {
    arena_.check_invariants();
    runs_.check_invariants();
    recent_.check_invariants();
    mappings_.check_invariants();
}

}  // namespace quire::heap
