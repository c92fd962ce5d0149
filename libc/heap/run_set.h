// All runs of a heap, and which of them have room.
//
// A class gets its first run when kOpenAt blocks of its size are live; until then they are
// ordinary blocks, so a heap with a few small blocks pays no 2 KiB for each size. An empty run goes
// back to the arena unless all others of its class are full.
//
// Slots come from one word of bits at a time, the word in hand, which is moved on when its slots
// are used up: taking one is "find the lowest bit, clear it". Invariants: the map tells where runs
// lie; every run with a free slot is in the ring of its class; a full one is not, save perhaps the
// first, from which slots were taken last.
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
        return *vacant_[slot_class] & starts_[slot_class];
    }
    /// Takes the first of them. Precondition: free == at_hand(slot_class), and not 0.
    [[nodiscard]] void* take(std::size_t slot_class, std::uint32_t free) {
        const auto unit = static_cast<std::size_t>(std::countr_zero(free));
        clear_bit(*vacant_[slot_class], unit);
        first_[slot_class]->count_one_more();
        std::byte* slot = slots_[slot_class] + unit * kAlignment;
        if (slot == nullptr) __builtin_unreachable();  // so that no caller asks
        return slot;
    }
    /// Moves on to another word of the first run. Returns its free slots; 0: the run has none.
    [[nodiscard]] std::uint32_t next_word(std::size_t slot_class) {
        Run* run = first_[slot_class];
        if (run == nullptr || run->used_up()) return 0;
        for (std::size_t word = word_[slot_class] + 1; word < Run::kWords; ++word) {
            const std::uint32_t starts = kSlotStarts.of[slot_class][word];
            const std::uint32_t free = run->vacant[word] & starts;
            if (free == 0) continue;
            take_in_hand(run, slot_class, word, starts);
            return free;
        }
        return first_word(slot_class);
    }
    /// Moves on to another run, or to a new one, and a word of it. Returns the free slots of that;
    /// 0: the class should use a block. It has too few live ones, or there is no memory for a run.
    /// Precondition: next_word(slot_class) answered 0.
    [[nodiscard]] HEAP_CALL std::uint32_t next_run(std::size_t slot_class);

    /// To be called when the run has lost `slot` and was full, or is empty.
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
        return slot_size(slot_class) + kAlignment;
    }

    void check_invariants();

  private:
    void take_in_hand(Run* run, std::size_t slot_class, std::size_t word, std::uint32_t starts) {
        vacant_[slot_class] = &run->vacant[word];
        slots_[slot_class] = run->frame() + word * Run::kWordSpan;
        starts_[slot_class] = starts;
        word_[slot_class] = word;
    }
    void drop_from_hand(std::size_t slot_class) {
        vacant_[slot_class] = &starts_[slot_class];
        starts_[slot_class] = 0;
        word_[slot_class] = Run::kWords;
    }
    [[nodiscard]] HEAP_CALL std::uint32_t first_word(std::size_t slot_class);
    HEAP_CALL void enter_ring(Run* run);
    HEAP_CALL void leave_ring(Run* run);
    [[nodiscard]] HEAP_CALL bool open(std::size_t slot_class);
    [[nodiscard]] HEAP_CALL bool became_empty(Run* run);
    HEAP_CALL void close(Run* run);
    [[nodiscard]] std::size_t check_ring(std::size_t slot_class);
    static void check_run(Run& run);

    Arena& arena_;
    // For each class, in arrays of their own: an index into one is part of an instruction.
    std::uint32_t* vacant_[kSlotClasses];      // the word in hand of the first run
    std::byte* slots_[kSlotClasses] = {};      // where its first unit lies
    std::uint32_t starts_[kSlotClasses] = {};  // where slots start in it; 0: no word in hand
    std::size_t word_[kSlotClasses];           // which word of the run that is; kWords: none
    Run* first_[kSlotClasses] = {};            // the ring of the class
    std::uint32_t runs_[kSlotClasses] = {};    // all runs of the class
    std::uint32_t blocks_[kSlotClasses] = {};  // live blocks that stand in for slots
    RunMap map_;
};

}  // namespace quire::heap
