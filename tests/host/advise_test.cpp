// madvise, mincore and msync: what is dropped, read ahead, answered, written; and over which holes.
#include "mm/object_pages.h"
#include "mm/swap_in.h"
#include "tests/host/call_machine.h"

namespace quire::mm {
namespace {

constexpr PageNumber kPage{0x20000};

PageNumber operator+(PageNumber page, std::uint32_t count) {
    return page + PageCount(count);
}

class Advise : public test::CallMachine {
  protected:
    using Call = AddressSpace::AdviceCall;
    using Sync = AddressSpace::Sync;

    Result<void> advise(PageNumber page, std::uint32_t pages, Call advice) {
        return running().advise(start_of(page), pages * kPageSize, advice);
    }
    Error advise_error(PageNumber page, std::uint32_t pages, Call advice) {
        const Result<void> result = advise(page, pages, advice);
        EXPECT_FALSE(result.ok());
        return result.ok() ? Error::NotSupported : result.error();
    }
    /// mincore's answer, a digit a page.
    std::string residence(PageNumber page, std::uint32_t pages) {
        std::vector<std::uint8_t> answer(pages, 7);
        const bool ok = running().residence(start_of(page), pages * kPageSize, answer).ok();
        std::string text = ok ? "" : "ENOMEM ";
        for (const std::uint8_t byte : answer)
            text += static_cast<char>('0' + byte);
        return text;
    }
    Result<void> sync(PageNumber page, std::uint32_t pages, Sync how = Sync::Wait,
                      bool invalidate = false) {
        return running().sync(start_of(page), pages * kPageSize, how, invalidate);
    }
    int on_disk(std::uint32_t page) { return static_cast<int>(disk.page(page)[0]); }
};

// --- madvise: how pages will be used ---

TEST_F(Advise, SetsTheAdviceOfARegionOrAPart) {
    add(kPage, 6, read_write());
    ASSERT_TRUE(advise(kPage + 2, 2, Call::Random).ok());
    EXPECT_EQ(regions(), "20000+2 rw, 20002+2 rw, 20004+2 rw");
    EXPECT_EQ(region(kPage + 2)->traits().advice, Advice::Random);
    EXPECT_EQ(region(kPage + 4)->traits().advice, Advice::Normal);
    ASSERT_TRUE(advise(kPage, 6, Call::Sequential).ok());
    EXPECT_EQ(regions(), "20000+6 rw");
    EXPECT_EQ(region(kPage)->traits().advice, Advice::Sequential);
    ASSERT_TRUE(advise(kPage, 6, Call::Normal).ok());
    EXPECT_EQ(region(kPage)->traits().advice, Advice::Normal);
}

TEST_F(Advise, DontforkKeepsAPartFromTheChild) {
    add(kPage, 4, read_write());
    ASSERT_TRUE(advise(kPage + 1, 2, Call::DontFork).ok());
    fork();
    load(*child);
    EXPECT_EQ(regions(), "20000+1 rw, 20003+1 rw");
    end_child();
    ASSERT_TRUE(advise(kPage, 4, Call::DoFork).ok());
    EXPECT_EQ(regions(), "20000+4 rw");
    EXPECT_FALSE(region(kPage)->traits().dont_fork);
}

TEST_F(Advise, RefusesWhatIsNoRange) {
    add(kPage, 1, read_write());
    EXPECT_EQ(space->advise(start_of(kPage) + 1, 1, Call::Normal).error(), Error::InvalidArgument);
    EXPECT_TRUE(space->advise(start_of(kPage + 5), 0, Call::DontNeed).ok());
    const auto wraps = [&](std::uint32_t bytes) {
        return space->advise(VirtAddr(0xFFFFF000), bytes, Call::Normal).error();
    };
    EXPECT_EQ(wraps(4096), Error::InvalidArgument);
    EXPECT_EQ(wraps(8192), Error::InvalidArgument);
    EXPECT_EQ(wraps(0xFFFFFFFF), Error::InvalidArgument);
    EXPECT_EQ(advise_error(kFirstKernelPage, 1, Call::Normal), Error::OutOfMemory);
}

TEST_F(Advise, GoesOnBehindAHole) {
    add(kPage, 1, read_write());
    add(kPage + 2, 1, read_write());
    fill(kPage, 1, 10);
    fill(kPage + 2, 1, 12);
    for (const std::uint32_t pages : {2U, 4U})
        EXPECT_EQ(advise_error(kPage, pages, Call::DontNeed), Error::OutOfMemory);
    EXPECT_EQ(read(kPage), 0U);
    EXPECT_EQ(read(kPage + 2), 0U);
    EXPECT_EQ(advise_error(kPage + 1, 2, Call::Random), Error::OutOfMemory);
    EXPECT_EQ(region(kPage + 2)->traits().advice, Advice::Random);
}

// --- madvise: pages go ---

TEST_F(Advise, DontneedDropsPrivatePages) {
    add(kPage, 4, read_write());
    fill(kPage, 4, 10);
    const SwapSlot slot = swap_out(kPage + 1);
    ASSERT_TRUE(advise(kPage + 1, 2, Call::DontNeed).ok());
    EXPECT_FALSE(machine.swap.in_use(slot));
    EXPECT_EQ(read(kPage + 1), 0U);
    EXPECT_EQ(read(kPage + 2), 0U);
    EXPECT_TRUE(holds(kPage, 1, 10) && holds(kPage + 3, 1, 13));
}

TEST_F(Advise, DontneedOfAPrivateFileMapShowsTheFileAgain) {
    add(kPage, 2, read_write(), &file, 5);
    EXPECT_TRUE(write(kPage, 1));
    ASSERT_TRUE(advise(kPage, 2, Call::DontNeed).ok());
    EXPECT_EQ(read(kPage), 105U);
}

TEST_F(Advise, DontneedLosesNothingOfASharedObject) {
    add(kPage, 2, shared_map(), &file, 5);
    EXPECT_TRUE(write(kPage, 1));
    ASSERT_TRUE(advise(kPage, 2, Call::DontNeed).ok());
    EXPECT_TRUE(entry(kPage).is_empty());
    EXPECT_EQ(file.dirty_pages(), 1U);
    EXPECT_EQ(read(kPage), 1U);
}

TEST_F(Advise, DontneedLeavesTheChildItsPages) {
    add(kPage, 4, read_write());
    fill(kPage, 4, 10);
    fork();
    ASSERT_TRUE(advise(kPage + 1, 2, Call::DontNeed).ok());
    EXPECT_EQ(read(kPage + 1), 0U);
    machine.check();
    load(*child);
    EXPECT_TRUE(holds(kPage, 4, 10));
    end_child();
}

TEST_F(Advise, FreeDropsAtOnce) {
    add(kPage, 2, read_write());
    fill(kPage, 2, 10);
    ASSERT_TRUE(advise(kPage, 2, Call::Free).ok());
    EXPECT_EQ(read(kPage), 0U);
    EXPECT_TRUE(write(kPage, 3));
}

TEST_F(Advise, FreeIsForAnonymousMemoryOnly) {
    add(kPage, 1, read_write(), &file);
    add(kPage + 1, 1, shared_map(), &shared);
    EXPECT_EQ(advise_error(kPage, 1, Call::Free), Error::InvalidArgument);
    EXPECT_EQ(advise_error(kPage + 1, 1, Call::Free), Error::InvalidArgument);
}

TEST_F(Advise, LockedPagesStay) {
    add(kPage, 1, read_write());
    add(kPage + 1, 1, with_lock(read_write()));
    fill(kPage, 2, 10);
    EXPECT_EQ(advise_error(kPage, 2, Call::DontNeed), Error::InvalidArgument);
    EXPECT_EQ(read(kPage), 0U);  // what lies before is done
    EXPECT_EQ(read(kPage + 1), 11U);
    EXPECT_EQ(advise_error(kPage + 1, 1, Call::Free), Error::InvalidArgument);
}

// --- madvise: pages come ---

TEST_F(Advise, WillneedReadsAFileAhead) {
    add(kPage, 20, traits(Rights::read()), &file, 10);
    ASSERT_TRUE(advise(kPage + 1, 18, Call::WillNeed).ok());
    for (std::uint32_t page = 11; page < 29; ++page)
        EXPECT_TRUE(file.entry(page).is_frame()) << page;
    EXPECT_TRUE(entry(kPage + 1).is_empty());  // in RAM, not mapped
    disk.forget_calls();
    EXPECT_EQ(read(kPage + 5), 115U);
    EXPECT_EQ(disk.reads(), 0U);
    ASSERT_TRUE(advise(kPage + 1, 18, Call::WillNeed).ok());
    EXPECT_EQ(disk.reads(), 0U);
}

TEST_F(Advise, WillneedReadsNothingPastTheEnd) {
    add(kPage, 20, traits(Rights::read()), &file, 60);
    ASSERT_TRUE(advise(kPage, 20, Call::WillNeed).ok());
    EXPECT_TRUE(file.entry(63).is_frame());
}

TEST_F(Advise, WillneedReadsSwappedPagesAhead) {
    add(kPage, 2, read_write());
    fill(kPage, 2, 10);
    const SwapSlot slot = swap_out(kPage);
    ASSERT_TRUE(advise(kPage, 2, Call::WillNeed).ok());
    EXPECT_TRUE(entry(kPage).is_swapped());
    EXPECT_TRUE(machine.swap.cached(slot).has_value());
    machine.store.forget_calls();
    EXPECT_TRUE(holds(kPage, 2, 10));
    EXPECT_EQ(machine.store.reads(), 0U);
}

TEST_F(Advise, WillneedMakesNoPagesOfSharedMemory) {
    add(kPage, 4, shared_map(), &shared);
    ASSERT_TRUE(advise(kPage, 4, Call::WillNeed).ok());
    EXPECT_EQ(shared.resident_pages(), 0U);
}

TEST_F(Advise, WillneedKeepsItsTroublesToItself) {
    add(kPage, 4, traits(Rights::read()), &file);
    disk.fail_reads(true);
    EXPECT_TRUE(advise(kPage, 4, Call::WillNeed).ok());
    disk.fail_reads(false);
    machine.machine.injector.fail_every(1);
    EXPECT_TRUE(advise(kPage, 4, Call::WillNeed).ok());
    machine.machine.injector.fail_every(0);
    EXPECT_EQ(file.resident_pages(), 0U);
}

TEST_F(Advise, WillneedHasABound) {
    test::MemoryStore big_disk(600);
    test::PagedObject big(machine, MemoryObject::Kind::File, &big_disk, 600);
    add(kPage, 600, traits(Rights::read()), &big);
    ASSERT_TRUE(advise(kPage, 600, Call::WillNeed).ok());
    EXPECT_EQ(big.resident_pages(), 512U);
    ASSERT_TRUE(space->unmap(start_of(kPage), 600 * kPageSize).ok());
}

TEST_F(Advise, PopulateReadMapsPages) {
    add(kPage, 2, read_write());
    ASSERT_TRUE(advise(kPage, 2, Call::PopulateRead).ok());
    EXPECT_TRUE(machine.pages.is_zero(entry(kPage + 1)));
}

TEST_F(Advise, PopulateWriteMapsPagesForWriting) {
    add(kPage, 2, read_write());
    fill(kPage, 1, 10);
    ASSERT_TRUE(advise(kPage, 2, Call::PopulateWrite).ok());
    EXPECT_TRUE(entry(kPage + 1).is_writable());
    EXPECT_EQ(read(kPage), 10U);
}

TEST_F(Advise, PopulateHasItsOwnErrors) {
    add(kPage, 1, traits(Rights::read()));
    add(kPage + 1, 1, traits(Rights::none()));
    add(kPage + 4, 2, shared_map(), &file, 63);
    add(kPage + 6, 1, read_write());
    EXPECT_EQ(advise_error(kPage, 1, Call::PopulateWrite), Error::InvalidArgument);
    EXPECT_EQ(advise_error(kPage, 2, Call::PopulateRead), Error::InvalidArgument);
    EXPECT_TRUE(machine.pages.is_zero(entry(kPage)));
    EXPECT_EQ(advise_error(kPage + 2, 1, Call::PopulateRead), Error::OutOfMemory);
    EXPECT_EQ(advise_error(kPage + 4, 2, Call::PopulateWrite), Error::BadAddress);
    EXPECT_TRUE(entry(kPage + 4).is_writable());
    machine.machine.injector.fail_every(1);
    EXPECT_TRUE(advise(kPage + 4, 1, Call::PopulateRead).ok());  // it is there
    EXPECT_EQ(advise_error(kPage + 6, 1, Call::PopulateWrite), Error::OutOfMemory);
    machine.machine.injector.fail_every(0);
}

TEST_F(Advise, FailsWithoutATrace) {
    add(kPage, 6, read_write());
    fill(kPage, 6, 10);
    fork();
    EXPECT_GE(fail_each([&] { return advise(kPage + 2, 2, Call::Random); }, Error::TryAgain), 1U);
    EXPECT_EQ(regions(), "20000+2 rw, 20002+2 rw, 20004+2 rw");
    EXPECT_GE(fail_each([&] { return advise(kPage + 2, 2, Call::DontNeed); }, Error::TryAgain), 1U);
    EXPECT_TRUE(holds(kPage, 2, 10));
    EXPECT_EQ(read(kPage + 2), 0U);
    end_child();
}

// --- mincore ---

TEST_F(Advise, ResidenceIsWhatIsInRam) {
    add(kPage, 6, read_write());
    fill(kPage, 3, 10);
    EXPECT_EQ(read(kPage + 3), 0U);  // the zero frame
    swap_out(kPage + 1);
    const SwapSlot cached = swap_out(kPage + 2);
    ASSERT_TRUE(fetch_slot(machine.memory, cached, PageCount(1)).ok());
    EXPECT_EQ(residence(kPage, 6), "101100");
}

TEST_F(Advise, APageThatOnlyItsObjectHasCounts) {
    add(kPage, 3, traits(Rights::read()), &file, 8);
    add(kPage + 3, 1, shared_map(), &shared);
    ASSERT_TRUE(fetch_page(machine.memory, file, 9, PageCount(1)).ok());
    EXPECT_EQ(residence(kPage, 4), "0100");
}

TEST_F(Advise, HiddenPagesCount) {
    add(kPage, 1, read_write());
    fill(kPage, 1, 10);
    ASSERT_TRUE(space->protect(start_of(kPage), kPageSize, Rights::none(), false).ok());
    EXPECT_EQ(residence(kPage, 1), "1");
}

TEST_F(Advise, ResidenceStopsAtAHole) {
    add(kPage, 1, read_write());
    EXPECT_EQ(residence(kPage, 3), "ENOMEM 077");
    EXPECT_EQ(residence(kFirstKernelPage, 1), "ENOMEM 7");
    EXPECT_EQ(residence(kPage + 8, 0), "");
    std::uint8_t answer = 0;
    EXPECT_EQ(space->residence(start_of(kPage) + 1, 1, {&answer, 1}).error(),
              Error::InvalidArgument);
}

// --- msync ---

TEST_F(Advise, SyncWritesSharedFilePagesBack) {
    add(kPage, 4, shared_map(), &file, 5);
    fill(kPage, 4, 1);
    ASSERT_TRUE(sync(kPage, 4, Sync::Start).ok());
    EXPECT_EQ(on_disk(5), 105);
    ASSERT_TRUE(sync(kPage + 1, 2).ok());
    EXPECT_EQ(on_disk(5), 105);
    EXPECT_EQ(on_disk(6), 2);
    EXPECT_EQ(on_disk(7), 3);
    EXPECT_EQ(on_disk(8), 108);
    EXPECT_TRUE(write(kPage + 1, 42));  // dirty anew
    ASSERT_TRUE(sync(kPage, 4).ok());
    EXPECT_EQ(on_disk(6), 42);
}

TEST_F(Advise, SyncLeavesPrivateMemoryAlone) {
    add(kPage, 2, read_write(), &file, 5);
    add(kPage + 2, 2, read_write());
    add(kPage + 4, 2, shared_map(), &shared);
    fill(kPage, 6, 1);
    add(kPage + 8, 1, shared_map(), &file, 5);
    EXPECT_TRUE(write(kPage + 8, 2));  // a page that the private map does not show any more
    EXPECT_TRUE(sync(kPage, 6).ok());
    EXPECT_EQ(on_disk(5), 105);
}

TEST_F(Advise, SyncGoesOnBehindAHole) {
    add(kPage, 1, shared_map(), &file, 5);
    add(kPage + 2, 1, shared_map(), &file, 7);
    EXPECT_TRUE(write(kPage + 2, 1));
    EXPECT_EQ(sync(kPage, 3).error(), Error::OutOfMemory);
    EXPECT_EQ(on_disk(7), 1);
    EXPECT_EQ(sync(kPage + 1, 1).error(), Error::OutOfMemory);
}

TEST_F(Advise, SyncRefusesWhatIsNoRange) {
    EXPECT_EQ(space->sync(start_of(kPage) + 1, 1, Sync::Wait, false).error(),
              Error::InvalidArgument);
    EXPECT_EQ(sync(PageNumber(0xFFFFF), 2).error(), Error::OutOfMemory);
    EXPECT_TRUE(sync(kPage, 0).ok());
}

TEST_F(Advise, SyncCannotInvalidateLockedPages) {
    add(kPage, 1, with_lock(shared_map()), &file, 5);
    EXPECT_EQ(sync(kPage, 1, Sync::Wait, true).error(), Error::Busy);
    EXPECT_TRUE(sync(kPage, 1).ok());
}

TEST_F(Advise, SyncTellsOfAWriteThatFails) {
    add(kPage, 1, shared_map(), &file, 5);
    EXPECT_TRUE(write(kPage, 1));
    disk.fail_writes(true);
    EXPECT_EQ(sync(kPage, 1).error(), Error::IoError);
    disk.fail_writes(false);
    EXPECT_EQ(file.dirty_pages(), 1U);
    EXPECT_TRUE(sync(kPage, 1).ok());
    EXPECT_EQ(on_disk(5), 1);
}

}  // namespace
}  // namespace quire::mm
