// Which frames are free: a bitmap of four levels, 32 to the next, searched from the lowest address.
//
//     top        one word an order    which sections have a group with a run of this order
//     sections   one bit a group      which groups have one
//     group      4 MiB, two words     partial: words with some frames free; full: with all free
//     word       32 frames            1 = free; 0 throughout if the word is full or empty
//
// A word in the middle of the range costs 32 bits, its group 2 more, all above 1/500 of that: 0.135
// bytes a frame. Since a word whose frames are all free is a single bit of `full`, runs of 32 to
// 1,024 frames are found, taken and given back by a few operations on one group word.
//
// Single frames come from the word in hand, which is the lowest with a free frame. It is copied out
// of the map, and stays in hand until it is used up; when a lower word gets a frame back the hand
// moves down to it at once, and the word it held is kept as the spare, to go on with. So frames in
// use gather at the bottom, and a frame that comes and goes touches neither word, group nor
// summary.
//
// Runs of 32 frames and more come from the group in hand in the same way: its mask `full` is copied
// out. It serves one order only and is put down before anything else is searched for, so that the
// lowest place is found all the same.
//
// Invariants: the word in hand reads 0, and it and the spare are in neither mask; of the others,
// partial and full say exactly what they hold, but for the full words of the group in hand, which
// are in its copy. Order 0 of the summary says exactly which groups have a bit in a mask. For
// orders 1 to 10 a clear bit is the truth and a set bit a promise that may be stale: the search
// that finds it broken withdraws it, and the orders above it too, so that within a group the
// promised orders are 1 .. n without a gap.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "kernel/base/align.h"
#include "kernel/base/assert.h"

namespace quire::mm {

/// Numbers here are plain frame numbers; the strong types begin at FrameAllocator.
class FrameBitmap {
  public:
    static constexpr std::uint32_t kMaxOrder = 10;
    static constexpr std::uint32_t kOrders = kMaxOrder + 1;
    static constexpr std::uint32_t kWordOrder = 5;  // a run of this order is one word
    static constexpr std::uint32_t kGroupFrames = 1024;
    static constexpr std::uint32_t kNone = ~0U;

    /// A half-open range of groups: where to search. {0, 0} is the empty one. No two ranges that
    /// are searched may end at the same group: the end is how the group in hand knows its range.
    struct Groups {
        std::uint32_t first;
        std::uint32_t end;
    };

    /// How many 32-bit words of memory a map of the frames below `frames` takes.
    static constexpr std::uint32_t words_needed(std::uint32_t frames) {
        const std::uint32_t groups = divide_up(frames, kGroupFrames);
        return groups * (32 + 2) + divide_up(groups, 32U) * kSectionWords;
    }

    /// A map without a free frame. `memory` is the caller's and must stay.
    /// Precondition: memory has words_needed(frames) words, frames <= 2^20.
    FrameBitmap(std::uint32_t frames, std::span<std::uint32_t> memory);
    FrameBitmap(const FrameBitmap&) = delete;
    FrameBitmap& operator=(const FrameBitmap&) = delete;

    /// The free frames of the word in hand, a bit each; 0 if there are none.
    [[nodiscard]] std::uint32_t hand() const { return hand_; }

    /// Takes the lowest frame of the word in hand. Precondition: word == hand(), and not 0.
    std::uint32_t take_from_hand(std::uint32_t word) {
        hand_ = word & (word - 1);
        return hand_first_ + lowest_bit(word);
    }

    /// Leaves the hand empty, until fill_hand() is called again.
    void put_hand_down();

    /// Gives the hand, which has no frame left, the spare word or the lowest one in `where`; false
    /// if there is none. A frame has to be taken from the hand next.
    bool fill_hand(const Groups& where);

    /// Takes the lowest run of 2^order frames in `where`, aligned to its size; kNone if none.
    std::uint32_t take_run(std::uint32_t order, const Groups& where);

    /// take_run() for whole words: kWordOrder <= order <= kMaxOrder.
    std::uint32_t take_words(std::uint32_t order, const Groups& where);

    /// Gives a frame back. Precondition: it is not free.
    void give(std::uint32_t frame) {
        const std::uint32_t hand = hand_;  // read once, for both ways
        if (!in_hand(frame)) return give_elsewhere(frame, hand);
        hand_ = hand | 1U << frame % 32;
        if (__builtin_expect(hand_ == kAllFree, 0)) hand_filled();
    }

    /// Gives some frames of one word back, a bit each. Precondition: `frames` is not 0, and none of
    /// them is free.
    void give_some(std::uint32_t word, std::uint32_t frames);

    /// Gives a run back. Precondition: aligned to its size, and none of its frames is free.
    void give_run(std::uint32_t frame, std::uint32_t order);

    /// give_run() for whole words: kWordOrder <= order <= kMaxOrder.
    void give_words(std::uint32_t frame, std::uint32_t order);

    [[nodiscard]] bool is_free(std::uint32_t frame) const;

    /// Adds to counts[k] the number of free runs of order k in `where`, each frame counted once, in
    /// the largest aligned run it is part of. O(words).
    void count_runs(const Groups& where, std::span<std::uint32_t, kOrders> counts) const;

    [[nodiscard]] std::uint32_t groups() const { return groups_; }

    /// Recomputes every level from the one below. O(frames).
    void check_invariants() const;

  private:
    static constexpr std::uint32_t kAllFree = ~0U;
    static constexpr std::uint32_t kNoGroup = ~(kGroupFrames - 1);  // in place of its first frame
    static constexpr std::uint32_t kNoWord = ~31U;                  // the same of a word
    static constexpr std::uint32_t kSectionWords = 16;  // of a section's summary: one an order
    // 2^order ones, order at most 5.
    static constexpr std::uint32_t kOnes[6] = {0x1, 0x3, 0xF, 0xFF, 0xFFFF, 0xFFFFFFFF};
    // The places where a run of this order may begin.
    static constexpr std::uint32_t kAligned[6] = {0xFFFFFFFF, 0x55555555, 0x11111111,
                                                  0x01010101, 0x00010001, 0x00000001};

    static std::uint32_t lowest_bit(std::uint32_t word) {
        return static_cast<std::uint32_t>(__builtin_ctz(word));
    }
    [[nodiscard]] std::uint32_t* section(std::uint32_t number) const {
        return sections_ + number * kSectionWords;
    }
    [[nodiscard]] bool promised(std::uint32_t order, std::uint32_t group) const {
        return (section(group / 32)[order] >> group % 32 & 1) != 0;
    }
    [[nodiscard]] bool group_empty(std::uint32_t group) const {
        return (partial_[group] | full_[group]) == 0;
    }
    [[nodiscard]] bool in_hand(std::uint32_t frame) const { return frame - hand_first_ < 32; }

    // The lowest aligned run of 2^order ones in `word`, or 0.
    static std::uint32_t first_run(std::uint32_t word, std::uint32_t order) {
        const std::uint32_t run = kOnes[order];
        return (word & run) == run ? run : first_run_above(word, order);
    }
    static std::uint32_t first_run_above(std::uint32_t word, std::uint32_t order);
    // The words of `group` that are free throughout.
    [[nodiscard]] std::uint32_t full_words(std::uint32_t group) const {
        return full_[group] | (group * kGroupFrames == group_first_ ? group_hand_ : 0);
    }

    static std::uint32_t aligned_runs(std::uint32_t word, std::uint32_t order);
    static std::uint32_t order_around(std::uint32_t word, std::uint32_t bit, std::uint32_t order);
    void promise(std::uint32_t order, std::uint32_t group);
    void withdraw(std::uint32_t order, std::uint32_t group);
    void promise_up_to(std::uint32_t order, std::uint32_t group);
    void withdraw_from(std::uint32_t order, std::uint32_t group);
    [[nodiscard]] std::uint32_t first_group(std::uint32_t order, const Groups& where) const;

    std::uint32_t search(std::uint32_t order, const Groups& where);
    std::uint32_t take_from_words(std::uint32_t order, std::uint32_t group);
    void open_full_word(std::uint32_t index);
    void set_partial(std::uint32_t index);
    void clear_partial(std::uint32_t index);
    void put_down(std::uint32_t first);
    void give_elsewhere(std::uint32_t frame, std::uint32_t hand);
    void hand_filled();
    void word_woke(std::uint32_t frame);
    void word_grew(std::uint32_t frame);
    void word_filled(std::uint32_t index);
    std::uint32_t take_words_elsewhere(std::uint32_t order, const Groups& where);
    void give_words_elsewhere(std::uint32_t frame, std::uint32_t order);
    void put_group_down() {
        if (group_first_ != kNoGroup) give_group_back();
    }
    void give_group_back();
    static void count_in_word(std::uint32_t word, std::uint32_t unit, std::uint32_t* counts);
    void check_group(std::uint32_t group) const;

    std::uint32_t hand_ = 0;                // the free frames of the word in hand
    std::uint32_t hand_first_ = kNoWord;    // its first frame
    std::uint32_t floor_ = 0;               // an empty hand moves to a word that wakes
    std::uint32_t bound_ = 0;               // in [floor_, bound_)
    std::uint32_t spare_ = kNoWord;         // the first frame of the word to go on with
    std::uint32_t group_hand_ = 0;          // the full words of the group in hand
    std::uint32_t group_first_ = kNoGroup;  // its first frame
    std::uint32_t group_order_ = kNone;     // it is the lowest group with a run of this order
    std::uint32_t group_end_ = kNone;       // in the range of groups that ends here
    std::uint32_t* words_;
    std::uint32_t* partial_;
    std::uint32_t* full_;
    std::uint32_t* sections_;
    std::uint32_t groups_;
    std::uint32_t top_[kOrders] = {};
};

// What follows is in line because a call costs as much as the work it does.

[[gnu::always_inline]] inline void FrameBitmap::give_elsewhere(std::uint32_t frame,
                                                               std::uint32_t hand) {
    std::uint32_t& place = words_[frame / 32];
    std::uint32_t word = place;
    if (word == 0) {
        if (hand == 0 && frame >= floor_ && frame < bound_) {
            // Not 1U << frame % 32: the compiler would share that with what is below, at the price
            // of a register that every caller has to save.
            hand_ = std::rotl(1U, static_cast<int>(frame % 32));
            hand_first_ = frame & ~31U;
        } else {
            word_woke(frame);
        }
        return;
    }
    word |= 1U << frame % 32;
    place = word;
    if (__builtin_expect((word >> (frame ^ 1) % 32 & 1) != 0, 0)) {
        // Most often just one more pair in a group that is known to have some.
        const bool pair = (~word >> (frame & 28) & 15) != 0;
        if (!pair || !promised(1, frame / kGroupFrames)) word_grew(frame);
    }
}

[[gnu::always_inline]] inline void FrameBitmap::promise(std::uint32_t order, std::uint32_t group) {
    section(group / 32)[order] |= 1U << group % 32;
    top_[order] |= 1U << group / 32;
}

[[gnu::always_inline]] inline void FrameBitmap::withdraw(std::uint32_t order, std::uint32_t group) {
    std::uint32_t& groups = section(group / 32)[order];
    groups &= ~(1U << group % 32);
    if (groups == 0) top_[order] &= ~(1U << group / 32);
}

[[gnu::always_inline]] inline std::uint32_t FrameBitmap::first_group(std::uint32_t order,
                                                                     const Groups& where) const {
    std::uint32_t number = where.first / 32;
    std::uint32_t groups = section(number)[order] & ~0U << where.first % 32;
    if (groups == 0) {
        const std::uint32_t later = top_[order] & ~1U << number;
        if (later == 0) return kNone;
        number = lowest_bit(later);
        groups = section(number)[order];
    }
    const std::uint32_t group = number * 32 + lowest_bit(groups);
    return group < where.end ? group : kNone;
}

[[gnu::always_inline]] inline std::uint32_t FrameBitmap::take_words(std::uint32_t order,
                                                                    const Groups& where) {
    if (__builtin_expect(order != group_order_ || where.end != group_end_, 0)) {
        return take_words_elsewhere(order, where);
    }
    const std::uint32_t run = first_run(group_hand_, order - kWordOrder);
    if (__builtin_expect(run == 0, 0)) return take_words_elsewhere(order, where);
    group_hand_ ^= run;
    return group_first_ + lowest_bit(run) * 32;
}

[[gnu::always_inline]] inline void FrameBitmap::give_words(std::uint32_t frame,
                                                           std::uint32_t order) {
    const std::uint32_t offset = frame - group_first_;
    if (__builtin_expect(offset >= kGroupFrames, 0)) return give_words_elsewhere(frame, order);
    group_hand_ |= kOnes[order - kWordOrder] << offset / 32;
}

}  // namespace quire::mm
