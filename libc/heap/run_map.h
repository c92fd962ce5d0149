// Which granules of the arena hold a run: how free() knows a slot, which has no header, from a
// block. What stands before a slot is its neighbour's data and proves nothing.
//
//      unit of the arena      | leaf (8 bits) | granule in it (10 bits) | unit in the granule |
//
//      leaves[256] --> leaf: a bit for each of 1024 granules, 1 MiB of the arena
//
// A leaf but the first is a block of the arena, made before the first run of its megabyte and given
// back after the last, so nothing is ever copied and each step is short. Runs reach as far as the
// leaves do; in an arena that is larger still, small blocks beyond are ordinary blocks. Invariant:
// a bit is set exactly where a run lies; a leaf without a bit is nobody's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libc/heap/arena.h"
#include "libc/heap/run.h"

namespace quire::heap {

class RunMap {
  public:
    // cppcheck-suppress uninitMemberVar  // the loop reaches every leaf
    RunMap() {
        for (Leaf*& leaf : leaves_)
            leaf = &no_runs_;
        leaves_[0] = &first_;
    }
    RunMap(const RunMap&) = delete;
    RunMap& operator=(const RunMap&) = delete;

    static constexpr std::size_t kLeaves = 256;
    static constexpr std::size_t kUnitsInLeaf = (std::size_t{1} << 20) / kAlignment;
    /// Units from here on lie in no run.
    static constexpr std::size_t kReach = kLeaves * kUnitsInLeaf;

    /// Whether a run lies at `unit` of the arena. Precondition: unit < kReach.
    [[nodiscard]] bool holds(std::size_t unit) const {
        return (word(leaves_[unit / kUnitsInLeaf], unit) >> unit / kUnitsInGranule % 32 & 1) != 0;
    }

    /// Whether add() may be called for `unit`. Precondition: unit < kReach.
    [[nodiscard]] bool covers(std::size_t unit) const {
        return leaves_[unit / kUnitsInLeaf] != &no_runs_;
    }
    /// Makes the leaf for `unit`, with no run in it. False, and nothing changed, without memory.
    /// Precondition: unit < kReach, !covers(unit).
    [[nodiscard]] bool make_leaf(Arena& arena, std::size_t unit);
    /// Gives the leaf for `unit` back if it has no run. Precondition: covers(unit).
    void drop_unused_leaf(Arena& arena, std::size_t unit);

    /// Precondition: covers(unit), and no run is there.
    void add(std::size_t unit) {
        Leaf* leaf = leaves_[unit / kUnitsInLeaf];
        word(leaf, unit) |= bit(unit);
        ++leaf->runs;
    }
    /// Precondition: holds(unit).
    void remove(std::size_t unit) {
        Leaf* leaf = leaves_[unit / kUnitsInLeaf];
        word(leaf, unit) &= ~bit(unit);
        --leaf->runs;
    }

    /// Whether `payload`, a block of the arena, is one of our leaves.
    [[nodiscard]] bool is_leaf(const void* payload) const;

    void check_invariants() const;

  private:
    static constexpr std::size_t kUnitsInGranule = kGranule / kAlignment;
    static constexpr std::size_t kWords = kUnitsInLeaf / kUnitsInGranule / 32;
    struct Leaf {
        std::uint32_t bits[kWords];
        std::uint32_t runs;
    };
    static std::uint32_t& word(Leaf* leaf, std::size_t unit) {
        return leaf->bits[unit / kUnitsInGranule / 32 % kWords];
    }
    static std::uint32_t bit(std::size_t unit) { return 1U << unit / kUnitsInGranule % 32; }

    Leaf first_ = {};    // most heaps need no other
    Leaf no_runs_ = {};  // stands in where there is no leaf, so that holds() need not ask
    Leaf* leaves_[kLeaves];
};

}  // namespace quire::heap
