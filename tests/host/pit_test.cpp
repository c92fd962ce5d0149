// The 8254 driver: ticks, and bounded waits from a counter that wraps.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "drivers/pit.h"
#include "tests/host/simulated_hardware.h"

namespace quire::drivers {
namespace {

struct Machine {
    Machine() {
        hardware.attach(device, 0x40, 4);
        hardware.connect(device, Pit::interrupt, &pit);
    }
    test::SimulatedHardware hardware;
    test::SimulatedPit device;
    Pit pit{hardware};
};

TEST(PitElapsed, CountsDownAcrossTheWrap) {
    PitElapsed elapsed(100, 10);
    EXPECT_EQ(elapsed.advance(4), 6U);
    EXPECT_EQ(elapsed.advance(98), 12U);
    EXPECT_EQ(elapsed.advance(98), 12U);
}

TEST(PitElapsed, TakesTheFullDivisorForZero) {
    PitElapsed elapsed(65'536, 0);
    EXPECT_EQ(elapsed.advance(65'535), 1U);
    EXPECT_EQ(elapsed.advance(0), 65'536U);
}

TEST(PitElapsed, IgnoresACounterThatIsNotLoadedYet) {
    PitElapsed elapsed(100, 50);
    EXPECT_EQ(elapsed.advance(40'000), 0U);
    EXPECT_EQ(elapsed.advance(49), 1U);
}

// Better a wait that ends than a sum that starts over.
TEST(PitElapsed, StopsAtTheLargestNumber) {
    PitElapsed elapsed(65'536, 0);
    std::uint32_t sample = 0;
    std::uint32_t sum = 0;
    for (int count = 0; count < 66'000; ++count) {
        sample = (sample + 1) % 65'536;
        sum = elapsed.advance(sample);
    }
    EXPECT_EQ(sum, ~0U);
}

// Whatever the period and the (short enough) steps between samples, the sum is exact.
RC_GTEST_PROP(PitElapsed, AddsUpAnySteps, ()) {
    const std::uint32_t divisor = *rc::gen::inRange<std::uint32_t>(2, 65'537);
    const auto steps = *rc::gen::container<std::vector<std::uint32_t>>(
        rc::gen::inRange<std::uint32_t>(0, divisor));
    std::uint32_t total = *rc::gen::inRange<std::uint32_t>(0, divisor);
    const std::uint32_t start = total;
    PitElapsed elapsed(divisor, (divisor - total % divisor) & 0xFFFF);
    for (std::uint32_t step : steps) {
        total += step;
        RC_ASSERT(elapsed.advance((divisor - total % divisor) & 0xFFFF) == total - start);
    }
}

TEST(Pit, ProgramsRateGeneratorForOneHundredHertz) {
    Machine machine;
    machine.pit.start(100);
    EXPECT_EQ(machine.device.mode, 2);
    EXPECT_EQ(machine.device.divisor, 11'932U);
    EXPECT_EQ(machine.pit.hz(), 100U);
    machine.pit.check_invariants();
}

TEST(Pit, RefusesARateItCannotMake) {
    Machine machine;
    EXPECT_DEATH(machine.pit.start(18), "hz >= 19");
    EXPECT_DEATH(machine.pit.start(20'000), "hz <= 10'000");
}

TEST(Pit, CountsTicksAndCallsTheHook) {
    Machine machine;
    int hooked = 0;
    machine.pit.start(1000);
    machine.pit.set_tick_hook([](void* context) { ++*static_cast<int*>(context); }, &hooked);
    machine.hardware.pass_time(50'500);
    EXPECT_EQ(machine.pit.ticks(), 50U);
    EXPECT_EQ(machine.pit.milliseconds(), 50U);
    EXPECT_EQ(hooked, 50);
    machine.pit.set_tick_hook(nullptr, nullptr);
    machine.hardware.pass_time(10'000);
    EXPECT_EQ(hooked, 50);
}

// A deadline holds with the tick running and with interrupts off, over many wraps.
TEST(PollDeadline, ExpiresInTimeWithInterruptsOnAndOff) {
    Machine machine;
    machine.pit.start(1000);
    for (const bool interrupts_off : {false, true}) {
        const bool were_on = interrupts_off && machine.hardware.interrupts_save();
        const std::uint64_t start = machine.hardware.now();
        PollDeadline deadline(machine.pit, 20'000);
        while (!deadline.expired()) {
        }
        const std::uint64_t waited = machine.hardware.now() - start;
        EXPECT_GE(waited, 20'000U);
        EXPECT_LE(waited, 20'300U);
        if (interrupts_off) machine.hardware.interrupts_restore(were_on);
    }
}

TEST(PollDeadline, WorksBeforeThePitIsStarted) {
    Machine machine;
    PollDeadline deadline(machine.pit, 200'000);
    while (!deadline.expired()) {
    }
    EXPECT_GE(machine.hardware.now(), 200'000U);
}

TEST(PollDeadline, ExpiresOnAMachineWhosePitStandsStill) {
    Machine machine;
    machine.device.broken = true;
    PollDeadline deadline(machine.pit, 1000);
    int polls = 0;
    while (!deadline.expired())
        ++polls;
    EXPECT_GT(polls, 1000);
}

TEST(PollDeadline, ExpiresOnAMachineWithoutPit) {
    test::SimulatedHardware hardware;
    Pit pit(hardware);
    pit.start(100);
    PollDeadline deadline(pit, 1000);
    while (!deadline.expired()) {
    }
    SUCCEED();
}

}  // namespace
}  // namespace quire::drivers
