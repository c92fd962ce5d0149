// mm/table_set.h: a set of page tables, and beside it a plain list of truths.
#include "mm/table_set.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/host/seed.h"

namespace quire::mm {
namespace {

std::vector<std::uint32_t> members(const TableSet& set) {
    std::vector<std::uint32_t> all;
    set.for_each([&](std::uint32_t index) { all.push_back(index); });
    return all;
}

using Indexes = std::vector<std::uint32_t>;

TEST(TableSet, HasWhatWasAdded) {
    TableSet set;
    EXPECT_TRUE(set.empty());
    for (const std::uint32_t index : {0U, 31U, 32U, 767U})
        set.add(index);
    EXPECT_TRUE(set.has(31) && set.has(32) && !set.has(33) && !set.has(1));
    EXPECT_EQ(members(set), (Indexes{0, 31, 32, 767}));
    set.remove(32);
    set.remove(0);
    EXPECT_EQ(members(set), (Indexes{31, 767}));
    set.remove(31);
    set.remove(767);
    EXPECT_TRUE(set.empty());
}

TEST(TableSet, TakesTheTablesOfARange) {
    TableSet set;
    set.add(PageRange{PageNumber(1023), PageNumber(2049)});
    EXPECT_EQ(members(set), (Indexes{0, 1, 2}));
}

TEST(TableSet, FindsTheNext) {
    TableSet set;
    EXPECT_EQ(set.next(0), kFirstKernelIndex);
    set.add(40);
    set.add(700);
    EXPECT_EQ(set.next(0), 40U);
    EXPECT_EQ(set.next(40), 40U);
    EXPECT_EQ(set.next(41), 700U);
    EXPECT_EQ(set.next(701), kFirstKernelIndex);
    EXPECT_EQ(set.next(1023), kFirstKernelIndex);
}

TEST(TableSet, ForgetsWhatAGroupHeldBefore) {
    TableSet set;
    set.add(70);
    set.remove(70);
    set.add(71);
    EXPECT_EQ(members(set), Indexes{71});
}

TEST(TableSet, RemovesAnother) {
    TableSet set;
    set.add(PageRange{PageNumber(0), PageNumber(40 * 1024)});
    TableSet other;
    other.add(PageRange{PageNumber(1024), PageNumber(39 * 1024)});
    other.add(600);
    set.remove(other);
    EXPECT_EQ(members(set), (Indexes{0, 39}));
}

TEST(TableSet, AgreesWithAListOfTruths) {
    test::Random random(test::seed());
    for (int round = 0; round < 50; ++round) {
        TableSet set;
        std::vector<bool> truth(kFirstKernelIndex);
        for (int step = 0; step < 200; ++step) {
            const std::uint32_t index = static_cast<std::uint32_t>(random.below(kFirstKernelIndex));
            truth[index] = random.below(3) != 0;
            truth[index] ? set.add(index) : set.remove(index);
        }
        const TableSet copy = set;
        Indexes expected;
        std::uint32_t next = kFirstKernelIndex;
        for (std::uint32_t i = kFirstKernelIndex; i-- > 0;) {
            if (truth[i]) expected.insert(expected.begin(), i);
            if (truth[i]) next = i;
            ASSERT_EQ(copy.has(i), truth[i]);
            ASSERT_EQ(copy.next(i), next);
        }
        ASSERT_EQ(members(copy), expected);
    }
}

}  // namespace
}  // namespace quire::mm
