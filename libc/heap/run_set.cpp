#include "libc/heap/run_set.h"

#include "kernel/base/assert.h"

namespace quire::heap {
namespace {

/// Whose runs a class takes over: those of so many classes above it.
constexpr std::size_t kAdoptReach = 2;
/// How many runs of another class are looked at; it must have one more.
constexpr std::size_t kSpareLooks = 2;
/// What part of a run must be free for another class to take it over.
constexpr std::size_t kSparePart = 5;

/// The largest slots that a class may have: a run that was taken over may be taken over again.
constexpr std::size_t most_units(std::size_t slot_class) {
    return slot_class + 1 + 2 * kAdoptReach;
}

}  // namespace

// Below a run in its frame lie other blocks.
bool RunSet::run_at(std::size_t unit) const {
    if (!run_near(unit)) return false;
    const Run* run = Run::around(arena_.base() + unit * kAlignment);
    return unit % (kGranule / kAlignment) >= run->first_unit;
}

std::size_t RunSet::count() const {
    std::size_t sum = 0;
    for (const std::uint32_t runs : runs_)
        sum += runs;
    return sum;
}

bool RunSet::next_run(std::size_t slot_class) {
    Run* full = first_[slot_class];
    if (full != nullptr) leave_ring(full);
    return first_[slot_class] != nullptr || adopt(slot_class) || open(slot_class);
}

// A run that has room again takes over from the empty one kept in hand, if there is one; so no call
// closes two.
bool RunSet::settle(const void* slot) {
    Run* run = Run::around(slot);
    if (run->in_ring()) return became_empty(run);
    const std::size_t slot_class = run->slot_class;
    Run* first = first_[slot_class];
    if (first != nullptr && first->used_up()) {
        leave_ring(first);
        first = nullptr;
    }
    enter_ring(run, run->capacity() - Run::kReturnAt);
    if (first_[slot_class] == run) {
        // The slot is likely to be asked for next: it should be in hand.
        const std::size_t unit = reinterpret_cast<std::uintptr_t>(slot) / kAlignment;
        const std::size_t word = run->number_at(unit) / Run::kBitsInWord;
        take_in_hand(run, slot_class, word, run->slots_in(word));
        return false;
    }
    if (first == nullptr || !first->empty()) return false;
    close(first);
    return true;
}

// Keeps one empty run in hand only while all others of the class are full: a program that frees
// and allocates one slot at that edge must not open and close a run each time.
bool RunSet::became_empty(Run* run) {
    Run* first = first_[run->slot_class];
    if (first->used_up()) leave_ring(first);
    if (run->next == run && runs_[run->slot_class] > 1) return false;
    close(run);
    return true;
}

// At the end: the first is used up before the next is begun, and the others gather free slots.
void RunSet::enter_ring(Run* run, std::size_t used) {
    run->tally = static_cast<std::int8_t>(used - 1);
    Run*& first = first_[run->slot_class];
    if (first == nullptr) {
        run->next = run->previous = first = run;
        return;
    }
    run->next = first;
    run->previous = first->previous;
    run->previous->next = first->previous = run;
}

void RunSet::leave_ring(Run* run) {
    const std::size_t slot_class = run->slot_class;
    Run* next = run->next;
    next->previous = run->previous;
    run->previous->next = next;
    run->next = nullptr;
    run->tally = Run::kReturnAt - 1;
    if (first_[slot_class] != run) return;
    first_[slot_class] = next == run ? nullptr : next;
    drop_from_hand(slot_class);
}

bool RunSet::open(std::size_t slot_class) {
    Block* block = arena_.allocate_up_to(kGranule, least_run(slot_class));
    if (block == nullptr) return false;
    const std::size_t unit = arena_.unit_of(block->payload());
    if (unit >= map_.reach() && !map_.cover(unit)) {
        arena_.deallocate(block);
        return false;
    }
    map_.add(unit);
    ++runs_[slot_class];
    Run* run = Run::around(block->payload());
    run->start(slot_class, unit % (kGranule / kAlignment));
    enter_ring(run, 0);
    return true;
}

// A run that the class can do without: of those that wait longest for their turn, the one with the
// fewest slots in use, if a good part of it is free. nullptr: there is none.
[[gnu::always_inline]] inline Run* RunSet::spare(std::size_t slot_class) const {
    Run* first = first_[slot_class];
    if (first == nullptr) return nullptr;
    Run* best = first->previous;
    Run* run = best;
    for (std::size_t look = 1; look <= kSpareLooks; ++look) {
        if (run == first) return nullptr;
        if (run->tally < best->tally) best = run;
        run = run->previous;
    }
    const std::size_t capacity = best->capacity();
    return capacity - best->used() < capacity / kSparePart ? nullptr : best;
}

// Rather than lay a run, the class takes over one whose slots are a little larger.
bool RunSet::adopt(std::size_t slot_class) {
    for (std::size_t other = slot_class + 1;
         other <= slot_class + kAdoptReach && other < kSlotClasses; ++other) {
        Run* run = spare(other);
        if (run == nullptr || run->units > most_units(slot_class)) continue;
        const std::size_t used = run->used();
        leave_ring(run);
        --runs_[other];
        ++runs_[slot_class];
        run->slot_class = static_cast<std::uint8_t>(slot_class);
        enter_ring(run, used);
        return true;
    }
    return false;
}

void RunSet::close(Run* run) {
    leave_ring(run);
    --runs_[run->slot_class];
    map_.remove(arena_.unit_of(run->frame()));
    arena_.deallocate(run->block());
}

void RunSet::check_invariants() {
    std::size_t runs[kSlotClasses] = {};
    std::size_t with_room[kSlotClasses] = {};
    for (std::size_t offset = 0; offset < arena_.extent(); offset += kGranule) {
        if (!run_near(offset / kAlignment)) continue;
        Run* run = Run::around(arena_.base() + offset);
        check_run(*run);
        ++runs[run->slot_class];
        if (run->in_ring()) ++with_room[run->slot_class];
    }
    ASSERT(map_.count() == count());
    for (std::size_t slot_class = 0; slot_class < kSlotClasses; ++slot_class) {
        ASSERT(runs_[slot_class] == runs[slot_class]);
        ASSERT(check_ring(slot_class) == with_room[slot_class]);
    }
}

// Answers how many runs are in the ring.
std::size_t RunSet::check_ring(std::size_t slot_class) {
    Run* first = first_[slot_class];
    ASSERT(offered_[slot_class] == 0 || Run::around(vacant_[slot_class]) == first);
    std::size_t in_ring = 0;
    for (Run* run = first; run != nullptr; run = run->next == first ? nullptr : run->next) {
        ASSERT(run_near(arena_.unit_of(run->frame())) && run->slot_class == slot_class);
        ASSERT(!run->used_up() || run == first);
        // At most one is kept empty, and only while it is needed.
        ASSERT(!run->empty() || (run->next == run && runs_[slot_class] > 1));
        ASSERT(run->next->previous == run);
        ++in_ring;
    }
    return in_ring;
}

void RunSet::check_run(Run& run) {
    ASSERT(run.block()->used() && run.block()->size() >= least_run(run.slot_class));
    ASSERT(reinterpret_cast<std::byte*>(run.block()->next()) >=
           reinterpret_cast<std::byte*>(&run + 1));
    ASSERT(run.slot_class < kSlotClasses);
    ASSERT(run.size() >= slot_size(run.slot_class) && run.units <= most_units(run.slot_class));
    std::size_t used = 0;
    for (std::size_t word = 0; word < Run::kWords; ++word) {
        used += static_cast<std::size_t>(std::popcount(~run.vacant[word]));
        ASSERT((~run.vacant[word] & ~run.slots_in(word)) == 0);
    }
    ASSERT(used == (run.in_ring() ? run.used() : run.capacity() - run.freed()));
}

}  // namespace quire::heap
