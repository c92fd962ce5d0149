// Runs of small slots and the map that finds them: which pointers are slots, how far the map
// reaches, when runs come and go.
#include <gtest/gtest.h>

#include "tests/host/heap_support.h"

namespace quire::test {
namespace {

using heap::Heap;
using heap::HeapMisuse;
using heap::Run;

constexpr std::size_t kSmall = 32;

std::vector<void*> allocate_slots(Heap& heap, std::size_t count, std::size_t size) {
    std::vector<void*> pointers;
    for (std::size_t i = 0; i < count; ++i)
        pointers.push_back(heap.allocate(size));
    return pointers;
}

void deallocate_all(Heap& heap, const std::vector<void*>& pointers) {
    for (void* pointer : pointers)
        heap.deallocate(pointer);
}

TEST(SlotStarts, MarkEverySlotOfARunAndNothingElse) {
    for (std::size_t slot_class = 0; slot_class < heap::kSlotClasses; ++slot_class) {
        std::size_t marked = 0;
        for (std::size_t unit = 0; unit < heap::kGranule / heap::kAlignment; ++unit) {
            const std::uint32_t word = heap::kSlotStarts.of[slot_class][unit / Run::kUnitsInWord];
            if ((word & Run::bit_of(unit)) == 0) continue;
            const std::size_t start = unit * heap::kAlignment;
            EXPECT_EQ(start % heap::slot_size(slot_class), 0U);
            EXPECT_LE(start + heap::slot_size(slot_class), Run::offset());
            ++marked;
        }
        EXPECT_EQ(marked, heap::slots_in_run(slot_class));
    }
}

// Every address of a run, in use or not, is freed: only the slots in use may go.
TEST(HeapRuns, RefusesEveryAddressOfARunThatIsNoSlotInUse) {
    TestSource source;
    Heap heap(source, record_misuse);
    const std::vector<void*> live = allocate_slots(heap, 60, kSmall);
    auto* slots = Run::around(live.back())->slots();
    for (std::size_t offset = 0; offset < heap::kGranule - heap::kWord; ++offset) {
        std::byte* pointer = slots + offset;
        if (std::find(live.begin(), live.end(), pointer) != live.end()) continue;
        const bool starts_slot = offset % kSmall == 0 && offset + kSmall <= Run::offset();
        heap.deallocate(pointer);
        EXPECT_EQ(heap.reallocate(pointer, 40), nullptr);
        const HeapMisuse expected =
            starts_slot ? HeapMisuse::DoubleFree : HeapMisuse::InteriorPointer;
        EXPECT_EQ(take_misuses(), std::vector<HeapMisuse>(2, expected)) << offset;
    }
    heap.check_invariants();
    deallocate_all(heap, live);
    EXPECT_EQ(heap.statistics().used_count, 0U);
}

TEST(HeapRuns, FindsRunsInEveryMegabyte) {
    TestSource source(std::size_t{64} << 20, false);
    Heap heap(source, record_misuse);
    std::vector<void*> all;
    for (int megabyte = 0; megabyte < 8; ++megabyte) {
        for (void* slot : allocate_slots(heap, 2000, kSmall))
            all.push_back(slot);
        all.push_back(heap.allocate(1 << 20));
    }
    heap.check_invariants();
    EXPECT_GT(heap.statistics().runs, 8U * 30);
    deallocate_all(heap, all);
    heap.check_invariants();
    EXPECT_EQ(heap.statistics().runs, 0U);
    heap.trim();
    EXPECT_LE(source.extent(), TestSource::kPage);
    EXPECT_TRUE(take_misuses().empty());
}

TEST(HeapRuns, UsesOrdinaryBlocksBeyondTheReachOfTheMap) {
    constexpr std::size_t kReachBytes = heap::RunMap::kMostUnits * heap::kAlignment;
    TestSource source(kReachBytes + (std::size_t{8} << 20), false);
    Heap heap(source, record_misuse);
    std::vector<void*> all = {heap.allocate(kReachBytes)};
    ASSERT_NE(all[0], nullptr);
    for (void* pointer : allocate_slots(heap, 1000, kSmall))
        all.push_back(pointer);
    EXPECT_EQ(heap.statistics().runs, 0U);
    heap.check_invariants();
    heap.deallocate(all.back());
    heap.deallocate(all.back());
    EXPECT_EQ(take_misuses(), std::vector<HeapMisuse>{HeapMisuse::DoubleFree});
    all.pop_back();
    deallocate_all(heap, all);
    EXPECT_EQ(heap.statistics().used_count, 0U);
    heap.check_invariants();
}

// The map comes half a megabyte nearer with each run that is asked for; until then blocks stand in.
TEST(HeapRuns, ComeWithinReachOfTheMapStepByStep) {
    constexpr std::size_t kSteps = 3;
    TestSource source(std::size_t{8} << 20, false);
    Heap heap(source, record_misuse);
    std::vector<void*> all = {heap.allocate((kSteps - 1) * 512 * 1024)};
    for (void* slot : allocate_slots(heap, heap::RunSet::kOpenAt + kSteps - 1, kSmall))
        all.push_back(slot);
    EXPECT_EQ(heap.statistics().runs, 0U);
    all.push_back(heap.allocate(kSmall));
    EXPECT_EQ(heap.statistics().runs, 1U);
    heap.check_invariants();
    deallocate_all(heap, all);
    EXPECT_EQ(heap.statistics().used_count, 0U);
    EXPECT_TRUE(take_misuses().empty());
}

// Frees that leave runs empty, full and in between, checked after every step.
TEST(HeapRuns, KeepsAtMostOneRunEmptyWhateverTheOrderOfFrees) {
    TestRandom random(test_seed(11));
    for (const std::size_t size : {1U, 8U, 24U, 64U}) {
        TestSource source;
        Heap heap(source, record_misuse);
        std::vector<void*> live = allocate_slots(heap, 400, size);
        for (int step = 0; step < 2000; ++step) {
            const std::uint32_t victim = random.below(live.size());
            heap.deallocate(live[victim]);
            live[victim] = live.back();
            live.pop_back();
            if (random.below(8) != 0 || live.size() < 2) live.push_back(heap.allocate(size));
            heap.check_invariants();
        }
        deallocate_all(heap, live);
        EXPECT_EQ(heap.statistics().runs, 0U);
    }
}

}  // namespace
}  // namespace quire::test
