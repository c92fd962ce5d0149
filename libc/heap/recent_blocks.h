// Blocks just freed, kept at hand for the next request of exactly their size.
//
// Programs free and allocate the same few sizes over and over. A block kept here is neither joined
// with its neighbours nor put into a bin, and comes back with a dozen instructions. That would let
// the heap fragment, so all blocks kept may take a small share of what is in use, no more; when
// there is no room the one longest passed over by the clock hand goes to the arena. Invariant: list
// i holds blocks of i units (of kAlignment bytes) in the state recent(); units() is their sum.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/base/assert.h"
#include "libc/heap/bits.h"
#include "libc/heap/block.h"

namespace quire::heap {

class RecentBlocks {
  public:
    static constexpr std::size_t kLists = 256;
    /// The first size that is not kept.
    static constexpr std::size_t kLimit = kLists * kAlignment;
    /// The largest request whose block is smaller than kLimit.
    static constexpr std::size_t kLargestRequest = kLimit - kAlignment - kWord;

    /// Keeps up to `used >> share_shift` of `used` bytes in use.
    explicit RecentBlocks(unsigned share_shift) : share_shift_(share_shift) {}
    RecentBlocks(const RecentBlocks&) = delete;
    RecentBlocks& operator=(const RecentBlocks&) = delete;

    /// A block of exactly `units`, in use; nullptr when none is kept. Precondition: units < kLists.
    [[nodiscard]] Block* take(std::size_t units) {
        Block* block = lists_[units];
        if (block == nullptr) return nullptr;
        lists_[units] = link(block);
        room_ += static_cast<std::ptrdiff_t>(units);
        block->toggle_recent();
        return block;
    }

    /// Keeps `block`; false, and nothing changed: there is no room for it.
    /// Precondition: in use, not moved, of `units` < kLists.
    [[nodiscard]] bool keep(Block* block, std::size_t units) {
        const std::ptrdiff_t left = room_ - static_cast<std::ptrdiff_t>(units);
        if (left < 0) return false;
        room_ = left;
        Block* next = lists_[units];
        if (next == nullptr) set_bit(filled_, units);
        link(block) = next;
        lists_[units] = block;
        block->toggle_recent();
        return true;
    }

    /// Sets the share: `used` bytes of the arena are not free now. In an arena that is_small() a
    /// little may be kept whatever is in use: it would not give its pages back anyway.
    template <typename IsSmall>
    void follow(std::size_t used, IsSmall is_small) {
        std::size_t limit = (used / kAlignment) >> share_shift_;
        if (limit < kLeastLimit) [[unlikely]] {
            if (is_small()) limit = kLeastLimit;
        }
        room_ += static_cast<std::ptrdiff_t>(limit) - static_cast<std::ptrdiff_t>(limit_);
        limit_ = limit;
        follow_below_ = too_many() ? SIZE_MAX : used - used / kFollowPart;
    }
    /// Whether so much less is in use than at the last follow() that there may be too many.
    [[nodiscard]] bool is_to_follow(std::size_t used) const { return used < follow_below_; }
    /// Whether more is kept than the share.
    [[nodiscard]] bool too_many() const { return room_ < 0; }

    /// Takes out a block of the size the hand has reached, to be given to the arena, in use.
    /// nullptr: there is none near the hand; it has moved on.
    [[nodiscard]] HEAP_CALL Block* evict();

    /// Moves the hand on from the lists it has reached.
    void pass_on() { hand_ = (hand_ + 1) % kLists; }

    [[nodiscard]] std::size_t units() const {
        return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(limit_) - room_);
    }

    void check_invariants() const;

  private:
    static constexpr std::size_t kFollowPart = 16;
    static constexpr std::size_t kLeastLimit = 1024 / kAlignment;
    static Block*& link(Block* block) { return *static_cast<Block**>(block->payload()); }

    unsigned share_shift_;
    std::size_t limit_ = kLeastLimit;    // units that may be kept
    std::ptrdiff_t room_ = kLeastLimit;  // that may be kept more; below zero after limit_ fell
    std::size_t follow_below_ = 0;
    std::size_t hand_ = 0;
    // A set bit: this list may hold a block. Cleared only by the hand.
    Bits<kLists / 32> filled_ = {};
    Block* lists_[kLists] = {};
};

}  // namespace quire::heap
