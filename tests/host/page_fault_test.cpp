// Page faults on the simulated MMU: what a program reads and writes, and which frames that takes.
#include "tests/host/fault_machine.h"

namespace quire::mm {
namespace {

constexpr PageNumber kPage{0x08048};

class AnonymousFault : public test::FaultMachine {};

TEST_F(AnonymousFault, AReadMapsTheZeroFrame) {
    add(kPage, 4, read_write());
    EXPECT_EQ(read(kPage), 0U);
    EXPECT_EQ(outcome(), FaultOutcome::Resolved);
    EXPECT_TRUE(machine.pages.is_zero(entry(kPage)));
    EXPECT_EQ(statistics().zero_mapped, 1U);
}

TEST_F(AnonymousFault, AWriteGetsAFrameOfItsOwnInOneFault) {
    add(kPage, 4, read_write());
    EXPECT_TRUE(write(kPage, 7));
    EXPECT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(read(kPage), 7U);
    EXPECT_EQ(read(kPage + PageCount(1)), 0U);
    EXPECT_EQ(statistics().zero_filled, 1U);
}

TEST_F(AnonymousFault, AWriteAfterAReadLeavesTheZeroFrameAlone) {
    add(kPage, 4, read_write());
    EXPECT_EQ(read(kPage), 0U);
    EXPECT_EQ(read(kPage + PageCount(1)), 0U);
    EXPECT_TRUE(write(kPage, 7));
    EXPECT_EQ(read(kPage), 7U);
    EXPECT_EQ(read(kPage + PageCount(1)), 0U);
}

TEST_F(AnonymousFault, AForkedPageIsCopiedForTheFirstAndTakenOverByTheLast) {
    add(kPage, 4, read_write());
    EXPECT_TRUE(write(kPage, 7));
    fork();
    load(*child);
    EXPECT_EQ(read(kPage), 7U);
    EXPECT_TRUE(write(kPage, 8));
    EXPECT_EQ(statistics().copied, 1U);
    load(*space);
    EXPECT_EQ(read(kPage), 7U);
    EXPECT_TRUE(write(kPage, 9));
    EXPECT_EQ(statistics().copied, 1U);
    EXPECT_EQ(statistics().taken_over, 1U);
    load(*child);
    EXPECT_EQ(read(kPage), 8U);
    machine.check();
}

TEST_F(AnonymousFault, TheLastUserOfAPageTableGoesOnInOneFault) {
    add(kPage, 4, read_write());
    EXPECT_TRUE(write(kPage, 7));
    fork();
    end_child();
    EXPECT_TRUE(write(kPage, 8));
    EXPECT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(statistics().tables_taken_over, 1U);
    EXPECT_EQ(statistics().copied + statistics().tables_copied, 0U);
}

TEST_F(AnonymousFault, AReadUnderASharedTableServesAllSharers) {
    add(kPage, 4, read_write());
    EXPECT_TRUE(write(kPage, 7));
    fork();
    EXPECT_EQ(read(kPage + PageCount(1)), 0U);
    EXPECT_EQ(statistics().tables_copied, 0U);
    load(*child);
    EXPECT_EQ(read(kPage + PageCount(1)), 0U);
    EXPECT_TRUE(outcomes.empty());
}

TEST_F(AnonymousFault, AReadUnderASharedTableIsNotForThoseWithoutTheRegion) {
    add(kPage, 4, read_write());
    EXPECT_TRUE(write(kPage, 7));
    fork();
    load(*child);
    const PageNumber beside = kPage + PageCount(8);
    add(*child, beside, 4, read_write());
    EXPECT_EQ(read(beside), 0U);
    EXPECT_EQ(statistics().tables_copied, 1U);
    EXPECT_TRUE(space->pages().entry(beside).is_empty());
    machine.check();
}

TEST_F(AnonymousFault, AReadUnderASharedTableIsNotForThoseWhoMayNotRead) {
    Region& region = add(kPage, 4, traits(Rights::read()));
    add(kPage + PageCount(8), 1, read_write());
    EXPECT_TRUE(write(kPage + PageCount(8), 7));
    fork();
    RegionTraits hidden = region.traits();
    hidden.rights = Rights::none();
    region.set_traits(hidden);  // no entry yet, so mprotect need not touch the table
    load(*child);
    EXPECT_EQ(read(kPage), 0U);
    EXPECT_TRUE(space->pages().entry(kPage).is_empty());
    machine.check();
}

TEST_F(AnonymousFault, AReadUnderASharedTableIsNotForThoseWhoLockThePage) {
    add(kPage, 4, read_write());
    EXPECT_TRUE(write(kPage, 7));
    fork();
    const PageNumber beside = kPage + PageCount(8);
    RegionTraits locked = read_write();
    locked.locked = true;
    add(*space, beside, 4, locked);
    add(*child, beside, 4, read_write());
    load(*child);
    EXPECT_EQ(read(beside), 0U);
    EXPECT_EQ(statistics().tables_copied, 1U);
    EXPECT_TRUE(space->pages().entry(beside).is_empty());
}

// mremap moves page tables as a whole. What others bring in under theirs afterwards is not for the
// one who moved, whatever it has made of the pages there.
TEST_F(AnonymousFault, AReadUnderASharedTableIsNotForOneWhoMovedItsTableAway) {
    const PageNumber old_place(0x10000);
    const PageNumber new_place(0x20000);
    const std::uint32_t bytes = kEntriesPerTable * kPageSize;
    add(old_place, kEntriesPerTable, read_write());
    EXPECT_TRUE(write(old_place, 7));
    fork();
    const auto grandchild = machine.new_space();
    ASSERT_TRUE(grandchild->fork_from(*child).ok());
    ASSERT_TRUE(space
                    ->remap({.address = start_of(old_place),
                             .old_bytes = bytes,
                             .new_bytes = bytes,
                             .may_move = true,
                             .fixed = true,
                             .new_address = start_of(new_place)})
                    .ok());
    EXPECT_EQ(space->pages().table_use(new_place), TableUse::Own);
    ASSERT_TRUE(space->protect(start_of(new_place + PageCount(1)), kPageSize, {}, false).ok());
    load(*child);
    EXPECT_EQ(child->pages().table_use(old_place), TableUse::Shared);
    EXPECT_EQ(read(old_place + PageCount(1)), 0U);
    EXPECT_TRUE(grandchild->pages().entry(old_place + PageCount(1)).is_resident());
    EXPECT_TRUE(space->pages().entry(new_place + PageCount(1)).is_empty());
    EXPECT_TRUE(space->pages().entry(old_place + PageCount(1)).is_empty());
    machine.check();
    load(*space);
    EXPECT_EQ(read(new_place), 7U);
}

TEST_F(AnonymousFault, ALockedPageIsNobodysVictim) {
    RegionTraits locked = read_write();
    locked.locked = true;
    add(kPage, 4, locked);
    EXPECT_EQ(read(kPage), 0U);
    EXPECT_FALSE(entry(kPage).is_locked());
    EXPECT_TRUE(write(kPage, 7));
    EXPECT_TRUE(entry(kPage).is_locked());
    EXPECT_TRUE(machine.machine.table.has(frame(kPage), FrameFlag::Locked));
    EXPECT_FALSE(machine.machine.table.has(frame(kPage), FrameFlag::Listed));
}

TEST_F(AnonymousFault, ALockedPageThatIsCopiedStaysLocked) {
    RegionTraits locked = read_write();
    locked.locked = true;
    add(kPage, 4, locked);
    EXPECT_TRUE(write(kPage, 7));
    fork();
    const FrameNumber old = frame(kPage);
    EXPECT_TRUE(write(kPage, 8));
    EXPECT_TRUE(machine.machine.table.has(frame(kPage), FrameFlag::Locked));
    EXPECT_FALSE(machine.machine.table.has(old, FrameFlag::Locked));
    machine.check();
}

TEST_F(AnonymousFault, ALockedPageUnderASharedTableUnsharesIt) {
    add(kPage, 4, read_write());
    EXPECT_TRUE(write(kPage, 7));
    fork();
    RegionTraits locked = read_write();
    locked.locked = true;
    const PageNumber beside = kPage + PageCount(8);
    add(beside, 4, locked);
    EXPECT_EQ(read(beside), 0U);
    EXPECT_EQ(statistics().tables_copied, 1U);
    machine.check();
}

TEST_F(AnonymousFault, TakingOverNeedsNoMemory) {
    add(kPage, 4, read_write());
    EXPECT_TRUE(write(kPage, 7));
    fork();
    load(*child);
    EXPECT_TRUE(write(kPage, 8));
    load(*space);
    const std::vector<OwnedFrame> others = hoard(0);
    EXPECT_TRUE(write(kPage, 9));
    EXPECT_FALSE(write(kPage + PageCount(1), 9));
    EXPECT_EQ(outcome(), FaultOutcome::OutOfMemory);
}

TEST_F(AnonymousFault, WithoutRoomNothingIsTaken) {
    add(kPage, 4, read_write());
    const std::vector<OwnedFrame> others = hoard(3);
    EXPECT_FALSE(write(kPage, 7));
    EXPECT_EQ(outcome(), FaultOutcome::OutOfMemory);
    EXPECT_EQ(machine.machine.frames.free_frames(), PageCount(3));
}

TEST_F(AnonymousFault, TheKernelsCopiesTakeTheSameWay) {
    add(kPage, 4, read_write());
    EXPECT_EQ(read(kPage, Ring::Kernel), 0U);
    EXPECT_TRUE(write(kPage, 7, Ring::Kernel));
    EXPECT_EQ(read(kPage), 7U);
    EXPECT_FALSE(write(kPage + PageCount(4), 7, Ring::Kernel));
    EXPECT_EQ(outcome(), FaultOutcome::NotMapped);
}

TEST_F(AnonymousFault, ASpuriousFaultChangesNothing) {
    add(kPage, 4, read_write());
    EXPECT_TRUE(write(kPage, 7));
    const Pte before = entry(kPage);
    const UserMemoryStatistics was = statistics();
    for (const Access access : {Access::Read, Access::Write, Access::Fetch}) {
        EXPECT_EQ(space->handle({.address = start_of(kPage), .access = access, .ring = Ring::User}),
                  FaultOutcome::Resolved);
    }
    EXPECT_EQ(entry(kPage), before);
    EXPECT_EQ(statistics().faults, was.faults + 3);
    EXPECT_EQ(statistics().taken_over, was.taken_over);
}

TEST_F(AnonymousFault, PopulateTouchesEachPage) {
    add(kPage, 4, read_write());
    EXPECT_EQ(space->populate(PageRange::of(kPage, PageCount(2)), Access::Read),
              FaultOutcome::Resolved);
    EXPECT_TRUE(machine.pages.is_zero(entry(kPage + PageCount(1))));
    EXPECT_EQ(space->populate(PageRange::of(kPage, PageCount(4)), Access::Write),
              FaultOutcome::Resolved);
    EXPECT_EQ(space->figures().resident, PageCount(4));
    EXPECT_TRUE(write(kPage + PageCount(3), 7));
    EXPECT_TRUE(outcomes.empty());
    EXPECT_EQ(statistics().faults, 0U);
}

// No fault comes before it that would make the CPU forget the page.
TEST_F(AnonymousFault, PopulateMakesTheCpuForgetTheZeroFrame) {
    add(kPage, 1, read_write());
    EXPECT_EQ(read(kPage), 0U);
    EXPECT_EQ(space->populate(PageRange::of(kPage, PageCount(1)), Access::Write),
              FaultOutcome::Resolved);
    frame_bytes(frame(kPage))[0] = std::byte{9};
    EXPECT_EQ(read(kPage), 9U);
}

TEST_F(AnonymousFault, PopulateStopsAtTheFirstPageThatCannotBe) {
    add(kPage, 2, read_write());
    add(kPage + PageCount(2), 1, traits(Rights::read()));
    add(kPage + PageCount(3), 1, read_write());
    EXPECT_EQ(space->populate(PageRange::of(kPage, PageCount(4)), Access::Write),
              FaultOutcome::NotAllowed);
    EXPECT_EQ(space->figures().resident, PageCount(2));
}

// What Linux answers a program; the kernel makes signals of it.
class Signals : public test::FaultMachine {
  protected:
    FaultOutcome outcome_of(VirtAddr address, Access access, Ring ring = Ring::User) {
        return space->handle({.address = address, .access = access, .ring = ring});
    }
};

TEST_F(Signals, NothingMapped) {
    EXPECT_EQ(outcome_of(VirtAddr(0), Access::Read), FaultOutcome::NotMapped);
    EXPECT_EQ(outcome_of(VirtAddr(4095), Access::Write), FaultOutcome::NotMapped);
    EXPECT_EQ(outcome_of(start_of(kPage), Access::Fetch), FaultOutcome::NotMapped);
    EXPECT_EQ(statistics().segmentation_faults, 3U);
}

TEST_F(Signals, TheKernelsHalf) {
    EXPECT_EQ(outcome_of(VirtAddr(0xC0000000), Access::Read), FaultOutcome::NotMapped);
    EXPECT_EQ(outcome_of(VirtAddr(0xFFFFFFFF), Access::Write), FaultOutcome::NotMapped);
    EXPECT_EQ(outcome_of(VirtAddr(0xC0000000), Access::Read, Ring::Kernel),
              FaultOutcome::KernelBug);
    EXPECT_EQ(outcome_of(VirtAddr(0xBFFFFFFF), Access::Read, Ring::Kernel),
              FaultOutcome::NotMapped);
}

TEST_F(Signals, AReservedBitIsTheKernelsOwnFault) {
    add(kPage, 1, read_write());
    EXPECT_EQ(space->handle({.address = start_of(kPage),
                             .access = Access::Read,
                             .ring = Ring::User,
                             .cause = FaultCause::ReservedBit}),
              FaultOutcome::KernelBug);
    EXPECT_TRUE(entry(kPage).is_empty());
}

TEST_F(Signals, RightsOfTheRegion) {
    const struct {
        Rights rights;
        bool reads, writes;
    } rows[] = {
        {Rights::none(), false, false}, {Rights::read(), true, false},
        {Rights::write(), true, true},  {Rights::execute(), true, false},
        {Rights::all(), true, true},    {Rights::read() | Rights::execute(), true, false},
    };
    PageNumber page = kPage;
    for (const auto& row : rows) {
        add(page, 1, traits(row.rights));
        EXPECT_EQ(read(page).has_value(), row.reads) << row.rights.raw();
        EXPECT_EQ(fetch(page), row.reads) << row.rights.raw();
        EXPECT_EQ(write(page, 1), row.writes) << row.rights.raw();
        EXPECT_TRUE(row.writes || outcome() == FaultOutcome::NotAllowed) << row.rights.raw();
        page += PageCount(1);
    }
}

class StackGrowth : public test::FaultMachine {
  protected:
    static constexpr PageNumber kTop{0xBFFF0};
    static constexpr PageNumber kStack{0xBFFEF};

    RegionTraits stack_traits() {
        RegionTraits result = read_write();
        result.grows_down = true;
        return result;
    }
    Region& add_stack() { return add(kStack, 1, stack_traits()); }
};

TEST_F(StackGrowth, AFaultBelowExtendsTheRegion) {
    Region& stack = add_stack();
    EXPECT_TRUE(write(kStack - PageCount(1), 7));
    EXPECT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(stack.range(), (PageRange{kStack - PageCount(1), kTop}));
    EXPECT_EQ(read(kStack - PageCount(300)), 0U);  // 1.2 MiB below: no rule about esp
    EXPECT_EQ(stack.range().count(), PageCount(301));
    EXPECT_EQ(space->figures().charged, PageCount(301));
    EXPECT_EQ(machine.commit.committed(), PageCount(301));
    EXPECT_EQ(space->figures().resident, PageCount(1));
}

TEST_F(StackGrowth, EndsAtTheStackLimit) {
    add_stack();
    space->limits().stack = 4 * kPageSize + 100;
    EXPECT_FALSE(write(kTop - PageCount(5), 7));
    EXPECT_EQ(outcome(), FaultOutcome::NotMapped);
    EXPECT_TRUE(write(kTop - PageCount(4), 7));
    space->limits().stack = MemoryLimits::kUnlimited;
    EXPECT_TRUE(write(kTop - PageCount(5), 7));
}

TEST_F(StackGrowth, EndsAtTheAddressSpaceLimit) {
    add_stack();
    add(kPage, 10, read_write());
    space->limits().address_space = 13 * kPageSize;
    EXPECT_FALSE(write(kTop - PageCount(4), 7));
    EXPECT_TRUE(write(kTop - PageCount(3), 7));
}

TEST_F(StackGrowth, KeepsAGapToARegionBelow) {
    add_stack();
    add(kStack - PageCount(300), 10, read_write());  // ends 290 pages below
    EXPECT_FALSE(write(kStack - PageCount(35), 7));
    EXPECT_EQ(outcome(), FaultOutcome::NotMapped);
    EXPECT_TRUE(write(kStack - PageCount(34), 7));
}

TEST_F(StackGrowth, KeepsNoGapToWhatNobodyMayUseOrGrowsItself) {
    add_stack();
    Region& guard = add(kStack - PageCount(10), 2, traits(Rights::none()));
    EXPECT_TRUE(write(kStack - PageCount(8), 7));
    EXPECT_FALSE(write(kStack - PageCount(9), 7));
    EXPECT_EQ(outcome(), FaultOutcome::NotAllowed);
    EXPECT_EQ(guard.range().count(), PageCount(2));
    add(kStack - PageCount(20), 2, stack_traits());
    EXPECT_TRUE(write(kStack - PageCount(21), 7));  // the lower stack grows
    EXPECT_FALSE(write(kStack - PageCount(11), 7));
    EXPECT_EQ(outcome(), FaultOutcome::NotMapped);  // `guard` does not
}

TEST_F(StackGrowth, OneStackGrowsDownToAnother) {
    add_stack();
    add(kStack - PageCount(20), 2, stack_traits());
    EXPECT_TRUE(write(kStack - PageCount(18), 7));
}

TEST_F(StackGrowth, EndsAboveTheNullPages) {
    add(kFirstUserPage + PageCount(1), 1, stack_traits());
    EXPECT_FALSE(write(kFirstUserPage - PageCount(1), 7));
    EXPECT_EQ(outcome(), FaultOutcome::NotMapped);
    EXPECT_TRUE(write(kFirstUserPage, 7));
}

TEST_F(StackGrowth, ALockedStackEndsAtTheLimitOfLocks) {
    RegionTraits locked = stack_traits();
    locked.locked = true;
    add(kStack, 1, locked);
    space->limits().locked = 3 * kPageSize;
    EXPECT_FALSE(write(kStack - PageCount(3), 7));
    EXPECT_TRUE(write(kStack - PageCount(2), 7));
    EXPECT_EQ(space->figures().locked, PageCount(3));
    space->limits().may_lock_any = true;
    EXPECT_TRUE(write(kStack - PageCount(3), 7));
}

TEST_F(StackGrowth, WhatCannotBePromisedIsAHole) {
    Region& stack = add_stack();
    machine.commit.set_ratio(0);
    machine.commit.set_swap(PageCount(3));
    machine.commit.set_mode(Overcommit::Never);
    EXPECT_FALSE(write(kTop - PageCount(4), 7));
    EXPECT_EQ(outcome(), FaultOutcome::NotMapped);
    EXPECT_EQ(stack.range().count(), PageCount(1));
    EXPECT_TRUE(write(kTop - PageCount(3), 7));
}

TEST_F(StackGrowth, AReadOnlyStackGrowsBeforeItRefuses) {
    RegionTraits read_only = traits(Rights::read());
    read_only.grows_down = true;
    Region& stack = add(kStack, 1, read_only);
    EXPECT_FALSE(write(kStack - PageCount(1), 7));
    EXPECT_EQ(outcome(), FaultOutcome::NotAllowed);
    EXPECT_EQ(stack.range().count(), PageCount(2));
}

TEST_F(StackGrowth, AFilesPagesComeAlongAsFarAsThereAreAny) {
    Region& stack = add(kStack, 1, stack_traits(), &file, 2);
    EXPECT_EQ(read(kStack - PageCount(1)), 101U);
    EXPECT_EQ(stack.object_page(), 1U);
    EXPECT_FALSE(read(kStack - PageCount(3)).has_value());
    EXPECT_EQ(outcome(), FaultOutcome::NotMapped);
    EXPECT_EQ(read(kStack - PageCount(2)), 100U);
    EXPECT_EQ(read(kStack), 102U);
}

}  // namespace
}  // namespace quire::mm
