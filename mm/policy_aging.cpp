#include "mm/policy_aging.h"

#include "mm/policy_looks.h"

namespace quire::mm {

void AgingPolicy::admit(FrameNumber frame, Arrival arrival, Shadow shadow) {
    ages_[frame.raw()] = arrival == Arrival::Demand ? kUsedNow : 0;
    QueuePolicy::admit(frame, arrival, shadow);
}

std::optional<FrameNumber> AgingPolicy::choose(AccessedBits& bits) {
    static_assert(kSample <= BoundedLooks::kMost);
    if (queue().empty()) return std::nullopt;
    BoundedLooks looks(bits);
    FrameNumber victim = queue().front();
    for (std::uint32_t pass = 0; pass < kSample && pass < count().raw(); ++pass) {
        const FrameNumber frame = queue().rotate();
        std::uint8_t& history = ages_[frame.raw()];
        const std::uint8_t now = looks.used(frame) ? kUsedNow : 0;
        history = static_cast<std::uint8_t>(history >> 1 | now);
        if (history < ages_[victim.raw()]) victim = frame;
    }
    queue().remove(victim);
    return victim;
}

}  // namespace quire::mm
