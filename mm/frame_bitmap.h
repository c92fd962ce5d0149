// Which frames are free: a bitmap of four levels, 32 to the next, searched from the lowest address.
//
//     top        one word an order    which sections have a group with a run of this order
//     sections   one bit a group      which groups have one
//     group      4 MiB, two words     partial: words with some frames free; full: with all free
//     word       32 frames            1 = free; 0 throughout if the word is full or empty
//
// A word in the middle of the range costs 32 bits, its group 2 more, all above 1/500 of that: 0.134
// bytes a frame. Since a word whose frames are all free is a single bit of `full`, runs of 32 to
// 1,024 frames are found, taken and given back by a few operations on one group word.
//
// Single frames come from the word in hand. The hand goes to the lowest word and stays there until
// that is used up; when a lower word gets a frame back the hand moves down to it at once, and the
// word it held is kept as the spare, to go on with. So frames in use gather at the bottom, and a
// frame that comes and goes touches neither group nor summary.
//
// Invariants: a word in hand or spare is in neither mask; of the others, partial and full say
// exactly what they hold. Order 0 of the summary says exactly which groups have a bit in a mask.
// For orders 1 to 10 a clear bit is the truth and a set bit a promise that may be stale: the search
// that finds it broken withdraws it, and the orders above it too, so that within a group the
// promised orders are 1 .. n without a gap.
#pragma once

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

    /// A half-open range of groups: where to search.
    struct Groups {
        std::uint32_t first;
        std::uint32_t end;
    };

    /// How many 32-bit words of memory a map of the frames below `frames` takes.
    static constexpr std::uint32_t words_needed(std::uint32_t frames) {
        const std::uint32_t groups = divide_up(frames, kGroupFrames);
        return groups * (32 + 2) + kOrders * (1 + divide_up(groups, 32U)) + 1;
    }

    /// A map without a free frame. `memory` is the caller's and must stay.
    /// Precondition: memory has words_needed(frames) words, frames <= 2^20.
    FrameBitmap(std::uint32_t frames, std::span<std::uint32_t> memory);
    FrameBitmap(const FrameBitmap&) = delete;
    FrameBitmap& operator=(const FrameBitmap&) = delete;

    [[nodiscard]] bool hand_has_frame() const { return *hand_ != 0; }

    /// Takes the lowest frame of the word in hand. Precondition: hand_has_frame().
    std::uint32_t take_from_hand() {
        const std::uint32_t word = *hand_;
        *hand_ = word & (word - 1);
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
        std::uint32_t& word = words_[frame / 32];
        const std::uint32_t old = word;
        word = old | 1U << frame % 32;
        if (__builtin_expect((old >> (frame ^ 1) % 32 & 1) != 0, 0)) {
            // Most often just one more pair in a group that is known to have some.
            const bool pair = (~word >> (frame & 28) & 15) != 0;
            if (!pair || !promised(1, frame / kGroupFrames)) word_grew(frame);
        } else if (__builtin_expect(old == 0, 0)) {
            word_woke(frame);
        }
    }

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
    // 2^order ones, order at most 5.
    static constexpr std::uint32_t kOnes[6] = {0x1, 0x3, 0xF, 0xFF, 0xFFFF, 0xFFFFFFFF};

    static std::uint32_t lowest_bit(std::uint32_t word) {
        return static_cast<std::uint32_t>(__builtin_ctz(word));
    }
    [[nodiscard]] std::uint32_t* level(std::uint32_t order) const {
        return summary_ + order * level_words_;
    }
    [[nodiscard]] bool promised(std::uint32_t order, std::uint32_t group) const {
        return (level(order)[1 + group / 32] >> group % 32 & 1) != 0;
    }
    [[nodiscard]] bool held(const std::uint32_t* word) const {
        return word == hand_ || word == spare_;
    }
    [[nodiscard]] bool group_empty(std::uint32_t group) const {
        return (partial_[group] | full_[group]) == 0;
    }

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
    void put_down(std::uint32_t* word);
    void word_woke(std::uint32_t frame);
    void word_grew(std::uint32_t frame);
    void word_filled(std::uint32_t index);
    void check_group(std::uint32_t group) const;

    std::uint32_t* hand_;           // no_word_, or a word that single frames are taken from
    std::uint32_t hand_first_ = 0;  // its first frame
    std::uint32_t* spare_;          // no_word_, or the word to go on with
    std::uint32_t* floor_;          // the hand does not move below this by itself
    std::uint32_t* words_;
    std::uint32_t* partial_;
    std::uint32_t* full_;
    std::uint32_t* summary_;
    std::uint32_t* no_word_;  // always 0, above all other words
    std::uint32_t groups_;
    std::uint32_t level_words_;
};

// What follows is in line because a call costs as much as the work it does.

[[gnu::always_inline]] inline void FrameBitmap::promise(std::uint32_t order, std::uint32_t group) {
    level(order)[1 + group / 32] |= 1U << group % 32;
    level(order)[0] |= 1U << group / 32;
}

[[gnu::always_inline]] inline void FrameBitmap::withdraw(std::uint32_t order, std::uint32_t group) {
    std::uint32_t& section = level(order)[1 + group / 32];
    section &= ~(1U << group % 32);
    if (section == 0) level(order)[0] &= ~(1U << group / 32);
}

[[gnu::always_inline]] inline std::uint32_t FrameBitmap::first_group(std::uint32_t order,
                                                                     const Groups& where) const {
    if (where.first >= where.end) return kNone;
    const std::uint32_t* words = level(order);
    std::uint32_t section = where.first / 32;
    std::uint32_t bits = words[1 + section] & ~0U << where.first % 32;
    if (bits == 0) {
        const std::uint32_t later = words[0] & ~1U << section;
        if (later == 0) return kNone;
        section = lowest_bit(later);
        bits = words[1 + section];
    }
    const std::uint32_t group = section * 32 + lowest_bit(bits);
    return group < where.end ? group : kNone;
}

[[gnu::always_inline]] inline std::uint32_t FrameBitmap::take_words(std::uint32_t order,
                                                                    const Groups& where) {
    for (;;) {
        const std::uint32_t group = first_group(order, where);
        if (group == kNone) return kNone;
        const std::uint32_t full = full_[group];
        const std::uint32_t units = kOnes[order - kWordOrder];
        const std::uint32_t size = 1U << (order - kWordOrder);
        std::uint32_t word = 0;
        while (word < 32 && (full >> word & units) != units)
            word += size;
        if (__builtin_expect(word == 32, 0)) {
            withdraw_from(order, group);
            continue;
        }
        full_[group] = full & ~(units << word);
        if (group_empty(group)) withdraw(0, group);
        return (group * 32 + word) * 32;
    }
}

[[gnu::always_inline]] inline void FrameBitmap::give_words(std::uint32_t frame,
                                                           std::uint32_t order) {
    const std::uint32_t group = frame / kGroupFrames;
    const std::uint32_t old = full_[group];
    full_[group] = old | kOnes[order - kWordOrder] << frame / 32 % 32;
    if ((old | partial_[group]) == 0) promise(0, group);
    if (!promised(kMaxOrder, group)) {
        const std::uint32_t units = order_around(full_[group], frame / 32 % 32, order - kWordOrder);
        promise_up_to(kWordOrder + units, group);
    }
}

}  // namespace quire::mm
