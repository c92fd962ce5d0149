// A set of numbers below 2^20 that knows its next member: a bitmap, and bitmaps of its words.
//
//     level 3                    1 bit a word of level 2          1 word
//     level 2                    1 bit a word of level 1
//     level 1                    1 bit a word of level 0
//     level 0                    1 bit a number                   n / 32 words
//
// Invariant: a bit of level k + 1 is set exactly when its word of level k is not 0. So insert() and
// erase() go up only as long as a word changes between 0 and not 0, which is rare, and next() goes
// up and down at most three levels whatever the set holds. (The idea is van Emde Boas's of 1975,
// with words for its tables.)
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "kernel/base/align.h"
#include "kernel/base/assert.h"

namespace quire::mm {

class BitTree {
  public:
    static constexpr std::uint32_t kWordBits = 32;
    static constexpr std::uint32_t kMaxNumbers = 1U << 20;
    static constexpr std::uint32_t kNone = ~0U;

    /// How many 32-bit words of memory a set of numbers below `numbers` takes.
    static constexpr std::uint32_t words_needed(std::uint32_t numbers) {
        std::uint32_t words = 0;
        for (std::uint32_t level = 0; level < kLevels; ++level) {
            numbers = divide_up(numbers, kWordBits);
            words += numbers;
        }
        return words;
    }

    /// A set that may only be assigned to.
    BitTree() = default;
    /// An empty set of numbers below `numbers`. `memory` is the caller's and must stay.
    /// Preconditions: 0 < numbers <= kMaxNumbers; memory has words_needed(numbers) words.
    BitTree(std::uint32_t numbers, std::span<std::uint32_t> memory);

    [[nodiscard]] bool empty() const { return *levels_[kLevels - 1] == 0; }

    [[nodiscard]] bool contains(std::uint32_t number) const {
        return (word(number / kWordBits) >> number % kWordBits & 1) != 0;
    }

    /// Which of the 32 numbers from 32 * index on are members, a bit each.
    [[nodiscard]] std::uint32_t word(std::uint32_t index) const {
        ASSERT(index < sizes_[0]);
        return levels_[0][index];
    }

    /// Answers the word that the number is in, as it is afterwards.
    std::uint32_t insert(std::uint32_t number) {
        ASSERT(number < numbers_);
        std::uint32_t& word = word_at(0, number / kWordBits);
        const std::uint32_t before = word;
        word = before | 1U << number % kWordBits;
        if (before == 0) insert_above(number / kWordBits);
        return word;
    }

    /// Answers the word that the number is in, as it was before.
    std::uint32_t erase(std::uint32_t number) {
        ASSERT(number < numbers_);
        std::uint32_t& word = word_at(0, number / kWordBits);
        const std::uint32_t before = word;
        word = before & ~(1U << number % kWordBits);
        if (word == 0) erase_above(number / kWordBits);
        return before;
    }

    /// Makes every number a member. O(words).
    void fill();

    /// The lowest member that is not below `from`, or kNone. Any `from` will do.
    [[nodiscard]] std::uint32_t next(std::uint32_t from) const;

    /// Recomputes each level from the one below it. O(numbers).
    void check_invariants() const;

  private:
    static constexpr std::uint32_t kLevels = 4;

    [[nodiscard]] std::uint32_t& word_at(std::uint32_t level, std::uint32_t index) const {
        return levels_[level][index];
    }
    void insert_above(std::uint32_t word);
    void erase_above(std::uint32_t word);

    std::array<std::uint32_t*, kLevels> levels_{};
    std::array<std::uint32_t, kLevels> sizes_{};  // words of each level
    std::uint32_t numbers_ = 0;
};

}  // namespace quire::mm
