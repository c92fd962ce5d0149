// mmap: where pages go, what is refused, what happens to neighbours and to what was there before.
#include "tests/host/map_world.h"

namespace quire::mm {
namespace {

using test::kReadWrite;
using Place = MapRequest::Place;

constexpr PageNumber kPage{0x20000};
constexpr PageNumber kTop{0xBF700};  // the usual mmap_top()

class Map : public test::MapTest {};

TEST_F(Map, TakesTheHighestRoomBelowTheTop) {
    EXPECT_EQ(space->mmap_top(), kTop);
    EXPECT_EQ(map(request_for(4)), kTop - PageCount(4));
    EXPECT_EQ(map(request_for(1, Rights::read())), kTop - PageCount(5));
    EXPECT_EQ(regions(), "bf6fb+1 r, bf6fc+4 rw");
}

TEST_F(Map, RoundsTheLengthUp) {
    MapRequest request = request_for(1);
    request.bytes = kPageSize + 1;
    map(request);
    EXPECT_EQ(regions(), "bf6fe+2 rw");
}

TEST_F(Map, PagesComeLater) {
    map(request_for(4));
    EXPECT_EQ(space->figures().tables, PageCount(0));
    EXPECT_EQ(space->figures().charged, PageCount(4));
}

TEST_F(Map, NeighboursThatBehaveAlikeAreOneRegion) {
    map(kPage, 2);
    map(kPage + PageCount(4), 2);
    EXPECT_EQ(regions(), "20000+2 rw, 20004+2 rw");
    map(kPage + PageCount(2), 2);
    EXPECT_EQ(regions(), "20000+6 rw");
    map(kPage - PageCount(1), 1);
    EXPECT_EQ(regions(), "1ffff+7 rw");
    EXPECT_EQ(space->figures().charged, PageCount(7));
}

TEST_F(Map, NeighboursWithOtherRightsStayApart) {
    map(kPage, 1);
    map(kPage + PageCount(1), 1, Rights::read());
    EXPECT_EQ(regions(), "20000+1 rw, 20001+1 r");
}

TEST_F(Map, HonoursAHintThatIsFree) {
    MapRequest request = request_for(2);
    request.address = start_of(kPage) + 123;
    EXPECT_EQ(map(request), kPage);
    EXPECT_EQ(map(request), kTop - PageCount(2));
}

TEST_F(Map, AHintThatDoesNotFitIsForgotten) {
    map(kPage + PageCount(1), 1);
    MapRequest request = request_for(2);
    request.address = start_of(kPage);
    EXPECT_EQ(map(request), kTop - PageCount(2));
    request.address = start_of(kFirstKernelPage - PageCount(1));
    EXPECT_EQ(map(request), kTop - PageCount(4));
    request.address = VirtAddr(0xFFFFF000);
    EXPECT_EQ(map(request), kTop - PageCount(6));
}

TEST_F(Map, AHintTooLowIsTheFirstUserPage) {
    MapRequest request = request_for(2);
    request.address = VirtAddr(0x1000);
    EXPECT_EQ(map(request), kFirstUserPage);
    request.address = VirtAddr(0xFFF);  // no page, no hint
    EXPECT_EQ(map(request), kTop - PageCount(2));
}

TEST_F(Map, LeavesRoomBelowARegionThatGrowsDown) {
    MapRequest stack = request_at(kTop - PageCount(10), 10);
    stack.grows_down = true;
    map(stack);
    EXPECT_EQ(map(request_for(1)), kTop - PageCount(10) - kStackGuardPages - PageCount(1));
    MapRequest hint = request_for(1);
    hint.address = start_of(kTop - PageCount(10) - kStackGuardPages);
    EXPECT_EQ(map(hint), kTop - PageCount(10) - kStackGuardPages - PageCount(2));
    EXPECT_EQ(map(kTop - PageCount(11), 1), kTop - PageCount(11));  // who insists gets it
}

TEST_F(Map, GoesAboveTheTopWhenAllBelowIsTaken) {
    machine.commit.set_mode(Overcommit::Always);
    map(kFirstUserPage, (kTop - kFirstUserPage).raw());
    EXPECT_EQ(map(request_for(4)), kTop);
    EXPECT_EQ(space->map(request_for(kTop.raw())).error(), Error::OutOfMemory);
}

TEST_F(Map, TheTopCanBeMoved) {
    space->set_mmap_top(PageNumber(0x40000));
    EXPECT_EQ(map(request_for(1)), PageNumber(0x3FFFF));
    fork();
    EXPECT_EQ(child->mmap_top(), PageNumber(0x40000));
}

// --- What is refused ---

TEST_F(Map, LengthsThatCannotBe) {
    MapRequest request = request_for(0);
    EXPECT_EQ(space->map(request).error(), Error::InvalidArgument);
    for (const std::uint32_t bytes : {0xFFFFFFFFU, 0xFFFFF000U, 0xC0000001U, 0xC0000000U}) {
        request.bytes = bytes;
        EXPECT_EQ(space->map(request).error(), Error::OutOfMemory) << bytes;
    }
}

TEST_F(Map, FixedPlacesThatCannotBe) {
    MapRequest request = request_at(kPage, 1);
    request.address = start_of(kPage) + 1;
    EXPECT_EQ(space->map(request).error(), Error::InvalidArgument);
    request.address = VirtAddr(0xC0000000);
    EXPECT_EQ(space->map(request).error(), Error::OutOfMemory);
    request.address = VirtAddr(0xFFFFF001);
    EXPECT_EQ(space->map(request).error(), Error::OutOfMemory);
    request.address = VirtAddr(0xBFFFF000);
    request.bytes = 2 * kPageSize;
    EXPECT_EQ(space->map(request).error(), Error::OutOfMemory);
    request.address = VirtAddr(0);
    EXPECT_EQ(space->map(request).error(), Error::NotPermitted);
    request.address = VirtAddr(0xF000);
    EXPECT_EQ(space->map(request).error(), Error::NotPermitted);
    EXPECT_EQ(regions(), "");
}

TEST_F(Map, FixedPlacesAtTheEnds) {
    map(kFirstUserPage, 1);
    map(kFirstKernelPage - PageCount(1), 1);
    EXPECT_EQ(regions(), "10+1 rw, bffff+1 rw");
}

TEST_F(Map, FixedIfFreeTakesNothingAway) {
    map(kPage, 2);
    MapRequest request = request_at(kPage + PageCount(1), 2, Rights::read());
    request.place = Place::FixedIfFree;
    EXPECT_EQ(space->map(request).error(), Error::AlreadyExists);
    EXPECT_EQ(regions(), "20000+2 rw");
    request.address = start_of(kPage + PageCount(2));
    EXPECT_EQ(map(request), kPage + PageCount(2));
}

TEST_F(Map, ObjectPagesThatCannotBe) {
    MapRequest request = request_for(2);
    request.object_page = 0xFFFFFFFE;
    EXPECT_EQ(space->map(request).error(), Error::Overflow);
    request.bytes = 0xFFFFFFFF;  // the length is looked at first
    EXPECT_EQ(space->map(request).error(), Error::OutOfMemory);
}

TEST_F(Map, MoreThanTheAddressSpaceLimit) {
    space->limits().address_space = 4 * kPageSize + 1;
    map(kPage, 3);
    EXPECT_EQ(space->map(request_for(2, Rights::read())).error(), Error::OutOfMemory);
    map(kPage + PageCount(3), 1);
    EXPECT_EQ(map(kPage + PageCount(2), 2, Rights::read()), kPage + PageCount(2));
    EXPECT_EQ(space->map(request_at(kPage + PageCount(3), 2)).error(), Error::OutOfMemory);
    EXPECT_EQ(regions(), "20000+2 rw, 20002+2 r");
}

TEST_F(Map, OnlyPrivateWritableMemoryIsData) {
    space->limits().data = 2 * kPageSize;
    map(kPage, 2);
    EXPECT_EQ(space->map(request_for(1)).error(), Error::OutOfMemory);
    map(request_for(3, Rights::read()));
    MapRequest stack = request_for(1);
    stack.grows_down = true;
    map(stack);
    test::ResidentObject object(machine, 4);
    MapRequest shared = request_for(4);
    shared.object = &object;
    shared.object_rights = kReadWrite;
    shared.shared = true;
    map(shared);
    space->empty();
}

TEST_F(Map, MoreThanCanBePromised) {
    machine.commit.set_mode(Overcommit::Never);
    const PageCount limit = machine.commit.limit();
    map(kPage, limit.raw());
    EXPECT_EQ(space->map(request_for(1)).error(), Error::OutOfMemory);
    EXPECT_EQ(machine.commit.committed(), limit);
    map(request_for(1, Rights::read()));
    MapRequest request = request_for(1);
    request.no_reserve = true;  // does not help in this mode
    EXPECT_EQ(space->map(request).error(), Error::OutOfMemory);
    // What is replaced is given back first; of the other region there is nothing to give.
    const PageNumber readable = space->regions().last()->range().first;
    EXPECT_EQ(space->map(request_at(readable, 1)).error(), Error::OutOfMemory);
    map(kPage, limit.raw());
    EXPECT_EQ(space->map(request_at(kPage + PageCount(1), limit.raw())).error(),
              Error::OutOfMemory);
    EXPECT_EQ(machine.commit.committed(), limit);
}

TEST_F(Map, WithoutAReserveNothingIsPromised) {
    MapRequest request = request_at(kPage, 4);
    request.no_reserve = true;
    map(request);
    EXPECT_EQ(machine.commit.committed(), PageCount(0));
    EXPECT_TRUE(space->regions().first()->traits().no_reserve);
}

TEST_F(Map, LocksUpToTheLimit) {
    space->limits().locked = 4 * kPageSize + 1;
    MapRequest request = request_at(kPage, 4, Rights::none());
    request.locked = true;
    map(request);
    request.address = start_of(kPage + PageCount(4));
    request.bytes = 1;
    EXPECT_EQ(space->map(request).error(), Error::TryAgain);
    space->limits().may_lock_any = true;
    map(request);
    EXPECT_EQ(space->figures().locked, PageCount(5));
}

TEST_F(Map, LocksNothingWithoutALimit) {
    space->limits().locked = 0;
    MapRequest request = request_for(1);
    request.locked = true;
    EXPECT_EQ(space->map(request).error(), Error::NotPermitted);
}

TEST_F(Map, PopulatedPagesAreThereAtOnce) {
    MapRequest request = request_at(kPage, 4);
    request.populate = true;
    map(request);
    load(*space);
    EXPECT_EQ(space->figures().resident, PageCount(4));
    EXPECT_TRUE(write(kPage + PageCount(3), 9));
    request.address = start_of(kPage + PageCount(8));
    request.rights = Rights::read();
    map(request);
    EXPECT_TRUE(machine.pages.is_zero(entry(kPage + PageCount(8))));
}

TEST_F(Map, LockedPagesAreThereAtOnce) {
    MapRequest request = request_at(kPage, 4);
    request.locked = true;
    map(request);
    for (std::uint32_t i = 0; i < 4; ++i) {
        const Pte pte = entry(kPage + PageCount(i));
        EXPECT_TRUE(pte.is_locked() && pte.is_writable());
    }
    request.address = start_of(kPage + PageCount(8));
    request.rights = Rights::none();  // nothing can be brought in, which is no error
    map(request);
    EXPECT_TRUE(entry(kPage + PageCount(8)).is_empty());
}

TEST_F(Map, WhatPopulateCannotBringInIsNoError) {
    machine.commit.set_mode(Overcommit::Always);
    MapRequest request = request_at(kPage, 2000);  // more than there is RAM
    request.populate = true;
    map(request);
    EXPECT_GT(space->figures().resident, PageCount(500));
    EXPECT_EQ(regions(), "20000+7d0 rw");
}

// Regions are kernel memory, so there is an end to them.
TEST(MapMany, NoMoreRegionsThanLinuxAllows) {
    constexpr std::uint32_t kMost = 65530;
    test::UserMachine machine(FrameNumber(4096));
    const std::unique_ptr<AddressSpace> space = machine.new_space();
    MapRequest request;
    request.bytes = 3 * kPageSize;
    for (std::uint32_t i = 0; i < kMost; ++i) {
        request.rights = i % 2 == 0 ? Rights::read() : Rights::none();  // so that none join
        ASSERT_TRUE(space->map(request).ok()) << i;
    }
    const VirtAddr last = start_of(space->regions().last()->range().first);
    EXPECT_EQ(space->unmap(last + kPageSize, kPageSize).error(), Error::OutOfMemory);
    EXPECT_EQ(space->protect(last, kPageSize, kReadWrite, false).error(), Error::OutOfMemory);
    request.rights = kReadWrite;
    EXPECT_TRUE(space->map(request).ok());
    request.rights = Rights::read();
    EXPECT_EQ(space->map(request).error(), Error::OutOfMemory);
    EXPECT_EQ(space->regions().size(), kMost + 1);
    EXPECT_TRUE(space->unmap(last, 3 * kPageSize).ok());
    EXPECT_TRUE(space->map(request).ok());
}

// --- Objects ---

class MapObject : public Map {
  protected:
    void TearDown() override {
        space->empty();
        Map::TearDown();
    }
    MapRequest request_of(std::uint32_t object_page, std::uint32_t pages,
                          Rights rights = kReadWrite) {
        MapRequest request = request_for(pages, rights);
        request.object = &object;
        request.object_page = object_page;
        request.object_rights = kReadWrite;
        return request;
    }
    test::ResidentObject object{machine, 16};
};

TEST_F(MapObject, ShowsTheObjectsPages) {
    MapRequest request = request_of(3, 2);
    request.shared = true;
    const PageNumber first = map(request);
    frame_bytes(object.page(4))[0] = std::byte{44};
    give_object_page(first + PageCount(1));
    load(*space);
    EXPECT_EQ(read(first + PageCount(1)), 44);
    EXPECT_EQ(space->regions().first()->object_page(), 3U);
    EXPECT_EQ(machine.commit.committed(), PageCount(0));
    EXPECT_EQ(object.users(), 2U);
}

TEST_F(MapObject, APrivateMapIsCharged) {
    map(request_of(0, 4));
    map(request_of(4, 4, Rights::read()));
    EXPECT_EQ(machine.commit.committed(), PageCount(4));
}

TEST_F(MapObject, PagesThatFollowAreOneRegion) {
    MapRequest request = request_of(2, 2);
    request.place = Place::Fixed;
    request.address = start_of(kPage);
    map(request);
    request.object_page = 4;
    request.address = start_of(kPage + PageCount(2));
    map(request);
    request.object_page = 0;
    request.address = start_of(kPage - PageCount(2));
    map(request);
    EXPECT_EQ(regions(), "1fffe+6 rw");
    EXPECT_EQ(space->regions().first()->object_page(), 0U);
    request.object_page = 7;  // 6 would follow
    request.address = start_of(kPage + PageCount(4));
    map(request);
    EXPECT_EQ(regions(), "1fffe+6 rw, 20004+2 rw");
    EXPECT_EQ(object.users(), 3U);
}

TEST_F(MapObject, AnonymousPagesDoNotJoinThem) {
    MapRequest request = request_of(0, 2);
    const PageNumber first = map(request);
    map(first - PageCount(2), 2);
    map(first + PageCount(2), 2);
    EXPECT_EQ(space->regions().size(), 3U);
}

TEST_F(MapObject, TheWayTheFileWasOpenedCounts) {
    MapRequest request = request_of(0, 1);
    request.object_rights = Rights::read();
    map(request);  // private: stores do not reach the file
    request.shared = true;
    EXPECT_EQ(space->map(request).error(), Error::AccessDenied);
    request.object_rights = Rights::write();
    EXPECT_EQ(space->map(request).error(), Error::AccessDenied);
    request.shared = false;
    EXPECT_EQ(space->map(request).error(), Error::AccessDenied);
}

TEST_F(MapObject, AReadOnlyFileCanNeverBeWrittenThroughASharedMap) {
    MapRequest request = request_of(0, 1, Rights::read());
    request.object_rights = Rights::read();
    request.shared = true;
    map(request);
    EXPECT_EQ(space->regions().first()->traits().most, Rights::read() | Rights::execute());
}

TEST_F(MapObject, GrowsDownOnlyWithoutAnObject) {
    MapRequest request = request_of(0, 1);
    request.grows_down = true;
    EXPECT_EQ(space->map(request).error(), Error::InvalidArgument);
}

TEST_F(MapObject, WhatWasWrittenThroughAMapIsDirty) {
    MapRequest request = request_of(0, 2);
    request.shared = true;
    const PageNumber first = map(request);
    give_object_page(first);
    give_object_page(first + PageCount(1));
    load(*space);
    EXPECT_TRUE(write(first, 7));
    EXPECT_EQ(object.dirty_pages(), 0U);
    ASSERT_TRUE(unmap(first, 2).ok());
    EXPECT_EQ(object.dirty_pages(), 1U);
    EXPECT_EQ(object.users(), 1U);
}

// --- In place of others ---

TEST_F(Map, FixedReplacesWhatIsThere) {
    map(kPage, 4);
    give_pages(kPage, 4);
    load(*space);
    EXPECT_EQ(read(kPage + PageCount(1)), 2);
    map(kPage + PageCount(1), 2, Rights::read());
    EXPECT_EQ(regions(), "20000+1 rw, 20001+2 r, 20003+1 rw");
    EXPECT_EQ(read(kPage), 1);
    EXPECT_EQ(read(kPage + PageCount(1)), -1);
    EXPECT_EQ(read(kPage + PageCount(3)), 4);
    EXPECT_EQ(machine.commit.committed(), PageCount(2));
}

TEST_F(Map, FixedReplacesTheSameWithFreshPages) {
    map(kPage, 4);
    give_pages(kPage, 4);
    map(kPage + PageCount(1), 2);
    EXPECT_EQ(regions(), "20000+4 rw");
    EXPECT_EQ(space->figures().resident, PageCount(2));
}

TEST_F(Map, FixedReplacesSeveralRegionsAndHoles) {
    map(kPage, 2);
    map(kPage + PageCount(4), 2, Rights::read());
    map(kPage + PageCount(8), 2);
    give_page(kPage + PageCount(5), 1);
    map(kPage + PageCount(1), 8, Rights::execute());
    EXPECT_EQ(regions(), "20000+1 rw, 20001+8 x, 20009+1 rw");
}

TEST_F(Map, AReplacementThatFailsChangesNothing) {
    map(kPage, 16);
    give_pages(kPage, 16);
    fork();
    load(*space);
    const PageCount free = free_frames();
    const std::uint32_t failures = fail_each(
        [&] { return space->map(request_at(kPage + PageCount(4), 4, Rights::read())); },
        [&] {
            EXPECT_EQ(regions(), "20000+10 rw");
            EXPECT_EQ(read(kPage + PageCount(5)), 6);
            EXPECT_EQ(space->figures().charged, PageCount(16));
            EXPECT_GE(free_frames() + PageCount(1), free);  // the table may be its own by now
        });
    EXPECT_EQ(failures, 3U);  // the new region, the page table, the region behind
    EXPECT_EQ(regions(), "20000+4 rw, 20004+4 r, 20008+8 rw");
}

TEST_F(Map, ANewRegionThatFailsChangesNothing) {
    const std::uint32_t failures =
        fail_each([&] { return space->map(request_at(kPage, 4)); },
                  [&] {
                      EXPECT_EQ(regions(), "");
                      EXPECT_EQ(machine.commit.committed(), PageCount(0));
                  });
    EXPECT_GE(failures, 1U);
}

}  // namespace
}  // namespace quire::mm
