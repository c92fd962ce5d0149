// What RAM there is: the BIOS's memory map (INT 15h, AX=E820h; ACPI 15.1) made fit to be used.
//
//     E820 as it comes      |--usable--|   |-usable-|          any order, overlapping, odd ends
//                                |--reserved--|
//     map()                 |usable|reserved  |usbl |          sorted, disjoint, by kind
//     usable()               [    )           [    )           whole frames, below the limit
//     after reserve()        [ )[ )           [    )           less kernel, boot data, tables
//
// Where two entries overlap the worse kind wins, so a doubtful byte is never RAM to us. A usable
// entry that wraps past 2^64 is not believed. Frame 0 (interrupt vectors and BIOS data) and
// A0000-FFFFF (video memory and ROMs) are reserved whatever the map says; the rest of the first
// megabyte, the extended BIOS data area among it, is as the map has it. Frames that are usable
// only in part are dropped.
//
// Nothing is allocated: the lists are fixed, and when one is full its smallest range is given up
// and counted, which costs RAM but never safety.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/result.h"
#include "mm/types.h"

namespace quire::mm {

/// One entry as the boot loader hands it over, 24 bytes.
struct MemoryMapEntry {
    std::uint64_t base;
    std::uint64_t length;
    std::uint32_t type;
    std::uint32_t attributes;  // bit 0: the entry counts. All clear: the BIOS does not say
};
static_assert(sizeof(MemoryMapEntry) == 24);

/// From best to worst: what overlaps is of the worse kind.
enum class MemoryKind : std::uint8_t {
    Usable,           // E820 type 1
    AcpiReclaimable,  // type 3: RAM once the ACPI tables are read
    AcpiNvs,          // type 4
    Unknown,          // any other type
    Reserved,         // type 2
    Bad,              // type 5
};
const char* memory_kind_name(MemoryKind kind);

/// A stretch of physical memory of one kind, for the boot report. `end` is past its last byte.
struct MemoryMapLine {
    std::uint64_t first;
    std::uint64_t end;
    std::uint32_t type;  // as in E820
    MemoryKind kind;
};

/// RAM that is taken at boot, and by what.
struct Reservation {
    FrameRange range;
    const char* name;
};

class BootMemory {
  public:
    static constexpr std::size_t kMaxLines = 160;
    static constexpr std::size_t kMaxUsable = 96;
    static constexpr std::size_t kMaxReservations = 16;

    /// Reads the map; frames from `limit` on are not to be managed. Takes any input. O(entries^2).
    BootMemory(std::span<const MemoryMapEntry> entries, FrameNumber limit);

    /// RAM that is free so far: sorted, disjoint, not adjacent, below the limit.
    [[nodiscard]] std::span<const FrameRange> usable() const { return usable_.items(); }
    [[nodiscard]] PageCount usable_frames() const;

    /// Takes `range` out of the usable RAM, whether or not all of it was usable, and remembers the
    /// name, which must stay. A name beyond kMaxReservations is not remembered.
    void reserve(FrameRange range, const char* name);

    /// Finds the lowest `count` frames in a row in `within`, and reserves them under `name`.
    /// Precondition: count > 0. Errors: OutOfMemory; nothing has changed then.
    Result<FrameRange> take(PageCount count, FrameRange within, const char* name);

    // For the boot report.

    /// The whole map by kind: sorted, disjoint, holes left out.
    [[nodiscard]] std::span<const MemoryMapLine> map() const { return lines_.items(); }
    [[nodiscard]] std::span<const Reservation> reservations() const {
        return {reservations_, reservation_count_};
    }
    /// Whole usable frames at or above the limit, that is RAM left unused.
    [[nodiscard]] std::uint64_t frames_beyond_limit() const { return beyond_limit_; }
    /// Entries that were not believed: wrapping, or disclaimed by their own attributes.
    [[nodiscard]] std::uint32_t ignored_entries() const { return ignored_; }
    /// Usable frames and report lines given up because a list was full.
    [[nodiscard]] PageCount dropped_frames() const {
        return PageCount(static_cast<std::uint32_t>(usable_.dropped()));
    }
    [[nodiscard]] std::uint32_t dropped_lines() const { return lines_.drops(); }

    void check_invariants() const;

  private:
    // A list in order that gives up its smallest member when one more does not fit.
    template <typename T, std::size_t kCapacity>
    class OrderedList {
      public:
        [[nodiscard]] std::span<const T> items() const { return {items_, count_}; }
        [[nodiscard]] std::size_t count() const { return count_; }
        [[nodiscard]] T& operator[](std::size_t index) { return items_[index]; }
        [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
        [[nodiscard]] std::uint32_t drops() const { return drops_; }

        void insert(std::size_t position, T item);
        void erase(std::size_t position);

      private:
        T items_[kCapacity];
        std::size_t count_ = 0;
        std::uint64_t dropped_ = 0;
        std::uint32_t drops_ = 0;
    };

    void sweep(std::span<const MemoryMapEntry> entries);
    void add_line(const MemoryMapLine& line);
    void add_usable(std::uint64_t first_byte, std::uint64_t end_byte);
    void carve(FrameRange range);

    FrameNumber limit_;
    OrderedList<MemoryMapLine, kMaxLines> lines_;
    OrderedList<FrameRange, kMaxUsable> usable_;
    Reservation reservations_[kMaxReservations] = {};
    std::size_t reservation_count_ = 0;
    std::uint64_t beyond_limit_ = 0;
    std::uint32_t ignored_ = 0;
};

}  // namespace quire::mm
