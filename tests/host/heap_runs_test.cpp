// Runs of small slots and the map that finds them: which pointers are slots, how far the map
// reaches, when runs come and go.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/host/heap_support.h"

namespace quire::test {
namespace {

using heap::Heap;
using heap::HeapMisuse;

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

TEST(SlotClasses, HaveABitForEachSlotThatFitsBelowTheRunAndForNothingElse) {
    for (std::size_t slot_class = 0; slot_class < heap::kSlotClasses; ++slot_class) {
        const std::size_t size = heap::slot_size(slot_class);
        EXPECT_GE(size, (slot_class + 1) * heap::kAlignment);
        EXPECT_EQ(heap::kSlots.end[slot_class], heap::Run::offset() / size);
        for (std::size_t number = 0; number < heap::Run::kWords * heap::Run::kBitsInWord;
             ++number) {
            const std::uint32_t word =
                heap::kSlots.slots[slot_class][number / heap::Run::kBitsInWord];
            EXPECT_EQ(word >> number % heap::Run::kBitsInWord & 1,
                      (number + 1) * size <= heap::Run::offset());
        }
    }
}

// All sizes of slots, in runs that begin at the start of their frame and elsewhere in it.
TEST(HeapRuns, LayTheSlotsOfEverySizeWithinTheRunAndApart) {
    for (std::size_t size = 1; size <= heap::kLargestSlot; ++size) {
        TestSource source;
        Heap heap(source, record_misuse);
        const std::vector<void*> slots = allocate_slots(heap, 300, size);
        std::set<void*> seen;
        for (void* pointer : slots) {
            if (!heap.parts().runs.run_at(heap.parts().arena.unit_of(pointer))) continue;
            heap::Run* run = heap::Run::around(pointer);
            auto* slot = static_cast<std::byte*>(pointer);
            EXPECT_GE(run->size(), size);
            EXPECT_GE(slot, run->frame() + run->first_unit * heap::kAlignment);
            EXPECT_LE(slot + run->size(), reinterpret_cast<std::byte*>(run));
            EXPECT_EQ(static_cast<std::size_t>(slot - run->frame()) % run->size(), 0U);
            EXPECT_TRUE(seen.insert(pointer).second);
        }
        EXPECT_GE(seen.size(), 300 - heap::RunSet::kOpenAt);
        heap.check_invariants();
        deallocate_all(heap, slots);
        EXPECT_EQ(heap.statistics().used_count, 0U);
        EXPECT_TRUE(take_misuses().empty());
    }
}

// One that loses a slot and gives it again must not come and go each time; what it loses is not
// forgotten.
TEST(HeapRuns, ReturnOnlyWhenSeveralSlotsOfAFullRunAreFree) {
    TestSource source;
    Heap heap(source, record_misuse);
    std::vector<void*> slots = allocate_slots(heap, 300, kSmall);
    heap::Run* full = heap::Run::around(slots[heap::RunSet::kOpenAt]);
    ASSERT_FALSE(full->in_ring());
    for (int freed = 1; freed <= heap::Run::kReturnAt; ++freed) {
        heap.deallocate(slots[heap::RunSet::kOpenAt + static_cast<std::size_t>(freed)]);
        EXPECT_EQ(full->in_ring(), freed == heap::Run::kReturnAt);
        heap.check_invariants();
    }
    int back = 0;
    for (void* slot : allocate_slots(heap, 80, kSmall))
        back += heap::Run::around(slot) == full ? 1 : 0;
    EXPECT_EQ(back, heap::Run::kReturnAt);
    EXPECT_FALSE(full->in_ring());
    heap.check_invariants();
}

// Every address of a run, in use or not, is freed: only the slots in use may go.
TEST(HeapRuns, RefusesEveryAddressOfARunThatIsNoSlotInUse) {
    TestSource source;
    Heap heap(source, record_misuse);
    const std::vector<void*> live = allocate_slots(heap, 60, kSmall);
    heap::Run* run = heap::Run::around(live.back());
    const std::size_t end = heap::kGranule - heap::kWord;
    for (std::size_t offset = run->first_unit * heap::kAlignment; offset < end; ++offset) {
        std::byte* pointer = run->frame() + offset;
        if (std::find(live.begin(), live.end(), pointer) != live.end()) continue;
        const bool starts_slot = offset + kSmall <= heap::Run::offset() && offset % kSmall == 0;
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

// Wherever the free end of the arena begins in its frame, and whatever hole is before it.
TEST(Arena, AllocatesUpToABoundary) {
    constexpr std::size_t kLeast = 512;
    for (std::size_t below = heap::kMinimumBlock; below <= 2 * heap::kGranule;
         below += heap::kAlignment) {
        TestSource source;
        heap::Arena arena(source);
        heap::Block* hole = arena.allocate(below);
        heap::Block* fence = arena.allocate(heap::kMinimumBlock);
        arena.deallocate(hole);
        for (int i = 0; i < 2; ++i) {
            heap::Block* block = arena.allocate_up_to(heap::kGranule, kLeast);
            ASSERT_NE(block, nullptr);
            const auto start = reinterpret_cast<std::uintptr_t>(block->payload());
            const std::uintptr_t end = (start / heap::kGranule + 1) * heap::kGranule - heap::kWord;
            EXPECT_GE(end, start + kLeast - heap::kWord);
            EXPECT_LE(end, start + block->payload_size());
            EXPECT_LE(start + block->payload_size(), end + heap::kAlignment);
            arena.check_invariants();
            if (below >= heap::kGranule + 2 * kLeast && i == 0) {
                EXPECT_LT(block, fence);
            }
        }
    }
}

TEST(Arena, ChangesNothingWhenThereIsNoRoomUpToABoundary) {
    TestSource source(TestSource::kPage);
    heap::Arena arena(source);
    ASSERT_NE(arena.allocate_up_to(heap::kGranule, 512), nullptr);
    ASSERT_NE(arena.allocate(1024), nullptr);
    const std::size_t used = arena.used();
    EXPECT_EQ(arena.allocate_up_to(heap::kGranule, 1280), nullptr);
    EXPECT_EQ(arena.used(), used);
    arena.check_invariants();
}

// The frame of a run may begin with blocks. The map says no more than that a run is near.
TEST(HeapRuns, LeaveTheBlocksBelowThemInTheirFrameAlone) {
    TestSource source;
    Heap heap(source, record_misuse);
    std::vector<void*> blocks = allocate_slots(heap, heap::RunSet::kOpenAt, kSmall);
    void* slot = heap.allocate(kSmall);
    ASSERT_EQ(heap.statistics().runs, 1U);
    heap::Run* run = heap::Run::around(slot);
    ASSERT_EQ(heap::Run::around(blocks[0]), run);
    EXPECT_EQ(heap.usable_size(blocks[0]), kSmall + heap::kWord);
    blocks[0] = heap.reallocate(blocks[0], 2 * kSmall);
    ASSERT_NE(blocks[0], nullptr);
    for (void* block : blocks) {
        heap.deallocate(block);
        EXPECT_TRUE(take_misuses().empty());
        heap.deallocate(block);
        EXPECT_EQ(take_misuses(), std::vector<HeapMisuse>{HeapMisuse::DoubleFree});
    }
    heap.check_invariants();
    EXPECT_EQ(heap.statistics().runs, 1U);
    heap.deallocate(slot);
    EXPECT_EQ(heap.statistics().runs, 0U);
}

TEST(HeapRuns, FillTheHolesThatReachTheEndOfAFrame) {
    TestSource source;
    Heap heap(source, record_misuse);
    const std::vector<void*> blocks = allocate_slots(heap, heap::RunSet::kOpenAt, kSmall);
    void* hole = heap.allocate(3 * heap::kGranule);
    void* above = heap.allocate(1000);
    heap.deallocate(hole);
    const std::vector<void*> slots = allocate_slots(heap, 150, kSmall);
    EXPECT_GE(heap.statistics().runs, 3U);
    for (void* slot : slots)
        EXPECT_LT(slot, above);
    heap.check_invariants();
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

// The map comes 128 KiB nearer with each run that is asked for; until then blocks stand in.
TEST(HeapRuns, ComeWithinReachOfTheMapStepByStep) {
    constexpr std::size_t kSteps = 3;
    TestSource source(std::size_t{8} << 20, false);
    Heap heap(source, record_misuse);
    std::vector<void*> all = {heap.allocate((kSteps - 1) * 128 * 1024)};
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

// A class that takes over a run of another one, whose slots are larger.
class Adoption : public testing::Test {
  protected:
    static constexpr std::size_t kLarger = 4 * heap::kAlignment;
    static constexpr std::size_t kNext = kLarger - heap::kAlignment;
    static constexpr std::size_t kNextButOne = kNext - heap::kAlignment;
    static constexpr std::size_t kTooFar = kNextButOne - heap::kAlignment;
    static constexpr std::size_t kMany = 16;
    static constexpr std::size_t kRuns = 6;

    // So many slots of each of as many full runs.
    void free_of_runs(const std::vector<std::size_t>& free) {
        std::map<heap::Run*, std::vector<void*>> runs;
        for (void* pointer : allocate_slots(heap_, 80 * kRuns, kLarger)) {
            if (is_slot(pointer)) runs[heap::Run::around(pointer)].push_back(pointer);
        }
        std::size_t done = 0;
        for (auto& [run, slots] : runs) {
            if (run->in_ring()) continue;
            if (done == free.size()) return;
            slots.resize(free[done++]);
            deallocate_all(heap_, slots);
        }
        FAIL() << "fewer full runs than " << free.size();
    }
    bool is_slot(void* pointer) {
        return heap_.parts().runs.run_at(heap_.parts().arena.unit_of(pointer));
    }
    // The size of the slot that the first run of a class has for `bytes`.
    std::size_t first_slot_for(std::size_t bytes) {
        slot_ = allocate_slots(heap_, heap::RunSet::kOpenAt + 1, bytes).back();
        EXPECT_TRUE(is_slot(slot_));
        heap_.check_invariants();
        return heap::Run::around(slot_)->size();
    }

    TestSource source_;
    Heap heap_{source_, record_misuse};
    void* slot_ = nullptr;
};

TEST_F(Adoption, GivesAClassARunThatOneOfLargerSlotsCanSpare) {
    free_of_runs({kMany, kMany, kMany, kMany});
    const std::size_t runs = heap_.statistics().runs;
    EXPECT_EQ(first_slot_for(kNext), kLarger);
    EXPECT_EQ(heap_.statistics().runs, runs);
    EXPECT_EQ(heap_.usable_size(slot_), kLarger);
    EXPECT_EQ(heap_.reallocate(slot_, kLarger), slot_);
    heap_.deallocate(slot_);
    EXPECT_EQ(heap_.allocate(kNext), slot_);
    heap_.deallocate(slot_);
    heap_.deallocate(slot_);
    EXPECT_EQ(take_misuses(), std::vector<HeapMisuse>{HeapMisuse::DoubleFree});
    heap_.check_invariants();
}

TEST_F(Adoption, TakesTheEmptierOfTheLastTwo) {
    free_of_runs({kMany, kMany + 3, kMany + 2, kMany + 1});
    EXPECT_EQ(first_slot_for(kNext), kLarger);
    heap::Run* run = heap::Run::around(slot_);
    EXPECT_EQ(run->capacity() - run->used(), kMany + 2 - 1);
}

TEST_F(Adoption, ReachesTwoClassesUpAndNoFarther) {
    free_of_runs({kMany, kMany, kMany, kMany});
    EXPECT_EQ(first_slot_for(kNextButOne), kLarger);
    EXPECT_EQ(first_slot_for(kTooFar), heap::slot_size(heap::slot_class_for(kTooFar)));
}

TEST_F(Adoption, LeavesAClassThatHasFewRunsWithRoom) {
    free_of_runs({kMany});
    EXPECT_EQ(first_slot_for(kNext), kNext);
}

TEST_F(Adoption, LeavesRunsThatAreNearlyFull) {
    free_of_runs(std::vector<std::size_t>(4, heap::Run::kReturnAt));
    EXPECT_EQ(first_slot_for(kNext), kNext);
}

// Most slots of each size are freed before the next size needs runs.
TEST_F(Adoption, GoesNoFartherWhenARunIsTakenOverAgain) {
    const auto largest_slot_for = [&](std::size_t units) {
        std::size_t largest = 0;
        const std::vector<void*> all = allocate_slots(heap_, 300, units * heap::kAlignment);
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (is_slot(all[i])) largest = std::max(largest, heap::Run::around(all[i])->size());
            if (i % 4 != 0) heap_.deallocate(all[i]);
        }
        heap_.check_invariants();
        return largest / heap::kAlignment;
    };
    EXPECT_EQ(largest_slot_for(6), 6U);
    EXPECT_EQ(largest_slot_for(4), 6U);
    EXPECT_EQ(largest_slot_for(2), 6U);
    EXPECT_LE(largest_slot_for(1), 5U);
}

// Slots of both owners of a run go in any order.
TEST_F(Adoption, ClosesTheRunWhenTheSlotsOfBothClassesAreGone) {
    std::vector<void*> live = allocate_slots(heap_, 300, kLarger);
    TestRandom random(test_seed(12));
    for (int round = 0; round < 60; ++round) {
        for (int i = 0; i < 100; ++i) {
            std::swap(live[random.below(live.size())], live.back());
            heap_.deallocate(live.back());
            live.pop_back();
        }
        for (int i = 0; i < 100; ++i)
            live.push_back(heap_.allocate(kTooFar + heap::kAlignment * random.below(4)));
        heap_.check_invariants();
    }
    deallocate_all(heap_, live);
    heap_.check_invariants();
    EXPECT_EQ(heap_.statistics().runs, 0U);
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
