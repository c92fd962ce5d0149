// The heap of a program against a table of its live blocks: random calls of the whole family, each
// block filled with a pattern of its own that is looked at before it goes, while calls of the
// kernel fail, limits change, and somebody else moves the break.
//
// QUIRE_SEED=n or `random`, QUIRE_STEPS=n: `make fuzz-malloc` takes ten million.
#include <gtest/gtest.h>

#include "tests/host/live_blocks.h"
#include "tests/host/malloc_world.h"

namespace quire::test {
namespace {

constexpr std::uintptr_t kHere = 0x1234;

class MallocModel {
  public:
    MallocModel(std::uint64_t seed, bool watched)
        : random_(seed), watched_(watched), most_(watched ? 300 : 2000), world_(watched) {}

    void step() {
        switch (random_.below(256)) {
        case 0:
            return change_surroundings();
        case 1:
            return misuse();
        default:
            break;
        }
        switch (random_.below(16)) {
        case 0:
            return allocate_zeroed();
        case 1:
            return allocate_aligned();
        case 2:
        case 3:
            return reallocate();
        default:
            break;
        }
        // The live set grows, stays and shrinks by turns.
        if (live_.count() < most_ && random_.below(4) + 1 > phase_) return allocate();
        deallocate(live_.pick());
    }

    void check() {
        world_.heap.check_invariants();
        ASSERT_TRUE(world_.misuses.empty() && world_.damages.empty());
        if (watched_) return;
        const heap::HeapStatistics sum = world_.heap.statistics();
        ASSERT_EQ(sum.used_count, live_.count());
        ASSERT_GE(sum.used_bytes, live_.payload());
    }

    void finish() {
        world_.memory.fail_from(0);
        while (live_.count() != 0)
            deallocate(live_.count() - 1);
        if (watched_) push_out_held_back();
        check();
        ASSERT_EQ(world_.memory.mapping_count(), 0U);
    }

  private:
    // A watched heap holds the blocks freed last back, large ones among them: small ones take their
    // places.
    void push_out_held_back() {
        for (std::size_t i = 0; i < heap::DebugHeap::kHeldBack; ++i)
            world_.heap.deallocate(world_.heap.allocate(1, kHere), kHere);
        EXPECT_EQ(world_.take_refusals(), 0U);
    }
    // nullptr is right exactly when it was told, and something fails.
    bool is_refused(void* pointer) {
        const std::size_t refusals = world_.take_refusals();
        EXPECT_EQ(refusals, pointer == nullptr ? 1U : 0U);
        EXPECT_TRUE(pointer != nullptr || failing_);
        return pointer == nullptr;
    }
    void add(void* pointer, std::size_t size) {
        if (is_refused(pointer)) return;
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pointer) % heap::kAlignment, 0U);
        live_.add(pointer, size);
    }
    void allocate() {
        const std::size_t size = live_.random_size();
        add(world_.heap.allocate(size, kHere), size);
    }
    void allocate_zeroed() {
        const std::size_t size = live_.random_size();
        void* pointer = world_.heap.allocate_zeroed(1, size, kHere);
        if (pointer != nullptr) expect_zeroes(pointer, size);
        add(pointer, size);
    }
    void allocate_aligned() {
        const std::size_t alignment = std::size_t{1} << random_.below(14);
        const std::size_t size = live_.random_size();
        void* pointer = world_.heap.allocate_aligned(alignment, size, kHere);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pointer) % alignment, 0U);
        add(pointer, size);
    }
    void reallocate() {
        const std::size_t index = live_.pick();
        if (index == LiveBlocks::kNone) return;
        const LiveBlock block = live_[index];
        const std::size_t size =
            1 + (random_.below(2) == 0 ? live_.random_size() : block.size + random_.below(64));
        block.expect_intact();
        void* pointer = world_.heap.reallocate(block.start, size, kHere);
        if (is_refused(pointer)) return block.expect_intact();
        live_.move(index, pointer, size);
    }
    void deallocate(std::size_t index) {
        if (index == LiveBlocks::kNone) return;
        world_.heap.deallocate(live_.take(index).start, kHere);
    }

    void change_surroundings() {
        switch (random_.below(8)) {
        case 0:
            failing_ = random_.below(3) == 0;
            return world_.memory.fail_from(failing_ ? 1 + random_.below(20) : 0);
        case 1:
            if (failing_ || world_.memory.in_break() > (std::size_t{32} << 20)) return;
            static_cast<void>(world_.memory.move_break(1 + random_.below(9000)));
            return;
        case 2:
            return world_.heap.set_limits({std::size_t{1} << (12 + random_.below(8)),
                                           random_.below(2) == 0 ? SIZE_MAX : random_.below(20),
                                           random_.below(100000), random_.below(30000)});
        case 3:
            static_cast<void>(world_.heap.trim(random_.below(20000)));
            return;
        default:
            phase_ = random_.below(4);
        }
    }

    // Inside a block: refused, told, and without consequence.
    void misuse() {
        const std::size_t index = live_.pick();
        if (index == LiveBlocks::kNone || live_[index].size < 2 * heap::kAlignment) return;
        std::uint8_t* wrong =
            live_[index].start + 1 + random_.below(live_[index].size - heap::kAlignment);
        // What stands before must not look like a header: the pattern could.
        if (reinterpret_cast<std::uintptr_t>(wrong) % heap::kAlignment == 0) ++wrong;
        world_.heap.deallocate(wrong, kHere);
        EXPECT_EQ(world_.misuses.size() + world_.damages.size(), 1U);
        world_.misuses.clear();
        world_.damages.clear();
    }

    TestRandom random_;
    bool watched_;
    std::size_t most_;
    MallocWorld world_;
    LiveBlocks live_{random_};
    std::uint32_t phase_ = 0;
    bool failing_ = false;
};

void run_model(std::uint64_t seed, bool watched, std::uint64_t steps) {
    MallocModel model(seed, watched);
    for (std::uint64_t step = 1; step <= steps && !testing::Test::HasFailure(); ++step) {
        model.step();
        if (step % 8192 == 0) model.check();
    }
    model.finish();
}

std::uint64_t steps_or(std::uint64_t fallback) {
    const char* text = std::getenv("QUIRE_STEPS");
    return text != nullptr ? std::strtoull(text, nullptr, 0) : fallback;
}

TEST(MallocModel, AgreesWithATableOfBlocks) {
    run_model(test_seed(31), false, steps_or(150000));
}

TEST(MallocModel, AgreesWhenWatched) {
    run_model(test_seed(32), true, steps_or(300000) / 10);
}

}  // namespace
}  // namespace quire::test
