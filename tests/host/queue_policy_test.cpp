// mm/policy_fifo, policy_clock, policy_aging: the textbook's policies on the textbook's examples.
#include <gtest/gtest.h>

#include "mm/policy_looks.h"
#include "tests/host/policy_world.h"

namespace quire::mm {
namespace {

using test::PolicyWorld;
using test::ReferenceString;
using Pages = std::vector<std::uint32_t>;

const Pages kBelady = {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};

TEST(FifoPolicy, EvictsInTheOrderOfArrival) {
    ReferenceString string(3, PolicyKind::Fifo);
    string.play(kBelady);
    EXPECT_EQ(string.victims, (Pages{1, 2, 3, 4, 1, 2}));
    EXPECT_EQ(string.most_looks, 0U);
}

TEST(FifoPolicy, ShowsBeladysAnomaly) {
    ReferenceString three(3, PolicyKind::Fifo);
    ReferenceString four(4, PolicyKind::Fifo);
    EXPECT_EQ(three.play(kBelady), 9U);
    EXPECT_EQ(four.play(kBelady), 10U);
}

TEST(FifoPolicy, PutsBackBehindTheOthers) {
    PolicyWorld world(4, PolicyKind::Fifo);
    for (std::uint32_t frame : {1U, 2U, 3U})
        world.arrive(frame);
    EXPECT_EQ(world.choose(), 1U);
    world.policy().put_back(FrameNumber(1));
    world.policy().forget(FrameNumber(2));
    EXPECT_EQ(world.policy().count(), PageCount(2));
    EXPECT_EQ(world.choose(), 3U);
    EXPECT_EQ(world.policy().evicted(FrameNumber(3)), 0U);
    EXPECT_EQ(world.choose(), 1U);
    EXPECT_EQ(world.choose(), 0U);
    EXPECT_DEATH(world.policy().forget(FrameNumber(2)), "empty");
}

TEST(ClockPolicy, GivesAUsedPageASecondChance) {
    PolicyWorld world(4, PolicyKind::Clock);
    for (std::uint32_t frame : {1U, 2U, 3U, 4U})
        world.arrive(frame);
    world.bits.use(FrameNumber(1));
    world.bits.use(FrameNumber(2));
    EXPECT_EQ(world.choose(), 3U);
    EXPECT_EQ(world.bits.looked_at(), (Pages{1, 2, 3}));
    // The hand goes on from there: 4, and then 1, whose chance is spent.
    world.bits.use(FrameNumber(4));
    EXPECT_EQ(world.choose(), 1U);
    EXPECT_EQ(world.bits.looked_at(), (Pages{4, 1}));
}

TEST(ClockPolicy, IsFifoWhenEveryPageIsUsed) {
    ReferenceString string(3, PolicyKind::Clock);
    EXPECT_EQ(string.play({1, 2, 3, 4, 1, 2, 3}), 7U);
    EXPECT_EQ(string.victims, (Pages{1, 2, 3, 4}));
}

TEST(ClockPolicy, LooksAtABoundedNumberOfPages) {
    PolicyWorld world(100, PolicyKind::Clock);
    for (std::uint32_t frame = 1; frame <= 100; ++frame)
        world.arrive(frame);
    world.bits.use_always();
    EXPECT_EQ(world.choose(), 33U);
    EXPECT_EQ(world.bits.looked_at().size(), 32U);
    EXPECT_EQ(world.choose(), 66U);
}

TEST(AgingPolicy, ShiftsTheHistoryOfWhatTheHandPasses) {
    PolicyWorld world(3, PolicyKind::Aging);
    auto& aging = static_cast<AgingPolicy&>(world.policy());
    for (std::uint32_t frame : {1U, 2U, 3U})
        world.arrive(frame);
    EXPECT_EQ(aging.age(FrameNumber(1)), 0x80);
    world.bits.use(FrameNumber(1));
    world.bits.use(FrameNumber(3));
    EXPECT_EQ(world.choose(), 2U);
    EXPECT_EQ(aging.age(FrameNumber(1)), 0xC0);
    EXPECT_EQ(aging.age(FrameNumber(3)), 0xC0);
    world.bits.use(FrameNumber(3));
    EXPECT_EQ(world.choose(), 1U);
    EXPECT_EQ(aging.age(FrameNumber(3)), 0xE0);
}

// Used once long ago weighs less than used once lately, and both less than used twice.
TEST(AgingPolicy, TakesTheSmallestHistory) {
    PolicyWorld world(4, PolicyKind::Aging);
    for (std::uint32_t frame : {1U, 2U, 3U, 4U})
        world.arrive(frame);
    for (std::uint32_t frame : {1U, 2U})
        world.bits.use(FrameNumber(frame));
    EXPECT_EQ(world.choose(), 3U);
    world.arrive(3);
    for (std::uint32_t frame : {2U, 3U})
        world.bits.use(FrameNumber(frame));
    EXPECT_EQ(world.choose(), 4U);
    // Histories now: 1 01100000, 2 11100000, 3 11000000 (it came anew, and was used).
    EXPECT_EQ(world.choose(), 1U);
    EXPECT_EQ(world.choose(), 3U);
    EXPECT_EQ(world.choose(), 2U);
    EXPECT_EQ(world.choose(), 0U);
}

TEST(AgingPolicy, ReadAheadThatNobodyUsedGoesFirst) {
    PolicyWorld world(3, PolicyKind::Aging);
    world.arrive(1);
    world.policy().admit(FrameNumber(2), Arrival::ReadAhead, 0);
    world.arrive(3);
    EXPECT_EQ(world.choose(), 2U);
}

TEST(AgingPolicy, LooksAtASampleAndGoesRound) {
    PolicyWorld world(40, PolicyKind::Aging);
    for (std::uint32_t frame = 1; frame <= 40; ++frame)
        world.arrive(frame);
    world.bits.use_always();
    EXPECT_EQ(world.choose(), 1U);
    EXPECT_EQ(world.bits.looked_at().size(), AgingPolicy::kSample);
    EXPECT_EQ(world.choose(), 17U);
    EXPECT_EQ(world.choose(), 33U);  // and on, from 33 over 40 to those passed first
    EXPECT_EQ(world.bits.looked_at().back(), 9U);
}

}  // namespace
}  // namespace quire::mm
