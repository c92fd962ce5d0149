#include "mm/frame_bitmap.h"

#include <bit>
#include <utility>

namespace quire::mm {

// One bit for each aligned run of 2^order ones in `word`, at the place of its first bit.
std::uint32_t FrameBitmap::aligned_runs(std::uint32_t word, std::uint32_t order) {
    switch (order) {
    case 5:
        word &= word >> 16;
        [[fallthrough]];
    case 4:
        word &= word >> 8;
        [[fallthrough]];
    case 3:
        word &= word >> 4;
        [[fallthrough]];
    case 2:
        word &= word >> 2;
        [[fallthrough]];
    case 1:
        word &= word >> 1;
        break;
    default:
        break;
    }
    return word & kAligned[order];
}

// The order of the largest aligned run of ones that holds `bit`, known to be `order` at least.
std::uint32_t FrameBitmap::order_around(std::uint32_t word, std::uint32_t bit,
                                        std::uint32_t order) {
    while (order < kWordOrder) {
        const std::uint32_t run = kOnes[order + 1] << (bit & (~1U << order));
        if ((word & run) != run) break;
        ++order;
    }
    return order;
}

// The lowest of them, as first_run() has it; the lowest place of all need not be looked at.
std::uint32_t FrameBitmap::first_run_above(std::uint32_t word, std::uint32_t order) {
    const std::uint32_t runs = aligned_runs(word, order);
    return (runs & (0 - runs)) * kOnes[order];
}

FrameBitmap::FrameBitmap(std::uint32_t frames, std::span<std::uint32_t> memory)
    : words_(memory.data()), groups_(divide_up(frames, kGroupFrames)) {
    ASSERT(frames > 0 && frames <= 1U << 20);
    ASSERT(memory.size() >= words_needed(frames));
    static_assert(kOrders <= kSectionWords);
    partial_ = words_ + groups_ * std::size_t{32};
    full_ = partial_ + groups_;
    sections_ = full_ + groups_;
    for (std::uint32_t& word : memory.first(words_needed(frames)))
        word = 0;
}

// --- The summary ---

// A promise of one order implies all below it, so the loop may end at the first it finds made.
void FrameBitmap::promise_up_to(std::uint32_t order, std::uint32_t group) {
    for (; order > 0 && !promised(order, group); --order)
        promise(order, group);
}

void FrameBitmap::withdraw_from(std::uint32_t order, std::uint32_t group) {
    for (; order <= kMaxOrder && promised(order, group); ++order)
        withdraw(order, group);
}

// --- The hand ---

bool FrameBitmap::fill_hand(const Groups& where) {
    ASSERT(hand_ == 0);
    if (spare_ == kNoWord) {
        put_group_down();
        const std::uint32_t group = first_group(0, where);
        if (group == kNone) return false;
        const bool any_partial = partial_[group] != 0;
        const std::uint32_t index =
            group * 32 + lowest_bit(any_partial ? partial_[group] : full_[group]);
        if (!any_partial) open_full_word(index);
        clear_partial(index);
        spare_ = index * 32;
        floor_ = where.first * kGroupFrames;
    }
    hand_ = std::exchange(words_[spare_ / 32], 0);
    hand_first_ = bound_ = std::exchange(spare_, kNoWord);
    return true;
}

void FrameBitmap::put_hand_down() {
    if (hand_ != 0) {
        words_[hand_first_ / 32] = hand_;
        put_down(hand_first_);
    }
    if (spare_ != kNoWord) put_down(spare_);
    hand_ = floor_ = bound_ = 0;
    hand_first_ = spare_ = kNoWord;
}

// The word that starts at frame `first`, no longer held, becomes an ordinary one.
void FrameBitmap::put_down(std::uint32_t first) {
    set_partial(first / 32);
    promise_up_to(kWordOrder - 1, first / kGroupFrames);
}

// Nothing was withdrawn while the group was in hand, and a promise too many is none too few.
void FrameBitmap::give_group_back() {
    const std::uint32_t group = group_first_ / kGroupFrames;
    if (group_hand_ != 0) {
        if (group_empty(group)) promise(0, group);
        full_[group] |= group_hand_;
        promise_up_to(kMaxOrder, group);
    }
    group_hand_ = 0;
    group_first_ = kNoGroup;
    group_order_ = group_end_ = kNone;
}

// --- Taking ---

void FrameBitmap::set_partial(std::uint32_t index) {
    const std::uint32_t group = index / 32;
    if (group_empty(group)) promise(0, group);
    partial_[group] |= 1U << index % 32;
}

void FrameBitmap::clear_partial(std::uint32_t index) {
    const std::uint32_t group = index / 32;
    partial_[group] &= ~(1U << index % 32);
    if (group_empty(group)) withdraw(0, group);
}

// The first frame is about to leave this word: its bits are written out.
void FrameBitmap::open_full_word(std::uint32_t index) {
    full_[index / 32] &= ~(1U << index % 32);
    partial_[index / 32] |= 1U << index % 32;
    words_[index] = kAllFree;
}

std::uint32_t FrameBitmap::take_run(std::uint32_t order, const Groups& where) {
    ASSERT(order <= kMaxOrder);
    if (order >= kWordOrder) return take_words(order, where);
    put_group_down();
    const std::uint32_t frame = search(order, where);
    if (frame != kNone || (hand_ == 0 && spare_ == kNoWord)) return frame;
    put_hand_down();  // perhaps the held words have it
    return search(order, where);
}

std::uint32_t FrameBitmap::search(std::uint32_t order, const Groups& where) {
    for (;;) {
        const std::uint32_t group = first_group(order, where);
        if (group == kNone) return kNone;
        const std::uint32_t frame = take_from_words(order, group);
        if (frame != kNone) return frame;
        withdraw_from(order, group);
    }
}

// A run inside a word: from a partial word if one has it, else a full word is broken up.
std::uint32_t FrameBitmap::take_from_words(std::uint32_t order, std::uint32_t group) {
    std::uint32_t index = kNone;
    std::uint32_t runs = 0;
    for (std::uint32_t left = partial_[group]; left != 0 && runs == 0; left &= left - 1) {
        index = group * 32 + lowest_bit(left);
        runs = aligned_runs(words_[index], order);
    }
    if (runs == 0) {
        if (full_[group] == 0) return kNone;
        index = group * 32 + lowest_bit(full_[group]);
        open_full_word(index);
        runs = kAllFree;
    }
    const std::uint32_t bit = lowest_bit(runs);
    words_[index] &= ~(kOnes[order] << bit);
    if (words_[index] == 0) clear_partial(index);
    return index * 32 + bit;
}

// Picks up the lowest group that has such a run.
std::uint32_t FrameBitmap::take_words_elsewhere(std::uint32_t order, const Groups& where) {
    put_group_down();
    for (;;) {
        const std::uint32_t group = first_group(order, where);
        if (group == kNone) return kNone;
        const std::uint32_t run = first_run(full_[group], order - kWordOrder);
        if (run == 0) {
            withdraw_from(order, group);
            continue;
        }
        group_hand_ = std::exchange(full_[group], 0) ^ run;
        if (partial_[group] == 0) withdraw(0, group);
        group_first_ = group * kGroupFrames;
        group_order_ = order;
        group_end_ = where.end;
        return group_first_ + lowest_bit(run) * 32;
    }
}

// --- Giving back ---

// The first free frame of a word that had none, and the hand is not empty or not to move there. If
// it is the lowest word there is, it goes to the hand.
void FrameBitmap::word_woke(std::uint32_t frame) {
    ASSERT((full_words(frame / kGroupFrames) >> frame / 32 % 32 & 1) == 0);
    const std::uint32_t bit = 1U << frame % 32;
    if (hand_ == 0 || frame < floor_ || frame >= hand_first_) {
        words_[frame / 32] = bit;
        set_partial(frame / 32);
        return;
    }
    if (spare_ != kNoWord) put_down(spare_);
    spare_ = bound_ = hand_first_;
    words_[spare_ / 32] = std::exchange(hand_, bit);
    hand_first_ = frame & ~31U;
}

void FrameBitmap::hand_filled() {
    const std::uint32_t index = hand_first_ / 32;
    hand_ = 0;
    hand_first_ = kNoWord;
    word_filled(index);
}

// `frame` came to a word that has its neighbour already: a longer run, or the word is full now.
void FrameBitmap::word_grew(std::uint32_t frame) {
    const std::uint32_t word = words_[frame / 32];
    if (word == kAllFree) {
        word_filled(frame / 32);
    } else if (!promised(kWordOrder - 1, frame / kGroupFrames)) {
        promise_up_to(order_around(word, frame % 32, 1), frame / kGroupFrames);
    }
}

void FrameBitmap::word_filled(std::uint32_t index) {
    const std::uint32_t group = index / 32;
    if (group_empty(group)) promise(0, group);
    if (index == spare_ / 32) spare_ = kNoWord;
    words_[index] = 0;
    partial_[group] &= ~(1U << index % 32);
    full_[group] |= 1U << index % 32;
    promise_up_to(kWordOrder + order_around(full_[group], index % 32, 0), group);
}

// A group below the one in hand may be the lowest now: the next search will tell.
void FrameBitmap::give_words_elsewhere(std::uint32_t frame, std::uint32_t order) {
    if (frame < group_first_) put_group_down();
    const std::uint32_t group = frame / kGroupFrames;
    if (group_empty(group)) promise(0, group);
    full_[group] |= kOnes[order - kWordOrder] << frame / 32 % 32;
    const std::uint32_t units = order_around(full_[group], frame / 32 % 32, order - kWordOrder);
    promise_up_to(kWordOrder + units, group);
}

// The first one wakes the word, if it has to, and perhaps moves it to the hand.
void FrameBitmap::give_some(std::uint32_t index, std::uint32_t frames) {
    give(index * 32 + lowest_bit(frames));
    const std::uint32_t rest = frames & (frames - 1);
    if (rest == 0) return;
    if (in_hand(index * 32)) {
        hand_ |= rest;
        if (hand_ == kAllFree) hand_filled();
        return;
    }
    const std::uint32_t word = words_[index] |= rest;
    if (word == kAllFree) return word_filled(index);
    std::uint32_t order = kWordOrder - 1;
    while (aligned_runs(word, order) == 0)
        --order;
    promise_up_to(order, index / 32);
}

void FrameBitmap::give_run(std::uint32_t frame, std::uint32_t order) {
    ASSERT(order <= kMaxOrder && frame % (1U << order) == 0);
    if (order >= kWordOrder) return give_words(frame, order);
    const std::uint32_t index = frame / 32;
    const std::uint32_t run = kOnes[order] << frame % 32;
    if (in_hand(frame)) {
        hand_ |= run;
        if (hand_ == kAllFree) hand_filled();
        return;
    }
    words_[index] |= run;
    if (index != spare_ / 32) set_partial(index);
    if (words_[index] == kAllFree) {
        word_filled(index);
    } else {
        promise_up_to(order_around(words_[index], frame % 32, order), index / 32);
    }
}

}  // namespace quire::mm
