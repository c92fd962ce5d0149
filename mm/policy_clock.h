// CLOCK, or second chance: FIFO, but a page that was used since the hand last passed stays.
//
//                 hand
//                  v
//     front [ 1 ][ 1 ][ 0 ][ 1 ] ... back      1: used: goes to the back, its bit cleared
//             |                   ^            0: unused: the victim
//             +-------------------+
//
// The queue is the clock's ring, its front the hand. F. Corbató, "A Paging Experiment with the
// Multics System", 1968.
#pragma once

#include "mm/policy_queue.h"

namespace quire::mm {

class ClockPolicy final : public QueuePolicy {
  public:
    explicit ClockPolicy(FrameTable& table) : QueuePolicy(table) {}

    [[nodiscard]] const char* name() const override { return "clock"; }

    /// When as many pages were looked at as one choice may, and all were used, the next one leaves
    /// unasked.
    std::optional<FrameNumber> choose(AccessedBits& bits) override;
};

}  // namespace quire::mm
