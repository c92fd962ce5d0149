// Which of the 768 page tables of the user's half are meant: those that a directory has, or those
// that fork must treat in a way of their own.
//
//     groups_   | 0 0 1 0 ... 1 |        bit g: some table of group g is in the set
//                     |        |
//     words_    | ? | ? | 0100.. | ...   a word for each group of 32 tables; counts only if its
//                                        group's bit is set
//
// A process has three tables or a hundred, in a few groups: so an empty set is one word, and a walk
// over a set costs what is in it, not the 3 GiB that could be.
#pragma once

#include <bit>
#include <cstdint>

#include "mm/layout.h"
#include "mm/types.h"

namespace quire::mm {

/// The first directory index of the kernel's half.
inline constexpr std::uint32_t kFirstKernelIndex = directory_index(kFirstKernelPage);

class TableSet {
  public:
    // cppcheck-suppress uninitMemberVar ; a word counts only if its group's bit is set
    TableSet() {}  // NOLINT(modernize-use-equals-default): which would clear words_
    TableSet(const TableSet& other) { *this = other; }
    TableSet& operator=(const TableSet& other) {
        groups_ = other.groups_;
        for (std::uint32_t left = groups_; left != 0; left &= left - 1) {
            const std::uint32_t group = lowest(left);
            words_[group] = other.words_[group];
        }
        return *this;
    }
    ~TableSet() = default;

    [[nodiscard]] bool empty() const { return groups_ == 0; }
    /// Precondition of all that take an index: it is below kFirstKernelIndex.
    [[nodiscard]] bool has(std::uint32_t index) const {
        return (word(index / kInGroup) >> index % kInGroup & 1U) != 0;
    }
    void add(std::uint32_t index) {
        const std::uint32_t group = index / kInGroup;
        words_[group] = word(group) | 1U << index % kInGroup;
        groups_ |= 1U << group;
    }
    void remove(std::uint32_t index) {
        const std::uint32_t group = index / kInGroup;
        const std::uint32_t left = word(group) & ~(1U << index % kInGroup);
        words_[group] = left;
        if (left == 0) groups_ &= ~(1U << group);
    }
    /// The tables that hold the entries of `range`, which is not empty.
    void add(PageRange range) {
        const std::uint32_t last = directory_index(range.end - PageCount(1));
        for (std::uint32_t i = directory_index(range.first); i <= last; ++i)
            add(i);
    }
    /// Takes out what `other` has.
    void remove(const TableSet& other) {
        for (std::uint32_t left = groups_ & other.groups_; left != 0; left &= left - 1) {
            const std::uint32_t group = lowest(left);
            words_[group] &= ~other.words_[group];
            if (words_[group] == 0) groups_ &= ~(1U << group);
        }
    }

    /// The first table at or after `index`, or kFirstKernelIndex. Any index.
    [[nodiscard]] std::uint32_t next(std::uint32_t index) const {
        std::uint32_t group = index / kInGroup;
        if (group >= kGroups) return kFirstKernelIndex;
        const std::uint32_t here = word(group) >> index % kInGroup;
        if (here != 0) return index + lowest(here);
        const std::uint32_t above = groups_ & ~1U << group;
        if (above == 0) return kFirstKernelIndex;
        group = lowest(above);
        return group * kInGroup + lowest(words_[group]);
    }

    /// Calls visit(index) for each, in order. The visitor may remove what it was told of.
    template <typename Visitor>
    void for_each(Visitor visit) const {
        for (std::uint32_t groups = groups_; groups != 0; groups &= groups - 1) {
            const std::uint32_t first = lowest(groups) * kInGroup;
            for (std::uint32_t bits = words_[lowest(groups)]; bits != 0; bits &= bits - 1)
                visit(first + lowest(bits));
        }
    }

  private:
    static constexpr std::uint32_t kInGroup = 32;
    static constexpr std::uint32_t kGroups = kFirstKernelIndex / kInGroup;
    static_assert(kFirstKernelIndex % kInGroup == 0 && kGroups < 32);

    static std::uint32_t lowest(std::uint32_t bits) {
        return static_cast<std::uint32_t>(std::countr_zero(bits));
    }
    [[nodiscard]] std::uint32_t word(std::uint32_t group) const {
        return (groups_ >> group & 1U) != 0 ? words_[group] : 0;
    }

    std::uint32_t groups_ = 0;
    std::uint32_t words_[kGroups];
};

}  // namespace quire::mm
