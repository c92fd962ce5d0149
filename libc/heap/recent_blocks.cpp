#include "libc/heap/recent_blocks.h"

#include <bit>

namespace quire::heap {

Block* RecentBlocks::evict() {
    if (groups_ == 0) return nullptr;
    if (groups_ >> hand_ == 0) hand_ = 0;
    hand_ += static_cast<std::size_t>(std::countr_zero(groups_ >> hand_));
    const std::size_t group = hand_;
    hand_ = (hand_ + 1) % (kLists / kGroup);
    for (std::size_t index = group * kGroup; index < (group + 1) * kGroup; ++index) {
        if (lists_[index] != nullptr) return take(index);
    }
    groups_ &= ~(1U << group);
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
