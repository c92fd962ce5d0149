// mm/slab, mm/slab_layout, mm/slab_registry, mm/object_cache: single contracts.
#include "mm/slab.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "mm/object_cache.h"
#include "mm/slab_registry.h"
#include "tests/host/frame_world.h"

namespace quire::mm {
namespace {

using test::FrameWorld;

struct SlabTest : testing::Test {
    SlabTest() : world(512), registry(world.allocator) { test::reset_host_ram(); }
    ~SlabTest() override { EXPECT_EQ(world.allocator.free_frames(), PageCount(511)); }

    void check() {
        registry.check_invariants();
        world.allocator.check_invariants();
    }

    FrameWorld world;
    SlabRegistry registry;
};

SlabCache::Options plain(std::uint32_t size, std::uint32_t alignment = 8) {
    return {.name = "thing", .size = size, .alignment = alignment};
}
SlabCache::Options watched(std::uint32_t size) {
    return {.name = "thing", .size = size, .alignment = 8, .debug = true};
}

std::byte* must(Result<void*> result) {
    EXPECT_TRUE(result.ok());
    return static_cast<std::byte*>(result.take());
}

FrameNumber frame_with(const void* byte) {
    const auto offset = static_cast<const std::byte*>(byte) - phys_window;
    return FrameNumber(static_cast<std::uint32_t>(offset >> kPageShift));
}

std::vector<void*> allocate(SlabCache& cache, std::uint32_t count) {
    std::vector<void*> objects;
    for (std::uint32_t i = 0; i < count; ++i)
        objects.push_back(must(cache.allocate()));
    return objects;
}
void free_all(SlabCache& cache, std::vector<void*>& objects) {
    for (void* object : objects)
        cache.release(object);
    objects.clear();
}

// What the machine says when it stops is printed by log().
#define EXPECT_MISUSE(statement, message) \
    EXPECT_DEATH(                         \
        {                                 \
            setenv("QUIRE_LOG", "1", 1);  \
            statement;                    \
        },                                \
        message)

// --- The layout ---

RC_GTEST_PROP(SlabLayout, HoldsItsObjectsApart, ()) {
    const auto size = *rc::gen::inRange(1U, SlabLayout::kLargestObject + 1);
    const std::uint32_t alignment = 1U << *rc::gen::inRange(0, 13);
    const bool debug = *rc::gen::arbitrary<bool>();
    const SlabLayout layout = SlabLayout::of(size, alignment, debug);
    RC_ASSERT(layout.capacity >= 1 && layout.capacity <= SlabLayout::kMostObjects);
    RC_ASSERT(layout.order <= SlabLayout::kMaxOrder);
    RC_ASSERT(layout.stride >= size + (debug ? 2 * SlabLayout::kRedZone : 0));
    RC_ASSERT(layout.stride % alignment == 0 && layout.first_object % alignment == 0);
    const std::uint32_t links_end = sizeof(Slab) + layout.capacity;
    RC_ASSERT(layout.sites >= links_end && layout.sites % sizeof(void*) == 0);
    const std::uint32_t sites_end =
        layout.sites + (debug ? layout.capacity * static_cast<std::uint32_t>(sizeof(void*)) : 0);
    RC_ASSERT(layout.first_object - layout.before >= (debug ? sites_end : links_end));
    RC_ASSERT(layout.first_object - layout.before + layout.capacity * layout.stride <=
              layout.bytes());
}

TEST(SlabLayout, DividesByMultiplyingForEveryOffset) {
    for (std::uint32_t size : {1U, 16U, 17U, 24U, 40U, 56U, 100U, 513U, 1000U, 4096U, 8192U}) {
        const SlabLayout layout = SlabLayout::of(size, 1, false);
        for (std::uint32_t offset = 0; offset < layout.bytes(); ++offset) {
            ASSERT_EQ(layout.index_at(offset), offset / layout.stride) << size << " " << offset;
            ASSERT_EQ(layout.is_start(offset), offset % layout.stride == 0);
        }
        for (std::uint32_t before = 1; before <= layout.first_object; ++before) {
            ASSERT_GE(layout.index_at(0U - before), layout.capacity);
        }
    }
}

TEST(SlabLayout, LeavesLittleUnusedUpToAFrame) {
    for (std::uint32_t size = 16; size <= kPageSize; ++size) {
        const SlabLayout layout = SlabLayout::of(size, 8, false);
        EXPECT_LE(layout.bytes() - layout.sites - layout.capacity * layout.stride,
                  layout.bytes() / 8)
            << size;
    }
    EXPECT_EQ(SlabLayout::of(64, 8, false).order, 0U);
    EXPECT_EQ(SlabLayout::of(1024, 8, false).order, 1U);
    EXPECT_EQ(SlabLayout::of(2048, 8, false).order, 2U);
    EXPECT_EQ(SlabLayout::of(8192, 8, false).capacity, 3U);
    EXPECT_EQ(SlabLayout::of(4096, 4096, false).capacity, 7U);
    EXPECT_GE(SlabLayout::of(8192, 4096, true).capacity, 1U);
    EXPECT_EQ(SlabLayout::of(16, 8, true).order, 0U);
}

TEST(SlabLayout, RefusesSizesAndAlignmentsItCannotServe) {
    EXPECT_DEATH((void)SlabLayout::of(0, 8, false), "size > 0");
    EXPECT_DEATH((void)SlabLayout::of(8193, 8, false), "kLargestObject");
    EXPECT_DEATH((void)SlabLayout::of(8, 12, false), "is_power_of_two");
    EXPECT_DEATH((void)SlabLayout::of(8, 8192, false), "alignment <= kPageSize");
}

// --- Allocating and freeing ---

TEST_F(SlabTest, HandsOutAlignedObjectsThatDoNotOverlap) {
    for (const auto& [size, alignment] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{
             {1, 1}, {24, 8}, {60, 4}, {64, 64}, {300, 256}, {4096, 4096}, {8192, 16}}) {
        for (bool debug : {false, true}) {
            SlabCache::Options options = plain(size, alignment);
            options.debug = debug;
            SlabCache cache(registry, options);
            const std::uint32_t count = 2 * cache.layout().capacity + 1;
            std::vector<void*> objects = allocate(cache, count);
            std::set<std::uintptr_t> starts;
            for (void* object : objects) {
                const auto address = reinterpret_cast<std::uintptr_t>(object);
                const std::uintptr_t in_ram =
                    address - reinterpret_cast<std::uintptr_t>(phys_window);
                EXPECT_EQ(in_ram % alignment, 0U);
                std::memset(object, 0xA5, size);
                const auto next = starts.lower_bound(address);
                if (next != starts.end()) {
                    EXPECT_GE(*next - address, size);
                }
                if (next != starts.begin()) {
                    EXPECT_GE(address - *std::prev(next), size);
                }
                starts.insert(address);
            }
            check();
            EXPECT_EQ(cache.statistics().slabs, 3U);
            free_all(cache, objects);
            check();
        }
    }
}

TEST_F(SlabTest, FindsTheObjectFreedLastFirst) {
    SlabCache cache(registry, plain(40));
    std::vector<void*> objects = allocate(cache, 10);
    cache.release(objects[3]);
    cache.release(objects[7]);
    EXPECT_EQ(must(cache.allocate()), objects[7]);
    EXPECT_EQ(must(cache.allocate()), objects[3]);
    free_all(cache, objects);
}

TEST_F(SlabTest, FillsSlabsInUseBeforeItTakesFrames) {
    SlabCache cache(registry, plain(64));
    const std::uint32_t capacity = cache.layout().capacity;
    std::vector<void*> objects = allocate(cache, 4 * capacity);
    for (std::uint32_t i = 0; i < 4 * capacity; i += 2)
        cache.release(objects[i]);
    EXPECT_EQ(cache.statistics().slabs, 4U);
    for (std::uint32_t i = 0; i < 4 * capacity; i += 2)
        objects[i] = must(cache.allocate());
    EXPECT_EQ(cache.statistics().slabs, 4U);
    check();
    free_all(cache, objects);
}

// One object kept in each slab keeps the slab; the pattern that slabs cannot defend against.
TEST_F(SlabTest, KeepsASlabForOneObjectAndReturnsTheOthers) {
    SlabCache cache(registry, plain(64));
    const std::uint32_t capacity = cache.layout().capacity;
    std::vector<void*> objects = allocate(cache, 10 * capacity);
    std::vector<void*> kept;
    for (std::uint32_t i = 0; i < objects.size(); ++i) {
        if (i % capacity == 5 && i / capacity % 2 == 0) {
            kept.push_back(objects[i]);
        } else {
            cache.release(objects[i]);
        }
    }
    const SlabStatistics now = cache.statistics();
    EXPECT_EQ(now.slabs, 6U);  // five with one object each, and the one empty slab that stays
    EXPECT_EQ(now.empty_slabs, 1U);
    EXPECT_EQ(now.live, 5U);
    check();
    free_all(cache, kept);
    EXPECT_EQ(cache.statistics().slabs, 1U);
}

TEST_F(SlabTest, CountsWhatHappens) {
    SlabCache cache(registry, plain(1500));
    ASSERT_EQ(cache.layout().order, 1U);
    const std::uint32_t capacity = cache.layout().capacity;
    std::vector<void*> objects = allocate(cache, capacity + 1);
    cache.release(objects.back());
    objects.pop_back();
    world.injector.fail_nth(1);
    EXPECT_FALSE(cache.allocate().ok());
    const SlabStatistics now = cache.statistics();
    EXPECT_EQ(now.live, capacity);
    EXPECT_EQ(now.peak, capacity + 1);
    EXPECT_EQ(now.capacity, 2 * capacity);
    EXPECT_EQ(now.allocations, capacity + 1);
    EXPECT_EQ(now.failures, 1U);
    EXPECT_EQ(now.slabs, 2U);
    EXPECT_EQ(now.empty_slabs, 1U);
    EXPECT_EQ(now.frames, PageCount(4));
    EXPECT_EQ(world.allocator.free_frames(), PageCount(511 - 4));
    free_all(cache, objects);
}

TEST_F(SlabTest, WritesNothingIntoFreeObjects) {
    SlabCache cache(registry, plain(48));
    std::byte* first = must(cache.allocate());
    std::byte* second = must(cache.allocate());
    std::memset(first, 0x11, 48);
    cache.release(first);
    for (int i = 0; i < 48; ++i)
        EXPECT_EQ(std::to_integer<int>(first[i]), 0x11);
    cache.release(second);
}

// --- Empty slabs ---

TEST_F(SlabTest, KeepsAsManyEmptySlabsAsItIsTold) {
    for (std::uint32_t keep : {0U, 1U, 3U}) {
        SlabCache::Options options = plain(128);
        options.keep_empty = keep;
        SlabCache cache(registry, options);
        std::vector<void*> objects = allocate(cache, 5 * cache.layout().capacity);
        free_all(cache, objects);
        EXPECT_EQ(cache.statistics().slabs, keep);
        EXPECT_EQ(cache.statistics().empty_slabs, keep);
        EXPECT_EQ(world.allocator.free_frames(), PageCount(511 - keep));
        check();
        EXPECT_EQ(cache.reclaim(), PageCount(keep));
        EXPECT_EQ(cache.reclaim(), PageCount(0));
        EXPECT_EQ(cache.statistics().slabs, 0U);
        EXPECT_EQ(world.allocator.free_frames(), PageCount(511));
    }
}

TEST_F(SlabTest, TakesTheEmptySlabBeforeNewFrames) {
    SlabCache cache(registry, plain(128));
    void* object = must(cache.allocate());
    cache.release(object);
    EXPECT_EQ(cache.statistics().empty_slabs, 1U);
    EXPECT_EQ(must(cache.allocate()), object);
    EXPECT_EQ(cache.statistics().empty_slabs, 0U);
    EXPECT_EQ(cache.statistics().slabs, 1U);
    cache.release(object);
}

TEST_F(SlabTest, ReclaimLeavesSlabsInUseAlone) {
    SlabCache one(registry, plain(128));
    SlabCache two(registry, plain(2048));
    void* live = must(one.allocate());
    two.release(must(two.allocate()));
    EXPECT_EQ(registry.reclaim(), PageCount(4));
    EXPECT_EQ(registry.reclaim(), PageCount(0));
    check();
    one.release(live);
    EXPECT_EQ(registry.reclaim(), PageCount(1));
}

// What a slab leaves in a frame record must not make the next owner's frame look like a slab.
TEST_F(SlabTest, WipesItsMarkFromFramesItGivesBack) {
    SlabCache cache(registry, plain(128));
    void* object = must(cache.allocate());
    const FrameNumber frame = frame_with(object);
    EXPECT_EQ(world.table.place(frame), cache.mark());
    EXPECT_EQ(world.table.state(frame), FrameState::KernelHeap);
    cache.release(object);
    (void)cache.reclaim();
    EXPECT_EQ(world.table.place(frame), 0U);
    EXPECT_EQ(world.table.state(frame), FrameState::Free);
    EXPECT_DEATH(cache.release(object), "in none of its slabs");
}

// --- Constructors ---

int constructed = 0;
int destroyed = 0;

void construct(void* object) {
    ++constructed;
    *static_cast<std::uint32_t*>(object) = 0xC0FFEE;
}
void destroy(void* object) {
    ++destroyed;
    EXPECT_EQ(*static_cast<std::uint32_t*>(object), 0xC0FFEEU);
}
SlabCache::Options with_constructor(bool debug) {
    constructed = destroyed = 0;
    return {.name = "built",
            .size = 100,
            .alignment = 4,
            .constructor = construct,
            .destructor = destroy,
            .debug = debug};
}

TEST_F(SlabTest, ConstructsOnceForEachSlab) {
    SlabCache cache(registry, with_constructor(false));
    const int capacity = static_cast<int>(cache.layout().capacity);
    std::vector<void*> objects = allocate(cache, cache.layout().capacity + 1);
    EXPECT_EQ(constructed, 2 * capacity);
    for (void* object : objects)
        EXPECT_EQ(*static_cast<std::uint32_t*>(object), 0xC0FFEEU);
    free_all(cache, objects);
    EXPECT_EQ(destroyed, capacity);  // one slab went back, one stays
    for (int i = 0; i < 1000; ++i) {
        void* object = must(cache.allocate());
        EXPECT_EQ(*static_cast<std::uint32_t*>(object), 0xC0FFEEU);
        cache.release(object);
    }
    EXPECT_EQ(constructed, 2 * capacity);
    (void)cache.reclaim();
    EXPECT_EQ(destroyed, 2 * capacity);
}

TEST_F(SlabTest, ConstructsForEachAllocationWhenDebugging) {
    SlabCache cache(registry, with_constructor(true));
    std::vector<void*> objects = allocate(cache, 100);
    EXPECT_EQ(constructed, 100);
    for (void* object : objects)
        EXPECT_EQ(*static_cast<std::uint32_t*>(object), 0xC0FFEEU);
    free_all(cache, objects);
    (void)cache.reclaim();
    EXPECT_EQ(destroyed, 100);
}

// --- Failing ---

// Each of the n-th attempts fails in turn, until a run gets through without a failure.
TEST_F(SlabTest, ChangesNothingWhenTheNthAttemptFails) {
    for (std::uint32_t size : {64U, 1500U}) {
        SlabCache::Options options = plain(size);
        options.keep_empty = 0;
        SlabCache cache(registry, options);
        const std::uint32_t wanted = 2 * cache.layout().capacity + 1;
        for (std::uint32_t n = 1;; ++n) {
            ASSERT_LT(n, 2 * wanted);
            const std::uint32_t failures = cache.statistics().failures;
            world.injector.fail_nth(n);
            std::vector<void*> objects;
            while (objects.size() < wanted) {
                const SlabStatistics before = cache.statistics();
                const PageCount free = world.allocator.free_frames();
                const Result<void*> object = cache.allocate();
                if (object.ok()) {
                    objects.push_back(object.value());
                    continue;
                }
                EXPECT_EQ(object.error(), Error::OutOfMemory);
                const SlabStatistics after = cache.statistics();
                EXPECT_EQ(after.failures, before.failures + 1);
                EXPECT_EQ(after.live, before.live);
                EXPECT_EQ(after.allocations, before.allocations);
                EXPECT_EQ(after.slabs, before.slabs);
                EXPECT_EQ(after.peak, before.peak);
                EXPECT_EQ(world.allocator.free_frames(), free);
                check();
            }
            const bool never_failed = cache.statistics().failures == failures;
            world.injector.fail_nth(0);
            free_all(cache, objects);
            EXPECT_EQ(world.allocator.free_frames(), PageCount(511));
            if (never_failed) break;
        }
        // Each object is one attempt, each of the three slabs another one.
        EXPECT_EQ(cache.statistics().failures, wanted + 3);
    }
}

TEST_F(SlabTest, FailsWhenRamIsFullAndWorksAgainAfterwards) {
    SlabCache cache(registry, plain(2048));
    std::vector<void*> objects;
    for (;;) {
        const Result<void*> object = cache.allocate();
        if (!object.ok()) break;
        objects.push_back(object.value());
    }
    EXPECT_EQ(objects.size(), 127U * cache.layout().capacity);  // of 128 runs, frame 0 spoils one
    check();
    cache.release(objects.back());
    objects.back() = must(cache.allocate());
    EXPECT_FALSE(cache.allocate().ok());
    free_all(cache, objects);
    check();
}

// --- Misuse ---

TEST_F(SlabTest, RefusesDoubleFree) {
    SlabCache cache(registry, plain(64));
    std::vector<void*> objects = allocate(cache, 3);
    cache.release(objects[1]);
    EXPECT_MISUSE(cache.release(objects[1]), "thing: object 0x.*double free");
    cache.release(objects[0]);
    cache.release(objects[2]);
    EXPECT_MISUSE(cache.release(objects[2]), "double free");  // the slab is empty now
}

TEST_F(SlabTest, RefusesPointersThatAreNotItsObjects) {
    SlabCache cache(registry, plain(64));
    SlabCache other(registry, plain(64));
    std::byte* object = must(cache.allocate());
    void* foreign = must(other.allocate());
    int local = 0;
    const FrameNumber frame = world.allocator.take_frame().take();
    EXPECT_DEATH(cache.release(foreign), "in none of its slabs");
    EXPECT_DEATH(cache.release(&local), "in none of its slabs");
    EXPECT_DEATH(cache.release(nullptr), "in none of its slabs");
    EXPECT_DEATH(cache.release(frame_bytes(frame)), "in none of its slabs");
    EXPECT_DEATH(cache.release(phys_window - 64), "in none of its slabs");
    EXPECT_DEATH(cache.release(phys_window + sizeof(void*) + 512 * kPageSize),
                 "in none of its slabs");
    EXPECT_DEATH(cache.release(object + 1), "not the start of an object");
    EXPECT_DEATH(cache.release(object + 32), "not the start of an object");
    EXPECT_DEATH(cache.release(object - 1), "not the start of an object");
    EXPECT_DEATH(cache.release(object - cache.layout().first_object), "not the start of an object");
    const std::uint32_t rest = cache.layout().capacity * cache.layout().stride;
    if (cache.layout().first_object + rest < kPageSize) {
        EXPECT_DEATH(cache.release(object + rest), "not the start of an object");
    }
    EXPECT_DEATH(cache.release(object + 64), "double free");  // a free neighbour
    world.allocator.drop_reference(frame);
    other.release(foreign);
    cache.release(object);
}

// The frames of a run after its first have no record: an address in them is found all the same.
TEST_F(SlabTest, KnowsItsObjectsInEveryFrameOfARun) {
    SlabCache cache(registry, plain(2048));
    ASSERT_EQ(cache.layout().order, 2U);
    std::vector<void*> objects = allocate(cache, cache.layout().capacity);
    for (void* object : objects) {
        EXPECT_DEATH(cache.release(static_cast<std::byte*>(object) + 1), "not the start");
    }
    free_all(cache, objects);
}

TEST_F(SlabTest, RefusesToBeDestroyedWithLiveObjectsAndNamesThem) {
    EXPECT_MISUSE(
        {
            SlabCache cache(registry, watched(64));
            (void)cache.allocate(reinterpret_cast<const void*>(0x1234));
        },
        "thing: object 0x.* leaked; allocated at 0x1234");
}

// --- Debugging ---

TEST_F(SlabTest, ReportsAWriteAfterFree) {
    SlabCache cache(registry, watched(64));
    std::byte* object = must(cache.allocate());
    cache.release(object, reinterpret_cast<const void*>(0xF4EE));
    object[12] = std::byte{0x41};
    EXPECT_MISUSE((void)cache.allocate(), "thing: byte 12 of the object at 0x.* is 41, not 6b");
    EXPECT_MISUSE((void)cache.allocate(), "written after it was freed; last .* at 0xf4ee");
    EXPECT_MISUSE((void)cache.reclaim(), "written after it was freed");
    EXPECT_MISUSE(cache.check_invariants(), "written after it was freed");
    object[12] = std::byte{0x6B};
    check();
}

TEST_F(SlabTest, ReportsWritesPastEitherEnd) {
    SlabCache cache(registry, watched(61));  // seen to the byte, whatever the alignment leaves
    std::byte* object = must(cache.allocate(reinterpret_cast<const void*>(0xA110C)));
    for (int offset : {-8, -1, 61, 68}) {
        const std::byte before = object[offset];
        object[offset] = std::byte{0};
        EXPECT_MISUSE(cache.release(object), offset < 0 ? "before its start; last .* at 0xa110c"
                                                        : "past its end; last .* ");
        EXPECT_MISUSE(cache.check_invariants(), "byte " + std::to_string(offset) + " of");
        object[offset] = before;
    }
    cache.release(object);
}

TEST_F(SlabTest, SaysWhereTheFirstFreeWasOnDoubleFree) {
    SlabCache cache(registry, watched(64));
    void* object = must(cache.allocate());
    cache.release(object, reinterpret_cast<const void*>(0xBEEF));
    EXPECT_MISUSE(cache.release(object), "double free; last allocated or freed at 0xbeef");
}

[[gnu::noinline]] Result<void*> allocate_here(SlabCache& cache) {
    Result<void*> object = cache.allocate();
    asm volatile("");  // no tail call: this function is the call site
    return object;
}

TEST_F(SlabTest, RemembersTheCallerWhenToldNothing) {
    SlabCache cache(registry, watched(64));
    void* object = must(allocate_here(cache));
    int seen = 0;
    cache.walk_live([&](void* live, const void* site) {
        EXPECT_EQ(live, object);
        const auto start = reinterpret_cast<std::uintptr_t>(&allocate_here);
        const auto at = reinterpret_cast<std::uintptr_t>(site);
        EXPECT_GT(at, start);
        EXPECT_LT(at, start + 16384);  // sanitizers make it long
        ++seen;
    });
    EXPECT_EQ(seen, 1);
    cache.release(object);
}

TEST_F(SlabTest, FillsFreeObjectsWithPoisonWhenDebugging) {
    SlabCache cache(registry, watched(32));
    std::byte* object = must(cache.allocate());
    std::memset(object, 0, 32);
    cache.release(object);
    for (int i = 0; i < 32; ++i)
        EXPECT_EQ(object[i], std::byte{0x6B});
}

TEST_F(SlabTest, DebugsEveryCacheIfTheRegistrySaysSo) {
    SlabRegistry strict(world.allocator, {.debug = true});
    SlabCache cache(strict, plain(32));
    EXPECT_TRUE(cache.debug());
    std::byte* object = must(cache.allocate());
    object[32] = std::byte{0};
    EXPECT_DEATH(cache.release(object), "written past its end");
    object[32] = std::byte{0xBB};
    cache.release(object);
}

// --- The oracle itself must notice ---

TEST_F(SlabTest, ChecksFindADamagedHeaderAndAForgedRecord) {
    SlabCache cache(registry, plain(64));
    std::byte* object = must(cache.allocate());
    Slab* slab = reinterpret_cast<Slab*>(object - cache.layout().first_object);
    auto* links = reinterpret_cast<std::uint8_t*>(slab + 1);
    const FrameNumber frame = frame_with(slab);
    ++slab->live;
    EXPECT_DEATH(cache.check_invariants(), "live == slab.live");
    --slab->live;
    links[5] = 2;  // a ring: 1, 2, 3, 4, 5, 2, ...
    EXPECT_DEATH(cache.check_invariants(), "free <= layout_.capacity");
    links[5] = 255;  // a free object that says it is live
    EXPECT_DEATH(cache.check_invariants(), "assertion failed");
    links[5] = 6;
    world.table.set_state(frame, FrameState::Used);
    EXPECT_DEATH(cache.check_invariants(), "FrameState::KernelHeap");
    world.table.set_state(frame, FrameState::KernelHeap);
    const FrameNumber stray = world.allocator.take_frame().take();
    world.table.set_state(stray, FrameState::KernelHeap);
    world.table.set_place(stray, cache.mark());
    EXPECT_DEATH(registry.check_invariants(), "marked == slabs");
    world.table.set_place(stray, cache.mark() + 1);
    EXPECT_DEATH(registry.check_invariants(), "cache_of");
    world.table.set_place(stray, 0);
    world.allocator.drop_reference(stray);
    check();
    cache.release(object);
}

// --- The registry ---

TEST_F(SlabTest, RegistryListsCachesInTheOrderTheyWereMade) {
    SlabCache one(registry, {.name = "one", .size = 10, .alignment = 2});
    std::string names;
    const auto list = [&] {
        names.clear();
        registry.walk([&](SlabCache& cache) { names += std::string(cache.name()) + " "; });
    };
    {
        SlabCache two(registry, {.name = "two", .size = 20, .alignment = 4});
        EXPECT_NE(one.mark(), two.mark());
        list();
        EXPECT_EQ(names, "one two ");
    }
    list();
    EXPECT_EQ(names, "one ");
}

TEST_F(SlabTest, RegistryFindsTheObjectThatAnAddressLiesIn) {
    SlabCache::Options options = watched(1500);
    SlabCache small(registry, plain(64));
    SlabCache large(registry, options);
    std::byte* object = must(small.allocate());
    std::vector<void*> objects;
    for (std::uint32_t i = 0; i < large.layout().capacity; ++i)
        objects.push_back(must(large.allocate(reinterpret_cast<const void*>(0x51))));
    for (void* start : objects) {
        const Result<SlabObject> found = registry.find(static_cast<std::byte*>(start) + 1499);
        ASSERT_TRUE(found.ok());
        EXPECT_EQ(found.value().cache, &large);
        EXPECT_EQ(found.value().start, start);
        EXPECT_TRUE(found.value().live);
        EXPECT_EQ(found.value().site, reinterpret_cast<const void*>(0x51));
        EXPECT_FALSE(registry.find(static_cast<std::byte*>(start) + 1500).ok());
        EXPECT_FALSE(registry.find(static_cast<std::byte*>(start) - 1).ok());
    }
    EXPECT_EQ(registry.find(object + 63).value().start, object);
    EXPECT_EQ(registry.find(object + 64).value().start, object + 64);
    EXPECT_FALSE(registry.find(object + 64).value().live);
    int local = 0;
    EXPECT_FALSE(registry.find(&local).ok());
    EXPECT_FALSE(registry.find(phys_window).ok());
    EXPECT_FALSE(registry.find(object - small.layout().first_object).ok());
    free_all(large, objects);
    small.release(object);
}

TEST_F(SlabTest, RegistryUsesMarksAgainButNoneThatIsInUse) {
    SlabCache old(registry, plain(64));
    std::byte* const object = must(old.allocate());
    for (std::uint32_t i = 1; i < 1U << 20; ++i)
        const SlabCache passing(registry, plain(64));
    SlabCache young(registry, plain(64));  // whose turn it is to have the mark of `old`
    std::byte* const another = must(young.allocate());
    EXPECT_EQ(registry.find(object).value().cache, &old);
    EXPECT_EQ(registry.find(another).value().cache, &young);
    check();
    young.release(another);
    old.release(object);
}

// --- The typed front ---

struct Counted {
    explicit Counted(int start) : value(start) { ++alive; }
    ~Counted() { --alive; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    int value;
    static inline int alive = 0;
};

TEST_F(SlabTest, ObjectCacheConstructsAndDestroysEachObject) {
    ObjectCache<Counted> cache(registry, "counted");
    Counted* one = cache.allocate(7).take();
    Counted* two = cache.allocate(8).take();
    EXPECT_EQ(one->value, 7);
    EXPECT_EQ(two->value, 8);
    EXPECT_EQ(Counted::alive, 2);
    cache.release(one);
    EXPECT_EQ(Counted::alive, 1);
    EXPECT_DEATH(cache.release(one), "double free");
    cache.release(two);
    EXPECT_EQ(Counted::alive, 0);
    world.injector.fail_nth(1);
    EXPECT_EQ(cache.allocate(9).error(), Error::OutOfMemory);
    EXPECT_EQ(Counted::alive, 0);
    EXPECT_EQ(cache.cache().object_size(), sizeof(Counted));
}

TEST_F(SlabTest, WorksOverFramesThatArePoisonedWhenFree) {
    FrameWorld poisoned(64, true);
    {
        SlabRegistry slabs(poisoned.allocator);
        SlabCache cache(slabs, with_constructor(false));
        std::vector<void*> objects = allocate(cache, 100);
        free_all(cache, objects);
        slabs.check_invariants();
    }
    EXPECT_EQ(poisoned.allocator.free_frames(), PageCount(63));
    poisoned.allocator.check_invariants();
    test::reset_host_ram();
}

}  // namespace
}  // namespace quire::mm
