// The 1,024 entries of one frame, seen through the physical window: a page table, or a directory.
//
// This is a view: it owns nothing, holds only the frame's number, and any number of them may look
// at the same frame. An entry changes by one 32-bit store, never in parts, because the CPU may walk
// the table between any two instructions; one that is taken out is exchanged, so that an accessed
// or dirty bit the CPU sets at the last moment is not lost (SDM 3A 4.8).
#pragma once

#include <atomic>
#include <cstdint>

#include "mm/frame_table.h"
#include "mm/page_entry.h"
#include "mm/physical_window.h"

namespace quire::mm {

template <typename Entry>
class EntryTable {
  public:
    /// Precondition: `frame` is in the window and holds entries.
    explicit constexpr EntryTable(FrameNumber frame) : frame_(frame) {}

    [[nodiscard]] constexpr FrameNumber frame() const { return frame_; }

    [[nodiscard]] Entry get(std::uint32_t index) const {
        return Entry::from_raw(word(index).load(std::memory_order_relaxed));
    }
    void set(std::uint32_t index, Entry entry) const {
        word(index).store(entry.raw(), std::memory_order_relaxed);
    }
    /// Puts `entry` in place of what is there, which it returns as the CPU left it.
    [[nodiscard]] Entry exchange(std::uint32_t index, Entry entry) const {
        return Entry::from_raw(word(index).exchange(entry.raw(), std::memory_order_relaxed));
    }

    /// Where the CPU finds the entry.
    [[nodiscard]] PhysAddr address_of(std::uint32_t index) const {
        return start_of(frame_) + index * static_cast<std::uint32_t>(sizeof(Entry));
    }

    /// The first entry of [first, end) that is not empty, or `end`. Looks at four empty ones at a
    /// time, as most tables are almost empty. Precondition: first <= end <= 1,024.
    [[nodiscard]] std::uint32_t next_used(std::uint32_t first, std::uint32_t end) const {
        ASSERT(end <= kEntriesPerTable);
        const std::uint32_t* const words = frame_words(frame_);
        while (first < end && words[first] == 0) {
            const bool more =
                first + 4 <= end && (words[first + 1] | words[first + 2] | words[first + 3]) == 0;
            first += more ? 4 : 1;
        }
        return first;
    }

    /// How many entries are not empty. O(1,024).
    [[nodiscard]] std::uint32_t used() const {
        std::uint32_t count = 0;
        for (std::uint32_t i = 0; i < kEntriesPerTable; ++i)
            count += get(i).is_empty() ? 0U : 1U;
        return count;
    }

  private:
    [[nodiscard]] std::atomic_ref<std::uint32_t> word(std::uint32_t index) const {
        ASSERT(index < kEntriesPerTable);
        return std::atomic_ref<std::uint32_t>(frame_words(frame_)[index]);
    }

    FrameNumber frame_;
};

using PageTable = EntryTable<Pte>;

/// The entry stored at `at`.
inline Pte entry_at(PteLocation at) {
    return PageTable(at.table).get(at.index);
}

/// Puts `entry` at `at` and returns what was there. Every change of an entry goes through here, so
/// that the record of the page table counts its entries in use (FrameTable::place).
inline Pte exchange_entry(FrameTable& records, PteLocation at, Pte entry) {
    const Pte before = PageTable(at.table).exchange(at.index, entry);
    if (before.is_empty() != entry.is_empty()) {
        const std::uint32_t used = records.place(at.table);
        records.set_place(at.table, before.is_empty() ? used + 1 : used - 1);
    }
    return before;
}

}  // namespace quire::mm
