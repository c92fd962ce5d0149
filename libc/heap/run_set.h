// All runs of a heap, and which of them have room.
//
// A class gets its first run when kOpenAt blocks of its size are live; until then they are
// ordinary blocks, so a heap with a few small blocks pays no 1 KiB for each size. An empty run goes
// back to the arena unless all others of its class are full.
//
// Slots come from one word of bits at a time (Room), which is moved on when its slots are used up:
// taking one is "find the lowest bit, clear it".
// Invariants: the map tells where runs lie; every run with a free slot is in the ring of its class;
// a full one is not, save perhaps the first, from which slots were taken last.
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
    // cppcheck-suppress uninitMemberVar  // the loop reaches every room
    explicit RunSet(Arena& arena) : arena_(arena) {
        for (Room& room : rooms_)
            room = {&room.starts, nullptr, 0, nullptr};
    }
    RunSet(const RunSet&) = delete;
    RunSet& operator=(const RunSet&) = delete;

    /// How many live blocks of a class are worth a run.
    static constexpr std::uint32_t kOpenAt = 8;

    /// Whether a run lies at `unit` of the arena.
    [[nodiscard]] bool run_at(std::size_t unit) const {
        return unit < RunMap::kReach && map_.holds(unit);
    }
    /// The same. Precondition: unit < RunMap::kReach.
    [[nodiscard]] bool run_within_reach(std::size_t unit) const { return map_.holds(unit); }

    /// The free slots of the word in hand, as bits; 0: move on to other ones.
    [[nodiscard]] std::uint32_t at_hand(std::size_t slot_class) const {
        const Room& room = rooms_[slot_class];
        return *room.vacant & room.starts;
    }
    /// Takes the first of them. Precondition: free == at_hand(slot_class), and not 0.
    [[nodiscard]] void* take(std::size_t slot_class, std::uint32_t free) {
        const Room& room = rooms_[slot_class];
        const int unit = std::countr_zero(free);
        *room.vacant ^= 1U << unit;
        room.first->count_one_more();
        return room.slots + static_cast<std::size_t>(unit) * kAlignment;
    }
    /// Moves on to another word of the first run; false: it has no room.
    [[nodiscard]] bool next_word(std::size_t slot_class) {
        Room& room = rooms_[slot_class];
        Run* run = room.first;
        if (run == nullptr) return false;
        for (std::size_t word = 0; word < Run::kWords; ++word) {
            const std::uint32_t starts = kSlotStarts.of[slot_class][word];
            if ((run->vacant[word] & starts) == 0) continue;
            room.vacant = &run->vacant[word];
            room.slots = run->slots() + word * Run::kWordSpan;
            room.starts = starts;
            return true;
        }
        return false;
    }
    /// Moves on to another run, or to a new one, and a word of it; false: the class should use a
    /// block. It has too few live ones, or there is no memory for a run.
    /// Precondition: !next_word(slot_class).
    [[nodiscard]] bool next_run(std::size_t slot_class);

    /// To be called when `run` has lost a slot and must_settle(): it was full, or is empty.
    void settle(Run* run);

    [[nodiscard]] bool is_map(const void* payload) const { return map_.is_leaf(payload); }
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
    struct Room {
        std::uint32_t* vacant;  // the word in hand of the first run
        std::byte* slots;       // where its first unit lies
        std::uint32_t starts;   // the units of it at which slots start; 0: no word in hand
        Run* first;             // the ring of the class
    };

    void enter_ring(Run* run);
    void leave_ring(Run* run);
    [[nodiscard]] bool open(std::size_t slot_class);
    void became_empty(Run* run);
    void close(Run* run);
    [[nodiscard]] std::size_t check_ring(std::size_t slot_class);
    static void check_run(Run& run);

    Arena& arena_;
    Room rooms_[kSlotClasses];
    std::uint32_t runs_[kSlotClasses] = {};    // all runs of the class
    std::uint32_t blocks_[kSlotClasses] = {};  // live blocks that stand in for slots
    RunMap map_;
};

}  // namespace quire::heap
