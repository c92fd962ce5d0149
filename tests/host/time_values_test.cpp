// kernel/process/time_values: between seconds with fractions and nanoseconds, at all the edges.
#include "kernel/process/time_values.h"

#include <gtest/gtest.h>

namespace quire::kernel {
namespace {

constexpr std::uint64_t kSecond = kNanosecondsPerSecond;

TEST(TimeValues, AreReadWhenTheyAreGood) {
    EXPECT_EQ(nanoseconds_of(0, 0).value(), 0U);
    EXPECT_EQ(nanoseconds_of(5, 999'999'999).value(), 5'999'999'999U);
    EXPECT_EQ(nanoseconds_of(abi::TimeValue{5, 999'999}).value(), 5'999'999'000U);
}

TEST(TimeValues, AreRefusedWhenTheyAreNot) {
    EXPECT_EQ(nanoseconds_of(-1, 0).error(), Error::InvalidArgument);
    EXPECT_EQ(nanoseconds_of(0, -1).error(), Error::InvalidArgument);
    EXPECT_EQ(nanoseconds_of(0, 1'000'000'000).error(), Error::InvalidArgument);
    EXPECT_EQ(nanoseconds_of(abi::TimeValue{-1, 0}).error(), Error::InvalidArgument);
    EXPECT_EQ(nanoseconds_of(abi::TimeValue{0, -1}).error(), Error::InvalidArgument);
    EXPECT_EQ(nanoseconds_of(abi::TimeValue{0, 1'000'000}).error(), Error::InvalidArgument);
}

TEST(TimeValues, WhatIsTooLongIsForever) {
    EXPECT_EQ(nanoseconds_of(INT64_MAX, 0).value(), kForever);
    EXPECT_EQ(nanoseconds_of(18'446'744'074, 0).value(), kForever);
    EXPECT_EQ(nanoseconds_of(18'446'744'072, 999'999'999).value(), 18'446'744'072'999'999'999U);
    EXPECT_EQ(deadline_after(1, kForever), kForever - 1);
    EXPECT_EQ(deadline_after(kForever - 2, 5), kForever - 1);
    EXPECT_EQ(deadline_after(10, 5), 15U);
    EXPECT_EQ(deadline_after(0, 0), 0U);
}

TEST(TimeValues, AreWrittenInEachForm) {
    const std::uint64_t time = 5 * kSecond + 123'456'789;
    EXPECT_EQ(time_spec(time).seconds, 5);
    EXPECT_EQ(time_spec(time).nanoseconds, 123'456'789);
    EXPECT_EQ(time_value(time).microseconds, 123'456);
    EXPECT_EQ(time_spec64((std::uint64_t{1} << 32) * kSecond).seconds, std::int64_t{1} << 32);
    EXPECT_EQ(time_spec64(time).unused, 0);
    EXPECT_EQ(ticks_of(time), 512U);
}

TEST(TimeValues, ARunningTimerNeverTellsZero) {
    EXPECT_EQ(remaining_value(2 * kSecond, kSecond).seconds, 1);
    EXPECT_EQ(remaining_value(kSecond + 999, kSecond).microseconds, 1);
    EXPECT_EQ(remaining_value(kSecond, 2 * kSecond).microseconds, 1);
    EXPECT_EQ(remaining_value(kSecond, 2 * kSecond).seconds, 0);
}

TEST(TimeValues, IntervalsThatWereMissedAreLeftOut) {
    EXPECT_EQ(next_after(100, 10, 100), 110U);
    EXPECT_EQ(next_after(100, 10, 109), 110U);
    EXPECT_EQ(next_after(100, 10, 110), 120U);
    EXPECT_EQ(next_after(100, 10, 99), 100U);
    EXPECT_EQ(next_after(100, 1, 1'000'000), 1'000'001U);
    EXPECT_EQ(next_after(100, kForever, 200), kForever - 1);
}

TEST(TimeValues, TheWallClockIsTurnedIntoTimeSinceBoot) {
    EXPECT_EQ(since_boot(1000, 1000, 77), 0U);
    EXPECT_EQ(since_boot(999, 1000, 77), 0U);
    EXPECT_EQ(since_boot(1010, 1000, 77), 87U);
}

}  // namespace
}  // namespace quire::kernel
