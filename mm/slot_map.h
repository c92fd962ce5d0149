// Which slots of one swap area are free, and which one is taken next.
//
//     cluster   32 slots in a row, one word of the map
//     whole     a cluster with all 32 free
//     hand      the cluster that slots are taken from, and how far that has got
//
// The idea is next fit by clusters: slots come from the cluster in hand, upwards; when it has no
// free slot ahead, the hand goes to the next whole cluster, or, when there is none left, to the
// next one with anything free. So consecutive calls answer consecutive slots as long as there is
// room to do so, pages that are written together can be read together, and a slot just freed is not
// the first to be used again. The price is bounded: a few words, however full the area is.
//
// Invariant: whole_ holds exactly the clusters whose 32 slots are all in free_.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "mm/bit_tree.h"

namespace quire::mm {

/// Numbers here are pages of the area, plain; the strong types begin at SwapSpace.
class SlotMap {
  public:
    static constexpr std::uint32_t kCluster = BitTree::kWordBits;
    static constexpr std::uint32_t kNone = BitTree::kNone;

    struct Run {
        std::uint32_t first;
        std::uint32_t count;
    };

    static constexpr std::uint32_t words_needed(std::uint32_t slots) {
        return BitTree::words_needed(slots) + BitTree::words_needed(divide_up(slots, kCluster));
    }

    /// A map that may only be assigned to.
    SlotMap() = default;
    /// A map without a free slot. `memory` is the caller's and must stay.
    /// Preconditions: 0 < slots <= 2^20; memory has words_needed(slots) words.
    SlotMap(std::uint32_t slots, std::span<std::uint32_t> memory);

    [[nodiscard]] bool is_free(std::uint32_t slot) const { return free_.contains(slot); }

    /// Takes one free slot; kNone if there is none.
    std::uint32_t take() {
        std::uint32_t ahead = free_.word(hand_) & ahead_;
        if (ahead == 0) {
            if (!move_hand()) return kNone;
            ahead = free_.word(hand_);
        }
        return take(hand_ * kCluster + static_cast<std::uint32_t>(std::countr_zero(ahead)));
    }

    /// Takes a free slot and up to most - 1 more that follow it; count 0 if there is none.
    /// Precondition: most != 0.
    Run take_run(std::uint32_t most);

    /// Makes `slot` free. Precondition: it is not.
    void release(std::uint32_t slot) {
        ASSERT(!is_free(slot));
        if (free_.insert(slot) == ~0U) whole_.insert(slot / kCluster);
    }

    /// Makes every slot free, whatever it was. O(words).
    void release_all();

    /// Recounts the whole clusters. O(slots).
    void check_invariants() const;

  private:
    std::uint32_t take(std::uint32_t slot) {
        hand_ = slot / kCluster;
        ahead_ = ~1U << slot % kCluster;
        if (free_.erase(slot) == ~0U) whole_.erase(hand_);
        return slot;
    }
    bool move_hand();

    std::uint32_t slots_ = 0;
    std::uint32_t hand_ = 0;
    std::uint32_t ahead_ = ~0U;  // the bits of the cluster in hand that are still to come
    BitTree free_;
    BitTree whole_;
};

}  // namespace quire::mm
