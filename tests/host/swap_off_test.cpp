// swapoff: everything comes back, into the same frame for all who had the same slot, or nothing is
// lost.
#include "mm/swap_off.h"

#include "mm/reclaim.h"
#include "tests/host/reclaim_machine.h"

namespace quire::mm {
namespace {

class SwapOff : public test::ReclaimMachine {
  protected:
    static constexpr PageCount kOtherSize{512};

    SwapOff() { machine.room.leave_to(reclaim); }
    // The other area's records go before the machine.
    ~SwapOff() override {
        if (!other_.has_value()) return;
        machine.check();
        load(*space);
        child.reset();
        space->empty();
        reclaim.drop_clean();
        EXPECT_TRUE(machine.swap.remove_area(*other_).ok());
    }

    // A second area, which takes what comes from now on.
    void add_other_area() {
        other_ = machine.swap.add_area(other_store, kOtherSize, 1, records_).take();
    }
    void swap_out_pages(std::uint32_t count) {
        put_pages(count);
        for (std::uint32_t i = 0; i < count; ++i)
            evict(frame(page(i)));
        machine.store.forget_calls();
    }
    bool any_slot_of(PageRange range) {
        bool found = false;
        space->pages().for_each(range, [&](PageNumber, PteLocation, Pte pte) {
            found |= pte.is_swapped() && pte.slot() < SwapSlot(machine.kSwap.raw());
        });
        return found;
    }
    Result<void> swap_off() { return mm::swap_off(machine.memory, AreaId{0}); }
    bool is_there() {
        bool there = false;
        machine.swap.walk_areas(
            [&](AreaId id, const SwapSpace::Area&) { there |= id == AreaId{0}; });
        return there;
    }
    void leave_free(std::uint32_t count) {
        machine.slabs.reclaim();
        while (free_frames() > PageCount(count))
            ballast_.push_back(machine.machine.frames.allocate().take());
    }
    void relax() { ballast_.clear(); }

    Reclaim reclaim{machine.memory, machine.slabs,
                    Watermarks{PageCount(4), PageCount(8), PageCount(24)}};
    test::MemoryStore other_store{kOtherSize.raw()};

  private:
    std::vector<SlotRecord> records_{SwapSpace::records_needed(kOtherSize)};
    std::optional<AreaId> other_;
    std::vector<OwnedFrame> ballast_;
};

TEST_F(SwapOff, BringsPrivatePagesBack) {
    swap_out_pages(20);
    EXPECT_TRUE(swap_off().ok());
    EXPECT_FALSE(is_there());
    for (std::uint32_t i = 0; i < 20; ++i) {
        EXPECT_TRUE(entry(page(i)).is_resident());
        EXPECT_TRUE(must_be_written(machine.memory, frame(page(i))));
    }
    EXPECT_TRUE(holds_pages(20));
    EXPECT_TRUE(write(kPage, 77));
}

TEST_F(SwapOff, ReadsEachPageOnceAndInRuns) {
    swap_out_pages(32);
    EXPECT_TRUE(swap_off().ok());
    EXPECT_EQ(machine.store.pages_read(), 32U);
    EXPECT_LE(machine.store.reads(), 5U);
}

TEST_F(SwapOff, AnEmptyAreaJustGoes) {
    EXPECT_TRUE(swap_off().ok());
    EXPECT_FALSE(is_there());
}

TEST_F(SwapOff, SharersMeetInOneFrame) {
    swap_out_pages(3);
    fork();
    unshare(kPage);
    EXPECT_EQ(read(page(1)), 2U);  // one of the two has it back already
    EXPECT_TRUE(swap_off().ok());
    for (std::uint32_t i = 0; i < 3; ++i) {
        EXPECT_EQ(child->pages().entry(page(i)).frame(), frame(page(i)));
        EXPECT_EQ(machine.pages.mappings(frame(page(i))), 2U);
    }
    machine.check();
    EXPECT_TRUE(write(kPage, 9));
    load(*child);
    EXPECT_EQ(read(kPage), 1U);
}

TEST_F(SwapOff, SharedTablesStayShared) {
    swap_out_pages(3);
    fork();
    EXPECT_TRUE(swap_off().ok());
    EXPECT_EQ(space->pages().table_use(kPage), TableUse::Shared);
    EXPECT_TRUE(holds_pages(3));
    load(*child);
    EXPECT_TRUE(holds_pages(3));
}

TEST_F(SwapOff, PagesOutOfReachStaySo) {
    swap_out_pages(1);
    ASSERT_TRUE(space->protect(start_of(kPage), kPageSize, Rights(), false).ok());
    EXPECT_TRUE(swap_off().ok());
    EXPECT_TRUE(entry(kPage).is_hidden());
    EXPECT_FALSE(read(kPage).has_value());
    ASSERT_TRUE(space->protect(start_of(kPage), kPageSize, Rights::read(), false).ok());
    EXPECT_EQ(read(kPage), 1U);
}

TEST_F(SwapOff, PagesOfALockedRegionAreLocked) {
    swap_out_pages(1);
    ASSERT_TRUE(space->lock(start_of(kPage), kPageSize, AddressSpace::LockMode::OnFault).ok());
    ASSERT_TRUE(entry(kPage).is_swapped());
    EXPECT_TRUE(swap_off().ok());
    EXPECT_TRUE(entry(kPage).is_locked());
    EXPECT_TRUE(machine.machine.table.has(frame(kPage), FrameFlag::Locked));
}

TEST_F(SwapOff, SharedMemoryComesBack) {
    show(*space, shared, shared_map());
    for (std::uint32_t i = 0; i < 4; ++i)
        evict(put(object_page(i), 20 + i));
    ASSERT_EQ(shared.swapped_pages(), 4U);
    EXPECT_TRUE(swap_off().ok());
    EXPECT_EQ(shared.swapped_pages(), 0U);
    for (std::uint32_t i = 0; i < 4; ++i)
        EXPECT_EQ(read(object_page(i)), 20 + i);
}

TEST_F(SwapOff, CopiesAreGivenUp) {
    put_pages(2);
    clean(frame(page(0)));
    EXPECT_TRUE(swap_off().ok());
    EXPECT_EQ(machine.store.reads(), 0U);
    EXPECT_TRUE(holds_pages(2));
}

TEST_F(SwapOff, OfWhatNobodyNamesNothingIsLeft) {
    swap_out_pages(1);
    ASSERT_TRUE(fetch_slot(machine.memory, slot(kPage)).ok());
    ASSERT_TRUE(space->unmap(start_of(kPage), kPageSize).ok());
    EXPECT_EQ(machine.swap.statistics().used, PageCount(0));
    EXPECT_TRUE(swap_off().ok());
    EXPECT_EQ(machine.store.reads(), 1U);
}

TEST_F(SwapOff, PagesMoveToAnotherAreaWhenRamIsShort) {
    swap_out_pages(60);
    add_other_area();
    leave_free(24);
    EXPECT_TRUE(swap_off().ok());
    EXPECT_FALSE(any_slot_of(kUserPages));
    EXPECT_GT(other_store.pages_written(), 30U);
    EXPECT_EQ(machine.store.pages_written(), 0U);
    machine.check();
    relax();
    EXPECT_TRUE(holds_pages(60));
}

TEST_F(SwapOff, WithoutRoomItFailsAndTheAreaGoesOn) {
    swap_out_pages(60);
    leave_free(24);
    EXPECT_EQ(swap_off().error(), Error::OutOfMemory);
    EXPECT_GE(free_frames(), reclaim.marks().min);  // it did not live on the reserve
    EXPECT_TRUE(is_there());
    EXPECT_TRUE(machine.swap.area(AreaId{0}).allocating);
    machine.check();
    relax();
    EXPECT_TRUE(holds_pages(60));
    EXPECT_TRUE(swap_off().ok());
}

TEST_F(SwapOff, APageThatCannotBeReadStaysWhereItIs) {
    swap_out_pages(20);
    machine.store.fail_page(slot(page(10)).raw());
    EXPECT_EQ(swap_off().error(), Error::IoError);
    EXPECT_TRUE(is_there());
    EXPECT_TRUE(entry(page(10)).is_swapped());
    machine.check();
    EXPECT_TRUE(holds_pages(10));
    machine.store.fail_page(std::nullopt);
    EXPECT_TRUE(swap_off().ok());
    EXPECT_TRUE(holds_pages(20));
}

TEST_F(SwapOff, FailsAtAnyAllocationAndLosesNothing) {
    show(*space, shared, shared_map());
    for (std::uint32_t i = 0; i < 4; ++i)
        evict(put(object_page(i), 20 + i));
    swap_out_pages(4);
    // One failure is made up for by reading less at once.
    std::uint32_t n = 1;
    for (;; ++n) {
        machine.machine.injector.fail_every(n);
        const Result<void> done = swap_off();
        machine.machine.injector.fail_every(0);
        machine.check();
        if (done.ok()) break;
        EXPECT_EQ(done.error(), Error::OutOfMemory);
        EXPECT_TRUE(machine.swap.area(AreaId{0}).allocating);
    }
    EXPECT_GT(n, 1U);
    EXPECT_TRUE(holds_pages(4));
    for (std::uint32_t i = 0; i < 4; ++i)
        EXPECT_EQ(read(object_page(i)), 20 + i);
    EXPECT_FALSE(is_there());
}

}  // namespace
}  // namespace quire::mm
