// mm/policy_generations: order, generations, what is learned from shadows, bounds.
#include <gtest/gtest.h>

#include "mm/policy_looks.h"
#include "tests/host/policy_world.h"

namespace quire::mm {
namespace {

using test::PolicyWorld;
using test::ReferenceString;
using Pages = std::vector<std::uint32_t>;

struct Generations : PolicyWorld {
    explicit Generations(std::uint32_t frames) : PolicyWorld(frames, PolicyKind::Generations) {
        for (std::uint32_t frame = 1; frame <= frames; ++frame)
            arrive(frame);
    }
    // What evicted() would say of a frame, which is taken in if it waits.
    Shadow shadow_of(std::uint32_t frame) {
        (void)age(frame);
        return policy().evicted(FrameNumber(frame));
    }
    static std::uint32_t generation_in(Shadow shadow) { return shadow >> 2 & 0x1FFF; }
    static std::uint32_t rhythm_in(Shadow shadow) { return shadow & 3; }

    void arrive_after(std::uint32_t frame, std::uint32_t age) {
        policy().forget(FrameNumber(frame));
        policy().admit(FrameNumber(frame), Arrival::ReadAhead, 0);
        const Shadow now = shadow_of(frame);
        policy().forget(FrameNumber(frame));
        arrive(frame, now - age * 4);
    }

    std::uint32_t age(std::uint32_t frame) {
        return static_cast<GenerationPolicy&>(policy()).age_of(FrameNumber(frame));
    }
};

Pages range(std::uint32_t first, std::uint32_t end) {
    Pages pages;
    for (std::uint32_t page = first; page < end; ++page)
        pages.push_back(page);
    return pages;
}

// Pages that come and go before there is a choice to make leave no trace in the ages of others.
TEST(GenerationPolicy, LearnsNothingOfPagesThatComeAndGoUnchosen) {
    Generations alone(64);
    PolicyWorld visited(128, PolicyKind::Generations);
    for (std::uint32_t frame = 1; frame <= 64; ++frame) {
        visited.arrive(frame);
        visited.arrive(frame + 64);
        visited.policy().forget(FrameNumber(frame + 64));
    }
    EXPECT_EQ(visited.policy().count(), PageCount(64));
    auto& policy = static_cast<GenerationPolicy&>(visited.policy());
    for (std::uint32_t frame = 1; frame <= 64; ++frame)
        EXPECT_EQ(policy.age_of(FrameNumber(frame)), alone.age(frame)) << frame;
    EXPECT_EQ(visited.choose(), alone.choose());
}

TEST(GenerationPolicy, ForgetsManyAtOnceWhereverTheyAre) {
    Generations world(64);
    world.policy().put_back(FrameNumber(world.choose()));  // 64 are taken in
    std::vector<FrameNumber> gone;
    for (const std::uint32_t frame : {40U, 41U, 42U, 7U, 50U, 49U, 64U})
        gone.emplace_back(frame);
    world.policy().forget_all(gone);
    world.policies.check_invariants();
    EXPECT_EQ(world.policy().count(), PageCount(57));
    for (std::size_t i = 0; i + 1 < gone.size(); ++i)
        EXPECT_EQ(world.table.chain_next(gone[i]), gone[i + 1]);
    for (const FrameNumber frame : gone) {
        EXPECT_FALSE(world.table.has(frame, FrameFlag::Listed));
        world.policy().admit(frame, Arrival::Demand, 0);
    }
    world.policy().forget_all(gone);
    world.policies.check_invariants();
    EXPECT_EQ(world.policy().count(), PageCount(57));
}

TEST(GenerationPolicy, EvictsTheOldestWhileNothingIsLearned) {
    Generations world(6);
    for (std::uint32_t frame = 1; frame <= 6; ++frame)
        EXPECT_EQ(world.choose(), frame);
    EXPECT_EQ(world.choose(), 0U);
}

TEST(GenerationPolicy, BeginsAGenerationForEachEighthOfThePages) {
    Generations world(64);
    // Sixty-four pages make generations of eight; while they came, the generations were smaller.
    const std::uint32_t before = world.age(1);
    EXPECT_EQ(world.age(64), 0U);
    for (std::uint32_t frame = 1; frame <= 16; ++frame) {
        world.policy().forget(FrameNumber(frame + 40));
        world.arrive(frame + 40);
    }
    EXPECT_EQ(world.age(1), before + 2);
}

TEST(GenerationPolicy, MovesAUsedPageToTheYoungest) {
    Generations world(8);
    EXPECT_GT(world.age(1), 0U);
    world.bits.use(FrameNumber(1));
    world.bits.use(FrameNumber(2));
    EXPECT_EQ(world.choose(), 3U);
    EXPECT_LE(world.age(1), 1U);
    EXPECT_LE(world.age(2), 1U);
}

// The use for which it was brought in says nothing; one that follows the next fault does.
TEST(GenerationPolicy, LooksAtTheLastArrivalToForgetItsFirstUse) {
    Generations world(40);
    world.bits.use(FrameNumber(40));
    world.choose();
    EXPECT_EQ(world.bits.looked_at().front(), 40U);
    world.choose();
    EXPECT_NE(world.bits.looked_at().front(), 40U);
    world.arrive(1);
    world.policy().forget(FrameNumber(1));
    world.choose();
    EXPECT_NE(world.bits.looked_at().front(), 1U);
}

// The generation counts uses of other pages; one across the end of a generation is no second one.
TEST(GenerationPolicy, CountsAUseOnceInTwoGenerations) {
    Generations world(64);
    const std::uint32_t generation = Generations::generation_in(world.shadow_of(64));
    std::uint32_t used = 0;
    for (std::uint32_t frame = 1; frame < 64; ++frame) {
        if (world.age(frame) != 1) continue;
        world.bits.use(FrameNumber(frame));
        ++used;
    }
    EXPECT_GE(used, 7U);
    world.policy().put_back(FrameNumber(world.choose()));
    EXPECT_EQ(Generations::generation_in(world.shadow_of(64)), generation);
    EXPECT_EQ(world.age(64), 0U);
    for (std::uint32_t frame = 1; frame < 64; ++frame) {
        if (world.age(frame) == 2 || world.age(frame) == 3) world.bits.use(FrameNumber(frame));
    }
    for (int choice = 0; choice < 4; ++choice)
        world.policy().put_back(FrameNumber(world.choose()));
    EXPECT_GE(world.age(64), 1U);
}

TEST(GenerationPolicy, KeepsTheRhythmInWhichAPageComesBack) {
    Generations world(64);
    const std::uint32_t rhythms[][2] = {{0, 1}, {3, 1},  {4, 2},  {7, 2},
                                        {8, 3}, {15, 3}, {16, 0}, {20, 0}};
    for (const auto& [age, rhythm] : rhythms) {
        world.arrive_after(5, age);
        EXPECT_EQ(Generations::rhythm_in(world.shadow_of(5)), rhythm) << age;
    }
}

TEST(GenerationPolicy, KeepsTheRhythmInWhichAPageIsFoundUsed) {
    Generations world(64);
    std::uint32_t frame = 1;
    while (world.age(frame) != 6)
        ++frame;
    world.bits.use(FrameNumber(frame));
    for (int choice = 0; choice < 6; ++choice)
        world.policy().put_back(FrameNumber(world.choose()));
    EXPECT_LE(world.age(frame), 1U);
    EXPECT_EQ(Generations::rhythm_in(world.shadow_of(frame)), 2U);
}

// More lives than its tables hold must not begin between two updates.
TEST(GenerationPolicy, HoldsALargeMemory) {
    constexpr std::uint32_t kMany = 70'000;
    PolicyWorld world(kMany, PolicyKind::Generations);
    for (std::uint32_t frame = 1; frame <= kMany; ++frame)
        world.policy().admit(FrameNumber(frame), Arrival::Demand, 0);
    world.policies.check_invariants();
    EXPECT_EQ(world.choose(), 1U);
}

TEST(GenerationPolicy, LooksAtABoundedNumberOfPages) {
    Generations world(300);
    world.bits.use_always();
    for (std::uint32_t left = 300; left != 0; --left) {
        EXPECT_NE(world.choose(), 0U);
        EXPECT_LE(world.bits.looked_at().size(), BoundedLooks::kMost);
    }
}

// In the youngest generation a look would change nothing.
TEST(GenerationPolicy, LooksAtEveryPageInTurnButTheYoungest) {
    Generations world(65);
    std::set<std::uint32_t> expected;
    for (std::uint32_t frame = 1; frame <= 65; ++frame) {
        if (world.age(frame) != 0) expected.insert(frame);
    }
    std::set<std::uint32_t> seen;
    for (int choice = 0; choice < 5; ++choice) {
        const std::uint32_t victim = world.choose();
        for (std::uint32_t frame : world.bits.looked_at())
            seen.insert(frame);
        world.policy().put_back(FrameNumber(victim));
    }
    seen.erase(65);  // the last arrival
    EXPECT_GT(expected.size(), 50U);
    EXPECT_EQ(seen, expected);
}

// Were the oldest always the victim, a loop over more pages than there are frames would never hit.
TEST(GenerationPolicy, KeepsAPartOfALoop) {
    ReferenceString string(40, PolicyKind::Generations);
    const Pages loop = range(0, 60);
    for (int round = 0; round < 10; ++round)
        string.play(loop);
    std::uint32_t faults = 0;
    for (int round = 0; round < 10; ++round)
        faults += string.play(loop);
    // The best is twenty of sixty and a little.
    EXPECT_LE(faults, 10 * 30U);
}

TEST(GenerationPolicy, NoticesThatALoopIsOver) {
    ReferenceString string(40, PolicyKind::Generations);
    for (int round = 0; round < 20; ++round)
        string.play(range(0, 60));
    for (int round = 0; round < 20; ++round)
        string.play(range(100, 130));
    EXPECT_EQ(string.play(range(100, 130)), 0U);
}

TEST(GenerationPolicy, AScanDoesNotPushOutWhatIsInUse) {
    ReferenceString string(32, PolicyKind::Generations);
    const Pages hot = range(0, 16);
    for (int round = 0; round < 50; ++round) {
        string.play(hot);
        string.play(range(1000, 1004));
    }
    std::uint32_t faults = 0;
    for (std::uint32_t page = 2000; page < 2400; page += 8) {
        string.play(range(page, page + 8));
        faults += string.play(hot);
    }
    EXPECT_EQ(faults, 0U);
}

// What evicted() answers says in which generation the page was used last, also long afterwards.
TEST(GenerationPolicy, TellsTheGenerationInAShadow) {
    Generations world(16);
    const std::uint32_t victim = world.choose();
    const Shadow first = world.policy().evicted(FrameNumber(victim));
    EXPECT_NE(first, 0U);
    EXPECT_LE(first, kMaxPolicyShadow);
    world.arrive(victim, first);
    Shadow last = first;
    for (int turn = 0; turn < 100; ++turn) {
        const std::uint32_t next = world.choose();
        last = world.policy().evicted(FrameNumber(next));
        EXPECT_LE(last, kMaxPolicyShadow);
        world.arrive(next);
    }
    EXPECT_GT(last, first);
}

// With the oldest generation still there, the youngest takes in all that comes: no age wraps.
TEST(GenerationPolicy, WaitsForTheOldestGenerationToLeave) {
    PolicyWorld world(2000, PolicyKind::Generations);
    for (std::uint32_t frame = 1; frame <= 2000; ++frame)
        world.arrive(frame);
    auto& generations = static_cast<GenerationPolicy&>(world.policy());
    EXPECT_EQ(generations.age_of(FrameNumber(1)), GenerationPolicy::kGenerations - 1);
    EXPECT_EQ(generations.age_of(FrameNumber(2000)), 0U);
    std::uint32_t previous = GenerationPolicy::kGenerations;
    for (std::uint32_t frame = 1; frame <= 2000; ++frame) {
        EXPECT_LE(generations.age_of(FrameNumber(frame)), previous);
        previous = generations.age_of(FrameNumber(frame));
    }
    EXPECT_EQ(world.choose(), 1U);
}

TEST(GenerationPolicy, PutsBackAmongTheYoungest) {
    Generations world(10);
    const std::uint32_t victim = world.choose();
    world.policy().put_back(FrameNumber(victim));
    world.policies.check_invariants();
    EXPECT_EQ(world.age(victim), 0U);
    EXPECT_NE(world.choose(), victim);
    EXPECT_EQ(world.policy().count(), PageCount(9));
}

TEST(GenerationPolicy, ForgetsAFrameWhereverItIs) {
    Generations world(30);
    for (std::uint32_t frame = 30; frame != 0; --frame) {
        world.policy().forget(FrameNumber(frame));
        world.policies.check_invariants();
        EXPECT_EQ(world.policy().count(), PageCount(frame - 1));
    }
    EXPECT_EQ(world.choose(), 0U);
    EXPECT_EQ(world.policy().take_any(), std::nullopt);
}

TEST(GenerationPolicy, ReadAheadCountsAsNoUse) {
    Generations world(8);
    const std::uint32_t before = world.age(8);
    for (int turn = 0; turn < 50; ++turn) {
        world.policy().forget(FrameNumber(1));
        world.policy().admit(FrameNumber(1), Arrival::ReadAhead, 0);
    }
    EXPECT_EQ(world.age(8), before);
    world.choose();
    EXPECT_NE(world.bits.looked_at().front(), 1U);
}

TEST(GenerationPolicy, TakesAShadowOfAnyOrigin) {
    Generations world(4);
    for (Shadow shadow = 0; shadow <= kMaxShadow; shadow = shadow * 3 + 1) {
        world.policy().forget(FrameNumber(1));
        world.arrive(1, shadow);
    }
    world.policy().forget(FrameNumber(1));
    world.arrive(1, kMaxShadow);
    EXPECT_EQ(world.policy().count(), PageCount(4));
}

}  // namespace
}  // namespace quire::mm
