// mm/frame_table and mm/frame_list: the records, the rings and the lists.
#include "mm/frame_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "mm/frame_list.h"
#include "tests/host/frame_world.h"

namespace quire::mm {
namespace {

struct Records {
    explicit Records(std::uint32_t frames) : records(frames), table(records) {}
    std::vector<FrameInfo> records;
    FrameTable table;
};

TEST(FrameTable, StartsAbsentWhateverTheMemoryHeld) {
    std::vector<FrameInfo> records(10, FrameInfo{~0U, ~0U, ~0U, ~0U});
    FrameTable table(records);
    EXPECT_EQ(table.end(), FrameNumber(10));
    EXPECT_EQ(FrameTable::bytes_needed(PageCount(196608)), 196608U * 16);
    for (FrameNumber frame; frame < table.end(); ++frame) {
        EXPECT_EQ(table.state(frame), FrameState::Absent);
        EXPECT_EQ(table.references(frame), 0U);
        EXPECT_FALSE(table.in_use(frame));
    }
    table.check_invariants();
    EXPECT_DEATH((void)table.state(FrameNumber(10)), "covers");
    EXPECT_DEATH((void)table.add_reference(FrameNumber(3)), "in_use");
}

// Every field is written to both extremes beside full neighbours, and none leaks into another.
TEST(FrameTable, KeepsItsFieldsApart) {
    Records world(1U << 20);
    FrameTable& table = world.table;
    const FrameNumber frame(77);
    const FrameNumber far((1U << 20) - 1);
    for (std::uint32_t extreme : {0U, 1U, 0x000FFFU, 0x001000U, 0xFFFFFFU}) {
        table.ring_alone(frame);
        table.ring_alone(far);
        table.ring_insert_before(far, frame);
        table.set_tag(frame, extreme);
        EXPECT_EQ(table.tag(frame), extreme);
        EXPECT_EQ(table.ring_next(frame), far);
        EXPECT_EQ(table.ring_previous(frame), far);
        table.ring_remove(frame);
        EXPECT_EQ(table.tag(frame), extreme);
        EXPECT_EQ(table.ring_next(frame), frame);
        EXPECT_EQ(table.ring_next(far), far);
    }
    EXPECT_DEATH(table.set_tag(frame, 1U << 24), "tag");

    table.set_state(frame, FrameState::Device);
    table.set(frame, FrameFlag::Dirty);
    ASSERT_TRUE(table.add_reference(frame).ok());
    table.set_private(frame, {far, 1023});
    EXPECT_EQ(table.state(frame), FrameState::Private);
    EXPECT_EQ(table.pte_of(frame), (PteLocation{far, 1023}));
    EXPECT_TRUE(table.has(frame, FrameFlag::Dirty));
    EXPECT_FALSE(table.has(frame, FrameFlag::Busy));
    EXPECT_EQ(table.references(frame), 1U);
    table.set_object(frame, {0xFFFFFF, 0xFFFFFFFF});
    EXPECT_EQ(table.object_of(frame), (ObjectPage{0xFFFFFF, 0xFFFFFFFF}));
    EXPECT_EQ(table.ring_next(frame), frame);
    EXPECT_EQ(table.references(frame), 1U);
    EXPECT_TRUE(table.has(frame, FrameFlag::Dirty));
    table.clear(frame, FrameFlag::Dirty);
    EXPECT_FALSE(table.has(frame, FrameFlag::Dirty));
    EXPECT_EQ(table.state(frame), FrameState::Object);
    table.set_place(frame, 5);
    EXPECT_EQ(table.place(frame), 5U);
    EXPECT_DEATH((void)table.pte_of(frame), "Private");
    table.set_private(frame, {FrameNumber(0), 0});
    EXPECT_EQ(table.tag(frame), 0U);  // the object's number is no swap slot
    table.set_tag(frame, 0x123456);
    table.set_private(frame, {far, 1});
    EXPECT_EQ(table.tag(frame), 0x123456U);
    EXPECT_DEATH((void)table.object_of(frame), "Object");
    EXPECT_DEATH(table.set_private(frame, {FrameNumber(0), 1024}), "index");
}

TEST(FrameTable, KeepsEveryFlagAndStateApart) {
    Records world(4);
    const FrameNumber frame(2);
    const FrameFlag flags[] = {FrameFlag::Watched, FrameFlag::Listed, FrameFlag::Busy,
                               FrameFlag::Dirty,   FrameFlag::Locked, FrameFlag::Young,
                               FrameFlag::Run};
    for (FrameFlag flag : flags) {
        world.table.set(frame, flag);
        for (FrameFlag other : flags)
            EXPECT_EQ(world.table.has(frame, other), other == flag);
        EXPECT_EQ(world.table.state(frame), FrameState::Absent);
        world.table.clear(frame, flag);
    }
    std::set<std::string> names;
    for (std::uint32_t i = 0; i < kFrameStates; ++i) {
        const auto state = static_cast<FrameState>(i);
        if (std::string(frame_state_name(state)) == "?") continue;
        names.insert(frame_state_name(state));
        world.table.set_state(frame, state);
        EXPECT_EQ(world.table.state(frame), state);
        EXPECT_EQ(world.table.in_use(frame), i >= 8);
        EXPECT_EQ(world.table.references(frame), 0U);
    }
    EXPECT_EQ(names.size(), 12U);
}

TEST(FrameTable, KeepsTheOrderOfARun) {
    test::FrameWorld world(1024);
    OwnedFrame run = world.allocator.allocate_run(7).take();
    EXPECT_EQ(world.table.order_of(run.number()), 7U);
    EXPECT_DEATH(world.table.set_tag(run.number(), 3), "Run");
    world.table.set_state(run.number(), FrameState::KernelStack);
    EXPECT_EQ(world.table.order_of(run.number()), 7U);
    OwnedFrame single = world.allocator.allocate().take();
    world.table.set_tag(single.number(), 9);
    EXPECT_EQ(world.table.order_of(single.number()), 0U);
}

TEST(FrameTable, CountsStates) {
    test::FrameWorld world(100);
    OwnedFrame table_frame = world.allocator.allocate().take();
    world.table.set_state(table_frame.number(), FrameState::PageTable);
    PageCount counts[kFrameStates];
    world.table.count_states(counts);
    EXPECT_EQ(counts[static_cast<int>(FrameState::Reserved)], PageCount(1));
    EXPECT_EQ(counts[static_cast<int>(FrameState::Free)], PageCount(98));
    EXPECT_EQ(counts[static_cast<int>(FrameState::PageTable)], PageCount(1));
    EXPECT_EQ(counts[static_cast<int>(FrameState::Used)], PageCount(0));
}

TEST(FrameTable, LinksSiblingsInARing) {
    Records world(10);
    FrameTable& table = world.table;
    for (std::uint32_t i = 1; i <= 4; ++i) {
        table.ring_alone(FrameNumber(i));
        if (i > 1) table.ring_insert_before(FrameNumber(1), FrameNumber(i));
    }
    auto ring = [&](std::uint32_t start) {
        std::vector<std::uint32_t> members;
        FrameNumber frame(start);
        do {
            EXPECT_EQ(table.ring_previous(table.ring_next(frame)), frame);
            members.push_back(frame.raw());
            frame = table.ring_next(frame);
        } while (frame != FrameNumber(start) && members.size() < 20);
        return members;
    };
    EXPECT_EQ(ring(1), (std::vector<std::uint32_t>{1, 2, 3, 4}));
    EXPECT_DEATH(table.ring_insert_before(FrameNumber(1), FrameNumber(3)), "ring_next");
    table.ring_remove(FrameNumber(1));
    EXPECT_EQ(ring(2), (std::vector<std::uint32_t>{2, 3, 4}));
    EXPECT_EQ(ring(1), (std::vector<std::uint32_t>{1}));
    table.ring_remove(FrameNumber(4));
    table.ring_remove(FrameNumber(2));
    EXPECT_EQ(ring(3), (std::vector<std::uint32_t>{3}));
}

TEST(FrameTable, InvariantsSeeABrokenRecord) {
    Records world(10);
    world.table.set(FrameNumber(3), FrameFlag::Dirty);
    EXPECT_DEATH(world.table.check_invariants(), "kFlagMask");
    world.table.clear(FrameNumber(3), FrameFlag::Dirty);
    world.table.set_state(FrameNumber(3), FrameState::Used);  // in use without a reference
    EXPECT_DEATH(world.table.check_invariants(), "references");
    ASSERT_TRUE(world.table.add_reference(FrameNumber(3)).ok());
    world.table.check_invariants();
    world.records[3].next = 10;
    EXPECT_DEATH(world.table.check_invariants(), "covers");
    world.records[3].next = 4;
    world.table.set(FrameNumber(3), FrameFlag::Listed);
    EXPECT_DEATH(world.table.check_invariants(), "ring_previous");
}

// A list against std::deque under random pushes, pops and removals from the middle.
TEST(FrameList, RotatesTheFirstToTheBack) {
    Records world(10);
    FrameList list(world.table);
    for (std::uint32_t i = 1; i <= 3; ++i)
        list.push_back(FrameNumber(i));
    EXPECT_EQ(list.rotate(), FrameNumber(1));
    EXPECT_EQ(list.front(), FrameNumber(2));
    EXPECT_EQ(list.back(), FrameNumber(1));
    list.check_invariants();
    list.remove(FrameNumber(2));
    list.remove(FrameNumber(3));
    EXPECT_EQ(list.rotate(), FrameNumber(1));
    list.remove(FrameNumber(1));
    EXPECT_DEATH(list.rotate(), "empty");
}

TEST(FrameList, BehavesLikeADeque) {
    const std::uint32_t seed = test::random_seed(11);
    SCOPED_TRACE("QUIRE_SEED=" + std::to_string(seed));
    std::mt19937 random(seed);
    Records world(64);
    FrameList list(world.table);
    std::deque<std::uint32_t> model;
    for (int step = 0; step < 20000; ++step) {
        const auto frame = static_cast<std::uint32_t>(1 + random() % 63);
        const auto found = std::find(model.begin(), model.end(), frame);
        if (found != model.end()) {
            list.remove(FrameNumber(frame));
            model.erase(found);
        } else if (random() % 3 == 0 && !model.empty()) {
            ASSERT_EQ(list.pop_front().raw(), model.front());
            model.pop_front();
        } else if (random() % 2 == 0) {
            list.push_front(FrameNumber(frame));
            model.push_front(frame);
        } else {
            list.push_back(FrameNumber(frame));
            model.push_back(frame);
        }
        list.check_invariants();
        ASSERT_EQ(list.count().raw(), model.size());
        ASSERT_EQ(list.empty(), model.empty());
        if (model.empty()) continue;
        ASSERT_EQ(list.front().raw(), model.front());
        ASSERT_EQ(list.back().raw(), model.back());
        FrameNumber walk = list.front();
        for (std::uint32_t expected : model) {
            ASSERT_EQ(walk.raw(), expected);
            walk = list.next(walk);
        }
    }
}

TEST(FrameList, RefusesAFrameThatIsInAListAlready) {
    Records world(8);
    FrameList one(world.table);
    FrameList two(world.table);
    one.push_back(FrameNumber(3));
    EXPECT_DEATH(one.push_back(FrameNumber(3)), "Listed");
    EXPECT_DEATH(two.push_front(FrameNumber(3)), "Listed");
    EXPECT_DEATH(one.remove(FrameNumber(4)), "Listed");
    EXPECT_DEATH((void)two.front(), "empty");
    EXPECT_DEATH((void)two.pop_front(), "empty");
}

}  // namespace
}  // namespace quire::mm
