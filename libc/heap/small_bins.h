// Free blocks below kTreeMinimum: one list for each size, and a bitmap of the lists in use.
//
// The smallest list that fits is the best fit, found with one count of trailing zeroes. Lists are
// rings through a sentinel in the table, so taking a block out asks no question; the table and the
// bitmap take 0.5 KiB on a 32-bit machine.
// Invariant: a bit is set exactly when its ring holds a block; blocks are of their ring's size.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernel/base/assert.h"
#include "libc/heap/block.h"

namespace quire::heap {

/// The links in the payload of a free block.
struct FreeLinks {
    FreeLinks* next;
    FreeLinks* previous;

    static FreeLinks* of(Block* block) { return static_cast<FreeLinks*>(block->payload()); }
    Block* block() { return Block::of_payload(this); }

    /// Whether both neighbours point back: a write through a stale pointer breaks it.
    [[nodiscard]] bool intact() const { return next->previous == this && previous->next == this; }
};

class SmallBins {
  public:
    static constexpr std::size_t kCount = 64;
    /// The first size that does not belong here.
    static constexpr std::size_t kLimit = kCount * kAlignment;

    SmallBins() {
        for (FreeLinks& bin : bins_)
            bin = {&bin, &bin};
    }
    SmallBins(const SmallBins&) = delete;
    SmallBins& operator=(const SmallBins&) = delete;

    /// Precondition: block->size() == size < kLimit.
    void insert(Block* block, std::size_t size) {
        const std::size_t index = size / kAlignment;
        FreeLinks* bin = &bins_[index];
        FreeLinks* links = FreeLinks::of(block);
        links->next = bin->next;
        links->previous = bin;
        bin->next->previous = links;
        bin->next = links;
        map_[index / 32] |= 1U << index % 32;
    }

    /// Takes `block` out of its ring.
    void remove(Block* block, std::size_t size) {
        FreeLinks* links = FreeLinks::of(block);
        FreeLinks* next = links->next;
        FreeLinks* previous = links->previous;
        previous->next = next;
        next->previous = previous;
        if (next == previous) clear_bit(size / kAlignment);
    }

    /// Takes out the smallest block of at least `size`, or answers nullptr.
    [[nodiscard]] Block* take(std::size_t size) {
        std::size_t index = size / kAlignment;
        FreeLinks* found = bins_[index].next;
        if (found == &bins_[index]) {
            index = first_from(index);
            if (index == kCount) return nullptr;
            found = bins_[index].next;
        }
        FreeLinks* bin = &bins_[index];
        FreeLinks* next = found->next;
        bin->next = next;
        next->previous = bin;
        if (next == bin) clear_bit(index);
        return found->block();
    }

    /// Checks every ring and calls `check(block)` for each block. Returns how many there are.
    template <typename Check>
    std::size_t check_invariants(Check check) {
        std::size_t count = 0;
        for (std::size_t index = 0; index < kCount; ++index) {
            FreeLinks* bin = &bins_[index];
            ASSERT(((map_[index / 32] >> index % 32 & 1) != 0) == (bin->next != bin));
            for (FreeLinks* links = bin->next; links != bin; links = links->next) {
                ASSERT(links->intact());
                ASSERT(links->block()->size() == index * kAlignment);
                check(links->block());
                ++count;
            }
        }
        return count;
    }

  private:
    void clear_bit(std::size_t index) { map_[index / 32] &= ~(1U << index % 32); }

    // The first ring in use at or after `index`, or kCount.
    [[nodiscard]] std::size_t first_from(std::size_t index) const {
        std::size_t word = index / 32;
        std::uint32_t bits = map_[word] & (~0U << index % 32);
        if (bits == 0) {
            if (word != 0) return kCount;
            word = 1;
            bits = map_[1];
            if (bits == 0) return kCount;
        }
        return word * 32 + static_cast<std::size_t>(std::countr_zero(bits));
    }

    FreeLinks bins_[kCount];
    std::uint32_t map_[2] = {};
};

}  // namespace quire::heap
