// kernel/process/cpu_time: interval timers of CPU time and RLIMIT_CPU, without a CPU.
#include "kernel/process/cpu_time.h"

#include <gtest/gtest.h>

#include "kernel/abi/resource.h"
#include "kernel/abi/signal.h"

namespace quire::kernel {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint32_t kTick = 10'000'000;

SignalSet set_of(std::initializer_list<SignalNumber> signals) {
    SignalSet set;
    for (const SignalNumber signal : signals)
        set.add(signal);
    return set;
}

TEST(CpuTime, NothingIsWatchedAtFirst) {
    Process process(2);
    EXPECT_FALSE(watches_cpu_time(process));
    EXPECT_TRUE(take_due_signals(process, {1000 * kSecond, 2000 * kSecond}).empty());
    process.limits[abi::kLimitCpu].soft = 5;
    EXPECT_TRUE(watches_cpu_time(process));
    process.limits[abi::kLimitCpu].soft = abi::kNoLimit64;
    process.cpu_timers[CpuTimer::Profile].deadline = 1;
    EXPECT_TRUE(watches_cpu_time(process));
}

TEST(CpuTime, EachTimerHasAClockAndASignalOfItsOwn) {
    Process process(2);
    set_cpu_timer(process.cpu_timers[CpuTimer::Virtual], 0, kSecond, 0, kTick);
    set_cpu_timer(process.cpu_timers[CpuTimer::Profile], 0, kSecond, 0, kTick);
    EXPECT_TRUE(take_due_signals(process, {kSecond, kSecond + kTick - 1}).empty());
    EXPECT_EQ(take_due_signals(process, {kSecond, kSecond + kTick}), set_of({abi::kSigProfile}));
    EXPECT_EQ(take_due_signals(process, {kSecond + kTick, 3 * kSecond}),
              set_of({abi::kSigVirtualAlarm}));
    EXPECT_FALSE(watches_cpu_time(process)) << "both rang once";
}

TEST(CpuTime, AnIntervalRingsAgainAndMakesUpForNothing) {
    Process process(2);
    CpuTimer& timer = process.cpu_timers[CpuTimer::Virtual];
    set_cpu_timer(timer, 0, 2 * kTick, 3 * kTick, kTick);
    EXPECT_EQ(timer.deadline, 3U * kTick);
    EXPECT_FALSE(take_due_signals(process, {3U * kTick, 0}).empty());
    EXPECT_EQ(timer.deadline, 6U * kTick);
    EXPECT_FALSE(take_due_signals(process, {30U * kTick, 0}).empty());
    EXPECT_EQ(timer.deadline, 33U * kTick);
    EXPECT_TRUE(take_due_signals(process, {32U * kTick, 0}).empty());
}

TEST(CpuTime, TellsWhatIsLeft) {
    CpuTimer timer;
    EXPECT_EQ(cpu_timer_value(timer, 5, kTick).value.microseconds, 0);
    set_cpu_timer(timer, kSecond, 2 * kSecond, kSecond, kTick);
    const abi::IntervalTimer told = cpu_timer_value(timer, kSecond, kTick);
    EXPECT_EQ(told.interval.seconds, 1);
    EXPECT_EQ(told.value.seconds, 2);
    EXPECT_EQ(told.value.microseconds, 10'000);
    EXPECT_EQ(cpu_timer_value(timer, 9 * kSecond, kTick).value.microseconds, 10'000) << "due";
    set_cpu_timer(timer, kSecond, 0, kSecond, kTick);
    EXPECT_EQ(timer.deadline, 0U);
    EXPECT_EQ(cpu_timer_value(timer, 0, kTick).interval.seconds, 0);
}

TEST(CpuTime, TheSoftLimitWarnsEverySecond) {
    Process process(2);
    process.limits[abi::kLimitCpu] = {2, 4};
    EXPECT_TRUE(take_due_signals(process, {0, 2 * kSecond - 1}).empty());
    EXPECT_EQ(take_due_signals(process, {0, 2 * kSecond}), set_of({abi::kSigCpuTime}));
    EXPECT_EQ(process.limits[abi::kLimitCpu].soft, 3U) << "moves on, as on Linux";
    EXPECT_TRUE(take_due_signals(process, {0, 3 * kSecond - 1}).empty());
    EXPECT_EQ(take_due_signals(process, {0, 3 * kSecond}), set_of({abi::kSigCpuTime}));
    EXPECT_EQ(take_due_signals(process, {0, 4 * kSecond}), set_of({abi::kSigKill}));
}

TEST(CpuTime, TheHardLimitAloneMeansNothing) {
    Process process(2);
    process.limits[abi::kLimitCpu] = {abi::kNoLimit64, 1};
    EXPECT_TRUE(take_due_signals(process, {0, 100 * kSecond}).empty());
    process.limits[abi::kLimitCpu] = {0, abi::kNoLimit64};
    EXPECT_EQ(take_due_signals(process, {0, 0}), set_of({abi::kSigCpuTime}));
}

}  // namespace
}  // namespace quire::kernel
