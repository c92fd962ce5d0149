// mprotect: rights that go are gone at once, rights that come cost no fault where that is free.
#include "tests/host/map_world.h"

namespace quire::mm {
namespace {

using test::kReadWrite;

constexpr PageNumber kPage{0x20000};

class Protect : public test::MapTest {
  protected:
    Result<void> protect(PageNumber page, std::uint32_t pages, Rights rights) {
        return space->protect(start_of(page), pages * kPageSize, rights, false);
    }
    // Eight pages of private memory, written, and in the TLB.
    void map_eight() {
        map(kPage, 8);
        give_pages(kPage, 8);
        load(*space);
        for (std::uint32_t i = 0; i < 8; ++i)
            EXPECT_TRUE(write(kPage + PageCount(i), i + 1));
    }
};

TEST_F(Protect, TakesTheRightToWriteAwayAtOnce) {
    map_eight();
    ASSERT_TRUE(protect(kPage, 8, Rights::read()).ok());
    EXPECT_EQ(regions(), "20000+8 r");
    EXPECT_FALSE(write(kPage, 9));
    EXPECT_EQ(read(kPage), 1);
    EXPECT_EQ(machine.commit.committed(), PageCount(8));  // what was promised stays so
}

TEST_F(Protect, GivesTheRightToWriteAtOnceWhereNobodyElseHasThePage) {
    map_eight();
    ASSERT_TRUE(protect(kPage, 8, Rights::read()).ok());
    ASSERT_TRUE(protect(kPage, 8, kReadWrite).ok());
    EXPECT_TRUE(write(kPage + PageCount(7), 9));
    EXPECT_EQ(machine.commit.committed(), PageCount(8));
}

TEST_F(Protect, WithoutRightsThePagesStayOutOfReach) {
    map_eight();
    give_zero(map(kPage + PageCount(8), 1));
    ASSERT_TRUE(protect(kPage, 9, Rights::none()).ok());
    EXPECT_EQ(regions(), "20000+9 ");
    EXPECT_EQ(read(kPage), -1);
    EXPECT_EQ(read(kPage + PageCount(8)), -1);
    EXPECT_TRUE(entry(kPage).is_hidden());
    EXPECT_EQ(space->figures().resident, PageCount(8));
    ASSERT_TRUE(protect(kPage, 9, Rights::read()).ok());
    EXPECT_EQ(read(kPage + PageCount(3)), 4);
    EXPECT_FALSE(write(kPage, 9));
    EXPECT_EQ(read(kPage + PageCount(8)), 0);
    ASSERT_TRUE(protect(kPage, 9, Rights::none()).ok());
    ASSERT_TRUE(protect(kPage, 9, kReadWrite).ok());
    EXPECT_TRUE(write(kPage, 9));
    EXPECT_FALSE(write(kPage + PageCount(8), 9));  // the zero frame is never written
}

TEST_F(Protect, TheRightToExecuteChangesNoEntry) {
    map_eight();
    ASSERT_TRUE(protect(kPage, 8, kReadWrite | Rights::execute()).ok());
    EXPECT_EQ(regions(), "20000+8 rwx");
    EXPECT_TRUE(write(kPage, 9));
    ASSERT_TRUE(protect(kPage, 8, Rights::write()).ok());
    EXPECT_TRUE(write(kPage, 9));
}

TEST_F(Protect, SplitsAndMergesRegions) {
    map_eight();
    ASSERT_TRUE(protect(kPage + PageCount(2), 2, Rights::read()).ok());
    EXPECT_EQ(regions(), "20000+2 rw, 20002+2 r, 20004+4 rw");
    EXPECT_TRUE(write(kPage + PageCount(1), 9));
    EXPECT_FALSE(write(kPage + PageCount(3), 9));
    EXPECT_TRUE(write(kPage + PageCount(4), 9));
    ASSERT_TRUE(protect(kPage, 3, Rights::read()).ok());
    EXPECT_EQ(regions(), "20000+4 r, 20004+4 rw");
    ASSERT_TRUE(protect(kPage, 6, kReadWrite).ok());
    EXPECT_EQ(regions(), "20000+8 rw");
    ASSERT_TRUE(protect(kPage + PageCount(6), 2, Rights::none()).ok());
    EXPECT_EQ(regions(), "20000+6 rw, 20006+2 ");
}

TEST_F(Protect, GoesOnOverRegionsThatHaveTheRightsAlready) {
    map(kPage, 2, Rights::read());
    map(kPage + PageCount(2), 2);
    map(kPage + PageCount(4), 2, Rights::read());
    map(kPage + PageCount(6), 2, Rights::execute());
    ASSERT_TRUE(protect(kPage, 8, kReadWrite).ok());
    EXPECT_EQ(regions(), "20000+8 rw");
    EXPECT_EQ(machine.commit.committed(), PageCount(8));
}

// --- What is refused ---

TEST_F(Protect, RefusesARangeOutsideUserSpace) {
    map_eight();
    EXPECT_EQ(space->protect(start_of(kPage) + 1, 0, Rights::read(), false).error(),
              Error::InvalidArgument);
    EXPECT_TRUE(space->protect(start_of(kPage), 0, Rights::read(), false).ok());
    for (const std::uint32_t bytes : {0xE0000000U, 0xFFFFFFFFU}) {
        EXPECT_EQ(space->protect(start_of(kPage), bytes, Rights::read(), false).error(),
                  Error::OutOfMemory);
    }
    EXPECT_EQ(space->protect(VirtAddr(0xFFFFF000), kPageSize, Rights::read(), false).error(),
              Error::OutOfMemory);
    EXPECT_EQ(space->protect(VirtAddr(0xC0000000), kPageSize, Rights::read(), false).error(),
              Error::OutOfMemory);
    EXPECT_EQ(regions(), "20000+8 rw");
}

TEST_F(Protect, StopsAtAHoleWithWhatLiesBeforeDone) {
    map_eight();
    ASSERT_TRUE(unmap(kPage + PageCount(4), 1).ok());
    EXPECT_EQ(protect(kPage + PageCount(2), 6, Rights::read()).error(), Error::OutOfMemory);
    EXPECT_EQ(regions(), "20000+2 rw, 20002+2 r, 20005+3 rw");
    EXPECT_FALSE(write(kPage + PageCount(3), 9));
    EXPECT_EQ(protect(kPage + PageCount(4), 2, Rights::read()).error(), Error::OutOfMemory);
    EXPECT_EQ(protect(kPage + PageCount(7), 2, Rights::none()).error(), Error::OutOfMemory);
    EXPECT_EQ(regions(), "20000+2 rw, 20002+2 r, 20005+2 rw, 20007+1 ");
}

TEST_F(Protect, DownwardsOnlyWhatGrowsDown) {
    MapRequest stack = request_at(kPage, 8);
    stack.grows_down = true;
    map(stack);
    map(kPage + PageCount(16), 1);
    const VirtAddr last = start_of(kPage + PageCount(7));
    ASSERT_TRUE(space->protect(last, kPageSize, Rights::read(), true).ok());
    EXPECT_EQ(regions(), "20000+8 r, 20010+1 rw");
    const VirtAddr other = start_of(kPage + PageCount(16));
    EXPECT_EQ(space->protect(other, kPageSize, Rights::read(), true).error(),
              Error::InvalidArgument);
    const VirtAddr below = start_of(kPage - PageCount(8));
    EXPECT_EQ(space->protect(below, kPageSize, Rights::read(), true).error(), Error::OutOfMemory);
    ASSERT_TRUE(space->protect(below, 9 * kPageSize, kReadWrite, true).ok());
    EXPECT_EQ(regions(), "20000+1 rw, 20001+7 r, 20010+1 rw");
}

TEST_F(Protect, ChargesWhatBecomesWritable) {
    machine.commit.set_mode(Overcommit::Never);
    const std::uint32_t limit = machine.commit.limit().raw();
    map(kPage, limit + 1, Rights::none());
    EXPECT_EQ(protect(kPage, limit + 1, kReadWrite).error(), Error::OutOfMemory);
    EXPECT_EQ(machine.commit.committed(), PageCount(0));
    ASSERT_TRUE(protect(kPage, limit, kReadWrite).ok());
    EXPECT_EQ(machine.commit.committed(), PageCount(limit));
    ASSERT_TRUE(protect(kPage, limit, Rights::none()).ok());
    EXPECT_EQ(protect(kPage, limit + 1, kReadWrite).error(), Error::OutOfMemory);
    EXPECT_EQ(machine.commit.committed(), PageCount(limit));
}

TEST_F(Protect, WithoutAReserveNothingIsPromised) {
    MapRequest request = request_at(kPage, 4, Rights::none());
    request.no_reserve = true;
    map(request);
    ASSERT_TRUE(protect(kPage, 4, kReadWrite).ok());
    EXPECT_EQ(machine.commit.committed(), PageCount(0));
}

TEST_F(Protect, WhatBecomesDataIsLimited) {
    space->limits().data = 4 * kPageSize;
    map(kPage, 5, Rights::read());
    EXPECT_EQ(protect(kPage, 5, kReadWrite).error(), Error::OutOfMemory);
    ASSERT_TRUE(protect(kPage, 4, kReadWrite).ok());
    ASSERT_TRUE(protect(kPage, 4, Rights::write()).ok());  // is data already
    space->limits().address_space = kPageSize;             // nothing is added to that
    ASSERT_TRUE(protect(kPage, 4, Rights::read()).ok());
    ASSERT_TRUE(protect(kPage, 4, kReadWrite).ok());
}

TEST_F(Protect, AFailureChangesNothing) {
    map_eight();
    ASSERT_TRUE(protect(kPage, 8, Rights::none()).ok());
    fork();
    const std::uint32_t failures =
        fail_each([&] { return protect(kPage + PageCount(2), 4, Rights::read()); },
                  [&] {
                      EXPECT_EQ(regions(), "20000+8 ");
                      EXPECT_EQ(read(kPage + PageCount(2)), -1);
                      EXPECT_EQ(space->figures().charged, PageCount(8));
                  });
    EXPECT_EQ(failures, 2U);  // the page table, which is its own from then on, and a region
    EXPECT_EQ(regions(), "20000+2 , 20002+4 r, 20006+2 ");
}

TEST_F(Protect, AChargeThatCameToNothingIsGivenBack) {
    map(kPage, 8, Rights::read());
    const std::uint32_t failures =
        fail_each([&] { return protect(kPage + PageCount(2), 4, kReadWrite); },
                  [&] {
                      EXPECT_EQ(regions(), "20000+8 r");
                      EXPECT_EQ(machine.commit.committed(), PageCount(0));
                  });
    EXPECT_EQ(failures, 2U);  // the regions on both sides
    EXPECT_EQ(machine.commit.committed(), PageCount(4));
}

TEST_F(Protect, AsksForTheFramesItMayNeed) {
    test::RememberingRoom room;
    machine.commit.set_mode(Overcommit::Always);
    map(kPage, 1024);
    give_page(kPage, 1);
    give_page(kPage + PageCount(1023), 1);
    map(kPage + PageCount(1024), 1000);
    give_page(kPage + PageCount(1024), 1);
    machine.room.leave_to(room);
    const auto asks = [&](std::uint32_t first, std::uint32_t pages, Rights rights) {
        EXPECT_TRUE(protect(kPage + PageCount(first), pages, rights).ok());
        return room.asked();
    };
    EXPECT_EQ(asks(0, 2024, Rights::read()), 0U);
    EXPECT_EQ(asks(1, 1, Rights::none()), 2U);     // a region on each side
    EXPECT_EQ(asks(2023, 1, Rights::none()), 1U);  // on one side
    fork();
    room.asked();
    EXPECT_EQ(asks(2, 2021, kReadWrite), 0U);
    EXPECT_EQ(asks(2, 2021, Rights::none()), 2U);  // two page tables
}

TEST_F(Protect, ManyPagesAreFlushedToo) {
    map(kPage, 80);
    give_pages(kPage, 80);
    load(*space);
    for (std::uint32_t i = 0; i < 80; ++i)
        EXPECT_TRUE(write(kPage + PageCount(i), 1));
    ASSERT_TRUE(protect(kPage, 80, Rights::read()).ok());
    EXPECT_FALSE(write(kPage + PageCount(79), 1));
}

// --- Pages that others have too ---

// Neither the empty pages before the first nor those after the last that changes.
TEST_F(Protect, AFewPagesAreFlushedOneByOne) {
    map(kPage, 32);
    give_pages(kPage + PageCount(4), 3);
    load(*space);
    for (std::uint32_t i = 4; i < 7; ++i)
        EXPECT_TRUE(write(kPage + PageCount(i), i));
    const auto before = machine.machine.mmu.counters();
    ASSERT_TRUE(protect(kPage, 32, Rights::read()).ok());
    EXPECT_TRUE(machine.machine.mmu.find_stale().empty());
    ASSERT_TRUE(protect(kPage, 32, kReadWrite).ok());
    EXPECT_EQ(machine.machine.mmu.counters().page_flushes, before.page_flushes + 6);
    EXPECT_EQ(machine.machine.mmu.counters().full_flushes, before.full_flushes);
    EXPECT_TRUE(write(kPage + PageCount(6), 9));
}

TEST_F(Protect, NarrowingASharedTableCopiesIt) {
    map_eight();
    fork();
    ASSERT_TRUE(protect(kPage, 8, Rights::none()).ok());
    EXPECT_EQ(machine.memory.statistics().tables_copied, 1U);
    EXPECT_EQ(read(kPage), -1);
    load(*child);
    EXPECT_EQ(read(kPage), 1);
}

TEST_F(Protect, WideningASharedTableLeavesItToTheFault) {
    map_eight();
    ASSERT_TRUE(protect(kPage, 8, Rights::read()).ok());
    fork();
    ASSERT_TRUE(protect(kPage, 8, kReadWrite).ok());
    EXPECT_EQ(machine.memory.statistics().tables_copied, 0U);
    EXPECT_FALSE(write(kPage, 9));
    load(*child);
    EXPECT_EQ(read(kPage), 1);
}

TEST_F(Protect, APageThatAChildHasTooStaysReadOnly) {
    map_eight();
    fork();
    {
        SpaceFlush flush(child->pages());
        ASSERT_TRUE(child->pages().own_table(kPage, *flush).ok());
    }
    ASSERT_TRUE(protect(kPage, 8, Rights::none()).ok());
    ASSERT_TRUE(protect(kPage, 8, kReadWrite).ok());
    EXPECT_EQ(read(kPage), 1);
    EXPECT_FALSE(write(kPage, 9));
    child->empty();
    ASSERT_TRUE(protect(kPage, 8, Rights::read()).ok());
    ASSERT_TRUE(protect(kPage, 8, kReadWrite).ok());
    EXPECT_TRUE(write(kPage, 9));
}

TEST_F(Protect, APageWithACopyInSwapStaysReadOnly) {
    map_eight();
    ASSERT_TRUE(protect(kPage, 8, Rights::read()).ok());
    const FrameNumber frame = entry(kPage).frame();
    const SwapSlot slot = machine.swap.allocate(frame).take();
    machine.machine.table.set_tag(frame, slot.raw());
    ASSERT_TRUE(machine.machine.table.add_reference(frame).ok());
    ASSERT_TRUE(protect(kPage, 8, kReadWrite).ok());
    EXPECT_FALSE(write(kPage, 9));
    EXPECT_TRUE(write(kPage + PageCount(1), 9));
}

TEST_F(Protect, SwappedPagesAreLeftWhereTheyAre) {
    map(kPage, 2);
    const SwapSlot slot = give_slot(kPage);
    ASSERT_TRUE(protect(kPage, 2, Rights::none()).ok());
    EXPECT_EQ(entry(kPage).slot(), slot);
}

TEST_F(Protect, LocksStay) {
    MapRequest request = request_at(kPage, 2, Rights::read());
    request.locked = true;
    map(request);
    give_page(kPage, 1);
    ASSERT_TRUE(protect(kPage, 1, Rights::none()).ok());
    EXPECT_TRUE(entry(kPage).is_locked());
    EXPECT_EQ(space->figures().locked, PageCount(2));
}

TEST_F(Protect, LockedPagesThatBecomeWritableAreCopiedAtOnce) {
    MapRequest request = request_at(kPage, 2, Rights::read());
    request.locked = true;
    map(request);
    EXPECT_TRUE(machine.pages.is_zero(entry(kPage)));
    ASSERT_TRUE(protect(kPage + PageCount(1), 1, kReadWrite).ok());
    load(*space);
    EXPECT_TRUE(machine.pages.is_zero(entry(kPage)));
    EXPECT_TRUE(write(kPage + PageCount(1), 9));
    EXPECT_TRUE(entry(kPage + PageCount(1)).is_locked());
}

TEST_F(Protect, WhatWasPromisedBeforeTheLimitIsNotAskedAgain) {
    map(kPage, 8);
    machine.commit.set_mode(Overcommit::Never);
    machine.commit.set_ratio(0);
    machine.commit.set_swap(PageCount(0));
    ASSERT_TRUE(protect(kPage, 8, Rights::read()).ok());
    ASSERT_TRUE(protect(kPage, 8, kReadWrite).ok());
    EXPECT_EQ(machine.commit.committed(), PageCount(8));
}

// --- Objects ---

class ProtectObject : public Protect {
  protected:
    void TearDown() override {
        space->empty();
        Protect::TearDown();
    }
    void map_object(bool shared, Rights opened_for) {
        MapRequest request = request_at(kPage, 4, Rights::read());
        request.object = &object;
        request.object_rights = opened_for;
        request.shared = shared;
        map(request);
        for (std::uint32_t i = 0; i < 4; ++i)
            give_object_page(kPage + PageCount(i));
        load(*space);
        EXPECT_EQ(read(kPage), 0);
    }
    test::ResidentObject object{machine, 16};
};

TEST_F(ProtectObject, ASharedPageMayBeWrittenAtOnce) {
    map_object(true, kReadWrite);
    ASSERT_TRUE(protect(kPage, 4, kReadWrite).ok());
    EXPECT_TRUE(write(kPage, 9));
    EXPECT_EQ(machine.commit.committed(), PageCount(0));
    ASSERT_TRUE(protect(kPage, 4, Rights::none()).ok());
    ASSERT_TRUE(unmap(kPage, 4).ok());
    EXPECT_EQ(object.dirty_pages(), 1U);  // the hidden entry remembered it
}

TEST_F(ProtectObject, APrivateMapOfAPageIsNeverWritten) {
    map_object(false, Rights::read());
    ASSERT_TRUE(protect(kPage, 4, kReadWrite).ok());
    EXPECT_FALSE(write(kPage, 9));
    EXPECT_EQ(machine.commit.committed(), PageCount(4));
}

TEST_F(ProtectObject, AFileOpenedToReadIsNotWrittenThroughASharedMap) {
    map_object(true, Rights::read());
    EXPECT_EQ(protect(kPage + PageCount(1), 1, kReadWrite).error(), Error::AccessDenied);
    EXPECT_EQ(regions(), "20000+4 r");
    ASSERT_TRUE(protect(kPage, 4, Rights::read() | Rights::execute()).ok());
}

TEST_F(ProtectObject, WhatLiesBeforeARefusalIsDone) {
    map_object(true, Rights::read());
    map(kPage - PageCount(1), 1, Rights::read());
    EXPECT_EQ(protect(kPage - PageCount(1), 2, kReadWrite).error(), Error::AccessDenied);
    EXPECT_EQ(regions(), "1ffff+1 rw, 20000+4 r");
}

}  // namespace
}  // namespace quire::mm
