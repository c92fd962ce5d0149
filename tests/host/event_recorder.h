// An observer that keeps all it is told, with a clock that goes on by one at each look.
#pragma once

#include <vector>

#include "mm/memory_event.h"

namespace quire::test {

class EventRecorder final : public mm::EventObserver {
  public:
    struct Told {
        const mm::AddressSpace* space;
        mm::MemoryEvent event;
    };

    std::uint64_t now() override { return time_++; }
    void tell(const mm::AddressSpace* space, const mm::MemoryEvent& event) override {
        told_.push_back({space, event});
    }

    /// What was told since the last time, oldest first.
    std::vector<Told> take() { return std::exchange(told_, {}); }
    /// Only the kinds of it.
    std::vector<mm::EventKind> take_kinds() {
        std::vector<mm::EventKind> kinds;
        for (const Told& told : take())
            kinds.push_back(told.event.kind);
        return kinds;
    }
    /// The only event since the last time.
    Told take_one() {
        const std::vector<Told> all = take();
        EXPECT_EQ(all.size(), 1U);
        return all.empty() ? Told{} : all.front();
    }

  private:
    std::vector<Told> told_;
    std::uint64_t time_ = 1000;
};

inline std::vector<mm::FaultAction> steps_of(const mm::MemoryEvent& event) {
    std::vector<mm::FaultAction> steps;
    for (std::uint32_t i = 0; i < event.steps.size(); ++i)
        steps.push_back(event.steps[i]);
    return steps;
}

}  // namespace quire::test
