// Page tables that two directories name, at the level of PageDirectory, under the simulated MMU.
#include <gtest/gtest.h>

#include "mm/machine.h"
#include "mm/page_directory.h"
#include "tests/host/paging_machine.h"

namespace quire::mm {
namespace {

constexpr PageNumber kPage{0x00402};
constexpr FrameNumber kData{2000};
constexpr Pte kEntry = Pte::for_frame(kData, Protection::UserReadWrite);

class SharedTableTest : public testing::Test {
  protected:
    test::PagingMachine machine;
    test::SimulatedMmu& mmu = machine.mmu;
    Result<PageDirectory> made_parent = PageDirectory::create(machine.frames);
    Result<PageDirectory> made_child = PageDirectory::create(machine.frames);
    PageDirectory& parent = made_parent.value();
    PageDirectory& child = made_child.value();

    void SetUp() override {
        ASSERT_TRUE(parent.map(kPage, kEntry).ok());
        machine::load_page_directory(parent.frame());
        EXPECT_TRUE(writes());  // the TLB knows the page as writable
        EXPECT_EQ(child.share_tables(parent, {}), 1U);
        machine::flush_all();
    }
    void TearDown() override {
        parent.check_invariants();
        child.check_invariants();
        EXPECT_TRUE(mmu.missing_flushes().empty());
        EXPECT_TRUE(mmu.find_stale().empty());
        for (PageDirectory* directory : {&parent, &child}) {
            if (!directory->directory_entry(kPage).is_table()) continue;
            machine::load_page_directory(FrameNumber(1));
            if (directory->is_shared(kPage)) {
                FlushBatch batch(machine.frames);
                directory->retire_table(kPage, batch);
                batch.not_loaded();
            } else {
                (void)directory->unmap(kPage).not_loaded();
            }
        }
    }
    bool reads() {
        std::uint32_t value = 0;
        return !mmu.load(start_of(kPage), 4, Ring::User, value);
    }
    bool writes() { return !mmu.store(start_of(kPage), 4, Ring::User, 1); }
};

TEST_F(SharedTableTest, IsLeftToTheOthers) {
    const PageNumber own = kPage + PageCount(4 * kEntriesPerTable);
    ASSERT_TRUE(child.map(own, kEntry).ok());
    FlushBatch batch(machine.frames);
    child.leave_shared_tables(batch);
    EXPECT_FALSE(batch.is_empty());  // the CPU may have cached what the table maps
    batch.flush();
    EXPECT_FALSE(child.directory_entry(kPage).is_present());
    EXPECT_EQ(child.next_with_table(kFirstUserPage),
              PageNumber(own.raw() & ~(kEntriesPerTable - 1)));
    EXPECT_EQ(child.tables(), PageCount(1));
    EXPECT_FALSE(parent.is_shared(kPage));
    parent.leave_shared_tables(batch);  // it is the only one now
    EXPECT_TRUE(parent.directory_entry(kPage).is_table() && batch.is_empty());
    (void)child.unmap(own).not_loaded();
}

TEST_F(SharedTableTest, AreNamedButForThoseLeftOut) {
    const PageNumber far = kPage + PageCount(40 * kEntriesPerTable);
    ASSERT_TRUE(parent.map(far, kEntry).ok());
    Result<PageDirectory> second = PageDirectory::create(machine.frames);
    TableSet except;
    except.add(directory_index(kPage));
    EXPECT_EQ(second.value().share_tables(parent, except), 1U);
    EXPECT_FALSE(second.value().directory_entry(kPage).is_present());
    EXPECT_TRUE(parent.is_shared(far));
    EXPECT_EQ(machine.table.references(parent.directory_entry(kPage).table()), 2U);
    second.value().check_invariants();
    FlushBatch batch(machine.frames);
    second.value().leave_shared_tables(batch);
    batch.flush();
    (void)parent.unmap(far).flush();
}

TEST_F(SharedTableTest, IsTheSameFrameInBoth) {
    EXPECT_EQ(parent.directory_entry(kPage).table(), child.directory_entry(kPage).table());
    EXPECT_TRUE(parent.is_shared(kPage) && child.is_shared(kPage));
    EXPECT_EQ(child.entry(kPage).frame(), kData);
    EXPECT_EQ(child.tables(), PageCount(1));
}

TEST_F(SharedTableTest, CanBeReadAndNotWrittenThrough) {
    for (PageDirectory* directory : {&parent, &child}) {
        machine::load_page_directory(directory->frame());
        EXPECT_TRUE(reads());
        EXPECT_FALSE(writes());
    }
}

TEST_F(SharedTableTest, MayNotBeChangedByOne) {
    EXPECT_DEATH((void)parent.unmap(kPage).not_loaded(), "references");
    EXPECT_DEATH((void)child.map(kPage + PageCount(1), kEntry), "references");
    EXPECT_DEATH(child.allow_writes(kPage), "is_shared");
}

TEST_F(SharedTableTest, GoesWithTheLastDirectoryOnly) {
    const FrameNumber table = parent.directory_entry(kPage).table();
    FlushBatch batch(machine.frames);
    EXPECT_TRUE(reads());
    parent.retire_table(kPage, batch);
    batch.flush();
    EXPECT_FALSE(reads());
    EXPECT_EQ(machine.table.references(table), 1U);
    EXPECT_EQ(child.entry(kPage).frame(), kData);
    EXPECT_FALSE(child.is_shared(kPage));
}

TEST_F(SharedTableTest, TheLastDirectoryMayWriteAgain) {
    FlushBatch batch(machine.frames);
    child.retire_table(kPage, batch);
    batch.not_loaded();
    EXPECT_FALSE(writes());
    parent.allow_writes(kPage);
    EXPECT_TRUE(writes());
}

TEST_F(SharedTableTest, IsReplacedByACopyOfOnesOwn) {
    EXPECT_TRUE(reads());
    OwnedFrame fresh = parent.new_table(kPage).take();
    const FrameNumber copy = fresh.number();
    exchange_entry(machine.table, {copy, table_index(kPage)}, kEntry);
    parent.replace_shared_table(kPage, std::move(fresh));
    machine::flush_page(start_of(kPage));
    EXPECT_EQ(parent.directory_entry(kPage).table(), copy);
    EXPECT_FALSE(parent.is_shared(kPage) || child.is_shared(kPage));
    EXPECT_TRUE(writes());
    EXPECT_FALSE(child.directory_entry(kPage).is_writable());
}

TEST_F(SharedTableTest, AnEmptySharedTableIsNotFreedWithOneOfItsDirectories) {
    const FrameNumber table = parent.directory_entry(kPage).table();
    exchange_entry(machine.table, {table, table_index(kPage)}, Pte());
    machine::flush_all();
    FlushBatch batch(machine.frames);
    EXPECT_EQ(parent.retire_empty_tables({kFirstUserPage, kFirstKernelPage}, batch), PageCount(1));
    batch.flush();
    EXPECT_EQ(machine.table.references(table), 1U);
    EXPECT_EQ(child.retire_empty_tables({kFirstUserPage, kFirstKernelPage}, batch), PageCount(1));
    batch.not_loaded();
    EXPECT_EQ(machine.table.state(table), FrameState::Free);
}

TEST(FlushBatchFrames, GoBackAfterTheFlush) {
    test::PagingMachine machine;
    FlushBatch batch(machine.frames);
    const FrameNumber frame = machine.frames.take_frame().take();
    batch.add(kPage, Scope::OneSpace);
    batch.drop_later(frame);
    EXPECT_EQ(machine.table.state(frame), FrameState::Used);
    EXPECT_FALSE(batch.is_empty());
    batch.flush();
    EXPECT_EQ(machine.table.state(frame), FrameState::Free);
    machine.table.check_invariants();
}

}  // namespace
}  // namespace quire::mm
