// Random scripts of everything programs do to memory, watched: the events and the statistics are
// told by different lines of code, and must come to the same sums.
#include <gtest/gtest.h>

#include "tests/host/event_recorder.h"
#include "tests/host/memory_machine.h"
#include "tests/host/seed.h"

namespace quire::mm {
namespace {

// Adds up what it is told.
class Tally final : public EventObserver {
  public:
    std::uint64_t now() override { return 0; }
    void tell(const AddressSpace* space, const MemoryEvent& event) override {
        ++count[static_cast<std::size_t>(event.kind)];
        if (event.kind == EventKind::SwapIn) swapped_in += event.pages.raw();
        if (event.kind == EventKind::SwapOut) swapped_out += event.pages.raw() - event.failed;
        if (event.kind == EventKind::Fork) shared += event.tables;
        if (event.kind == EventKind::Fault || event.kind == EventKind::Prefault)
            tell_fault(space, event);
    }
    [[nodiscard]] std::uint32_t of(EventKind kind) const {
        return count[static_cast<std::size_t>(kind)];
    }
    // Of faults that were resolved.
    [[nodiscard]] std::uint32_t of(FaultAction action) const {
        return actions[static_cast<std::size_t>(action)];
    }

    std::array<std::uint32_t, kEventKinds> count{};
    std::array<std::uint32_t, 32> actions{};
    std::uint32_t swapped_in = 0, swapped_out = 0, shared = 0, read = 0;

  private:
    void tell_fault(const AddressSpace* space, const MemoryEvent& event) {
        ASSERT_NE(space, nullptr);
        ASSERT_LE(event.steps.size(), FaultSteps::kMost);
        if (event.kind == EventKind::Fault && event.outcome == FaultOutcome::ResolvedByRead) ++read;
        if (!is_resolved(event.outcome)) return;
        ASSERT_NE(event.steps.size(), 0U);
        const FaultAction last = event.steps[event.steps.size() - 1];
        EXPECT_TRUE(is_last_step(last, event.access)) << fault_action_name(last);
        for (const FaultAction action : test::steps_of(event))
            ++actions[static_cast<std::size_t>(action)];
    }
};

// One script; the tally's last figures are those of the machine.
void run_watched(std::uint64_t seed, std::uint32_t& evictions) {
    test::RandomChoices choices(seed);
    const test::MemoryWorld world = test::some_world(choices);
    const test::MemoryScript script = test::random_script(seed, world, 1500, test::kAllCalls);
    Tally tally;
    test::MemoryMachine machine(world);
    machine.memory().watch(&tally);
    const auto difference = machine.run(script, test::MemoryMachine::kFast);
    ASSERT_FALSE(difference.has_value()) << "step " << difference->step << ": " << difference->what;

    const UserMemoryStatistics& memory = machine.memory().statistics();
    const ReclaimStatistics& reclaim = machine.reclaim().statistics();
    EXPECT_EQ(tally.of(EventKind::Fault), memory.faults);
    EXPECT_EQ(tally.read, memory.major_faults);
    EXPECT_EQ(tally.swapped_in, memory.swapped_in);
    EXPECT_EQ(tally.swapped_out, reclaim.to_swap.pages);
    EXPECT_EQ(tally.shared, memory.tables_shared);
    EXPECT_EQ(tally.of(EventKind::Choose), reclaim.chosen);
    EXPECT_EQ(tally.of(EventKind::Evict), reclaim.evicted());
    EXPECT_EQ(tally.of(FaultAction::MapZeroFrame), memory.zero_mapped);
    EXPECT_EQ(tally.of(FaultAction::FillWithZeros), memory.zero_filled);
    EXPECT_LE(tally.of(FaultAction::CopyPage), memory.copied);  // mremap copies, too
    EXPECT_EQ(tally.of(FaultAction::TakeOverPage), memory.taken_over);
    evictions += reclaim.evicted();
}

TEST(MemoryEventModel, EventsAndStatisticsComeToTheSameSums) {
    const std::uint64_t first = test::seed();
    std::uint32_t evictions = 0;
    for (std::uint64_t i = 0; i < 12 && !testing::Test::HasFailure(); ++i) {
        SCOPED_TRACE(testing::Message() << "script " << first + i);
        run_watched(first + i, evictions);
    }
    EXPECT_GT(evictions, 100U) << "memory was never short";
}

}  // namespace
}  // namespace quire::mm
