// mm/policy_two_lists: trial, promotion, refault distance.
#include <gtest/gtest.h>

#include "tests/host/policy_world.h"

namespace quire::mm {
namespace {

using test::PolicyWorld;
using test::ReferenceString;
using Pages = std::vector<std::uint32_t>;

struct TwoLists : PolicyWorld {
    explicit TwoLists(std::uint32_t frames) : PolicyWorld(frames, PolicyKind::TwoLists) {
        for (std::uint32_t frame = 1; frame <= frames; ++frame)
            arrive(frame);
    }

    // Uses all but the last frame in two rounds, in which only that one is unused: afterwards they
    // are active, and it is on trial.
    void promote_all_but(std::uint32_t last) {
        for (int round = 0; round < 2; ++round) {
            for (std::uint32_t frame = 1; frame < last; ++frame)
                bits.use(FrameNumber(frame));
            EXPECT_EQ(choose(), last);
            policy().put_back(FrameNumber(last));
            EXPECT_EQ(lists().active(), PageCount(round == 0 ? 0 : last - 1));
        }
        EXPECT_EQ(lists().inactive(), PageCount(1));
    }

    TwoListPolicy& lists() { return static_cast<TwoListPolicy&>(policy()); }
};

TEST(TwoListPolicy, EvictsUnusedPagesInTheOrderOfArrival) {
    TwoLists world(3);
    EXPECT_EQ(world.choose(), 1U);
    EXPECT_EQ(world.choose(), 2U);
    EXPECT_EQ(world.choose(), 3U);
    EXPECT_EQ(world.choose(), 0U);
}

TEST(TwoListPolicy, PromotesAPageThatIsUsedTwice) {
    TwoLists world(4);
    world.bits.use(FrameNumber(1));
    EXPECT_EQ(world.choose(), 2U);
    EXPECT_EQ(world.lists().active(), PageCount(0));  // used once: still on trial, behind 3 and 4
    EXPECT_EQ(world.choose(), 3U);
    world.policy().put_back(FrameNumber(3));
    EXPECT_EQ(world.choose(), 4U);
    world.bits.use(FrameNumber(1));
    EXPECT_EQ(world.choose(), 3U);
    EXPECT_EQ(world.lists().active(), PageCount(1));
    EXPECT_EQ(world.choose(), 1U);
}

TEST(TwoListPolicy, SendsUnusedActivePagesBackOnTrial) {
    TwoLists world(7);
    world.promote_all_but(7);
    world.bits.use(FrameNumber(1));
    EXPECT_EQ(world.choose(), 7U);
    // One was used and stays; three of the others make the lists as long as each other: 2, 3, 4.
    EXPECT_EQ(world.lists().active(), PageCount(3));
    EXPECT_EQ(world.lists().inactive(), PageCount(3));
    EXPECT_EQ(world.choose(), 2U);
}

TEST(TwoListPolicy, ActivatesAPageThatMissedByLessThanTheActiveList) {
    TwoLists world(4);
    world.promote_all_but(4);
    ASSERT_EQ(world.lists().active(), PageCount(3));
    const FrameNumber gone(world.choose());
    const Shadow early = world.policy().evicted(gone);
    const Shadow late = world.policy().evicted(gone);
    const std::uint32_t active = world.lists().active().raw();
    for (std::uint32_t moved_on = 1; moved_on < active; ++moved_on)
        world.policy().evicted(gone);
    world.policy().admit(gone, Arrival::Demand, late);  // as many moved on as are active
    EXPECT_EQ(world.lists().active(), PageCount(active + 1));
    world.policy().forget(gone);
    world.policy().admit(gone, Arrival::Demand, early);  // one more, and one for the activation
    EXPECT_EQ(world.lists().active(), PageCount(active));
    world.policy().forget(gone);
    // Nobody has asked for it, however soon it comes back.
    world.policy().admit(gone, Arrival::ReadAhead, world.policy().evicted(gone));
    EXPECT_EQ(world.lists().active(), PageCount(active));
    world.policies.check_invariants();
}

// A clock that begins anew must not make a page look as if it had just left that never did.
TEST(TwoListPolicy, ItsClockGoesRoundWithoutZero) {
    TwoLists world(5);
    world.promote_all_but(5);
    Shadow shadow = 1;
    while (shadow != kMaxPolicyShadow) {
        shadow = world.policy().evicted(FrameNumber(5));
        ASSERT_LE(shadow, kMaxPolicyShadow);
    }
    world.policy().forget(FrameNumber(5));
    world.arrive(5, 0);
    EXPECT_EQ(world.lists().inactive(), PageCount(1));
    EXPECT_EQ(world.policy().evicted(FrameNumber(5)), 1U);
}

// In a large memory the sixteen bits count in larger units, and still go round slowly enough.
TEST(TwoListPolicy, CountsALargeMemoryInLargerUnits) {
    constexpr std::uint32_t kFrames = 1U << 17;
    PolicyWorld world(kFrames - 1, PolicyKind::TwoLists);
    world.arrive(1);
    const FrameNumber gone(world.choose());
    const Shadow first = world.policy().evicted(gone);
    for (std::uint32_t moved_on = 0; moved_on < 4 * kFrames - 16; ++moved_on)
        ASSERT_NE(world.policy().evicted(gone), moved_on < 16 ? 0 : first);
}

TEST(TwoListPolicy, AScanDoesNotPushOutWhatIsInUse) {
    ReferenceString string(20, PolicyKind::TwoLists);
    const Pages hot = {1, 2, 3, 4, 5};
    for (int round = 0; round < 60; ++round) {
        string.play(hot);
        string.use(1000 + static_cast<std::uint32_t>(round));
    }
    EXPECT_EQ(string.play(hot), 0U);
    Pages scan;
    for (std::uint32_t page = 2000; page < 2200; ++page)
        scan.push_back(page);
    std::uint32_t faults = 0;
    for (std::uint32_t page : scan) {
        string.use(page);
        if (page % 4 == 0) faults += string.play(hot);
    }
    EXPECT_EQ(faults, 0U);
}

TEST(TwoListPolicy, LooksAtABoundedNumberOfPages) {
    TwoLists world(200);
    world.bits.use_always();
    for (std::uint32_t left = 200; left != 0; --left) {
        EXPECT_NE(world.choose(), 0U);
        EXPECT_LE(world.bits.looked_at().size(), 32U);
        EXPECT_EQ(world.policy().count(), PageCount(left - 1));
    }
}

TEST(TwoListPolicy, ForgetsAndPutsBackInBothLists) {
    TwoLists world(3);
    world.promote_all_but(3);
    world.policy().forget(FrameNumber(1));
    EXPECT_EQ(world.lists().active(), PageCount(1));
    world.policy().forget(FrameNumber(3));
    EXPECT_EQ(world.lists().inactive(), PageCount(0));
    world.policy().put_back(FrameNumber(3));
    EXPECT_EQ(world.lists().inactive(), PageCount(1));
    world.policies.check_invariants();
    EXPECT_EQ(world.policy().take_any(), FrameNumber(3));
    EXPECT_EQ(world.policy().take_any(), FrameNumber(2));
    EXPECT_EQ(world.policy().take_any(), std::nullopt);
}

}  // namespace
}  // namespace quire::mm
