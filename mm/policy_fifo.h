// First in, first out: the page that came first leaves first, whether it is in use or not.
//
// It looks at nothing and remembers nothing. More memory may even mean more faults (Belady's
// anomaly): 1 2 3 4 1 2 5 1 2 3 4 5 makes nine faults in three frames, and ten in four.
#pragma once

#include "mm/policy_queue.h"

namespace quire::mm {

class FifoPolicy final : public QueuePolicy {
  public:
    explicit FifoPolicy(FrameTable& table) : QueuePolicy(table) {}

    [[nodiscard]] const char* name() const override { return "fifo"; }
    std::optional<FrameNumber> choose(AccessedBits&) override { return take_any(); }
};

}  // namespace quire::mm
