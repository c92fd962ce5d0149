#include "libc/heap/run_set.h"

#include "kernel/base/assert.h"
#include "libc/string.h"

namespace quire::heap {
namespace {

constexpr std::size_t kFirstMapBits = 1024;  // covers a megabyte with 128 bytes

}  // namespace

bool RunSet::is_slot(const void* slot) {
    const std::size_t slot_class = Run::around(slot)->slot_class;
    const std::size_t offset = reinterpret_cast<std::uintptr_t>(slot) % kGranule;
    return offset % slot_size(slot_class) == 0 &&
           offset / slot_size(slot_class) < slots_in_run(slot_class);
}

bool RunSet::in_use(const void* slot) {
    const Run* run = Run::around(slot);
    const std::size_t number =
        reinterpret_cast<std::uintptr_t>(slot) % kGranule / slot_size(run->slot_class);
    return is_slot(slot) && (run->free_slots[number / 32] >> number % 32 & 1) == 0;
}

std::size_t RunSet::count() const {
    std::size_t sum = 0;
    for (const std::uint32_t runs : runs_)
        sum += runs;
    return sum;
}

void RunSet::enter_ring(Run* run, std::size_t slot_class) {
    Run* head = rooms_[slot_class];
    if (head == nullptr) {
        run->next = run->previous = run;
    } else {
        run->next = head;
        run->previous = head->previous;
        run->previous->next = head->previous = run;
    }
    rooms_[slot_class] = run;
}

void RunSet::leave_ring(Run* run, std::size_t slot_class) {
    if (run->next == run) {
        rooms_[slot_class] = nullptr;
        return;
    }
    run->next->previous = run->previous;
    run->previous->next = run->next;
    if (rooms_[slot_class] == run) rooms_[slot_class] = run->next;
}

Run* RunSet::open(std::size_t slot_class) {
    if (runs_[slot_class] == 0 && blocks_[slot_class] < kOpenAt) return nullptr;
    Block* block = arena_.allocate_aligned(kGranule, kGranule);
    if (block == nullptr) return nullptr;
    const std::size_t granule = arena_.offset_of(block->payload()) / kGranule;
    if (block->size() != kGranule || !make_map_cover(granule)) {
        arena_.deallocate(block);
        return nullptr;
    }
    map_[granule / 32] |= 1U << granule % 32;
    ++runs_[slot_class];
    Run* run = Run::around(block->payload());
    const std::size_t slots = slots_in_run(slot_class);
    run->free_slots[0] = slots >= 32 ? ~0U : (1U << slots) - 1;
    run->free_slots[1] = slots > 32 ? ~0U >> (64 - slots) : 0;
    run->slot_class = slot_class & 0xFFFF;
    run->used = 0;
    enter_ring(run, slot_class);
    return run;
}

// Keeps one empty run in hand only while all others of the class are full: a program that frees
// and allocates one slot at that edge must not open and close a run each time.
void RunSet::became_empty(Run* run, std::size_t slot_class) {
    if (run->next == run && runs_[slot_class] > 1) return;
    Run* other = run->next;
    leave_ring(run, slot_class);
    close(run, slot_class);
    if (runs_[slot_class] == 1 && other != run && other->used == 0) {
        leave_ring(other, slot_class);
        close(other, slot_class);
    }
}

void RunSet::close(Run* run, std::size_t slot_class) {
    const std::size_t granule = arena_.offset_of(run) / kGranule;
    map_[granule / 32] &= ~(1U << granule % 32);
    --runs_[slot_class];
    arena_.deallocate(run->block());
    if (count() != 0) return;
    // The map of the last run goes too: it may lie high and keep the arena from shrinking.
    arena_.deallocate(Block::of_payload(map_));
    map_ = nullptr;
    map_bits_ = 0;
}

// The map is a block like any other; it doubles when a run lies beyond what it covers.
bool RunSet::make_map_cover(std::size_t granule) {
    if (granule < map_bits_) return true;
    std::size_t bits = map_bits_ == 0 ? kFirstMapBits : map_bits_;
    while (bits <= granule)
        bits *= 2;
    Block* block = arena_.allocate(block_size_for(bits / 8));
    if (block == nullptr) return false;
    auto* map = static_cast<std::uint32_t*>(block->payload());
    memset(map, 0, bits / 8);
    if (map_ != nullptr) {
        memcpy(map, map_, map_bits_ / 8);
        arena_.deallocate(Block::of_payload(map_));
    }
    map_ = map;
    map_bits_ = bits;
    return true;
}

void RunSet::check_invariants() {
    std::size_t mapped = 0;
    for (std::size_t granule = 0; granule < map_bits_; ++granule) {
        if ((map_[granule / 32] >> granule % 32 & 1) == 0) continue;
        ++mapped;
        Run* run = Run::around(arena_.base() + granule * kGranule);
        ASSERT(run->block()->used() && run->block()->size() == kGranule);
        ASSERT(run->slot_class >= kFirstSlotClass && run->slot_class < kSlotClasses);
        const int free_slots =
            __builtin_popcount(run->free_slots[0]) + __builtin_popcount(run->free_slots[1]);
        ASSERT(run->used + static_cast<unsigned>(free_slots) == slots_in_run(run->slot_class));
    }
    std::size_t counted = 0;
    for (std::size_t slot_class = kFirstSlotClass; slot_class < kSlotClasses; ++slot_class) {
        counted += runs_[slot_class];
        Run* head = rooms_[slot_class];
        Run* run = head;
        if (head == nullptr) continue;
        do {
            ASSERT(covers(run) && run->slot_class == slot_class && !run->full());
            ASSERT(run->next->previous == run);
            run = run->next;
        } while (run != head);
    }
    ASSERT(counted == mapped);
}

}  // namespace quire::heap
