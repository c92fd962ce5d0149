// mm/page_tree: single contracts.
#include "mm/page_tree.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/host/frame_world.h"

namespace quire::mm {
namespace {

using Entry = PageTree::Entry;

struct TreeTest : testing::Test {
    TreeTest() : world(256), registry(world.allocator), nodes(registry, "node", {.keep_empty = 0}) {
        test::reset_host_ram();
    }
    ~TreeTest() override {
        tree.check_invariants();
        EXPECT_EQ(live_nodes(), tree.count_nodes());
        tree.clear();
        EXPECT_EQ(live_nodes(), 0U);
    }

    void put(std::uint32_t index, std::uint32_t word) {
        ASSERT_TRUE(tree.set(index, word).ok());
        tree.check_invariants();
    }
    std::uint32_t live_nodes() { return nodes.cache().statistics().live; }

    test::FrameWorld world;
    SlabRegistry registry;
    PageTree::NodeCache nodes;
    PageTree tree{nodes};
};

TEST_F(TreeTest, StartsWithNothingAndNoMemory) {
    EXPECT_TRUE(tree.empty());
    EXPECT_EQ(tree.get(0), 0U);
    EXPECT_EQ(tree.get(~0U), 0U);
    EXPECT_EQ(tree.next_used(0), std::nullopt);
    EXPECT_FALSE(tree.is_marked(0));
    put(5, 0);
    EXPECT_EQ(tree.height(), 0U);
    EXPECT_EQ(live_nodes(), 0U);
}

TEST_F(TreeTest, IsAsHighAsItsHighestIndexNeeds) {
    const struct {
        std::uint32_t index;
        std::uint32_t height;
    } cases[] = {{0, 1},        {63, 1},         {64, 2},       {4095, 2},
                 {4096, 3},     {262143, 3},     {262144, 4},   {16777215, 4},
                 {16777216, 5}, {1073741823, 5}, {1U << 30, 6}, {~0U, 6}};
    for (const auto& one : cases) {
        SCOPED_TRACE(one.index);
        put(one.index, 9);
        EXPECT_EQ(tree.height(), one.height);
        EXPECT_EQ(live_nodes(), one.height);
        EXPECT_EQ(tree.get(one.index), 9U);
        EXPECT_EQ(tree.get(one.index - 1), 0U);
        EXPECT_EQ(tree.get(one.index + 1), 0U);
        EXPECT_EQ(tree.next_used(0), (Entry{one.index, 9}));
        put(one.index, 0);
        EXPECT_EQ(live_nodes(), 0U);
    }
}

TEST_F(TreeTest, GrowsAboveWhatItHoldsAndShrinksAgain) {
    put(3, 30);
    put(100, 40);
    put(~0U, 50);
    EXPECT_EQ(tree.get(3), 30U);
    EXPECT_EQ(tree.get(100), 40U);
    EXPECT_EQ(tree.get(~0U), 50U);
    EXPECT_EQ(tree.height(), 6U);
    put(~0U, 0);
    EXPECT_EQ(tree.height(), 2U);
    put(100, 0);
    EXPECT_EQ(tree.height(), 1U);
    EXPECT_EQ(tree.get(3), 30U);
}

TEST_F(TreeTest, PutsOneWordOverAnother) {
    put(70, 1);
    put(70, 0xFFFFFFFF);
    EXPECT_EQ(tree.get(70), 0xFFFFFFFFU);
    EXPECT_EQ(live_nodes(), 2U);
}

TEST_F(TreeTest, WalksInOrderFromAnywhere) {
    const std::uint32_t indexes[] = {0, 31, 32, 63, 64, 4095, 4096, 1U << 24, ~0U - 1, ~0U};
    for (std::uint32_t index : indexes)
        put(index, index | 1);
    std::uint32_t from = 0;
    for (std::uint32_t index : indexes) {
        ASSERT_EQ(tree.next_used(from), (Entry{index, index | 1}));
        ASSERT_EQ(tree.next_used(index), (Entry{index, index | 1}));
        from = index + 1;
    }
    put(~0U, 0);
    EXPECT_EQ(tree.next_used(~0U), std::nullopt);
    EXPECT_EQ(tree.next_used(~0U - 1)->index, ~0U - 1);
}

TEST_F(TreeTest, FindsMarkedEntriesAmongMany) {
    for (std::uint32_t index = 0; index < 10000; ++index)
        ASSERT_TRUE(tree.set(index, 1).ok());
    for (std::uint32_t index : {7U, 4095U, 4096U, 9999U})
        tree.set_mark(index, true);
    tree.check_invariants();
    EXPECT_EQ(tree.next_marked(0)->index, 7U);
    EXPECT_EQ(tree.next_marked(8)->index, 4095U);
    EXPECT_EQ(tree.next_marked(4096)->index, 4096U);
    EXPECT_EQ(tree.next_marked(4097)->index, 9999U);
    EXPECT_TRUE(tree.is_marked(4096));
    EXPECT_FALSE(tree.is_marked(4097));
    tree.set_mark(4096, false);
    ASSERT_TRUE(tree.set(4095, 0).ok());
    ASSERT_TRUE(tree.set(7, 55).ok());
    tree.check_invariants();
    EXPECT_EQ(tree.next_marked(0), (Entry{7, 55}));  // another word, the same mark
    EXPECT_EQ(tree.next_marked(8)->index, 9999U);
    EXPECT_DEATH(tree.set_mark(4095, true), "place_of");
    EXPECT_DEATH(tree.set_mark(1U << 30, true), "never reached");
}

TEST_F(TreeTest, FindsAWordToBeChanged) {
    EXPECT_EQ(tree.find(0), nullptr);
    put(70, 5);
    put(1U << 20, 6);
    tree.set_mark(70, true);
    ASSERT_NE(tree.find(70), nullptr);
    *tree.find(70) = 8;
    EXPECT_EQ(tree.get(70), 8U);
    EXPECT_TRUE(tree.is_marked(70));
    for (const std::uint32_t index : {71U, 4096U, (1U << 20) + 64, 1U << 30})
        EXPECT_EQ(tree.find(index), nullptr) << index;
    ASSERT_TRUE(tree.reserve(71).ok());
    EXPECT_EQ(tree.find(71), nullptr);
    ASSERT_TRUE(tree.set(71, 0).ok());
    tree.check_invariants();
}

TEST_F(TreeTest, TellsWhetherAMarkIsNew) {
    put(70, 5);
    EXPECT_TRUE(tree.set_mark(70, true));
    EXPECT_FALSE(tree.set_mark(70, true));
    EXPECT_TRUE(tree.set_mark(70, false));
    EXPECT_FALSE(tree.set_mark(70, false));
}

TEST_F(TreeTest, KeepsMarksWhenItGrows) {
    put(1, 1);
    tree.set_mark(1, true);
    put(1U << 20, 1);
    EXPECT_EQ(tree.next_marked(0)->index, 1U);
    EXPECT_EQ(tree.next_marked(2), std::nullopt);
}

// Every allocation on the way is made to fail once; each time the tree is as before.
TEST_F(TreeTest, ChangesNothingWhenMemoryRunsOut) {
    put(1, 11);
    for (const std::uint32_t index : {64U, 5000U, 1U << 29, ~0U}) {
        for (const bool reserve : {false, true}) {
            const std::uint32_t before = live_nodes();
            const std::uint32_t height = tree.height();
            std::uint32_t failures = 0;
            for (;; ++failures) {
                world.injector.fail_nth(failures + 1);
                const Result<void> done = reserve ? tree.reserve(index) : tree.set(index, 5);
                world.injector.fail_nth(0);
                tree.check_invariants();
                if (done.ok()) break;
                ASSERT_EQ(done.error(), Error::OutOfMemory);
                ASSERT_EQ(live_nodes(), before);
                ASSERT_EQ(tree.height(), height);
                ASSERT_EQ(tree.get(1), 11U);
                ASSERT_EQ(tree.get(index), 0U);
            }
            EXPECT_GE(failures, 1U);
            put(index, 0);
            EXPECT_EQ(live_nodes(), before);
        }
    }
}

TEST_F(TreeTest, NeedsNoMemoryToChangeOrClearAnEntry) {
    put(9000, 1);
    world.injector.fail_every(1);
    EXPECT_TRUE(tree.set(9000, 2).ok());
    EXPECT_TRUE(tree.set(9001, 3).ok());  // its node is there
    EXPECT_FALSE(tree.set(9100, 3).ok());
    EXPECT_TRUE(tree.set(9001, 0).ok());
    EXPECT_TRUE(tree.set(9100, 0).ok());
    EXPECT_TRUE(tree.set(9000, 0).ok());
    world.injector.fail_every(0);
    EXPECT_TRUE(tree.empty());
}

TEST_F(TreeTest, KeepsAReservationWhateverHappensToItsNeighbours) {
    put(5001, 1);
    ASSERT_TRUE(tree.reserve(5000).ok());
    ASSERT_TRUE(tree.reserve(1U << 30).ok());
    EXPECT_EQ(tree.get(5000), 0U);
    EXPECT_EQ(tree.next_used(0)->index, 5001U);
    put(5001, 0);
    EXPECT_EQ(tree.next_used(0), std::nullopt);
    EXPECT_EQ(tree.height(), 6U);
    world.injector.fail_every(1);
    EXPECT_TRUE(tree.set(5000, 7).ok());
    EXPECT_TRUE(tree.set(1U << 30, 8).ok());
    EXPECT_TRUE(tree.set(5000, 0).ok());
    EXPECT_FALSE(tree.set(5000, 7).ok());  // the reservation is used up
    world.injector.fail_every(0);
}

TEST_F(TreeTest, ForgetsAReservationThatCameToNothing) {
    ASSERT_TRUE(tree.reserve(777).ok());
    EXPECT_EQ(live_nodes(), 2U);
    put(777, 0);
    EXPECT_EQ(live_nodes(), 0U);
}

TEST_F(TreeTest, PassesReservationsAtTheEndsOfLeavesAndOfTheTree) {
    for (std::uint32_t index : {63U, 64U, 4095U, 262143U, ~0U})
        ASSERT_TRUE(tree.reserve(index).ok());
    EXPECT_EQ(tree.next_used(0), std::nullopt);
    put(262144, 3);
    EXPECT_EQ(tree.next_used(0)->index, 262144U);
    EXPECT_EQ(tree.next_used(262145), std::nullopt);
}

TEST_F(TreeTest, LeavesNoNodeBehind) {
    {
        PageTree other(nodes);
        for (std::uint32_t i = 0; i < 32; ++i)
            ASSERT_TRUE(other.set(1U << i, 1).ok());
        EXPECT_GT(live_nodes(), 6U);
    }
    EXPECT_EQ(live_nodes(), 0U);
    EXPECT_EQ(world.allocator.free_frames(), PageCount(255));
}

TEST_F(TreeTest, InvariantsSeeABrokenNode) {
    put(10, 1);
    PageTreeNode* node = nullptr;
    nodes.cache().walk_live(
        [&](void* object, const void*) { node = static_cast<PageTreeNode*>(object); });
    node->words[11] = 5;
    EXPECT_DEATH(tree.check_invariants(), "taken");
    node->words[11] = 0;
    node->marked[1] = 1;
    EXPECT_DEATH(tree.check_invariants(), "marked");
    node->marked[1] = 0;
    node->words[10] = 0;
    node->taken[0] = 0;
    EXPECT_DEATH(tree.check_invariants(), "empty");
    node->words[10] = 1;
    node->taken[0] = 1U << 10;
}

}  // namespace
}  // namespace quire::mm
