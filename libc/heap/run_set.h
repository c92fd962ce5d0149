// All runs of a heap: which granules of the arena hold one, and which runs have room.
//
// A class gets its first run when kOpenAt blocks of its size are live; until then they are
// ordinary blocks, so a heap with a few small blocks pays no 1 KiB for each size. An empty run goes
// back to the arena unless it is the last of its class with room while others are full.
// Invariants: the granule map holds the class of the run that lies there, 0 elsewhere; every run
// with a free slot is in the ring of its class; of the full ones only the first of a ring may be.
#pragma once

#include <bit>
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

    /// The class of the run that lies `offset` bytes into the arena; 0: none does.
    [[nodiscard]] std::size_t class_at(std::size_t offset) const {
        const std::size_t granule = offset / kGranule;
        return granule < mapped_granules_ ? map_[granule] : 0;
    }

    /// A slot of the first run with room in the class for `size`, or nullptr: then ask
    /// allocate_slow(). Precondition: size <= kLargestSlot.
    [[nodiscard]] void* allocate_fast(std::size_t size) {
        const std::size_t slot_class = slot_class_for(size);
        Run* run = rooms_[slot_class];
        if (run == nullptr) [[unlikely]]
            return nullptr;
        std::uint32_t bits = run->free_slots[0];
        std::size_t number = 0;
        if (bits != 0) [[likely]] {
            run->free_slots[0] = bits & (bits - 1);
        } else {
            bits = run->free_slots[1];
            if (bits == 0) return nullptr;
            run->free_slots[1] = bits & (bits - 1);
            number = 32;
        }
        number += static_cast<std::size_t>(std::countr_zero(bits));
        return run->slots() + number * slot_size(slot_class);
    }
    /// A slot from another run or a new one; nullptr when the class should use a block: it has too
    /// few live ones, or there is no memory for a run.
    [[nodiscard]] void* allocate_slow(std::size_t size);

    /// Frees `slot` in the run around it where that changes nothing else; false, and nothing
    /// changed: ask deallocate_slow().
    [[nodiscard]] static bool deallocate_fast(void* slot) {
        Run* run = Run::around(slot);
        const std::uint32_t product = slot_product(slot, run->slot_class);
        const std::uint32_t number = product >> 16;
        std::uint32_t& word = run->free_slots[number / 32];
        const std::uint32_t before = word;
        const std::uint32_t after = before | 1U << number % 32;
        // A number beyond the last slot makes `after` exceed the bits of all slots.
        if (!is_slot_start(product) || before == 0 || before == after ||
            after >= run->all_slots[number / 32]) [[unlikely]] {
            return false;
        }
        word = after;
        return true;
    }
    /// False, and nothing changed: `slot` is not a slot in use.
    [[nodiscard]] bool deallocate_slow(void* slot);

    /// Whether `slot`, which lies in a run, is the address of a slot in use.
    [[nodiscard]] static bool in_use(const void* slot);
    /// Whether `slot`, which lies in a run, is the address of a slot at all.
    [[nodiscard]] static bool is_slot(const void* slot);
    /// Whether `payload` holds the granule map.
    [[nodiscard]] bool is_map(const void* payload) const { return payload == map_; }
    [[nodiscard]] std::size_t count() const;

    /// Told of every block taken from the arena or given back to it, so that the small ones, which
    /// stand in for slots, are counted.
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
    };
    static constexpr Reciprocals kReciprocals = [] {
        Reciprocals table{};
        for (std::size_t c = kFirstSlotClass; c < kSlotClasses; ++c) {
            table.of[c] = slot_reciprocal(c);
        }
        return table;
    }();
    static std::uint32_t slot_product(const void* slot, std::size_t slot_class) {
        const auto offset =
            static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(slot) % kGranule);
        return offset * kReciprocals.of[slot_class];
    }

    void enter_ring(Run* run);
    void leave_ring(Run* run);
    [[nodiscard]] bool open(std::size_t slot_class);
    void became_empty(Run* run);
    void close(Run* run);
    [[nodiscard]] bool make_map_cover(std::size_t granule);

    Arena& arena_;
    std::uint8_t* map_ = nullptr;  // itself the payload of a block
    std::size_t mapped_granules_ = 0;
    Run* rooms_[kSlotClasses] = {};            // the first of the ring
    std::uint32_t runs_[kSlotClasses] = {};    // all runs of the class
    std::uint32_t blocks_[kSlotClasses] = {};  // live blocks that stand in for slots
};

}  // namespace quire::heap
