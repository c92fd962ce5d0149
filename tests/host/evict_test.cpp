// A page leaves RAM: what becomes of each entry that named it, and of each count.
#include "mm/evict.h"

#include "tests/host/reclaim_machine.h"

namespace quire::mm {
namespace {

class Evict : public test::ReclaimMachine {};

TEST_F(Evict, APrivatePageBecomesItsSlot) {
    const FrameNumber frame = put(kPage, 11);
    const PageCount free = free_frames();
    evict(frame, 0xABCDEF);
    ASSERT_TRUE(entry(kPage).is_swapped());
    const SwapSlot slot = this->slot(kPage);
    EXPECT_EQ(stored(slot), 11U);
    EXPECT_EQ(machine.swap.names(slot), 1U);
    EXPECT_EQ(machine.swap.shadow(slot), 0xABCDEFU);
    EXPECT_FALSE(machine.swap.cached(slot).has_value());
    EXPECT_EQ(free_frames(), free + PageCount(1));
    EXPECT_FALSE(reaches(kPage));
    EXPECT_EQ(read(kPage), 11U);
}

TEST_F(Evict, AHiddenPageLeavesToo) {
    const FrameNumber frame = put(kPage, 11);
    ASSERT_TRUE(space->protect(start_of(kPage), kPageSize, Rights(), false).ok());
    ASSERT_TRUE(entry(kPage).is_hidden());
    evict(frame);
    EXPECT_TRUE(entry(kPage).is_swapped());
}

TEST_F(Evict, PagesOfSiblingTablesAreSwappedOnceAndMeetAgain) {
    const FrameNumber before = put(kPage, 11);
    fork();
    unshare(kPage);
    ASSERT_EQ(machine.pages.mappings(before), 2U);
    machine.store.forget_calls();
    evict(before);
    ASSERT_TRUE(entry(kPage).is_swapped());
    EXPECT_EQ(child->pages().entry(kPage), entry(kPage));
    const SwapSlot slot = this->slot(kPage);
    EXPECT_EQ(machine.swap.names(slot), 2U);
    EXPECT_EQ(machine.store.pages_written(), 1U);
    machine.check();
    EXPECT_EQ(read(kPage), 11U);
    const FrameNumber after = frame(kPage);
    load(*child);
    EXPECT_EQ(read(kPage), 11U);
    EXPECT_EQ(frame(kPage), after);
    EXPECT_EQ(machine.store.pages_read(), 1U);
    EXPECT_EQ(machine.swap.names(slot), 0U);
    // Copy-on-write goes on as before.
    EXPECT_TRUE(write(kPage, 12));
    load(*space);
    EXPECT_EQ(read(kPage), 11U);
}

// An entry that two share is a page of both.
TEST_F(Evict, ALookCountsForTheWorkingSetOfEachSpaceThatHasThePage) {
    for (std::uint32_t i = 0; i < 16; ++i)
        put(page(i), 1);
    fork();
    MappedAccess access(machine.memory);
    const auto look = [&] {
        for (std::uint32_t i = 0; i < 16; ++i)
            access.harvest(frame(page(i)));
        for (AddressSpace* each : {space.get(), child.get()})
            each->working_set().end_interval(PageCount(16));
    };
    look();
    EXPECT_EQ(space->working_set().size(), PageCount(16));
    EXPECT_EQ(child->working_set().size(), PageCount(16));
    unshare(kPage);
    for (int interval = 0; interval < 16; ++interval) {
        for (std::uint32_t i = 0; i < 4; ++i)
            EXPECT_EQ(read(page(i)), 1U);
        look();
    }
    EXPECT_EQ(space->working_set().size(), PageCount(4));
    EXPECT_EQ(child->working_set().size(), PageCount(0));
}

TEST_F(Evict, AHalfSwappedPageLeavesAgainWithoutAWrite) {
    const FrameNumber before = put(kPage, 11);
    fork();
    unshare(kPage);
    evict(before);
    load(*child);
    const FrameNumber after = read_in(kPage);
    machine.store.forget_calls();
    machine.check();
    evict(after);
    EXPECT_TRUE(machine.store.calls().empty());
    EXPECT_EQ(machine.swap.names(slot(kPage)), 2U);
}

TEST_F(Evict, ASharedTableHasOneEntryForAllSharers) {
    const FrameNumber frame = put(kPage, 11);
    fork();
    EXPECT_EQ(read(kPage), 11U);
    evict(frame);
    EXPECT_EQ(space->pages().table_use(kPage), TableUse::Shared);
    EXPECT_EQ(machine.swap.names(slot(kPage)), 1U);
    EXPECT_FALSE(reaches(kPage));
    load(*child);
    EXPECT_FALSE(reaches(kPage));
    EXPECT_EQ(read(kPage), 11U);
    load(*space);
    EXPECT_TRUE(reaches(kPage));
}

TEST_F(Evict, AFrameOfTheSwapCacheIsJustDropped) {
    evict(put(kPage, 11));
    const SwapSlot slot = this->slot(kPage);
    const FrameNumber frame = fetch_slot(machine.memory, slot).take().frame;
    machine.store.forget_calls();
    const PageCount free = free_frames();
    evict(frame, 5);
    EXPECT_TRUE(machine.store.calls().empty());
    EXPECT_EQ(free_frames(), free + PageCount(1));
    EXPECT_EQ(machine.swap.names(slot), 1U);
    EXPECT_EQ(machine.swap.shadow(slot), 5U);
}

TEST_F(Evict, AFrameOfTheSwapCacheGoesWithTheLastNameOfItsSlot) {
    evict(put(kPage, 11));
    fork();
    unshare(kPage);
    const SwapSlot slot = this->slot(kPage);
    ASSERT_EQ(machine.swap.names(slot), 2U);
    const FrameNumber frame = fetch_slot(machine.memory, slot).take().frame;
    child->empty();
    EXPECT_EQ(machine.swap.cached(slot), frame);
    const PageCount free = free_frames();
    ASSERT_TRUE(space->unmap(start_of(kPage), kPageSize).ok());
    EXPECT_FALSE(machine.swap.in_use(slot));
    EXPECT_EQ(free_frames(), free + PageCount(2)) << "the page table goes, too";
}

TEST_F(Evict, AFrameThatIsMappedOutlivesTheNamesOfItsSlot) {
    evict(put(kPage, 11));
    fork();
    unshare(kPage);
    const SwapSlot slot = this->slot(kPage);
    EXPECT_EQ(read(kPage), 11U);
    child->empty();
    EXPECT_EQ(machine.swap.names(slot), 0U);
    EXPECT_EQ(machine.swap.cached(slot), frame(kPage));
    EXPECT_EQ(read(kPage), 11U);
}

TEST_F(Evict, AnObjectsPageLeavesAShadow) {
    show(*space, file, shared_map());
    const FrameNumber frame = read_in(object_page(3));
    disk.forget_calls();
    const PageCount free = free_frames();
    evict(frame, 77);
    EXPECT_EQ(file.entry(3), ObjectEntry::for_shadow(77));
    EXPECT_TRUE(disk.calls().empty());
    // With its only entry the page table went, too.
    EXPECT_FALSE(has_table(*space, kObjectPage));
    EXPECT_EQ(free_frames(), free + PageCount(2));
    EXPECT_FALSE(reaches(object_page(3)));
    EXPECT_EQ(read(object_page(3)), 103U);
}

TEST_F(Evict, AnObjectsPageLeavesEveryMapping) {
    const PageNumber other(0x30000);
    child = machine.new_space();
    show(*space, file, shared_map());
    show(*child, file, copy_on_write());
    add(*child, other, 4, shared_map(), &file, 2);
    const FrameNumber frame = read_in(object_page(3));
    load(*child);
    EXPECT_EQ(read_in(object_page(3)), frame);
    EXPECT_EQ(read_in(other + PageCount(1)), frame);
    read_in(other + PageCount(2));
    evict(frame);
    EXPECT_FALSE(reaches(object_page(3)));
    EXPECT_FALSE(has_table(*child, kObjectPage));
    EXPECT_TRUE(has_table(*child, other));
    EXPECT_TRUE(entry(other + PageCount(1)).is_empty());
    load(*space);
    EXPECT_FALSE(reaches(object_page(3)));
    EXPECT_TRUE(file.entry(3).is_empty());
}

TEST_F(Evict, AnEmptySharedTableStays) {
    show(*space, file, shared_map());
    const FrameNumber frame = read_in(kObjectPage);
    fork();
    EXPECT_EQ(read(kObjectPage), 100U);
    evict(frame);
    EXPECT_EQ(space->pages().table_use(kObjectPage), TableUse::Shared);
    EXPECT_FALSE(reaches(kObjectPage));
    load(*child);
    EXPECT_FALSE(reaches(kObjectPage));
}

TEST_F(Evict, HarvestClearsTheAccessedBitOfEachMapping) {
    const FrameNumber frame = put(kPage, 11);
    fork();
    unshare(kPage);
    EXPECT_EQ(read(kPage), 11U);
    MappedAccess access(machine.memory);
    EXPECT_TRUE(access.harvest(frame));
    EXPECT_FALSE(access.harvest(frame));
    EXPECT_EQ(access.entries_seen(), 4U);
    // The CPU was made to forget the page, so that it sets the bit again.
    EXPECT_TRUE(reaches(kPage));
    EXPECT_TRUE(entry(kPage).is_accessed());
    load(*child);
    EXPECT_TRUE(reaches(kPage));
    EXPECT_TRUE(access.harvest(frame));
    EXPECT_FALSE(space->pages().entry(kPage).is_accessed());
    EXPECT_FALSE(child->pages().entry(kPage).is_accessed());
}

TEST_F(Evict, GivingUpACopyMakesThePageDirty) {
    const FrameNumber frame = put(kPage, 11);
    clean(frame);
    const SwapSlot slot = machine.pages.swap_copy(frame);
    ASSERT_TRUE(machine.swap.in_use(slot));
    give_up_copy(machine.memory, frame);
    EXPECT_FALSE(machine.swap.in_use(slot));
    EXPECT_TRUE(must_be_written(machine.memory, frame));
    EXPECT_EQ(read(kPage), 11U);
}

using EvictDeathTest = Evict;

TEST_F(EvictDeathTest, RefusesWhatMustStay) {
    FrameTable& records = machine.machine.table;
    const FrameNumber frame = put(kPage, 11);
    clean(frame);
    EXPECT_DEATH(mm::evict(machine.memory, frame, 0), "Listed");
    take_from_policy(frame);
    records.set(frame, FrameFlag::Locked);
    EXPECT_DEATH(mm::evict(machine.memory, frame, 0), "Locked");
    records.clear(frame, FrameFlag::Locked);
    records.set(frame, FrameFlag::Busy);
    EXPECT_DEATH(mm::evict(machine.memory, frame, 0), "Busy");
    records.clear(frame, FrameFlag::Busy);
    machine.policy.put_back(frame);
}

TEST_F(EvictDeathTest, RefusesADirtyPage) {
    const FrameNumber frame = put(kPage, 11);
    take_from_policy(frame);
    EXPECT_DEATH(mm::evict(machine.memory, frame, 0), "slot");
    machine.policy.put_back(frame);
    show(*space, file, shared_map());
    const FrameNumber object_frame = put(kObjectPage, 1);
    take_from_policy(object_frame);
    EXPECT_DEATH(mm::evict(machine.memory, object_frame, 0), "Dirty");
    machine.policy.put_back(object_frame);
}

// --- drop_pages() ---

TEST_F(Evict, DroppingTakesMappingsFramesAndShadows) {
    show(*space, file, shared_map());
    for (std::uint32_t i = 0; i < 4; ++i)
        read_in(object_page(i));
    EXPECT_TRUE(write(object_page(2), 1));
    evict(frame(object_page(3)), 9);
    const PageCount free = free_frames();
    drop_pages(machine.memory, file, 1, kPages);
    EXPECT_EQ(free_frames(), free + PageCount(2));
    EXPECT_EQ(file.resident_pages(), 1U);
    EXPECT_EQ(file.dirty_pages(), 0U);
    EXPECT_TRUE(file.entry(3).is_empty());
    EXPECT_TRUE(reaches(kObjectPage));
    EXPECT_FALSE(reaches(object_page(1)));
    EXPECT_EQ(read(object_page(2)), 102U);  // what was written is lost
    drop_pages(machine.memory, file, 0, kPages);
    EXPECT_FALSE(has_table(*space, kObjectPage));
}

TEST_F(Evict, DroppingTakesPrivateCopiesToo) {
    show(*space, file, copy_on_write());
    put(object_page(1), 1);
    evict(put(object_page(2), 2));
    put(object_page(5), 5);
    drop_pages(machine.memory, file, 1, 5);
    EXPECT_FALSE(reaches(object_page(1)));
    EXPECT_TRUE(entry(object_page(2)).is_empty());
    EXPECT_EQ(machine.swap.statistics().used, PageCount(0));
    EXPECT_EQ(read(object_page(5)), 5U);
    EXPECT_EQ(read(object_page(1)), 101U);
}

// The region that is visited first may be another space's than the one that is loaded.
TEST_F(Evict, DroppingReachesSharedTablesAndFlushesWhoeverIsLoaded) {
    show(*space, file, copy_on_write());
    put(object_page(0), 1);
    put(object_page(1), 2);
    fork();
    load(*child);
    EXPECT_EQ(read(object_page(0)), 1U);
    drop_pages(machine.memory, file, 0, 1);
    EXPECT_EQ(space->pages().table_use(kObjectPage), TableUse::Shared);
    EXPECT_FALSE(reaches(object_page(0)));
    EXPECT_EQ(read(object_page(1)), 2U);
}

TEST_F(Evict, DroppingTakesLockedPages) {
    show(*space, file, locked(shared_map()));
    const FrameNumber frame = read_in(kObjectPage);
    ASSERT_TRUE(machine.machine.table.has(frame, FrameFlag::Locked));
    const PageCount free = free_frames();
    drop_pages(machine.memory, file, 0, kPages);
    EXPECT_EQ(free_frames(), free + PageCount(2));
}

TEST_F(Evict, DroppingFreesTheSlotsOfSharedMemory) {
    show(*space, shared, shared_map());
    evict(put(kObjectPage, 1));
    ASSERT_TRUE(shared.entry(0).is_slot());
    drop_pages(machine.memory, shared, 0, 1);
    EXPECT_EQ(machine.swap.statistics().used, PageCount(0));
    EXPECT_EQ(read(kObjectPage), 0U);
}

TEST_F(Evict, DroppingFreesWhatTheSwapCacheHasOfSharedMemory) {
    show(*space, shared, shared_map());
    evict(put(kObjectPage, 1));
    const SwapSlot slot = shared.entry(0).slot();
    ASSERT_TRUE(fetch_slot(machine.memory, slot).ok());
    const PageCount free = free_frames();
    drop_pages(machine.memory, shared, 0, 1);
    EXPECT_FALSE(machine.swap.in_use(slot));
    EXPECT_EQ(free_frames(), free + PageCount(1));
}

TEST_F(Evict, FindsThePagesThatShowAPartOfAnObject) {
    const PageNumber first(0x1000);
    const Region& region = add(first, 10, shared_map(), &file, 100);
    const auto of = [&](std::uint32_t from, std::uint32_t count) {
        return PageRange::of(first + PageCount(from), PageCount(count));
    };
    EXPECT_EQ(pages_that_show(region, 0, ~0U), of(0, 10));
    EXPECT_EQ(pages_that_show(region, 103, 105), of(3, 2));
    EXPECT_EQ(pages_that_show(region, 90, 101), of(0, 1));
    EXPECT_EQ(pages_that_show(region, 109, 200), of(9, 1));
    EXPECT_TRUE(pages_that_show(region, 0, 100).empty());
    EXPECT_TRUE(pages_that_show(region, 110, 120).empty());
}

}  // namespace
}  // namespace quire::mm
