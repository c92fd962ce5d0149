#include "libc/heap/recent_blocks.h"

namespace quire::heap {

Block* RecentBlocks::evict() {
    constexpr int kLooks = 8;  // bounds the time of one call
    for (int looks = 0; looks < kLooks; ++looks) {
        hand_ = (hand_ + 1) % kLists;
        if (lists_[hand_] != nullptr) return take(hand_ * kAlignment);
    }
    return nullptr;
}

void RecentBlocks::check_invariants() const {
    std::size_t bytes = 0;
    for (std::size_t index = 0; index < kLists; ++index) {
        for (Block* block = lists_[index]; block != nullptr; block = link(block)) {
            ASSERT(block->recent() && block->size() == index * kAlignment);
            bytes += block->size();
        }
    }
    ASSERT(bytes == bytes_);
}

}  // namespace quire::heap
