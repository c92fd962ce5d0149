// Cleaning: what is written where, in how many calls, and what is left when a write fails.
#include "mm/write_back.h"

#include "tests/host/reclaim_machine.h"

namespace quire::mm {
namespace {

using Call = test::MemoryStore::Call;
constexpr auto kWrite = test::MemoryStore::Direction::Write;

// --- write_back(): files ---

class WriteBack : public test::ReclaimMachine {
  protected:
    WriteBack() { show(*space, file, shared_map()); }
    // Writes 10 + i to page i of the file, through the map.
    void put_file_pages(std::uint32_t first, std::uint32_t end) {
        for (std::uint32_t i = first; i < end; ++i)
            put(object_page(i), 10 + i);
        disk.forget_calls();
    }
    Result<void> write_all() { return write_back(machine.memory, file, 0, ~0U); }
    unsigned on_disk(std::uint32_t page) { return std::to_integer<unsigned>(disk.page(page)[0]); }
};

TEST_F(WriteBack, WritesNeighboursTogether) {
    put_file_pages(2, 22);
    put_file_pages(30, 31);
    EXPECT_TRUE(write_all().ok());
    const std::vector<Call> expected = {
        {kWrite, 2, 16, false}, {kWrite, 18, 4, false}, {kWrite, 30, 1, false}};
    EXPECT_EQ(disk.calls(), expected);
    for (std::uint32_t i = 2; i < 22; ++i)
        EXPECT_EQ(on_disk(i), 10 + i);
    EXPECT_EQ(file.dirty_pages(), 0U);
}

TEST_F(WriteBack, CountsWhatItDoes) {
    put_file_pages(0, 17);
    WriteCount count;
    EXPECT_TRUE(write_back(machine.memory, file, 0, ~0U, &count).ok());
    EXPECT_EQ(count.pages, 17U);
    EXPECT_EQ(count.calls, 2U);
    EXPECT_EQ(count.errors, 0U);
}

TEST_F(WriteBack, KeepsToItsRange) {
    put_file_pages(0, 8);
    for (const std::uint32_t i : {2U, 5U})
        file.set_dirty(machine.machine.table, i);
    EXPECT_TRUE(write_back(machine.memory, file, 3, 5).ok());
    EXPECT_EQ(disk.calls(), (std::vector<Call>{{kWrite, 3, 2, false}}));
    EXPECT_EQ(on_disk(2), 102U);
    EXPECT_TRUE(entry(object_page(5)).is_dirty());
    EXPECT_FALSE(entry(object_page(3)).is_dirty());
}

TEST_F(WriteBack, ACleanPageIsNotWritten) {
    read_in(kObjectPage);
    disk.forget_calls();
    EXPECT_TRUE(write_all().ok());
    EXPECT_TRUE(disk.calls().empty());
}

// The pages stay writable, so only the dirty bit tells, and the CPU sets it in memory only if it
// was made to forget that it had.
TEST_F(WriteBack, WhatIsWrittenLaterIsDirtyAnew) {
    put_file_pages(0, 1);
    EXPECT_TRUE(write_all().ok());
    EXPECT_TRUE(may_write(kObjectPage));
    EXPECT_TRUE(entry(kObjectPage).is_dirty());
    put(kObjectPage, 99);
    EXPECT_TRUE(write_all().ok());
    EXPECT_EQ(on_disk(0), 99U);
}

TEST_F(WriteBack, FindsTheDirtyBitsOfEverySpace) {
    child = machine.new_space();
    show(*child, file, shared_map());
    load(*child);
    put_file_pages(0, 1);
    load(*space);
    EXPECT_EQ(read(kObjectPage), 10U);
    EXPECT_TRUE(write_all().ok());
    EXPECT_EQ(on_disk(0), 10U);
}

TEST_F(WriteBack, ABadPageStaysDirtyAndAlone) {
    put_file_pages(0, 8);
    disk.fail_page(3);
    EXPECT_EQ(write_all().error(), Error::IoError);
    EXPECT_EQ(file.dirty_pages(), 1U);
    EXPECT_EQ(file.next_dirty(0)->index, 3U);
    EXPECT_EQ(disk.writes(), 9U);  // the run, then each page
    EXPECT_EQ(on_disk(2), 12U);
    EXPECT_EQ(on_disk(4), 14U);
    machine.check();
    disk.fail_page(std::nullopt);
    EXPECT_TRUE(write_all().ok());
    EXPECT_EQ(on_disk(3), 13U);
}

TEST_F(WriteBack, RecordsWhatFailedForThoseWhoHoldTheFile) {
    WriteErrors::Mark mark = file.write_errors().begin();
    put_file_pages(3, 4);
    disk.fail_nth_write(1);
    EXPECT_FALSE(write_back(machine.memory, file, 0, kPages).ok());
    EXPECT_EQ(file.write_errors().check(mark).error(), Error::IoError);
    EXPECT_TRUE(write_back(machine.memory, file, 0, kPages).ok());
    EXPECT_TRUE(file.write_errors().check(mark).ok());
}

TEST_F(WriteBack, SharedMemoryHasNothingToBeWrittenTo) {
    const PageNumber first(0x30000);
    add(first, 4, shared_map(), &shared);
    put(first, 5);
    machine.store.forget_calls();
    EXPECT_TRUE(write_back(machine.memory, shared, 0, ~0U).ok());
    EXPECT_TRUE(machine.store.calls().empty());
    EXPECT_TRUE(must_be_written(machine.memory, frame(first)));
}

// A store that looks at the frames it is lent, and stores into one as a program could meanwhile.
class Meddler final : public BackingStore {
  public:
    explicit Meddler(FrameTable& frames) : records_(frames) {}
    Result<void> read(std::uint32_t, std::span<const FrameNumber>) override { return {}; }
    Result<void> write(std::uint32_t first_page, std::span<const FrameNumber> frames) override {
        for (const FrameNumber frame : frames)
            EXPECT_TRUE(records_.has(frame, FrameFlag::Busy));
        if (object != nullptr) object->set_dirty(records_, first_page);
        return {};
    }
    MemoryObject* object = nullptr;

  private:
    FrameTable& records_;
};

TEST_F(WriteBack, FramesAreBusyAndAStoreMeanwhileIsNotForgotten) {
    Meddler store(machine.machine.table);
    test::PagedObject object(machine, MemoryObject::Kind::File, &store, 4);
    const FrameNumber frame = fetch_page(machine.memory, object, 0, PageCount(1)).take().frame;
    object.set_dirty(machine.machine.table, 0);
    EXPECT_TRUE(write_back(machine.memory, object, 0, 4).ok());
    EXPECT_EQ(object.dirty_pages(), 0U);
    EXPECT_FALSE(machine.machine.table.has(frame, FrameFlag::Busy));
    object.set_dirty(machine.machine.table, 0);
    store.object = &object;
    EXPECT_TRUE(write_back(machine.memory, object, 0, 4).ok());
    EXPECT_EQ(object.dirty_pages(), 1U);
}

// --- must_be_written() ---

TEST_F(WriteBack, KnowsWhatMustBeWritten) {
    const FrameNumber untouched = read_in(kObjectPage);
    EXPECT_FALSE(must_be_written(machine.memory, untouched));
    const FrameNumber written = put(object_page(1), 1);
    EXPECT_TRUE(must_be_written(machine.memory, written));
    EXPECT_TRUE(must_be_written(machine.memory, written));  // the object remembers it
    EXPECT_EQ(file.dirty_pages(), 1U);
    const FrameNumber own = put(kPage, 1);
    EXPECT_TRUE(must_be_written(machine.memory, own));
    clean(own);
    EXPECT_FALSE(must_be_written(machine.memory, own));
}

// --- SwapCluster ---

class Cluster : public test::ReclaimMachine {
  protected:
    SwapCluster cluster{machine.memory};

    // None of the pages was used lately, as far as anybody can see.
    void forget_uses(std::uint32_t count) {
        MappedAccess access(machine.memory);
        for (std::uint32_t i = 0; i < count; ++i)
            access.harvest(frame(page(i)));
        machine.store.forget_calls();
    }
    std::vector<std::uint32_t> members() {
        std::vector<std::uint32_t> pages;
        for (const FrameNumber frame : cluster.frames())
            pages.push_back(machine.machine.table.pte_of(frame).index - table_index(kPage));
        return pages;
    }
    bool has_copy(std::uint32_t index) {
        return machine.pages.swap_copy(frame(page(index))) != SwapSlot();
    }
};

TEST_F(Cluster, WritesARunInOneCallInOrderOfPages) {
    put_pages(4);
    machine.store.forget_calls();
    for (const std::uint32_t i : {2U, 0U, 3U, 1U})
        cluster.add(frame(page(i)));
    const WriteCount count = cluster.clean();
    EXPECT_EQ(count.pages, 4U);
    EXPECT_EQ(count.calls, 1U);
    EXPECT_EQ(machine.store.calls(), (std::vector<Call>{{kWrite, 1, 4, false}}));
    for (std::uint32_t i = 0; i < 4; ++i) {
        EXPECT_EQ(machine.pages.swap_copy(frame(page(i))), SwapSlot(1 + i));
        EXPECT_EQ(stored(SwapSlot(1 + i)), 1 + i);
    }
}

TEST_F(Cluster, ACleanPageIsMappedReadOnly) {
    put_pages(1);
    EXPECT_TRUE(may_write(kPage));
    clean(frame(kPage));
    EXPECT_TRUE(reaches(kPage));
    EXPECT_FALSE(may_write(kPage));
    machine.check();
    // Who writes it gives the copy up.
    const SwapSlot copy = machine.pages.swap_copy(frame(kPage));
    EXPECT_TRUE(write(kPage, 9));
    EXPECT_FALSE(machine.swap.in_use(copy));
    EXPECT_TRUE(must_be_written(machine.memory, frame(kPage)));
}

TEST_F(Cluster, WriteProtectsInASharedTable) {
    put_pages(1);
    fork();
    ASSERT_TRUE(entry(kPage).is_writable());  // the directory entries say no
    clean(frame(kPage));
    EXPECT_FALSE(entry(kPage).is_writable());
    EXPECT_EQ(space->pages().table_use(kPage), TableUse::Shared);
}

TEST_F(Cluster, TakesIdleNeighboursAlong) {
    put_pages(20);
    forget_uses(20);
    cluster.add(frame(page(2)));
    cluster.add_neighbours(100);
    ASSERT_TRUE(cluster.full());
    cluster.clean();
    EXPECT_EQ(machine.store.calls(), (std::vector<Call>{{kWrite, 1, kMostInRun, false}}));
    EXPECT_FALSE(has_copy(1));
    EXPECT_TRUE(has_copy(2));
    EXPECT_TRUE(has_copy(17));
    EXPECT_FALSE(has_copy(18));
}

TEST_F(Cluster, TakesNoMoreNeighboursThanItMay) {
    put_pages(8);
    forget_uses(8);
    cluster.add(frame(page(0)));
    cluster.add(frame(page(4)));
    cluster.add_neighbours(5);
    // The other victim is in the row, and no neighbour; its own come second.
    EXPECT_EQ(members(), (std::vector<std::uint32_t>{0, 4, 1, 2, 3, 5, 6}));
}

TEST_F(Cluster, NeighboursEndAtAUsedPage) {
    put_pages(4);
    forget_uses(4);
    EXPECT_EQ(read(page(2)), 3U);
    cluster.add(frame(page(0)));
    cluster.add_neighbours(100);
    EXPECT_EQ(members(), (std::vector<std::uint32_t>{0, 1}));
}

TEST_F(Cluster, NeighboursEndAtAPageWithACopy) {
    put_pages(3);
    clean(frame(page(1)));
    forget_uses(3);
    cluster.add(frame(page(0)));
    cluster.add_neighbours(100);
    EXPECT_EQ(members(), (std::vector<std::uint32_t>{0}));
}

TEST_F(Cluster, NeighboursEndAtAPageThatIsMappedElsewhereToo) {
    put_pages(3);
    fork();
    unshare(kPage);
    put_pages(1);
    put(page(2), 1);
    forget_uses(3);
    cluster.add(frame(page(0)));
    cluster.add_neighbours(100);
    EXPECT_EQ(members(), (std::vector<std::uint32_t>{0}));
}

TEST_F(Cluster, NeighboursEndAtTheZeroFrameAndAtAHole) {
    put_pages(2);
    EXPECT_EQ(read(page(2)), 0U);
    put(page(3), 1);
    put(page(5), 1);
    forget_uses(2);
    MappedAccess access(machine.memory);
    access.harvest(frame(page(3)));
    cluster.add(frame(page(0)));
    cluster.add_neighbours(100);
    EXPECT_EQ(members(), (std::vector<std::uint32_t>{0, 1}));
    SwapCluster other(machine.memory);
    other.add(frame(page(3)));
    other.add_neighbours(100);
    EXPECT_EQ(other.frames().size(), 1U);
}

TEST_F(Cluster, NeighboursEndAtALockedPage) {
    put_pages(3);
    ASSERT_TRUE(space->lock(start_of(page(1)), kPageSize, AddressSpace::LockMode::Now).ok());
    forget_uses(3);
    cluster.add(frame(page(0)));
    cluster.add_neighbours(100);
    EXPECT_EQ(members(), (std::vector<std::uint32_t>{0}));
}

TEST_F(Cluster, ABadSectorCostsOnePage) {
    put_pages(4);
    machine.store.forget_calls();
    machine.store.fail_page(3);
    for (std::uint32_t i = 0; i < 4; ++i)
        cluster.add(frame(page(i)));
    const WriteCount count = cluster.clean();
    EXPECT_EQ(count.pages, 3U);
    EXPECT_EQ(count.calls, 5U);
    EXPECT_EQ(count.errors, 2U);
    EXPECT_FALSE(has_copy(2));
    EXPECT_FALSE(machine.swap.in_use(SwapSlot(3)));
    EXPECT_EQ(stored(SwapSlot(4)), 4U);
    machine.check();
    EXPECT_TRUE(write(page(2), 99));
    EXPECT_EQ(statistics().taken_over, 1U);  // it is still its owner's
}

TEST_F(Cluster, CleansAsMuchAsThereAreSlots) {
    put_pages(4);
    // All but two slots go to somebody else.
    const OwnedFrame other = machine.machine.frames.allocate().take();
    std::vector<SwapSlot> taken;
    while (machine.swap.statistics().available > PageCount(2))
        taken.push_back(machine.swap.allocate(other.number()).take());
    for (std::uint32_t i = 0; i < 4; ++i)
        cluster.add(frame(page(i)));
    EXPECT_EQ(cluster.clean().pages, 2U);
    EXPECT_TRUE(has_copy(0) && has_copy(1));
    EXPECT_FALSE(has_copy(2) || has_copy(3));
    EXPECT_TRUE(may_write(page(2)));
    for (const SwapSlot slot : taken)
        machine.swap.clear_cached(slot);
}

TEST_F(Cluster, FragmentedSwapTakesSeveralRuns) {
    put_pages(4);
    const OwnedFrame other = machine.machine.frames.allocate().take();
    std::vector<SwapSlot> taken;
    while (machine.swap.statistics().available != PageCount())
        taken.push_back(machine.swap.allocate(other.number()).take());
    for (const std::uint32_t free : {10U, 11U, 20U, 30U})
        machine.swap.clear_cached(SwapSlot(free));
    machine.store.forget_calls();
    for (std::uint32_t i = 0; i < 4; ++i)
        cluster.add(frame(page(i)));
    EXPECT_EQ(cluster.clean().pages, 4U);
    EXPECT_EQ(machine.store.writes(), 3U);
    EXPECT_TRUE(holds_pages(4));
    for (const SwapSlot slot : taken)
        if (slot.raw() != 10 && slot.raw() != 11 && slot.raw() != 20 && slot.raw() != 30)
            machine.swap.clear_cached(slot);
}

TEST_F(Cluster, SharedMemoryBecomesAFrameOfTheSwapCache) {
    show(*space, shared, shared_map());
    const FrameNumber frame = put(kObjectPage, 7);
    clean(frame);
    ASSERT_TRUE(shared.entry(0).is_slot());
    const SwapSlot slot = shared.entry(0).slot();
    EXPECT_EQ(stored(slot), 7U);
    EXPECT_EQ(machine.swap.names(slot), 1U);
    EXPECT_EQ(machine.swap.cached(slot), frame);
    EXPECT_EQ(machine.pages.mappings(frame), 0U);
    EXPECT_FALSE(machine.machine.table.has(frame, FrameFlag::Dirty));
    EXPECT_FALSE(has_table(*space, kObjectPage));
    machine.check();
    // The next fault finds it there.
    machine.store.forget_calls();
    EXPECT_EQ(read(kObjectPage), 7U);
    EXPECT_EQ(this->frame(kObjectPage), frame);
    EXPECT_TRUE(machine.store.calls().empty());
}

TEST_F(Cluster, SharedMemoryThatCannotBeWrittenStays) {
    show(*space, shared, shared_map());
    const FrameNumber frame = put(kObjectPage, 7);
    machine.store.fail_writes(true);
    EXPECT_EQ(clean(frame).errors, 1U);
    EXPECT_EQ(shared.entry(0), ObjectEntry::for_frame(frame));
    EXPECT_EQ(shared.dirty_pages(), 1U);
    EXPECT_EQ(machine.swap.statistics().used, PageCount(0));
    machine.check();
    EXPECT_EQ(read(kObjectPage), 7U);
}

TEST_F(Cluster, WritesEveryKindInOneRun) {
    show(*space, shared, shared_map());
    put_pages(2);
    machine.store.forget_calls();
    cluster.add(put(object_page(1), 51));
    cluster.add(frame(page(1)));
    cluster.add(put(object_page(0), 50));
    cluster.add(frame(page(0)));
    EXPECT_EQ(cluster.clean().calls, 1U);
    EXPECT_EQ(stored(SwapSlot(1)), 1U);
    EXPECT_EQ(stored(SwapSlot(2)), 2U);
    EXPECT_EQ(shared.entry(0).slot(), SwapSlot(3));
    EXPECT_EQ(shared.entry(1).slot(), SwapSlot(4));
}

}  // namespace
}  // namespace quire::mm
