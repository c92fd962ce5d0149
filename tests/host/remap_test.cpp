// mremap: what grows, shrinks and moves, what is refused, and what becomes of pages in each state.
#include "tests/host/call_machine.h"

namespace quire::mm {
namespace {

constexpr PageNumber kPage{0x20000};    // under the page table of 20000 to 203ff
constexpr PageNumber kTarget{0x3010A};  // elsewhere, at another index
constexpr PageNumber kTop{0xBF700};     // the usual mmap_top()

PageNumber operator+(PageNumber page, std::uint32_t count) {
    return page + PageCount(count);
}

class Remap : public test::CallMachine {
  protected:
    enum Flags : unsigned { Stay = 0, MayMove = 1, Fixed = 2, KeepOld = 4 };

    Result<VirtAddr> remap(PageNumber page, std::uint32_t old_pages, std::uint32_t new_pages,
                           unsigned flags = Stay, PageNumber target = PageNumber()) {
        return running().remap({.address = start_of(page),
                                .old_bytes = old_pages * kPageSize,
                                .new_bytes = new_pages * kPageSize,
                                .may_move = (flags & MayMove) != 0,
                                .fixed = (flags & Fixed) != 0,
                                .keep_old = (flags & KeepOld) != 0,
                                .new_address = start_of(target)});
    }
    Result<VirtAddr> move(PageNumber page, std::uint32_t pages, PageNumber target) {
        return remap(page, pages, pages, MayMove | Fixed, target);
    }
    Error error(PageNumber page, std::uint32_t old_pages, std::uint32_t new_pages,
                unsigned flags = Stay, PageNumber target = PageNumber()) {
        const Result<VirtAddr> result = remap(page, old_pages, new_pages, flags, target);
        EXPECT_FALSE(result.ok());
        return result.ok() ? Error::NotSupported : result.error();
    }
    Error error_of(const AddressSpace::RemapRequest& request) {
        const Result<VirtAddr> result = running().remap(request);
        EXPECT_FALSE(result.ok());
        return result.ok() ? Error::NotSupported : result.error();
    }
};

// --- What is refused ---

TEST_F(Remap, RefusesWhatLinuxRefuses) {
    add(kPage, 4, read_write());
    EXPECT_EQ(error_of({.address = start_of(kPage) + 1, .old_bytes = 4096, .new_bytes = 8192}),
              Error::InvalidArgument);
    EXPECT_EQ(error(kPage, 1, 1, Fixed, kTarget), Error::InvalidArgument);
    EXPECT_EQ(error(kPage, 1, 0, MayMove), Error::InvalidArgument);
    EXPECT_EQ(error(kPage, 0, 4, MayMove), Error::InvalidArgument);  // private
    EXPECT_EQ(error(kPage, 1, 1, KeepOld), Error::InvalidArgument);
    EXPECT_EQ(error(kPage, 1, 2, KeepOld | MayMove), Error::InvalidArgument);
    EXPECT_EQ(error(kPage, 5, 6, MayMove), Error::BadAddress);
    EXPECT_EQ(error(kPage + 4, 1, 2, MayMove), Error::BadAddress);
    EXPECT_EQ(error(kPage + 4, 1, 1), Error::BadAddress);
    EXPECT_EQ(error(kPage, 4, 0xC0000, MayMove), Error::OutOfMemory);
    EXPECT_EQ(regions(), "20000+4 rw");
}

TEST_F(Remap, RefusesAFixedPlaceThatCannotBe) {
    add(kPage, 4, read_write());
    const auto fixed = [&](VirtAddr target) {
        return error_of({.address = start_of(kPage),
                         .old_bytes = 4 * kPageSize,
                         .new_bytes = 4 * kPageSize,
                         .may_move = true,
                         .fixed = true,
                         .new_address = target});
    };
    EXPECT_EQ(fixed(start_of(kTarget) + 1), Error::InvalidArgument);
    EXPECT_EQ(fixed(start_of(kFirstKernelPage)), Error::InvalidArgument);
    EXPECT_EQ(fixed(start_of(kFirstKernelPage - PageCount(3))), Error::InvalidArgument);
    EXPECT_EQ(fixed(VirtAddr(0xFFFFF000)), Error::InvalidArgument);
    EXPECT_EQ(fixed(start_of(kPage + 3)), Error::InvalidArgument);
    EXPECT_EQ(fixed(start_of(kPage - PageCount(3))), Error::InvalidArgument);
    EXPECT_EQ(fixed(start_of(kPage)), Error::InvalidArgument);
    EXPECT_EQ(fixed(VirtAddr(0xF000)), Error::NotPermitted);
    EXPECT_EQ(regions(), "20000+4 rw");
}

TEST_F(Remap, TheNewLengthIsRoundedUpAsInLinux) {
    add(kPage, 1, read_write());
    EXPECT_EQ(error_of({.address = start_of(kPage), .old_bytes = 4096, .new_bytes = 0xFFFFF001}),
              Error::InvalidArgument);  // comes out as 0
    const auto grown =
        running().remap({.address = start_of(kPage), .old_bytes = 1, .new_bytes = 4097});
    ASSERT_TRUE(grown.ok());
    EXPECT_EQ(regions(), "20000+2 rw");
}

TEST_F(Remap, ObeysTheLimits) {
    add(kPage, 4, read_write());
    space->limits().address_space = 8 * kPageSize;
    EXPECT_EQ(error(kPage, 4, 9, MayMove), Error::OutOfMemory);
    EXPECT_TRUE(remap(kPage, 4, 8).ok());
    space->limits().address_space = MemoryLimits::kUnlimited;
    space->limits().data = 9 * kPageSize;
    EXPECT_EQ(error(kPage, 8, 10), Error::OutOfMemory);
    EXPECT_TRUE(remap(kPage, 8, 9).ok());
}

TEST_F(Remap, ObeysTheLimitOfLockedPages) {
    add(kPage, 4, with_lock(read_write()));
    space->limits().locked = 5 * kPageSize;
    EXPECT_EQ(error(kPage, 4, 6), Error::TryAgain);
    EXPECT_TRUE(remap(kPage, 4, 5).ok());
    space->limits().may_lock_any = true;
    EXPECT_TRUE(remap(kPage, 5, 6).ok());
}

// What is unmapped at the new place makes room for what comes.
TEST_F(Remap, CountsWhatItReplacesAgainstTheLimits) {
    add(kPage, 2, with_lock(read_write()));
    add(kTarget, 6, with_lock(read_write()));
    space->limits().address_space = 8 * kPageSize;
    space->limits().locked = 8 * kPageSize;
    EXPECT_EQ(error(kPage, 2, 9, MayMove | Fixed, kTarget), Error::TryAgain);
    space->limits().may_lock_any = true;
    EXPECT_EQ(error(kPage, 2, 9, MayMove | Fixed, kTarget), Error::OutOfMemory);
    space->limits().may_lock_any = false;
    EXPECT_TRUE(remap(kPage, 2, 8, MayMove | Fixed, kTarget).ok());
    EXPECT_EQ(regions(), "3010a+8 rwL");
}

TEST_F(Remap, ObeysTheCommitAccount) {
    machine.commit.set_mode(Overcommit::Never);
    machine.commit.set_swap(PageCount(0));
    machine.commit.set_ratio(1);
    const std::uint32_t limit = machine.commit.limit().raw();
    add(kPage, limit, read_write());
    EXPECT_EQ(error(kPage, limit, limit + 1), Error::OutOfMemory);
    EXPECT_EQ(error(kPage, limit, limit + 1, MayMove | Fixed, kTarget), Error::OutOfMemory);
    EXPECT_EQ(error(kPage, limit, limit, MayMove | KeepOld), Error::OutOfMemory);
    EXPECT_TRUE(move(kPage, limit, kTarget).ok());
    EXPECT_EQ(machine.commit.committed(), PageCount(limit));
    // What is replaced gives back its promise.
    ASSERT_TRUE(remap(kTarget, limit, limit / 2).ok());
    add(kPage, limit / 2, read_write());
    EXPECT_TRUE(remap(kPage, limit / 2, limit, MayMove | Fixed, kTarget).ok());
    EXPECT_EQ(machine.commit.committed(), PageCount(limit));
}

// overcommit_memory and overcommit_ratio may change at any time.
TEST_F(Remap, MovesWhatIsPromisedEvenOverALimitThatIsLowerByNow) {
    add(kPage, 4, read_write());
    machine.commit.set_mode(Overcommit::Never);
    machine.commit.set_swap(PageCount(0));
    machine.commit.set_ratio(0);
    EXPECT_TRUE(move(kPage, 4, kTarget).ok());
    EXPECT_TRUE(remap(kTarget, 4, 3, MayMove | Fixed, kPage).ok());
    EXPECT_EQ(regions(), "20000+3 rw");
    EXPECT_EQ(machine.commit.committed(), PageCount(3));
    EXPECT_EQ(error(kPage, 3, 4), Error::OutOfMemory);
}

TEST_F(Remap, AnObjectHasNoPagesBeyondWhat32BitsCount) {
    add(kPage, 2, shared_map(), &shared, 0xFFFFFFFD);
    EXPECT_EQ(error(kPage, 2, 3), Error::InvalidArgument);
}

// --- Longer and shorter ---

TEST_F(Remap, TheSameLengthChangesNothing) {
    add(kPage, 4, read_write());
    EXPECT_EQ(remap(kPage, 4, 4).value(), start_of(kPage));
    EXPECT_EQ(remap(kPage, 9, 9).value(), start_of(kPage));  // nobody looks at the rest
    EXPECT_EQ(regions(), "20000+4 rw");
}

TEST_F(Remap, GrowsIntoAFreeHole) {
    add(kPage, 2, read_write());
    add(kPage + 6, 2, read_write());
    fill(kPage, 2, 10);
    EXPECT_EQ(remap(kPage, 2, 4).value(), start_of(kPage));
    EXPECT_EQ(regions(), "20000+4 rw, 20006+2 rw");
    EXPECT_TRUE(holds(kPage, 2, 10));
    EXPECT_EQ(read(kPage + 2), 0U);
    EXPECT_EQ(space->figures().charged, PageCount(6));
    EXPECT_EQ(remap(kPage + 1, 3, 5).value(), start_of(kPage + 1));
    EXPECT_EQ(regions(), "20000+8 rw");
}

TEST_F(Remap, DoesNotGrowInPlaceFromTheMiddleOrIntoAnother) {
    add(kPage, 4, read_write());
    add(kPage + 4, 1, traits(Rights::read()));
    EXPECT_EQ(error(kPage, 2, 3), Error::OutOfMemory);
    EXPECT_EQ(error(kPage, 4, 5), Error::OutOfMemory);
    add(kFirstKernelPage - PageCount(2), 2, read_write());
    EXPECT_EQ(error(kFirstKernelPage - PageCount(2), 2, 3), Error::OutOfMemory);
}

TEST_F(Remap, ShrinkingUnmapsTheTail) {
    add(kPage, 6, read_write());
    fill(kPage, 6, 10);
    EXPECT_EQ(remap(kPage, 6, 2).value(), start_of(kPage));
    EXPECT_EQ(regions(), "20000+2 rw");
    EXPECT_TRUE(holds(kPage, 2, 10));
    EXPECT_EQ(read(kPage + 2), std::nullopt);
    EXPECT_EQ(space->figures().charged, PageCount(2));
}

TEST_F(Remap, ShrinkingReachesOverHolesAndOtherRegions) {
    add(kPage, 2, read_write());
    add(kPage + 4, 4, traits(Rights::read()));
    EXPECT_TRUE(remap(kPage, 6, 1).ok());
    EXPECT_EQ(regions(), "20000+1 rw, 20006+2 r");
    EXPECT_EQ(error(kPage, 0xE0000, 1), Error::InvalidArgument);  // into the kernel's half
}

TEST_F(Remap, WhatIsLockedBringsItsNewPagesIn) {
    add(kPage, 2, with_lock(read_write()));
    EXPECT_TRUE(remap(kPage, 2, 4).ok());
    EXPECT_TRUE(entry(kPage + 2).is_locked() && entry(kPage + 3).is_writable());
    EXPECT_TRUE(entry(kPage).is_empty());  // not what was there already
    ASSERT_TRUE(remap(kPage, 4, 6, MayMove | Fixed, kTarget).ok());
    EXPECT_TRUE(entry(kTarget + 4).is_locked() && entry(kTarget + 5).is_locked());
    EXPECT_EQ(space->figures().locked, PageCount(6));
}

TEST_F(Remap, ALockOnFaultBringsNothingIn) {
    RegionTraits locked = with_lock(read_write());
    locked.lock_on_fault = true;
    add(kPage, 2, locked);
    EXPECT_TRUE(remap(kPage, 2, 4).ok());
    EXPECT_TRUE(entry(kPage + 2).is_empty());
}

// --- Moves ---

TEST_F(Remap, MovesToTheHighestRoomIfItMust) {
    add(kPage, 2, read_write());
    add(kPage + 2, 1, traits(Rights::read()));
    fill(kPage, 2, 10);
    EXPECT_EQ(remap(kPage, 2, 4, MayMove).value(), start_of(kTop - PageCount(4)));
    EXPECT_EQ(regions(), "20002+1 r, bf6fc+4 rw");
    EXPECT_TRUE(holds(kTop - PageCount(4), 2, 10));
    EXPECT_EQ(read(kPage), std::nullopt);
    EXPECT_EQ(space->figures().charged, PageCount(4));
}

TEST_F(Remap, MovesToAFixedPlace) {
    add(kPage, 4, read_write());
    fill(kPage, 3, 10);
    const FrameNumber moved = frame(kPage);
    EXPECT_EQ(move(kPage, 4, kTarget).value(), start_of(kTarget));
    EXPECT_EQ(frame(kTarget), moved);
    EXPECT_TRUE(entry(kTarget).is_dirty() && entry(kTarget).is_writable());
    EXPECT_TRUE(entry(kTarget + 3).is_empty());
    EXPECT_TRUE(holds(kTarget, 3, 10));
    EXPECT_EQ(read(kPage), std::nullopt);
    EXPECT_EQ(regions(), "3010a+4 rw");
    EXPECT_EQ(space->figures().tables, PageCount(1));  // that of the old place is gone
}

TEST_F(Remap, MovesAcrossTheBordersOfPageTables) {
    const PageNumber from = kPage + 1020;
    const PageNumber to = kTarget + (1024 - 0x10A - 3);  // the border comes at another page
    add(from, 8, read_write());
    fill(from, 8, 10);
    ASSERT_TRUE(move(from, 8, to).ok());
    EXPECT_TRUE(holds(to, 8, 10));
    EXPECT_EQ(space->figures().resident, PageCount(8));
    EXPECT_EQ(space->figures().tables, PageCount(2));
}

TEST_F(Remap, MovesThePartOfARegion) {
    add(kPage, 6, read_write());
    fill(kPage, 6, 10);
    ASSERT_TRUE(remap(kPage + 2, 2, 3, MayMove | Fixed, kTarget).ok());
    EXPECT_EQ(regions(), "20000+2 rw, 20004+2 rw, 3010a+3 rw");
    EXPECT_TRUE(holds(kTarget, 2, 12));
    EXPECT_TRUE(holds(kPage, 2, 10) && holds(kPage + 4, 2, 14));
    EXPECT_EQ(read(kPage + 2), std::nullopt);
}

TEST_F(Remap, AFixedPlaceIsUnmappedFirst) {
    add(kPage, 3, read_write());
    add(kTarget - PageCount(1), 6, traits(Rights::read()), &file);
    fill(kPage, 3, 10);
    EXPECT_EQ(read(kTarget), 101U);
    ASSERT_TRUE(move(kPage, 3, kTarget).ok());
    EXPECT_EQ(regions(), "30109+1 r, 3010a+3 rw, 3010d+2 r");
    EXPECT_TRUE(holds(kTarget, 3, 10));
    EXPECT_EQ(read(kTarget + 3), 104U);
}

// The new region is longer than what moves: what was at its end is gone as well.
TEST_F(Remap, AFixedPlaceIsUnmappedWhereNothingMovesTo) {
    machine.commit.set_mode(Overcommit::Always);
    add(kPage, 1, read_write());
    add(kTarget, 2048, read_write());
    fill(kPage, 1, 10);
    fill(kTarget, 3, 20);
    fill(kTarget + 1500, 1, 30);
    ASSERT_TRUE(remap(kPage, 1, 2000, MayMove | Fixed, kTarget).ok());
    EXPECT_EQ(read(kTarget), 10U);
    EXPECT_EQ(read(kTarget + 1), 0U);
    EXPECT_EQ(read(kTarget + 1500), 0U);
    EXPECT_EQ(regions(), "3010a+800 rw");  // continues what is left of the other
}

TEST_F(Remap, AFixedPlaceMayBeShorter) {
    add(kPage, 6, read_write());
    add(kPage + 6, 2, traits(Rights::read()));
    fill(kPage, 6, 10);
    ASSERT_TRUE(remap(kPage + 1, 6, 2, MayMove | Fixed, kTarget).ok());
    EXPECT_EQ(regions(), "20000+1 rw, 20007+1 r, 3010a+2 rw");
    EXPECT_TRUE(holds(kTarget, 2, 11));
    EXPECT_EQ(space->figures().charged, PageCount(3));
}

TEST_F(Remap, WhatMovedJoinsItsNewNeighbours) {
    add(kPage, 2, read_write());
    add(kTarget, 2, read_write());
    ASSERT_TRUE(move(kPage, 2, kTarget + 2).ok());
    EXPECT_EQ(regions(), "3010a+4 rw");
}

TEST_F(Remap, ALengthOf0MakesASecondMappingOfSharedMemory) {
    add(kPage, 4, shared_map(), &shared, 8);
    EXPECT_TRUE(write(kPage + 1, 42));
    EXPECT_EQ(error(kPage + 1, 0, 2), Error::OutOfMemory);
    ASSERT_TRUE(remap(kPage + 1, 0, 2, MayMove | Fixed, kTarget).ok());
    EXPECT_EQ(regions(), "20000+4 rws, 3010a+2 rws");
    EXPECT_EQ(read(kTarget), 42U);
    EXPECT_TRUE(write(kTarget, 43));
    EXPECT_EQ(read(kPage + 1), 43U);
    EXPECT_EQ(region(kTarget)->object_page(), 9U);
}

TEST_F(Remap, ASecondMappingCannotReplaceItsModel) {
    add(kPage, 4, shared_map(), &shared);
    EXPECT_EQ(error(kPage, 0, 2, MayMove | Fixed, kPage), Error::BadAddress);
    EXPECT_EQ(error(kPage + 1, 0, 2, MayMove | Fixed, kPage), Error::InvalidArgument);
    EXPECT_TRUE(remap(kPage, 0, 2, MayMove | Fixed, kPage + 1).ok());
    EXPECT_EQ(regions(), "20000+1 rws, 20001+2 rws, 20003+1 rws");
}

TEST_F(Remap, DontunmapLeavesAnEmptyRegion) {
    add(kPage, 4, with_lock(read_write()));
    fill(kPage, 4, 10);
    ASSERT_TRUE(remap(kPage + 1, 2, 2, MayMove | Fixed | KeepOld, kTarget).ok());
    EXPECT_EQ(regions(), "20000+1 rwL, 20001+2 rw, 20003+1 rwL, 3010a+2 rwL");
    EXPECT_TRUE(holds(kTarget, 2, 11));
    EXPECT_EQ(read(kPage + 1), 0U);
    EXPECT_EQ(read(kPage + 3), 13U);
    EXPECT_EQ(space->figures().charged, PageCount(6));
    EXPECT_EQ(space->figures().locked, PageCount(4));
    EXPECT_EQ(remap(kTarget, 2, 2, MayMove | KeepOld).value(), start_of(kTop - PageCount(2)));
}

// --- Pages in each state ---

TEST_F(Remap, PagesOfAnObjectAreFoundAtTheirNewPlace) {
    add(kPage, 4, shared_map(), &shared, 8);
    EXPECT_TRUE(write(kPage + 2, 42));
    const FrameNumber moved = frame(kPage + 2);
    ASSERT_TRUE(move(kPage + 1, 3, kTarget).ok());
    EXPECT_EQ(frame(kTarget + 1), moved);
    EXPECT_EQ(region(kTarget)->object_page(), 9U);
    EXPECT_TRUE(entry(kTarget + 1).is_dirty());
}

TEST_F(Remap, APrivateMapOfAFileMovesWithItsCopies) {
    add(kPage, 4, read_write(), &file, 8);
    EXPECT_EQ(read(kPage), 108U);
    EXPECT_TRUE(write(kPage + 1, 42));
    ASSERT_TRUE(move(kPage, 4, kTarget).ok());
    EXPECT_EQ(read(kTarget), 108U);
    EXPECT_EQ(read(kTarget + 1), 42U);
    EXPECT_EQ(read(kTarget + 3), 111U);
}

TEST_F(Remap, TheZeroFrameMoves) {
    add(kPage, 2, read_write());
    EXPECT_EQ(read(kPage), 0U);
    ASSERT_TRUE(move(kPage, 2, kTarget).ok());
    EXPECT_TRUE(machine.pages.is_zero(entry(kTarget)));
    EXPECT_TRUE(write(kTarget, 1));
}

TEST_F(Remap, HiddenPagesStayHidden) {
    add(kPage, 2, read_write());
    fill(kPage, 2, 10);
    ASSERT_TRUE(space->protect(start_of(kPage), 2 * kPageSize, Rights::none(), false).ok());
    ASSERT_TRUE(move(kPage, 2, kTarget).ok());
    EXPECT_EQ(read(kTarget), std::nullopt);
    ASSERT_TRUE(space->protect(start_of(kTarget), 2 * kPageSize, Rights::read(), false).ok());
    EXPECT_TRUE(holds(kTarget, 2, 10));
}

TEST_F(Remap, LockedPagesStayLocked) {
    add(kPage, 2, with_lock(read_write()));
    fill(kPage, 2, 10);
    ASSERT_TRUE(move(kPage, 2, kTarget).ok());
    EXPECT_TRUE(entry(kTarget).is_locked());
    EXPECT_TRUE(machine.machine.table.has(frame(kTarget), FrameFlag::Locked));
    EXPECT_EQ(space->figures().locked, PageCount(2));
}

TEST_F(Remap, ASlotOfItsOwnMovesWithoutAread) {
    add(kPage, 2, read_write());
    fill(kPage, 2, 10);
    const SwapSlot slot = swap_out(kPage);
    machine.store.forget_calls();
    ASSERT_TRUE(move(kPage, 2, kTarget).ok());
    EXPECT_EQ(entry(kTarget).slot(), slot);
    EXPECT_EQ(machine.store.reads(), 0U);
    EXPECT_TRUE(holds(kTarget, 2, 10));
}

TEST_F(Remap, APageWithACopyInSwapMovesWithIt) {
    add(kPage, 2, read_write());
    fill(kPage, 1, 10);
    swap_out(kPage);
    EXPECT_EQ(read(kPage), 10U);
    const SwapSlot copy = machine.pages.swap_copy(frame(kPage));
    ASSERT_NE(copy, SwapSlot());
    ASSERT_TRUE(move(kPage, 2, kTarget).ok());
    EXPECT_EQ(machine.pages.swap_copy(frame(kTarget)), copy);
}

// --- After fork ---

TEST_F(Remap, APageWithOtherOwnersIsCopied) {
    add(kPage, 4, read_write());
    fill(kPage, 3, 10);
    fork();
    const FrameNumber original = frame(kPage);
    ASSERT_TRUE(move(kPage, 4, kTarget).ok());
    EXPECT_NE(frame(kTarget), original);
    EXPECT_TRUE(entry(kTarget).is_writable());
    machine.check();
    EXPECT_TRUE(write(kTarget, 77));
    load(*child);
    EXPECT_TRUE(holds(kPage, 3, 10));
    EXPECT_EQ(machine.pages.mappings(original), 1U);
    ASSERT_TRUE(move(kPage, 4, kTarget + 5).ok());  // now it has one owner
    EXPECT_EQ(frame(kTarget + 5), original);
    EXPECT_TRUE(holds(kTarget + 5, 3, 10));
    end_child();
    EXPECT_EQ(read(kTarget), 77U);
}

TEST_F(Remap, ASlotWithOtherOwnersIsReadAndCopied) {
    add(kPage, 4, read_write());
    fill(kPage, 4, 10);
    fork();
    EXPECT_TRUE(write(kPage + 3, 99));  // two page tables, each with the other three pages
    const SwapSlot slot = swap_out(kPage);
    swap_out(kPage + 1);
    EXPECT_EQ(machine.swap.names(slot), 2U);
    ASSERT_TRUE(move(kPage, 4, kTarget).ok());
    EXPECT_TRUE(entry(kTarget).is_resident());
    EXPECT_EQ(machine.swap.names(slot), 1U);
    machine.check();
    EXPECT_TRUE(holds(kTarget, 3, 10));
    EXPECT_EQ(read(kTarget + 3), 99U);
    load(*child);
    EXPECT_TRUE(holds(kPage, 4, 10));
    end_child();
}

// The slot is this space's alone, but others have the page already.
TEST_F(Remap, ASlotWhosePageOthersMapIsCopied) {
    add(kPage, 2, read_write());
    fill(kPage, 2, 10);
    fork();
    EXPECT_TRUE(write(kPage + 1, 99));
    const SwapSlot slot = swap_out(kPage);
    load(*child);
    EXPECT_EQ(read(kPage), 10U);
    load(*space);
    ASSERT_EQ(machine.swap.names(slot), 1U);
    ASSERT_TRUE(entry(kPage).is_swapped());
    ASSERT_TRUE(move(kPage, 2, kTarget).ok());
    EXPECT_EQ(read(kTarget), 10U);
    machine.check();
    load(*child);
    EXPECT_TRUE(write(kPage, 55));
    EXPECT_TRUE(holds(kPage, 1, 55));
    load(*space);
    EXPECT_EQ(read(kTarget), 10U);
    end_child();
}

// The frame is this space's alone, but others would come to it through the slot.
TEST_F(Remap, APageWhoseCopyOthersNameGivesTheCopyUp) {
    add(kPage, 2, read_write());
    fill(kPage, 2, 10);
    fork();
    EXPECT_TRUE(write(kPage + 1, 99));
    swap_out(kPage);
    EXPECT_EQ(read(kPage), 10U);
    const FrameNumber kept = frame(kPage);
    ASSERT_NE(machine.pages.swap_copy(kept), SwapSlot());
    ASSERT_TRUE(move(kPage, 2, kTarget).ok());
    EXPECT_EQ(frame(kTarget), kept);
    EXPECT_EQ(machine.pages.swap_copy(kept), SwapSlot());
    machine.check();
    load(*child);
    EXPECT_EQ(read(kPage), 10U);
    end_child();
}

TEST_F(Remap, AReadThatFailsChangesNothing) {
    add(kPage, 4, read_write());
    fill(kPage, 4, 10);
    fork();
    EXPECT_TRUE(write(kPage + 3, 99));
    swap_out(kPage + 1);
    machine.store.fail_reads(true);
    EXPECT_EQ(error(kPage, 4, 4, MayMove | Fixed, kTarget), Error::IoError);
    machine.store.fail_reads(false);
    EXPECT_EQ(regions(), "20000+4 rw");
    machine.check();
    EXPECT_TRUE(holds(kPage, 3, 10));
    end_child();
}

TEST_F(Remap, AHiddenLockedPageThatIsCopiedStaysBoth) {
    add(kPage, 2, with_lock(read_write()));
    fill(kPage, 2, 10);
    ASSERT_TRUE(space->protect(start_of(kPage), 2 * kPageSize, Rights::none(), false).ok());
    fork();
    const FrameNumber original = frame(kPage);
    ASSERT_TRUE(move(kPage, 2, kTarget).ok());
    EXPECT_NE(frame(kTarget), original);
    EXPECT_TRUE(entry(kTarget).is_hidden() && entry(kTarget).is_locked());
    EXPECT_FALSE(machine.machine.table.has(original, FrameFlag::Locked));
    machine.check();
    end_child();
}

// More pages than are flushed one by one.
TEST_F(Remap, RunsOfPagesMoveWithWhatLiesBetween) {
    add(kPage, 48, read_write());
    fill(kPage, 40, 10);
    const SwapSlot slot = swap_out(kPage + 3);
    EXPECT_EQ(read(kPage + 44), 0U);
    ASSERT_TRUE(move(kPage, 48, kTarget).ok());
    machine.check();
    EXPECT_TRUE(machine.machine.mmu.find_stale().empty());
    EXPECT_EQ(entry(kTarget + 3).slot(), slot);
    EXPECT_TRUE(entry(kTarget + 42).is_empty());
    EXPECT_TRUE(machine.pages.is_zero(entry(kTarget + 44)));
    EXPECT_TRUE(holds(kTarget, 40, 10));
    EXPECT_EQ(space->figures().tables, PageCount(1));
}

TEST_F(Remap, AFewPagesAreFlushedOneByOne) {
    add(kPage, 8, read_write());
    fill(kPage, 2, 10);
    fill(kPage + 5, 1, 20);
    const auto before = machine.machine.mmu.counters();
    ASSERT_TRUE(move(kPage, 8, kPage + 16).ok());
    EXPECT_EQ(machine.machine.mmu.counters().page_flushes, before.page_flushes + 3);
    EXPECT_EQ(machine.machine.mmu.counters().full_flushes, before.full_flushes);
    EXPECT_TRUE(machine.machine.mmu.find_stale().empty());
}

// The first piece of the move has a page table, but no page in it; the second one goes to the same
// table.
TEST_F(Remap, APieceWithoutPagesLeavesTheNextOneItsTable) {
    const PageNumber from = kPage + 1020;
    add(kPage, 1, read_write());
    fill(kPage, 1, 5);
    add(from, 8, read_write());
    fill(from + 4, 4, 10);
    ASSERT_TRUE(move(from, 8, kTarget).ok());
    EXPECT_TRUE(entry(kTarget + 3).is_empty());
    EXPECT_TRUE(holds(kTarget + 4, 4, 10));
    EXPECT_EQ(space->figures().tables, PageCount(2));
}

TEST_F(Remap, AMoveOfNoPageLeavesNoPageTable) {
    add(kPage, 1, read_write());
    fill(kPage, 1, 5);
    add(kPage + 8, 4, read_write());
    ASSERT_TRUE(move(kPage + 8, 4, kTarget).ok());
    EXPECT_EQ(space->figures().tables, PageCount(1));
}

TEST_F(Remap, MovesUnderAPageTableThatOthersShare) {
    add(kPage, 4, read_write());
    add(kTarget, 1, read_write());
    fill(kPage, 2, 10);
    fill(kTarget, 1, 20);
    fork();
    ASSERT_TRUE(move(kPage, 4, kTarget + 4).ok());
    EXPECT_TRUE(holds(kTarget + 4, 2, 10));
    machine.check();
    load(*child);
    EXPECT_EQ(read(kTarget), 20U);
    EXPECT_EQ(read(kTarget + 4), std::nullopt);
    end_child();
}

TEST_F(Remap, AFixedPlaceUnderAPageTableThatOthersShare) {
    add(kPage, 2, read_write());
    add(kTarget, 8, read_write());
    fill(kPage, 2, 10);
    fill(kTarget, 8, 20);
    fork();
    ASSERT_TRUE(remap(kPage, 2, 6, MayMove | Fixed, kTarget).ok());
    EXPECT_TRUE(holds(kTarget, 2, 10));
    EXPECT_EQ(read(kTarget + 2), 0U);
    EXPECT_TRUE(holds(kTarget + 6, 2, 26));
    machine.check();
    load(*child);
    EXPECT_TRUE(holds(kTarget, 8, 20));
    end_child();
}

// What is replaced is all that the last page table has: it is left as a whole, not copied.
TEST_F(Remap, AFixedPlaceThatEndsInAPageTableThatOthersShare) {
    const PageNumber border{0x30400};
    add(kPage, 2, read_write());
    add(border - PageCount(2), 8, read_write());
    fill(kPage, 2, 10);
    fill(border - PageCount(2), 8, 20);
    fork();
    ASSERT_TRUE(remap(kPage, 2, 8, MayMove | Fixed, border - PageCount(2)).ok());
    EXPECT_EQ(space->pages().table_use(border), TableUse::None);
    EXPECT_TRUE(holds(border - PageCount(2), 2, 10));
    EXPECT_EQ(read(border), 0U);
    load(*child);
    EXPECT_TRUE(holds(border - PageCount(2), 8, 20));
    end_child();
}

// --- Whole page tables ---

class RemapTables : public Remap {
  protected:
    static constexpr PageNumber kFrom{0x20100};
    static constexpr PageNumber kTo{0x40100};      // the same index
    static constexpr std::uint32_t kCount = 2560;  // to 20b00: a whole table between two parts
    void SetUp() override {
        Remap::SetUp();
        machine.commit.set_mode(Overcommit::Always);
        add(kFrom, kCount, read_write());
        for (std::uint32_t i = 0; i < kCount; i += 256)
            fill(kFrom + i, 1, i / 256 + 1);
    }
    [[nodiscard]] bool is_at(PageNumber page) {
        for (std::uint32_t i = 0; i < kCount; i += 256)
            if (read(page + i) != i / 256 + 1) return false;
        return true;
    }
};

TEST_F(RemapTables, GoOverAsAWhole) {
    const FrameNumber table = space->pages().location(kFrom + 1024).table;
    const FrameNumber edge = space->pages().location(kFrom).table;
    ASSERT_TRUE(move(kFrom, kCount, kTo).ok());
    EXPECT_EQ(space->pages().location(kTo + 1024).table, table);
    EXPECT_NE(space->pages().location(kTo).table, edge);
    EXPECT_EQ(space->figures().tables, PageCount(3));
    machine.check();
    EXPECT_TRUE(is_at(kTo));
    EXPECT_EQ(read(kFrom + 1024), std::nullopt);
}

// There is nothing else to flush, and no page table to free.
TEST_F(RemapTables, OneByItselfIsForgottenAtItsOldPlace) {
    ASSERT_TRUE(move(PageNumber(0x20400), 1024, PageNumber(0x40400)).ok());
    EXPECT_EQ(read(PageNumber(0x20500)), std::nullopt);
    EXPECT_EQ(read(PageNumber(0x40500)), 5U);
}

TEST_F(RemapTables, GoOverWithPagesThatOthersOwn) {
    fork();
    const PageNumber page = kFrom + 1024;
    ASSERT_TRUE(move(kFrom, kCount, kTo).ok());
    machine.check();
    EXPECT_EQ(frame(kTo + 1024), child->pages().entry(page).frame());  // not copied
    EXPECT_EQ(machine.pages.mappings(frame(kTo + 1024)), 2U);
    EXPECT_TRUE(is_at(kTo));
    EXPECT_TRUE(write(kTo + 1024, 99));
    load(*child);
    EXPECT_TRUE(is_at(kFrom));
    // Reclaim finds both mappings, and flushes each.
    load(*space);
    const SwapSlot slot = swap_out(kTo + 1280);
    EXPECT_EQ(machine.swap.names(slot), 2U);
    machine.check();
    EXPECT_EQ(read(kTo + 1280), 6U);
    load(*child);
    EXPECT_TRUE(is_at(kFrom));
    end_child();
}

TEST_F(RemapTables, TakeThePlaceOfOthers) {
    add(kTo, kCount, read_write());
    for (std::uint32_t i = 0; i < kCount; i += 128)
        fill(kTo + i, 1, 200);
    fork();
    const std::uint32_t copied = statistics().tables_copied;
    ASSERT_TRUE(move(kFrom, kCount, kTo).ok());
    EXPECT_EQ(statistics().tables_copied, copied + 5);  // all but the one in the middle of kTo
    machine.check();
    EXPECT_TRUE(is_at(kTo));
    EXPECT_EQ(read(kTo + 128), 0U);
    load(*child);
    EXPECT_EQ(read(kTo + 1152), 200U);
    EXPECT_TRUE(is_at(kFrom));
    end_child();
}

TEST_F(RemapTables, ArePutWhereTheyFitAsAWhole) {
    add(kFrom + kCount, 1, traits(Rights::read()));
    const FrameNumber table = space->pages().location(kFrom + 1024).table;
    const PageNumber moved = page_of(remap(kFrom, kCount, kCount + 1, MayMove).value());
    EXPECT_EQ(table_index(moved), table_index(kFrom));
    EXPECT_EQ(space->pages().location(moved + 1024).table, table);
    EXPECT_LT(kTop - (moved + (kCount + 1)), PageCount(kEntriesPerTable));
    EXPECT_TRUE(is_at(moved));
}

// The price of a move, in page tables looked into.
TEST_F(RemapTables, ManyTablesAreNoMoreWorkThanTheirNumber) {
    ASSERT_TRUE(move(kFrom, kCount, kTo).ok());
    EXPECT_EQ(machine.memory.statistics().copied, 0U);
    EXPECT_EQ(space->figures().resident, PageCount(kCount / 256));
}

// --- What fails, fails without a trace ---

TEST_F(Remap, FailsWithoutATrace) {
    add(kPage, 8, read_write());
    add(kTarget - PageCount(1), 8, traits(Rights::read()), &file);
    fill(kPage, 8, 10);
    EXPECT_EQ(read(kTarget), 101U);
    fork();
    EXPECT_TRUE(write(kPage + 7, 17));
    swap_out(kPage + 2);
    const PageCount committed = machine.commit.committed();
    const std::uint32_t failures = fail_each([&] {
        EXPECT_EQ(machine.commit.committed(), committed);
        EXPECT_EQ(read(kTarget + 1), 102U);
        return remap(kPage + 1, 5, 4, MayMove | Fixed, kTarget);
    });
    EXPECT_GE(failures, 5U);
    EXPECT_EQ(regions(), "20000+1 rw, 20006+2 rw, 30109+1 r, 3010a+4 rw, 3010e+3 r");
    EXPECT_TRUE(holds(kTarget, 4, 11));
    EXPECT_TRUE(holds(kPage, 1, 10) && holds(kPage + 6, 2, 16));
    load(*child);
    EXPECT_TRUE(holds(kPage, 8, 10));
    end_child();
}

TEST_F(Remap, AMoveThatFailsLeavesNoPageTable) {
    add(kPage, 4, read_write());
    fill(kPage, 4, 10);
    const PageCount tables = space->figures().tables;
    const PageCount free = machine.machine.frames.free_frames();
    const std::uint32_t failures = fail_each([&] {
        EXPECT_EQ(space->figures().tables, tables);
        EXPECT_EQ(machine.machine.frames.free_frames(), free);
        return remap(kPage + 1, 2, 2, MayMove | Fixed, kTarget);
    });
    EXPECT_GE(failures, 2U);
}

TEST_F(Remap, NoRoomAtAllIsOutOfMemory) {
    add(kPage, 4, read_write());
    fill(kPage, 4, 10);
    std::vector<FrameNumber> taken;
    while (machine.machine.frames.free_frames() > PageCount(4))
        taken.push_back(machine.machine.frames.take_frame().take());
    EXPECT_EQ(error(kPage, 4, 8, MayMove | Fixed, kTarget), Error::OutOfMemory);
    EXPECT_TRUE(remap(kPage, 4, 8).ok());  // this takes nothing
    for (const FrameNumber frame : taken)
        machine.machine.frames.drop_reference(frame);
}

}  // namespace
}  // namespace quire::mm
