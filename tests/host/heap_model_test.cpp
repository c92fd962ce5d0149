// The heap against a table of live blocks with their contents: random calls of every kind, each
// block filled with a pattern of its own that is checked before it goes.
#include <gtest/gtest.h>

#include <memory>

#include "tests/host/live_blocks.h"

namespace quire::test {
namespace {

using heap::Heap;

class HeapModel {
  public:
    HeapModel(std::uint64_t seed, TestSource& source)
        : random_(seed), source_(source), heap_(source, record_misuse) {}

    void step() {
        switch (random_.below(16)) {
        case 0:
            return allocate_zeroed();
        case 1:
            return allocate_aligned();
        case 2:
        case 3:
            return reallocate();
        case 4:
            phase_ = random_.below(3);
            return;
        default:
            break;
        }
        // Three phases: the live set grows, stays, shrinks.
        if (live_.count() < 2000 &&
            random_.below(4) + 1 > phase_ + (live_.count() > 1000 ? 1 : 0)) {
            return allocate();
        }
        deallocate(live_.pick());
    }

    void check() {
        heap_.check_invariants();
        const heap::HeapStatistics sum = heap_.statistics();
        ASSERT_EQ(sum.used_count, live_.count());
        ASSERT_GE(sum.used_bytes, live_.payload());
        ASSERT_EQ(sum.arena_bytes, source_.extent());
        ASSERT_TRUE(take_misuses().empty());
    }

    void finish() {
        while (live_.count() != 0)
            deallocate(live_.count() - 1);
        check();
        heap_.trim();
        ASSERT_LE(source_.extent(), TestSource::kPage);
        ASSERT_EQ(source_.mapping_count(), 0U);
    }

  private:
    void add(void* pointer, std::size_t size) {
        ASSERT_NE(pointer, nullptr);
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(pointer) % heap::kAlignment, 0U);
        ASSERT_GE(heap_.usable_size(pointer), size);
        live_.add(pointer, size);
    }
    void allocate() {
        const std::size_t size = live_.random_size();
        add(heap_.allocate(size), size);
    }
    void allocate_zeroed() {
        const std::size_t size = live_.random_size();
        void* pointer = heap_.allocate_zeroed(1, size);
        ASSERT_NE(pointer, nullptr);
        expect_zeroes(pointer, size);
        add(pointer, size);
    }
    void allocate_aligned() {
        const std::size_t alignment = std::size_t{1} << random_.below(14);
        const std::size_t size = live_.random_size();
        void* pointer = heap_.allocate_aligned(alignment, size);
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(pointer) % alignment, 0U);
        add(pointer, size);
    }
    void reallocate() {
        const std::size_t index = live_.pick();
        if (index == LiveBlocks::kNone) return;
        const LiveBlock block = live_[index];
        const std::size_t size =
            random_.below(2) == 0 ? live_.random_size() : block.size + random_.below(64);
        void* pointer = heap_.reallocate(block.start, size);
        ASSERT_NE(pointer, nullptr);
        live_.move(index, pointer, size);
    }
    void deallocate(std::size_t index) {
        if (index == LiveBlocks::kNone) return;
        heap_.deallocate(live_.take(index).start);
    }

    TestRandom random_;
    TestSource& source_;
    Heap heap_;
    LiveBlocks live_{random_};
    std::uint32_t phase_ = 0;
};

void run_model(std::uint64_t seed, int steps, int check_every, bool offers_maps) {
    TestSource source(std::size_t{128} << 20, offers_maps);
    // Not on the stack: on a 32-bit host a source so large may lie where that would grow.
    const auto model = std::make_unique<HeapModel>(seed, source);
    for (int i = 0; i < steps; ++i) {
        model->step();
        if (i % check_every == 0) model->check();
        if (testing::Test::HasFatalFailure()) {
            ADD_FAILURE() << "at step " << i;
            return;
        }
    }
    model->finish();
}

TEST(HeapModel, KeepsEveryByteOverManyOperations) {
    const std::uint64_t seed = test_seed(20260);
    run_model(seed, 700'000, 50'000, true);
    run_model(seed + 1, 280'000, 50'000, false);
}

TEST(HeapModel, IsConsistentAfterEveryStep) {
    const std::uint64_t seed = test_seed(407);
    run_model(seed, 12'000, 1, true);
    run_model(seed + 1, 8'000, 1, false);
}

}  // namespace
}  // namespace quire::test
