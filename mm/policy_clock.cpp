#include "mm/policy_clock.h"

#include "mm/policy_looks.h"

namespace quire::mm {

std::optional<FrameNumber> ClockPolicy::choose(AccessedBits& bits) {
    BoundedLooks looks(bits);
    while (!queue().empty() && looks.any_left() && looks.used(queue().front()))
        queue().rotate();
    return take_any();
}

}  // namespace quire::mm
