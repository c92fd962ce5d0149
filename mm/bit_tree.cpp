#include "mm/bit_tree.h"

#include <bit>

namespace quire::mm {

BitTree::BitTree(std::uint32_t numbers, std::span<std::uint32_t> memory) : numbers_(numbers) {
    ASSERT(numbers != 0 && numbers <= kMaxNumbers);
    ASSERT(memory.size() >= words_needed(numbers));
    std::uint32_t* free = memory.data();
    for (std::uint32_t level = 0; level < kLevels; ++level) {
        numbers = divide_up(numbers, kWordBits);
        levels_[level] = free;
        sizes_[level] = numbers;
        for (std::uint32_t i = 0; i < numbers; ++i)
            *free++ = 0;
    }
}

void BitTree::fill() {
    std::uint32_t numbers = numbers_;  // of this level: all of them are members
    for (std::uint32_t level = 0; level < kLevels; ++level) {
        const std::uint32_t whole = numbers / kWordBits;
        for (std::uint32_t i = 0; i < whole; ++i)
            word_at(level, i) = ~0U;
        if (numbers % kWordBits != 0) word_at(level, whole) = (1U << numbers % kWordBits) - 1;
        numbers = sizes_[level];
    }
}

// The word of level 0 with this index is no longer 0.
void BitTree::insert_above(std::uint32_t word) {
    for (std::uint32_t level = 1; level < kLevels; ++level) {
        std::uint32_t& above = word_at(level, word / kWordBits);
        const std::uint32_t before = above;
        above = before | 1U << word % kWordBits;
        if (before != 0) return;
        word /= kWordBits;
    }
}

// The word of level 0 with this index has become 0.
void BitTree::erase_above(std::uint32_t word) {
    for (std::uint32_t level = 1; level < kLevels; ++level) {
        std::uint32_t& above = word_at(level, word / kWordBits);
        above &= ~(1U << word % kWordBits);
        if (above != 0) return;
        word /= kWordBits;
    }
}

std::uint32_t BitTree::next(std::uint32_t from) const {
    for (std::uint32_t level = 0; level < kLevels; ++level) {
        const std::uint32_t index = from / kWordBits;
        if (index >= sizes_[level]) return kNone;
        const std::uint32_t rest = levels_[level][index] & ~0U << from % kWordBits;
        if (rest == 0) {
            from = index + 1;  // the next level is asked for the words after this one
            continue;
        }
        std::uint32_t found =
            index * kWordBits + static_cast<std::uint32_t>(std::countr_zero(rest));
        while (level-- > 0) {
            const std::uint32_t below = word_at(level, found);
            found = found * kWordBits + static_cast<std::uint32_t>(std::countr_zero(below));
        }
        return found;
    }
    return kNone;
}

void BitTree::check_invariants() const {
    const std::uint32_t unused = numbers_ % kWordBits;
    if (unused != 0) ASSERT(levels_[0][sizes_[0] - 1] >> unused == 0);
    for (std::uint32_t level = 1; level < kLevels; ++level) {
        for (std::uint32_t i = 0; i < sizes_[level] * kWordBits; ++i) {
            const bool set = (levels_[level][i / kWordBits] >> i % kWordBits & 1) != 0;
            ASSERT(set == (i < sizes_[level - 1] && levels_[level - 1][i] != 0));
        }
    }
}

}  // namespace quire::mm
