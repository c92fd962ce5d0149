// The heap against a table of live blocks with their contents: random calls of every kind, each
// block filled with a pattern of its own that is checked before it goes.
#include <gtest/gtest.h>

#include "tests/host/heap_support.h"

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
        if (blocks_.size() < 2000 &&
            random_.below(4) + 1 > phase_ + (blocks_.size() > 1000 ? 1 : 0)) {
            allocate();
        } else {
            deallocate(pick());
        }
    }

    void check() {
        heap_.check_invariants();
        std::size_t payload = 0;
        for (const Live& block : blocks_)
            payload += block.size;
        const heap::HeapStatistics sum = heap_.statistics();
        ASSERT_EQ(sum.used_count, blocks_.size());
        ASSERT_GE(sum.used_bytes, payload);
        ASSERT_EQ(sum.arena_bytes, source_.extent());
        ASSERT_TRUE(take_misuses().empty());
    }

    void finish() {
        while (!blocks_.empty())
            deallocate(blocks_.size() - 1);
        check();
        heap_.trim();
        ASSERT_LE(source_.extent(), TestSource::kPage);
        ASSERT_EQ(source_.mapping_count(), 0U);
    }

  private:
    struct Live {
        std::byte* start;
        std::size_t size;
        std::uint8_t tag;
    };

    // Mostly small, sometimes up to a page, rarely large enough for a mapping.
    std::size_t random_size() {
        const std::uint32_t kind = random_.below(1000);
        if (kind < 600) return random_.below(80);
        if (kind < 900) return random_.below(600);
        if (kind < 990) return random_.below(6000);
        if (kind < 999) return random_.below(70000);
        return random_.below(700000);
    }
    std::size_t pick() { return blocks_.empty() ? SIZE_MAX : random_.below(blocks_.size()); }
    // The whole of a small block, both ends of a large one.
    static void check_bytes(const std::byte* start, std::size_t size, std::uint8_t tag) {
        const std::size_t edge = size < 256 ? size : 128;
        for (std::size_t i = 0; i < edge; ++i) {
            ASSERT_EQ(start[i], std::byte(tag + i));
            ASSERT_EQ(start[size - 1 - i], std::byte(tag + (size - 1 - i)));
        }
    }
    void fill(Live& block) {
        for (std::size_t i = 0; i < block.size; ++i) {
            if (block.size >= 256 && i == 128) i = block.size - 128;
            block.start[i] = std::byte(block.tag + i);
        }
    }
    void add(void* pointer, std::size_t size) {
        ASSERT_NE(pointer, nullptr);
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(pointer) % heap::kAlignment, 0U);
        ASSERT_GE(heap_.usable_size(pointer), size);
        Live block{static_cast<std::byte*>(pointer), size,
                   static_cast<std::uint8_t>(random_.below(256))};
        fill(block);
        blocks_.push_back(block);
    }
    void allocate() {
        const std::size_t size = random_size();
        add(heap_.allocate(size), size);
    }
    void allocate_zeroed() {
        const std::size_t size = random_size();
        auto* pointer = static_cast<std::byte*>(heap_.allocate_zeroed(1, size));
        for (std::size_t i = 0; i < size; ++i)
            ASSERT_EQ(pointer[i], std::byte{0});
        add(pointer, size);
    }
    void allocate_aligned() {
        const std::size_t alignment = std::size_t{1} << random_.below(14);
        const std::size_t size = random_size();
        void* pointer = heap_.allocate_aligned(alignment, size);
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(pointer) % alignment, 0U);
        add(pointer, size);
    }
    void reallocate() {
        const std::size_t index = pick();
        if (index == SIZE_MAX) return;
        Live& block = blocks_[index];
        const std::size_t size =
            random_.below(2) == 0 ? random_size() : block.size + random_.below(64);
        auto* pointer = static_cast<std::byte*>(heap_.reallocate(block.start, size));
        ASSERT_NE(pointer, nullptr);
        const std::size_t kept = size < block.size ? size : block.size;
        if (block.size < 256) {
            for (std::size_t i = 0; i < kept; ++i)
                ASSERT_EQ(pointer[i], std::byte(block.tag + i));
        }
        block.start = pointer;
        block.size = size;
        fill(block);
    }
    void deallocate(std::size_t index) {
        if (index == SIZE_MAX) return;
        const Live block = blocks_[index];
        check_bytes(block.start, block.size, block.tag);
        blocks_[index] = blocks_.back();
        blocks_.pop_back();
        heap_.deallocate(block.start);
    }

    TestRandom random_;
    TestSource& source_;
    Heap heap_;
    std::vector<Live> blocks_;
    std::uint32_t phase_ = 0;
};

void run_model(std::uint64_t seed, int steps, int check_every, bool offers_maps) {
    TestSource source(std::size_t{128} << 20, offers_maps);
    HeapModel model(seed, source);
    for (int i = 0; i < steps; ++i) {
        model.step();
        if (i % check_every == 0) model.check();
        if (testing::Test::HasFatalFailure()) {
            ADD_FAILURE() << "at step " << i;
            return;
        }
    }
    model.finish();
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
