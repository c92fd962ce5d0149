// The heap's promises one by one: sizes, alignment, joining, growth, misuse, failure, give-back.
#include <gtest/gtest.h>

#include "tests/host/heap_support.h"

namespace quire::test {
namespace {

using heap::Heap;
using heap::HeapMisuse;
using heap::HeapStatistics;

class HeapTest : public testing::Test {
  protected:
    void TearDown() override {
        heap_.check_invariants();
        EXPECT_TRUE(take_misuses().empty());
    }
    void expect_misuse(HeapMisuse misuse) {
        const std::vector<HeapMisuse> seen = take_misuses();
        ASSERT_EQ(seen.size(), 1U);
        EXPECT_EQ(seen[0], misuse) << misuse_text(seen[0]);
    }
    std::vector<void*> allocate_many(std::size_t count, std::size_t size) {
        std::vector<void*> pointers;
        for (std::size_t i = 0; i < count; ++i)
            pointers.push_back(heap_.allocate(size));
        return pointers;
    }
    void deallocate_all(const std::vector<void*>& pointers) {
        for (void* pointer : pointers)
            heap_.deallocate(pointer);
    }

    TestSource source_;
    Heap heap_{source_, record_misuse};
};

TEST_F(HeapTest, TakesNoPageBeforeTheFirstRequest) {
    EXPECT_EQ(source_.extent(), 0U);
    EXPECT_EQ(heap_.statistics().arena_bytes, 0U);
    heap_.deallocate(nullptr);
    EXPECT_EQ(heap_.usable_size(nullptr), 0U);
    EXPECT_EQ(heap_.trim(), 0U);
}

TEST_F(HeapTest, ServesEverySizeAlignedAndApart) {
    std::vector<std::byte*> pointers;
    for (std::size_t size = 0; size < 3000; ++size) {
        auto* pointer = static_cast<std::byte*>(heap_.allocate(size));
        ASSERT_NE(pointer, nullptr);
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(pointer) % heap::kAlignment, 0U);
        ASSERT_GE(heap_.usable_size(pointer), size);
        std::memset(pointer, static_cast<int>(size), size);
        pointers.push_back(pointer);
    }
    for (std::size_t size = 0; size < 3000; ++size) {
        for (std::size_t i = 0; i < size; ++i) {
            ASSERT_EQ(pointers[size][i], std::byte(static_cast<unsigned char>(size)));
        }
        heap_.deallocate(pointers[size]);
    }
}

TEST_F(HeapTest, RefusesWildSizes) {
    void* before = heap_.allocate(100);
    const HeapStatistics was = heap_.statistics();
    EXPECT_EQ(heap_.allocate(SIZE_MAX), nullptr);
    EXPECT_EQ(heap_.allocate(SIZE_MAX - heap::kAlignment), nullptr);
    EXPECT_EQ(heap_.allocate(SIZE_MAX / 2), nullptr);
    EXPECT_EQ(heap_.allocate(heap::kLargestRequest), nullptr);
    EXPECT_EQ(heap_.allocate_zeroed(SIZE_MAX / 2, 3), nullptr);
    EXPECT_EQ(heap_.allocate_zeroed(SIZE_MAX, SIZE_MAX), nullptr);
    EXPECT_EQ(heap_.reallocate(before, SIZE_MAX), nullptr);
    EXPECT_EQ(heap_.reallocate(before, heap::kLargestRequest), nullptr);
    EXPECT_EQ(heap_.allocate_aligned(4096, SIZE_MAX - 100), nullptr);
    EXPECT_EQ(heap_.allocate_aligned(~(SIZE_MAX >> 1), 100), nullptr);
    EXPECT_EQ(heap_.allocate_aligned(24, 100), nullptr);
    EXPECT_EQ(heap_.allocate_aligned(0, 100), nullptr);
    const HeapStatistics is = heap_.statistics();
    EXPECT_EQ(is.used_bytes, was.used_bytes);
    EXPECT_EQ(is.arena_bytes, was.arena_bytes);
    heap_.deallocate(before);
}

TEST_F(HeapTest, JoinsNeighboursInEveryOrder) {
    for (int order = 0; order < 6; ++order) {
        constexpr std::size_t kSize = 2500;  // too large to be kept at hand
        const std::vector<void*> p = allocate_many(5, kSize);
        static constexpr int kOrders[6][3] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3},
                                              {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};
        for (const int index : kOrders[order]) {
            heap_.deallocate(p[static_cast<std::size_t>(index)]);
            heap_.check_invariants();
        }
        // The three make one block of just this size.
        EXPECT_EQ(heap_.allocate(3 * heap::block_size_for(kSize) - heap::kWord), p[1]);
        heap_.deallocate(p[1]);
        heap_.deallocate(p[0]);
        heap_.deallocate(p[4]);
    }
}

TEST_F(HeapTest, TakesTheBestFit) {
    const std::size_t sizes[] = {5000, 2100, 1980, 2040, 9000, 600, 3000, 2010};
    std::vector<void*> holes;
    std::vector<void*> walls;
    for (const std::size_t size : sizes) {
        holes.push_back(heap_.allocate(size));
        walls.push_back(heap_.allocate(100));
    }
    deallocate_all(holes);
    EXPECT_EQ(heap_.allocate(2005), holes[7]);
    EXPECT_EQ(heap_.allocate(2030), holes[3]);
    EXPECT_EQ(heap_.allocate(590), holes[5]);
    EXPECT_EQ(heap_.allocate(2090), holes[1]);
    EXPECT_EQ(heap_.allocate(8000), holes[4]);
    EXPECT_EQ(heap_.allocate(1970), holes[2]);
    heap_.check_invariants();
}

TEST_F(HeapTest, PutsSmallBlocksIntoRunsOnceThereAreEight) {
    std::vector<void*> few = allocate_many(8, 32);
    EXPECT_EQ(heap_.statistics().runs, 0U);
    std::vector<void*> more = allocate_many(100, 32);
    const std::size_t slots = heap::kSlots.end[heap::slot_class_for(32)];
    const std::size_t in_first = heap::Run::around(more[0])->capacity();
    EXPECT_LE(in_first, slots);
    EXPECT_EQ(heap_.statistics().runs, 1 + (100 - in_first + slots - 1) / slots);
    deallocate_all(more);
    EXPECT_EQ(heap_.statistics().runs, 0U);
    deallocate_all(few);
}

TEST_F(HeapTest, KeepsOneEmptyRunInHandWhileOthersAreFull) {
    const std::vector<void*> few = allocate_many(8, 32);
    std::vector<void*> full = allocate_many(1, 32);
    for (void* slot : allocate_many(heap::Run::around(full[0])->capacity() - 1U, 32))
        full.push_back(slot);
    heap_.deallocate(heap_.allocate(32));
    EXPECT_EQ(heap_.statistics().runs, 2U);
    deallocate_all(full);
    EXPECT_EQ(heap_.statistics().runs, 0U);
    deallocate_all(few);
}

TEST_F(HeapTest, GivesBackAlmostAllPagesAfterFreeingEverything) {
    TestRandom random(3);
    std::vector<void*> pointers;
    for (int i = 0; i < 20000; ++i)
        pointers.push_back(heap_.allocate(random.below(400)));
    const std::size_t peak = source_.extent();
    for (std::size_t i = pointers.size(); i > 1; --i) {
        std::swap(pointers[i - 1], pointers[random.below(i)]);
    }
    deallocate_all(pointers);
    EXPECT_LE(source_.extent(), peak / 20);
    heap_.trim();
    EXPECT_LE(source_.extent(), TestSource::kPage);
}

TEST_F(HeapTest, TrimKeepsWhatItIsTold) {
    void* pointer = heap_.allocate(100000);
    heap_.deallocate(heap_.allocate(12000));
    const std::size_t top = heap_.statistics().top_bytes;
    heap_.trim(6000);
    EXPECT_GE(heap_.statistics().top_bytes, 6000U);
    EXPECT_LT(heap_.statistics().top_bytes, 6000U + TestSource::kPage + heap::kAlignment);
    EXPECT_LT(heap_.statistics().top_bytes, top);
    heap_.deallocate(pointer);
}

TEST_F(HeapTest, ZeroesWhatIsNotFresh) {
    for (const std::size_t size : {std::size_t{20}, std::size_t{300}, std::size_t{20000}}) {
        void* dirty = heap_.allocate(size);
        std::memset(dirty, 0xFF, size);
        heap_.deallocate(dirty);
        // Longer than the dirty part: the rest is fresh from the source.
        auto* zeroed = static_cast<std::byte*>(heap_.allocate_zeroed(size, 2));
        for (std::size_t i = 0; i < 2 * size; ++i)
            ASSERT_EQ(zeroed[i], std::byte{0}) << i;
        heap_.deallocate(zeroed);
    }
}

TEST_F(HeapTest, DoesNotClearFreshPages) {
    // A source that lies about its zeroes shows what calloc did not write.
    source_.fill_new_pages(0xEE);
    const std::size_t size = 200 * 1024;
    auto* zeroed = static_cast<std::byte*>(heap_.allocate_zeroed(1, size));
    for (std::size_t i = 0; i < size; ++i)
        ASSERT_EQ(zeroed[i], std::byte{0xEE}) << i;
    heap_.deallocate(zeroed);
    // Given back and taken again, they are fresh again; what was kept is not.
    auto* again = static_cast<std::byte*>(heap_.allocate_zeroed(1, size));
    EXPECT_EQ(again[0], std::byte{0});
    EXPECT_EQ(again[size - 1], std::byte{0xEE});
    heap_.deallocate(again);
    void* large = heap_.allocate_zeroed(1, 1 << 20);
    EXPECT_EQ(*static_cast<std::byte*>(large), std::byte{0xEE});
    heap_.deallocate(large);
}

TEST_F(HeapTest, ClearsPagesOfASourceThatDoesNot) {
    source_.fill_new_pages(0xEE);
    source_.say_not_zeroed();
    for (const std::size_t size : {std::size_t{30}, std::size_t{100000}, std::size_t{1} << 20}) {
        auto* zeroed = static_cast<std::byte*>(heap_.allocate_zeroed(1, size));
        for (std::size_t i = 0; i < size; ++i)
            ASSERT_EQ(zeroed[i], std::byte{0}) << i;
        heap_.deallocate(zeroed);
    }
}

TEST_F(HeapTest, ReallocGrowsIntoTheFreeNeighbour) {
    auto* first = static_cast<std::byte*>(heap_.allocate(200));
    void* second = heap_.allocate(4000);  // too large to be kept at hand
    void* wall = heap_.allocate(100);
    first[199] = std::byte{7};
    heap_.deallocate(second);
    EXPECT_EQ(heap_.reallocate(first, 4100), first);
    EXPECT_EQ(first[199], std::byte{7});
    EXPECT_EQ(heap_.reallocate(first, 100), first);
    heap_.check_invariants();
    EXPECT_EQ(heap_.allocate(2500), first + heap::block_size_for(100));
    heap_.deallocate(wall);
}

// As nothing of a small arena would go back, a little is kept at hand even of an empty heap.
TEST_F(HeapTest, KeepsALittleAtHandInASmallArena) {
    void* first = heap_.allocate(200);
    void* second = heap_.allocate(300);
    heap_.deallocate(first);
    heap_.deallocate(second);
    EXPECT_EQ(heap_.statistics().used_count, 0U);
    EXPECT_EQ(heap_.allocate(300), second);
    EXPECT_EQ(heap_.allocate(200), first);
    heap_.deallocate(first);
    heap_.trim();  // empties it
    EXPECT_EQ(heap_.statistics().free_count, 1U);
}

TEST_F(HeapTest, KeepsNothingThatHoldsALargeArena) {
    const std::vector<void*> p = allocate_many(200, 900);
    ASSERT_GT(source_.extent(), 150U * 900);
    deallocate_all(p);
    EXPECT_LE(source_.extent(), std::size_t{32} * 1024);
}

TEST_F(HeapTest, ReallocSendsAGrowingBlockToTheEnd) {
    void* hole = heap_.allocate(20000);
    void* wall = heap_.allocate(100);
    auto* growing = static_cast<std::byte*>(heap_.allocate(100));
    void* after = heap_.allocate(100);
    heap_.deallocate(hole);
    growing = static_cast<std::byte*>(heap_.reallocate(growing, 200));
    EXPECT_EQ(growing, hole);  // the first time it takes the best fit
    void* next = heap_.allocate(19000);
    ASSERT_GT(next, growing);
    growing = static_cast<std::byte*>(heap_.reallocate(growing, 1000));
    EXPECT_GT(growing, static_cast<std::byte*>(after));
    std::byte* place = growing;
    for (std::size_t size = 1000; size < 50000; size += 500) {
        growing = static_cast<std::byte*>(heap_.reallocate(growing, size));
        ASSERT_EQ(growing, place) << size;
    }
    for (void* pointer : {wall, after, next, static_cast<void*>(growing)}) {
        heap_.deallocate(pointer);
    }
}

TEST_F(HeapTest, MapsLargeBlocksAndUnmapsThem) {
    auto* large = static_cast<std::byte*>(heap_.allocate(1 << 20));
    EXPECT_EQ(source_.mapping_count(), 1U);
    EXPECT_LT(source_.extent(), 10000U);
    large[(1 << 20) - 1] = std::byte{9};
    large = static_cast<std::byte*>(heap_.reallocate(large, 3 << 20));
    EXPECT_EQ(large[(1 << 20) - 1], std::byte{9});
    EXPECT_EQ(heap_.usable_size(large), std::size_t{3} << 20);
    large = static_cast<std::byte*>(heap_.reallocate(large, 1000));
    EXPECT_EQ(source_.mapping_count(), 0U);
    heap_.deallocate(large);
}

TEST_F(HeapTest, ServesLargeBlocksFromTheArenaWhereThereAreNoMaps) {
    TestSource source(std::size_t{64} << 20, false);
    Heap heap(source, record_misuse);
    void* large = heap.allocate(3 << 20);
    ASSERT_NE(large, nullptr);
    EXPECT_GT(source.extent(), std::size_t{3} << 20);
    large = heap.reallocate(large, 5 << 20);
    ASSERT_NE(large, nullptr);
    heap.deallocate(large);
    EXPECT_LT(source.extent(), std::size_t{1} << 20);
    heap.check_invariants();
}

TEST_F(HeapTest, AlignsAsAsked) {
    for (std::size_t alignment = 1; alignment <= 65536; alignment *= 2) {
        for (const std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{5000}}) {
            void* pointer = heap_.allocate_aligned(alignment, size);
            ASSERT_NE(pointer, nullptr);
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pointer) % alignment, 0U);
            EXPECT_GE(heap_.usable_size(pointer), size);
            std::memset(pointer, 1, size);
            heap_.check_invariants();
        }
    }
}

// Misuse, each kind in each place.

TEST_F(HeapTest, ReportsDoubleFreeOfABlock) {
    void* wall = heap_.allocate(100);
    void* pointer = heap_.allocate(300);
    void* other = heap_.allocate(100);
    heap_.deallocate(pointer);
    heap_.deallocate(pointer);
    expect_misuse(HeapMisuse::DoubleFree);
    // Also when it has been joined with the block below.
    heap_.deallocate(wall);
    heap_.deallocate(pointer);
    expect_misuse(HeapMisuse::DoubleFree);
    heap_.deallocate(other);
    heap_.deallocate(other);  // part of the top now
    expect_misuse(HeapMisuse::DoubleFree);
}

TEST_F(HeapTest, ReportsDoubleFreeOfASlot) {
    const std::vector<void*> pointers = allocate_many(20, 32);
    heap_.deallocate(pointers[15]);
    heap_.deallocate(pointers[15]);
    expect_misuse(HeapMisuse::DoubleFree);
    EXPECT_EQ(heap_.usable_size(pointers[15]), 0U);
    expect_misuse(HeapMisuse::DoubleFree);
    EXPECT_EQ(heap_.reallocate(pointers[15], 100), nullptr);
    expect_misuse(HeapMisuse::DoubleFree);
}

TEST_F(HeapTest, ReportsForeignPointers) {
    static int on_no_heap[100];
    heap_.deallocate(&on_no_heap[50]);
    expect_misuse(HeapMisuse::ForeignPointer);
    void* pointer = heap_.allocate(100);
    for (const std::ptrdiff_t distance : {std::ptrdiff_t{-8192}, std::ptrdiff_t{-8}}) {
        heap_.deallocate(source_.start() + distance);
        expect_misuse(HeapMisuse::ForeignPointer);
    }
    heap_.deallocate(source_.start() + source_.extent());
    expect_misuse(HeapMisuse::ForeignPointer);
    EXPECT_EQ(heap_.reallocate(&on_no_heap[50], 10), nullptr);
    expect_misuse(HeapMisuse::ForeignPointer);
    void* large = heap_.allocate(1 << 20);
    heap_.deallocate(large);
    heap_.deallocate(large);  // unmapped: it must not be touched
    expect_misuse(HeapMisuse::ForeignPointer);
    heap_.deallocate(pointer);
}

TEST_F(HeapTest, ReportsInteriorPointers) {
    auto* block = static_cast<std::byte*>(heap_.allocate(300));
    std::memset(block, 0, 300);
    for (std::size_t offset = 1; offset < 300; ++offset) {
        heap_.deallocate(block + offset);
        expect_misuse(HeapMisuse::InteriorPointer);
    }
    const std::vector<void*> pointers = allocate_many(20, 48);
    auto* slot = static_cast<std::byte*>(pointers[15]);
    for (const std::size_t offset : {4U, 16U, 24U, 47U}) {
        heap_.deallocate(slot + offset);
        expect_misuse(HeapMisuse::InteriorPointer);
    }
    // Behind the last slot, where the run keeps its own words.
    heap_.deallocate(heap::Run::around(slot));
    expect_misuse(HeapMisuse::InteriorPointer);
    auto* large = static_cast<std::byte*>(heap_.allocate(1 << 20));
    heap_.deallocate(large + 4096);
    expect_misuse(HeapMisuse::InteriorPointer);
    heap_.deallocate(source_.start());
    expect_misuse(HeapMisuse::InteriorPointer);
}

TEST_F(HeapTest, ReportsACorruptedHeader) {
    auto* first = static_cast<std::byte*>(heap_.allocate(104));
    auto* second = static_cast<std::byte*>(heap_.allocate(200));
    void* third = heap_.allocate(100);
    std::size_t header;
    std::memcpy(&header, second - heap::kWord, heap::kWord);
    for (const std::size_t broken :
         {SIZE_MAX, std::size_t{1}, header + 64, header | (SIZE_MAX / 2)}) {
        std::memcpy(second - heap::kWord, &broken, heap::kWord);
        heap_.deallocate(second);
        ASSERT_EQ(take_misuses().size(), 1U) << std::hex << broken;
        std::memcpy(second - heap::kWord, &header, heap::kWord);
    }
    std::memset(second - heap::kWord, 0xFF, heap::kWord);
    heap_.deallocate(second);
    expect_misuse(HeapMisuse::CorruptedHeader);
    std::memcpy(second - heap::kWord, &header, heap::kWord);
    for (void* pointer : {static_cast<void*>(first), static_cast<void*>(second), third}) {
        heap_.deallocate(pointer);
    }
}

// What lies above the top looks like headers of blocks in use: only the top itself tells.
TEST_F(HeapTest, ReportsASizeThatReachesPastTheTop) {
    void* stale = heap_.allocate(8000);
    std::memset(stale, 0xFF, 8000);
    heap_.deallocate(stale);
    auto* last = static_cast<std::byte*>(heap_.allocate(200));
    ASSERT_EQ(last, stale);
    std::size_t header;
    std::memcpy(&header, last - heap::kWord, heap::kWord);
    const std::size_t broken = header + 800;
    std::memcpy(last - heap::kWord, &broken, heap::kWord);
    heap_.deallocate(last);
    expect_misuse(HeapMisuse::CorruptedHeader);
    std::memcpy(last - heap::kWord, &header, heap::kWord);
    heap_.deallocate(last);
}

// Failure: every call into the source is refused in turn.

void use_everything(Heap& heap, std::vector<void*>& live) {
    for (std::size_t i = 0; i < 600; ++i)
        live.push_back(heap.allocate(i % 70));
    for (std::size_t i = 0; i < 20; ++i)
        live.push_back(heap.allocate(3000 + 500 * i));
    live.push_back(heap.allocate_aligned(4096, 10000));
    live.push_back(heap.allocate_zeroed(100, 300));
    live.push_back(heap.allocate(1 << 20));
    live.push_back(heap.allocate(300 << 10));
    for (std::size_t i = 0; i < live.size(); i += 7) {
        if (live[i] == nullptr) continue;
        void* moved = heap.reallocate(live[i], 5000 + i);
        if (moved != nullptr) live[i] = moved;
    }
    void*& large = live[622];
    void* larger = large == nullptr ? nullptr : heap.reallocate(large, 4 << 20);
    if (larger != nullptr) large = larger;
}

TEST(HeapFailure, ChangesNothingWhicheverCallIntoTheSourceFails) {
    std::size_t calls = 1;
    for (std::size_t n = 0; n <= calls; ++n) {
        TestSource source;
        Heap heap(source, record_misuse);
        std::vector<void*> live;
        source.fail_from(n);
        use_everything(heap, live);
        if (n == 0) calls = source.fallible_calls();
        heap.check_invariants();
        for (void* pointer : live)
            heap.deallocate(pointer);
        heap.check_invariants();
        const HeapStatistics sum = heap.statistics();
        EXPECT_EQ(sum.used_count, 0U);
        EXPECT_EQ(sum.runs, 0U);
        heap.trim();
        EXPECT_LE(source.extent(), TestSource::kPage) << "call " << n;
        EXPECT_EQ(source.mapping_count(), 0U);
        EXPECT_TRUE(take_misuses().empty());
    }
    EXPECT_GT(calls, 30U);
}

TEST(HeapFailure, LeavesTheBlockOfAFailedReallocAlone) {
    TestSource source;
    Heap heap(source, record_misuse);
    for (const std::size_t size : {std::size_t{40}, std::size_t{500}, std::size_t{300} << 10}) {
        auto* pointer = static_cast<std::byte*>(heap.allocate(size));
        void* wall = heap.allocate(100);
        std::memset(pointer, 0x42, size);
        const HeapStatistics was = heap.statistics();
        source.fail_from(1);
        EXPECT_EQ(heap.reallocate(pointer, 40 << 20), nullptr);
        source.fail_from(0);
        EXPECT_EQ(heap.statistics().used_bytes, was.used_bytes);
        for (std::size_t i = 0; i < size; ++i)
            ASSERT_EQ(pointer[i], std::byte{0x42});
        heap.check_invariants();
        heap.deallocate(pointer);
        heap.deallocate(wall);
    }
}

// Finds where each live block is, to prove that walk() shows all of them and tiles the arena.
TEST_F(HeapTest, WalkShowsEveryBlockOnce) {
    std::map<void*, std::size_t> expected;
    for (std::size_t i = 0; i < 500; ++i) {
        void* pointer = heap_.allocate(i);
        expected[pointer] = heap_.usable_size(pointer);
    }
    void* large = heap_.allocate(1 << 20);
    expected[large] = heap_.usable_size(large);
    struct Finder final : heap::HeapVisitor {
        explicit Finder(std::map<void*, std::size_t>& blocks) : left(blocks) {}
        void visit(const heap::HeapBlock& block) override {
            using Kind = heap::HeapBlock::Kind;
            if (block.kind == Kind::Free || block.kind == Kind::FreeSlot ||
                block.kind == Kind::Internal) {
                EXPECT_EQ(left.count(block.payload), 0U);
                return;
            }
            ASSERT_EQ(left.count(block.payload), 1U);
            EXPECT_EQ(left[block.payload], block.size);
            left.erase(block.payload);
        }
        std::map<void*, std::size_t>& left;
    };
    Finder finder(expected);
    heap_.walk(finder);
    EXPECT_TRUE(expected.empty());
}

TEST(HeapMisuseText, NamesEveryKind) {
    EXPECT_STREQ(misuse_text(HeapMisuse::DoubleFree), "double free");
    EXPECT_STREQ(misuse_text(HeapMisuse::ForeignPointer), "pointer that is not from this heap");
    EXPECT_STREQ(misuse_text(HeapMisuse::InteriorPointer), "pointer into the middle of a block");
    EXPECT_STREQ(misuse_text(HeapMisuse::CorruptedHeader), "corrupted block header");
}

}  // namespace
}  // namespace quire::test
