// The pages that one instruction of a program may need at once: those for which the last faults of
// an address space had to read from a disk or to make room.
//
// An instruction runs only when all its pages are there: at most two of code, two that it reads and
// two that it writes. If the fault for one of them could evict another, and hardly anything else
// can leave, the instruction would fault for ever. So a fault pins these pages while it evicts or
// has a file system read, which may evict, too. Whoever faults for a page among them changes
// nothing, so after six such faults all pages of an instruction are among them, and it goes on, or
// is told that there is no memory. A page that is not among them and leaves will have to be read.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "mm/types.h"

namespace quire::mm {

class NeededPages {
  public:
    static constexpr std::uint32_t kMost = 6;

    /// In place of the one that was added first, unless it is among them.
    void add(PageNumber page) {
        for (const PageNumber known : all())
            if (known == page) return;
        pages_[next_++ % kMost] = page;
    }
    [[nodiscard]] std::span<const PageNumber> all() const {
        return {pages_.data(), next_ < kMost ? next_ : kMost};
    }

  private:
    std::array<PageNumber, kMost> pages_{};
    std::uint32_t next_ = 0;
};

}  // namespace quire::mm
