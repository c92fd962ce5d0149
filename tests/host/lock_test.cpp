// mlock and its kin: which pages are nobody's victims, what limits say, what a failure leaves.
#include "tests/host/call_machine.h"

namespace quire::mm {
namespace {

constexpr PageNumber kPage{0x20000};

PageNumber operator+(PageNumber page, std::uint32_t count) {
    return page + PageCount(count);
}

class Lock : public test::CallMachine {
  protected:
    using Mode = AddressSpace::LockMode;

    Result<void> lock(PageNumber page, std::uint32_t pages, Mode mode = Mode::Now) {
        return running().lock(start_of(page), pages * kPageSize, mode);
    }
    Result<void> unlock(PageNumber page, std::uint32_t pages) {
        return running().unlock(start_of(page), pages * kPageSize);
    }
    Error lock_error(PageNumber page, std::uint32_t pages) {
        const Result<void> result = lock(page, pages);
        EXPECT_FALSE(result.ok());
        return result.ok() ? Error::NotSupported : result.error();
    }
    bool is_locked(PageNumber page) {
        return entry(page).is_locked() && machine.machine.table.has(frame(page), FrameFlag::Locked);
    }
    std::uint32_t victims() { return machine.policy.count().raw(); }
};

TEST_F(Lock, BringsPagesInAndKeepsThem) {
    add(kPage, 4, read_write());
    fill(kPage, 1, 10);
    EXPECT_EQ(victims(), 1U);
    ASSERT_TRUE(lock(kPage, 4).ok());
    EXPECT_EQ(regions(), "20000+4 rwL");
    for (std::uint32_t i = 0; i < 4; ++i)
        EXPECT_TRUE(is_locked(kPage + i) && entry(kPage + i).is_writable());
    EXPECT_EQ(victims(), 0U);
    EXPECT_EQ(read(kPage), 10U);
    EXPECT_EQ(space->figures().locked, PageCount(4));
}

TEST_F(Lock, UnlockGivesThemBack) {
    add(kPage, 4, read_write());
    ASSERT_TRUE(lock(kPage, 4).ok());
    ASSERT_TRUE(unlock(kPage + 1, 2).ok());
    EXPECT_EQ(regions(), "20000+1 rwL, 20001+2 rw, 20003+1 rwL");
    EXPECT_EQ(victims(), 2U);
    EXPECT_EQ(space->figures().locked, PageCount(2));
    ASSERT_TRUE(unlock(kPage, 4).ok());
    EXPECT_EQ(regions(), "20000+4 rw");
    EXPECT_EQ(victims(), 4U);
    EXPECT_TRUE(unlock(kPage, 4).ok());  // once more is no error
}

TEST_F(Lock, RoundsOutToWholePages) {
    add(kPage, 4, read_write());
    ASSERT_TRUE(space->lock(start_of(kPage + 1) + 4095, 2, Mode::Now).ok());
    EXPECT_EQ(regions(), "20000+1 rw, 20001+2 rwL, 20003+1 rw");
    ASSERT_TRUE(space->unlock(start_of(kPage + 2) + 1, 1).ok());
    EXPECT_EQ(regions(), "20000+1 rw, 20001+1 rwL, 20002+2 rw");
}

TEST_F(Lock, ALengthOf0IsNothingAnywhere) {
    EXPECT_TRUE(lock(kPage, 0).ok());
    EXPECT_TRUE(unlock(kFirstKernelPage, 0).ok());
    EXPECT_TRUE(space->lock(VirtAddr(), 0xFFFFFFFF, Mode::Now).ok());  // comes out as 0
}

TEST_F(Lock, ARangeThatWrapsIsInvalid) {
    EXPECT_EQ(lock_error(PageNumber(0xFFFFF), 1), Error::InvalidArgument);
    EXPECT_EQ(lock_error(PageNumber(0xFFFFF), 2), Error::InvalidArgument);
    EXPECT_EQ(unlock(PageNumber(0xFFFFF), 2).error(), Error::InvalidArgument);
    EXPECT_EQ(lock_error(kFirstKernelPage, 1), Error::OutOfMemory);  // only a hole
}

TEST_F(Lock, StopsAtAHole) {
    add(kPage, 2, read_write());
    add(kPage + 3, 2, read_write());
    EXPECT_EQ(lock_error(kPage, 5), Error::OutOfMemory);
    EXPECT_EQ(regions(), "20000+2 rwL, 20003+2 rw");
    EXPECT_TRUE(entry(kPage).is_empty());  // locked, not brought in
    EXPECT_EQ(lock_error(kPage + 2, 1), Error::OutOfMemory);
    EXPECT_EQ(unlock(kPage, 3).error(), Error::OutOfMemory);
    EXPECT_EQ(regions(), "20000+2 rw, 20003+2 rw");
}

TEST_F(Lock, APageThatNobodyMayTouchIsAnErrorAndLocked) {
    add(kPage, 2, traits(Rights::none()));
    EXPECT_EQ(lock_error(kPage, 2), Error::OutOfMemory);
    EXPECT_EQ(regions(), "20000+2 L");
}

TEST_F(Lock, APagePastTheEndOfAFileIsAnError) {
    add(kPage, 4, shared_map(), &file, 62);
    EXPECT_EQ(lock_error(kPage, 4), Error::OutOfMemory);
    EXPECT_TRUE(is_locked(kPage) && is_locked(kPage + 1));
}

TEST_F(Lock, ShortMemoryIsTryAgain) {
    add(kPage, 4, read_write());
    EXPECT_TRUE(write(kPage, 1));
    machine.machine.injector.fail_every(1);
    EXPECT_EQ(lock_error(kPage, 4), Error::TryAgain);
    machine.machine.injector.fail_every(0);
    EXPECT_EQ(regions(), "20000+4 rwL");
    EXPECT_TRUE(lock(kPage, 4).ok());
}

// --- Limits ---

TEST_F(Lock, TheLimitCountsWholePagesOnce) {
    add(kPage, 16, read_write());
    space->limits().locked = 8 * kPageSize;
    EXPECT_EQ(lock_error(kPage, 9), Error::OutOfMemory);
    EXPECT_EQ(regions(), "20000+10 rw");
    EXPECT_TRUE(lock(kPage, 8).ok());
    EXPECT_TRUE(lock(kPage, 8).ok());  // the same ones
    EXPECT_EQ(lock_error(kPage + 4, 8), Error::OutOfMemory);
    EXPECT_TRUE(unlock(kPage, 4).ok());
    EXPECT_TRUE(lock(kPage + 4, 8).ok());
    EXPECT_EQ(space->figures().locked, PageCount(8));
    space->limits().may_lock_any = true;
    EXPECT_TRUE(lock(kPage, 16).ok());
}

TEST_F(Lock, ALimitOf0IsNotPermitted) {
    add(kPage, 1, read_write());
    space->limits().locked = 0;
    EXPECT_EQ(lock_error(kPage, 1), Error::NotPermitted);
    EXPECT_EQ(space->lock_all({.current = true}).error(), Error::NotPermitted);
    EXPECT_TRUE(unlock(kPage, 1).ok());
    space->limits().may_lock_any = true;
    EXPECT_TRUE(lock(kPage, 1).ok());
}

// --- What is locked ---

TEST_F(Lock, OnFaultLocksWhatIsThereAndWhatComes) {
    add(kPage, 4, read_write());
    fill(kPage, 1, 10);
    ASSERT_TRUE(lock(kPage, 4, Mode::OnFault).ok());
    EXPECT_TRUE(is_locked(kPage));
    EXPECT_TRUE(entry(kPage + 1).is_empty());
    EXPECT_TRUE(write(kPage + 1, 11));
    EXPECT_TRUE(is_locked(kPage + 1));
    ASSERT_TRUE(lock(kPage, 4).ok());  // the other way of locking
    EXPECT_TRUE(is_locked(kPage + 3));
    EXPECT_FALSE(region(kPage)->traits().lock_on_fault);
}

TEST_F(Lock, SwappedPagesComeBack) {
    add(kPage, 2, read_write());
    fill(kPage, 2, 10);
    swap_out(kPage);
    ASSERT_TRUE(lock(kPage, 2).ok());
    EXPECT_TRUE(is_locked(kPage));
    EXPECT_TRUE(holds(kPage, 2, 10));
}

TEST_F(Lock, ReadOnlyMemoryIsReadNotCopied) {
    add(kPage, 2, traits(Rights::read()));
    add(kPage + 8, 2, traits(Rights::read()), &file);
    ASSERT_TRUE(lock(kPage, 2).ok());
    EXPECT_TRUE(machine.pages.is_zero(entry(kPage)));
    ASSERT_TRUE(lock(kPage + 8, 2).ok());
    EXPECT_TRUE(is_locked(kPage + 9));
    EXPECT_EQ(machine.memory.statistics().copied, 0U);
}

TEST_F(Lock, APageOfAnObjectIsLockedAsLongAsOneMappingLocksIt) {
    add(kPage, 2, shared_map(), &shared);
    add(kPage + 8, 2, shared_map(), &shared);
    EXPECT_TRUE(write(kPage + 8, 42));
    ASSERT_TRUE(lock(kPage, 2).ok());
    EXPECT_FALSE(entry(kPage).is_dirty());
    const FrameNumber locked = frame(kPage + 8);
    EXPECT_TRUE(machine.machine.table.has(locked, FrameFlag::Locked));
    ASSERT_TRUE(lock(kPage + 8, 2).ok());
    ASSERT_TRUE(unlock(kPage, 2).ok());
    EXPECT_TRUE(machine.machine.table.has(locked, FrameFlag::Locked));
    ASSERT_TRUE(unlock(kPage + 8, 2).ok());
    EXPECT_FALSE(machine.machine.table.has(locked, FrameFlag::Locked));
    EXPECT_EQ(victims(), 2U);
}

TEST_F(Lock, HiddenPagesAreLockedToo) {
    add(kPage, 2, read_write());
    fill(kPage, 2, 10);
    ASSERT_TRUE(space->protect(start_of(kPage), 2 * kPageSize, Rights::none(), false).ok());
    EXPECT_EQ(lock_error(kPage, 2), Error::OutOfMemory);
    EXPECT_TRUE(is_locked(kPage) && entry(kPage).is_hidden());
}

// --- After fork ---

TEST_F(Lock, UnsharesAndOwnsItsPages) {
    add(kPage, 4, read_write());
    fill(kPage, 2, 10);
    fork();
    ASSERT_TRUE(lock(kPage, 4).ok());
    EXPECT_TRUE(is_locked(kPage) && entry(kPage).is_writable());
    EXPECT_NE(frame(kPage), child->pages().entry(kPage).frame());
    EXPECT_FALSE(child->pages().entry(kPage).is_locked());
    EXPECT_EQ(victims(), 2U);  // the child's
    machine.check();
    load(*child);
    EXPECT_TRUE(holds(kPage, 2, 10));
    end_child();
}

TEST_F(Lock, OnFaultLocksAPageThatOthersMap) {
    add(kPage, 2, read_write());
    fill(kPage, 2, 10);
    fork();
    ASSERT_TRUE(lock(kPage, 2, Mode::OnFault).ok());
    const FrameNumber both = frame(kPage);
    EXPECT_EQ(machine.pages.mappings(both), 2U);
    EXPECT_TRUE(machine.machine.table.has(both, FrameFlag::Locked));
    machine.check();
    EXPECT_TRUE(write(kPage, 20));  // the lock goes with the copy
    EXPECT_TRUE(is_locked(kPage));
    EXPECT_FALSE(machine.machine.table.has(both, FrameFlag::Locked));
    machine.check();
    ASSERT_TRUE(unlock(kPage, 2).ok());
    load(*child);
    EXPECT_TRUE(holds(kPage, 2, 10));
    end_child();
}

TEST_F(Lock, AChildHasNoLocks) {
    add(kPage, 2, read_write());
    ASSERT_TRUE(lock(kPage, 2).ok());
    fork();
    EXPECT_EQ(child->figures().locked, PageCount(0));
    load(*child);
    EXPECT_EQ(regions(), "20000+2 rw");
    end_child();
}

// --- mlockall ---

TEST_F(Lock, AllLocksWhatThereIs) {
    add(kPage, 2, read_write());
    add(kPage + 2, 2, traits(Rights::none()));
    add(kPage + 8, 2, shared_map(), &file, 63);
    ASSERT_TRUE(space->lock_all({.current = true}).ok());  // what cannot be brought in is left
    EXPECT_EQ(regions(), "20000+2 rwL, 20002+2 L, 20008+2 rwsL");
    EXPECT_TRUE(is_locked(kPage) && is_locked(kPage + 8));
    const std::uint32_t before = victims();
    space->unlock_all();
    EXPECT_EQ(regions(), "20000+2 rw, 20002+2 , 20008+2 rws");
    EXPECT_EQ(space->figures().locked, PageCount(0));
    EXPECT_EQ(victims(), before + 3);
}

TEST_F(Lock, TheFutureIsForNewRegions) {
    add(kPage, 2, read_write());
    ASSERT_TRUE(space->lock_all({.future = true}).ok());
    EXPECT_EQ(regions(), "20000+2 rw");
    MapRequest request;
    request.address = start_of(kPage + 8);
    request.place = MapRequest::Place::Fixed;
    request.bytes = 2 * kPageSize;
    request.rights = Rights::read() | Rights::write();
    ASSERT_TRUE(space->map(request).ok());
    EXPECT_EQ(regions(), "20000+2 rw, 20008+2 rwL");
    EXPECT_TRUE(is_locked(kPage + 8));
    ASSERT_TRUE(space->lock_all({.current = true}).ok());  // and the future no longer
    request.address = start_of(kPage + 16);
    ASSERT_TRUE(space->map(request).ok());
    EXPECT_EQ(regions(), "20000+2 rwL, 20008+2 rwL, 20010+2 rw");
}

TEST_F(Lock, AllOnFaultBringsNothingIn) {
    add(kPage, 2, read_write());
    ASSERT_TRUE(space->lock_all({.current = true, .future = true, .on_fault = true}).ok());
    EXPECT_TRUE(entry(kPage).is_empty());
    EXPECT_TRUE(region(kPage)->traits().lock_on_fault);
}

TEST_F(Lock, AllObeysTheLimit) {
    add(kPage, 8, read_write());
    add(kPage + 16, 1, read_write());
    space->limits().locked = 8 * kPageSize;
    EXPECT_EQ(space->lock_all({.current = true, .future = true}).error(), Error::OutOfMemory);
    EXPECT_EQ(regions(), "20000+8 rw, 20010+1 rw");
    EXPECT_EQ(space->lock_all({.on_fault = true}).error(), Error::InvalidArgument);
    MapRequest request;
    request.bytes = kPageSize;
    const PageNumber mapped = page_of(space->map(request).value());
    EXPECT_FALSE(region(mapped)->traits().locked);  // nothing is left for the future
}

// --- What fails, fails without a trace ---

TEST_F(Lock, FailsWithoutATrace) {
    add(kPage, 8, read_write());
    fill(kPage, 8, 10);
    fork();
    const std::uint32_t failures = fail_each([&] { return lock(kPage + 2, 2, Mode::OnFault); });
    EXPECT_GE(failures, 2U);
    EXPECT_EQ(regions(), "20000+2 rw, 20002+2 rwL, 20004+4 rw");
    end_child();
}

TEST_F(Lock, UnlockFailsWithoutATrace) {
    add(kPage, 8, read_write());
    ASSERT_TRUE(lock(kPage, 8).ok());
    EXPECT_EQ(fail_each([&] { return unlock(kPage, 8); }), 0U);  // the whole takes no memory
    ASSERT_TRUE(lock(kPage, 8).ok());
    machine.slabs.reclaim();
    const std::uint32_t failures = fail_each([&] { return unlock(kPage + 2, 2); });
    EXPECT_LE(failures, 2U);
    EXPECT_EQ(regions(), "20000+2 rwL, 20002+2 rw, 20004+4 rwL");
}

}  // namespace
}  // namespace quire::mm
