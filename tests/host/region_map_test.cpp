// mm/rights, mm/region, mm/region_tree, mm/region_map: single contracts.
#include "mm/region_map.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "tests/host/region_world.h"

namespace quire::mm {
namespace {

using test::pages;
using test::RegionWorld;

constexpr RegionTraits kReadWrite{.rights = Rights::read() | Rights::write(),
                                  .most = Rights::all()};
constexpr RegionTraits kReadOnly{.rights = Rights::read(), .most = Rights::all()};
constexpr RegionTraits kStack{
    .rights = Rights::read() | Rights::write(), .most = Rights::all(), .grows_down = true};
constexpr RegionTraits kShared{.rights = Rights::read(), .most = Rights::all(), .shared = true};
constexpr PageRange kEverywhere = kUserPages;

struct RegionMapTest : testing::Test, RegionWorld {
    ~RegionMapTest() override { map.check_invariants(); }

    Region& make(PageRange range, const RegionTraits& traits = kReadWrite,
                 MemoryObject* object = nullptr, std::uint32_t object_page = 0) {
        Region* region = map.create(space(), range, traits, object, object_page).take();
        map.check_invariants();
        return *region;
    }
    std::vector<PageRange> ranges() {
        std::vector<PageRange> all;
        for (Region* region = map.first(); region != nullptr; region = map.next(*region))
            all.push_back(region->range());
        return all;
    }
    std::optional<PageNumber> from_top(std::uint32_t count, PageRange within = kEverywhere) {
        return map.find_gap_from_top(within, PageCount(count));
    }
    std::optional<PageNumber> from_bottom(std::uint32_t count, PageRange within = kEverywhere) {
        return map.find_gap_from_bottom(within, PageCount(count));
    }
};

// --- Rights ---

TEST(Rights, AreASetOfThree) {
    const Rights both = Rights::read() | Rights::execute();
    EXPECT_EQ(both.raw(), 5U);
    EXPECT_TRUE(both.has(Rights::read()));
    EXPECT_FALSE(both.has(Rights::write()));
    EXPECT_FALSE(both.has(Rights::read() | Rights::write()));
    EXPECT_TRUE(both.has(Rights::none()));
    EXPECT_TRUE((both & Rights::write()).empty());
    EXPECT_FALSE(both.empty());
    EXPECT_EQ(Rights::from_raw(2), Rights::write());
    EXPECT_EQ(Rights::from_raw(7), Rights::all());
    EXPECT_TRUE(Rights().empty());
}

TEST(RightsDeathTest, HaveNoOtherBits) {
    EXPECT_DEATH((void)Rights::from_raw(8), "prot <=");
}

// --- A whole map ---

TEST_F(RegionMapTest, ACopyHasTheSameRegions) {
    for (std::uint32_t i = 0; i < 40; ++i)
        make(pages(100 + 10 * i, 104 + 10 * i), i % 3 == 0 ? kReadOnly : kReadWrite,
             i % 4 == 0 ? &file : nullptr, i);
    make(pages(0xB0000, 0xB0010), kStack);
    RegionMap copy(cache);
    ASSERT_TRUE(copy.copy_from(map, space()).ok());
    copy.check_invariants();
    EXPECT_EQ(copy.size(), map.size());
    EXPECT_EQ(copy.total_pages(), map.total_pages());
    Region* theirs = map.first();
    for (Region* ours = copy.first(); ours != nullptr; ours = copy.next(*ours)) {
        EXPECT_NE(ours, theirs);
        EXPECT_EQ(ours->range(), theirs->range());
        EXPECT_EQ(ours->traits(), theirs->traits());
        EXPECT_EQ(ours->object(), theirs->object());
        EXPECT_EQ(ours->object_page(), theirs->object_page());
        EXPECT_EQ(copy.find(ours->range().first), ours);
        theirs = map.next(*theirs);
    }
    EXPECT_EQ(copy.find_gap_from_top(kEverywhere, PageCount(5)), from_top(5));
    copy.destroy(*copy.find(PageNumber(100)));  // it can be changed like any other
    copy.check_invariants();
    copy.clear();
    copy.check_invariants();
    EXPECT_EQ(copy.first(), nullptr);
}

TEST_F(RegionMapTest, ACopyOfAnEmptyMapIsEmpty) {
    RegionMap copy(cache);
    ASSERT_TRUE(copy.copy_from(map, space()).ok());
    EXPECT_EQ(copy.first(), nullptr);
    copy.clear();
    copy.check_invariants();
}

TEST_F(RegionMapTest, ACopyIsNotLocked) {
    RegionTraits locked = kReadWrite;
    locked.locked = locked.lock_on_fault = true;
    make(pages(20, 30), locked);
    RegionMap copy(cache);
    ASSERT_TRUE(copy.copy_from(map, space()).ok());
    EXPECT_EQ(copy.first()->traits(), kReadWrite);
    copy.clear();
}

TEST_F(RegionMapTest, ACopyThatFailsLeavesNothing) {
    for (std::uint32_t i = 0; i < 7; ++i)
        make(pages(100 + 10 * i, 104 + 10 * i), kReadWrite, &file, i);
    const std::uint32_t live = cache.cache().statistics().live;
    RegionMap copy(cache);
    for (std::uint32_t n = 1;; ++n) {
        frames.injector.fail_nth(n);
        const bool done = copy.copy_from(map, space()).ok();
        frames.injector.fail_nth(0);
        copy.check_invariants();
        if (done) {
            EXPECT_EQ(n, 8U);
            break;
        }
        EXPECT_EQ(copy.first(), nullptr);
        EXPECT_EQ(cache.cache().statistics().live, live);
    }
    copy.clear();
    EXPECT_EQ(cache.cache().statistics().live, live);
}

// --- A region ---

TEST_F(RegionMapTest, ARegionIsInTheListOfItsObjectWhileItLives) {
    {
        Region region(space(), pages(20, 30), kReadWrite, &file, 7);
        EXPECT_TRUE(region.object_hook.is_linked());
        EXPECT_EQ(region.object(), &file);
        EXPECT_EQ(&region.space(), &space());
        EXPECT_EQ(region.object_page(), 7U);
        EXPECT_EQ(region.object_page_of(PageNumber(24)), 11U);
        EXPECT_EQ(region.object_page_of(PageNumber(30)), 17U);
    }
    // The list of `file` asserts that it is empty when the world ends.
}

TEST_F(RegionMapTest, AnonymousMemoryHasNoObjectPages) {
    Region region(space(), pages(20, 30), kReadWrite, nullptr, 7);
    EXPECT_FALSE(region.object_hook.is_linked());
    EXPECT_EQ(region.object_page(), 0U);
    EXPECT_EQ(region.object_page_of(PageNumber(24)), 0U);
}

TEST_F(RegionMapTest, TraitsChangeInPlace) {
    Region region(space(), pages(20, 30), kReadWrite, nullptr, 0);
    region.set_traits(kReadOnly);
    EXPECT_EQ(region.traits(), kReadOnly);
}

using RegionMapDeathTest = RegionMapTest;

TEST_F(RegionMapDeathTest, ARegionRefusesTraitsThatContradictEachOther) {
    const RegionTraits too_much{.rights = Rights::write(), .most = Rights::read()};
    const RegionTraits lock_twice{.lock_on_fault = true};
    EXPECT_DEATH(Region(space(), pages(20, 30), too_much, nullptr, 0), "most.has");
    EXPECT_DEATH(Region(space(), pages(20, 30), lock_twice, nullptr, 0), "lock_on_fault");
    EXPECT_DEATH(Region(space(), pages(20, 30), kShared, nullptr, 0), "shared");
    EXPECT_DEATH(Region(space(), pages(20, 20), kReadWrite, nullptr, 0), "empty");
    Region region(space(), pages(20, 30), kReadWrite, nullptr, 0);
    EXPECT_DEATH(region.set_traits(kStack), "grows_down");
    EXPECT_DEATH(region.set_traits(too_much), "most.has");
    EXPECT_DEATH((void)region.object_page_of(PageNumber(31)), "page <=");
}

// --- Finding ---

TEST_F(RegionMapTest, AnEmptyMapFindsNothing) {
    EXPECT_EQ(map.find(PageNumber(20)), nullptr);
    EXPECT_EQ(map.first_ending_after(PageNumber(0)), nullptr);
    EXPECT_EQ(map.first(), nullptr);
    EXPECT_EQ(map.last(), nullptr);
    EXPECT_TRUE(map.is_free(kEverywhere));
    EXPECT_EQ(map.size(), 0U);
    EXPECT_EQ(map.total_pages(), PageCount(0));
}

TEST_F(RegionMapTest, FindsTheRegionThatContainsAPage) {
    Region& low = make(pages(20, 30));
    Region& high = make(pages(40, 41));
    EXPECT_EQ(map.find(PageNumber(19)), nullptr);
    EXPECT_EQ(map.find(PageNumber(20)), &low);
    EXPECT_EQ(map.find(PageNumber(29)), &low);
    EXPECT_EQ(map.find(PageNumber(30)), nullptr);
    EXPECT_EQ(map.find(PageNumber(40)), &high);
    EXPECT_EQ(map.find(PageNumber(41)), nullptr);
    EXPECT_EQ(map.find(PageNumber(0)), nullptr);
    EXPECT_EQ(map.find(PageNumber(0xFFFFF)), nullptr);
}

TEST_F(RegionMapTest, ForgetsTheRegionFoundLastWhenItGoes) {
    Region& low = make(pages(20, 30));
    make(pages(40, 50));
    EXPECT_EQ(map.find(PageNumber(25)), &low);
    map.destroy(low);
    EXPECT_EQ(map.find(PageNumber(25)), nullptr);
    map.destroy(*map.find(PageNumber(45)));
    EXPECT_EQ(map.find(PageNumber(45)), nullptr);
    Region& again = make(pages(40, 50));
    EXPECT_EQ(map.find(PageNumber(45)), &again);
}

TEST_F(RegionMapTest, FindsTheFirstThatEndsAfterAPage) {
    Region& low = make(pages(20, 30));
    Region& high = make(pages(40, 41));
    EXPECT_EQ(map.first_ending_after(PageNumber(0)), &low);
    EXPECT_EQ(map.first_ending_after(PageNumber(29)), &low);
    EXPECT_EQ(map.first_ending_after(PageNumber(30)), &high);
    EXPECT_EQ(map.first_ending_after(PageNumber(40)), &high);
    EXPECT_EQ(map.first_ending_after(PageNumber(41)), nullptr);
}

TEST_F(RegionMapTest, WalksInOrderOfAddressBothWays) {
    for (std::uint32_t first : {60U, 20U, 80U, 40U, 30U})
        make(pages(first, first + 5));
    EXPECT_EQ(ranges(), (std::vector{pages(20, 25), pages(30, 35), pages(40, 45), pages(60, 65),
                                     pages(80, 85)}));
    std::uint32_t steps = 0;
    for (Region* region = map.last(); region != nullptr; region = map.previous(*region))
        ++steps;
    EXPECT_EQ(steps, 5U);
    EXPECT_EQ(map.previous(*map.first()), nullptr);
    EXPECT_EQ(map.previous(*map.last())->range(), pages(60, 65));
}

TEST_F(RegionMapTest, KnowsWhatIsFree) {
    make(pages(20, 30));
    EXPECT_TRUE(map.is_free(pages(16, 20)));
    EXPECT_FALSE(map.is_free(pages(16, 21)));
    EXPECT_FALSE(map.is_free(pages(22, 25)));
    EXPECT_FALSE(map.is_free(pages(29, 40)));
    EXPECT_FALSE(map.is_free(pages(16, 40)));
    EXPECT_TRUE(map.is_free(pages(30, 40)));
    EXPECT_TRUE(map.is_free(pages(25, 25)));
}

// --- Inserting and removing ---

TEST_F(RegionMapTest, CountsRegionsAndPages) {
    Region& low = make(pages(20, 30));
    make(pages(40, 41));
    EXPECT_EQ(map.size(), 2U);
    EXPECT_EQ(map.total_pages(), PageCount(11));
    EXPECT_EQ(map.peak_pages(), PageCount(11));
    map.resize(low, pages(22, 25), 0);
    EXPECT_EQ(map.total_pages(), PageCount(4));
    map.destroy(low);
    EXPECT_EQ(map.size(), 1U);
    EXPECT_EQ(map.total_pages(), PageCount(1));
    EXPECT_EQ(map.peak_pages(), PageCount(11));
}

TEST_F(RegionMapTest, TakesRegionsThatTheCallerMadeAndGivesThemBack) {
    Region mine(space(), pages(20, 30), kReadWrite, nullptr, 0);
    map.insert(mine);
    EXPECT_TRUE(mine.is_linked());
    EXPECT_EQ(map.find(PageNumber(20)), &mine);
    map.remove(mine);
    EXPECT_FALSE(mine.is_linked());
    EXPECT_TRUE(map.is_free(kEverywhere));
}

TEST_F(RegionMapTest, CreatingFailsWithoutMemoryAndChangesNothing) {
    make(pages(40, 41));
    frames.injector.fail_nth(1);
    const Result<Region*> refused = map.create(space(), pages(20, 30), kReadWrite, &file, 0);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error(), Error::OutOfMemory);
    EXPECT_EQ(ranges(), std::vector{pages(40, 41)});
    map.check_invariants();
}

TEST_F(RegionMapDeathTest, RefusesWhatOverlapsOrLiesOutside) {
    make(pages(20, 30));
    Region& high = make(pages(40, 50));
    // make() would have the invariants checked, which would find it, too.
    const auto create = [&](PageRange range) {
        (void)map.create(space(), range, kReadWrite, nullptr, 0);
    };
    EXPECT_DEATH(create(pages(29, 35)), "overlaps");
    EXPECT_DEATH(create(pages(16, 21)), "overlaps");
    EXPECT_DEATH(create(pages(22, 23)), "overlaps");
    EXPECT_DEATH(create(pages(16, 60)), "overlaps");
    EXPECT_DEATH(create(pages(15, 18)), "kUserPages");
    EXPECT_DEATH(create(pages(0xBFFFF, 0xC0001)), "kUserPages");
    EXPECT_DEATH(map.resize(*map.first(), pages(15, 30), 0), "kUserPages");
    EXPECT_DEATH(map.resize(high, pages(29, 50), 0), "before");
    EXPECT_DEATH(map.resize(*map.first(), pages(20, 41), 0), "after");
    EXPECT_DEATH(map.resize(high, pages(45, 45), 0), "empty");
    EXPECT_DEATH(map.insert(high), "is_linked");
    Region alone(space(), pages(60, 70), kReadWrite, nullptr, 0);
    EXPECT_DEATH(map.remove(alone), "is_linked");
}

TEST_F(RegionMapDeathTest, MustBeEmptyWhenItGoes) {
    EXPECT_DEATH(
        {
            RegionMap forgetful(cache);
            (void)forgetful.create(space(), pages(20, 30), kReadWrite, nullptr, 0);
        },
        "empty");
}

// Ascending, descending and inside-out orders need every kind of rotation.
TEST_F(RegionMapTest, StaysBalancedInEveryOrderOfInsertionAndRemoval) {
    constexpr std::uint32_t kCount = 200;
    const auto at = [](std::uint32_t i) { return pages(100 + 3 * i, 102 + 3 * i); };
    for (std::uint32_t step : {1U, 199U, 67U, 101U}) {
        for (std::uint32_t i = 0; i < kCount; ++i)
            make(at(i * step % kCount));
        ASSERT_EQ(map.size(), kCount);
        for (std::uint32_t i = 0; i < kCount; ++i) {
            map.destroy(*map.find(at(i * 33 % kCount).first));
            map.check_invariants();
        }
        // 33 and 200 have no common factor: all are gone.
        ASSERT_EQ(map.size(), 0U);
    }
}

// The region that takes the place of the removed one had, by chance of its guard, the same sums as
// the subtree it gets. What lies above must hear of the new height all the same.
TEST_F(RegionMapTest, TheHeirOfAPlaceIsMeasuredAgainstWhatWasThere) {
    make(pages(60, 70));
    make(pages(40, 45));
    Region& removed = make(pages(200, 205));
    make(pages(20, 25));
    make(pages(100, 110));
    make(pages(356, 360), kStack);
    make(pages(370, 375));
    map.destroy(removed);
    map.check_invariants();
}

// --- Splitting, merging ---

TEST_F(RegionMapTest, SplitsARegionAtAPage) {
    Region& low = make(pages(20, 30), kReadOnly, &file, 100);
    Region& high = *map.split(low, PageNumber(23)).take();
    map.check_invariants();
    EXPECT_EQ(low.range(), pages(20, 23));
    EXPECT_EQ(low.object_page(), 100U);
    EXPECT_EQ(high.range(), pages(23, 30));
    EXPECT_EQ(high.object_page(), 103U);
    EXPECT_EQ(high.traits(), kReadOnly);
    EXPECT_EQ(high.object(), &file);
    EXPECT_TRUE(high.object_hook.is_linked());
    EXPECT_EQ(map.find(PageNumber(23)), &high);
    EXPECT_EQ(map.next(low), &high);
    EXPECT_EQ(map.total_pages(), PageCount(10));
}

TEST_F(RegionMapTest, SplittingFailsWithoutMemoryAndChangesNothing) {
    Region& region = make(pages(20, 30), kReadOnly, &file, 100);
    frames.injector.fail_nth(1);
    const Result<Region*> refused = map.split(region, PageNumber(23));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error(), Error::OutOfMemory);
    EXPECT_EQ(ranges(), std::vector{pages(20, 30)});
    EXPECT_EQ(region.object_page(), 100U);
}

TEST_F(RegionMapDeathTest, SplitsOnlyInside) {
    Region& region = make(pages(20, 30));
    EXPECT_DEATH((void)map.split(region, PageNumber(20)), "whole");
    EXPECT_DEATH((void)map.split(region, PageNumber(30)), "whole");
}

TEST_F(RegionMapTest, MergesWithBothNeighbours) {
    Region& low = make(pages(20, 23), kReadOnly, &file, 100);
    Region& middle = make(pages(23, 25), kReadOnly, &file, 103);
    make(pages(25, 30), kReadOnly, &file, 105);
    EXPECT_EQ(&map.merge(middle), &low);
    EXPECT_EQ(ranges(), std::vector{pages(20, 30)});
    EXPECT_EQ(low.object_page(), 100U);
    EXPECT_EQ(map.size(), 1U);
    EXPECT_EQ(map.total_pages(), PageCount(10));
    EXPECT_EQ(cache.cache().statistics().live, 1U);
}

TEST_F(RegionMapTest, MergesWithOneNeighbourOrNone) {
    Region& low = make(pages(20, 23));
    Region& high = make(pages(23, 25));
    EXPECT_EQ(&map.merge(low), &low);
    EXPECT_EQ(ranges(), std::vector{pages(20, 25)});
    Region& apart = make(pages(26, 27));
    EXPECT_EQ(&map.merge(apart), &apart);
    EXPECT_EQ(ranges(), (std::vector{pages(20, 25), pages(26, 27)}));
    (void)high;
}

TEST_F(RegionMapTest, WhatWasSplitMergesAgain) {
    Region& low = make(pages(20, 30), kReadOnly, &file, 100);
    Region& high = *map.split(low, PageNumber(23)).take();
    EXPECT_EQ(&map.merge(high), &low);
    EXPECT_EQ(low.range(), pages(20, 30));
    EXPECT_EQ(low.object_page(), 100U);
}

TEST_F(RegionMapTest, MergesOnlyWhatContinues) {
    Region low(space(), pages(20, 23), kReadOnly, &file, 100);
    const auto continued_by = [&](PageRange range, RegionTraits traits, MemoryObject* object,
                                  std::uint32_t object_page) {
        const Region high(space(), range, traits, object, object_page);
        return RegionMap::continues(low, high);
    };
    EXPECT_TRUE(continued_by(pages(23, 25), kReadOnly, &file, 103));
    EXPECT_FALSE(continued_by(pages(24, 25), kReadOnly, &file, 103));
    EXPECT_FALSE(continued_by(pages(23, 25), kReadWrite, &file, 103));
    EXPECT_FALSE(continued_by(pages(23, 25), kReadOnly, &other_file, 103));
    EXPECT_FALSE(continued_by(pages(23, 25), kReadOnly, nullptr, 103));
    EXPECT_FALSE(continued_by(pages(23, 25), kReadOnly, &file, 104));
    EXPECT_FALSE(continued_by(pages(23, 25), kReadOnly, &file, 102));
}

TEST_F(RegionMapTest, EveryTraitKeepsNeighboursApart) {
    Region low(space(), pages(20, 23), kReadOnly, nullptr, 0);
    std::vector<RegionTraits> others(9, kReadOnly);
    others[0].rights = Rights::none();
    others[1].most = Rights::read();
    others[2].grows_down = true;
    others[3].locked = true;
    others[4].locked = others[4].lock_on_fault = true;
    others[5].no_reserve = true;
    others[6].charged = true;
    others[7].dont_fork = true;
    others[8].advice = Advice::Random;
    for (const RegionTraits& traits : others) {
        const Region high(space(), pages(23, 25), traits, nullptr, 0);
        EXPECT_FALSE(RegionMap::continues(low, high)) << &traits - others.data();
    }
    const Region same(space(), pages(23, 25), kReadOnly, nullptr, 0);
    EXPECT_TRUE(RegionMap::continues(low, same));
}

TEST_F(RegionMapTest, ResizeMovesBothEndsAndTheObjectPage) {
    Region& region = make(pages(20, 30), kReadOnly, &file, 100);
    make(pages(40, 50));
    map.resize(region, pages(25, 40), 105);
    map.check_invariants();
    EXPECT_EQ(region.object_page_of(PageNumber(30)), 110U);
    EXPECT_EQ(map.find(PageNumber(20)), nullptr);
    EXPECT_EQ(map.find(PageNumber(39)), &region);
}

// --- Room ---

TEST_F(RegionMapTest, AnEmptyMapHasRoomBetweenTheLimits) {
    EXPECT_EQ(from_top(1), PageNumber(0xBFFFF));
    EXPECT_EQ(from_bottom(1), kFirstUserPage);
    EXPECT_EQ(from_top(0xBFFF0), kFirstUserPage);
    EXPECT_EQ(from_top(0xBFFF1), std::nullopt);
    EXPECT_EQ(from_top(10, pages(100, 200)), PageNumber(190));
    EXPECT_EQ(from_bottom(10, pages(100, 200)), PageNumber(100));
    EXPECT_EQ(from_top(101, pages(100, 200)), std::nullopt);
    EXPECT_EQ(from_top(1, pages(0, 16)), std::nullopt);
    EXPECT_EQ(from_bottom(4, pages(0, 30)), PageNumber(16));
    EXPECT_EQ(from_bottom(1, pages(0xC0000, 0xFFFFF)), std::nullopt);
    EXPECT_EQ(from_top(1, pages(200, 100)), std::nullopt);
}

TEST_F(RegionMapTest, FindsTheNearestGapThatIsWideEnough) {
    for (PageRange range : {pages(100, 110), pages(113, 120), pages(125, 130), pages(132, 140)})
        make(range);
    const PageRange within = pages(100, 140);
    EXPECT_EQ(from_top(1, within), PageNumber(131));
    EXPECT_EQ(from_top(2, within), PageNumber(130));
    EXPECT_EQ(from_top(3, within), PageNumber(122));
    EXPECT_EQ(from_top(5, within), PageNumber(120));
    EXPECT_EQ(from_top(6, within), std::nullopt);
    EXPECT_EQ(from_bottom(3, within), PageNumber(110));
    EXPECT_EQ(from_bottom(4, within), PageNumber(120));
    EXPECT_EQ(from_bottom(6, within), std::nullopt);
    EXPECT_EQ(from_bottom(6, pages(90, 200)), PageNumber(90));
    EXPECT_EQ(from_bottom(11, pages(90, 200)), PageNumber(140));
    EXPECT_EQ(from_top(61, pages(39, 200)), PageNumber(39));
}

TEST_F(RegionMapTest, AGapThatTheLimitsCutCountsWithWhatIsInside) {
    make(pages(100, 110));
    make(pages(130, 140));
    EXPECT_EQ(from_top(5, pages(90, 120)), PageNumber(115));
    EXPECT_EQ(from_top(11, pages(105, 120)), std::nullopt);
    EXPECT_EQ(from_bottom(5, pages(123, 150)), PageNumber(123));
    EXPECT_EQ(from_bottom(8, pages(123, 150)), PageNumber(140));
    EXPECT_EQ(from_bottom(3, pages(115, 118)), PageNumber(115));
    EXPECT_EQ(from_top(1, pages(131, 139)), std::nullopt);
}

TEST_F(RegionMapTest, LeavesTheGuardBelowAStackFree) {
    make(pages(1000, 1010), kStack);
    EXPECT_EQ(from_top(1, pages(500, 1010)), PageNumber(743));
    EXPECT_EQ(from_bottom(245, pages(500, 2000)), PageNumber(1010));
    EXPECT_EQ(from_bottom(244, pages(500, 2000)), PageNumber(500));
    make(pages(700, 710));
    EXPECT_EQ(from_top(1, pages(500, 1010)), PageNumber(743));
    EXPECT_EQ(from_bottom(34, pages(700, 1010)), PageNumber(710));
    EXPECT_EQ(from_bottom(35, pages(700, 1010)), std::nullopt);
    EXPECT_TRUE(map.is_free(pages(990, 1000))) << "a fixed address may lie in the guard";
}

TEST_F(RegionMapTest, TheGuardEndsAtTheNextRegionBelow) {
    make(pages(1000, 1010), kStack);
    make(pages(900, 910));
    EXPECT_EQ(from_top(1, pages(905, 1010)), std::nullopt);
    EXPECT_EQ(from_top(1, pages(500, 1010)), PageNumber(899));
}

TEST_F(RegionMapTest, AGuardAtTheBottomOfTheSpaceStopsThere) {
    make(pages(17, 20), kStack);
    EXPECT_EQ(from_bottom(1), PageNumber(20));
    EXPECT_EQ(from_top(1, pages(0, 20)), std::nullopt);
}

TEST_F(RegionMapTest, AStackThatGrowsTakesItsGuardAlong) {
    Region& stack = make(pages(1000, 1010), kStack);
    make(pages(100, 110));
    map.resize(stack, pages(990, 1010), 0);
    EXPECT_EQ(from_top(1, pages(500, 1010)), PageNumber(733));
}

}  // namespace
}  // namespace quire::mm
