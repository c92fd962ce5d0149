#include "libc/heap/recent_blocks.h"

#include <bit>

namespace quire::heap {

Block* RecentBlocks::evict() {
    std::size_t word = hand_ / 32;
    std::uint32_t bits = filled_[word] >> hand_ % 32 << hand_ % 32;
    if (bits == 0) {
        word = (word + 1) % (kLists / 32);
        bits = filled_[word];
        hand_ = word * 32;
        if (bits == 0) return nullptr;
    }
    hand_ = word * 32 + static_cast<std::size_t>(std::countr_zero(bits));
    Block* block = take(hand_);
    if (block == nullptr) clear_bit(filled_, hand_);
    return block;
}

void RecentBlocks::check_invariants() const {
    std::size_t sum = 0;
    for (std::size_t index = 0; index < kLists; ++index) {
        ASSERT(lists_[index] == nullptr || test_bit(filled_, index));
        for (Block* block = lists_[index]; block != nullptr; block = link(block)) {
            ASSERT(block->recent() && block->size() == index * kAlignment);
            sum += index;
        }
    }
    ASSERT(sum == units());
}

}  // namespace quire::heap
