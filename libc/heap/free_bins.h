// The free blocks of an arena, in lists by size: close to best fit in a few steps, always.
//
//      bin       0 .. 63      one exact size each: 16, 24, 32 ... 504
//      bin      64 .. 159     an eighth of an octave each: 512..575, 576..639 ... 1024..1151 ...
//                             up to 2 MiB; the last one takes all that is larger
//
// A bitmap tells which bins hold something. In an exact bin any block is the best fit; in the
// others the smallest of the first kLooks that fit is taken, so what is wasted is far below the
// width of a bin, an eighth. Bins are rings through a sentinel in the table: taking a block out
// asks no question.
// Invariant: a bit is set exactly when its ring holds a block; blocks lie in the bin of their size.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernel/base/assert.h"
#include "libc/heap/bits.h"
#include "libc/heap/block.h"

namespace quire::heap {

/// The links in the payload of a free block.
struct FreeLinks {
    FreeLinks* next;
    FreeLinks* previous;

    static FreeLinks* of(Block* block) { return static_cast<FreeLinks*>(block->payload()); }
    Block* block() { return Block::of_payload(this); }
};

class FreeBins {
  public:
    // cppcheck-suppress uninitMemberVar  // the loop reaches every bin
    FreeBins() {
        for (FreeLinks& bin : bins_)
            bin = {&bin, &bin};
    }
    FreeBins(const FreeBins&) = delete;
    FreeBins& operator=(const FreeBins&) = delete;

    /// Precondition: block->size() == size.
    void insert(Block* block, std::size_t size) {
        const std::size_t index = bin_of(size);
        FreeLinks* bin = &bins_[index];
        FreeLinks* links = FreeLinks::of(block);
        FreeLinks* first = bin->next;
        links->next = first;
        links->previous = bin;
        first->previous = links;
        bin->next = links;
        set_bit(map_, index);
    }

    /// Takes `block` out. Precondition: it is in its bin.
    void remove(Block* block) {
        FreeLinks* links = FreeLinks::of(block);
        FreeLinks* next = links->next;
        FreeLinks* previous = links->previous;
        // Whoever wrote into a freed block, or past one in use, would have us write anywhere.
        ASSERT(next->previous == links && previous->next == links);
        previous->next = next;
        next->previous = previous;
        // Only a sentinel is its own neighbour on both sides.
        if (next == previous) {
            clear_bit(map_, static_cast<std::size_t>(next - bins_));
        }
    }

    /// A block of at least `size`, close to the smallest; nullptr: none. It stays in its bin.
    [[nodiscard]] Block* find(std::size_t size) {
        for (UsedBins used(map_, bin_of(size)); used.any(); used.skip()) {
            const std::size_t found = used.first();
            if (found < kExact) return bins_[found].next->block();
            Block* block = smallest_near_front(found, size);
            if (block != nullptr) return block;
            // Of the bin for `size` itself none was large enough.
        }
        return nullptr;
    }

    /// A block of at least about `size` of which `fits(block)` says so, among the first `looks`
    /// from there on; nullptr: none of them. It stays in its bin.
    template <typename Fits>
    [[nodiscard, gnu::always_inline]] Block* find_that(std::size_t size, int looks, Fits fits) {
        for (UsedBins used(map_, bin_of(size)); used.any(); used.skip()) {
            FreeLinks* bin = &bins_[used.first()];
            for (FreeLinks* links = bin->next; links != bin; links = links->next) {
                if (fits(links->block())) return links->block();
                if (--looks == 0) return nullptr;
            }
        }
        return nullptr;
    }

    /// Checks every ring and calls `check(block)` for each block. Returns how many there are.
    template <typename Check>
    std::size_t check_invariants(Check check) {
        std::size_t count = 0;
        for (std::size_t index = 0; index < kBins; ++index) {
            FreeLinks* bin = &bins_[index];
            ASSERT(test_bit(map_, index) == (bin->next != bin));
            for (FreeLinks* links = bin->next; links != bin; links = links->next) {
                ASSERT(links->next->previous == links && links->previous->next == links);
                ASSERT(bin_of(links->block()->size()) == index);
                check(links->block());
                ++count;
            }
        }
        return count;
    }

  private:
    static constexpr std::size_t kExact = 64;
    static constexpr std::size_t kExactLimit = kExact * kAlignment;
    static constexpr std::size_t kBins = 160;
    static constexpr int kLooks = 4;

    // The bins that hold something, by the map, from a bin on.
    class UsedBins {
      public:
        UsedBins(const std::uint32_t* map, std::size_t from)
            : map_(map), word_(from / 32), bits_(map[word_] & ~0U << from % 32) {}

        [[gnu::always_inline]] bool any() {
            while (bits_ == 0) {
                if (++word_ == kBins / 32) return false;
                bits_ = map_[word_];
            }
            return true;
        }
        // Precondition of both: any().
        [[nodiscard, gnu::always_inline]] std::size_t first() const {
            return word_ * 32 + static_cast<std::size_t>(std::countr_zero(bits_));
        }
        [[gnu::always_inline]] void skip() { bits_ &= bits_ - 1; }

      private:
        const std::uint32_t* map_;
        std::size_t word_;
        std::uint32_t bits_;
    };

    static constexpr std::size_t bin_of(std::size_t size) {
        if (size < kExactLimit) return size / kAlignment;
        constexpr int kFirstOctave = std::countr_zero(kExactLimit);
        constexpr int kHighest = 8 * static_cast<int>(sizeof size) - 1;
        // The highest bit set. By ^, the same as a difference here, it is one instruction.
        const int octave = kHighest ^ std::countl_zero(size);
        // The leading one is bit 3 of the shifted size: it counts the octave, the rest the eighth.
        const std::size_t index = kExact - 8 + static_cast<std::size_t>(octave - kFirstOctave) * 8 +
                                  (size >> (octave - 3));
        return index < kBins ? index : kBins - 1;
    }

    [[nodiscard]] HEAP_CALL Block* smallest_near_front(std::size_t index, std::size_t size);

    FreeLinks bins_[kBins];
    Bits<kBins / 32> map_ = {};
};

}  // namespace quire::heap
