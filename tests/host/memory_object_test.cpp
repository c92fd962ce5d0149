// mm/memory_object, mm/object_registry: single contracts.
#include "mm/memory_object.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "tests/host/frame_world.h"
#include "tests/host/memory_store.h"
#include "tests/host/test_object.h"

namespace quire::mm {
namespace {

using test::TestObject;
using Kind = MemoryObject::Kind;

struct ObjectTest : testing::Test {
    ObjectTest() : world(256), slabs(world.allocator), nodes(slabs, "node"), registry(nodes) {
        test::reset_host_ram();
    }

    // A frame with one reference, recorded as the page `index` of `object`.
    FrameNumber new_page(const MemoryObject& object, std::uint32_t index) {
        const FrameNumber frame = world.allocator.take_frame().take();
        world.table.set_object(frame, {object.id(), index});
        return frame;
    }
    FrameNumber put_page(MemoryObject& object, std::uint32_t index) {
        const FrameNumber frame = new_page(object, index);
        EXPECT_TRUE(object.set_entry(index, ObjectEntry::for_frame(frame)).ok());
        return frame;
    }
    void check(MemoryObject& object) {
        object.check_invariants(world.table);
        registry.check_invariants();
    }

    test::FrameWorld world;
    SlabRegistry slabs;
    PageTree::NodeCache nodes;
    ObjectRegistry registry;
    test::MemoryStore store{16};
};

// --- The entry ---

TEST(ObjectEntry, KeepsKindAndValueAtBothEnds) {
    for (std::uint32_t value : {1U, (1U << 20) - 1}) {
        const ObjectEntry frame = ObjectEntry::for_frame(FrameNumber(value));
        EXPECT_TRUE(frame.is_frame() && !frame.is_slot() && !frame.is_shadow());
        EXPECT_EQ(frame.frame(), FrameNumber(value));
        EXPECT_EQ(frame.shadow(), 0U);
        const ObjectEntry slot = ObjectEntry::for_slot(SwapSlot(value));
        EXPECT_TRUE(slot.is_slot() && !slot.is_frame() && !slot.is_shadow());
        EXPECT_EQ(slot.slot(), SwapSlot(value));
        EXPECT_EQ(ObjectEntry::from_raw(slot.raw()), slot);
        EXPECT_NE(slot, frame);
    }
    for (Shadow value : {1U, kMaxShadow}) {
        const ObjectEntry shadow = ObjectEntry::for_shadow(value);
        EXPECT_TRUE(shadow.is_shadow() && !shadow.is_frame() && !shadow.is_slot());
        EXPECT_EQ(shadow.shadow(), value);
    }
    EXPECT_TRUE(ObjectEntry::for_shadow(0).is_empty());
    EXPECT_TRUE(ObjectEntry().is_empty());
    EXPECT_DEATH((void)ObjectEntry().frame(), "is_frame");
    EXPECT_DEATH((void)ObjectEntry().slot(), "is_slot");
    EXPECT_DEATH((void)ObjectEntry::for_frame(FrameNumber(0)), "frame");
    EXPECT_DEATH((void)ObjectEntry::for_slot(SwapSlot(1U << 20)), "slot");
    EXPECT_DEATH((void)ObjectEntry::for_shadow(kMaxShadow + 1), "kMaxShadow");
}

// --- Size ---

TEST_F(ObjectTest, CountsPagesThatOverlapTheSize) {
    const std::pair<std::uint64_t, std::uint32_t> cases[] = {{0, 0},
                                                             {1, 1},
                                                             {4096, 1},
                                                             {4097, 2},
                                                             {1ULL << 32, 1U << 20},
                                                             {MemoryObject::kMaxBytes - 1, ~0U},
                                                             {MemoryObject::kMaxBytes, ~0U}};
    TestObject object(registry, Kind::File, &store, 0);
    for (const auto& [bytes, pages] : cases) {
        object.set_bytes(bytes);
        EXPECT_EQ(object.bytes(), bytes);
        EXPECT_EQ(object.pages(), pages);
    }
    EXPECT_DEATH(object.set_bytes(MemoryObject::kMaxBytes + 1), "kMaxBytes");
    EXPECT_DEATH(TestObject(registry, Kind::File, nullptr, 0), "store");
    EXPECT_DEATH(TestObject(registry, Kind::SharedMemory, &store, 0), "store");
}

TEST_F(ObjectTest, UsesTheVeryLastPage) {
    TestObject object(registry, Kind::File, &store, MemoryObject::kMaxBytes);
    const FrameNumber frame = put_page(object, ~0U - 1);
    EXPECT_EQ(object.next_resident(0)->frame, frame);
    EXPECT_EQ(object.next_resident(~0U - 1)->index, ~0U - 1);
    EXPECT_FALSE(object.next_resident(~0U).has_value());
    std::uint32_t seen = 0;
    object.for_each_resident(0, ~0U, [&](std::uint32_t, FrameNumber) { ++seen; });
    EXPECT_EQ(seen, 1U);
    check(object);
    EXPECT_DEATH((void)object.set_entry(~0U, ObjectEntry::for_shadow(1)), "pages");
}

TEST_F(ObjectTest, ForgetsShadowsPastANewEnd) {
    TestObject object(registry, Kind::File, &store, 100 * kPageSize);
    for (std::uint32_t index : {3U, 50U, 99U})
        ASSERT_TRUE(object.set_entry(index, ObjectEntry::for_shadow(index)).ok());
    object.set_bytes(50 * kPageSize + 1);
    EXPECT_EQ(object.entry(50).shadow(), 50U);
    EXPECT_TRUE(object.entry(99).is_empty());
    object.set_bytes(50 * kPageSize);
    object.set_bytes(100 * kPageSize);
    EXPECT_TRUE(object.entry(50).is_empty());
    EXPECT_EQ(object.entry(3).shadow(), 3U);
    (void)put_page(object, 60);
    EXPECT_DEATH(object.set_bytes(60 * kPageSize), "is_shadow");
    object.set_bytes(60 * kPageSize + 1);
    check(object);
}

// --- Pages ---

TEST_F(ObjectTest, FollowsAPageOfAFileInAndOut) {
    TestObject object(registry, Kind::File, &store, 10 * kPageSize);
    EXPECT_TRUE(object.entry(4).is_empty());
    const FrameNumber frame = put_page(object, 4);
    EXPECT_EQ(object.entry(4).frame(), frame);
    EXPECT_EQ(object.resident_pages(), 1U);
    check(object);
    ASSERT_TRUE(object.set_entry(4, ObjectEntry::for_shadow(99)).ok());
    EXPECT_EQ(world.table.references(frame), 1U);  // ours again
    world.allocator.drop_reference(frame);
    EXPECT_EQ(object.resident_pages(), 0U);
    EXPECT_EQ(object.entry(4).shadow(), 99U);
    (void)put_page(object, 4);
    check(object);
}

TEST_F(ObjectTest, FollowsAPageOfSharedMemoryToSwapAndBack) {
    TestObject object(registry, Kind::SharedMemory, nullptr, 10 * kPageSize);
    const FrameNumber frame = put_page(object, 9);
    ASSERT_TRUE(object.set_entry(9, ObjectEntry::for_slot(SwapSlot(77))).ok());
    world.allocator.drop_reference(frame);
    EXPECT_EQ(object.swapped_pages(), 1U);
    EXPECT_EQ(object.resident_pages(), 0U);
    EXPECT_FALSE(object.next_resident(0).has_value());
    EXPECT_EQ(object.next_entry(0)->entry.slot(), SwapSlot(77));
    check(object);
    (void)put_page(object, 9);
    EXPECT_EQ(object.swapped_pages(), 0U);
    check(object);
}

TEST_F(ObjectTest, RefusesEntriesThatWouldLoseAReference) {
    TestObject file(registry, Kind::File, &store, 10 * kPageSize);
    TestObject shared(registry, Kind::SharedMemory, nullptr, 10 * kPageSize);
    const FrameNumber frame = put_page(file, 1);
    EXPECT_TRUE(file.set_entry(1, ObjectEntry::for_frame(frame)).ok());
    EXPECT_DEATH((void)file.set_entry(1, ObjectEntry::for_frame(FrameNumber(200))), "is_frame");
    EXPECT_DEATH((void)file.set_entry(2, ObjectEntry::for_slot(SwapSlot(3))), "SharedMemory");
    ASSERT_TRUE(shared.set_entry(2, ObjectEntry::for_slot(SwapSlot(3))).ok());
    EXPECT_DEATH((void)shared.set_entry(2, ObjectEntry::for_slot(SwapSlot(4))), "is_slot");
    EXPECT_DEATH((void)file.set_entry(10, ObjectEntry::for_frame(FrameNumber(200))), "pages");
    EXPECT_DEATH((void)file.reserve(10), "pages");
    EXPECT_TRUE(file.set_entry(10, {}).ok());  // there is nothing, and nothing there now
}

TEST_F(ObjectTest, ChangesNothingWhenANodeCannotBeHad) {
    TestObject object(registry, Kind::File, &store, 1000 * kPageSize);
    const FrameNumber frame = new_page(object, 500);
    world.injector.fail_every(1);
    EXPECT_EQ(object.set_entry(500, ObjectEntry::for_frame(frame)).error(), Error::OutOfMemory);
    EXPECT_EQ(object.reserve(500).error(), Error::OutOfMemory);
    world.injector.fail_every(0);
    EXPECT_EQ(object.resident_pages(), 0U);
    EXPECT_TRUE(object.entry(500).is_empty());
    check(object);

    ASSERT_TRUE(object.reserve(500).ok());
    world.injector.fail_every(1);
    EXPECT_TRUE(object.set_entry(500, ObjectEntry::for_frame(frame)).ok());
    EXPECT_TRUE(object.set_entry(500, ObjectEntry::for_shadow(4)).ok());
    world.injector.fail_every(0);
    world.allocator.drop_reference(frame);
    check(object);
}

// Reserved, then the file was cut while the page was read: the reader gives up.
TEST_F(ObjectTest, EndsAReservationPastANewEnd) {
    TestObject object(registry, Kind::File, &store, 1000 * kPageSize);
    ASSERT_TRUE(object.reserve(900).ok());
    object.set_bytes(0);
    EXPECT_TRUE(object.set_entry(900, object.entry(900)).ok());
    EXPECT_EQ(nodes.cache().statistics().live, 0U);
}

TEST_F(ObjectTest, WalksResidentPagesOfARange) {
    TestObject object(registry, Kind::File, &store, 1000 * kPageSize);
    for (std::uint32_t index : {2U, 70U, 71U, 900U})
        (void)put_page(object, index);
    ASSERT_TRUE(object.set_entry(3, ObjectEntry::for_shadow(1)).ok());
    std::vector<std::uint32_t> seen;
    object.for_each_resident(2, 900, [&](std::uint32_t index, FrameNumber frame) {
        EXPECT_EQ(world.table.object_of(frame), (ObjectPage{object.id(), index}));
        ASSERT_TRUE(object.set_entry(index, {}).ok());
        world.allocator.drop_reference(frame);
        seen.push_back(index);
    });
    EXPECT_EQ(seen, (std::vector<std::uint32_t>{2, 70, 71}));
    EXPECT_EQ(object.resident_pages(), 1U);
    EXPECT_EQ(object.next_entry(0)->index, 3U);
    EXPECT_EQ(object.next_resident(0)->index, 900U);
    check(object);
}

TEST_F(ObjectTest, KeepsTheListOfDirtyPages) {
    TestObject object(registry, Kind::File, &store, 1000 * kPageSize);
    for (std::uint32_t index = 0; index < 100; ++index)
        (void)put_page(object, index);
    object.set_dirty(world.table, 30);
    object.set_dirty(world.table, 90);
    object.set_dirty(world.table, 90);
    EXPECT_EQ(object.dirty_pages(), 2U);
    EXPECT_TRUE(world.table.has(object.entry(90).frame(), FrameFlag::Dirty));
    EXPECT_EQ(object.next_dirty(0)->index, 30U);
    EXPECT_EQ(object.next_dirty(31)->frame, object.entry(90).frame());
    EXPECT_FALSE(object.next_dirty(91).has_value());
    check(object);
    object.set_clean(world.table, 30);
    object.set_clean(world.table, 30);
    EXPECT_EQ(object.dirty_pages(), 1U);
    EXPECT_EQ(object.next_dirty(0)->index, 90U);
    EXPECT_FALSE(world.table.has(object.entry(30).frame(), FrameFlag::Dirty));
    check(object);
    EXPECT_DEATH(object.set_dirty(world.table, 500), "is_frame");
}

TEST_F(ObjectTest, ForgetsTheMarkOfADirtyPageThatLeaves) {
    TestObject object(registry, Kind::SharedMemory, nullptr, 1000 * kPageSize);
    const ObjectEntry after[] = {ObjectEntry(), ObjectEntry::for_slot(SwapSlot(4)),
                                 ObjectEntry::for_shadow(3)};
    for (const ObjectEntry entry : after) {
        const FrameNumber frame = put_page(object, 5);
        object.set_dirty(world.table, 5);
        ASSERT_TRUE(object.set_entry(5, entry).ok());
        EXPECT_EQ(object.dirty_pages(), 0U);
        EXPECT_FALSE(object.next_dirty(0).has_value());
        EXPECT_TRUE(world.table.has(frame, FrameFlag::Dirty));  // its new owner's affair
        check(object);
        world.table.clear(frame, FrameFlag::Dirty);
        world.allocator.drop_reference(frame);
    }
}

// --- Users and regions ---

TEST_F(ObjectTest, SaysWhenItsLastUserHasGone) {
    TestObject object(registry, Kind::File, &store, kPageSize);
    object.add_user();
    object.add_user();
    object.drop_user();
    EXPECT_EQ(object.times_left, 0U);
    object.drop_user();
    EXPECT_EQ(object.times_left, 1U);
    EXPECT_DEATH(object.drop_user(), "users_");
}

TEST_F(ObjectTest, ListsTheRegionsThatShowIt) {
    TestObject object(registry, Kind::File, &store, 100 * kPageSize);
    std::deque<Region> shown;
    for (std::uint32_t i = 0; i < 3; ++i) {
        const PageRange range = PageRange::of(PageNumber(100 * i), PageCount(10));
        shown.emplace_back(test::no_space(), range, RegionTraits{}, &object, i);
    }
    EXPECT_EQ(object.users(), 3U);
    std::vector<std::uint32_t> seen;
    for (Region& region : object.regions())
        seen.push_back(region.object_page());
    EXPECT_EQ(seen, (std::vector<std::uint32_t>{0, 1, 2}));
    check(object);
    shown.pop_front();
    EXPECT_EQ(object.regions().front(), &shown.front());
    EXPECT_EQ(object.times_left, 0U);
    shown.clear();
    EXPECT_EQ(object.times_left, 1U);
    EXPECT_TRUE(object.regions().empty());
    check(object);
}

TEST_F(ObjectTest, RefusesForeignRegionsAndToGoWhileItHoldsAnything) {
    TestObject one(registry, Kind::File, &store, kPageSize);
    TestObject two(registry, Kind::File, &store, kPageSize);
    {
        Region region(test::no_space(), PageRange::of(PageNumber(1), PageCount(1)), {}, &one, 0);
        EXPECT_DEATH(two.detach(region), "object");
        EXPECT_DEATH(one.attach(region), "is_linked");
        EXPECT_DEATH(one.~TestObject(), "users_");
    }
}

struct Forgetful final : MemoryObject {
    using MemoryObject::MemoryObject;
    void last_user_gone() override {}
};

TEST_F(ObjectTest, IsNotDestroyedWithAPageInRam) {
    std::optional<Forgetful> object(std::in_place, registry, Kind::File, &store, kPageSize);
    (void)put_page(*object, 0);
    EXPECT_DEATH(object.reset(), "resident_");
    ASSERT_TRUE(object->set_entry(0, ObjectEntry::for_shadow(8)).ok());
    object.reset();  // a shadow is nobody's
    EXPECT_EQ(registry.count(), 0U);
    EXPECT_EQ(nodes.cache().statistics().live, 0U);
}

// --- The registry ---

TEST_F(ObjectTest, IsFoundByItsIdUntilItGoes) {
    std::deque<TestObject> objects;
    for (std::uint32_t i = 0; i < 600; ++i) {
        objects.emplace_back(registry, Kind::SharedMemory, nullptr, 0);
        ASSERT_EQ(objects.back().id(), i + 1);
    }
    registry.check_invariants();
    EXPECT_EQ(registry.count(), 600U);
    for (TestObject& object : objects)
        ASSERT_EQ(registry.find(object.id()), &object);
    EXPECT_EQ(registry.find(0), nullptr);
    EXPECT_EQ(registry.find(601), nullptr);
    objects.pop_front();
    EXPECT_EQ(registry.find(1), nullptr);
    objects.emplace_back(registry, Kind::SharedMemory, nullptr, 0);
    EXPECT_EQ(objects.back().id(), 601U);
    std::uint32_t seen = 0;
    registry.walk([&](MemoryObject&) { ++seen; });
    EXPECT_EQ(seen, 600U);
}

// All 2^24 ids are given once; then those in use are passed over, and 0 is nobody's.
TEST_F(ObjectTest, AWalkGoesOnAfterObjectsHaveComeAndGone) {
    std::deque<TestObject> objects;
    for (int i = 0; i < 600; ++i)
        objects.emplace_back(registry, Kind::File, &store, 0);
    std::vector<bool> seen(1000);
    for (MemoryObject* object = registry.next_after(0); object != nullptr;
         object = registry.next_after(object->id())) {
        EXPECT_FALSE(seen[object->id()]);
        seen[object->id()] = true;
    }
    EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 600);
    const std::uint32_t in_last_bucket = 511;
    EXPECT_EQ(registry.next_after(in_last_bucket), nullptr);
    EXPECT_EQ(registry.next_after(in_last_bucket - 256)->id(), in_last_bucket);
    objects.pop_front();  // id 1, where the walk may just be
    EXPECT_EQ(registry.next_after(1)->id(), 257U);
}

TEST_F(ObjectTest, TheRegistryCountsTheDirtyPagesOfFiles) {
    {
        TestObject file(registry, Kind::File, &store, 10 * kPageSize);
        TestObject memory(registry, Kind::SharedMemory, nullptr, 10 * kPageSize);
        for (MemoryObject* object :
             {static_cast<MemoryObject*>(&file), static_cast<MemoryObject*>(&memory)}) {
            for (std::uint32_t index = 0; index < 3; ++index) {
                put_page(*object, index);
                object->set_dirty(world.table, index);
                object->set_dirty(world.table, index);
            }
        }
        EXPECT_EQ(registry.dirty_file_pages(), 3U);
        file.set_clean(world.table, 1);
        EXPECT_EQ(registry.dirty_file_pages(), 2U);
        check(file);
    }
    EXPECT_EQ(registry.dirty_file_pages(), 0U);
}

TEST_F(ObjectTest, PassesOverIdsInUseAfterTheLastOne) {
    std::deque<TestObject> stay;
    for (int i = 0; i < 2; ++i)
        stay.emplace_back(registry, Kind::SharedMemory, nullptr, 0);
    std::uint32_t last = 2;
    while (last != ObjectRegistry::kMaxId) {
        const Forgetful object(registry, Kind::SharedMemory, nullptr, 0);
        ASSERT_EQ(object.id(), last + 1);
        last = object.id();
    }
    stay.emplace_back(registry, Kind::SharedMemory, nullptr, 0);
    EXPECT_EQ(stay.back().id(), 3U);
    registry.check_invariants();
}

TEST_F(ObjectTest, InvariantsSeeWhatTheFrameRecordsSay) {
    TestObject object(registry, Kind::File, &store, 100 * kPageSize);
    const FrameNumber frame = put_page(object, 8);
    world.table.set_object(frame, {object.id(), 9});
    EXPECT_DEATH(object.check_invariants(world.table), "object_of");
    world.table.set_object(frame, {object.id() + 1, 8});
    EXPECT_DEATH(object.check_invariants(world.table), "object_of");
    world.table.set_state(frame, FrameState::Used);
    EXPECT_DEATH(object.check_invariants(world.table), "Object");
    world.table.set_object(frame, {object.id(), 8});
    world.table.set(frame, FrameFlag::Dirty);
    EXPECT_DEATH(object.check_invariants(world.table), "Dirty");
    world.table.clear(frame, FrameFlag::Dirty);
    check(object);
    ASSERT_TRUE(object.set_entry(8, {}).ok());
    ASSERT_TRUE(object.set_entry(8, ObjectEntry::for_frame(frame)).ok());
    world.allocator.drop_reference(frame);  // freed, but still in the cache
    EXPECT_DEATH(object.check_invariants(world.table), "");
}

}  // namespace
}  // namespace quire::mm
