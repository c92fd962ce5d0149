// A run: 1 KiB of the arena at a multiple of 1 KiB, cut into equal slots that have no headers.
//
//      1 KiB boundary                                                     next 1 KiB boundary
//      | slot 0 | slot 1 | slot 2 |  ...  | slot n-1 |   | Run (28 bytes) | header |
//
// A run is the payload of one block of exactly 1 KiB, so the last word belongs to the next block's
// header, and runs that lie side by side waste nothing. One bit a slot says whether it is free.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libc/heap/block.h"

namespace quire::heap {

inline constexpr std::size_t kGranule = 1024;
/// Requests up to this size may live in runs.
inline constexpr std::size_t kLargestSlot = 64;
inline constexpr std::size_t kSmallestSlot = 16;
/// Class c has slots of c * kAlignment bytes; the classes below that of kSmallestSlot are not used.
inline constexpr std::size_t kSlotClasses = kLargestSlot / kAlignment + 1;
inline constexpr std::size_t kFirstSlotClass = kSmallestSlot / kAlignment;

constexpr std::size_t slot_class_for(std::size_t bytes) {
    return bytes <= kSmallestSlot ? kFirstSlotClass : (bytes + (kAlignment - 1)) / kAlignment;
}
constexpr std::size_t slot_size(std::size_t slot_class) {
    return slot_class * kAlignment;
}

struct Run {
    Run* next;  // the ring of runs of this class that have room
    Run* previous;
    std::uint32_t free_slots[2];
    std::uint32_t all_slots[2];  // free_slots when every slot is free
    std::uint32_t slot_class;

    /// Where the Run stands behind its slots.
    static constexpr std::size_t offset();
    static Run* around(const void* slot);
    [[nodiscard]] std::byte* slots();
    [[nodiscard]] Block* block() { return Block::of_payload(slots()); }
    [[nodiscard]] bool full() const { return (free_slots[0] | free_slots[1]) == 0; }
    [[nodiscard]] bool empty() const {
        return free_slots[0] == all_slots[0] && free_slots[1] == all_slots[1];
    }
};

constexpr std::size_t Run::offset() {
    return kGranule - kWord - sizeof(Run);
}

inline Run* Run::around(const void* slot) {
    const auto address = reinterpret_cast<std::uintptr_t>(slot);
    return reinterpret_cast<Run*>((address & ~(kGranule - 1)) + offset());
}

inline std::byte* Run::slots() {
    return reinterpret_cast<std::byte*>(this) - offset();
}

constexpr std::size_t slots_in_run(std::size_t slot_class) {
    return Run::offset() / slot_size(slot_class);
}

// A slot's number is the upper half of offset * reciprocal. The lower half tells whether the offset
// is that of a slot: the error of the reciprocal adds up to less than 1024 over a run, while an
// offset inside a slot leaves at least one reciprocal, 1024 or more.
constexpr std::uint32_t slot_reciprocal(std::size_t slot_class) {
    return static_cast<std::uint32_t>((65536 + slot_size(slot_class) - 1) / slot_size(slot_class));
}
constexpr bool is_slot_start(std::uint32_t product) {
    return (product & 0xFC00) == 0;
}

consteval bool slot_numbers_are_exact() {
    for (std::size_t slot_class = kFirstSlotClass; slot_class < kSlotClasses; ++slot_class) {
        const std::size_t size = slot_size(slot_class);
        for (std::uint32_t offset = 0; offset < kGranule; ++offset) {
            const std::uint32_t product = offset * slot_reciprocal(slot_class);
            if (product >> 16 != offset / size) return false;
            if (is_slot_start(product) != (offset % size == 0)) return false;
        }
        if (slots_in_run(slot_class) > 64) return false;
    }
    return true;
}
static_assert(slot_numbers_are_exact());

}  // namespace quire::heap
