#include "mm/frame_bitmap.h"

#include <bit>

namespace quire::mm {

namespace {

constexpr std::uint32_t kAllFree = ~0U;

constexpr std::uint32_t kAligned[6] = {0xFFFFFFFF, 0x55555555, 0x11111111,
                                       0x01010101, 0x00010001, 0x00000001};

// One bit for each aligned run of 2^order ones in `word`, at the place of its first bit.
inline std::uint32_t aligned_runs(std::uint32_t word, std::uint32_t order) {
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

}  // namespace

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

FrameBitmap::FrameBitmap(std::uint32_t frames, std::span<std::uint32_t> memory)
    : words_(memory.data()),
      groups_(divide_up(frames, kGroupFrames)),
      level_words_(1 + divide_up(groups_, 32U)) {
    ASSERT(frames > 0 && frames <= 1U << 20);
    ASSERT(memory.size() >= words_needed(frames));
    partial_ = words_ + groups_ * std::size_t{32};
    full_ = partial_ + groups_;
    summary_ = full_ + groups_;
    no_word_ = summary_ + kOrders * level_words_;
    hand_ = spare_ = floor_ = no_word_;
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
    ASSERT(*hand_ == 0);
    std::uint32_t* word = spare_;
    spare_ = no_word_;
    if (word == no_word_) {
        const std::uint32_t group = first_group(0, where);
        if (group == kNone) return false;
        const bool any_partial = partial_[group] != 0;
        const std::uint32_t index =
            group * 32 + lowest_bit(any_partial ? partial_[group] : full_[group]);
        if (!any_partial) open_full_word(index);
        clear_partial(index);
        word = words_ + index;
        floor_ = words_ + where.first * 32;
    }
    hand_ = word;
    hand_first_ = static_cast<std::uint32_t>(word - words_) * 32;
    return true;
}

void FrameBitmap::put_hand_down() {
    put_down(hand_);
    put_down(spare_);
    hand_ = spare_ = floor_ = no_word_;
}

// A held word becomes an ordinary one.
void FrameBitmap::put_down(std::uint32_t* word) {
    if (*word == 0) return;
    const auto index = static_cast<std::uint32_t>(word - words_);
    set_partial(index);
    promise_up_to(kWordOrder - 1, index / 32);
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
    const std::uint32_t frame = search(order, where);
    if (frame != kNone || (*hand_ | *spare_) == 0) return frame;
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

// --- Giving back ---

// The first free frame of a word that had none. The lowest word there is goes to the hand.
void FrameBitmap::word_woke(std::uint32_t frame) {
    std::uint32_t* word = words_ + frame / 32;
    ASSERT((full_[frame / kGroupFrames] >> frame / 32 % 32 & 1) == 0);
    if (word == hand_) return;
    const std::uint32_t* lowest = *hand_ == 0 && spare_ != no_word_ ? spare_ : hand_;
    if (word >= lowest || word < floor_) {
        set_partial(frame / 32);
        return;
    }
    if (*hand_ != 0) {
        put_down(spare_);
        spare_ = hand_;
    }
    hand_ = word;
    hand_first_ = frame & ~31U;
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
    if (words_ + index == hand_) hand_ = no_word_;
    if (words_ + index == spare_) spare_ = no_word_;
    words_[index] = 0;
    partial_[group] &= ~(1U << index % 32);
    full_[group] |= 1U << index % 32;
    promise_up_to(kWordOrder + order_around(full_[group], index % 32, 0), group);
}

void FrameBitmap::give_run(std::uint32_t frame, std::uint32_t order) {
    ASSERT(order <= kMaxOrder && frame % (1U << order) == 0);
    if (order >= kWordOrder) return give_words(frame, order);
    const std::uint32_t index = frame / 32;
    words_[index] |= kOnes[order] << frame % 32;
    if (!held(words_ + index)) set_partial(index);
    if (words_[index] == kAllFree) {
        word_filled(index);
    } else {
        promise_up_to(order_around(words_[index], frame % 32, order), index / 32);
    }
}

// --- Questions ---

bool FrameBitmap::is_free(std::uint32_t frame) const {
    const std::uint32_t index = frame / 32;
    if ((full_[index / 32] >> index % 32 & 1) != 0) return true;
    return (words_[index] >> frame % 32 & 1) != 0;
}

namespace {

// Adds the free runs in one word, 32 units of order `unit` each, to `counts`.
void count_in_word(std::uint32_t word, std::uint32_t unit, std::uint32_t* counts) {
    for (std::uint32_t order = 0; order <= FrameBitmap::kWordOrder && word != 0; ++order) {
        const auto here = static_cast<std::uint32_t>(std::popcount(aligned_runs(word, order)));
        if (order > 0) counts[unit + order - 1] -= 2 * here;
        counts[unit + order] += here;
    }
}

}  // namespace

void FrameBitmap::count_runs(const Groups& where, std::span<std::uint32_t, kOrders> counts) const {
    for (std::uint32_t group = where.first; group < where.end; ++group) {
        count_in_word(full_[group], kWordOrder, counts.data());
        for (std::uint32_t left = partial_[group]; left != 0; left &= left - 1) {
            count_in_word(words_[group * 32 + lowest_bit(left)], 0, counts.data());
        }
    }
    const std::uint32_t* first = words_ + where.first * 32;
    const std::uint32_t* end = words_ + where.end * 32;
    if (first <= hand_ && hand_ < end) count_in_word(*hand_, 0, counts.data());
    if (first <= spare_ && spare_ < end) count_in_word(*spare_, 0, counts.data());
}

void FrameBitmap::check_invariants() const {
    for (std::uint32_t group = 0; group < groups_; ++group)
        check_group(group);
    for (std::uint32_t order = 0; order < kOrders; ++order) {
        for (std::uint32_t section = 0; section + 1 < level_words_; ++section) {
            ASSERT((level(order)[1 + section] != 0) == ((level(order)[0] >> section & 1) != 0));
        }
    }
    ASSERT(*no_word_ == 0);
    ASSERT(hand_ == no_word_ || hand_ == words_ + hand_first_ / 32);
    ASSERT(spare_ == no_word_ || (*spare_ != 0 && spare_ != hand_));
}

void FrameBitmap::check_group(std::uint32_t group) const {
    ASSERT((partial_[group] & full_[group]) == 0);
    std::uint32_t largest = 0;
    for (std::uint32_t word = 0; word < 32; ++word) {
        const std::uint32_t bits = words_[group * 32 + word];
        const bool is_held = held(words_ + group * 32 + word);
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
