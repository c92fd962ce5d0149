#include "libc/heap/run_set.h"

#include "kernel/base/assert.h"
#include "libc/string.h"

namespace quire::heap {
namespace {

constexpr std::size_t kFirstMapSize = 256;  // covers as many granules: a quarter of a megabyte

}  // namespace

bool RunSet::is_slot(const void* slot) {
    const std::size_t slot_class = Run::around(slot)->slot_class;
    const std::uint32_t product = slot_product(slot, slot_class);
    return is_slot_start(product) && product >> 16 < slots_in_run(slot_class);
}

bool RunSet::in_use(const void* slot) {
    const Run* run = Run::around(slot);
    const std::size_t number = slot_product(slot, run->slot_class) >> 16;
    return is_slot(slot) && (run->free_slots[number / 32] >> number % 32 & 1) == 0;
}

std::size_t RunSet::count() const {
    std::size_t sum = 0;
    for (const std::uint32_t runs : runs_)
        sum += runs;
    return sum;
}

void* RunSet::allocate_slow(std::size_t size) {
    const std::size_t slot_class = slot_class_for(size);
    Run* run = rooms_[slot_class];
    if (run != nullptr && run->full()) leave_ring(run);
    if (rooms_[slot_class] == nullptr && !open(slot_class)) return nullptr;
    return allocate_fast(slot_size(slot_class));
}

bool RunSet::deallocate_slow(void* slot) {
    Run* run = Run::around(slot);
    const std::uint32_t product = slot_product(slot, run->slot_class);
    const std::uint32_t number = product >> 16;
    const std::uint32_t bit = 1U << number % 32;
    std::uint32_t& word = run->free_slots[number / 32];
    const bool exists = is_slot_start(product) && (run->all_slots[number / 32] & bit) != 0;
    if (!exists || (word & bit) != 0) return false;
    if (word == 0 && run->full() && rooms_[run->slot_class] != run) enter_ring(run);
    word |= bit;
    if (word == run->all_slots[number / 32] && run->empty()) became_empty(run);
    return true;
}

// Behind the first: that one is used up before the next is begun, which keeps runs full.
void RunSet::enter_ring(Run* run) {
    Run*& first = rooms_[run->slot_class];
    if (first == nullptr) {
        run->next = run->previous = first = run;
        return;
    }
    run->next = first;
    run->previous = first->previous;
    run->previous->next = first->previous = run;
}

void RunSet::leave_ring(Run* run) {
    Run*& first = rooms_[run->slot_class];
    if (run->next == run) {
        first = nullptr;
        return;
    }
    run->next->previous = run->previous;
    run->previous->next = run->next;
    if (first == run) first = run->next;
}

bool RunSet::open(std::size_t slot_class) {
    if (runs_[slot_class] == 0 && blocks_[slot_class] < kOpenAt) return false;
    Block* block = arena_.allocate_aligned(kGranule, kGranule);
    if (block == nullptr) return false;
    const std::size_t granule = arena_.offset_of(block->payload()) / kGranule;
    if (!make_map_cover(granule)) {
        arena_.deallocate(block);
        return false;
    }
    map_[granule] = static_cast<std::uint8_t>(slot_class);
    ++runs_[slot_class];
    Run* run = Run::around(block->payload());
    const std::size_t slots = slots_in_run(slot_class);
    run->all_slots[0] = slots >= 32 ? ~0U : (1U << slots) - 1;
    run->all_slots[1] = slots > 32 ? ~0U >> (64 - slots) : 0;
    run->free_slots[0] = run->all_slots[0];
    run->free_slots[1] = run->all_slots[1];
    run->slot_class = static_cast<std::uint32_t>(slot_class);
    enter_ring(run);
    return true;
}

// Keeps one empty run in hand only while all others of the class are full: a program that frees
// and allocates one slot at that edge must not open and close a run each time.
void RunSet::became_empty(Run* run) {
    const std::size_t slot_class = run->slot_class;
    Run* other = run->next;
    if (other == run && runs_[slot_class] > 1) return;
    leave_ring(run);
    close(run);
    if (runs_[slot_class] == 1 && other != run && other->empty()) {
        leave_ring(other);
        close(other);
    }
}

void RunSet::close(Run* run) {
    map_[arena_.offset_of(run) / kGranule] = 0;
    --runs_[run->slot_class];
    arena_.deallocate(run->block());
    if (count() != 0) return;
    // The map of the last run goes too: it may lie high and keep the arena from shrinking.
    arena_.deallocate(Block::of_payload(map_));
    map_ = nullptr;
    mapped_granules_ = 0;
}

// The map is a block like any other; it doubles when a run lies beyond what it covers.
bool RunSet::make_map_cover(std::size_t granule) {
    if (granule < mapped_granules_) return true;
    std::size_t granules = mapped_granules_ == 0 ? kFirstMapSize : mapped_granules_;
    while (granules <= granule)
        granules *= 2;
    Block* block = arena_.allocate(block_size_for(granules));
    if (block == nullptr) return false;
    auto* map = static_cast<std::uint8_t*>(block->payload());
    memset(map, 0, granules);
    if (map_ != nullptr) {
        memcpy(map, map_, mapped_granules_);
        arena_.deallocate(Block::of_payload(map_));
    }
    map_ = map;
    mapped_granules_ = granules;
    return true;
}

void RunSet::check_invariants() {
    std::size_t runs[kSlotClasses] = {};
    std::size_t with_room[kSlotClasses] = {};
    for (std::size_t granule = 0; granule < mapped_granules_; ++granule) {
        const std::size_t slot_class = map_[granule];
        if (slot_class == 0) continue;
        ASSERT(slot_class >= kFirstSlotClass && slot_class < kSlotClasses);
        Run* run = Run::around(arena_.base() + granule * kGranule);
        ASSERT(run->block()->used() && run->block()->size() >= kGranule);
        ASSERT(run->slot_class == slot_class);
        ASSERT(static_cast<std::size_t>(std::popcount(run->all_slots[0]) +
                                        std::popcount(run->all_slots[1])) ==
               slots_in_run(slot_class));
        ASSERT((run->free_slots[0] & ~run->all_slots[0]) == 0);
        ASSERT((run->free_slots[1] & ~run->all_slots[1]) == 0);
        ++runs[slot_class];
        if (!run->full() || run == rooms_[slot_class]) ++with_room[slot_class];
    }
    for (std::size_t slot_class = 0; slot_class < kSlotClasses; ++slot_class) {
        ASSERT(runs_[slot_class] == runs[slot_class]);
        Run* first = rooms_[slot_class];
        std::size_t in_ring = 0;
        for (Run* run = first; run != nullptr; run = run->next == first ? nullptr : run->next) {
            ASSERT(class_at(arena_.offset_of(run)) == slot_class);
            ASSERT(!run->full() || run == first);
            ASSERT(run->next->previous == run);
            ++in_ring;
        }
        ASSERT(in_ring == with_room[slot_class]);
    }
}

}  // namespace quire::heap
