// What may be asked of a FrameBitmap that nobody waits for: how many runs it has, and whether its
// levels agree. Every word of the map is looked at.
#include <bit>

#include "mm/frame_bitmap.h"

namespace quire::mm {

bool FrameBitmap::is_free(std::uint32_t frame) const {
    if (in_hand(frame)) return (hand_ >> frame % 32 & 1) != 0;
    const std::uint32_t index = frame / 32;
    if ((full_words(index / 32) >> index % 32 & 1) != 0) return true;
    return (words_[index] >> frame % 32 & 1) != 0;
}

// Adds the free runs in one word, 32 units of order `unit` each, to `counts`.
void FrameBitmap::count_in_word(std::uint32_t word, std::uint32_t unit, std::uint32_t* counts) {
    for (std::uint32_t order = 0; order <= kWordOrder && word != 0; ++order) {
        const auto here = static_cast<std::uint32_t>(std::popcount(aligned_runs(word, order)));
        if (order > 0) counts[unit + order - 1] -= 2 * here;
        counts[unit + order] += here;
    }
}

void FrameBitmap::count_runs(const Groups& where, std::span<std::uint32_t, kOrders> counts) const {
    for (std::uint32_t group = where.first; group < where.end; ++group) {
        count_in_word(full_words(group), kWordOrder, counts.data());
        for (std::uint32_t left = partial_[group]; left != 0; left &= left - 1) {
            count_in_word(words_[group * 32 + lowest_bit(left)], 0, counts.data());
        }
    }
    const std::uint32_t first = where.first * kGroupFrames;
    const std::uint32_t end = where.end * kGroupFrames;
    if (first <= hand_first_ && hand_first_ < end) count_in_word(hand_, 0, counts.data());
    if (first <= spare_ && spare_ < end) count_in_word(words_[spare_ / 32], 0, counts.data());
}

void FrameBitmap::check_invariants() const {
    for (std::uint32_t group = 0; group < groups_; ++group)
        check_group(group);
    for (std::uint32_t order = 0; order < kOrders; ++order) {
        for (std::uint32_t number = 0; number < divide_up(groups_, 32U); ++number) {
            ASSERT((section(number)[order] != 0) == ((top_[order] >> number & 1) != 0));
        }
    }
    ASSERT(group_hand_ == 0 || group_first_ < groups_ * kGroupFrames);
    ASSERT((group_first_ == kNoGroup) == (group_order_ == kNone));
    ASSERT(hand_ == 0 || hand_first_ != kNoWord);
    ASSERT(hand_first_ == kNoWord || (floor_ <= hand_first_ && hand_first_ <= bound_));
    ASSERT(hand_first_ == kNoWord || words_[hand_first_ / 32] == 0);
    ASSERT(spare_ == kNoWord || (spare_ == bound_ && words_[spare_ / 32] != 0));
    ASSERT(spare_ == kNoWord || spare_ != hand_first_);
}

void FrameBitmap::check_group(std::uint32_t group) const {
    ASSERT((partial_[group] & full_words(group)) == 0);
    ASSERT(group * kGroupFrames != group_first_ || (full_[group] & group_hand_) == 0);
    std::uint32_t largest = 0;
    for (std::uint32_t word = 0; word < 32; ++word) {
        const std::uint32_t bits = words_[group * 32 + word];
        const std::uint32_t first = (group * 32 + word) * 32;
        const bool is_held = first == hand_first_ || first == spare_;
        ASSERT((bits != 0 && !is_held) == ((partial_[group] >> word & 1) != 0));
        ASSERT(bits != kAllFree);
        if (is_held) continue;
        for (std::uint32_t order = largest + 1; order <= kWordOrder; ++order) {
            if (aligned_runs(bits, order) != 0) largest = order;
        }
        for (std::uint32_t order = 0; order <= kWordOrder; ++order) {
            const std::uint32_t runs = aligned_runs(full_[group], order);
            if (runs != 0 && largest < kWordOrder + order) largest = kWordOrder + order;
        }
    }
    ASSERT(promised(0, group) == !group_empty(group));
    for (std::uint32_t order = 1; order <= kMaxOrder; ++order) {
        ASSERT(promised(order, group) || order > largest);
        ASSERT(order == 1 || promised(order - 1, group) || !promised(order, group));
    }
}

}  // namespace quire::mm
