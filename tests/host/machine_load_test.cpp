// kernel/process/machine_load: ticks by kind, and averages as Linux computes them.
#include "kernel/process/machine_load.h"

#include <gtest/gtest.h>

#include <cmath>

namespace quire::kernel {
namespace {

using Kind = MachineLoad::Kind;

void run(MachineLoad& load, std::uint32_t samples, std::uint32_t active) {
    for (std::uint32_t i = 0; i < samples * MachineLoad::kTicksPerSample; ++i) {
        load.tick(active == 0 ? Kind::Idle : Kind::User);
        if (load.sample_is_due()) load.sample(active);
    }
}

TEST(MachineLoad, CountsTicksByKind) {
    MachineLoad load;
    const Kind kinds[] = {Kind::User, Kind::Nice, Kind::System, Kind::Idle};
    for (std::uint32_t i = 0; i < MachineLoad::kKinds; ++i)
        for (std::uint32_t n = 0; n <= i; ++n)
            load.tick(kinds[i]);
    for (std::uint32_t i = 0; i < MachineLoad::kKinds; ++i)
        EXPECT_EQ(load.ticks(kinds[i]), i + 1);
}

TEST(MachineLoad, ASampleIsDueAfterFiveSeconds) {
    MachineLoad load;
    for (std::uint32_t i = 1; i < MachineLoad::kTicksPerSample; ++i) {
        load.tick(Kind::Idle);
        ASSERT_FALSE(load.sample_is_due()) << i;
    }
    load.tick(Kind::Idle);
    EXPECT_TRUE(load.sample_is_due());
    load.sample(1);
    EXPECT_FALSE(load.sample_is_due());
    EXPECT_EQ(load.averages()[0], 2048U - 1884U);  // 0.08
    EXPECT_EQ(load.averages()[1], 2048U - 2014U);  // 0.02
    EXPECT_EQ(load.averages()[2], 2048U - 2037U);  // 0.01
}

// Samples that come late are made up for, one after the other.
TEST(MachineLoad, LateSamplesStayDue) {
    MachineLoad load;
    for (std::uint32_t i = 0; i < 2 * MachineLoad::kTicksPerSample; ++i)
        load.tick(Kind::System);
    load.sample(0);
    EXPECT_TRUE(load.sample_is_due());
    load.sample(0);
    EXPECT_FALSE(load.sample_is_due());
}

TEST(MachineLoad, AnAlwaysBusyMachineComesToOneAndAnIdleOneToZero) {
    MachineLoad load;
    run(load, 2000, 1);
    for (const std::uint32_t average : load.averages())
        EXPECT_EQ(average, 1U << MachineLoad::kFractionBits);
    run(load, 5000, 0);
    for (const std::uint32_t average : load.averages())
        EXPECT_EQ(average, 0U);
}

// After a minute of load 3, the average over a minute has gone 1 - 1/e of the way.
TEST(MachineLoad, FollowsAnExponential) {
    MachineLoad load;
    run(load, 12, 3);
    const double minutes[] = {1, 5, 15};
    for (std::size_t i = 0; i < MachineLoad::kAverages; ++i)
        EXPECT_NEAR(load.averages()[i] / 2048.0, 3 * (1 - std::exp(-1 / minutes[i])), 0.02) << i;
}

TEST(MachineLoad, ManyThreadsDoNotOverflow) {
    MachineLoad load;
    run(load, 1000, 100000);
    EXPECT_EQ(load.averages()[0] >> MachineLoad::kFractionBits, 100000U);
}

}  // namespace
}  // namespace quire::kernel
