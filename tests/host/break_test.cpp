// brk: a break that moves byte by byte over a heap that grows and shrinks page by page.
#include "tests/host/map_world.h"

namespace quire::mm {
namespace {

constexpr PageNumber kHeap{0x08100};
constexpr VirtAddr kStart = start_of(kHeap);

class Break : public test::MapTest {
  protected:
    void SetUp() override { space->set_break_start(kStart); }
    bool moves_to(VirtAddr address) { return space->set_break(address) == address; }
};

TEST_F(Break, TellsWhereItIs) {
    EXPECT_EQ(space->set_break(VirtAddr(0)), kStart);
    EXPECT_EQ(space->set_break(kStart - 1), kStart);
    EXPECT_EQ(space->set_break(kStart), kStart);
    EXPECT_EQ(regions(), "");
}

TEST_F(Break, MovesToTheByteAndMapsWholePages) {
    EXPECT_TRUE(moves_to(kStart + 100000));
    EXPECT_EQ(regions(), "8100+19 rw");
    EXPECT_EQ(machine.commit.committed(), PageCount(25));
    EXPECT_TRUE(moves_to(kStart + 25 * kPageSize));
    EXPECT_EQ(regions(), "8100+19 rw");
    EXPECT_TRUE(moves_to(kStart + 25 * kPageSize + 1));
    EXPECT_EQ(regions(), "8100+1a rw");
    EXPECT_TRUE(moves_to(kStart));
    EXPECT_EQ(regions(), "");
    EXPECT_EQ(machine.commit.committed(), PageCount(0));
}

TEST_F(Break, AStartInsideAPageLeavesThatPageAlone) {
    space->set_break_start(kStart + 10);
    EXPECT_TRUE(moves_to(kStart + kPageSize));
    EXPECT_EQ(regions(), "");
    EXPECT_TRUE(moves_to(kStart + kPageSize + 1));
    EXPECT_EQ(regions(), "8101+1 rw");
}

TEST_F(Break, WhatComesBackIsFresh) {
    ASSERT_TRUE(moves_to(kStart + 2 * kPageSize));
    give_pages(kHeap, 2);
    load(*space);
    EXPECT_TRUE(write(kHeap + PageCount(1), 5));
    EXPECT_TRUE(moves_to(kStart + kPageSize));
    EXPECT_EQ(read(kHeap + PageCount(1)), -1);
    EXPECT_TRUE(moves_to(kStart + 2 * kPageSize));
    EXPECT_EQ(read(kHeap), 1);
    EXPECT_TRUE(entry(kHeap + PageCount(1)).is_empty());
}

TEST_F(Break, NeverReachesTheKernel) {
    EXPECT_EQ(space->set_break(VirtAddr(0xC0000000)), kStart);
    EXPECT_EQ(space->set_break(VirtAddr(0xC0000001)), kStart);
    EXPECT_EQ(space->set_break(VirtAddr(0xFFFFFFFF)), kStart);
}

TEST_F(Break, KeepsAPageAwayFromTheNextRegion) {
    map(kHeap + PageCount(4), 1, Rights::read());
    EXPECT_EQ(space->set_break(kStart + 4 * kPageSize), kStart);
    EXPECT_TRUE(moves_to(kStart + 3 * kPageSize));
    EXPECT_EQ(space->set_break(kStart + 10 * kPageSize), kStart + 3 * kPageSize);
    ASSERT_TRUE(unmap(kHeap + PageCount(4), 1).ok());
    EXPECT_TRUE(moves_to(kStart + 10 * kPageSize));
}

TEST_F(Break, KeepsAwayFromTheGuardOfAStack) {
    MapRequest stack = request_at(kHeap + kStackGuardPages + PageCount(4), 1);
    stack.grows_down = true;
    map(stack);
    EXPECT_EQ(space->set_break(kStart + 4 * kPageSize), kStart);
    EXPECT_TRUE(moves_to(kStart + 3 * kPageSize));
}

TEST_F(Break, AHoleInTheHeapIsTheProgramsAffair) {
    ASSERT_TRUE(moves_to(kStart + 8 * kPageSize));
    ASSERT_TRUE(unmap(kHeap + PageCount(4), 1).ok());
    EXPECT_TRUE(moves_to(kStart + 2 * kPageSize));
    EXPECT_EQ(regions(), "8100+2 rw");
    ASSERT_TRUE(unmap(kHeap, 2).ok());
    EXPECT_EQ(space->set_break(kStart), kStart + 2 * kPageSize);  // nothing there to shrink
    EXPECT_TRUE(moves_to(kStart + 3 * kPageSize));
    EXPECT_EQ(regions(), "8102+1 rw");
}

TEST_F(Break, ObeysTheLimits) {
    space->limits().data = 2 * kPageSize;
    EXPECT_TRUE(moves_to(kStart + 2 * kPageSize));
    EXPECT_EQ(space->set_break(kStart + 3 * kPageSize), kStart + 2 * kPageSize);
    space->limits().data = kPageSize + 5;
    EXPECT_EQ(space->set_break(kStart + 2 * kPageSize - 1), kStart + 2 * kPageSize);
    EXPECT_TRUE(moves_to(kStart + kPageSize + 5));
    space->limits().data = MemoryLimits::kUnlimited;
    space->limits().address_space = 3 * kPageSize;
    EXPECT_FALSE(moves_to(kStart + 4 * kPageSize));
    EXPECT_TRUE(moves_to(kStart + 3 * kPageSize));
}

TEST_F(Break, ObeysTheCommitAccount) {
    machine.commit.set_mode(Overcommit::Never);
    const std::uint32_t limit = machine.commit.limit().raw();
    EXPECT_FALSE(moves_to(kStart + (limit + 1) * kPageSize));
    EXPECT_TRUE(moves_to(kStart + limit * kPageSize));
}

TEST_F(Break, AChildHasABreakOfItsOwn) {
    ASSERT_TRUE(moves_to(kStart + kPageSize));
    fork();
    EXPECT_EQ(child->set_break(VirtAddr(0)), kStart + kPageSize);
    EXPECT_EQ(child->set_break(kStart + 3 * kPageSize), kStart + 3 * kPageSize);
    EXPECT_EQ(space->set_break(VirtAddr(0)), kStart + kPageSize);
}

TEST_F(Break, StaysWhereItIsWithoutMemory) {
    ASSERT_TRUE(moves_to(kStart + 4 * kPageSize));
    give_pages(kHeap, 4);
    fork();
    machine.machine.injector.fail_nth(1);
    EXPECT_EQ(space->set_break(kStart + kPageSize), kStart + 4 * kPageSize);
    EXPECT_EQ(regions(), "8100+4 rw");
    ASSERT_TRUE(unmap(kHeap + PageCount(3), 1).ok());
    space->set_break_start(kStart + 10 * kPageSize);
    machine.machine.injector.fail_nth(1);
    EXPECT_FALSE(moves_to(kStart + 11 * kPageSize));
    EXPECT_EQ(regions(), "8100+3 rw");
}

TEST_F(Break, GrowsWithoutANewRegion) {
    ASSERT_TRUE(moves_to(kStart + kPageSize));
    machine.machine.injector.fail_nth(1);
    EXPECT_TRUE(moves_to(kStart + 2 * kPageSize));
    machine.machine.injector.fail_nth(0);
    EXPECT_EQ(space->regions().size(), 1U);
}

}  // namespace
}  // namespace quire::mm
