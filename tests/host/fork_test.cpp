// fork shares page tables: who shares what, when a table is copied, what every count then is.
#include <gtest/gtest.h>

#include <cstring>

#include "mm/physical_window.h"
#include "tests/host/user_machine.h"

namespace quire::mm {
namespace {

constexpr PageNumber kPage{0x08048};
constexpr PageRange kRegion = PageRange::of(kPage, PageCount(16));
constexpr PageNumber kFarPage{0x10000};

constexpr RegionTraits kPrivate{.rights = Rights::read() | Rights::write(),
                                .most = Rights::read() | Rights::write(),
                                .charged = true};

class ForkTest : public testing::Test {
  protected:
    test::UserMachine machine;
    std::unique_ptr<AddressSpace> parent = machine.new_space();
    std::unique_ptr<AddressSpace> child = machine.new_space();

    void SetUp() override {
        ASSERT_TRUE(parent->add_region(kRegion, kPrivate, nullptr, 0).ok());
        give_page(*parent, kPage, 11);
        give_page(*parent, kPage + PageCount(1), 22);
        load(*parent);
        EXPECT_TRUE(writes(kPage));  // the TLB has it as writable
    }
    void TearDown() override {
        machine.check();
        machine.memory.load(machine.kernel.frame());
        child.reset();
        machine.check();
        parent.reset();
        machine.check();
    }

    void load(AddressSpace& space) { machine.memory.load(space.pages().directory().frame()); }
    bool reads(PageNumber page) { return byte_at(page) >= 0; }
    int byte_at(PageNumber page) {
        std::uint32_t value = 0;
        if (machine.machine.mmu.load(start_of(page), 1, Ring::User, value)) return -1;
        return static_cast<int>(value);
    }
    bool writes(PageNumber page, std::uint32_t value = 11) {
        return !machine.machine.mmu.store(start_of(page), 1, Ring::User, value);
    }
    FrameNumber frame_of(AddressSpace& space, PageNumber page) {
        return space.pages().entry(page).frame();
    }
    std::uint32_t table_references(AddressSpace& space, PageNumber page) {
        return machine.machine.table.references(space.pages().location(page).table);
    }

    // What a demand-zero fault would do, with `value` in the first byte.
    void give_page(AddressSpace& space, PageNumber page, unsigned char value) {
        SpaceFlush flush(space.pages());
        ASSERT_TRUE(space.pages().own_table(page, *flush).ok());
        OwnedFrame frame = machine.machine.frames.allocate_zeroed().take();
        frame_bytes(frame.number())[0] = std::byte{value};
        Region* region = space.regions().find(page);
        const Pte pte = Pte::for_frame(frame.number(), Protection::UserReadWrite)
                            .with_lock(region->traits().locked);
        space.pages().put(page, pte, *flush);
        machine.pages.add_private(frame.release(), space.pages().location(page), pte);
    }
    void fork() { ASSERT_TRUE(child->fork_from(*parent).ok()); }
    void own(AddressSpace& space, PageNumber page) {
        SpaceFlush flush(space.pages());
        ASSERT_TRUE(space.pages().own_table(page, *flush).ok());
    }
    void clear(AddressSpace& space, PageRange range) {
        SpaceFlush flush(space.pages());
        ASSERT_TRUE(space.pages().own_edges(range, *flush).ok());
        space.pages().clear(range, *flush);
    }
};

TEST_F(ForkTest, SharesThePageTable) {
    fork();
    EXPECT_EQ(parent->pages().location(kPage), child->pages().location(kPage));
    EXPECT_EQ(parent->pages().table_use(kPage), TableUse::Shared);
    EXPECT_EQ(table_references(*parent, kPage), 2U);
    EXPECT_EQ(machine.pages.mappings(frame_of(*parent, kPage)), 1U);
    EXPECT_EQ(machine.commit.committed(), PageCount(32));
}

TEST_F(ForkTest, BothReadAndNeitherWrites) {
    fork();
    EXPECT_EQ(byte_at(kPage), 11);
    EXPECT_FALSE(writes(kPage));
    load(*child);
    EXPECT_EQ(byte_at(kPage + PageCount(1)), 22);
    EXPECT_FALSE(writes(kPage));
}

// The sibling next to the table that loses the page has lost it before.
TEST_F(ForkTest, ANewHomeMayBeFurtherAlongTheRing) {
    fork();
    const auto second = machine.new_space();
    ASSERT_TRUE(second->fork_from(*parent).ok());
    own(*child, kPage);
    own(*second, kPage);
    own(*parent, kPage);
    const FrameNumber frame = frame_of(*second, kPage);
    clear(*child, PageRange::of(kPage, PageCount(1)));
    clear(*parent, PageRange::of(kPage, PageCount(1)));
    EXPECT_EQ(machine.machine.table.pte_of(frame), second->pages().location(kPage));
    EXPECT_EQ(machine.pages.mappings(frame), 1U);
}

TEST_F(ForkTest, UnsharingMakesPrivatePagesReadOnlyInBoth) {
    fork();
    own(*child, kPage);
    EXPECT_NE(parent->pages().location(kPage), child->pages().location(kPage));
    EXPECT_EQ(frame_of(*parent, kPage), frame_of(*child, kPage));
    EXPECT_EQ(machine.pages.mappings(frame_of(*parent, kPage)), 2U);
    EXPECT_FALSE(parent->pages().entry(kPage).is_writable());
    EXPECT_FALSE(child->pages().entry(kPage).is_writable());
    EXPECT_EQ(parent->pages().table_use(kPage), TableUse::Last);
    EXPECT_EQ(child->pages().table_use(kPage), TableUse::Own);
    load(*child);
    EXPECT_FALSE(writes(kPage));
}

TEST_F(ForkTest, UnsharingCopiesPagesBehindAHole) {
    const PageNumber behind = kPage + PageCount(5);
    give_page(*parent, behind, 55);
    fork();
    own(*child, kPage);
    machine.check();
    EXPECT_TRUE(child->pages().entry(kPage + PageCount(3)).is_empty());
    EXPECT_EQ(frame_of(*child, behind), frame_of(*parent, behind));
    EXPECT_EQ(machine.pages.mappings(frame_of(*parent, behind)), 2U);
    EXPECT_FALSE(parent->pages().entry(behind).is_writable());
    EXPECT_FALSE(child->pages().entry(behind).is_writable());
}

TEST_F(ForkTest, TheLastSharerTakesTheTableOver) {
    fork();
    own(*child, kPage);
    own(*parent, kPage);
    EXPECT_EQ(parent->pages().table_use(kPage), TableUse::Own);
    EXPECT_EQ(machine.memory.statistics().tables_copied, 1U);
    EXPECT_EQ(machine.memory.statistics().tables_taken_over, 1U);
}

TEST_F(ForkTest, AChildThatGoesLeavesThePagesToItsParent) {
    fork();
    child->empty();
    EXPECT_EQ(parent->pages().table_use(kPage), TableUse::Last);
    EXPECT_EQ(byte_at(kPage), 11);
    own(*parent, kPage);
    EXPECT_FALSE(writes(kPage, 33));  // the TLB still says read-only; the fault corrects it
    EXPECT_TRUE(writes(kPage, 33));
}

TEST_F(ForkTest, AParentThatGoesLeavesThePagesToItsChild) {
    fork();
    own(*child, kPage);
    load(*child);
    parent->empty();
    EXPECT_EQ(byte_at(kPage), 11);
    EXPECT_EQ(machine.pages.mappings(frame_of(*child, kPage)), 1U);
    // The record that named the parent's entry names the child's now.
    EXPECT_EQ(machine.machine.table.pte_of(frame_of(*child, kPage)),
              child->pages().location(kPage));
}

TEST_F(ForkTest, TakingAPartOutUnsharesFirst) {
    fork();
    clear(*child, PageRange::of(kPage, PageCount(1)));
    EXPECT_TRUE(child->pages().entry(kPage).is_empty());
    EXPECT_EQ(byte_at(kPage), 11);
    EXPECT_EQ(machine.pages.mappings(frame_of(*parent, kPage)), 1U);
    EXPECT_EQ(machine.pages.mappings(frame_of(*parent, kPage + PageCount(1))), 2U);
    load(*child);
    EXPECT_FALSE(reads(kPage));
}

TEST_F(ForkTest, AWholeTableIsLeftWithoutACopy) {
    fork();
    const PageCount free = machine.machine.frames.free_frames();
    clear(*child, {PageNumber(0x08000), PageNumber(0x08400)});
    EXPECT_EQ(child->pages().table_use(kPage), TableUse::None);
    EXPECT_EQ(machine.machine.frames.free_frames(), free);
    EXPECT_EQ(table_references(*parent, kPage), 1U);
}

TEST_F(ForkTest, GrandchildrenShareOnAndOn) {
    auto grandchild = machine.new_space();
    fork();
    ASSERT_TRUE(grandchild->fork_from(*child).ok());
    EXPECT_EQ(table_references(*parent, kPage), 3U);
    own(*parent, kPage);
    own(*grandchild, kPage);
    EXPECT_EQ(machine.pages.mappings(frame_of(*child, kPage)), 3U);
    EXPECT_EQ(child->pages().table_use(kPage), TableUse::Last);
    machine.check();
    child->empty();
    machine.check();
    parent->empty();
    machine.check();
    load(*grandchild);
    EXPECT_EQ(byte_at(kPage), 11);
    machine.memory.load(machine.kernel.frame());
}

TEST_F(ForkTest, ALockedRegionIsCopiedAndTheChildHasNoLock) {
    RegionTraits traits = kPrivate;
    traits.locked = true;
    ASSERT_TRUE(parent->add_region(PageRange::of(kFarPage, PageCount(4)), traits, nullptr, 0).ok());
    give_page(*parent, kFarPage, 44);
    EXPECT_TRUE(machine.machine.table.has(frame_of(*parent, kFarPage), FrameFlag::Locked));
    load(*parent);
    EXPECT_TRUE(writes(kFarPage, 44));
    fork();
    EXPECT_NE(parent->pages().location(kFarPage), child->pages().location(kFarPage));
    EXPECT_TRUE(parent->pages().entry(kFarPage).is_locked());
    EXPECT_FALSE(child->pages().entry(kFarPage).is_locked());
    EXPECT_EQ(frame_of(*parent, kFarPage), frame_of(*child, kFarPage));
    EXPECT_FALSE(writes(kFarPage));
    machine.check();
    parent->empty();  // with the parent's mapping the lock goes, not the page
    EXPECT_FALSE(machine.machine.table.has(frame_of(*child, kFarPage), FrameFlag::Locked));
}

TEST_F(ForkTest, ADontforkRegionIsLeftOut) {
    RegionTraits traits = kPrivate;
    traits.dont_fork = true;
    const PageNumber near = kRegion.end;  // under the same page table
    ASSERT_TRUE(parent->add_region(PageRange::of(near, PageCount(4)), traits, nullptr, 0).ok());
    give_page(*parent, near, 55);
    fork();
    EXPECT_EQ(child->regions().find(near), nullptr);
    EXPECT_TRUE(child->pages().entry(near).is_empty());
    EXPECT_EQ(byte_at(near), 55);
    load(*child);
    EXPECT_EQ(byte_at(kPage), 11);
    EXPECT_FALSE(reads(near));
    EXPECT_EQ(machine.commit.committed(), PageCount(16 + 4 + 16));
}

TEST_F(ForkTest, SlotsAreNamedByEachCopy) {
    const SwapSlot slot = machine.swap.allocate(FrameNumber(1)).take();
    machine.swap.add_name(slot);
    machine.swap.clear_cached(slot);
    const PageNumber page = kPage + PageCount(5);
    {
        SpaceFlush flush(parent->pages());
        parent->pages().put(page, Pte::for_slot(slot), *flush);
    }
    fork();
    EXPECT_EQ(machine.swap.names(slot), 1U);
    own(*child, page);
    EXPECT_EQ(machine.swap.names(slot), 2U);
    machine.check();
    child->empty();
    EXPECT_EQ(machine.swap.names(slot), 1U);
    parent->empty();
    EXPECT_FALSE(machine.swap.in_use(slot));
}

TEST_F(ForkTest, WhatWasApartByALockIsOneInTheChild) {
    RegionTraits locked = kPrivate;
    locked.locked = true;
    const PageRange above = PageRange::of(kRegion.end, PageCount(4));
    ASSERT_TRUE(parent->add_region(above, locked, nullptr, 0).ok());
    fork();
    EXPECT_EQ(parent->regions().size(), 2U);
    EXPECT_EQ(child->regions().size(), 1U);
    EXPECT_EQ(child->regions().first()->range(), PageRange(kRegion.first, above.end));
    EXPECT_EQ(child->figures().locked, PageCount());
    EXPECT_EQ(child->figures().charged, PageCount(20));
}

TEST_F(ForkTest, WhatAChildDoesNotGetIsNotCharged) {
    ASSERT_TRUE(
        parent->add_region(PageRange::of(kFarPage, PageCount(4)), kPrivate, nullptr, 0).ok());
    ASSERT_TRUE(
        parent->advise(start_of(kFarPage), 4 * kPageSize, AddressSpace::AdviceCall::DontFork).ok());
    fork();
    EXPECT_EQ(child->regions().find(kFarPage), nullptr);
    EXPECT_EQ(child->figures().charged, PageCount(16));
    EXPECT_EQ(machine.commit.committed(), PageCount(36));
    child->empty();
    EXPECT_EQ(machine.commit.committed(), PageCount(20));
}

// The heuristic refuses a mapping larger than all memory, not many that are so together.
TEST_F(ForkTest, ChargesPieceByPieceWhatIsTooMuchAtOnce) {
    const PageCount ram = machine.commit.limit() + machine.commit.limit();
    const PageCount half(ram.raw() / 2 + 1);
    for (const PageNumber first : {PageNumber(0x20000), PageNumber(0x50000)})
        ASSERT_TRUE(parent->add_region(PageRange::of(first, half), kPrivate, nullptr, 0).ok());
    const PageCount committed = machine.commit.committed();
    fork();
    EXPECT_EQ(machine.commit.committed(), committed + committed);
    child->empty();
    EXPECT_EQ(machine.commit.committed(), committed);
    machine.commit.set_mode(Overcommit::Never);
    EXPECT_EQ(child->fork_from(*parent).error(), Error::OutOfMemory);
    EXPECT_EQ(machine.commit.committed(), committed);
}

TEST_F(ForkTest, FailsWithoutATrace) {
    RegionTraits traits = kPrivate;
    traits.locked = true;
    ASSERT_TRUE(parent->add_region(PageRange::of(kFarPage, PageCount(4)), traits, nullptr, 0).ok());
    give_page(*parent, kFarPage, 44);
    const PageCount committed = machine.commit.committed();
    for (std::uint32_t n = 1;; ++n) {
        const PageCount free = machine.machine.frames.free_frames();
        machine.machine.injector.fail_nth(n);
        const bool done = child->fork_from(*parent).ok();
        const bool was_injected = !machine.machine.injector.armed();
        machine.machine.injector.fail_nth(0);
        if (done) {
            EXPECT_GT(n, 1U);
            EXPECT_FALSE(was_injected);
            break;
        }
        machine.slabs.reclaim();
        EXPECT_EQ(child->regions().first(), nullptr);
        EXPECT_EQ(machine.commit.committed(), committed);
        EXPECT_GE(machine.machine.frames.free_frames(), free);
        machine.check();
    }
}

TEST_F(ForkTest, AnUnshareThatFailsChangesNothing) {
    fork();
    machine.machine.injector.fail_nth(1);
    SpaceFlush flush(child->pages());
    EXPECT_EQ(child->pages().own_table(kPage, *flush).error(), Error::OutOfMemory);
    EXPECT_EQ(table_references(*parent, kPage), 2U);
}

// The price of sharing one more page table.
TEST_F(ForkTest, CountsWhatItShares) {
    machine.commit.set_mode(Overcommit::Always);
    ASSERT_TRUE(
        parent->add_region(PageRange::of(kFarPage, PageCount(8192)), kPrivate, nullptr, 0).ok());
    for (std::uint32_t i = 0; i < 8; ++i)
        give_page(*parent, kFarPage + PageCount(1024 * i), 1);
    fork();
    EXPECT_EQ(machine.memory.statistics().tables_shared, 9U);
    EXPECT_EQ(child->figures().resident, PageCount(10));
    EXPECT_EQ(child->figures().tables, PageCount(9));
}

}  // namespace
}  // namespace quire::mm
