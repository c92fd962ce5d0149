// Every replacement policy against the one thing they all promise: a set of frames.
//
// Random arrivals, uses, choices, evictions, returns with true and false shadows, and changes of
// policy; the model is the set of frames in the lists. After each step the policy checks itself. A
// failure prints the seed; QUIRE_SEED=n repeats it.
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "mm/policy_looks.h"
#include "tests/host/policy_world.h"
#include "tests/host/seed.h"

namespace quire::mm {
namespace {

constexpr std::uint32_t kFrames = 90;

class Walk {
  public:
    explicit Walk(PolicyKind kind, std::uint64_t seed) : world_(kFrames, kind), random_(seed) {}

    void run(std::uint32_t steps, bool change_policy) {
        for (std::uint32_t step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
            act(random_.below(change_policy ? 101 : 100));
            ASSERT_EQ(world_.policy().count(), PageCount(static_cast<std::uint32_t>(in_.size())));
            world_.policies.check_invariants();
        }
    }

  private:
    void act(std::size_t dice) {
        const FrameNumber frame(1 + static_cast<std::uint32_t>(random_.below(kFrames)));
        if (dice < 40) {
            world_.bits.use(frame);
        } else if (dice < 65) {
            admit(frame);
        } else if (dice < 70) {
            if (in_.erase(frame.raw()) != 0) world_.policy().forget(frame);
        } else if (dice < 97) {
            choose();
        } else if (dice < 100) {
            take_any();
        } else {
            world_.policies.change_to(kPolicyKinds[random_.below(kPolicyKinds.size())]);
        }
    }

    void admit(FrameNumber frame) {
        if (!in_.insert(frame.raw()).second) return;
        const auto arrival = random_.below(8) == 0 ? Arrival::ReadAhead : Arrival::Demand;
        world_.policy().admit(frame, arrival, some_shadow());
    }

    // Mostly one that the policy made, now and then any other, or none.
    Shadow some_shadow() {
        const std::size_t dice = random_.below(10);
        if (dice == 0) return static_cast<Shadow>(random_.below(kMaxShadow + 1));
        if (dice < 4 || shadows_.empty()) return 0;
        return shadows_[random_.below(shadows_.size())];
    }

    void choose() {
        world_.bits.looked_at();
        const std::optional<FrameNumber> victim = world_.policy().choose(world_.bits);
        ASSERT_LE(world_.bits.looked_at().size(), BoundedLooks::kMost);
        ASSERT_EQ(victim.has_value(), !in_.empty());
        if (!victim.has_value()) return;
        ASSERT_EQ(in_.erase(victim->raw()), 1U);
        if (random_.below(5) == 0) {
            world_.policy().put_back(*victim);
            in_.insert(victim->raw());
        } else {
            shadows_.push_back(world_.policy().evicted(*victim));
            ASSERT_LE(shadows_.back(), kMaxPolicyShadow);
        }
    }

    void take_any() {
        const std::optional<FrameNumber> frame = world_.policy().take_any();
        ASSERT_EQ(frame.has_value(), !in_.empty());
        if (!frame.has_value()) return;
        ASSERT_EQ(in_.erase(frame->raw()), 1U);
    }

    test::PolicyWorld world_;
    test::Random random_;
    std::set<std::uint32_t> in_;
    std::vector<Shadow> shadows_;
};

class PolicyModel : public testing::TestWithParam<PolicyKind> {};

TEST_P(PolicyModel, KeepsItsFrames) {
    const std::uint64_t seed = test::seed();
    for (std::uint64_t round = 0; round < 4; ++round)
        Walk(GetParam(), seed + round).run(4000, false);
}

TEST_P(PolicyModel, KeepsItsFramesThroughChangesOfPolicy) {
    Walk(GetParam(), test::seed()).run(8000, true);
}

INSTANTIATE_TEST_SUITE_P(All, PolicyModel, testing::ValuesIn(kPolicyKinds));

}  // namespace
}  // namespace quire::mm
