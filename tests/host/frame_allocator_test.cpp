// mm/frame_allocator, mm/frame_bitmap, mm/owned_frame, mm/failure_injector: single contracts.
#include "mm/frame_allocator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>
#include <vector>

#include "tests/host/frame_world.h"

namespace quire::mm {
namespace {

using test::FrameWorld;
using test::kHostFrames;

constexpr std::uint32_t kMiB = 256;  // frames

OwnedFrame must(Result<OwnedFrame> result) {
    EXPECT_TRUE(result.ok());
    return result.take();
}

TEST(FrameAllocator, HandsOutEveryFrameOnceAndThenFails) {
    FrameWorld world(5000);
    std::vector<OwnedFrame> frames;
    std::set<std::uint32_t> numbers;
    for (;;) {
        Result<OwnedFrame> frame = world.allocator.allocate();
        if (!frame.ok()) {
            EXPECT_EQ(frame.error(), Error::OutOfMemory);
            break;
        }
        frames.push_back(frame.take());
        EXPECT_TRUE(numbers.insert(frames.back().number().raw()).second);
    }
    EXPECT_EQ(frames.size(), 4999U);
    EXPECT_EQ(*numbers.begin(), 1U);
    EXPECT_EQ(*numbers.rbegin(), 4999U);
    EXPECT_EQ(world.allocator.free_frames(), PageCount(0));
    EXPECT_EQ(world.allocator.statistics().failures, 1U);
    world.allocator.check_invariants();
    frames.clear();
    EXPECT_EQ(world.allocator.free_frames(), PageCount(4999));
    world.allocator.check_invariants();
}

TEST(FrameAllocator, SparesTheDmaZoneUntilTheWindowIsFull) {
    FrameWorld world(5 * 1024);
    std::vector<OwnedFrame> frames;
    for (int i = 0; i < 1024; ++i) {
        frames.push_back(must(world.allocator.allocate()));
        EXPECT_GE(frames.back().number().raw(), 4096U);
    }
    EXPECT_LT(must(world.allocator.allocate()).number().raw(), 4096U);
    frames.clear();
    EXPECT_LT(must(world.allocator.allocate_run(0, Zone::Dma)).number().raw(), 4096U);
    EXPECT_LT(must(world.allocator.allocate_run(7, Zone::Dma)).number().raw(), 4096U);
    EXPECT_GE(must(world.allocator.allocate_run(7)).number().raw(), 4096U);
    world.allocator.check_invariants();
}

// A frame of the DMA zone that comes back must not lure single allocations down there.
TEST(FrameAllocator, LeavesTheDmaZoneAloneWhenOneOfItsFramesComesBack) {
    FrameWorld world(5 * 1024);
    std::vector<OwnedFrame> dma;
    for (int i = 0; i < 31; ++i)
        dma.push_back(must(world.allocator.allocate_run(0, Zone::Dma)));
    EXPECT_EQ(dma.back().number().raw(), 31U);
    OwnedFrame window = must(world.allocator.allocate());
    dma[5].reset();
    EXPECT_EQ(must(world.allocator.allocate()).number(), window.number() + PageCount(1));
    EXPECT_EQ(must(world.allocator.allocate_run(0, Zone::Dma)).number().raw(), 6U);
    world.allocator.check_invariants();
}

TEST(FrameAllocator, LeavesTheDmaZoneAloneThoughTheHandIsEmpty) {
    FrameWorld world(5 * 1024);
    std::vector<OwnedFrame> dma;
    for (int i = 0; i < 31; ++i)  // the whole of the first word
        dma.push_back(must(world.allocator.allocate_run(0, Zone::Dma)));
    std::vector<OwnedFrame> window;
    for (int i = 0; i < 32; ++i)
        window.push_back(must(world.allocator.allocate()));
    dma[5].reset();
    EXPECT_EQ(must(world.allocator.allocate()).number().raw(), 4096U + 32);
    EXPECT_EQ(must(world.allocator.allocate_run(0, Zone::Dma)).number().raw(), 6U);
    world.allocator.check_invariants();
}

TEST(FrameAllocator, TakesTheLowestFrameThatCameBack) {
    FrameWorld world(1024);
    std::vector<OwnedFrame> frames;
    for (std::uint32_t i = 1; i <= 200; ++i) {
        frames.push_back(must(world.allocator.allocate()));
        ASSERT_EQ(frames.back().number().raw(), i);
    }
    for (std::uint32_t number : {150U, 20U, 90U, 199U})
        frames[number - 1].reset();
    world.allocator.check_invariants();
    // The hand is at 20, with 150 to go on with; 90 was between the two when it came.
    for (std::uint32_t number : {20U, 150U, 90U, 199U, 201U}) {
        frames.push_back(must(world.allocator.allocate()));
        EXPECT_EQ(frames.back().number().raw(), number);
    }
    world.allocator.check_invariants();
}

TEST(FrameAllocator, AnEmptyHandGoesWhereAFrameComesBack) {
    FrameWorld world(1024);
    std::vector<OwnedFrame> frames;
    for (std::uint32_t i = 1; i <= 255; ++i)  // to the end of a word: the hand is empty
        frames.push_back(must(world.allocator.allocate()));
    for (std::uint32_t number : {40U, 100U, 33U, 200U}) {
        frames[number - 1].reset();
        world.allocator.check_invariants();
        frames[number - 1] = must(world.allocator.allocate());
        EXPECT_EQ(frames[number - 1].number().raw(), number);
    }
    EXPECT_EQ(must(world.allocator.allocate()).number().raw(), 256U);
    world.allocator.check_invariants();
}

// Frames 2048 on are free throughout; below, blocks are picked out one by one.
TEST(FrameAllocator, ARunOfAnotherOrderBreaksNoLargeBlock) {
    FrameWorld world = FrameWorld::without_memory(4096);
    world.allocator.add_memory(FrameRange::of(FrameNumber(1024 + 64), PageCount(32)));
    world.allocator.add_memory(FrameRange::of(FrameNumber(2048), PageCount(2048)));
    OwnedFrame large = must(world.allocator.allocate_run(9, Zone::Dma));
    EXPECT_EQ(large.number().raw(), 2048U);
    world.allocator.check_invariants();
    OwnedFrame word = must(world.allocator.allocate_run(5, Zone::Dma));
    EXPECT_EQ(word.number().raw(), 1024U + 64);
    EXPECT_EQ(must(world.allocator.allocate_run(9, Zone::Dma)).number().raw(), 2048U + 512);
    EXPECT_EQ(must(world.allocator.allocate_run(5, Zone::Dma)).number().raw(), 2048U + 512);
    world.allocator.check_invariants();
}

TEST(FrameAllocator, TakesTheLowestRunThatCameBack) {
    FrameWorld world(4096);
    std::vector<OwnedFrame> runs;
    for (std::uint32_t i = 1; i < 6; ++i)
        runs.push_back(must(world.allocator.allocate_run(9, Zone::Dma)));
    EXPECT_EQ(runs.back().number().raw(), 5U * 512);
    runs[0].reset();  // below the group in hand
    world.allocator.check_invariants();
    runs[3].reset();  // in it
    world.allocator.check_invariants();
    EXPECT_EQ(must(world.allocator.allocate_run(9, Zone::Dma)).number().raw(), 512U);
    world.allocator.check_invariants();
}

TEST(FrameAllocator, ASingleFrameComesFromTheGroupInHandIfThatIsTheLowest) {
    FrameWorld world(16 * 1024);
    must(world.allocator.allocate_run(10)).reset();
    EXPECT_EQ(world.allocator.run_counts().runs[10], 15U);
    world.allocator.check_invariants();
    EXPECT_EQ(must(world.allocator.allocate()).number().raw(), 4096U);
    world.allocator.check_invariants();
}

TEST(FrameAllocator, KeepsTheZonesApartForRuns) {
    FrameWorld world(8 * 1024);
    OwnedFrame window = must(world.allocator.allocate_run(9));
    EXPECT_EQ(window.number().raw(), 4096U);
    EXPECT_EQ(must(world.allocator.allocate_run(9, Zone::Dma)).number().raw(), 512U);
    EXPECT_EQ(must(world.allocator.allocate_run(9)).number().raw(), 4096U + 512);
    EXPECT_EQ(must(world.allocator.allocate_run(9, Zone::High)).number().raw(), 4096U + 512);
    world.allocator.check_invariants();
}

TEST(FrameAllocator, KeepsRamBeyondTheWindowForThoseWhoAsk) {
    FrameWorld world = FrameWorld::without_memory(kMaxWindowFrames.raw() + 2048);
    world.allocator.add_memory(FrameRange::of(FrameNumber(8192), PageCount(4)));
    world.allocator.add_memory(FrameRange::of(FrameNumber(kMaxWindowFrames.raw()), PageCount(1)));
    std::vector<OwnedFrame> frames;
    frames.push_back(must(world.allocator.allocate_run(0, Zone::High)));
    EXPECT_EQ(frames.back().number().raw(), kMaxWindowFrames.raw());
    frames.push_back(must(world.allocator.allocate_run(1, Zone::High)));
    EXPECT_EQ(frames.back().number().raw(), 8192U);
    frames.erase(frames.begin());
    frames.push_back(must(world.allocator.allocate()));
    frames.push_back(must(world.allocator.allocate()));
    EXPECT_EQ(world.allocator.allocate().error(), Error::OutOfMemory);
    EXPECT_EQ(world.allocator.free_frames(), PageCount(1));
    EXPECT_EQ(world.allocator.run_counts(Zone::High).runs[0], 1U);
    EXPECT_EQ(world.allocator.run_counts(Zone::Window).runs[0], 0U);
    world.allocator.check_invariants();
}

TEST(FrameAllocator, AlignsRunsOfEveryOrder) {
    FrameWorld world(16 * kMiB);
    for (std::uint32_t order = 0; order <= FrameAllocator::kMaxOrder; ++order) {
        OwnedFrame odd = must(world.allocator.allocate());
        OwnedFrame run = must(world.allocator.allocate_run(order));
        EXPECT_EQ(run.number().raw() % (1U << order), 0U);
        EXPECT_EQ(world.table.order_of(run.number()), order);
        EXPECT_EQ(world.allocator.free_frames(), PageCount(16 * kMiB - 2 - (1U << order)));
        world.allocator.check_invariants();
    }
    EXPECT_EQ(world.allocator.allocate_run(11).error(), Error::InvalidArgument);
    EXPECT_EQ(world.allocator.allocate_run(~0U).error(), Error::InvalidArgument);
}

TEST(FrameAllocator, CoalescesAcrossEveryOrder) {
    FrameWorld world(4 * 1024 + 1024);
    const RunCounts before = world.allocator.run_counts();
    EXPECT_EQ(before.runs[10], 4U);
    std::vector<OwnedFrame> frames;
    for (std::uint32_t i = 0; i < 5 * 1024 - 1; ++i) {
        frames.push_back(must(world.allocator.allocate()));
    }
    for (std::size_t i = 0; i < frames.size(); i += 2)
        frames[i].reset();
    EXPECT_EQ(world.allocator.allocate_run(1).error(), Error::OutOfMemory);
    world.allocator.check_invariants();
    frames.clear();
    const RunCounts after = world.allocator.run_counts();
    for (std::uint32_t order = 0; order <= 10; ++order) {
        EXPECT_EQ(before.runs[order], after.runs[order]) << order;
    }
    EXPECT_TRUE(world.allocator.allocate_run(10).ok());
}

TEST(FrameAllocator, ReportsFragmentation) {
    FrameWorld world = FrameWorld::without_memory(8 * 1024);
    EXPECT_EQ(world.allocator.fragmentation(9), 0U);
    world.allocator.add_memory(FrameRange::of(FrameNumber(4096), PageCount(512)));
    EXPECT_EQ(world.allocator.fragmentation(9), 0U);
    world.allocator.add_memory(FrameRange::of(FrameNumber(5120), PageCount(256)));
    world.allocator.add_memory(FrameRange::of(FrameNumber(5400), PageCount(8)));
    EXPECT_EQ(world.allocator.fragmentation(9), 340U);  // 264 of 776
    EXPECT_EQ(world.allocator.fragmentation(8), 10U);   // 8 of 776
    EXPECT_EQ(world.allocator.fragmentation(0), 0U);
    EXPECT_EQ(world.allocator.run_counts().runs[9], 1U);
    EXPECT_EQ(world.allocator.run_counts().runs[8], 1U);
    EXPECT_EQ(world.allocator.run_counts().runs[3], 1U);
}

TEST(FrameAllocator, RefusesADoubleFree) {
    FrameWorld world(1024);
    const FrameNumber frame = world.allocator.take_frame().value();
    world.allocator.drop_reference(frame);
    EXPECT_DEATH(world.allocator.drop_reference(frame), "kInUseBit");
    const FrameNumber run = must(world.allocator.allocate_run(6)).release();
    world.allocator.drop_reference(run);
    EXPECT_DEATH(world.allocator.drop_reference(run), "kInUseBit");
}

TEST(FrameAllocator, RefusesAForeignFree) {
    FrameWorld world(1024);
    EXPECT_DEATH(world.allocator.drop_reference(FrameNumber(0)), "kInUseBit");
    EXPECT_DEATH(world.allocator.drop_reference(FrameNumber(1024)), "frame_count_");
    EXPECT_DEATH(world.allocator.drop_reference(FrameNumber(500)), "kInUseBit");
    OwnedFrame run = must(world.allocator.allocate_run(3));
    EXPECT_DEATH(world.allocator.drop_reference(run.number() + PageCount(1)), "kInUseBit");
}

TEST(FrameAllocator, RefusesToFreeAFrameThatIsStillLinkedOrBusy) {
    FrameWorld world(1024);
    OwnedFrame frame = must(world.allocator.allocate());
    for (FrameFlag flag : {FrameFlag::Listed, FrameFlag::Busy, FrameFlag::Locked}) {
        world.table.set(frame.number(), flag);
        EXPECT_DEATH(frame.reset(), "kAttached");
        world.table.clear(frame.number(), flag);
    }
    world.table.set(frame.number(), FrameFlag::Dirty);
    frame.reset();
    EXPECT_EQ(world.allocator.free_frames(), PageCount(1023));
    world.allocator.check_invariants();
}

TEST(FrameAllocator, RefusesToManageAFrameTwice) {
    FrameWorld world(1024);
    EXPECT_DEATH(world.allocator.add_memory(FrameRange::of(FrameNumber(7), PageCount(1))),
                 "before");
    EXPECT_DEATH(world.allocator.add_memory(FrameRange::of(FrameNumber(0), PageCount(1))),
                 "FrameNumber\\(0\\)");
    EXPECT_DEATH(world.table.reserve(FrameRange::of(FrameNumber(7), PageCount(1))), "Absent");
}

TEST(FailureInjector, ShowsByItsMaskWhetherAFailureIsToCome) {
    FailureInjector injector;
    const std::uint32_t& mask = injector.unarmed_mask();
    EXPECT_EQ(mask, ~0U);
    injector.fail_nth(2);
    EXPECT_EQ(mask, 0U);
    EXPECT_FALSE(injector.should_fail());
    EXPECT_EQ(mask, 0U);
    EXPECT_TRUE(injector.should_fail());
    EXPECT_EQ(mask, ~0U);
    injector.fail_every(1);
    EXPECT_TRUE(injector.should_fail());
    EXPECT_EQ(mask, 0U);
    injector.fail_every(0);
    EXPECT_EQ(mask, ~0U);
}

TEST(FrameAllocator, FailsTheNthRequest) {
    FrameWorld world(1024);
    world.injector.fail_nth(3);
    EXPECT_TRUE(world.allocator.allocate().ok());
    EXPECT_TRUE(world.allocator.allocate_run(4).ok());
    EXPECT_EQ(world.allocator.allocate().error(), Error::OutOfMemory);
    EXPECT_TRUE(world.allocator.allocate().ok());
    world.injector.fail_nth(1);
    EXPECT_EQ(world.allocator.allocate_run(2).error(), Error::OutOfMemory);
    ASSERT_TRUE(world.allocator.zero_one_ahead());
    world.injector.fail_every(2);
    EXPECT_TRUE(world.allocator.allocate().ok());
    EXPECT_EQ(world.allocator.allocate_zeroed().error(), Error::OutOfMemory);
    EXPECT_TRUE(world.allocator.allocate_zeroed().ok());
    EXPECT_EQ(world.allocator.allocate_zeroed().error(), Error::OutOfMemory);
    world.injector.fail_nth(0);
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(world.allocator.allocate().ok());
    EXPECT_EQ(world.injector.injected(), 4U);
    EXPECT_EQ(world.allocator.statistics().failures, 4U);
    EXPECT_EQ(world.allocator.free_frames(), PageCount(1023));
    world.allocator.check_invariants();
}

TEST(FrameAllocator, ZeroesAheadAndOnDemand) {
    FrameWorld world(kHostFrames.raw(), true);
    for (int round = 0; round < 3; ++round) {
        // Frames full of junk, so that a zero is a zero somebody wrote.
        for (int i = 0; i < 200; ++i) {
            OwnedFrame frame = must(world.allocator.allocate());
            std::memset(frame_bytes(frame.number()), 0x5A, kPageSize);
        }
        std::uint32_t ahead = 0;
        while (round < 2 && world.allocator.zero_one_ahead())
            ++ahead;
        EXPECT_EQ(ahead, round < 2 ? FrameAllocator::kZeroedTarget.raw() : 0);
        EXPECT_EQ(world.allocator.statistics().zeroed, PageCount(ahead));
        EXPECT_EQ(world.allocator.free_frames(), PageCount(kHostFrames.raw() - 1));
        world.allocator.check_invariants();
        std::vector<OwnedFrame> frames;
        for (int i = 0; i < 70; ++i) {
            frames.push_back(must(world.allocator.allocate_zeroed()));
            const std::uint32_t* words = frame_words(frames.back().number());
            for (std::uint32_t word = 0; word < kEntriesPerTable; ++word)
                ASSERT_EQ(words[word], 0U);
        }
        world.allocator.check_invariants();
    }
    EXPECT_EQ(world.allocator.statistics().zeroed_hits, 128U);
    EXPECT_EQ(world.allocator.statistics().zeroed_misses, 82U);
}

TEST(FrameAllocator, GivesUpThePoolWhenMemoryIsShort) {
    test::reset_host_ram();
    FrameWorld world(64);
    for (int i = 0; i < 63; ++i)
        EXPECT_TRUE(world.allocator.zero_one_ahead());
    EXPECT_FALSE(world.allocator.zero_one_ahead());
    {
        OwnedFrame run = must(world.allocator.allocate_run(5));
        EXPECT_EQ(run.number().raw(), 32U);
        EXPECT_EQ(world.allocator.statistics().zeroed, PageCount(0));
        world.allocator.check_invariants();
    }
    for (int i = 0; i < 63; ++i)
        EXPECT_TRUE(world.allocator.zero_one_ahead());
    EXPECT_TRUE(world.allocator.allocate().ok());
    EXPECT_EQ(world.allocator.free_frames(), PageCount(63));
    world.allocator.check_invariants();
}

TEST(FrameAllocator, RefusesToClearWhatItCannotReach) {
    FrameWorld world = FrameWorld::without_memory(2 * kHostFrames.raw());
    world.allocator.add_memory(FrameRange::of(FrameNumber(kHostFrames.raw()), PageCount(1)));
    EXPECT_DEATH((void)world.allocator.allocate_zeroed(), "reachable_");
}

TEST(FrameAllocator, PoisonsWhatIsFree) {
    FrameWorld world(kHostFrames.raw(), true);
    OwnedFrame frame = must(world.allocator.allocate());
    volatile std::uint32_t* words = frame_words(frame.number());
    words[5] = 1;
    OwnedFrame run = must(world.allocator.allocate_run(2));
    volatile std::uint32_t* run_words = frame_words(run.number() + PageCount(3));
    run_words[1023] = 1;
    OwnedFrame large = must(world.allocator.allocate_run(6));
    volatile std::uint32_t* large_words = frame_words(large.number() + PageCount(63));
    large_words[0] = 1;
    OwnedFrame second = must(world.allocator.allocate());
    frame_words(second.number())[7] = 1;
    frame.reset();
    run.reset();
    large.reset();
    EXPECT_DEATH(words[5] = 2, "use-after-poison");
    EXPECT_DEATH(run_words[1023] = 2, "use-after-poison");
    EXPECT_DEATH(large_words[0] = 2, "use-after-poison");
    test::reset_host_ram();
}

// A random part of all frames goes back as a chain, mostly in order, then all the rest: the map is
// as if each had gone alone.
TEST(FrameAllocator, TakesAChainBack) {
    std::mt19937 random(test::random_seed(5));
    for (int round = 0; round < 60; ++round) {
        const bool poison = round % 16 == 15;
        if (poison) test::reset_host_ram();  // without the poison of others
        test::FrameWorld world(700, poison);
        std::vector<FrameNumber> mine;
        for (Result<FrameNumber> frame = world.allocator.take_frame(); frame.ok();
             frame = world.allocator.take_frame())
            mine.push_back(frame.value());
        for (std::uint32_t order = 1; order <= 5; ++order)  // no promise is left
            ASSERT_FALSE(world.allocator.take_run(order).ok());
        const PageCount all(static_cast<std::uint32_t>(mine.size()));
        for (std::uint32_t turn = 0; !mine.empty(); ++turn) {
            FrameNumber chain;
            std::vector<FrameNumber> kept;
            if (random() % 4 == 0) std::shuffle(mine.begin(), mine.end(), random);
            for (const FrameNumber frame : mine) {
                if (turn < 3 && random() % 3 == 0) {
                    kept.push_back(frame);
                    continue;
                }
                world.table.set_chain(frame, chain);
                chain = frame;
            }
            if (turn == 1 && chain != FrameNumber()) {  // one of them stays somebody's
                ASSERT_TRUE(world.table.add_reference(chain).ok());
                kept.push_back(chain);
            }
            world.allocator.drop_chain(chain);
            world.allocator.check_invariants();
            mine = std::move(kept);
            ASSERT_EQ(world.allocator.free_frames(),
                      all - PageCount(static_cast<std::uint32_t>(mine.size())));
            if (turn == 1 && !mine.empty()) {  // the hand moves meanwhile
                const Result<FrameNumber> frame = world.allocator.take_frame();
                if (frame.ok()) mine.push_back(frame.value());
            }
        }
        EXPECT_EQ(world.allocator.run_counts().frames_from(5), PageCount(672 - 32))
            << "round " << round;
    }
    test::reset_host_ram();
}

TEST(FrameAllocator, FindsARunAmongTheFramesOfAChain) {
    FrameWorld world(3000);
    while (world.allocator.take_frame().ok()) {
    }
    for (std::uint32_t order = 1; order <= 5; ++order)  // no promise is left
        ASSERT_FALSE(world.allocator.take_run(order).ok());
    world.allocator.drop_reference(FrameNumber(5));  // goes to the hand
    for (std::uint32_t frame = 2050; frame < 2065; ++frame)
        world.table.set_chain(FrameNumber(frame), FrameNumber(frame + 1));
    world.table.set_chain(FrameNumber(2065), FrameNumber());
    world.allocator.drop_chain(FrameNumber(2050));
    world.allocator.check_invariants();
    EXPECT_EQ(world.allocator.take_run(3).value(), FrameNumber(2056));
}

TEST(FrameAllocator, TakesNoFrameOfAChainThatIsStillLinked) {
    test::FrameWorld world(100);
    const FrameNumber frame = must(world.allocator.allocate()).release();
    world.table.set(frame, FrameFlag::Listed);
    world.table.set_chain(frame, FrameNumber());
    EXPECT_DEATH(world.allocator.drop_chain(frame), "kAttached");
}

TEST(FrameAllocator, HasRoomBesideItsReserve) {
    test::FrameWorld world(101);
    EXPECT_TRUE(world.allocator.has_room(PageCount(100)));
    world.allocator.set_reserve(PageCount(10));
    EXPECT_TRUE(world.allocator.has_room(PageCount(90)));
    EXPECT_FALSE(world.allocator.has_room(PageCount(91)));
    ASSERT_TRUE(world.allocator.zero_one_ahead());
    EXPECT_TRUE(world.allocator.has_room(PageCount(90)));
}

TEST(OwnedFrame, GivesBackMovesSharesAndReleases) {
    FrameWorld world(1024);
    const PageCount all = world.allocator.free_frames();
    {
        OwnedFrame a = must(world.allocator.allocate());
        OwnedFrame b = std::move(a);
        EXPECT_TRUE(a.empty());
        OwnedFrame c = must(b.share());
        EXPECT_EQ(b.number(), c.number());
        EXPECT_EQ(world.table.references(b.number()), 2U);
        b.reset();
        EXPECT_EQ(world.allocator.free_frames(), all - PageCount(1));
        EXPECT_EQ(world.table.references(c.number()), 1U);
        OwnedFrame d = must(world.allocator.allocate());
        d = std::move(c);  // what d held goes back
        EXPECT_EQ(world.allocator.free_frames(), all - PageCount(1));
        OwnedFrame& same = d;
        d = std::move(same);
        EXPECT_FALSE(d.empty());
        const FrameNumber kept = d.release();
        EXPECT_TRUE(d.empty());
        d.reset();
        EXPECT_EQ(world.allocator.free_frames(), all - PageCount(1));
        a = OwnedFrame::adopt(world.allocator, kept);
    }
    EXPECT_EQ(world.allocator.free_frames(), all);
    OwnedFrame nothing;
    EXPECT_DEATH((void)nothing.number(), "empty");
    EXPECT_DEATH((void)nothing.release(), "empty");
    EXPECT_DEATH((void)nothing.share(), "empty");
}

TEST(OwnedFrame, RefusesMoreReferencesThanTheCountHolds) {
    FrameWorld world(64);
    OwnedFrame frame = must(world.allocator.allocate());
    for (std::uint32_t i = 1; i < FrameTable::kMaxReferences; ++i) {
        ASSERT_TRUE(world.table.add_reference(frame.number()).ok());
    }
    EXPECT_EQ(frame.share().error(), Error::LimitReached);
    EXPECT_EQ(world.table.references(frame.number()), FrameTable::kMaxReferences);
    EXPECT_EQ(world.table.state(frame.number()), FrameState::Used);
    (void)frame.release();
}

TEST(FrameBitmap, NeedsLittleMemory) {
    const std::uint32_t frames = kMaxWindowFrames.raw();
    EXPECT_LT(FrameAllocator::words_needed(kMaxWindowFrames) * 4.0 / frames, 0.14);
    EXPECT_LT(FrameBitmap::words_needed(1U << 20) * 4.0 / (1U << 20), 0.14);
}

TEST(Zones, HaveNames) {
    EXPECT_STREQ(zone_name(Zone::Dma), "DMA");
    EXPECT_STREQ(zone_name(Zone::Window), "Window");
    EXPECT_STREQ(zone_name(Zone::High), "High");
}

}  // namespace
}  // namespace quire::mm
