// mm/working_set: the size of a working set from samples, and the thrashing signal.
#include "mm/working_set.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/host/policy_world.h"
#include "tests/host/seed.h"

namespace quire::mm {
namespace {

// An interval in which so many of the pages looked at were used.
void interval(WorkingSet& set, std::uint32_t looks, std::uint32_t used, std::uint32_t resident) {
    for (std::uint32_t look = 0; look < looks; ++look)
        set.saw(look < used);
    set.check_invariants();
    set.end_interval(PageCount(resident));
    set.check_invariants();
}

TEST(WorkingSet, CountsTheUsedPagesOfAnInterval) {
    WorkingSet set;
    EXPECT_EQ(set.size(), PageCount(0));
    interval(set, 100, 37, 100);
    EXPECT_EQ(set.size(), PageCount(37));
}

TEST(WorkingSet, TakesASampleForTheWhole) {
    WorkingSet set;
    interval(set, 32, 8, 1000);
    EXPECT_EQ(set.size(), PageCount(250));
}

TEST(WorkingSet, FollowsAChangeInAFewIntervals) {
    WorkingSet set;
    interval(set, 100, 100, 100);
    interval(set, 100, 20, 100);
    EXPECT_EQ(set.size(), PageCount(80));
    for (int i = 0; i < 12; ++i)
        interval(set, 100, 20, 100);
    EXPECT_NEAR(set.size().raw(), 20, 3);
    for (int i = 0; i < 20; ++i)
        interval(set, 0, 0, 0);  // a space that has no pages any more
    EXPECT_EQ(set.size(), PageCount(0));
}

TEST(WorkingSet, WaitsForEnoughLooks) {
    WorkingSet set;
    interval(set, WorkingSet::kFewestLooks - 1, WorkingSet::kFewestLooks - 1, 400);
    EXPECT_EQ(set.size(), PageCount(0));
    interval(set, 1, 1, 400);
    EXPECT_EQ(set.size(), PageCount(400));
    WorkingSet small;
    interval(small, 3, 2, 3);  // three are enough where there are three
    EXPECT_EQ(small.size(), PageCount(2));
}

TEST(WorkingSet, HoldsTheLargestSpace) {
    WorkingSet set;
    interval(set, 100'000, 100'000, 1U << 20);
    EXPECT_EQ(set.size(), PageCount(1U << 20));
    interval(set, 100'000, 100'000, 1U << 20);
    EXPECT_EQ(set.size(), PageCount(1U << 20));
    EXPECT_DEATH(set.end_interval(PageCount((1U << 20) + 1)), "resident");
}

// A page leaves now.
ThrashingSignal::Departure leave(ThrashingSignal& signal) {
    return ThrashingSignal::departure_in(signal.stamp(0));
}

// Pages that leave and come back, as if in first-in first-out order through `away` other page-ins.
std::uint32_t percent_after(ThrashingSignal& signal, std::uint32_t away, std::uint32_t page_ins) {
    std::vector<ThrashingSignal::Departure> left;
    for (std::uint32_t i = 0; i < page_ins; ++i) {
        left.push_back(leave(signal));
        signal.page_in(i < away ? ThrashingSignal::kNeverLeft : left[i - away]);
        signal.check_invariants();
    }
    return signal.percent();
}

TEST(ThrashingSignal, IsQuietWhenPagesComeForTheFirstTime) {
    ThrashingSignal signal(PageCount(160));
    for (int i = 0; i < 5000; ++i)
        signal.page_in(ThrashingSignal::kNeverLeft);
    EXPECT_EQ(signal.percent(), 0U);
    EXPECT_FALSE(signal.thrashing());
}

TEST(ThrashingSignal, SharesTheShadowWithThePolicy) {
    ThrashingSignal signal(PageCount(16));
    ThrashingSignal::Departure now = 1;
    for (const Shadow part : {0U, 1U, 0x8001U, kMaxPolicyShadow}) {
        const Shadow kept = signal.stamp(part);
        EXPECT_NE(kept, 0U);
        EXPECT_LE(kept, kMaxShadow);
        EXPECT_EQ(ThrashingSignal::policy_part(kept), part);
        EXPECT_EQ(ThrashingSignal::departure_in(kept), now++);  // sixteen make a memory
    }
    EXPECT_EQ(ThrashingSignal::departure_in(0), ThrashingSignal::kNeverLeft);
    EXPECT_EQ(ThrashingSignal::policy_part(0), 0U);
    EXPECT_DEATH((void)signal.stamp(kMaxPolicyShadow + 1), "kMaxPolicyShadow");
}

TEST(ThrashingSignal, RisesWhenPagesComeBackWithinAMemorySize) {
    ThrashingSignal signal(PageCount(160));
    EXPECT_GE(percent_after(signal, 140, 2000), 98U);
    EXPECT_TRUE(signal.thrashing());
}

TEST(ThrashingSignal, DoesNotMindPagesThatWereAwayLong) {
    ThrashingSignal signal(PageCount(160));
    EXPECT_EQ(percent_after(signal, 160, 2000), 0U);
    EXPECT_EQ(percent_after(signal, 2300, 6000), 0U);  // a little short of the wrap
}

TEST(ThrashingSignal, WrapsAfterSixteenMemorySizes) {
    ThrashingSignal signal(PageCount(160));
    EXPECT_GE(percent_after(signal, 2560, 6000), 98U);
}

// What pushes pages out need not be page-ins: a heap that grows does, too.
TEST(ThrashingSignal, CountsTimeInEvictions) {
    ThrashingSignal signal(PageCount(160));
    std::vector<ThrashingSignal::Departure> left;
    for (int i = 0; i < 1000; ++i)
        left.push_back(leave(signal));
    for (std::size_t i = 0; i < 700; ++i)
        signal.page_in(left[i]);
    EXPECT_EQ(signal.percent(), 0U);
    for (std::size_t i = 900; i < 1000; ++i)
        signal.page_in(left[i]);
    EXPECT_GE(signal.percent(), 75U);
}

TEST(ThrashingSignal, NeedsMoreToComeOnThanToStayOn) {
    ThrashingSignal signal(PageCount(1600));
    std::uint32_t page_ins = 0;
    for (; !signal.thrashing(); ++page_ins)
        signal.page_in(leave(signal));
    EXPECT_EQ(signal.percent(), 50U);
    EXPECT_GT(page_ins, 32U);
    EXPECT_LT(page_ins, 64U);
    for (; signal.thrashing(); ++page_ins)
        signal.page_in(ThrashingSignal::kNeverLeft);
    EXPECT_EQ(signal.percent(), 25U);
}

TEST(ThrashingSignal, FadesWhenHardlyAnythingIsBroughtIn) {
    ThrashingSignal signal(PageCount(160));
    percent_after(signal, 100, 1000);
    signal.second_over();  // a busy one
    EXPECT_TRUE(signal.thrashing());
    signal.second_over();
    EXPECT_TRUE(signal.thrashing());
    signal.second_over();
    signal.second_over();
    EXPECT_FALSE(signal.thrashing());
    for (int i = 0; i < 20; ++i)
        signal.second_over();
    EXPECT_EQ(signal.percent(), 0U);
}

TEST(ThrashingSignal, FollowsAMemoryThatChanges) {
    ThrashingSignal signal(PageCount(160));
    EXPECT_EQ(percent_after(signal, 300, 2000), 0U);
    signal.set_memory(PageCount(480));
    EXPECT_GE(percent_after(signal, 300, 2000), 98U);
    ThrashingSignal none{PageCount(0)};
    EXPECT_EQ(percent_after(none, 20, 100), 0U);
}

// Two spaces that use their pages at random: where both fit there is no signal, where they have
// half of what they use there is.
TEST(ThrashingSignal, TellsASpaceThatFitsFromOneThatDoesNot) {
    test::Random random(test::seed());
    for (const std::uint32_t pages : {90U, 200U}) {
        test::ReferenceString string(100, kDefaultPolicy);
        ThrashingSignal signal(PageCount(100));
        std::map<std::uint32_t, ThrashingSignal::Departure> left;
        for (int use = 0; use < 4000; ++use) {
            const auto page = static_cast<std::uint32_t>(random.below(pages));
            const bool fault = !string.frame_of.contains(page);
            const std::size_t victims = string.victims.size();
            string.use(page);
            if (string.victims.size() != victims) left[string.victims.back()] = leave(signal);
            if (fault) signal.page_in(left[page]);
            if (use % 1000 == 999) signal.second_over();
        }
        EXPECT_EQ(signal.thrashing(), pages == 200) << signal.percent();
    }
}

}  // namespace
}  // namespace quire::mm
