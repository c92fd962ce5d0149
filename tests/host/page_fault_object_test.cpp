// Page faults on files, shared memory and swapped pages, on the simulated MMU.
#include "tests/host/fault_machine.h"

namespace quire::mm {
namespace {

constexpr PageNumber kPage{0x08050};  // aligned to what is mapped around

PageNumber after(PageNumber page, std::uint32_t pages) {
    return page + PageCount(pages);
}

class FileFault : public test::FaultMachine {
  protected:
    [[nodiscard]] FrameNumber frame_of_page(std::uint32_t index) const {
        return file.entry(index).frame();
    }
    [[nodiscard]] std::uint32_t references(FrameNumber frame) const {
        return machine.machine.table.references(frame);
    }
};

TEST_F(FileFault, AReadBringsTheGroupInAndMapsAllOfIt) {
    add(kPage, 32, traits(Rights::read()), &file);
    EXPECT_EQ(read(after(kPage, 2)), 102U);
    EXPECT_EQ(outcome(), FaultOutcome::ResolvedByRead);
    EXPECT_EQ(statistics().major_faults, 1U);
    EXPECT_EQ(disk.reads(), 1U);
    EXPECT_EQ(disk.pages_read(), 8U);
    EXPECT_EQ(read(after(kPage, 7)), 107U);
    EXPECT_TRUE(outcomes.empty());
    EXPECT_EQ(statistics().mapped_around, 7U);
    EXPECT_EQ(read(after(kPage, 8)), 108U);
    EXPECT_EQ(outcome(), FaultOutcome::ResolvedByRead);
}

TEST_F(FileFault, WhatIsInRamIsMappedWithoutARead) {
    EXPECT_TRUE(fetch_page(machine.memory, file, 3).ok());
    disk.forget_calls();
    add(kPage, 32, traits(Rights::read()), &file);
    EXPECT_EQ(read(after(kPage, 3)), 103U);
    EXPECT_EQ(outcome(), FaultOutcome::Resolved);
    EXPECT_EQ(disk.reads(), 0U);
    EXPECT_EQ(statistics().mapped_cached, 1U);
}

TEST_F(FileFault, MapsAroundInsideTheRegionAndTheGroupOnly) {
    for (std::uint32_t index = 0; index < 64; index += 8)
        EXPECT_TRUE(fetch_page(machine.memory, file, index).ok());
    add(after(kPage, 4), 40, traits(Rights::read()), &file, 4);
    EXPECT_EQ(read(after(kPage, 20)), 120U);
    EXPECT_EQ(statistics().mapped_around, 15U);
    EXPECT_TRUE(entry(after(kPage, 15)).is_empty());
    EXPECT_TRUE(entry(after(kPage, 32)).is_empty());
    EXPECT_EQ(read(after(kPage, 31)), 131U);
    EXPECT_EQ(read(after(kPage, 5)), 105U);
    EXPECT_EQ(statistics().mapped_around, 15U + 11U);
}

TEST_F(FileFault, MapsAroundWhatIsEmptyOnly) {
    RegionTraits writable = read_write();
    add(kPage, 16, writable, &file);
    EXPECT_TRUE(write(after(kPage, 1), 77));
    EXPECT_EQ(read(kPage), 100U);
    EXPECT_EQ(read(after(kPage, 1)), 77U);
}

// The copy of a page table does without a page that cannot be counted once more: a fault asks
// again.
TEST_F(FileFault, ACopiedTableLeavesOutAPageWhoseCountIsFull) {
    add(kPage, 16, read_write(), &file);
    EXPECT_EQ(read(kPage), 100U);
    EXPECT_TRUE(write(after(kPage, 1), 77));
    fork();
    const FrameNumber full = frame_of_page(2);
    FrameTable& records = machine.machine.table;
    std::uint32_t added = 0;
    while (records.add_reference(full).ok())
        ++added;
    load(*child);
    EXPECT_TRUE(write(after(kPage, 3), 5));
    EXPECT_EQ(child->pages().table_use(kPage), TableUse::Own);
    EXPECT_TRUE(entry(after(kPage, 2)).is_empty());
    EXPECT_EQ(frame(after(kPage, 4)), frame_of_page(4));
    for (; added != 0; --added)
        records.drop_reference_of_several(full);
    machine.check();
    EXPECT_EQ(read(after(kPage, 2)), 102U);
    EXPECT_EQ(read(after(kPage, 1)), 77U);
}

TEST_F(FileFault, MapsAroundReadOnly) {
    add(kPage, 16, read_write(), &file);
    EXPECT_EQ(read(kPage), 100U);
    EXPECT_FALSE(entry(after(kPage, 1)).is_writable());
    EXPECT_TRUE(write(after(kPage, 1), 77));
    EXPECT_EQ(std::to_integer<unsigned>(frame_bytes(frame_of_page(1))[0]), 101U);
}

TEST_F(FileFault, AWriteToAPrivateMapCopiesThePage) {
    add(kPage, 4, read_write(), &file);
    EXPECT_TRUE(write(kPage, 77));
    EXPECT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcome(), FaultOutcome::ResolvedByRead);
    EXPECT_EQ(read(kPage), 77U);
    EXPECT_EQ(references(frame_of_page(0)), 1U);
    EXPECT_EQ(statistics().copied, 1U);
    EXPECT_EQ(file.dirty_pages(), 0U);
}

TEST_F(FileFault, AWriteAfterAReadCopiesToo) {
    add(kPage, 4, read_write(), &file);
    EXPECT_EQ(read(kPage), 100U);
    EXPECT_EQ(references(frame_of_page(0)), 2U);
    EXPECT_TRUE(write(kPage, 77));
    EXPECT_EQ(references(frame_of_page(0)), 1U);
    EXPECT_EQ(read(kPage), 77U);
}

// No fault comes before it that would make the CPU forget the page.
TEST_F(FileFault, PopulateMakesTheCpuForgetThePageItCopied) {
    add(kPage, 4, read_write(), &file);
    EXPECT_EQ(read(kPage), 100U);
    EXPECT_EQ(space->populate(PageRange::of(kPage, PageCount(1)), Access::Write),
              FaultOutcome::Resolved);
    frame_bytes(frame(kPage))[0] = std::byte{9};
    EXPECT_EQ(read(kPage), 9U);
}

TEST_F(FileFault, AWriteToASharedMapGoesToTheFilesFrame) {
    add(kPage, 4, shared_map(), &file);
    EXPECT_TRUE(write(kPage, 77));
    EXPECT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(frame(kPage), frame_of_page(0));
    EXPECT_TRUE(entry(kPage).is_dirty());
    EXPECT_TRUE(write(after(kPage, 1), 78));
    EXPECT_EQ(statistics().copied, 0U);
}

TEST_F(FileFault, AReadOfASharedMapAllowsTheWriteThatFollows) {
    add(kPage, 4, shared_map(), &file);
    EXPECT_EQ(read(kPage), 100U);
    EXPECT_FALSE(entry(kPage).is_dirty());
    EXPECT_TRUE(write(kPage, 77));
    EXPECT_TRUE(outcomes.empty());
}

TEST_F(FileFault, ASharedMapThatMayOnlyBeReadIsReadOnly) {
    RegionTraits read_only = shared_map();
    read_only.rights = Rights::read();
    Region& region = add(kPage, 4, read_only, &file);
    EXPECT_EQ(read(kPage), 100U);
    EXPECT_FALSE(write(kPage, 77));
    EXPECT_EQ(outcome(), FaultOutcome::NotAllowed);
    region.set_traits(shared_map());  // mprotect
    EXPECT_TRUE(write(kPage, 77));
    EXPECT_EQ(frame(kPage), frame_of_page(0));
}

TEST_F(FileFault, PastTheEndIsABusError) {
    add(kPage, 8, shared_map(), &file, 60);
    EXPECT_EQ(read(after(kPage, 3)), 163U);
    EXPECT_FALSE(read(after(kPage, 4)).has_value());
    EXPECT_EQ(outcome(), FaultOutcome::PastEnd);
    EXPECT_FALSE(write(after(kPage, 5), 1));
    EXPECT_EQ(outcome(), FaultOutcome::PastEnd);
    EXPECT_EQ(statistics().bus_errors, 2U);
}

TEST_F(FileFault, AdviceSaysHowMuchIsReadAndMapped) {
    RegionTraits advised = traits(Rights::read());
    advised.advice = Advice::Random;
    add(kPage, 16, advised, &file);
    EXPECT_EQ(read(after(kPage, 2)), 102U);
    EXPECT_EQ(disk.pages_read(), 1U);
    EXPECT_EQ(read(after(kPage, 3)), 103U);
    EXPECT_EQ(statistics().mapped_around, 0U);
    advised.advice = Advice::Sequential;
    add(after(kPage, 16), 16, advised, &file, 16);
    EXPECT_EQ(read(after(kPage, 16)), 116U);
    EXPECT_EQ(disk.pages_read(), 2U + 16U);
    EXPECT_EQ(statistics().mapped_around, 15U);
}

TEST_F(FileFault, WithoutRoomForTheGroupReadsThePageAlone) {
    add(kPage, 16, traits(Rights::read()), &file);
    const std::vector<OwnedFrame> others = hoard(10);
    EXPECT_EQ(read(kPage), 100U);
    EXPECT_EQ(disk.pages_read(), 1U);
}

TEST_F(FileFault, APageFetchedUnderASharedTableServesAllSharers) {
    add(kPage, 16, read_write(), &file);
    EXPECT_TRUE(write(after(kPage, 15), 77));
    fork();
    load(*child);
    EXPECT_EQ(read(kPage), 100U);
    load(*space);
    EXPECT_EQ(read(kPage), 100U);
    EXPECT_TRUE(outcomes.empty());
    EXPECT_EQ(statistics().tables_copied, 0U);
    EXPECT_TRUE(write(kPage, 55));
    load(*child);
    EXPECT_EQ(read(kPage), 100U);
    machine.check();
}

TEST_F(FileFault, AroundAPageUnderASharedTableIsMappedWhatAllSharersHave) {
    add(kPage, 8, traits(Rights::read()), &file);
    EXPECT_TRUE(fetch_page(machine.memory, file, 8).ok());
    add(after(kPage, 512), 1, read_write());
    EXPECT_TRUE(write(after(kPage, 512), 1));
    fork();
    load(*child);
    Region* region = child->regions().find(kPage);
    child->regions().resize(*region, {kPage, after(kPage, 16)}, 0);
    EXPECT_EQ(read(kPage), 100U);
    EXPECT_TRUE(entry(after(kPage, 8)).is_empty());
    EXPECT_FALSE(entry(after(kPage, 7)).is_empty());
    machine.check();
    EXPECT_EQ(read(after(kPage, 8)), 108U);  // not the parent's
    EXPECT_EQ(statistics().tables_copied, 1U);
    machine.check();
}

TEST_F(FileFault, APageUnderASharedTableIsNotForThoseWhoShowAnotherThere) {
    add(after(kPage, 64), 1, read_write());
    EXPECT_TRUE(write(after(kPage, 64), 1));
    fork();
    add(*space, kPage, 4, traits(Rights::read()), &file, 8);
    add(*child, kPage, 4, traits(Rights::read()), &file, 0);
    load(*child);
    EXPECT_EQ(read(kPage), 100U);
    EXPECT_EQ(statistics().tables_copied, 1U);
    load(*space);
    EXPECT_EQ(read(kPage), 108U);
}

TEST_F(FileFault, ASharedMapUnderASharedTableIsReadOnlyUntilItIsUnshared) {
    add(kPage, 16, shared_map(), &file);
    EXPECT_TRUE(write(after(kPage, 15), 77));
    fork();
    load(*child);
    EXPECT_EQ(read(kPage), 100U);
    EXPECT_FALSE(entry(kPage).is_writable());
    EXPECT_TRUE(write(kPage, 55));
    EXPECT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(statistics().tables_copied, 1U);
    load(*space);
    EXPECT_EQ(read(kPage), 55U);
    EXPECT_TRUE(write(kPage, 56));
    EXPECT_EQ(frame(kPage), frame_of_page(0));
    machine.check();
}

TEST_F(FileFault, ALockedPageOfAFileIsNobodysVictim) {
    RegionTraits locked = traits(Rights::read());
    locked.locked = true;
    add(kPage, 8, locked, &file);
    EXPECT_EQ(read(kPage), 100U);
    EXPECT_TRUE(machine.machine.table.has(frame(kPage), FrameFlag::Locked));
    EXPECT_TRUE(entry(after(kPage, 1)).is_empty());  // a lock is for what was touched
    EXPECT_FALSE(machine.machine.table.has(frame_of_page(1), FrameFlag::Locked));
}

TEST_F(FileFault, APageWithTooManyMappingsIsRefused) {
    EXPECT_TRUE(fetch_page(machine.memory, file, 0, PageCount(1)).ok());
    add(kPage, 1, traits(Rights::read()), &file);
    FrameTable& table = machine.machine.table;
    while (table.add_reference(frame_of_page(0)).ok()) {
    }
    EXPECT_FALSE(read(kPage).has_value());
    EXPECT_EQ(outcome(), FaultOutcome::OutOfMemory);
    EXPECT_TRUE(entry(kPage).is_empty());
    while (references(frame_of_page(0)) != 1)
        machine.machine.frames.drop_reference(frame_of_page(0));
}

class SharedMemoryFault : public test::FaultMachine {};

TEST_F(SharedMemoryFault, StartsAsZeroesAndIsSeenByAll) {
    add(kPage, 4, shared_map(), &shared);
    EXPECT_EQ(read(kPage), 0U);
    EXPECT_EQ(outcome(), FaultOutcome::Resolved);
    auto other = machine.new_space();
    add(*other, after(kPage, 100), 4, shared_map(), &shared);
    load(*other);
    EXPECT_TRUE(write(after(kPage, 100), 7));
    load(*space);
    EXPECT_EQ(read(kPage), 7U);
    machine.check();
    load(*space);
    other.reset();
}

class SwapFault : public test::FaultMachine {
  protected:
    void SetUp() override {
        add(kPage, 16, read_write());
        for (std::uint32_t i = 0; i < 4; ++i)
            EXPECT_TRUE(write(after(kPage, i), 10 + i));
    }
};

TEST_F(SwapFault, AReadKeepsTheCopyInSwap) {
    const SwapSlot slot = swap_out(kPage);
    EXPECT_EQ(read(kPage), 10U);
    EXPECT_EQ(outcome(), FaultOutcome::ResolvedByRead);
    EXPECT_FALSE(entry(kPage).is_writable());
    EXPECT_EQ(machine.pages.swap_copy(frame(kPage)), slot);
    EXPECT_EQ(machine.pages.mappings(frame(kPage)), 1U);
    EXPECT_EQ(machine.swap.names(slot), 0U);
    EXPECT_EQ(machine.swap.cached(slot), frame(kPage));
    EXPECT_EQ(statistics().swapped_in, 1U);
}

TEST_F(SwapFault, AWriteGivesTheCopyUp) {
    const SwapSlot slot = swap_out(kPage);
    EXPECT_TRUE(write(kPage, 77));
    EXPECT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcome(), FaultOutcome::ResolvedByRead);
    EXPECT_FALSE(machine.swap.in_use(slot));
    EXPECT_EQ(machine.pages.swap_copy(frame(kPage)), SwapSlot());
    EXPECT_EQ(statistics().copied, 0U);
    EXPECT_EQ(read(kPage), 77U);
}

TEST_F(SwapFault, NeighboursComeAlongIntoTheSwapCache) {
    for (std::uint32_t i = 0; i < 4; ++i)
        swap_out(after(kPage, i));
    machine.store.forget_calls();
    EXPECT_EQ(read(after(kPage, 1)), 11U);
    EXPECT_EQ(machine.store.reads(), 1U);
    EXPECT_EQ(machine.store.pages_read(), 4U);
    EXPECT_EQ(statistics().swapped_in, 4U);
    machine.check();
    EXPECT_EQ(read(after(kPage, 2)), 12U);
    EXPECT_EQ(outcome(), FaultOutcome::Resolved);
    EXPECT_EQ(statistics().found_in_swap_cache, 1U);
}

TEST_F(SwapFault, SharersMeetInOneFrame) {
    fork();
    load(*child);
    EXPECT_TRUE(write(after(kPage, 3), 33));  // unshares
    const SwapSlot slot = swap_out(kPage);
    EXPECT_EQ(machine.swap.names(slot), 2U);
    EXPECT_EQ(read(kPage), 10U);
    load(*space);
    EXPECT_EQ(read(kPage), 10U);
    EXPECT_EQ(outcome(), FaultOutcome::Resolved);
    EXPECT_EQ(entry(kPage).frame(), child->pages().entry(kPage).frame());
    EXPECT_EQ(machine.pages.mappings(frame(kPage)), 2U);
    machine.check();
    EXPECT_TRUE(write(kPage, 77));
    load(*child);
    EXPECT_EQ(read(kPage), 10U);
    machine.check();
    EXPECT_TRUE(write(kPage, 88));
    EXPECT_FALSE(machine.swap.in_use(slot));
}

TEST_F(SwapFault, OneSharerMayGoOnWhileTheOtherIsStillInSwap) {
    fork();
    load(*child);
    EXPECT_TRUE(write(after(kPage, 3), 33));
    const SwapSlot slot = swap_out(kPage);
    EXPECT_TRUE(write(kPage, 88));
    EXPECT_EQ(machine.swap.names(slot), 1U);
    machine.check();
    load(*space);
    EXPECT_EQ(read(kPage), 10U);
    EXPECT_EQ(outcome(), FaultOutcome::ResolvedByRead);
}

TEST_F(SwapFault, ASharedTableIsFilledForAll) {
    fork();
    swap_out(kPage);
    EXPECT_EQ(read(kPage), 10U);
    load(*child);
    EXPECT_EQ(read(kPage), 10U);
    EXPECT_TRUE(outcomes.empty());
    EXPECT_EQ(statistics().tables_copied, 0U);
    EXPECT_TRUE(write(kPage, 88));
    EXPECT_EQ(statistics().copied, 1U);
    load(*space);
    EXPECT_EQ(read(kPage), 10U);
}

TEST_F(SwapFault, AWriteUnderASharedTableUnsharesBeforeItMaps) {
    fork();
    swap_out(kPage);
    load(*child);
    EXPECT_TRUE(write(kPage, 88));
    EXPECT_EQ(outcomes.size(), 1U);
    load(*space);
    EXPECT_EQ(read(kPage), 10U);
    machine.check();
}

}  // namespace
}  // namespace quire::mm
