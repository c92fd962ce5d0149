// Blocks just freed, kept at hand for the next request of exactly their size.
//
// Programs free and allocate the same few sizes over and over. A block kept here is neither joined
// with its neighbours nor put into a bin, and comes back with a dozen instructions. That would let
// the heap fragment, so all blocks kept may take a small share of what is in use, no more; when
// there is no room the one longest passed over by the clock hand goes to the arena. Invariant: list
// i holds blocks of i * kAlignment bytes in the state recent(); bytes() is their sum.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/base/assert.h"
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

    /// A block of exactly `size`, in use; nullptr when none is kept. Precondition: size < kLimit.
    [[nodiscard]] Block* take(std::size_t size) {
        Block* block = lists_[size / kAlignment];
        if (block == nullptr) return nullptr;
        lists_[size / kAlignment] = link(block);
        bytes_ -= size;
        block->reuse();
        return block;
    }

    /// Whether a block of `size` may be kept while `used` bytes of the arena are not free.
    [[nodiscard]] bool has_room(std::size_t size, std::size_t used) const {
        return bytes_ + size <= used >> share_shift_;
    }

    /// Keeps `block`. Precondition: in use, size < kLimit.
    void keep(Block* block, std::size_t size) {
        const std::size_t index = size / kAlignment;
        Block* next = lists_[index];
        if (next == nullptr) groups_ |= 1U << index / kGroup;
        link(block) = next;
        lists_[index] = block;
        bytes_ += size;
        block->set_recent();
    }

    /// Takes out a block of the size the hand has reached, to be given to the arena, in use.
    /// nullptr: there is none near the hand; it has moved on.
    [[nodiscard]] Block* evict();

    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    void check_invariants() const;

  private:
    static constexpr std::size_t kGroup = kLists / 32;
    static Block*& link(Block* block) { return *static_cast<Block**>(block->payload()); }

    unsigned share_shift_;
    std::size_t bytes_ = 0;
    std::size_t hand_ = 0;
    // A set bit: one of these kGroup lists may hold a block. Cleared only by the hand.
    std::uint32_t groups_ = 0;
    Block* lists_[kLists] = {};
};

}  // namespace quire::heap
