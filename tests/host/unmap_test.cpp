// munmap: what is left of regions and page tables, and that giving back needs no memory.
#include "tests/host/map_world.h"

namespace quire::mm {
namespace {

constexpr PageNumber kPage{0x20000};

class Unmap : public test::MapTest {
  protected:
    void SetUp() override {
        map(kPage, 8);
        give_pages(kPage, 8);
        load(*space);
        for (std::uint32_t i = 0; i < 8; ++i)
            EXPECT_TRUE(write(kPage + PageCount(i), i + 1));
    }
};

TEST_F(Unmap, TakesTheMiddleOut) {
    const PageCount free = free_frames();
    ASSERT_TRUE(unmap(kPage + PageCount(2), 3).ok());
    EXPECT_EQ(regions(), "20000+2 rw, 20005+3 rw");
    EXPECT_EQ(free_frames(), free + PageCount(3));
    EXPECT_EQ(space->figures().charged, PageCount(5));
    EXPECT_EQ(read(kPage + PageCount(1)), 2);
    EXPECT_EQ(read(kPage + PageCount(2)), -1);
    EXPECT_EQ(read(kPage + PageCount(5)), 6);
    ASSERT_TRUE(unmap(kPage + PageCount(2), 3).ok());
}

TEST_F(Unmap, TakesEndsOff) {
    ASSERT_TRUE(unmap(kPage - PageCount(1), 2).ok());
    ASSERT_TRUE(unmap(kPage + PageCount(7), 2).ok());
    EXPECT_EQ(regions(), "20001+6 rw");
    EXPECT_EQ(space->figures().resident, PageCount(6));
}

TEST_F(Unmap, TakesWholeRegionsAndTheirTables) {
    map(kPage + PageCount(2000), 1, Rights::read());
    ASSERT_TRUE(unmap(kPage - PageCount(100), 3000).ok());
    EXPECT_EQ(regions(), "");
    EXPECT_EQ(space->figures().tables, PageCount(0));
    EXPECT_EQ(machine.commit.committed(), PageCount(0));
}

TEST_F(Unmap, RefusesWhatIsNoRangeOfUserSpace) {
    const VirtAddr address = start_of(kPage);
    EXPECT_EQ(space->unmap(address + 1, kPageSize).error(), Error::InvalidArgument);
    EXPECT_EQ(space->unmap(address, 0).error(), Error::InvalidArgument);
    EXPECT_EQ(space->unmap(VirtAddr(0xC0000000), 1).error(), Error::InvalidArgument);
    EXPECT_EQ(space->unmap(VirtAddr(0xC0000000), 0).error(), Error::InvalidArgument);
    EXPECT_EQ(space->unmap(VirtAddr(0xFFFFF000), kPageSize).error(), Error::InvalidArgument);
    EXPECT_EQ(space->unmap(address, 0xC0000000 - address.raw() + 1).error(),
              Error::InvalidArgument);
    EXPECT_EQ(space->unmap(address, 0xFFFFFFFF).error(), Error::InvalidArgument);
    EXPECT_EQ(regions(), "20000+8 rw");
}

TEST_F(Unmap, WhatIsNotMappedIsNoError) {
    ASSERT_TRUE(space->unmap(VirtAddr(0), kPageSize).ok());
    ASSERT_TRUE(unmap(PageNumber(0x80000), 0x1000).ok());
    ASSERT_TRUE(space->unmap(VirtAddr(0), 0xC0000000).ok());
    EXPECT_EQ(regions(), "");
}

TEST_F(Unmap, GivesSlotsBack) {
    map(kPage + PageCount(20), 2);
    const SwapSlot slot = give_slot(kPage + PageCount(20));
    ASSERT_TRUE(unmap(kPage + PageCount(20), 1).ok());
    EXPECT_FALSE(machine.swap.in_use(slot));
}

TEST_F(Unmap, GivesLocksBack) {
    MapRequest request = request_at(kPage + PageCount(20), 2, Rights::read());
    request.locked = true;
    map(request);
    give_page(kPage + PageCount(20), 1);
    ASSERT_TRUE(unmap(kPage + PageCount(20), 1).ok());
    EXPECT_EQ(space->figures().locked, PageCount(1));
}

TEST_F(Unmap, LeavesASharedTableToItsSharer) {
    fork();
    const PageCount free = free_frames();
    ASSERT_TRUE(unmap(kPage, 8).ok());  // nobody else uses the table: no copy
    EXPECT_EQ(machine.memory.statistics().tables_copied, 0U);
    EXPECT_EQ(free_frames(), free);
    load(*child);
    EXPECT_EQ(read(kPage), 1);
}

TEST_F(Unmap, CopiesASharedTableOfWhichAPartIsLeft) {
    fork();
    ASSERT_TRUE(unmap(kPage, 4).ok());
    EXPECT_EQ(machine.memory.statistics().tables_copied, 1U);
    EXPECT_EQ(read(kPage + PageCount(4)), 5);
    EXPECT_EQ(read(kPage), -1);
    load(*child);
    EXPECT_EQ(read(kPage), 1);
}

TEST_F(Unmap, ANeighbourUnderTheSameTableKeepsIt) {
    map(kPage + PageCount(100), 1, Rights::read());
    give_page(kPage + PageCount(100), 9);
    fork();
    ASSERT_TRUE(unmap(kPage, 8).ok());
    EXPECT_EQ(read(kPage + PageCount(100)), 9);
    fork();
    ASSERT_TRUE(unmap(kPage + PageCount(100), 1).ok());
    EXPECT_EQ(space->figures().tables, PageCount(0));
}

TEST_F(Unmap, AHoleUnderASharedTableIsNoReasonToCopyIt) {
    fork();
    ASSERT_TRUE(unmap(kPage + PageCount(20), 1).ok());
    EXPECT_EQ(machine.memory.statistics().tables_copied, 0U);
}

TEST_F(Unmap, ManyPagesAreFlushedToo) {
    map(kPage + PageCount(20), 80, Rights::read());
    give_pages(kPage + PageCount(20), 80);
    for (std::uint32_t i = 20; i < 100; ++i)
        EXPECT_NE(read(kPage + PageCount(i)), -1);
    ASSERT_TRUE(unmap(kPage + PageCount(20), 80).ok());
    EXPECT_EQ(read(kPage + PageCount(99)), -1);
}

// --- Objects ---

class UnmapObject : public test::MapTest {
  protected:
    void SetUp() override {
        MapRequest request = request_at(kPage, 8);
        request.object = &object;
        request.object_page = 3;
        request.object_rights = test::kReadWrite;
        request.shared = true;
        map(request);
        for (std::uint32_t i = 0; i < 8; ++i)
            give_object_page(kPage + PageCount(i));
    }
    void TearDown() override {
        space->empty();
        MapTest::TearDown();
    }
    std::uint32_t object_page_at(PageNumber page) {
        Region* region = space->regions().find(page);
        return region == nullptr ? 0 : region->object_page_of(page);
    }
    test::ResidentObject object{machine, 16};
};

TEST_F(UnmapObject, WhatIsLeftShowsTheSamePages) {
    ASSERT_TRUE(unmap(kPage, 2).ok());
    EXPECT_EQ(object_page_at(kPage + PageCount(2)), 5U);
    ASSERT_TRUE(unmap(kPage + PageCount(4), 1).ok());
    EXPECT_EQ(object_page_at(kPage + PageCount(3)), 6U);
    EXPECT_EQ(object_page_at(kPage + PageCount(5)), 8U);
    EXPECT_EQ(object.users(), 3U);
}

// An object of one page that looks, when its last user goes, whether the page can still be read.
class Witness final : public MemoryObject {
  public:
    explicit Witness(test::UserMachine& machine)
        : MemoryObject(machine.objects, Kind::SharedMemory, nullptr, kPageSize),
          machine_(machine),
          frame_(machine.machine.frames.allocate_zeroed().take().release()) {
        machine.machine.table.set_object(frame_, {id(), 0});
        EXPECT_TRUE(set_entry(0, ObjectEntry::for_frame(frame_)).ok());
        machine.policy.admit(frame_, Arrival::Demand, 0);
    }
    [[nodiscard]] bool can_be_read() const {
        std::uint32_t value = 0;
        return !machine_.machine.mmu.load(start_of(kPage), 1, Ring::User, value).has_value();
    }
    bool could_be_read_in_the_end = true;

  private:
    void last_user_gone() override {
        could_be_read_in_the_end = can_be_read();
        machine_.policy.forget(frame_);
        EXPECT_TRUE(set_entry(0, {}).ok());
        machine_.machine.frames.drop_reference(frame_);
    }
    test::UserMachine& machine_;
    FrameNumber frame_;
};

TEST(UnmapLast, NothingIsCachedWhenTheObjectGoes) {
    test::UserMachine machine;
    Witness object(machine);
    const std::unique_ptr<AddressSpace> space = machine.new_space();
    machine.memory.load(space->pages().directory().frame());
    MapRequest request;
    request.address = start_of(kPage);
    request.bytes = kPageSize;
    request.rights = request.object_rights = Rights::read();
    request.object = &object;
    request.shared = request.populate = true;
    ASSERT_TRUE(space->map(request).ok());
    EXPECT_TRUE(object.can_be_read());
    ASSERT_TRUE(space->unmap(start_of(kPage), kPageSize).ok());
    EXPECT_FALSE(object.could_be_read_in_the_end);
    machine.memory.load(machine.kernel.frame());
}

// --- When memory is short ---

TEST_F(Unmap, AsksForTheFramesItMayNeed) {
    test::RememberingRoom room;
    machine.room.leave_to(room);
    const auto asks = [&](PageNumber page, std::uint32_t pages) {
        EXPECT_TRUE(unmap(page, pages).ok());
        return room.asked();
    };
    EXPECT_EQ(asks(kPage + PageCount(7), 1), 0U);
    EXPECT_EQ(asks(kPage + PageCount(5), 1), 1U);  // the region behind the hole
    fork();
    EXPECT_EQ(room.asked(), 8U);
    EXPECT_EQ(asks(kPage, 1), 1U);  // the page table
    fork();
    room.asked();
    EXPECT_EQ(asks(kPage + PageCount(2), 1), 2U);  // both

    map(kPage + PageCount(1000), 100);
    give_page(kPage + PageCount(1000), 1);
    give_page(kPage + PageCount(1050), 1);
    fork();
    room.asked();
    EXPECT_EQ(asks(kPage + PageCount(1010), 80), 3U);  // two page tables and a region
    fork();
    room.asked();
    EXPECT_EQ(asks(kPage + PageCount(1000), 100), 1U);  // nobody else uses the upper table
}

TEST_F(Unmap, AFailureChangesNothing) {
    fork();
    const std::uint32_t failures = fail_each([&] { return unmap(kPage + PageCount(2), 2); },
                                             [&] {
                                                 EXPECT_EQ(regions(), "20000+8 rw");
                                                 EXPECT_EQ(read(kPage + PageCount(2)), 3);
                                             });
    EXPECT_EQ(failures, 2U);  // the page table, the region behind the hole
}

TEST_F(Unmap, NeedsNoMemoryToGiveSomeBack) {
    std::vector<OwnedFrame> all;
    while (machine.machine.frames.free_frames() != PageCount())
        all.push_back(machine.machine.frames.allocate().take());
    EXPECT_TRUE(unmap(kPage, 4).ok());
    EXPECT_EQ(machine.machine.frames.free_frames(), PageCount(4));
}

}  // namespace
}  // namespace quire::mm
