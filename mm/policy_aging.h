// Aging: an eight-bit history of each page, newest turn on the left, read as a number.
//
//     the hand passes:   used      unused    unused    used
//     age   00000000 -> 10000000 -> 01000000 -> 00100000 -> 10010000
//
// The page with the smallest number has gone unused for longest, or was used least often: LRU
// and a little LFU. Textbooks shift every page's history at each clock tick, which costs a look at
// all of memory. Here a hand goes round: each choice passes the next sixteen pages, and takes the
// smallest of them. The history is the policy's byte of the frame.
#pragma once

#include <cstdint>
#include <span>

#include "mm/policy_queue.h"

namespace quire::mm {

class AgingPolicy final : public QueuePolicy {
  public:
    /// How many pages the hand passes in one choice.
    static constexpr std::uint32_t kSample = 16;

    /// `marks`: a byte for each frame of `table`; must stay.
    AgingPolicy(FrameTable& table, std::span<std::uint8_t> marks)
        : QueuePolicy(table), ages_(marks) {}

    [[nodiscard]] const char* name() const override { return "aging"; }
    void admit(FrameNumber frame, Arrival arrival, Shadow shadow) override;
    std::optional<FrameNumber> choose(AccessedBits& bits) override;

    /// The history of `frame`, a frame of the lists.
    [[nodiscard]] std::uint8_t age(FrameNumber frame) const { return ages_[frame.raw()]; }

  private:
    static constexpr std::uint8_t kUsedNow = 0x80;

    std::span<std::uint8_t> ages_;
};

}  // namespace quire::mm
