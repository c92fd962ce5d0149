// How a page leaves RAM: every entry that names it is changed, then its frame is free.
//
//     private page, with a copy in swap         page of an object, clean
//
//     PTE -----+                                PTE -----+
//     PTE -----+-> frame       PTE ---> slot    PTE -----+-> frame       PTE: empty
//     cache ---+       ==>     PTE ---> slot    object --+       ==>     object: shadow
//
// Evicting does no I/O, takes no memory and cannot fail: what must be written is written before
// (mm/write_back.h). It is the one change besides bringing a page in that is made in page tables
// that several spaces share: it is the same for all of them, and the page is not lost to anybody.
//
// Invariant: before a frame is freed, the CPU has forgotten every translation to it (SDM 3A
// 4.10.4.2). Victims are neither locked nor under I/O, and in no list of the policy. Locking is the
// caller's.
#pragma once

#include <cstdint>

#include "mm/user_memory.h"

namespace quire::mm {

/// How a policy looks at the pages that programs have mapped, and at those they read and write by
/// system calls, which leave FrameFlag::Young in the place of an accessed bit.
class MappedAccess final : public AccessedBits {
  public:
    explicit MappedAccess(UserMemory& memory) : memory_(memory) {}

    /// Clears the accessed bit in every PTE that names `frame`, and makes the CPU forget those that
    /// had it: as long as it remembers a page, it does not set the bit anew (SDM 3A 4.8). Tells the
    /// working set of each space that has such a PTE. O(spaces) a PTE.
    bool harvest(FrameNumber frame) override;

    /// PTEs looked at so far: what a policy costs beside its faults.
    [[nodiscard]] std::uint32_t entries_seen() const { return entries_seen_; }

  private:
    UserMemory& memory_;
    std::uint32_t entries_seen_ = 0;
};

/// Takes the page in `frame` out of RAM and frees the frame. Each PTE of a private page becomes its
/// slot; the PTEs of an object's page become empty and the object's entry `shadow`; page tables
/// that have nothing left and are not shared are freed too. `shadow` is what to remember of the
/// page. Flushes all it owes. Preconditions: the page is clean (must_be_written() says no); the
/// frame is neither Locked nor Busy nor pinned nor in the policy's lists.
void evict(UserMemory& memory, FrameNumber frame, Shadow shadow);

/// Gives up the copy in swap of a private page, and so its slot: from now on the page must be
/// written before it may go. If nobody maps it either, it is nobody's, and its frame is freed.
/// Preconditions: the page has a copy, no entry names the slot, the frame is not Busy.
void give_up_copy(UserMemory& memory, FrameNumber frame);

/// Empties every PTE that names `frame`, a page of an object, and flushes; page tables that have
/// nothing left and are not shared are freed. Whether a PTE was dirty goes to the object.
/// Precondition: none is locked.
void unmap_object_page(UserMemory& memory, FrameNumber frame);

/// Takes every mapping of pages [first, end) of `object` out, those of private copies made of them
/// too, and the frames, slots and shadows from the object: for a file that is truncated, and for
/// the end of shared memory. What the pages hold is lost; locks do not keep them. Flushes all it
/// owes. Precondition: none of the frames is Busy.
void drop_pages(UserMemory& memory, MemoryObject& object, std::uint32_t first, std::uint32_t end);

/// The pages of `region` that show pages [first, end) of its object; may be empty.
[[nodiscard]] PageRange pages_that_show(const Region& region, std::uint32_t first,
                                        std::uint32_t end);

}  // namespace quire::mm
