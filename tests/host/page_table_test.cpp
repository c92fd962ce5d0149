// PageDirectory and the flush duties, one behaviour at a time, seen through the simulated MMU.
#include <gtest/gtest.h>

#include <optional>

#include "mm/machine.h"
#include "mm/page_directory.h"
#include "tests/host/paging_machine.h"

namespace quire::mm {
namespace {

using test::PagingMachine;

constexpr PageNumber kPage{0x00400};
constexpr PageNumber kKernelPage{0xF0000};
constexpr FrameNumber kDevice{0xFEE00};

Pte user_page(FrameNumber frame) {
    return Pte::for_frame(frame, Protection::UserReadWrite);
}
Pte kernel_page(FrameNumber frame) {
    return Pte::for_frame(frame, Protection::KernelReadWrite);
}
Pde large_page(std::uint32_t frame) {
    return Pde::for_large_page(FrameNumber(frame), Protection::KernelReadWrite);
}

class PageDirectoryTest : public testing::Test {
  protected:
    // Frames 1024 and up are no allocator's: the tests map them as they like.
    PagingMachine machine;
    test::SimulatedMmu& mmu = machine.mmu;
    Result<PageDirectory> made = PageDirectory::create(machine.frames);
    PageDirectory& directory = made.value();
    FrameNumber data{2000};

    void SetUp() override { mm::machine::load_page_directory(directory.frame()); }
    void TearDown() override {
        directory.check_invariants();
        EXPECT_TRUE(mmu.missing_flushes().empty());
        EXPECT_TRUE(mmu.find_stale().empty());
    }
    bool reads(PageNumber page, Ring ring = Ring::User) {
        std::uint32_t value = 0;
        return !mmu.load(start_of(page), 4, ring, value);
    }
    bool writes(PageNumber page, Ring ring = Ring::User) {
        return !mmu.store(start_of(page), 4, ring, page.raw());
    }
};

TEST_F(PageDirectoryTest, MapsAndTranslates) {
    EXPECT_EQ(directory.translate(VirtAddr(0x00400123)), std::nullopt);
    ASSERT_TRUE(directory.map(kPage, user_page(data)).ok());
    EXPECT_EQ(directory.translate(VirtAddr(0x00400123)),
              (Translation{data, 0x123, Protection::UserReadWrite, false}));
    EXPECT_EQ(directory.translate(VirtAddr(0x00400123))->address(), start_of(data) + 0x123);
    EXPECT_EQ(directory.translate(VirtAddr(0x00401000)), std::nullopt);
    EXPECT_TRUE(writes(kPage));
    EXPECT_EQ(frame_words(data)[0], kPage.raw());
    EXPECT_EQ(directory.tables(), PageCount(1));
    (void)directory.unmap(kPage).flush();
    EXPECT_FALSE(reads(kPage));
}

TEST_F(PageDirectoryTest, MakesEmptyTablesOfUsedFrames) {
    {
        OwnedFrame before = machine.frames.allocate().take();
        for (std::uint32_t i = 0; i < kEntriesPerTable; ++i)
            frame_words(before.number())[i] = 0xFFFF'FFFF;
    }
    const OwnedFrame table = directory.new_table(kPage).take();
    EXPECT_EQ(PageTable(table.number()).used(), 0U);
}

TEST_F(PageDirectoryTest, FindsTheNextEntryInUse) {
    const OwnedFrame frame = machine.frames.allocate_zeroed().take();
    const PageTable table(frame.number());
    EXPECT_EQ(table.next_used(0, kEntriesPerTable), kEntriesPerTable);
    table.set(5, user_page(data));
    table.set(1023, Pte::for_slot(SwapSlot(7)));
    EXPECT_EQ(table.next_used(0, kEntriesPerTable), 5U);
    EXPECT_EQ(table.next_used(5, kEntriesPerTable), 5U);
    EXPECT_EQ(table.next_used(6, kEntriesPerTable), 1023U);
    EXPECT_EQ(table.next_used(6, 1023), 1023U);
    EXPECT_EQ(table.next_used(1024, kEntriesPerTable), kEntriesPerTable);
    EXPECT_DEATH((void)table.next_used(0, 1025), "");
}

TEST_F(PageDirectoryTest, RefusesATakenPage) {
    ASSERT_TRUE(directory.map(kPage, user_page(data)).ok());
    EXPECT_EQ(directory.map(kPage, user_page(data + PageCount(1))).error(), Error::AlreadyExists);
    EXPECT_EQ(directory.translate(start_of(kPage))->frame, data);
    (void)directory.unmap(kPage).flush();
    ASSERT_TRUE(directory.map(kPage, Pte::for_slot(SwapSlot(3))).ok());
    EXPECT_EQ(directory.map(kPage, user_page(data)).error(), Error::AlreadyExists);
    (void)directory.unmap(kPage).flush();
}

// One directory of each kind: a page at each end of a table, and neighbours across tables.
TEST_F(PageDirectoryTest, KeepsPagesApart) {
    const PageNumber pages[] = {PageNumber(16),      PageNumber(0x3FF),   PageNumber(0x400),
                                PageNumber(0x7FF),   PageNumber(0xBFFFF), PageNumber(0xC0000),
                                PageNumber(0xFFFFF), PageNumber(0x401)};
    std::uint32_t n = 0;
    for (PageNumber page : pages) {
        const bool user = page < kFirstKernelPage;
        const FrameNumber frame = data + PageCount(n++);
        ASSERT_TRUE(directory.map(page, user ? user_page(frame) : kernel_page(frame)).ok());
    }
    for (PageNumber page : pages)
        EXPECT_TRUE(writes(page, Ring::Kernel));
    n = 0;
    for (PageNumber page : pages) {
        EXPECT_EQ(frame_words(data + PageCount(n))[0], page.raw());
        EXPECT_EQ(directory.translate(start_of(page))->frame, data + PageCount(n++));
    }
    directory.check_invariants();
    for (PageNumber page : pages)
        (void)directory.unmap(page).flush();
}

TEST_F(PageDirectoryTest, ReturnsTheEntryAsTheCpuLeftIt) {
    ASSERT_TRUE(directory.map(kPage, user_page(data)).ok());
    ASSERT_TRUE(directory.map(kPage + PageCount(1), user_page(data)).ok());
    EXPECT_TRUE(writes(kPage) && reads(kPage + PageCount(1)));
    const Pte written = directory.unmap(kPage).flush();
    EXPECT_TRUE(written.is_accessed() && written.is_dirty());
    const Pte read = directory.unmap(kPage + PageCount(1)).flush();
    EXPECT_TRUE(read.is_accessed() && !read.is_dirty());
    EXPECT_TRUE(directory.unmap(kPage).flush().is_empty());
}

TEST_F(PageDirectoryTest, ProtectsAndReleases) {
    ASSERT_TRUE(directory.map(kPage, user_page(data)).ok());
    EXPECT_TRUE(writes(kPage));
    (void)directory.protect(kPage, Protection::UserReadOnly).flush();
    EXPECT_TRUE(reads(kPage) && !writes(kPage));
    EXPECT_TRUE(directory.entry(kPage).is_dirty());  // rights changed, the dirty bit did not
    (void)directory.protect(kPage, Protection::KernelReadOnly).flush();
    EXPECT_TRUE(!reads(kPage) && reads(kPage, Ring::Kernel) && !writes(kPage, Ring::Kernel));
    (void)directory.protect(kPage, Protection::UserReadWrite).flush();
    EXPECT_TRUE(writes(kPage));
    (void)directory.unmap(kPage).flush();
}

TEST_F(PageDirectoryTest, ClearsAccessedAndDirty) {
    ASSERT_TRUE(directory.map(kPage, user_page(data)).ok());
    EXPECT_TRUE(writes(kPage));
    EXPECT_TRUE(directory.clear_accessed(kPage).flush().is_accessed());
    EXPECT_FALSE(directory.entry(kPage).is_accessed());
    EXPECT_TRUE(reads(kPage));
    EXPECT_TRUE(directory.entry(kPage).is_accessed());
    EXPECT_TRUE(directory.clear_dirty(kPage).flush().is_dirty());
    EXPECT_TRUE(reads(kPage) && !directory.entry(kPage).is_dirty());
    EXPECT_TRUE(writes(kPage) && directory.entry(kPage).is_dirty());
    (void)directory.unmap(kPage).flush();
}

// present -> swapped -> present, as swapping will do it: the first owes a flush, the second none.
TEST_F(PageDirectoryTest, SwapsAPageOutAndIn) {
    ASSERT_TRUE(directory.map(kPage, user_page(data)).ok());
    EXPECT_TRUE(writes(kPage));
    EXPECT_EQ(directory.replace(kPage, Pte::for_slot(SwapSlot(9))).flush().frame(), data);
    EXPECT_FALSE(reads(kPage));
    EXPECT_EQ(directory.translate(start_of(kPage)), std::nullopt);
    EXPECT_EQ(directory.entry(kPage).slot(), SwapSlot(9));
    const auto flushes = mmu.counters().page_flushes;
    EXPECT_EQ(directory.replace(kPage, user_page(data + PageCount(1))).flush().slot(), SwapSlot(9));
    EXPECT_EQ(mmu.counters().page_flushes, flushes);
    EXPECT_TRUE(writes(kPage));
    EXPECT_EQ(frame_words(data + PageCount(1))[0], kPage.raw());
    (void)directory.unmap(kPage).flush();
}

TEST_F(PageDirectoryTest, MapsAtADeviceUncached) {
    const Pte device = kernel_page(kDevice).with_caching(Caching::Uncached);
    ASSERT_TRUE(directory.map(kKernelPage, device).ok());
    EXPECT_EQ(directory.entry(kKernelPage).raw(), 0xFEE0001BU);
    EXPECT_FALSE(reads(kKernelPage, Ring::User));
    EXPECT_TRUE(reads(kKernelPage, Ring::Kernel));
    (void)directory.unmap(kKernelPage).flush();
}

TEST_F(PageDirectoryTest, RefusesBrokenContracts) {
    ASSERT_TRUE(directory.map(kPage, user_page(data)).ok());
    EXPECT_DEATH((void)directory.map(PageNumber(0x500), Pte()), "is_empty");
    EXPECT_DEATH((void)directory.map(PageNumber(0x500), Pte::from_raw(0x1281)), "is_well_formed");
    EXPECT_DEATH((void)directory.replace(PageNumber(0x500), Pte()).flush(), "is_empty");
    EXPECT_DEATH((void)directory.protect(PageNumber(0x500), Protection::UserReadOnly).flush(),
                 "is_present");
    EXPECT_DEATH((void)directory.map_large(PageNumber(0x401), large_page(0x400)), "table_index");
    (void)directory.unmap(kPage).flush();
}

// --- flush duties ---

TEST_F(PageDirectoryTest, RemindsOfADutyThatNobodyEnded) {
    ASSERT_TRUE(directory.map(kPage, user_page(data)).ok());
    EXPECT_DEATH({ const StalePage forgotten = directory.unmap(kPage); }, "ended_");
    EXPECT_DEATH(
        {
            StalePage duty = directory.unmap(kPage);
            (void)duty.flush();
            (void)duty.flush();
        },
        "!ended_");
    EXPECT_DEATH(
        {
            FlushBatch forgotten(machine.frames);
            (void)directory.unmap(kPage).join(forgotten);
        },
        "is_empty");
    (void)directory.unmap(kPage).flush();
}

TEST_F(PageDirectoryTest, DutiesMove) {
    ASSERT_TRUE(directory.map(kPage, user_page(data)).ok());
    EXPECT_TRUE(reads(kPage));
    StalePage duty = directory.unmap(kPage);
    StalePage heir = std::move(duty);
    EXPECT_EQ(heir.flush().frame(), data);
}

TEST_F(PageDirectoryTest, FlushesABatchPageByPage) {
    FlushBatch batch(machine.frames);
    for (std::uint32_t i = 0; i < 10; ++i) {
        ASSERT_TRUE(directory.map(kPage + PageCount(i), user_page(data)).ok());
        EXPECT_TRUE(writes(kPage + PageCount(i)));
    }
    const auto before = mmu.counters();
    for (std::uint32_t i = 0; i < 10; ++i) {
        EXPECT_EQ(directory.unmap(kPage + PageCount(i)).join(batch).frame(), data);
    }
    EXPECT_EQ(mmu.find_stale().size(), 10U);
    batch.flush();
    EXPECT_EQ(mmu.counters().page_flushes, before.page_flushes + 10);
    EXPECT_EQ(mmu.counters().full_flushes, before.full_flushes);
}

TEST_F(PageDirectoryTest, FlushesALargeBatchAtOnce) {
    for (Scope scope : {Scope::OneSpace, Scope::Global}) {
        FlushBatch batch(machine.frames);
        const auto before = mmu.counters();
        for (std::uint32_t i = 0; i <= FlushBatch::kMaxPages; ++i) {
            const PageNumber page = kKernelPage + PageCount(i);
            ASSERT_TRUE(directory.map(page, kernel_page(data).with_scope(scope)).ok());
            EXPECT_TRUE(writes(page, Ring::Kernel));
            (void)directory.unmap(page).join(batch);
        }
        batch.flush();
        EXPECT_EQ(mmu.counters().page_flushes, before.page_flushes);
        EXPECT_EQ(mmu.counters().full_flushes, before.full_flushes + 1);
        EXPECT_TRUE(mmu.find_stale().empty());
    }
}

// Pages of a directory that no CPU has loaded owe nothing; global ones may be anywhere.
TEST_F(PageDirectoryTest, LeavesOutFlushesOfADirectoryThatIsNotLoaded) {
    Result<PageDirectory> other = PageDirectory::create(machine.frames);
    ASSERT_TRUE(other.value().map(kPage, user_page(data)).ok());
    const auto before = mmu.counters();
    EXPECT_EQ(other.value().unmap(kPage).not_loaded().frame(), data);
    ASSERT_TRUE(other.value().map(kPage, user_page(data)).ok());
    FlushBatch batch(machine.frames);
    (void)other.value().unmap(kPage).join(batch);
    batch.not_loaded();
    EXPECT_EQ(mmu.counters().page_flushes, before.page_flushes);
    EXPECT_EQ(mmu.counters().full_flushes, before.full_flushes);

    const Pte global = kernel_page(data).with_scope(Scope::Global);
    ASSERT_TRUE(other.value().map(kKernelPage, global).ok());
    EXPECT_DEATH((void)other.value().unmap(kKernelPage).not_loaded(), "is_global");
    EXPECT_DEATH(
        {
            (void)other.value().unmap(kKernelPage).join(batch);
            batch.not_loaded();
        },
        "!global_");
    (void)other.value().unmap(kKernelPage).flush();
}

// --- page tables come and go ---

TEST_F(PageDirectoryTest, GivesEmptyTablesBackAfterTheFlush) {
    const std::uint32_t used = machine.used_frames();
    FlushBatch batch(machine.frames);
    for (std::uint32_t i = 1; i <= 3; ++i) {
        const PageNumber page(i * kEntriesPerTable + 7);
        ASSERT_TRUE(directory.map(page, user_page(data)).ok());
        EXPECT_TRUE(reads(page));
        if (i != 2) (void)directory.unmap(page).join(batch);
    }
    EXPECT_EQ(machine.used_frames(), used + 3);
    const PageRange all{PageNumber(0), kFirstKernelPage};
    EXPECT_EQ(directory.retire_empty_tables(all, batch), PageCount(2));
    // They are out of the directory, but a walk may still be in them.
    EXPECT_EQ(machine.used_frames(), used + 3);
    EXPECT_EQ(directory.tables(), PageCount(1));
    batch.flush();
    EXPECT_EQ(machine.used_frames(), used + 1);
    machine.frames.check_invariants();
    (void)directory.unmap(PageNumber(2 * kEntriesPerTable + 7)).flush();
}

// No page of it is owed a flush, but the CPU may have cached the PDE.
TEST_F(PageDirectoryTest, FlushesForARetiredTableAlone) {
    ASSERT_TRUE(directory.map(kPage, Pte::for_slot(SwapSlot(1))).ok());
    EXPECT_TRUE(directory.unmap(kPage).flush().is_swapped());
    mmu.prefetch(start_of(kPage));
    FlushBatch batch(machine.frames);
    EXPECT_EQ(directory.retire_empty_tables({PageNumber(0), kFirstKernelPage}, batch),
              PageCount(1));
    EXPECT_EQ(mmu.find_stale().size(), 1U);
    batch.flush();
}

// Only tables wholly inside the range, and only empty ones, go.
TEST_F(PageDirectoryTest, KeepsTablesThatReachBeyondTheRange) {
    ASSERT_TRUE(directory.map(kPage, user_page(data)).ok());
    (void)directory.unmap(kPage).flush();
    FlushBatch batch(machine.frames);
    EXPECT_EQ(directory.retire_empty_tables({kPage, kPage + PageCount(1023)}, batch), PageCount(0));
    EXPECT_EQ(directory.retire_empty_tables({kPage + PageCount(1), PageNumber(0x900)}, batch),
              PageCount(0));
    EXPECT_EQ(directory.retire_empty_tables({kPage, kPage + PageCount(1024)}, batch), PageCount(1));
    batch.not_loaded();
}

TEST_F(PageDirectoryTest, ReservesTables) {
    const PageRange range{PageNumber(0xF0000), PageNumber(0xF0C01)};
    ASSERT_TRUE(directory.reserve_tables(range).ok());
    EXPECT_EQ(directory.tables(), PageCount(4));
    EXPECT_EQ(directory.reserve_tables(range).error(), Error::AlreadyExists);
    EXPECT_TRUE(directory.reserve_tables({PageNumber(5), PageNumber(5)}).ok());
    machine.injector.fail_nth(1);
    EXPECT_TRUE(directory.map(PageNumber(0xF0C00), kernel_page(data)).ok());
    machine.injector.fail_nth(0);
    (void)directory.unmap(PageNumber(0xF0C00)).flush();
}

// --- 4 MiB pages ---

TEST_F(PageDirectoryTest, MapsLargePages) {
    const Pde entry = large_page(0x400).with_scope(Scope::Global);
    ASSERT_TRUE(directory.map_large(kKernelPage, entry).ok());
    EXPECT_EQ(directory.map_large(kKernelPage, entry).error(), Error::AlreadyExists);
    EXPECT_EQ(directory.map(kKernelPage + PageCount(5), kernel_page(data)).error(),
              Error::AlreadyExists);
    EXPECT_TRUE(writes(kKernelPage + PageCount(0x123), Ring::Kernel));
    EXPECT_EQ(frame_words(FrameNumber(0x523))[0], 0xF0123U);
    EXPECT_EQ(directory.translate(VirtAddr(0xF0123456)),
              (Translation{FrameNumber(0x523), 0x456, Protection::KernelReadWrite, true}));
    EXPECT_TRUE(writes(kKernelPage, Ring::Kernel));
    FlushBatch batch(machine.frames);
    const Pde gone = directory.unmap_large(kKernelPage, batch);
    EXPECT_TRUE(gone.is_dirty() && gone.is_accessed());
    EXPECT_EQ(gone.without_accessed().without_dirty(), entry);
    batch.flush();
    EXPECT_FALSE(reads(kKernelPage, Ring::Kernel));
    EXPECT_DEATH(directory.unmap_large(kKernelPage, batch), "is_large");
}

TEST_F(PageDirectoryTest, RefusesPageOperationsInALargePage) {
    ASSERT_TRUE(directory.map_large(kKernelPage, large_page(0x400)).ok());
    EXPECT_DEATH((void)directory.unmap(kKernelPage).flush(), "is_table");
    EXPECT_DEATH((void)directory.protect(kKernelPage, Protection::KernelReadOnly).flush(),
                 "is_table");
    FlushBatch batch(machine.frames);
    directory.unmap_large(kKernelPage, batch);
    batch.flush();
}

TEST_F(PageDirectoryTest, SplitsLargePages) {
    ASSERT_TRUE(directory.map_large(kKernelPage, large_page(0x400).with_scope(Scope::Global)).ok());
    EXPECT_TRUE(writes(kKernelPage + PageCount(1), Ring::Kernel));
    EXPECT_TRUE(writes(kKernelPage + PageCount(2), Ring::Kernel));
    ASSERT_TRUE(directory.split(kKernelPage + PageCount(99)).ok());
    EXPECT_TRUE(mmu.find_stale().empty());  // no flush was needed
    EXPECT_TRUE(directory.entry(kKernelPage).is_dirty());
    EXPECT_EQ(directory.translate(VirtAddr(0xF0001234)),
              (Translation{FrameNumber(0x401), 0x234, Protection::KernelReadWrite, false}));
    (void)directory.protect(kKernelPage + PageCount(1), Protection::KernelReadOnly).flush();
    EXPECT_FALSE(writes(kKernelPage + PageCount(1), Ring::Kernel));
    EXPECT_TRUE(writes(kKernelPage + PageCount(2), Ring::Kernel));
    EXPECT_EQ(frame_words(FrameNumber(0x402))[0], 0xF0002U);
    directory.check_invariants();
    ASSERT_TRUE(directory.split(kKernelPage).ok());  // nothing left to do
    for (std::uint32_t i = 0; i < kEntriesPerTable; ++i) {
        (void)directory.unmap(kKernelPage + PageCount(i)).flush();
    }
}

// --- the kernel's half ---

TEST_F(PageDirectoryTest, TheNextOneGetsTheFrameOfOneThatEnded) {
    ASSERT_TRUE(directory.reserve_tables({kKernelPage, kKernelPage + PageCount(1)}).ok());
    const PageCount free = machine.frames.free_frames();
    std::vector<FrameNumber> ended;
    {
        std::vector<Result<PageDirectory>> some;
        for (int i = 0; i < 5; ++i)
            some.push_back(PageDirectory::create(machine.frames, directory));
        for (auto& process : some) {
            ASSERT_TRUE(process.value().map(kPage, user_page(data)).ok());
            (void)process.value().unmap(kPage).not_loaded();
            ended.push_back(process.value().frame());
        }
    }
    EXPECT_EQ(machine.frames.free_frames(), free - PageCount(4));  // so many are kept
    Result<PageDirectory> next = PageDirectory::create(machine.frames, directory);
    EXPECT_NE(std::find(ended.begin(), ended.end(), next.value().frame()), ended.end());
    next.value().check_invariants();
    EXPECT_EQ(next.value().translate(start_of(kPage)), std::nullopt);
    directory.drop_kept();
    EXPECT_EQ(machine.frames.free_frames(), free - PageCount(1));
}

TEST_F(PageDirectoryTest, SharesTheKernelsHalf) {
    ASSERT_TRUE(directory.reserve_tables({kKernelPage, kKernelPage + PageCount(1)}).ok());
    ASSERT_TRUE(directory.map_large(kFirstKernelPage, large_page(0)).ok());
    {
        Result<PageDirectory> process = PageDirectory::create(machine.frames, directory);
        // Mapped after the process was made, and seen by it.
        ASSERT_TRUE(directory.map(kKernelPage, kernel_page(data)).ok());
        mm::machine::load_page_directory(process.value().frame());
        EXPECT_TRUE(writes(kKernelPage, Ring::Kernel));
        EXPECT_TRUE(reads(kFirstKernelPage + PageCount(3), Ring::Kernel));
        EXPECT_EQ(process.value().translate(start_of(kKernelPage))->frame, data);
        process.value().check_invariants();
        directory.check_invariants();
        (void)directory.unmap(kKernelPage).flush();
        EXPECT_FALSE(reads(kKernelPage, Ring::Kernel));
        // Its own half is its own.
        ASSERT_TRUE(process.value().map(kPage, user_page(data)).ok());
        EXPECT_EQ(directory.translate(start_of(kPage)), std::nullopt);
        (void)process.value().unmap(kPage).flush();
        EXPECT_EQ(process.value().tables(), PageCount(1));

        EXPECT_DEATH((void)process.value().map(kKernelPage, kernel_page(data)), "owns");
        EXPECT_DEATH((void)directory.map(PageNumber(0xF8000), kernel_page(data)), "may_change_pde");
        EXPECT_DEATH((void)directory.split(kFirstKernelPage), "may_change_pde");
        mm::machine::load_page_directory(directory.frame());
    }
    FlushBatch batch(machine.frames);
    directory.unmap_large(kFirstKernelPage, batch);
    batch.flush();
}

TEST_F(PageDirectoryTest, ChecksItsInvariants) {
    ASSERT_TRUE(directory.map(kPage, user_page(data)).ok());
    const PageTable table(directory.directory_entry(kPage).table());
    const EntryTable<Pde> entries(directory.frame());
    EXPECT_DEATH((table.set(5, user_page(data)), directory.check_invariants()), "used");
    EXPECT_DEATH((table.set(0, Pte::from_raw(0x1281)), directory.check_invariants()),
                 "is_well_formed");
    EXPECT_DEATH((entries.set(9, entries.get(1)), directory.check_invariants()), "table");
    EXPECT_DEATH((entries.set(1, entries.get(1).with_protection(Protection::KernelReadOnly)),
                  directory.check_invariants()),
                 "protection");
    EXPECT_DEATH((entries.set(1, Pde()), directory.check_invariants()), "tables_");
    {
        Result<PageDirectory> process = PageDirectory::create(machine.frames, directory);
        const EntryTable<Pde> copy(process.value().frame());
        EXPECT_DEATH((copy.set(1000, large_page(0)), process.value().check_invariants()),
                     "kernels");
    }
    (void)directory.unmap(kPage).flush();
}

TEST_F(PageDirectoryTest, MayNotGoWhileSomethingIsMapped) {
    EXPECT_DEATH(
        {
            Result<PageDirectory> other = PageDirectory::create(machine.frames);
            (void)other.value().map(kPage, user_page(data));
        },
        "used_entries");
    EXPECT_DEATH(
        {
            std::optional<PageDirectory> kernel(PageDirectory::create(machine.frames).take());
            Result<PageDirectory> process = PageDirectory::create(machine.frames, *kernel);
            kernel.reset();
        },
        "sharers_");
}

// --- failures ---

// Runs `attempt` with its first, second, ... allocation failing until it succeeds; each failure is
// OutOfMemory and leaves frames, tables and entries as they were. Returns how many there were.
template <typename Attempt>
std::uint32_t fail_each_allocation(PagingMachine& machine, PageDirectory& directory,
                                   Attempt attempt) {
    for (std::uint32_t n = 1;; ++n) {
        const std::uint32_t used = machine.used_frames();
        const PageCount tables = directory.tables();
        const std::uint32_t entries = EntryTable<Pde>(directory.frame()).used();
        machine.injector.fail_nth(n);
        const Result<void> result = attempt();
        const bool untouched = machine.injector.armed();
        machine.injector.fail_nth(0);
        if (result.ok()) {
            EXPECT_TRUE(untouched);
            return n - 1;
        }
        EXPECT_EQ(result.error(), Error::OutOfMemory);
        EXPECT_EQ(machine.used_frames(), used);
        EXPECT_EQ(directory.tables(), tables);
        EXPECT_EQ(EntryTable<Pde>(directory.frame()).used(), entries);
        directory.check_invariants();
        machine.frames.check_invariants();
    }
}

TEST_F(PageDirectoryTest, LeavesNothingBehindWhenMemoryRunsOut) {
    const auto fails = [this](auto attempt) {
        return fail_each_allocation(machine, directory, attempt);
    };
    EXPECT_EQ(fails([&] { return directory.map(kPage, user_page(data)); }), 1U);
    EXPECT_EQ(fails([&] { return directory.map(kPage + PageCount(1), user_page(data)); }), 0U);
    (void)directory.unmap(kPage).flush();
    (void)directory.unmap(kPage + PageCount(1)).flush();
    EXPECT_EQ(fails([&] {
                  return directory.reserve_tables({PageNumber(0xF0400), PageNumber(0xF1400)});
              }),
              4U);
    ASSERT_TRUE(directory.map_large(kKernelPage, large_page(0x400)).ok());
    EXPECT_EQ(fails([&] { return directory.split(kKernelPage); }), 1U);
    for (std::uint32_t i = 0; i < kEntriesPerTable; ++i) {
        (void)directory.unmap(kKernelPage + PageCount(i)).flush();
    }
    EXPECT_EQ(fails([&]() -> Result<void> {
                  const Result<PageDirectory> other = PageDirectory::create(machine.frames);
                  return other.ok() ? Result<void>() : Result<void>(other.error());
              }),
              1U);
    EXPECT_EQ(fails([&]() -> Result<void> {
                  const Result<PageDirectory> other =
                      PageDirectory::create(machine.frames, directory);
                  return other.ok() ? Result<void>() : Result<void>(other.error());
              }),
              1U);
}

TEST_F(PageDirectoryTest, FreesItsTables) {
    const std::uint32_t used = machine.used_frames();
    {
        Result<PageDirectory> other = PageDirectory::create(machine.frames);
        ASSERT_TRUE(other.value().map(kPage, user_page(data)).ok());
        ASSERT_TRUE(other.value().map(kKernelPage, kernel_page(data)).ok());
        (void)other.value().unmap(kPage).flush();
        (void)other.value().unmap(kKernelPage).flush();
        EXPECT_EQ(machine.used_frames(), used + 3);
    }
    EXPECT_EQ(machine.used_frames(), used);
}

}  // namespace
}  // namespace quire::mm
