// mm/frame_allocator against a model that knows nothing: one byte a frame.
//
// The fast mode makes 10^6 random operations and compares what came out of each; the slow mode
// makes fewer, and after each compares every frame and checks all invariants. A failure prints the
// seed; QUIRE_SEED=n repeats it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "mm/frame_allocator.h"
#include "tests/host/frame_world.h"

namespace quire::mm {
namespace {

using test::FrameWorld;

class Model {
  public:
    explicit Model(std::uint32_t frames) : free_(frames, true), free_count_(frames - 1) {
        free_[0] = false;
    }

    [[nodiscard]] std::uint32_t free_count() const { return free_count_; }
    [[nodiscard]] bool is_free(std::uint32_t frame) const { return free_[frame]; }

    void take(std::uint32_t first, std::uint32_t order) {
        ASSERT_EQ(first % (1U << order), 0U);
        ASSERT_LE(first + (1U << order), free_.size());
        for (std::uint32_t i = 0; i < 1U << order; ++i) {
            ASSERT_TRUE(free_[first + i]) << "frame " << first + i << " handed out twice";
            free_[first + i] = false;
        }
        free_count_ -= 1U << order;
    }
    void give(std::uint32_t first, std::uint32_t order) {
        for (std::uint32_t i = 0; i < 1U << order; ++i)
            free_[first + i] = true;
        free_count_ += 1U << order;
    }
    [[nodiscard]] bool has_run(std::uint32_t order) const {
        const std::uint32_t size = 1U << order;
        for (std::uint32_t first = 0; first + size <= free_.size(); first += size) {
            std::uint32_t length = 0;
            while (length < size && free_[first + length])
                ++length;
            if (length == size) return true;
        }
        return false;
    }

  private:
    std::vector<bool> free_;
    std::uint32_t free_count_;
};

struct Held {
    FrameNumber frame;
    std::uint32_t order;
    std::uint32_t references;
};

class Walk {
  public:
    Walk(std::uint32_t frames, std::uint32_t seed, bool slow)
        : world_(frames), model_(frames), frames_(frames), random_(seed), slow_(slow) {}

    void run(std::uint32_t steps) {
        for (std::uint32_t step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
            one_step();
            if (slow_) compare();
            // Drift between nearly empty and nearly full.
            if (step % 5000 == 0) fill_ = pick(101);
        }
        compare();
    }

    void give_back_everything() {
        while (!held_.empty())
            drop(held_.size() - 1);
        compare();
    }

    FrameWorld& world() { return world_; }

  private:
    std::uint32_t pick(std::size_t n) { return static_cast<std::uint32_t>(random_() % n); }

    void one_step() {
        const std::uint32_t used = frames_ - model_.free_count();
        const bool want_more = used * 100 < frames_ * fill_;
        const std::uint32_t what = pick(100);
        if (what < 2 && !held_.empty()) {
            share(pick(held_.size()));
        } else if (what < 5 && frames_ <= test::kHostFrames.raw()) {
            (void)world_.allocator.zero_one_ahead();
        } else if (want_more ? what < 85 : what < 25) {
            take(what % 4 == 0 ? pick(11) : 0);
        } else if (!held_.empty()) {
            drop(pick(held_.size()));
        }
    }

    void take(std::uint32_t order) {
        const bool fail = pick(50) == 0;
        if (fail) world_.injector.fail_nth(1);
        const Zone zone = pick(8) == 0 ? Zone::Dma : Zone::Window;
        Result<OwnedFrame> got = order == 0 && zone == Zone::Window
                                     ? world_.allocator.allocate()
                                     : world_.allocator.allocate_run(order, zone);
        if (!got.ok()) {
            ASSERT_EQ(got.error(), Error::OutOfMemory);
            if (!fail && zone == Zone::Window) {
                ASSERT_FALSE(model_.has_run(order)) << order;
            }
            return;
        }
        ASSERT_FALSE(fail);
        const FrameNumber frame = got.take().release();
        ASSERT_LT(frame.raw(), zone == Zone::Dma ? 4096U : frames_);
        model_.take(frame.raw(), order);
        ASSERT_EQ(world_.table.references(frame), 1U);
        held_.push_back({frame, order, 1});
    }

    void share(std::size_t index) {
        ASSERT_TRUE(world_.table.add_reference(held_[index].frame).ok());
        ++held_[index].references;
    }

    void drop(std::size_t index) {
        Held& held = held_[index];
        for (; held.references > 0; --held.references) {
            ASSERT_EQ(world_.table.references(held.frame), held.references);
            world_.allocator.drop_reference(held.frame);
        }
        model_.give(held.frame.raw(), held.order);
        held = held_.back();
        held_.pop_back();
    }

    void compare() {
        ASSERT_EQ(world_.allocator.free_frames().raw(), model_.free_count());
        world_.allocator.check_invariants();
        for (std::uint32_t frame = 0; frame < frames_; ++frame) {
            const FrameState state = world_.table.state(FrameNumber(frame));
            if (state == FrameState::Zeroed || state == FrameState::Used) {
                ASSERT_EQ(model_.is_free(frame), state == FrameState::Zeroed) << frame;
            } else if (state == FrameState::Reserved) {
                ASSERT_FALSE(model_.is_free(frame));
            }
        }
    }

    FrameWorld world_;
    Model model_;
    std::vector<Held> held_;
    std::uint32_t frames_;
    std::uint32_t fill_ = 50;
    std::mt19937 random_;
    bool slow_;
};

TEST(FrameAllocatorModel, AMillionRandomOperations) {
    const std::uint32_t seed = test::random_seed(1);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    // The size of RAM that is really there, with the pool of zeroed frames, and one with two zones.
    for (std::uint32_t frames : {4096U, 4096U + 3 * 1024 + 500}) {
        SCOPED_TRACE(frames);
        Walk walk(frames, seed, false);
        const RunCounts before = walk.world().allocator.run_counts();
        walk.run(1000000);
        walk.give_back_everything();
        while (walk.world().allocator.statistics().zeroed > PageCount(0)) {
            ASSERT_TRUE(walk.world().allocator.allocate_zeroed().ok());
        }
        const RunCounts after = walk.world().allocator.run_counts();
        for (std::uint32_t order = 0; order <= FrameAllocator::kMaxOrder; ++order) {
            EXPECT_EQ(after.runs[order], before.runs[order]) << "order " << order;
        }
    }
}

// Sizes that leave the last word, group and section half used.
TEST(FrameAllocatorModel, EveryStepIsCheckedInTheSlowMode) {
    const std::uint32_t seed = test::random_seed(2);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    for (std::uint32_t frames : {2U, 31U, 33U, 700U, 1025U, 3000U}) {
        SCOPED_TRACE(frames);
        Walk walk(frames, seed + frames, true);
        walk.run(frames < 100 ? 1000 : 700);
        walk.give_back_everything();
    }
}

RC_GTEST_PROP(FrameAllocatorModel, AnySeedAnySize, (std::uint32_t seed)) {
    Walk walk(2 + seed % 2500, seed, seed % 4 == 0);
    walk.run(100);
    walk.give_back_everything();
    RC_ASSERT(!testing::Test::HasFatalFailure());
}

// All of 256 MiB filled, freed at random, then twenty times each frame one freed and one taken:
// how much of what is free lies in free aligned blocks of 2 MiB?
TEST(FrameAllocatorModel, FreeMemoryGathersInLargeBlocks) {
    const std::uint32_t seed = test::random_seed(4);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    const struct {
        std::uint32_t used_percent;
        std::uint32_t shattered_at_most;  // thousandths
    } cases[] = {{50, 50}, {90, 220}};
    for (const auto& [used_percent, shattered_at_most] : cases) {
        std::mt19937 random(seed);
        FrameWorld world(65536);
        std::vector<FrameNumber> held;
        for (;;) {
            Result<FrameNumber> frame = world.allocator.take_frame();
            if (!frame.ok()) break;
            held.push_back(frame.value());
        }
        const std::size_t all = held.size();
        auto drop_one = [&] {
            const std::size_t index = random() % held.size();
            world.allocator.drop_reference(held[index]);
            held[index] = held.back();
            held.pop_back();
        };
        while (held.size() > all * used_percent / 100)
            drop_one();
        EXPECT_GT(world.allocator.fragmentation(9), 990U);
        for (std::size_t step = 0; step < 20 * all; ++step) {
            drop_one();
            held.push_back(world.allocator.take_frame().value());
        }
        EXPECT_LE(world.allocator.fragmentation(9), shattered_at_most) << used_percent;
        world.allocator.check_invariants();
    }
}

// The whole window, accounts only: the same largest runs as at the start after mixed orders.
TEST(FrameAllocatorModel, TheWholeWindowComesBackInOnePiece) {
    const std::uint32_t seed = test::random_seed(3);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    Walk walk(kMaxWindowFrames.raw(), seed, false);
    const RunCounts before = walk.world().allocator.run_counts();
    EXPECT_EQ(before.runs[10], kMaxWindowFrames.raw() / 1024 - 1);
    walk.run(100000);
    walk.give_back_everything();
    (void)walk.world().allocator.allocate_run(10);
    const RunCounts after = walk.world().allocator.run_counts();
    EXPECT_EQ(after.runs[10], before.runs[10]);
}

}  // namespace
}  // namespace quire::mm
