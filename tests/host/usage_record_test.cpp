// kernel/process/usage_record: what programs are told of times, faults and ends.
#include "kernel/process/usage_record.h"

#include <gtest/gtest.h>

#include "kernel/abi/signal.h"

namespace quire::kernel {
namespace {

TEST(UsageRecord, HasEachFigureInItsUnit) {
    const Usage usage{1'500'000'000, 2'000'001'999, 3, 4, 5, 6, 7};
    const abi::ResourceUsage record = usage_record(usage);
    EXPECT_EQ(record.user_time.seconds, 1);
    EXPECT_EQ(record.user_time.microseconds, 500'000);
    EXPECT_EQ(record.system_time.seconds, 2);
    EXPECT_EQ(record.system_time.microseconds, 1);
    EXPECT_EQ(record.minor_faults, 3U);
    EXPECT_EQ(record.major_faults, 4U);
    EXPECT_EQ(record.voluntary_switches, 5U);
    EXPECT_EQ(record.involuntary_switches, 6U);
    EXPECT_EQ(record.most_resident, 28U) << "KiB";
    EXPECT_EQ(record.blocks_read + record.blocks_written, 0U);
}

TEST(UsageRecord, TimesAreTicksOfAHundredth) {
    const abi::ProcessTimes times =
        times_record({10'000'000, 29'999'999, 0, 0, 0, 0, 0}, {3'000'000'000, 1, 0, 0, 0, 0, 0});
    EXPECT_EQ(times.user, 1);
    EXPECT_EQ(times.system, 2);
    EXPECT_EQ(times.children_user, 300);
    EXPECT_EQ(times.children_system, 0);
}

void expect_event(std::uint32_t status, std::int32_t code, std::int32_t value) {
    SCOPED_TRACE(testing::Message() << "status " << status);
    WaitResult news;
    news.pid = 5;
    news.user = 1000;
    news.status = status;
    const abi::WaitInfo info = wait_info(news);
    EXPECT_EQ(info.signal, 17);
    EXPECT_EQ(info.error, 0);
    EXPECT_EQ(info.pid, 5U);
    EXPECT_EQ(info.user, 1000U);
    EXPECT_EQ(info.code, code);
    EXPECT_EQ(info.status, value);
}

TEST(WaitInfo, TellsWhatHappened) {
    expect_event(0, abi::kChildExited, 0);
    expect_event(0xFF00, abi::kChildExited, 255);
    expect_event(9, abi::kChildKilled, 9);
    expect_event(11 | 0x80, abi::kChildDumped, 11);
    expect_event(19 << 8 | 0x7F, abi::kChildStopped, 19);
    expect_event(0xFFFF, abi::kChildContinued, 18);
}

TEST(WaitInfo, IsAllZeroesWithoutAChild) {
    const abi::WaitInfo info = wait_info({});
    EXPECT_EQ(info.signal | info.error | info.code | info.status, 0);
    EXPECT_EQ(info.pid | info.user, 0U);
}

}  // namespace
}  // namespace quire::kernel
