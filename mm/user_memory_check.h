// mmck for user memory: recounts everything from the page directories of all address spaces, and
// compares it with what the records say (docs/fork.md, the rules of sharing).
//
// Counted anew: the PDEs that name each page table, the PTEs and objects that name each frame, the
// PTEs and objects that name each swap slot. Checked beside: rings of siblings, homes of private
// pages, locks, membership in the policy's lists, the commit account. O(frames + slots + mapped).
#pragma once

#include <cstdint>
#include <span>

#include "mm/user_memory.h"

namespace quire::mm {

class UserMemoryCheck {
  public:
    /// Scratch memory: one word for each frame record and for each slot number up to the highest.
    UserMemoryCheck(UserMemory& memory, std::span<std::uint32_t> frames,
                    std::span<std::uint32_t> slots);

    /// Stops the machine if anything disagrees.
    void run();

  private:
    void count_space(AddressSpace& space);
    void count_table(FrameNumber table);
    void count_entry(PteLocation at, Pte pte);
    void count_objects();
    void check_home(PteLocation at, FrameNumber frame) const;
    void check_frame(FrameNumber frame) const;
    void check_lock(FrameNumber frame) const;
    void check_slots() const;

    UserMemory& memory_;
    const FrameTable& records_;
    std::span<std::uint32_t> frames_;
    std::span<std::uint32_t> slots_;
};

}  // namespace quire::mm
