// Blocks just freed, kept at hand for the next request of exactly their size.
//
// Programs free and allocate the same few sizes over and over. A block kept here is neither joined
// with its neighbours nor put into a bin, and comes back with a dozen instructions. That would let
// the heap fragment, so all blocks kept may take kShare of what is in use, no more; when there
// is no room the one longest passed over by the clock hand goes to the arena.
// Invariant: list i holds blocks of i * kAlignment bytes in the state recent(); bytes() is their sum.
#pragma once

#include <cstddef>

#include "kernel/base/assert.h"
#include "libc/heap/block.h"

namespace quire::heap {

class RecentBlocks {
  public:
    static constexpr std::size_t kLists = 64;
    /// The first size that is not kept.
    static constexpr std::size_t kLimit = kLists * kAlignment;
    /// The largest request whose block is smaller than kLimit.
    static constexpr std::size_t kLargestRequest = kLimit - kAlignment - kWord;
    /// The part of the bytes in use that may be kept.
    static constexpr std::size_t kShare = 64;

    RecentBlocks() = default;
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
        return bytes_ + size <= used / kShare;
    }

    /// Keeps `block`. Precondition: in use, size < kLimit.
    void keep(Block* block, std::size_t size) {
        link(block) = lists_[size / kAlignment];
        lists_[size / kAlignment] = block;
        bytes_ += size;
        block->set_recent();
    }

    /// Takes some block out to be given to the arena, in use; nullptr: none found near the hand.
    [[nodiscard]] Block* evict();

    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    void check_invariants() const;

  private:
    static Block*& link(Block* block) { return *static_cast<Block**>(block->payload()); }

    std::size_t bytes_ = 0;
    std::size_t hand_ = 0;
    Block* lists_[kLists] = {};
};

}  // namespace quire::heap
