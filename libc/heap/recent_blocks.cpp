#include "libc/heap/recent_blocks.h"

#include <bit>

namespace quire::heap {

Block* RecentBlocks::evict() {
    std::uint32_t groups = groups_ >> hand_;
    if (groups == 0) {
        hand_ = 0;
        groups = groups_;
        if (groups == 0) return nullptr;
    }
    hand_ += static_cast<std::size_t>(std::countr_zero(groups));
    for (std::size_t index = hand_ * kGroup; index < (hand_ + 1) * kGroup; ++index) {
        if (lists_[index] != nullptr) return take(index);
    }
    groups_ &= ~(1U << hand_);
    return nullptr;
}

void RecentBlocks::check_invariants() const {
    std::size_t sum = 0;
    for (std::size_t index = 0; index < kLists; ++index) {
        ASSERT(lists_[index] == nullptr || (groups_ >> index / kGroup & 1) != 0);
        for (Block* block = lists_[index]; block != nullptr; block = link(block)) {
            ASSERT(block->recent() && block->size() == index * kAlignment);
            sum += index;
        }
    }
    ASSERT(sum == units());
}

}  // namespace quire::heap
