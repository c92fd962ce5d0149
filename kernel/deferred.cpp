#include "kernel/deferred.h"

#include "cpu/irq.h"
#include "kernel/base/assert.h"

namespace quire::kernel {

void Deferred::attach(Note note, Function function, void* context) {
    Place& place = places_[static_cast<std::size_t>(note)];
    ASSERT(place.function == nullptr);
    place = {function, context};
}

void Deferred::run() {
    if (running_) return;
    running_ = true;
    std::uint32_t notes = 0;
    {
        const cpu::InterruptGuard guard;
        notes = pending_;
        pending_ = 0;
    }
    for (std::size_t i = 0; i < kNotes; ++i) {
        const Place& place = places_[i];
        if ((notes >> i & 1) != 0 && place.function != nullptr) place.function(place.context);
    }
    running_ = false;
}

}  // namespace quire::kernel
