// A run: the end of a frame, which is 2 KiB of the arena at a multiple of 2 KiB, cut into equal
// slots that have no headers.
//
//      frame                                                                     next frame
//      | blocks ...  | header | slot 5 | slot 6 |  ...  | slot n-1 | Run (28 bytes) | header |
//
// A run is the payload of one block, and its Run stands at the end of the frame, where every slot
// finds it. Mostly a run is all of its frame, and the last word belongs to the next block's header,
// so runs that lie side by side waste nothing. But it may begin anywhere, below it other blocks.
//
// Slot n starts n sizes into the frame, so a division by the size makes an address its number.
// Which slots are in use is told by a bit for each number; it is clear exactly where a slot is in
// use, and set where a run has none. So a pointer to a free slot, below the run or behind its last
// slot meets a set bit, and one into a slot leaves a remainder.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libc/heap/bits.h"
#include "libc/heap/block.h"

namespace quire::heap {

inline constexpr std::size_t kGranule = 2048;
inline constexpr std::size_t kUnitsInGranule = kGranule / kAlignment;
/// Requests up to this size may live in runs.
inline constexpr std::size_t kLargestSlot = 96;
/// Class c is for requests of up to c + 1 units.
inline constexpr std::size_t kSlotClasses = kLargestSlot / kAlignment;

/// Precondition: bytes != 0.
constexpr std::size_t slot_class_for(std::size_t bytes) {
    return (bytes - 1) / kAlignment;
}

struct Run {
    static constexpr std::size_t kBitsInWord = 32;
    static constexpr std::size_t kWords = 4;

    Bits<kWords> vacant;
    Run* next;  // in the ring of runs of this class that have room; nullptr: not in it
    Run* previous;
    /// In the ring, how many slots are in use, less one; outside, how many more must become free
    /// for the run to return, less one. So one look at the sign after a free finds both the run
    /// that became empty and the one that is to return.
    std::int8_t tally;
    std::uint8_t slot_class;  // whose requests it serves
    std::uint8_t units;       // of a slot: those of the class, or a few more (RunSet::adopt())
    std::uint8_t first_unit;  // of the frame that is the run's

    /// A full run returns to the ring when it has so many free slots: one that loses a slot and
    /// gives it again would come and go each time.
    static constexpr int kReturnAt = 4;

    /// Where the Run stands in its frame: there slots end.
    static constexpr std::size_t offset();
    static Run* around(const void* slot);
    [[nodiscard]] std::byte* frame();
    /// The numbers of the slots: from here on, and below that.
    [[nodiscard]] std::size_t first_slot() const {
        return divide_bytes(ByteDividend(first_unit + units - 1U), units) % 256;
    }
    [[nodiscard]] std::size_t end_slot() const;
    [[nodiscard]] std::size_t capacity() const { return end_slot() - first_slot(); }
    [[nodiscard]] std::size_t size() const { return units * kAlignment; }
    [[nodiscard]] std::byte* slot(std::size_t number) { return frame() + number * size(); }
    [[nodiscard]] Block* block() { return Block::of_payload(frame() + first_unit * kAlignment); }

    /// Makes all slots free, of a run outside the ring that begins at `from_unit` of its frame.
    void start(std::size_t of_class, std::size_t from_unit);
    [[nodiscard]] bool in_ring() const { return next != nullptr; }
    /// Precondition of these three: in_ring().
    [[nodiscard]] std::size_t used() const { return static_cast<std::size_t>(tally + 1); }
    [[nodiscard]] bool empty() const { return tally < 0; }
    [[nodiscard]] bool used_up() const { return used() == capacity(); }
    /// Precondition: not in_ring().
    [[nodiscard]] std::size_t freed() const {
        return static_cast<std::size_t>(kReturnAt - 1 - tally);
    }

    /// The bits of a word that tell of slots.
    [[nodiscard]] std::uint32_t slots_in(std::size_t word) const;

    /// The number of the slot that starts at `unit`, which is counted from the start of the frame
    /// or of anything that is a multiple away; more than kLastNumber if none could start there.
    [[nodiscard]] std::size_t number_at(std::size_t unit) const {
        return number_at(ByteDividend(unit % kUnitsInGranule));
    }
    /// The same for a unit of the frame.
    [[nodiscard]] std::size_t number_at(ByteDividend unit) const {
        return divide_bytes(unit, units);
    }
    static constexpr std::size_t kLastNumber = 255;
    /// Whether `address` is the start of a slot in use.
    [[nodiscard]] bool in_use(const void* address) const {
        const auto place = reinterpret_cast<std::uintptr_t>(address);
        return place % kAlignment == 0 && in_use_at(number_at(place / kAlignment));
    }
    /// Whether the slot of that number_at() is in use.
    [[nodiscard]] bool in_use_at(std::size_t number) const {
        return number <= kLastNumber && !test_bit(vacant, number);
    }
    /// Frees the slot of that number_at(); it is to be counted by count_one_less(). False, and
    /// nothing changed: it is not in use.
    [[nodiscard]] bool release(std::size_t number) {
        return number <= kLastNumber && !test_and_set_bit(vacant, number);
    }
    void count_one_more() { ++tally; }
    /// Returns whether the run that lost a slot is empty now, or is to return to the ring: it is
    /// for RunSet::settle().
    [[nodiscard]] bool count_one_less() { return negative_after<1>(tally); }
};

constexpr std::size_t Run::offset() {
    return kGranule - kWord - sizeof(Run);
}

inline Run* Run::around(const void* slot) {
    const auto address = reinterpret_cast<std::uintptr_t>(slot);
    struct Frame {
        std::byte slots[offset()];
        Run run;
    };
    return &reinterpret_cast<Frame*>(address & ~(kGranule - 1))->run;
}

inline std::byte* Run::frame() {
    return reinterpret_cast<std::byte*>(this) - offset();
}

/// How many units a slot of a class has: none has so few that a run could not tell of them all.
constexpr std::size_t slot_units(std::size_t slot_class) {
    constexpr std::size_t kBits = Run::kWords * Run::kBitsInWord;
    constexpr std::size_t kLeast = Run::offset() / kAlignment / kBits + 1;
    return slot_class + 1 < kLeast ? kLeast : slot_class + 1;
}
constexpr std::size_t slot_size(std::size_t slot_class) {
    return slot_units(slot_class) * kAlignment;
}
/// The least part of a frame that is worth a run.
constexpr std::size_t least_run(std::size_t slot_class) {
    constexpr std::size_t kLeast = 512;
    constexpr std::size_t kSlots = 16;
    const std::size_t bytes = kSlots * slot_size(slot_class);
    return bytes < kLeast ? kLeast : bytes;
}

/// What there is to know of the slots that runs of each class are laid with, in tables. Those of
/// n units are the slots of class n - 1.
struct SlotClasses {
    std::uint8_t end[kSlotClasses];                  // one more than the highest number of a slot
    std::uint32_t slots[kSlotClasses][Run::kWords];  // the bits that tell of slots
};
inline constexpr SlotClasses kSlots = [] {
    SlotClasses classes{};
    for (std::size_t slot_class = 0; slot_class < kSlotClasses; ++slot_class) {
        const std::size_t end = Run::offset() / slot_size(slot_class);
        classes.end[slot_class] = static_cast<std::uint8_t>(end);
        for (std::size_t number = 0; number < end; ++number)
            classes.slots[slot_class][number / Run::kBitsInWord] |= 1U << number % Run::kBitsInWord;
    }
    return classes;
}();

inline std::size_t Run::end_slot() const {
    return kSlots.end[units - 1U];
}

inline std::uint32_t Run::slots_in(std::size_t word) const {
    const std::uint32_t slots = kSlots.slots[units - 1U][word];
    const std::size_t first = first_slot();
    if (word > first / kBitsInWord) return slots;
    return word == first / kBitsInWord ? slots & ~0U << first % kBitsInWord : 0;
}

inline void Run::start(std::size_t of_class, std::size_t from_unit) {
    for (std::uint32_t& word : vacant)
        word = ~0U;
    next = nullptr;
    slot_class = static_cast<std::uint8_t>(of_class);
    units = static_cast<std::uint8_t>(slot_units(of_class));
    first_unit = static_cast<std::uint8_t>(from_unit);
}

}  // namespace quire::heap
