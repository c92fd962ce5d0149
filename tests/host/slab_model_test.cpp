// mm/slab against a table of live objects and what is in them.
//
// Several caches share one small RAM, so that they run it full and take each other's returned
// frames. Each live object holds a pattern of its own, checked when it is freed; a free object of
// a cache with a constructor must come back as constructed. The slow mode checks all invariants
// after each step. A failure prints the seed; QUIRE_SEED=n repeats it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include "mm/slab.h"
#include "mm/slab_registry.h"
#include "tests/host/frame_world.h"

namespace quire::mm {
namespace {

using test::FrameWorld;

constexpr unsigned char kBuilt = 0xC7;
std::int64_t objects_built = 0;  // constructed and not destroyed

template <std::uint32_t kSize>
void build(void* object) {
    std::memset(object, kBuilt, kSize);
    ++objects_built;
}
template <std::uint32_t kSize>
void tear_down(void* object) {
    for (std::uint32_t i = 0; i < kSize; ++i)
        ASSERT_EQ(static_cast<unsigned char*>(object)[i], kBuilt);
    --objects_built;
}

const SlabCache::Options kCaches[] = {
    {.name = "tiny", .size = 5, .alignment = 1},
    {.name = "small", .size = 24, .alignment = 8, .keep_empty = 0},
    {.name = "line", .size = 64, .alignment = 64, .keep_empty = 3},
    {.name = "built",
     .size = 100,
     .alignment = 4,
     .constructor = build<100>,
     .destructor = tear_down<100>},
    {.name = "watched", .size = 90, .alignment = 8, .debug = true},
    {.name = "watched and built",
     .size = 33,
     .alignment = 2,
     .constructor = build<33>,
     .destructor = tear_down<33>,
     .debug = true},
    {.name = "run", .size = 1000, .alignment = 8},
    {.name = "page", .size = 4096, .alignment = 16},
};

struct Held {
    unsigned char* object;
    SlabCache* cache;
    unsigned char pattern;
};

class Walk {
  public:
    Walk(std::uint32_t frames, std::uint32_t seed, bool slow)
        : world_(frames), registry_(world_.allocator), frames_(frames), random_(seed), slow_(slow) {
        test::reset_host_ram();
        objects_built = 0;
        for (const SlabCache::Options& options : kCaches) {
            caches_.push_back(std::make_unique<SlabCache>(registry_, options));
            constructed_.push_back(options.constructor != nullptr);
        }
    }

    void run(std::uint32_t steps) {
        for (std::uint32_t step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
            // Drift between nearly nothing and more than there is room for.
            if (step % 4000 == 0) target_ = pick(frames_ * 12);
            one_step();
            if (slow_) compare();
        }
        compare();
    }

    void finish() {
        while (!held_.empty())
            give(held_.size() - 1);
        compare();
        (void)registry_.reclaim();
        EXPECT_EQ(world_.allocator.free_frames(), PageCount(frames_ - 1));
        EXPECT_EQ(objects_built, 0);
        compare();
    }

    std::uint32_t refusals() const { return refusals_; }

  private:
    std::uint32_t pick(std::size_t n) { return static_cast<std::uint32_t>(random_() % n); }

    void one_step() {
        const std::uint32_t what = pick(1000);
        if (what == 0) {
            (void)registry_.reclaim();
        } else if (held_.size() < target_ ? what < 800 : what < 200) {
            take(pick(caches_.size()));
        } else if (!held_.empty()) {
            give(pick(held_.size()));
        }
    }

    void take(std::size_t which) {
        SlabCache& cache = *caches_[which];
        const bool fail = pick(50) == 0;
        if (fail) world_.injector.fail_nth(1);
        const SlabStatistics before = cache.statistics();
        const Result<void*> got = cache.allocate();
        ASSERT_FALSE(fail && got.ok());
        if (!got.ok()) {
            ++refusals_;
            const SlabStatistics after = cache.statistics();
            ASSERT_EQ(after.live, before.live);
            ASSERT_EQ(after.slabs, before.slabs);
            ASSERT_EQ(after.failures, before.failures + 1);
            return;
        }
        auto* object = static_cast<unsigned char*>(got.value());
        ASSERT_TRUE(live_.insert(object).second) << "handed out twice";
        if (constructed_[which]) expect_filled(object, cache.object_size(), kBuilt);
        const auto pattern = static_cast<unsigned char>(random_());
        std::memset(object, pattern, cache.object_size());
        held_.push_back({object, &cache, pattern});
    }

    void give(std::size_t index) {
        const Held held = held_[index];
        held_[index] = held_.back();
        held_.pop_back();
        expect_filled(held.object, held.cache->object_size(), held.pattern);
        // What has a constructor goes back as constructed; to the others that does not matter.
        std::memset(held.object, kBuilt, held.cache->object_size());
        live_.erase(held.object);
        held.cache->release(held.object);
    }

    void expect_filled(const unsigned char* object, std::uint32_t size, unsigned char value) {
        for (std::uint32_t i = 0; i < size; ++i)
            ASSERT_EQ(object[i], value) << "byte " << i << " of " << size;
    }

    void compare() {
        registry_.check_invariants();
        world_.allocator.check_invariants();
        std::uint32_t live = 0;
        PageCount frames;
        for (const auto& cache : caches_) {
            cache->walk_live([&](void* object, const void*) {
                ASSERT_EQ(live_.count(static_cast<unsigned char*>(object)), 1U);
                ++live;
            });
            frames += cache->statistics().frames;
        }
        ASSERT_EQ(live, held_.size());
        ASSERT_EQ(frames + world_.allocator.free_frames(), PageCount(frames_ - 1));
    }

    FrameWorld world_;
    SlabRegistry registry_;
    std::vector<std::unique_ptr<SlabCache>> caches_;
    std::vector<bool> constructed_;
    std::vector<Held> held_;
    std::unordered_set<unsigned char*> live_;
    std::uint32_t frames_;
    std::uint32_t target_ = 0;
    std::uint32_t refusals_ = 0;
    std::mt19937 random_;
    bool slow_;
};

TEST(SlabModel, AMillionRandomOperations) {
    const std::uint32_t seed = test::random_seed(1);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    Walk walk(400, seed, false);
    walk.run(1000000);
    walk.finish();
    EXPECT_GT(walk.refusals(), 1000U);
}

TEST(SlabModel, EveryStepIsCheckedInTheSlowMode) {
    const std::uint32_t seed = test::random_seed(2);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    for (std::uint32_t frames : {9U, 30U, 70U}) {
        SCOPED_TRACE(frames);
        Walk walk(frames, seed + frames, true);
        walk.run(3000);
        walk.finish();
    }
}

RC_GTEST_PROP(SlabModel, AnySeedAnySize, (std::uint32_t seed)) {
    Walk walk(2 + seed % 200, seed, seed % 4 == 0);
    walk.run(200);
    walk.finish();
    RC_ASSERT(!testing::Test::HasFatalFailure());
}

}  // namespace
}  // namespace quire::mm
