// mm/policy_set: names, and a change of policy while frames are in the lists.
#include "mm/policy_set.h"

#include <gtest/gtest.h>

#include <string_view>

#include "tests/host/policy_world.h"

namespace quire::mm {
namespace {

using test::PolicyWorld;

TEST(PolicySet, FindsPoliciesByName) {
    const PolicyWorld world(4, kDefaultPolicy);
    for (const PolicyKind kind : kPolicyKinds) {
        const std::string_view name = world.policies.policy(kind).name();
        EXPECT_EQ(world.policies.find(name), kind);
        EXPECT_EQ(world.policies.find(name.substr(1)), std::nullopt);
        EXPECT_EQ(world.policies.find(name.substr(0, name.size() - 1)), std::nullopt);
    }
    for (const std::string_view name : {"", "lru", "fifo ", "clock-pro"})
        EXPECT_EQ(world.policies.find(name), std::nullopt) << name;
    EXPECT_EQ(world.policies.current().name(), std::string_view("generations"));
}

TEST(PolicySet, NeedsAByteForEachFrame) {
    std::vector<FrameInfo> records(10);
    FrameTable table(records);
    std::vector<std::uint8_t> marks(9);
    EXPECT_DEATH(PolicySet(table, marks), "marks");
}

TEST(PolicySet, KeepsEveryFrameInAChange) {
    for (const PolicyKind from : kPolicyKinds) {
        for (const PolicyKind to : kPolicyKinds) {
            PolicyWorld world(50, from);
            for (std::uint32_t frame = 1; frame <= 50; ++frame)
                world.arrive(frame);
            for (std::uint32_t frame = 1; frame <= 50; frame += 3)
                world.bits.use(FrameNumber(frame));
            world.policy().forget(FrameNumber(world.choose() == 7 ? 8 : 7));
            world.policies.change_to(to);
            world.policies.check_invariants();
            EXPECT_EQ(world.policies.kind(), to);
            EXPECT_EQ(world.policy().count(), PageCount(48));
            std::set<std::uint32_t> left;
            while (const std::uint32_t frame = world.choose())
                left.insert(frame);
            EXPECT_EQ(left.size(), 48U);
        }
    }
}

TEST(PolicySet, KeepsTheOrderInAChange) {
    for (const PolicyKind kind : kPolicyKinds) {
        PolicyWorld world(20, PolicyKind::Fifo);
        for (std::uint32_t frame = 1; frame <= 20; ++frame)
            world.arrive(frame);
        world.policies.change_to(kind);
        EXPECT_EQ(world.choose(), 1U);
        world.policies.change_to(PolicyKind::Fifo);
        EXPECT_EQ(world.policies.current().count(), PageCount(19));
    }
}

// In a change nobody uses a page: it arrives like one that was read ahead.
TEST(PolicySet, AChangeIsNoUse) {
    PolicyWorld world(4, PolicyKind::Fifo);
    for (std::uint32_t frame = 1; frame <= 4; ++frame)
        world.arrive(frame);
    world.policies.change_to(PolicyKind::Aging);
    EXPECT_EQ(static_cast<AgingPolicy&>(world.policy()).age(FrameNumber(3)), 0);
}

// A frame may be on its way out, its content being written, while the policy changes.
TEST(PolicySet, TakesBackAFrameThatAnotherPolicyChose) {
    for (const PolicyKind from : kPolicyKinds) {
        for (const PolicyKind to : kPolicyKinds) {
            PolicyWorld world(9, from);
            for (std::uint32_t frame = 1; frame <= 9; ++frame)
                world.arrive(frame);
            const FrameNumber kept(world.choose());
            const FrameNumber gone(world.choose());
            world.policies.change_to(to);
            world.policy().put_back(kept);
            EXPECT_LE(world.policy().evicted(gone), kMaxPolicyShadow);
            world.policies.check_invariants();
            EXPECT_EQ(world.policy().count(), PageCount(8));
        }
    }
}

}  // namespace
}  // namespace quire::mm
