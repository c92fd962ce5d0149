// Cleaning: how what a page holds gets to where it can be found again. Evicting comes later, and
// needs no I/O then (mm/evict.h).
//
//     private page      to a slot of its own: from then on it has a copy in swap
//     page of a file    to its place in the file
//     shared memory     to a slot, which the object then names in place of the frame; the frame is
//                       left as a page of the swap cache that nobody maps
//
// A disk takes a run of pages at about the price of one, so pages go in runs: dirty neighbours of a
// file, and pages that leave for swap together, which get slots in a row. A run that fails is
// written again page by page, so that one bad sector costs one page.
//
// Frames are marked Busy while they are written, and nobody can write a page that is on its way to
// a slot. What cannot be written stays as it was: mapped, and dirty. Locking is the caller's.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "mm/user_memory.h"

namespace quire::mm {

/// How many pages go in one write at most.
inline constexpr std::uint32_t kMostInRun = 16;

/// What cleaning cost.
struct WriteCount {
    std::uint32_t pages = 0;   // written, and clean now
    std::uint32_t calls = 0;   // of a store's write()
    std::uint32_t errors = 0;  // calls that failed

    WriteCount& operator+=(const WriteCount& other) {
        pages += other.pages;
        calls += other.calls;
        errors += other.errors;
        return *this;
    }
};

/// Whether the page in `frame` must be written before it may be evicted. The dirty bits of an
/// object's page go to the object first, and are flushed.
[[nodiscard]] bool must_be_written(UserMemory& memory, FrameNumber frame);

/// Marks the pages of [first, end) dirty that programs have stored into through shared mappings
/// since the last time: the dirty bits of all PTEs go to the object, and are flushed.
void gather_dirty(UserMemory& memory, MemoryObject& object, std::uint32_t first, std::uint32_t end);

/// Writes the dirty pages of [first, end) of a file back to its store, in runs. The dirty bits of
/// all mappings go to the object first, and are flushed; the pages stay writable. What is stored
/// into a page while it is written makes it dirty anew; what was stored past the end of the file is
/// zeroed. Shared memory has no store: nothing is done. Errors: the first that the store gave
/// (IoError); what could not be written stays dirty, the rest was written, and the error is
/// recorded for all who hold the object (write_errors()); Busy is no error of the disk and is not.
/// `count`, if given, is added to.
Result<void> write_back(UserMemory& memory, MemoryObject& object, std::uint32_t first,
                        std::uint32_t end, WriteCount* count = nullptr);

/// A few pages that leave for swap together: private ones without a copy, and shared memory.
class SwapCluster {
  public:
    explicit SwapCluster(UserMemory& memory) : memory_(memory) {}

    /// Whether `frame` is of a kind that goes to swap.
    [[nodiscard]] static bool takes(UserMemory& memory, FrameNumber frame);

    /// Preconditions: not full; takes() the frame, which must_be_written().
    void add(FrameNumber frame);

    /// Takes along up to `most` private pages that follow those here in the same page table, as far
    /// as each is mapped there only, has no copy and was not used lately: they would be written
    /// soon, and so cost no write of their own. None that is pinned comes along: who is about to
    /// write to it would have to fault again.
    void add_neighbours(std::uint32_t most);

    [[nodiscard]] bool full() const { return count_ == kMostInRun; }
    [[nodiscard]] std::span<const FrameNumber> frames() const { return {frames_.data(), count_}; }

    /// Gives each page a slot, in a row as far as there is room, and writes it; first it is taken
    /// out of everybody's reach: private pages become read-only, shared memory is unmapped. Those
    /// that succeeded are private pages with a copy afterwards (MappedPages::swap_copy). For the
    /// others swap was full, or the write failed; they are private without a copy or still the
    /// object's, and dirty.
    WriteCount clean();

  private:
    [[nodiscard]] bool has(FrameNumber frame) const;
    [[nodiscard]] bool is_idle_neighbour(Pte pte) const;
    void add_after(PteLocation at, std::uint32_t most);
    void sort();
    [[nodiscard]] std::uint64_t order_of(FrameNumber frame) const;
    void take_out_of_reach(FrameNumber frame);
    void name_by_slot(FrameNumber frame, SwapSlot slot);
    WriteCount write(SlotRange slots, std::span<const FrameNumber> frames);

    UserMemory& memory_;
    std::array<FrameNumber, kMostInRun> frames_;
    std::uint32_t count_ = 0;
};

}  // namespace quire::mm
