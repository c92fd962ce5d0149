// mm/policy_worth: the worth of an age against its definition, tried for each later age.
#include <gtest/gtest.h>

#include "mm/policy_worth.h"
#include "tests/host/seed.h"

namespace quire::mm {
namespace {

constexpr std::uint32_t kAges = WorthTable::kAges;

struct Lives {
    std::uint32_t begun = 0;
    std::array<std::uint32_t, kAges> ended = {};

    void record_in(WorthTable& table) const {
        for (std::uint32_t life = 0; life < begun; ++life)
            table.begin();
        for (std::uint32_t age = 0; age < kAges; ++age) {
            for (std::uint32_t life = 0; life < ended[age]; ++life)
                table.end(age);
        }
    }

    // Uses in [age, b] over the room in [age, b], for the best b.
    [[nodiscard]] std::uint32_t best_rate(std::uint32_t age) const {
        std::uint64_t waiting = begun;
        for (std::uint32_t younger = 0; younger < age; ++younger)
            waiting -= ended[younger];
        std::uint64_t uses = 0;
        std::uint64_t room = 0;
        std::uint64_t best = 0;
        for (std::uint32_t b = age; b < kAges - 1; ++b) {
            uses += ended[b];
            room += 2 * waiting - ended[b];
            waiting -= ended[b];
            if (room != 0) best = std::max(best, (uses << 16) / room);
        }
        return static_cast<std::uint32_t>(best);
    }
};

TEST(WorthTable, KnowsNothingAtFirst) {
    WorthTable table;
    for (std::uint32_t age = 0; age < kAges; ++age)
        EXPECT_EQ(table.worth(age), 0U);
    table.update();
    EXPECT_EQ(table.worth(0), 0U);
}

// The picture at the head of policy_worth.h.
TEST(WorthTable, SeesTheNextUseFromAfar) {
    Lives lives{.begun = 100};
    lives.ended[0] = 60;
    lives.ended[1] = 10;
    lives.ended[2] = 2;
    lives.ended[5] = 20;
    WorthTable table;
    lives.record_in(table);
    table.update();
    EXPECT_GT(table.worth(0), table.worth(1));
    EXPECT_GT(table.worth(1), table.worth(2));
    EXPECT_LT(table.worth(3), table.worth(4));
    EXPECT_LT(table.worth(4), table.worth(5));
    EXPECT_EQ(table.worth(3), (20U << 16) / (2 * 28 + 2 * 28 + 2 * 28 - 20));
    EXPECT_EQ(table.worth(6), 0U);
}

TEST(WorthTable, InALoopTheYoungAreWorthLeast) {
    Lives lives{.begun = 50};
    lives.ended[20] = 50;
    WorthTable table;
    lives.record_in(table);
    table.update();
    for (std::uint32_t age = 0; age < 20; ++age)
        EXPECT_LT(table.worth(age), table.worth(age + 1));
    EXPECT_EQ(table.worth(21), 0U);
}

TEST(WorthTable, HoldsTheOldestAgeWorthless) {
    WorthTable table;
    Lives lives{.begun = 90};
    for (std::uint32_t age : {kAges - 2, kAges - 1})
        lives.ended[age] = 30;
    lives.record_in(table);
    table.end(kAges);
    table.end(~0U);
    table.update();
    EXPECT_GT(table.worth(kAges - 2), 0U);
    EXPECT_EQ(table.worth(kAges - 1), 0U);
}

TEST(WorthTable, AgreesWithItsDefinition) {
    test::Random random(test::seed());
    for (int round = 0; round < 500; ++round) {
        Lives lives;
        const std::size_t density = 1 + random.below(8);
        for (std::uint32_t age = 0; age < kAges - 1; ++age) {
            if (random.below(density) == 0)
                lives.ended[age] = static_cast<std::uint32_t>(random.below(40));
            lives.begun += lives.ended[age];
        }
        lives.begun += static_cast<std::uint32_t>(random.below(60));
        WorthTable table;
        lives.record_in(table);
        table.update();
        for (std::uint32_t age = 0; age < kAges; ++age)
            ASSERT_EQ(table.worth(age), age == kAges - 1 ? 0 : lives.best_rate(age)) << age;
    }
}

// Two stretches of ages whose uses times room pass 2^32.
TEST(WorthTable, ComparesLargeNumbersExactly) {
    WorthTable table;
    Lives before{.begun = 16382};
    before.ended[6] = 4000;
    before.ended[27] = 10382;
    before.ended[28] = 2000;
    before.record_in(table);
    table.update();
    Lives after{.begun = 14749};
    after.ended[6] = 5034;
    after.ended[27] = 5520;
    after.ended[28] = 4149;
    after.record_in(table);
    table.update();
    Lives both{.begun = 22940};
    both.ended[6] = 7034;
    both.ended[27] = 10711;
    both.ended[28] = 5149;
    for (std::uint32_t age = 0; age < kAges - 1; ++age)
        EXPECT_EQ(table.worth(age), both.best_rate(age)) << age;
}

TEST(WorthTable, GivesTheOldHalfTheWeightOfTheNew) {
    WorthTable table;
    Lives before{.begun = 40};
    before.ended[4] = 40;
    before.record_in(table);
    table.update();
    Lives after{.begun = 40};
    after.ended[8] = 40;
    after.record_in(table);
    table.update();
    Lives both{.begun = 60};
    both.ended[4] = 20;
    both.ended[8] = 40;
    for (std::uint32_t age = 0; age < kAges; ++age)
        EXPECT_EQ(table.worth(age), both.best_rate(age)) << age;
}

// More lives may end than begin, as those that end may have begun before.
TEST(WorthTable, TakesMoreEndsThanBeginnings) {
    WorthTable table;
    for (int life = 0; life < 10; ++life)
        table.end(3);
    table.update();
    EXPECT_EQ(table.worth(3), (10U << 16) / 10);
    EXPECT_EQ(table.worth(4), 0U);
}

TEST(WorthTable, HoldsAsManyLivesAsItSays) {
    WorthTable table;
    for (int round = 0; round < 20; ++round) {
        for (std::uint32_t life = 0; life < WorthTable::kMostLives; ++life) {
            table.begin();
            table.end(0);
        }
        table.update();
        EXPECT_EQ(table.worth(0), 1U << 16);
    }
    for (std::uint32_t life = 0; life <= 2 * WorthTable::kMostLives; ++life)
        table.begin();
    EXPECT_DEATH(table.update(), "kMostLives");
}

}  // namespace
}  // namespace quire::mm
