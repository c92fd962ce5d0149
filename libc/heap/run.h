// A run: the end of a frame, which is 2 KiB of the arena at a multiple of 2 KiB, cut into equal
// slots that have no headers.
//
//      frame                                                                     next frame
//      | blocks ...  | header | slot 0 | slot 1 |  ...  | slot n-1 | Run (44 bytes) | header |
//
// A run is the payload of one block, and its Run stands at the end of the frame, where every slot
// finds it. Mostly a run is all of its frame, and the last word belongs to the next block's header,
// so runs that lie side by side waste nothing. But it may begin anywhere, below it other blocks.
//
// Which slots are in use is told by a bit for each unit of kAlignment bytes, not for each slot, so
// that an address becomes its bit by shifts alone. The bit is clear exactly where a slot in use
// starts. A pointer to a free slot, into a slot or behind the last one meets a set bit.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "libc/heap/bits.h"
#include "libc/heap/block.h"

namespace quire::heap {

inline constexpr std::size_t kGranule = 2048;
/// Requests up to this size may live in runs.
inline constexpr std::size_t kLargestSlot = 96;
/// Class c has slots of c + 1 units.
inline constexpr std::size_t kSlotClasses = kLargestSlot / kAlignment;

/// Precondition: bytes != 0.
constexpr std::size_t slot_class_for(std::size_t bytes) {
    return (bytes - 1) / kAlignment;
}
constexpr std::size_t slot_size(std::size_t slot_class) {
    return (slot_class + 1) * kAlignment;
}
/// The least part of a frame that is worth a run.
constexpr std::size_t least_run(std::size_t slot_class) {
    constexpr std::size_t kLeast = 512;
    constexpr std::size_t kSlots = 16;
    const std::size_t bytes = kSlots * slot_size(slot_class);
    return bytes < kLeast ? kLeast : bytes;
}

struct Run {
    /// The units that one word of `vacant` tells of, and how many such words there are.
    static constexpr std::size_t kUnitsInWord = 32;
    static constexpr std::size_t kWordSpan = kUnitsInWord * kAlignment;
    static constexpr std::size_t kWords = kGranule / kWordSpan;

    Run* next;  // in the ring of runs of this class that have room
    Run* previous;
    Bits<kWords> vacant;
    /// The class in the lowest bits; above them how many slots are in use, less one, and less
    /// kOutside in a run outside the ring, which is full. So one look at the sign after a free
    /// finds both the run that became empty and the one that got room.
    std::int16_t tally;
    std::uint8_t first_unit;  // of the frame that is the run's
    std::uint8_t capacity;    // slots in all

    /// Where the Run stands in its frame.
    static constexpr std::size_t offset();
    static Run* around(const void* slot);
    [[nodiscard]] std::byte* frame();
    /// The slots, the lowest first. Precondition: number < capacity.
    [[nodiscard]] std::byte* slot(std::size_t number);
    [[nodiscard]] Block* block() { return Block::of_payload(frame() + first_unit * kAlignment); }

    /// Makes all slots free, of a run outside the ring that begins at `from_unit` of its frame.
    void start(std::size_t of_class, std::size_t from_unit);
    [[nodiscard]] std::size_t slot_class() const {
        return static_cast<std::size_t>(tally & (kOneSlot - 1));
    }
    [[nodiscard]] bool in_ring() const { return tally >= -kOneSlot; }
    void set_in_ring(bool in_ring) { count(in_ring ? kOutside : -kOutside); }
    /// Precondition: in_ring().
    [[nodiscard]] bool empty() const { return tally < 0; }
    [[nodiscard]] std::size_t used() const {
        return static_cast<std::size_t>((tally + kOneSlot + (in_ring() ? 0 : kOutside)) / kOneSlot);
    }
    void count_one_more() { count(kOneSlot); }

    /// The bits of a word at which slots of the run start.
    [[nodiscard]] std::uint32_t starts_in(std::size_t word) const;

    /// The unit is counted from the start of the run or of anything that is a multiple away.
    [[nodiscard]] std::uint32_t& word_of(std::size_t unit) {
        return vacant[unit / kUnitsInWord % kWords];
    }
    static std::uint32_t bit_of(std::size_t unit) { return 1U << unit % kUnitsInWord; }
    /// Whether a slot in use starts at `unit`.
    [[nodiscard]] bool in_use_at(std::size_t unit) const {
        return !test_bit(vacant, unit % (kWords * kUnitsInWord));
    }
    /// Whether `address` is the start of a slot in use.
    [[nodiscard]] bool in_use(const void* address) {
        const auto place = reinterpret_cast<std::uintptr_t>(address);
        const std::size_t unit = place / kAlignment;
        return place % kAlignment == 0 && (word_of(unit) & bit_of(unit)) == 0;
    }
    /// Frees the slot at `unit`, which is to be counted by count_one_less(). False, and nothing
    /// changed: none in use starts there.
    [[nodiscard]] bool release(std::size_t unit) {
        return !test_and_set_bit(vacant, unit % (kWords * kUnitsInWord));
    }
    /// Returns whether the run that lost a slot is empty now, or was full: it is for
    /// RunSet::settle().
    [[nodiscard]] bool count_one_less() { return negative_after<kOneSlot>(tally); }
    [[nodiscard]] bool full() const { return !in_ring() || used_up(); }
    /// As full(). Precondition: in_ring().
    [[nodiscard]] bool used_up() const { return (tally >> kClassBits) + 1 == int{capacity}; }

  private:
    static constexpr int kClassBits = std::bit_width(kSlotClasses - 1);
    static constexpr int kOneSlot = 1 << kClassBits;
    static constexpr int kOutside = kOneSlot * 1024;

    void count(int more) { tally = static_cast<std::int16_t>(tally + more); }
};

constexpr std::size_t Run::offset() {
    return kGranule - kWord - sizeof(Run);
}

inline Run* Run::around(const void* slot) {
    const auto address = reinterpret_cast<std::uintptr_t>(slot);
    return reinterpret_cast<Run*>((address & ~(kGranule - 1)) + offset());
}

inline std::byte* Run::frame() {
    return reinterpret_cast<std::byte*>(this) - offset();
}

/// How many slots a run has that begins at `from_unit` of its frame.
constexpr std::size_t slots_in_run(std::size_t slot_class, std::size_t from_unit = 0) {
    return (Run::offset() / kAlignment - from_unit) / (slot_class + 1);
}

/// For each class the units at which its slots start, as bits like those of Run::vacant. The last
/// slot ends where the Run stands, so they are the same wherever a run begins.
struct SlotStarts {
    std::uint32_t of[kSlotClasses][Run::kWords];
};
inline constexpr SlotStarts kSlotStarts = [] {
    SlotStarts starts{};
    for (std::size_t slot_class = 0; slot_class < kSlotClasses; ++slot_class) {
        for (std::size_t slot = 0; slot < slots_in_run(slot_class); ++slot) {
            const std::size_t unit = Run::offset() / kAlignment - (slot + 1) * (slot_class + 1);
            starts.of[slot_class][unit / Run::kUnitsInWord] |= 1U << unit % Run::kUnitsInWord;
        }
    }
    return starts;
}();

inline std::uint32_t Run::starts_in(std::size_t word) const {
    const std::uint32_t starts = kSlotStarts.of[slot_class()][word];
    const std::size_t first_word = first_unit / kUnitsInWord;
    if (word > first_word) return starts;
    return word == first_word ? starts & ~0U << first_unit % kUnitsInWord : 0;
}

inline std::byte* Run::slot(std::size_t number) {
    return frame() + offset() - (capacity - number) * slot_size(slot_class());
}

inline void Run::start(std::size_t of_class, std::size_t from_unit) {
    for (std::uint32_t& word : vacant)
        word = ~0U;
    tally = static_cast<std::int16_t>(static_cast<int>(of_class) - kOneSlot - kOutside);
    first_unit = static_cast<std::uint8_t>(from_unit);
    capacity = static_cast<std::uint8_t>(slots_in_run(of_class, from_unit));
}

}  // namespace quire::heap
