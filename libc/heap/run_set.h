// All runs of a heap, and which of them have room.
//
// A class gets its first run when kOpenAt blocks of its size are live; until then they are
// ordinary blocks, so a heap with a few small blocks pays no 2 KiB for each size. An empty run goes
// back to the arena unless all others of its class are full. A class that needs a run takes over
// one of slightly larger slots where another class can spare it.
//
// Slots come from one word of bits at a time, the word in hand, which is moved on when its slots
// are used up: taking one is "find the lowest bit, clear it". Invariants: the map tells where runs
// lie; a run that has been full stays outside the ring of its class until Run::kReturnAt of its
// slots are free; a full one is in the ring only as the first, from which slots were taken last.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "libc/heap/arena.h"
#include "libc/heap/run.h"
#include "libc/heap/run_map.h"

namespace quire::heap {

class RunSet {
  public:
    // cppcheck-suppress uninitMemberVar  // the loop reaches every class
    explicit RunSet(Arena& arena) : arena_(arena) {
        for (std::size_t slot_class = 0; slot_class < kSlotClasses; ++slot_class)
            drop_from_hand(slot_class);
    }
    RunSet(const RunSet&) = delete;
    RunSet& operator=(const RunSet&) = delete;

    /// How many live blocks of a class are worth a run.
    static constexpr std::uint32_t kOpenAt = 8;

    /// Whether a run lies at `unit` of the arena.
    [[nodiscard]] bool run_at(std::size_t unit) const;
    /// Whether a run lies in the frame of `unit`: there or farther up.
    [[nodiscard]] bool run_near(std::size_t unit) const {
        return unit < map_.reach() && map_.holds(unit);
    }

    /// The free slots of the word in hand, as bits; 0: move on to other ones.
    [[nodiscard]] std::uint32_t at_hand(std::size_t slot_class) const {
        return *vacant_[slot_class] & offered_[slot_class];
    }
    /// Takes the first of them. Precondition: free == at_hand(slot_class), and not 0.
    [[nodiscard]] void* take(std::size_t slot_class, std::uint32_t free) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(free));
        clear_bit(*vacant_[slot_class], bit);
        first_[slot_class]->count_one_more();
        const std::uintptr_t slot = slots_[slot_class] + bit * sizes_[slot_class];
        if (slot == 0) __builtin_unreachable();  // so that no caller asks
        return reinterpret_cast<void*>(slot);
    }
    /// Whether the class has a run that is not known to be full.
    [[nodiscard]] bool has_room(std::size_t slot_class) const {
        return first_[slot_class] != nullptr;
    }
    /// Takes a slot of another word of the first run; nullptr: it has none.
    /// Precondition: has_room(slot_class).
    [[nodiscard]] void* take_next(std::size_t slot_class) {
        Run* run = first_[slot_class];
        const std::size_t units = run->units;
        const Bits<Run::kWords>& all = kSlots.slots[units - 1];
        std::size_t word = 0;
        std::uint32_t slots = all[0];
        if (run->first_unit != 0) [[unlikely]] {
            const std::size_t first = run->first_slot();
            word = first / Run::kBitsInWord;
            slots = all[word] & ~0U << first % Run::kBitsInWord;
        }
        std::uint32_t free = run->vacant[word] & slots;
        while (free == 0) {
            if (++word == Run::kWords) return nullptr;
            slots = all[word];
            free = run->vacant[word] & slots;
        }
        take_in_hand(run, slot_class, word, slots);
        const auto bit = static_cast<std::size_t>(std::countr_zero(free));
        clear_bit(run->vacant[word], bit);
        run->count_one_more();
        return reinterpret_cast<void*>(slots_[slot_class] + bit * units * kAlignment);
    }
    /// Whether the class has no run, and too few live blocks for one.
    [[nodiscard]] bool too_few(std::size_t slot_class) const {
        return runs_[slot_class] == 0 && blocks_[slot_class] < kOpenAt;
    }
    /// Moves on to another run, or to a new one, which take_next() will find to have slots. False:
    /// there is no memory for a run, the class should use a block.
    /// Precondition: not has_room(slot_class), or take_next(slot_class) answered nullptr; and not
    /// too_few(slot_class).
    [[nodiscard]] HEAP_CALL bool next_run(std::size_t slot_class);

    /// To be called when the run has lost `slot` and count_one_less() said so.
    /// Returns whether a run was closed.
    HEAP_CALL bool settle(const void* slot);

    [[nodiscard]] std::size_t count() const;

    /// Told of every block taken from the arena or given back to it, so that the small ones, which
    /// stand in for slots, are counted.
    void block_allocated(std::size_t size) {
        if (size <= stand_in_size(kSlotClasses - 1)) ++blocks_[size / kAlignment - 2];
    }
    void block_freed(std::size_t size) {
        if (size <= stand_in_size(kSlotClasses - 1)) --blocks_[size / kAlignment - 2];
    }
    /// The block that stands in for a slot while its class has no run.
    static constexpr std::size_t stand_in_size(std::size_t slot_class) {
        return (slot_class + 2) * kAlignment;
    }

    void check_invariants();

  private:
    void take_in_hand(Run* run, std::size_t slot_class, std::size_t word, std::uint32_t slots) {
        const std::size_t size = run->size();
        vacant_[slot_class] = &run->vacant[word];
        slots_[slot_class] =
            reinterpret_cast<std::uintptr_t>(run->frame()) + word * Run::kBitsInWord * size;
        sizes_[slot_class] = size;
        offered_[slot_class] = slots;
    }
    void drop_from_hand(std::size_t slot_class) {
        vacant_[slot_class] = &offered_[slot_class];
        offered_[slot_class] = 0;
    }
    HEAP_CALL void enter_ring(Run* run, std::size_t used);
    HEAP_CALL void leave_ring(Run* run);
    [[nodiscard]] HEAP_CALL bool open(std::size_t slot_class);
    [[nodiscard]] Run* spare(std::size_t slot_class) const;
    [[nodiscard]] HEAP_CALL bool adopt(std::size_t slot_class);
    [[nodiscard]] HEAP_CALL bool became_empty(Run* run);
    HEAP_CALL void close(Run* run);
    [[nodiscard]] std::size_t check_ring(std::size_t slot_class);
    static void check_run(Run& run);

    Arena& arena_;
    // For each class, in arrays of their own: an index into one is part of an instruction.
    std::uint32_t* vacant_[kSlotClasses];       // the word in hand of the first run
    std::uintptr_t slots_[kSlotClasses] = {};   // where the slot of its lowest bit lies
    std::size_t sizes_[kSlotClasses] = {};      // how large its slots are
    std::uint32_t offered_[kSlotClasses] = {};  // its bits that tell of slots; 0: no word in hand
    Run* first_[kSlotClasses] = {};             // the ring of the class
    std::uint32_t runs_[kSlotClasses] = {};     // all runs of the class
    std::uint32_t blocks_[kSlotClasses] = {};   // live blocks that stand in for slots
    RunMap map_;
};

}  // namespace quire::heap
