// All runs of a heap: which granules of the arena hold one, and which runs have room.
//
// A class gets its first run when kOpenAt blocks of its size are live; until then they are
// ordinary blocks, so a heap with a few small blocks pays no 1 KiB for each size. An empty run goes
// back to the arena unless it is the last of its class with room while others are full.
// Invariant: a bit of the granule map is set exactly where a run lies; a run is in the ring of its
// class exactly while it has a free slot.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libc/heap/arena.h"
#include "libc/heap/run.h"

namespace quire::heap {

class RunSet {
  public:
    explicit RunSet(Arena& arena) : arena_(arena) {}
    RunSet(const RunSet&) = delete;
    RunSet& operator=(const RunSet&) = delete;

    /// How many live blocks of a class are worth a run.
    static constexpr std::uint32_t kOpenAt = 8;

    /// Whether `address` lies in a run.
    [[nodiscard]] bool covers(const void* address) const {
        const std::size_t granule = arena_.offset_of(address) / kGranule;
        return granule < map_bits_ && (map_[granule / 32] >> granule % 32 & 1) != 0;
    }

    /// A slot of `slot_class`, or nullptr when the class should use a block: it has too few live
    /// ones, or there is no memory for a run.
    [[nodiscard]] void* allocate(std::size_t slot_class) {
        Run* run = rooms_[slot_class];
        if (run == nullptr) [[unlikely]] {
            run = open(slot_class);
            if (run == nullptr) return nullptr;
        }
        return take_slot(run, slot_class);
    }

    enum class FreeResult { Freed, AlreadyFree, NotASlot };
    /// Precondition: covers(slot).
    [[nodiscard]] FreeResult deallocate(void* slot) {
        Run* run = Run::around(slot);
        const std::size_t slot_class = run->slot_class;
        const std::size_t offset = reinterpret_cast<std::uintptr_t>(slot) % kGranule;
        const std::size_t number = offset * kReciprocals.of[slot_class] >> 16;
        if (number * slot_size(slot_class) != offset || number >= kReciprocals.slots[slot_class]) {
            return FreeResult::NotASlot;
        }
        const std::uint32_t bit = 1U << number % 32;
        std::uint32_t& word = run->free_slots[number / 32];
        if ((word & bit) != 0) return FreeResult::AlreadyFree;
        if (run->full()) enter_ring(run, slot_class);
        word |= bit;
        if (--run->used == 0) became_empty(run, slot_class);
        return FreeResult::Freed;
    }

    /// Whether `slot` is the address of a slot in use. Precondition: covers(slot).
    [[nodiscard]] static bool in_use(const void* slot);
    /// Whether `slot` is the address of a slot at all. Precondition: covers(slot).
    [[nodiscard]] static bool is_slot(const void* slot);
    /// Whether `payload` holds the granule map.
    [[nodiscard]] bool is_map(const void* payload) const { return payload == map_; }
    [[nodiscard]] std::size_t count() const;

    /// Told of every block in use, so that the small ones, which stand in for slots, are counted.
    void block_allocated(std::size_t size) {
        if (size <= stand_in_size(kSlotClasses - 1)) ++blocks_[size / kAlignment - 1];
    }
    void block_freed(std::size_t size) {
        if (size <= stand_in_size(kSlotClasses - 1)) --blocks_[size / kAlignment - 1];
    }
    /// The block that stands in for a slot while its class has no run.
    static constexpr std::size_t stand_in_size(std::size_t slot_class) {
        return slot_size(slot_class) + kAlignment;
    }

    void check_invariants();

  private:
    struct Reciprocals {
        std::uint32_t of[kSlotClasses];
        std::uint32_t slots[kSlotClasses];
    };
    static constexpr Reciprocals kReciprocals = [] {
        Reciprocals table{};
        for (std::size_t c = kFirstSlotClass; c < kSlotClasses; ++c) {
            table.of[c] = slot_reciprocal(c);
            table.slots[c] = static_cast<std::uint32_t>(slots_in_run(c));
        }
        return table;
    }();

    [[nodiscard]] void* take_slot(Run* run, std::size_t slot_class) {
        std::uint32_t bits = run->free_slots[0];
        std::size_t number = 0;
        if (bits != 0) {
            number = static_cast<std::size_t>(__builtin_ctz(bits));
            run->free_slots[0] = bits & (bits - 1);
        } else {
            bits = run->free_slots[1];
            number = 32 + static_cast<std::size_t>(__builtin_ctz(bits));
            run->free_slots[1] = bits & (bits - 1);
        }
        ++run->used;
        if (run->full()) leave_ring(run, slot_class);
        return run->slots() + number * slot_size(slot_class);
    }

    void enter_ring(Run* run, std::size_t slot_class);
    void leave_ring(Run* run, std::size_t slot_class);
    [[nodiscard]] Run* open(std::size_t slot_class);
    void became_empty(Run* run, std::size_t slot_class);
    void close(Run* run, std::size_t slot_class);
    [[nodiscard]] bool make_map_cover(std::size_t granule);

    Arena& arena_;
    Run* rooms_[kSlotClasses] = {};            // a run with room, in the ring of such runs
    std::uint32_t runs_[kSlotClasses] = {};    // all runs of the class
    std::uint32_t blocks_[kSlotClasses] = {};  // live blocks that stand in for slots
    std::uint32_t* map_ = nullptr;             // itself the payload of a block
    std::size_t map_bits_ = 0;
};

}  // namespace quire::heap
