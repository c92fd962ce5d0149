// The heap of a program: its break, its lock, its two modes, and what it answers when nothing is
// left.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/host/malloc_world.h"

namespace quire::test {
namespace {

using heap::HeapMisuse;
using libc::HeapLock;
using libc::ProgramHeap;

constexpr std::uintptr_t kHere = 0x1234;

TEST(HeapLock, IsHeldByItsMakerAndThenTakenOnce) {
    HeapLock lock;
    EXPECT_FALSE(lock.try_take());
    lock.release();
    EXPECT_TRUE(lock.try_take());
    EXPECT_FALSE(lock.try_take());
    lock.release();
    EXPECT_TRUE(lock.try_take());
}

TEST(HeapLock, WakesEverybodyWhoWaits) {
    HeapLock lock;
    int count = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int turn = 0; turn < 1000; ++turn) {
                lock.take();
                ++count;
                lock.release();
            }
        });
    }
    lock.release();
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(count, 4000);
    EXPECT_TRUE(lock.try_take());
}

TEST(BreakPages, StartsAtAPageAndGrowsWithoutAGap) {
    SimulatedMemory memory;
    memory.move_break(100);
    libc::BreakPages pages(memory);
    auto* first = static_cast<std::byte*>(pages.extend(4096));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 4096, 0U);
    EXPECT_EQ(pages.extend(8192), first + 4096);
    EXPECT_TRUE(pages.can_shrink());
    pages.shrink(8192);
    EXPECT_EQ(memory.in_break(), 8192U);
}

TEST(BreakPages, KeepsOffWhatOthersHaveTaken) {
    SimulatedMemory memory;
    libc::BreakPages pages(memory);
    auto* first = static_cast<std::byte*>(pages.extend(4096));
    std::byte* theirs = memory.move_break(10);
    EXPECT_FALSE(pages.can_shrink());
    EXPECT_EQ(theirs, first + 4096);
    EXPECT_EQ(pages.extend(4096), first + 8192);
    EXPECT_TRUE(pages.can_shrink());
}

TEST(BreakPages, AnswersNothingWhenTheBreakStands) {
    SimulatedMemory memory(16 * 4096);
    libc::BreakPages pages(memory);
    EXPECT_EQ(pages.extend(17 * 4096), nullptr);
    EXPECT_EQ(pages.extend(SIZE_MAX & ~std::size_t{4095}), nullptr);
    EXPECT_EQ(memory.in_break(), 0U);
    memory.fail_from(1);
    EXPECT_EQ(pages.extend(4096), nullptr);
}

// In .bss it takes no room in the file of a program.
TEST(ProgramHeap, IsAllZeroesWhenNew) {
    static constinit ProgramHeap heap;
    const auto* bytes = reinterpret_cast<const unsigned char*>(&heap);
    EXPECT_EQ(std::count(bytes, bytes + sizeof heap, 0), static_cast<std::ptrdiff_t>(sizeof heap));
}

TEST(ProgramHeap, IsSetUpOnceHoweverManyComeFirst) {
    for (const bool watched : {false, true}) {
        for (int round = 0; round < 50; ++round) {
            MallocWorld world(watched);
            std::vector<std::thread> threads;
            for (int i = 0; i < 4; ++i) {
                threads.emplace_back([&] {
                    void* block = world.heap.allocate(100, kHere);
                    EXPECT_NE(block, nullptr);
                    world.heap.deallocate(block, kHere);
                });
            }
            for (std::thread& thread : threads)
                thread.join();
            EXPECT_EQ(world.times_asked, 1);
            world.heap.check_invariants();
        }
    }
}

TEST(ProgramHeap, AsksForNothingBeforeTheFirstCall) {
    MallocWorld world;
    world.heap.deallocate(nullptr, kHere);
    EXPECT_EQ(world.memory.fallible_calls(), 0U);
    EXPECT_EQ(world.heap.usable_size(nullptr), 0U);
    void* block = world.heap.allocate(10, kHere);
    EXPECT_TRUE(world.memory.is_below_break(block));
    world.heap.deallocate(block, kHere);
    world.heap.check_invariants();
}

TEST(ProgramHeap, MapsWhatIsLarge) {
    MallocWorld world;
    void* small = world.heap.allocate(200 * 1024, kHere);
    void* large = world.heap.allocate(256 * 1024, kHere);
    EXPECT_TRUE(world.memory.is_below_break(small));
    EXPECT_FALSE(world.memory.is_below_break(large));
    EXPECT_EQ(world.heap.statistics().mappings, 1U);
    large = world.heap.reallocate(large, 900 * 1024, kHere);
    EXPECT_EQ(world.memory.mapping_count(), 1U);
    world.heap.deallocate(large, kHere);
    EXPECT_EQ(world.memory.mapping_count(), 0U);
    world.heap.check_invariants();
}

TEST(ProgramHeap, MapsLargeBlocksAtAPageToo) {
    MallocWorld world;
    void* page = world.heap.allocate_aligned(4096, 300 * 1024, kHere);
    EXPECT_EQ(world.memory.mapping_count(), 1U);
    void* beyond = world.heap.allocate_aligned(65536, 300 * 1024, kHere);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(beyond) % 65536, 0U);
    EXPECT_EQ(world.memory.mapping_count(), 1U);
    world.heap.deallocate(page, kHere);
    world.heap.deallocate(beyond, kHere);
    EXPECT_TRUE(world.misuses.empty());
}

TEST(ProgramHeap, SaysOncePerCallThatThereIsNoMemory) {
    MallocWorld world;
    EXPECT_EQ(world.heap.allocate(SIZE_MAX, kHere), nullptr);
    EXPECT_EQ(world.take_refusals(), 1U);
    EXPECT_EQ(world.heap.allocate(SIZE_MAX, kHere), nullptr);  // the open gate, too
    EXPECT_EQ(world.take_refusals(), 1U);
    EXPECT_EQ(world.heap.allocate_zeroed(SIZE_MAX / 2, 3, kHere), nullptr);
    EXPECT_EQ(world.take_refusals(), 1U);
    EXPECT_EQ(world.heap.allocate_aligned(4096, SIZE_MAX, kHere), nullptr);
    EXPECT_EQ(world.take_refusals(), 1U);
    void* block = world.heap.allocate(100, kHere);
    EXPECT_EQ(world.heap.reallocate(block, SIZE_MAX, kHere), nullptr);
    EXPECT_EQ(world.take_refusals(), 1U);
    EXPECT_EQ(world.heap.usable_size(block) >= 100, true);
    world.heap.deallocate(block, kHere);
    EXPECT_EQ(world.take_refusals(), 0U);
}

TEST(ProgramHeap, DoesNotClearWhatIsFresh) {
    MallocWorld world;
    world.heap.deallocate(world.heap.allocate(10, kHere), kHere);
    auto* zero =
        static_cast<std::byte*>(world.heap.allocate_zeroed(50, SimulatedMemory::kPage, kHere));
    unsigned char resident[50] = {};
    const auto page = reinterpret_cast<std::uintptr_t>(zero + 4095) & ~std::uintptr_t{4095};
    ASSERT_EQ(mincore(reinterpret_cast<void*>(page), 48 * SimulatedMemory::kPage, resident), 0);
    for (int i = 0; i < 48; ++i)
        EXPECT_EQ(resident[i] & 1, 0) << i;
    void* mapped = world.heap.allocate_zeroed(100, SimulatedMemory::kPage, kHere);
    ASSERT_EQ(mincore(mapped, 50 * SimulatedMemory::kPage, resident), 0);
    for (int i = 0; i < 50; ++i)
        EXPECT_EQ(resident[i] & 1, 0) << i;
}

TEST(ProgramHeap, SetsLimits) {
    MallocWorld world;
    ProgramHeap::Limits limits = world.heap.limits();
    EXPECT_EQ(limits.map_from, 256U * 1024);
    limits.map_from = 5000;
    limits.most_mappings = 1;
    world.heap.set_limits(limits);
    void* mapped = world.heap.allocate(5000, kHere);
    void* second = world.heap.allocate(5000, kHere);
    EXPECT_EQ(world.memory.mapping_count(), 1U);
    EXPECT_TRUE(world.memory.is_below_break(second));
    world.heap.deallocate(mapped, kHere);
    world.heap.deallocate(second, kHere);
    limits.ahead = 1 << 20;
    limits.trim_from = 2 << 20;
    world.heap.set_limits(limits);
    world.heap.deallocate(world.heap.allocate(100 * 1024 - 5000, kHere), kHere);
    limits.most_mappings = 0;
    world.heap.set_limits(limits);
    world.heap.deallocate(world.heap.allocate(100 * 1024, kHere), kHere);
    EXPECT_GE(world.memory.in_break(), std::size_t{1} << 20);
    EXPECT_TRUE(world.heap.trim(0));
    EXPECT_FALSE(world.heap.trim(0));
    EXPECT_LE(world.memory.in_break(), SimulatedMemory::kPage);
}

TEST(ProgramHeap, GoesRoundWhatOthersTakeFromTheBreak) {
    MallocWorld world;
    std::vector<void*> blocks;
    std::vector<std::pair<std::byte*, std::size_t>> theirs;
    for (std::size_t i = 1; i < 60; ++i) {
        for (std::size_t j = 0; j < 7; ++j) {
            blocks.push_back(world.heap.allocate(i * 90 + j, kHere));
            std::memset(blocks.back(), 0x11, i * 90 + j);
        }
        if (i % 3 != 0) continue;
        const std::size_t size = i * 111;
        theirs.emplace_back(world.memory.move_break(static_cast<std::ptrdiff_t>(size)), size);
        std::memset(theirs.back().first, 0x77, size);
        world.heap.check_invariants();
    }
    for (void* block : blocks)
        world.heap.deallocate(block, kHere);
    world.heap.trim(0);
    world.heap.check_invariants();
    const heap::HeapStatistics sum = world.heap.statistics();
    EXPECT_EQ(sum.used_bytes, 0U);
    for (const auto& [start, size] : theirs) {
        for (std::size_t i = 0; i < size; ++i)
            ASSERT_EQ(start[i], std::byte{0x77});
        world.heap.deallocate(start, kHere);
        EXPECT_EQ(world.misuses.size(), 1U);
        world.misuses.clear();
    }
}

// The top that is asked for more may come back as another one, above what others have taken.
TEST(ProgramHeap, AlignsAboveWhatOthersHaveTaken) {
    for (std::size_t alignment = 32; alignment <= 16384; alignment *= 2) {
        MallocWorld world;
        static_cast<void>(world.heap.allocate(alignment / 2 + 40, kHere));
        world.memory.move_break(5000);
        void* block = world.heap.allocate_aligned(alignment, 40000, kHere);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0U) << alignment;
        world.heap.check_invariants();
    }
}

TEST(ProgramHeap, GrowsABlockPastWhatOthersHaveTaken) {
    MallocWorld world;
    auto* block = static_cast<std::byte*>(world.heap.allocate(3000, kHere));
    std::memset(block, 0x22, 3000);
    std::byte* theirs = world.memory.move_break(5000);
    std::memset(theirs, 0x77, 5000);
    block = static_cast<std::byte*>(world.heap.reallocate(block, 40000, kHere));
    ASSERT_GT(block, theirs);
    std::memset(block + 3000, 0x22, 37000);
    EXPECT_EQ(block[2999], std::byte{0x22});
    for (std::size_t i = 0; i < 5000; ++i)
        ASSERT_EQ(theirs[i], std::byte{0x77});
    world.heap.check_invariants();
}

// The first extension goes round them, the second, for what is missing then, fails.
TEST(ProgramHeap, IsWholeWhenItFailsBehindAFence) {
    MallocWorld world;
    ProgramHeap::Limits limits = world.heap.limits();
    limits.ahead = 0;
    world.heap.set_limits(limits);
    static_cast<void>(world.heap.allocate(3000, kHere));
    world.memory.move_break(5000);
    world.memory.fail_from(2);
    EXPECT_EQ(world.heap.allocate(33000, kHere), nullptr);
    world.heap.check_invariants();
    world.memory.fail_from(0);
    auto* zero = static_cast<std::byte*>(world.heap.allocate_zeroed(1, 10000, kHere));
    for (std::size_t i = 0; i < 10000; ++i)
        ASSERT_EQ(zero[i], std::byte{0}) << i;
}

TEST(ProgramHeap, TellsWhoseMemoryAFenceHolds) {
    MallocWorld world;
    void* first = world.heap.allocate(3000, kHere);
    world.memory.move_break(4096);
    void* second = world.heap.allocate(30000, kHere);
    ASSERT_GT(second, first);
    // The word before belongs to the fence's header, so this is what it takes for a block.
    auto* fence = reinterpret_cast<std::byte*>(reinterpret_cast<std::uintptr_t>(second) &
                                               ~std::uintptr_t{4095});
    world.heap.deallocate(fence - 4096, kHere);
    ASSERT_EQ(world.misuses.size(), 1U);
    EXPECT_EQ(world.misuses[0], HeapMisuse::ForeignPointer);
    world.heap.check_invariants();
}

TEST(ProgramHeap, DoesNotShrinkBelowMemoryOfOthers) {
    MallocWorld world;
    void* large = world.heap.allocate(200 * 1024, kHere);
    world.memory.move_break(100);
    const std::size_t before = world.memory.in_break();
    world.heap.deallocate(large, kHere);
    EXPECT_FALSE(world.heap.trim(0));
    EXPECT_EQ(world.memory.in_break(), before);
    world.memory.move_break(-100);
    EXPECT_TRUE(world.heap.trim(0));
    world.heap.check_invariants();
}

TEST(ProgramHeap, RefusesWrongPointers) {
    MallocWorld world;
    void* block = world.heap.allocate(1000, kHere);
    void* other = world.heap.allocate(1000, kHere);
    world.heap.deallocate(block, kHere);
    world.heap.deallocate(block, kHere);
    int local = 0;
    world.heap.deallocate(&local, kHere);
    world.heap.deallocate(static_cast<std::byte*>(other) + 64, kHere);
    EXPECT_EQ(world.misuses, (std::vector{HeapMisuse::DoubleFree, HeapMisuse::ForeignPointer,
                                          HeapMisuse::InteriorPointer}));
    world.heap.check_invariants();
}

TEST(ProgramHeap, WatchesWhenAsked) {
    MallocWorld world(true);
    auto* block = static_cast<char*>(world.heap.allocate(24, kHere));
    EXPECT_EQ(block[0], static_cast<char>(heap::DebugHeap::kNewByte));
    block[24 + 3] = 1;
    world.heap.deallocate(block, kHere);
    ASSERT_EQ(world.damages.size(), 1U);
    EXPECT_NE(world.damages[0].find("write 3 bytes past the block of 24 bytes"), std::string::npos);
    EXPECT_NE(world.damages[0].find("allocated at 0x1234"), std::string::npos);
    world.heap.deallocate(block, kHere);
    ASSERT_EQ(world.damages.size(), 2U);
    EXPECT_NE(world.damages[1].find("second free"), std::string::npos);
}

class Leaks final : public ProgramHeap::LeakReport {
  public:
    void leak(const heap::DebugHeap::SiteTotal& row) override { rows.push_back(row); }
    std::vector<heap::DebugHeap::SiteTotal> rows;
};

TEST(ProgramHeap, ReportsLeaksByCaller) {
    MallocWorld world(true);
    void* kept = world.heap.allocate(10, 0x10U);
    kept = world.heap.reallocate(kept, 30, 0x20U);
    static_cast<void>(world.heap.allocate_zeroed(5, 10, 0x30));
    static_cast<void>(world.heap.allocate_aligned(64, 7, 0x30));
    Leaks leaks;
    EXPECT_EQ(world.heap.report_leaks(leaks), 3U);
    ASSERT_EQ(leaks.rows.size(), 2U);
    EXPECT_EQ(leaks.rows[0].site.address, 0x30U);
    EXPECT_EQ(leaks.rows[0].bytes, 57U);
    EXPECT_EQ(leaks.rows[1].site.address, 0x20U);
    world.heap.deallocate(kept, 0x40U);
    EXPECT_EQ(world.heap.usable_size(nullptr), 0U);
}

TEST(ProgramHeap, HasNoLeaksToTellOfWhenNotWatched) {
    MallocWorld world;
    static_cast<void>(world.heap.allocate(10, kHere));
    Leaks leaks;
    EXPECT_EQ(world.heap.report_leaks(leaks), 0U);
    EXPECT_TRUE(leaks.rows.empty());
}

TEST(ProgramHeap, IsFreeInTheChildOfAFork) {
    for (const bool watched : {false, true}) {
        MallocWorld world(watched);
        world.heap.before_fork();  // of a heap that is new
        world.heap.after_fork_in_child();
        static_cast<void>(world.heap.allocate(10, kHere));
        world.heap.before_fork();
        world.heap.after_fork_in_child();
        void* block = world.heap.allocate(20, kHere);
        EXPECT_EQ(world.heap.usable_size(block) == 20, watched);  // of the same heap as before
        world.heap.before_fork();
        world.heap.after_fork_in_parent();
        EXPECT_NE(world.heap.allocate(20, kHere), nullptr);
    }
}

// As a report does that ends the program: handlers of that may use the heap.
TEST(ProgramHeap, CanBeLeftForGood) {
    for (const bool watched : {false, true}) {
        MallocWorld world(watched);
        world.heap.before_fork();
        world.heap.leave_for_good();
        EXPECT_NE(world.heap.allocate(100, kHere), nullptr);
    }
}

// The same work with every call that may fail made to fail in turn.
void do_some_of_everything(ProgramHeap& heap) {
    std::vector<void*> blocks;
    const auto keep = [&](void* block, std::size_t size) {
        if (block == nullptr) return;
        std::memset(block, 0x3C, size);
        blocks.push_back(block);
    };
    for (std::size_t i = 1; i < 40; ++i) {
        keep(heap.allocate(i * 37, kHere), i * 37);
        keep(heap.allocate_zeroed(i, 200, kHere), i * 200);
        keep(heap.allocate_aligned(std::size_t{1} << i % 14, i * 11, kHere), i * 11);
        keep(heap.allocate(i * 20000, kHere), i * 20000);
        if (!blocks.empty()) {
            void*& victim = blocks[i % blocks.size()];
            void* moved = heap.reallocate(victim, i * 9000, kHere);
            if (moved != nullptr) victim = moved;
        }
        if (i % 8 == 0) heap.check_invariants();
    }
    for (void* block : blocks)
        heap.deallocate(block, kHere);
}

TEST(ProgramHeap, SurvivesTheFailureOfEveryCall) {
    for (const bool watched : {false, true}) {
        MallocWorld counting(watched);
        do_some_of_everything(counting.heap);
        const std::size_t calls = counting.memory.fallible_calls();
        ASSERT_GT(calls, 40U);
        std::size_t refusals = 0;
        for (std::size_t n = 1; n <= calls; ++n) {
            MallocWorld world(watched);
            world.memory.fail_from(n);
            do_some_of_everything(world.heap);
            refusals += world.take_refusals();
            EXPECT_TRUE(world.misuses.empty() && world.damages.empty()) << n;
            world.memory.fail_from(0);
            world.heap.check_invariants();
            EXPECT_NE(world.heap.allocate(300000, kHere), nullptr) << n;
            EXPECT_TRUE(watched || world.heap.statistics().used_count == 1) << n;
        }
        // Hardly a failure was without consequence: one to make a mapping smaller, for example.
        EXPECT_GT(refusals, calls);
    }
}

}  // namespace
}  // namespace quire::test
