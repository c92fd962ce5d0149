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

void HeapParts::refuse(void* pointer) {
    if (report != nullptr) report(diagnose(pointer), pointer);
}

namespace {

// Whether a slot starts at `pointer`, which lies in a run and is no slot in use.
bool is_free_slot(const void* pointer) {
    Run* run = Run::around(pointer);
    const auto distance =
        static_cast<std::size_t>(static_cast<const std::byte*>(pointer) - run->frame());
    const std::size_t number = distance / run->size();
    return distance % run->size() == 0 && number >= run->first_slot() && number < run->end_slot();
}

}  // namespace

// Walks, so it is slow, but sees what a pointer really points at.
HeapMisuse HeapParts::diagnose(void* pointer) {
    if (mappings.around(pointer) != nullptr) return HeapMisuse::InteriorPointer;
    if (arena.offset_of(pointer) >= arena.extent()) return HeapMisuse::ForeignPointer;
    for (Block* block = arena.first(); block != arena.top(); block = block->next()) {
        if (!arena.plausible(block)) return HeapMisuse::CorruptedHeader;
        if (pointer >= block->next()) continue;
        if (arena.is_fence(block)) return HeapMisuse::ForeignPointer;
        if (!block->used()) return HeapMisuse::DoubleFree;
        if (!runs.run_at(arena.unit_of(pointer))) break;
        return is_free_slot(pointer) ? HeapMisuse::DoubleFree : HeapMisuse::InteriorPointer;
    }
    return pointer >= arena.top() ? HeapMisuse::DoubleFree : HeapMisuse::InteriorPointer;
}

namespace {

void visit_run(Run* run, HeapVisitor& visitor) {
    for (std::size_t number = run->first_slot(); number < run->end_slot(); ++number) {
        std::byte* slot = run->slot(number);
        visitor.visit({slot, run->size(),
                       run->in_use(slot) ? HeapBlock::Kind::UsedSlot : HeapBlock::Kind::FreeSlot});
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
    const Block* end = parts_.arena.top();
    for (Block* block = parts_.arena.first(); block != end; block = block->next()) {
        void* payload = block->payload();
        if (parts_.arena.is_fence(block)) {
            visitor.visit({payload, block->payload_size(), HeapBlock::Kind::Internal});
        } else if (!block->used()) {
            visitor.visit({payload, block->payload_size(), HeapBlock::Kind::Free});
        } else if (parts_.runs.run_at(parts_.arena.unit_of(payload))) {
            visit_run(Run::around(payload), visitor);
        } else {
            const bool ours = parts_.mappings.is_record(payload);
            visitor.visit({payload, block->payload_size(),
                           ours ? HeapBlock::Kind::Internal : HeapBlock::Kind::Used});
        }
    }
    for (Mapping* mapping = parts_.mappings.first(); mapping != nullptr; mapping = mapping->next) {
        visitor.visit({mapping->start, mapping->size, HeapBlock::Kind::Mapping});
    }
}

HeapStatistics Heap::statistics() {
    HeapStatistics sum;
    Counter counter(sum);
    walk(counter);
    sum.arena_bytes = parts_.arena.extent();
    sum.top_bytes = parts_.arena.top_size();
    if (sum.top_bytes > sum.largest_free) sum.largest_free = sum.top_bytes;
    sum.runs = parts_.runs.count();
    sum.mappings = parts_.mappings.count();
    return sum;
}

void Heap::check_invariants() {
    parts_.arena.check_invariants();
    parts_.runs.check_invariants();
    parts_.recent.check_invariants();
    parts_.mappings.check_invariants();
}

}  // namespace quire::heap
