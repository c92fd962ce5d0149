// mm/swap_space, mm/slot_map, mm/bit_tree: single contracts.
#include "mm/swap_space.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/host/frame_world.h"
#include "tests/host/memory_store.h"

namespace quire::mm {
namespace {

using test::MemoryStore;

constexpr FrameNumber kFrame{7};

// --- The set of numbers ---

TEST(BitTree, FindsTheNextMemberLikeStdSet) {
    const std::uint32_t seed = test::random_seed(31);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    std::mt19937 random(seed);
    for (std::uint32_t numbers : {1U, 31U, 32U, 33U, 1024U, 1025U, 40000U, 1U << 20}) {
        SCOPED_TRACE(numbers);
        std::vector<std::uint32_t> memory(BitTree::words_needed(numbers), ~0U);
        BitTree tree(numbers, memory);
        std::set<std::uint32_t> model;
        for (int step = 0; step < 4000; ++step) {
            const auto number = static_cast<std::uint32_t>(random() % numbers);
            if (random() % 3 != 0) {
                tree.insert(number);
                model.insert(number);
            } else {
                tree.erase(number);
                model.erase(number);
            }
            const auto from = static_cast<std::uint32_t>(random() % (numbers + 70));
            const auto expected = model.lower_bound(from);
            ASSERT_EQ(tree.next(from), expected == model.end() ? BitTree::kNone : *expected);
            ASSERT_EQ(tree.contains(number), model.count(number) == 1);
        }
        tree.check_invariants();
    }
}

TEST(BitTree, HoldsTheLastNumberAndRefusesTheNext) {
    std::vector<std::uint32_t> memory(BitTree::words_needed(1U << 20));
    BitTree tree(1U << 20, memory);
    tree.insert((1U << 20) - 1);
    EXPECT_EQ(tree.next(0), (1U << 20) - 1);
    EXPECT_EQ(tree.next(1U << 20), BitTree::kNone);
    EXPECT_EQ(tree.next(~0U), BitTree::kNone);
    EXPECT_DEATH(tree.insert(1U << 20), "numbers_");
    EXPECT_DEATH(tree.erase(1U << 20), "numbers_");
    EXPECT_DEATH(BitTree((1U << 20) + 1, memory), "kMaxNumbers");
    EXPECT_DEATH(BitTree(64, std::span(memory).first(2)), "words_needed");
}

TEST(BitTree, InvariantsSeeABrokenLevel) {
    std::vector<std::uint32_t> memory(BitTree::words_needed(100));  // 4 words, 1, 1, 1
    BitTree tree(100, memory);
    tree.insert(40);
    memory[4] ^= 1;
    EXPECT_DEATH(tree.check_invariants(), "set ==");
    memory[4] ^= 1;
    memory[3] |= 1U << 31;  // number 127
    memory[4] |= 8;
    EXPECT_DEATH(tree.check_invariants(), "unused");
}

// --- Which slot is taken next ---

struct MapTest : testing::Test {
    explicit MapTest(std::uint32_t slots = 200)
        : memory(SlotMap::words_needed(slots)), map(slots, memory) {
        for (std::uint32_t slot = 0; slot < slots; ++slot)
            map.release(slot);
    }
    std::vector<std::uint32_t> memory;
    SlotMap map;
};

TEST_F(MapTest, TakesSlotsInARowAndThenNone) {
    for (std::uint32_t slot = 0; slot < 200; ++slot)
        ASSERT_EQ(map.take(), slot);
    EXPECT_EQ(map.take(), SlotMap::kNone);
    EXPECT_EQ(map.take_run(3).count, 0U);
    map.check_invariants();
}

// Sizes around a cluster's, and around that of 32 clusters.
TEST(SlotMap, FreesAllSlotsAtOnceAsOneByOne) {
    for (const std::uint32_t slots : {1U, 31U, 32U, 33U, 64U, 1023U, 1024U, 1025U, 33000U}) {
        std::vector<std::uint32_t> memory(SlotMap::words_needed(slots));
        SlotMap map(slots, memory);
        map.release_all();
        map.check_invariants();
        for (std::uint32_t slot = 0; slot < slots; ++slot)
            ASSERT_EQ(map.take(), slot) << slots;
        ASSERT_EQ(map.take(), SlotMap::kNone) << slots;
        map.check_invariants();
    }
}

TEST_F(MapTest, DoesNotComeBackToAFreedSlotWhileWholeClustersAreLeft) {
    for (int i = 0; i < 40; ++i)
        (void)map.take();  // 0 to 39: known from the test above
    map.release(3);
    map.release(35);
    EXPECT_EQ(map.take(), 40U);
    while (map.take() != 63) {
    }
    EXPECT_EQ(map.take(), 64U);
    map.release(64);
    EXPECT_EQ(map.take(), 65U);
}

TEST_F(MapTest, PrefersAWholeClusterToAPartialOneThatIsNearer) {
    for (int i = 0; i < 200; ++i)
        (void)map.take();  // all of them
    map.release(10);
    for (std::uint32_t slot = 96; slot < 128; ++slot)
        map.release(slot);
    map.release(130);
    for (std::uint32_t slot = 96; slot < 128; ++slot)
        ASSERT_EQ(map.take(), slot);
    EXPECT_EQ(map.take(), 130U);  // none whole left: the next free one, then round
    EXPECT_EQ(map.take(), 10U);
    EXPECT_EQ(map.take(), SlotMap::kNone);
}

TEST_F(MapTest, GoesOnUpwardsThoughAWholeClusterIsFreeBehind) {
    (void)map.take_run(70);  // 0 to 69: cluster 2 is in hand
    for (std::uint32_t slot = 0; slot < 32; ++slot)
        map.release(slot);
    EXPECT_EQ(map.take_run(26).first, 70U);
    EXPECT_EQ(map.take(), 96U);
    (void)map.take_run(95);  // 97 to 191, the last whole cluster ahead
    EXPECT_EQ(map.take(), 0U);
}

TEST_F(MapTest, TakesRunsAcrossClustersAndUpToAGap) {
    EXPECT_EQ(map.take_run(50).count, 50U);
    const SlotMap::Run second = map.take_run(20);
    EXPECT_EQ(second.first, 50U);
    EXPECT_EQ(second.count, 20U);
    EXPECT_EQ(map.take_run(1000).count, 130U);
    for (std::uint32_t slot : {5U, 6U, 7U, 9U, 199U})
        map.release(slot);
    const SlotMap::Run gap = map.take_run(4);  // the hand is past 199: round to the start
    EXPECT_EQ(gap.first, 5U);
    EXPECT_EQ(gap.count, 3U);
    EXPECT_EQ(map.take_run(4).first, 9U);
    EXPECT_EQ(map.take_run(4).first, 199U);
    EXPECT_DEATH((void)map.take_run(0), "most");
}

TEST_F(MapTest, RefusesToFreeAFreeSlotAndSeesABrokenWord) {
    EXPECT_DEATH(map.release(5), "is_free");
    memory[2] = 0;  // of the set of free slots, with the summary above left as it was
    EXPECT_DEATH(map.check_invariants(), "");
}

// --- One area ---

struct SwapTest : testing::Test {
    explicit SwapTest(std::uint32_t pages = 100) : store(pages) {
        test::reset_host_ram();
        area = add(store, 0);
    }
    ~SwapTest() override { swap.check_invariants(); }

    AreaId add(MemoryStore& where, int priority) {
        const PageCount size(where.pages());
        records.push_back(std::make_unique<std::vector<SlotRecord>>(SwapSpace::records_needed(size),
                                                                    SlotRecord{~0U, ~0U}));
        Result<AreaId> id = swap.add_area(where, size, priority, *records.back());
        EXPECT_TRUE(id.ok());
        return id.take();
    }
    SwapSlot allocate(FrameNumber frame = kFrame) {
        Result<SwapSlot> slot = swap.allocate(frame);
        EXPECT_TRUE(slot.ok());
        return slot.take();
    }
    // A slot as it stands after its page was written and its frame freed.
    SwapSlot swapped_out() {
        const SwapSlot slot = allocate();
        swap.add_name(slot);
        swap.clear_cached(slot);
        return slot;
    }

    MemoryStore store;
    std::vector<std::unique_ptr<std::vector<SlotRecord>>> records;
    SwapSpace swap;
    AreaId area{};
};

TEST_F(SwapTest, StartsEmptyAndNeverUsesTheHeader) {
    EXPECT_FALSE(swap.in_use(SwapSlot(0)));
    EXPECT_EQ(swap.statistics().total, PageCount(99));
    EXPECT_EQ(swap.statistics().used, PageCount(0));
    EXPECT_EQ(swap.statistics().available, PageCount(99));
    for (std::uint32_t i = 1; i < 100; ++i)
        ASSERT_EQ(allocate(), SwapSlot(i));
    const Result<SwapSlot> none = swap.allocate(kFrame);
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error(), Error::OutOfMemory);
    const std::array<FrameNumber, 2> two{FrameNumber(1), FrameNumber(2)};
    EXPECT_EQ(swap.allocate_run(two).error(), Error::OutOfMemory);
    EXPECT_EQ(swap.statistics().used, PageCount(99));
    EXPECT_EQ(swap.statistics().available, PageCount(0));
}

TEST_F(SwapTest, HandsOutASlotNamedByNobodyThatCachesTheFrame) {
    const SwapSlot slot = allocate(FrameNumber(55));
    EXPECT_TRUE(swap.in_use(slot));
    EXPECT_EQ(swap.names(slot), 0U);
    EXPECT_EQ(swap.cached(slot), FrameNumber(55));
    EXPECT_EQ(swap.shadow(slot), 0U);
    EXPECT_EQ(swap.statistics().cached, PageCount(1));
}

// The whole life of a slot: out, shared by fork, in again, and the last user frees it.
TEST_F(SwapTest, FreesASlotWithItsLastUser) {
    const SwapSlot slot = allocate();
    swap.add_name(slot);
    swap.clear_cached(slot);
    EXPECT_EQ(swap.cached(slot), std::nullopt);
    swap.add_name(slot);
    EXPECT_EQ(swap.names(slot), 2U);
    swap.set_cached(slot, FrameNumber(9));
    swap.drop_name(slot);
    swap.drop_name(slot);
    EXPECT_TRUE(swap.in_use(slot));  // the frame may be named again, and need not be written
    swap.check_invariants();
    swap.clear_cached(slot);
    EXPECT_FALSE(swap.in_use(slot));
    const SwapSlot other = swapped_out();
    swap.drop_name(other);
    EXPECT_FALSE(swap.in_use(other));
    EXPECT_EQ(swap.statistics().used, PageCount(0));
    EXPECT_EQ(swap.statistics().cached, PageCount(0));
}

TEST_F(SwapTest, KeepsItsFieldsApart) {
    const SwapSlot slot = allocate(FrameNumber((1U << 20) - 1));
    for (std::uint32_t i = 0; i < 5; ++i)
        swap.add_name(slot);
    for (Shadow shadow : {kMaxShadow, 0U, 1U, 0xFFFU, 0x1000U, 0xABCDEFU}) {
        swap.set_shadow(slot, shadow);
        EXPECT_EQ(swap.shadow(slot), shadow);
        EXPECT_EQ(swap.names(slot), 5U);
        EXPECT_EQ(swap.cached(slot), FrameNumber((1U << 20) - 1));
    }
    swap.clear_cached(slot);
    EXPECT_EQ(swap.shadow(slot), 0xABCDEFU);
    swap.set_cached(slot, FrameNumber(1));
    EXPECT_EQ(swap.cached(slot), FrameNumber(1));
    EXPECT_EQ(swap.shadow(slot), 0xABCDEFU);
    EXPECT_DEATH(swap.set_shadow(slot, kMaxShadow + 1), "kMaxShadow");
}

TEST_F(SwapTest, CountsAsManyNamesAsTheFieldHolds) {
    const SwapSlot slot = allocate();
    swap.set_shadow(slot, kMaxShadow);
    for (std::uint32_t i = 0; i < SwapSpace::kMaxNames; ++i)
        swap.add_name(slot);
    EXPECT_EQ(swap.names(slot), SwapSpace::kMaxNames);
    EXPECT_DEATH(swap.add_name(slot), "kMaxNames");
    EXPECT_EQ(swap.shadow(slot), kMaxShadow);
}

TEST_F(SwapTest, ForgetsTheShadowOfAFreedSlot) {
    const SwapSlot slot = swapped_out();
    swap.set_shadow(slot, 1234);
    swap.drop_name(slot);
    for (int i = 0; i < 98; ++i)
        (void)allocate();
    const SwapSlot again = allocate();
    EXPECT_EQ(again, slot);
    EXPECT_EQ(swap.shadow(again), 0U);
}

TEST_F(SwapTest, RefusesBrokenContracts) {
    const SwapSlot slot = swapped_out();
    const SwapSlot cached = allocate();
    EXPECT_DEATH(swap.add_name(SwapSlot(0)), "is_used");
    EXPECT_DEATH(swap.add_name(SwapSlot(50)), "is_used");
    EXPECT_DEATH(swap.drop_name(cached), "names");
    EXPECT_DEATH(swap.clear_cached(slot), "cache");
    EXPECT_DEATH(swap.set_cached(cached, kFrame), "cache");
    EXPECT_DEATH(swap.set_cached(slot, FrameNumber(0)), "frame");
    EXPECT_DEATH((void)swap.allocate(FrameNumber(0)), "cached_frame");
    EXPECT_DEATH((void)swap.names(SwapSlot(100)), "contains");
    EXPECT_DEATH((void)swap.names(SwapSlot(5000)), "contains");
    EXPECT_DEATH((void)swap.names(SwapSlot(1U << 20)), "kMaxSwapSlot");
    EXPECT_DEATH((void)swap.read(SwapSlot(60), kFrame), "in_use");
    EXPECT_DEATH((void)swap.neighbours(cached, PageCount(8)), "cached");
    EXPECT_DEATH((void)swap.neighbours(slot, PageCount(6)), "is_power_of_two");
    EXPECT_DEATH((void)swap.area(AreaId{3}), "store");
}

// --- Runs, reading and writing ---

TEST_F(SwapTest, AllocatesARunAndCachesEachFrameInItsSlot) {
    std::vector<FrameNumber> frames;
    for (std::uint32_t i = 0; i < 20; ++i)
        frames.emplace_back(300 + i);
    const SlotRange run = swap.allocate_run(frames).take();
    EXPECT_EQ(run, SlotRange::of(SwapSlot(1), PageCount(20)));
    for (std::uint32_t i = 0; i < 20; ++i)
        EXPECT_EQ(swap.cached(run.first + PageCount(i)), FrameNumber(300 + i));
    EXPECT_EQ(allocate(), SwapSlot(21));
    for (int i = 22; i < 95; ++i)
        (void)allocate();  // until five are left
    EXPECT_EQ(swap.allocate_run(frames).take(), SlotRange::of(SwapSlot(95), PageCount(5)));
    EXPECT_EQ(swap.statistics().cached, PageCount(99));
}

TEST_F(SwapTest, WritesARunInOneCallAndReadsItBack) {
    std::array<FrameNumber, 3> frames{FrameNumber(20), FrameNumber(31), FrameNumber(22)};
    for (const FrameNumber frame : frames)
        frame_words(frame)[5] = frame.raw() * 3;
    const SlotRange run = swap.allocate_run(frames).take();
    ASSERT_TRUE(swap.write_run(run.first, frames).ok());
    const MemoryStore::Call expected{MemoryStore::Direction::Write, 1, 3, false};
    EXPECT_EQ(store.calls(), std::vector{expected});
    ASSERT_TRUE(swap.read(run.first + PageCount(1), FrameNumber(40)).ok());
    EXPECT_EQ(frame_words(FrameNumber(40))[5], 93U);
    EXPECT_EQ(store.pages_read(), 1U);
}

TEST_F(SwapTest, HandsErrorsOfTheStoreOnAndChangesNothing) {
    const SwapSlot slot = allocate();
    store.fail_nth_write(2);
    EXPECT_TRUE(swap.write(slot, kFrame).ok());
    EXPECT_EQ(swap.write(slot, kFrame).error(), Error::IoError);
    EXPECT_TRUE(swap.write(slot, kFrame).ok());
    store.fail_page(1);
    EXPECT_EQ(swap.read(slot, kFrame).error(), Error::IoError);
    store.fail_page(2);
    EXPECT_TRUE(swap.read(slot, kFrame).ok());
    store.fail_reads(true);
    EXPECT_EQ(swap.read(slot, kFrame).error(), Error::IoError);
    EXPECT_EQ(swap.cached(slot), kFrame);
    EXPECT_EQ(swap.names(slot), 0U);
}

TEST_F(SwapTest, RefusesARunThatLeavesTheArea) {
    for (int i = 1; i < 100; ++i)
        (void)allocate();
    const std::array<FrameNumber, 2> frames{FrameNumber(1), FrameNumber(2)};
    EXPECT_TRUE(swap.write_run(SwapSlot(98), frames).ok());
    EXPECT_DEATH((void)swap.write_run(SwapSlot(99), frames), "count");
    EXPECT_DEATH((void)swap.read_run(SwapSlot(99), {}), "count");
}

TEST_F(SwapTest, FindsNeighboursUpToGapCacheGroupAndArea) {
    for (int i = 1; i < 100; ++i)
        (void)swapped_out();
    const auto around = [this](std::uint32_t slot, std::uint32_t window) {
        const SlotRange range = swap.neighbours(SwapSlot(slot), PageCount(window));
        return std::pair(range.first.raw(), range.end.raw());
    };
    EXPECT_EQ(around(19, 8), std::pair(16U, 24U));
    EXPECT_EQ(around(16, 8), std::pair(16U, 24U));
    EXPECT_EQ(around(23, 8), std::pair(16U, 24U));
    EXPECT_EQ(around(19, 1), std::pair(19U, 20U));
    EXPECT_EQ(around(3, 8), std::pair(1U, 8U));       // not the header
    EXPECT_EQ(around(98, 32), std::pair(96U, 100U));  // not past the end of the area
    swap.drop_name(SwapSlot(17));
    EXPECT_EQ(around(19, 8), std::pair(18U, 24U));
    swap.set_cached(SwapSlot(21), kFrame);
    EXPECT_EQ(around(19, 8), std::pair(18U, 21U));
    EXPECT_EQ(around(22, 8), std::pair(22U, 24U));
}

// --- Several areas ---

TEST_F(SwapTest, TakesFromTheAreaOfHighestPriorityUntilItIsFull) {
    MemoryStore fast(4);
    MemoryStore equal(50);
    const AreaId quick = add(fast, 5);
    const AreaId late = add(equal, 0);
    EXPECT_EQ(swap.area(quick).slots.first, SwapSlot(4096));
    EXPECT_EQ(swap.area(late).slots.first, SwapSlot(8192));
    EXPECT_EQ(allocate(), SwapSlot(4097));
    EXPECT_EQ(allocate(), SwapSlot(4098));
    const SwapSlot third = allocate();
    EXPECT_EQ(third, SwapSlot(4099));
    EXPECT_EQ(allocate(), SwapSlot(1));  // of two equals the one that was first
    swap.clear_cached(third);
    EXPECT_EQ(allocate(), third);
    EXPECT_EQ(swap.statistics().total, PageCount(99 + 3 + 49));
    EXPECT_EQ(swap.area(quick).used, PageCount(3));
    EXPECT_EQ(swap.area(area).used, PageCount(1));
    std::vector<std::uint32_t> seen;
    swap.walk_areas(
        [&](AreaId id, const SwapSpace::Area&) { seen.push_back(static_cast<std::uint32_t>(id)); });
    EXPECT_EQ(seen, (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST_F(SwapTest, ReadsAndWritesEachAreasOwnStore) {
    MemoryStore fast(40);
    (void)add(fast, 5);
    frame_words(kFrame)[0] = 77;
    const SwapSlot slot = allocate();
    ASSERT_TRUE(swap.write(slot, kFrame).ok());
    EXPECT_EQ(fast.calls().size(), 1U);
    EXPECT_EQ(fast.calls()[0].first_page, 1U);
    EXPECT_EQ(static_cast<unsigned char>(fast.page(1)[0]), 77);
    EXPECT_TRUE(store.calls().empty());
}

TEST_F(SwapTest, DrainsAnAreaAndForgetsIt) {
    const SwapSlot slot = swapped_out();
    const SwapSlot cached = allocate();
    EXPECT_EQ(swap.remove_area(area).error(), Error::Busy);
    swap.stop_allocating(area);
    swap.stop_allocating(area);
    EXPECT_EQ(swap.statistics().available, PageCount(0));
    EXPECT_EQ(swap.allocate(kFrame).error(), Error::OutOfMemory);
    EXPECT_TRUE(swap.read(slot, kFrame).ok());
    swap.add_name(slot);
    swap.drop_name(slot);
    swap.drop_name(slot);
    EXPECT_EQ(swap.remove_area(area).error(), Error::Busy);
    swap.clear_cached(cached);
    swap.check_invariants();
    ASSERT_TRUE(swap.remove_area(area).ok());
    EXPECT_EQ(swap.statistics().total, PageCount(0));
    EXPECT_DEATH((void)swap.names(slot), "contains");
    area = add(store, 0);
    EXPECT_EQ(swap.area(area).slots.first, SwapSlot(0));
    EXPECT_EQ(allocate(), SwapSlot(1));
}

TEST_F(SwapTest, AllocatesAgainAfterADrainThatWasGivenUp) {
    MemoryStore other(100);
    const AreaId second = add(other, 0);
    swap.stop_allocating(area);
    EXPECT_EQ(allocate(), SwapSlot(4097));
    swap.start_allocating(area);
    swap.start_allocating(area);
    EXPECT_EQ(allocate(), SwapSlot(4098));  // it stands behind its equals now
    swap.stop_allocating(second);
    EXPECT_EQ(allocate(), SwapSlot(1));
    EXPECT_EQ(swap.statistics().available, PageCount(98));
}

TEST_F(SwapTest, PutsAnAreaIntoTheFirstGapOfTheNumberingThatFits) {
    MemoryStore two_blocks(4097);
    MemoryStore one_block(4096);
    const AreaId second = add(one_block, 0);
    const AreaId third = add(two_blocks, 0);
    EXPECT_EQ(swap.area(third).slots.first, SwapSlot(8192));
    ASSERT_TRUE(swap.remove_area(second).ok());
    const AreaId fourth = add(two_blocks, 0);
    EXPECT_EQ(fourth, second);
    EXPECT_EQ(swap.area(fourth).slots.first, SwapSlot(16384));
    const AreaId fifth = add(one_block, 0);
    EXPECT_EQ(swap.area(fifth).slots.first, SwapSlot(4096));
    ASSERT_TRUE(swap.remove_area(third).ok());  // gives both its blocks back
    swap.check_invariants();
    const AreaId sixth = add(two_blocks, 0);
    EXPECT_EQ(swap.area(sixth).slots.first, SwapSlot(8192));
}

TEST_F(SwapTest, RefusesTooSmallTooManyAndTooLarge) {
    std::vector<SlotRecord> memory(100);
    EXPECT_EQ(swap.add_area(store, PageCount(1), 0, memory).error(), Error::InvalidArgument);
    EXPECT_EQ(swap.add_area(store, PageCount(0), 0, memory).error(), Error::InvalidArgument);
    EXPECT_DEATH((void)swap.add_area(store, PageCount(100), 0, memory), "records_needed");
    EXPECT_DEATH((void)swap.add_area(store, PageCount((1U << 20) + 1), 0, memory), "kMaxSlots");
    std::vector<SlotRecord> huge(SwapSpace::records_needed(PageCount(1U << 20)));
    EXPECT_EQ(swap.add_area(store, PageCount(1U << 20), 0, huge).error(), Error::LimitReached);
    MemoryStore small(2);
    for (int i = 1; i < 8; ++i)
        (void)add(small, i);
    EXPECT_EQ(swap.add_area(small, PageCount(2), 0, memory).error(), Error::LimitReached);
    EXPECT_EQ(swap.statistics().total, PageCount(99 + 7));
}

// All 2^20 numbers in one area: the last slot is as good as any.
TEST(SwapSpace, UsesTheWholeNumbering) {
    MemoryStore store(2);
    SwapSpace swap;
    EXPECT_EQ(swap.allocate(kFrame).error(), Error::OutOfMemory);
    swap.check_invariants();
    std::vector<SlotRecord> records(SwapSpace::records_needed(SwapSpace::kMaxSlots));
    EXPECT_LT(records.size(), (1U << 20) * 1.02);
    ASSERT_TRUE(swap.add_area(store, SwapSpace::kMaxSlots, 0, records).ok());
    for (std::uint32_t i = 1; i < 1U << 20; ++i)
        ASSERT_EQ(swap.allocate(kFrame).take(), SwapSlot(i));
    EXPECT_FALSE(swap.allocate(kFrame).ok());
    swap.clear_cached(kMaxSwapSlot);
    EXPECT_EQ(swap.allocate(FrameNumber(3)).take(), kMaxSwapSlot);
    EXPECT_EQ(swap.cached(kMaxSwapSlot), FrameNumber(3));
    swap.check_invariants();
}

TEST_F(SwapTest, InvariantsSeeABrokenRecord) {
    const SwapSlot slot = allocate();
    SlotRecord& record = (*records[0])[slot.raw()];
    record.cache = 0;
    EXPECT_DEATH(swap.check_invariants(), "is_free");
    record = {.names = 1, .cache = 0};
    EXPECT_DEATH(swap.check_invariants(), "cached_slots");
    record = {.names = 0, .cache = 7};
    SlotRecord& other = (*records[0])[70];
    other.names = 5U << 20;  // a shadow of a free slot
    EXPECT_DEATH(swap.check_invariants(), "names");
    other.names = 0;
    (*records[0])[0].cache = 1;
    EXPECT_DEATH(swap.check_invariants(), "is_used");
    (*records[0])[0].cache = 0;
}

}  // namespace
}  // namespace quire::mm
