// What may be promised to programs in each mode, and that promises are counted.
#include "mm/commit_account.h"

#include <gtest/gtest.h>

namespace quire::mm {
namespace {

constexpr PageCount kRam{1000};
constexpr PageCount kSwap{200};
constexpr PageCount kMost{0xBFFF0};  // a whole user space

class Commit : public testing::Test {
  protected:
    void SetUp() override { account.set_swap(kSwap); }
    void TearDown() override { account.release(account.committed()); }

    bool charges(PageCount pages) {
        const PageCount before = account.committed();
        const Result<void> result = account.charge(pages);
        EXPECT_EQ(account.committed(), result.ok() ? before + pages : before);
        EXPECT_TRUE(result.ok() || result.error() == Error::OutOfMemory);
        return result.ok();
    }
    CommitAccount account{kRam};
};

TEST_F(Commit, CountsPromises) {
    EXPECT_TRUE(charges(PageCount(7)));
    EXPECT_TRUE(charges(PageCount(5)));
    account.release(PageCount(4));
    EXPECT_EQ(account.committed(), PageCount(8));
}

TEST_F(Commit, TheHeuristicRefusesOnlyWhatCouldNeverBe) {
    EXPECT_EQ(account.mode(), Overcommit::Heuristic);
    EXPECT_FALSE(charges(kRam + kSwap + PageCount(1)));
    EXPECT_TRUE(charges(kRam + kSwap));
    EXPECT_TRUE(charges(kRam + kSwap));  // what is promised already does not count
}

TEST_F(Commit, AlwaysIsAlways) {
    account.set_mode(Overcommit::Always);
    EXPECT_TRUE(charges(kMost));
    EXPECT_TRUE(charges(kMost));
}

TEST_F(Commit, NeverStopsAtTheLimit) {
    account.set_mode(Overcommit::Never);
    EXPECT_EQ(account.limit(), PageCount(700));  // half of RAM, all swap
    EXPECT_FALSE(charges(PageCount(701)));
    EXPECT_TRUE(charges(PageCount(699)));
    EXPECT_FALSE(charges(PageCount(2)));
    EXPECT_TRUE(charges(PageCount(1)));
    EXPECT_FALSE(charges(kMost));
}

TEST_F(Commit, TheLimitFollowsRatioAndSwap) {
    account.set_ratio(25);
    account.set_swap(PageCount(10));
    EXPECT_EQ(account.limit(), PageCount(260));
    CommitAccount all_there_can_be{PageCount(1U << 20)};
    all_there_can_be.set_ratio(100);
    EXPECT_EQ(all_there_can_be.limit(), PageCount(1U << 20));
}

TEST_F(Commit, ALimitBelowWhatIsPromisedOnlyRefusesMore) {
    EXPECT_TRUE(charges(PageCount(650)));
    account.set_mode(Overcommit::Never);
    account.set_swap(PageCount(0));
    EXPECT_FALSE(charges(PageCount(1)));
    EXPECT_TRUE(charges(PageCount(0)));
    EXPECT_TRUE(account.allows(PageCount(0), PageCount(10)));
    account.release(PageCount(151));
    EXPECT_TRUE(charges(PageCount(1)));
}

TEST_F(Commit, SwapMayGoAsLongAsWhatIsPromisedHasAPlace) {
    EXPECT_TRUE(charges(PageCount(650)));
    EXPECT_TRUE(account.may_lose_swap(kSwap)) << "nothing is promised for good";
    account.set_mode(Overcommit::Never);
    const PageCount left = account.limit() - PageCount(650);
    EXPECT_TRUE(account.may_lose_swap(left));
    EXPECT_FALSE(account.may_lose_swap(left + PageCount(1)));
}

TEST_F(Commit, AsksWhetherAnExchangeIsPossible) {
    account.set_mode(Overcommit::Never);
    EXPECT_TRUE(charges(PageCount(700)));
    EXPECT_FALSE(account.allows(PageCount(1)));
    EXPECT_TRUE(account.allows(PageCount(100), PageCount(100)));
    EXPECT_FALSE(account.allows(PageCount(101), PageCount(100)));
    EXPECT_EQ(account.committed(), PageCount(700));
}

TEST_F(Commit, NobodyReleasesMoreThanWasCharged) {
    EXPECT_TRUE(charges(PageCount(3)));
    EXPECT_DEATH(account.release(PageCount(4)), "");
}

TEST_F(Commit, MustBeEmptyInTheEnd) {
    EXPECT_DEATH(
        {
            CommitAccount leaky{kRam};
            EXPECT_TRUE(leaky.charge(PageCount(1)).ok());
        },
        "");
}

}  // namespace
}  // namespace quire::mm
