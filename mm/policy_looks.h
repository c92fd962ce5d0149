// How often one choice may look at accessed bits: the bound that every policy keeps.
//
// A look costs a walk to each PTE of the page, and every page may be found used, so "until one is
// unused" is no bound. Each choose() makes one of these, and decides without looking when it is
// spent.
#pragma once

#include <cstdint>

#include "kernel/base/assert.h"
#include "mm/replacement_policy.h"

namespace quire::mm {

class BoundedLooks {
  public:
    /// Pages looked at for one fault, at most.
    static constexpr std::uint32_t kMost = 32;

    explicit BoundedLooks(AccessedBits& bits) : bits_(bits) {}

    [[nodiscard]] bool any_left() const { return left_ != 0; }

    /// Whether `frame` was used since it was last looked at. Precondition: any_left().
    bool used(FrameNumber frame) {
        ASSERT(any_left());
        --left_;
        return bits_.harvest(frame);
    }

  private:
    AccessedBits& bits_;
    std::uint32_t left_ = kMost;
};

}  // namespace quire::mm
