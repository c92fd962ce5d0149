// Pde and Pte bit by bit. The numbers are those of SDM 3A figure 4-4, written out.
#include "mm/page_entry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace quire::mm {
namespace {

constexpr Protection kProtections[] = {Protection::KernelReadOnly, Protection::KernelReadWrite,
                                       Protection::UserReadOnly, Protection::UserReadWrite};

TEST(Pte, HasTheBitsOfTheManual) {
    const Pte pte = Pte::for_frame(FrameNumber(0x12345), Protection::KernelReadOnly);
    EXPECT_EQ(pte.raw(), 0x12345001U);
    EXPECT_EQ(pte.with_protection(Protection::KernelReadWrite).raw(), 0x12345003U);
    EXPECT_EQ(pte.with_protection(Protection::UserReadOnly).raw(), 0x12345005U);
    EXPECT_EQ(pte.with_protection(Protection::UserReadWrite).raw(), 0x12345007U);
    EXPECT_EQ(pte.with_caching(Caching::WriteThrough).raw(), 0x12345009U);
    EXPECT_EQ(pte.with_caching(Caching::Uncached).raw(), 0x12345019U);
    EXPECT_EQ(pte.with_accessed().raw(), 0x12345021U);
    EXPECT_EQ(pte.with_dirty().raw(), 0x12345041U);
    EXPECT_EQ(pte.with_scope(Scope::Global).raw(), 0x12345101U);
}

TEST(Pde, HasTheBitsOfTheManual) {
    const Pde table = Pde::for_table(FrameNumber(0x12345), Protection::UserReadWrite);
    EXPECT_EQ(table.raw(), 0x12345007U);
    EXPECT_TRUE(table.is_table() && !table.is_large());
    EXPECT_EQ(table.table(), FrameNumber(0x12345));
    const Pde large = Pde::for_large_page(FrameNumber(0x12400), Protection::KernelReadWrite);
    EXPECT_EQ(large.raw(), 0x12400083U);
    EXPECT_TRUE(large.is_large() && !large.is_table());
    EXPECT_EQ(large.large_frame(), FrameNumber(0x12400));
    EXPECT_EQ(large.with_scope(Scope::Global).with_dirty().raw(), 0x124001C3U);
}

// What with_...() sets, the question finds, and without_...() takes away; nothing else changes.
TEST(Pte, AnswersWhatItWasBuiltWith) {
    for (Protection protection : kProtections) {
        const Pte pte = Pte::for_frame(FrameNumber(7), protection);
        EXPECT_EQ(pte.protection(), protection);
        EXPECT_EQ(pte.is_writable(), is_writable(protection));
        EXPECT_EQ(pte.is_user(), is_user(protection));
        EXPECT_FALSE(pte.is_accessed() || pte.is_dirty() || pte.is_global());
        EXPECT_TRUE(pte.with_accessed().is_accessed());
        EXPECT_TRUE(pte.with_dirty().is_dirty());
        EXPECT_TRUE(pte.with_scope(Scope::Global).is_global());
        EXPECT_EQ(pte.with_accessed().without_accessed(), pte);
        EXPECT_EQ(pte.with_dirty().without_dirty(), pte);
        EXPECT_EQ(pte.with_scope(Scope::Global).with_scope(Scope::OneSpace), pte);
        for (Caching caching : {Caching::WriteBack, Caching::WriteThrough, Caching::Uncached}) {
            EXPECT_EQ(pte.with_caching(caching).caching(), caching);
            EXPECT_EQ(pte.with_caching(caching).with_caching(Caching::WriteBack), pte);
        }
    }
    EXPECT_EQ(read_only(Protection::UserReadWrite), Protection::UserReadOnly);
    EXPECT_EQ(read_only(Protection::KernelReadWrite), Protection::KernelReadOnly);
}

// Exactly one of the three states, for every frame and every slot.
TEST(Pte, IsEmptyPresentOrSwapped) {
    EXPECT_TRUE(Pte().is_empty() && !Pte().is_present() && !Pte().is_swapped());
    for (std::uint32_t number = 0; number < 1U << 20; number += 4093) {
        const Pte present = Pte::for_frame(FrameNumber(number), Protection::KernelReadOnly);
        EXPECT_TRUE(!present.is_empty() && present.is_present() && !present.is_swapped());
        EXPECT_EQ(present.frame(), FrameNumber(number));
        const Pte swapped = Pte::for_slot(SwapSlot(number + 1));
        EXPECT_TRUE(!swapped.is_empty() && !swapped.is_present() && swapped.is_swapped());
        EXPECT_EQ(swapped.slot(), SwapSlot(number + 1));
        EXPECT_TRUE(present.is_well_formed() && swapped.is_well_formed());
    }
    EXPECT_EQ(Pte::for_slot(kMaxSwapSlot).slot(), kMaxSwapSlot);
}

// A hidden entry keeps its frame, its rights, its bits and its lock, and comes back unchanged.
TEST(Pte, HidesAPageAndShowsItAgain) {
    const Pte present = Pte::for_frame(FrameNumber(0x12345), Protection::UserReadWrite)
                            .with_accessed()
                            .with_dirty()
                            .with_lock(true);
    const Pte hidden = present.hidden();
    EXPECT_EQ(hidden.raw(), 0x12345666U);
    EXPECT_TRUE(hidden.is_hidden() && hidden.is_resident() && hidden.is_well_formed());
    EXPECT_FALSE(hidden.is_present() || hidden.is_swapped() || hidden.is_empty());
    EXPECT_TRUE(hidden.is_locked() && hidden.is_accessed() && hidden.is_dirty());
    EXPECT_EQ(hidden.frame(), FrameNumber(0x12345));
    EXPECT_EQ(hidden.shown(), present);
    EXPECT_TRUE(present.is_resident() && !present.is_hidden());
}

TEST(PteChange, ReplacesWhatMayBeDoneAndNothingElse) {
    const Pte used = Pte::for_frame(FrameNumber(0x12345), Protection::UserReadWrite)
                         .with_accessed()
                         .with_dirty()
                         .with_lock(true);
    const Pte hidden = PteChange::hide().of(used);
    EXPECT_EQ(hidden, used.without_write().hidden());
    EXPECT_EQ(PteChange::hide().of(hidden), hidden);
    EXPECT_EQ(PteChange::show_read_only().of(hidden), used.without_write());
    EXPECT_EQ(PteChange::show_writable().of(hidden), used);
    EXPECT_DEATH((void)PteChange::hide().of(Pte()), "is_resident");
}

TEST(Pte, CarriesALock) {
    const Pte pte = Pte::for_frame(FrameNumber(3), Protection::UserReadWrite);
    EXPECT_EQ(pte.with_lock(true).raw(), 0x3207U);
    EXPECT_TRUE(pte.with_lock(true).is_locked() && pte.with_lock(true).is_well_formed());
    EXPECT_EQ(pte.with_lock(true).with_lock(false), pte);
    EXPECT_EQ(pte.with_lock(true).without_write().raw(), 0x3205U);
}

TEST(Pte, RefusesWhatItCannotHold) {
    EXPECT_DEATH((void)Pte::for_slot(SwapSlot(0)), "assertion failed");
    EXPECT_DEATH((void)Pte::for_slot(SwapSlot(1U << 20)), "assertion failed");
    EXPECT_DEATH((void)Pte::for_frame(FrameNumber(1U << 20), Protection::UserReadOnly),
                 "assertion failed");
    EXPECT_DEATH((void)Pte().frame(), "is_resident");
    EXPECT_DEATH((void)Pte().hidden(), "is_resident");
    EXPECT_DEATH((void)Pte().slot(), "is_swapped");
    EXPECT_DEATH((void)Pte::for_slot(SwapSlot(5)).frame(), "is_resident");
}

TEST(Pde, RefusesWhatItCannotHold) {
    EXPECT_DEATH((void)Pde::for_large_page(FrameNumber(1), Protection::KernelReadOnly),
                 "assertion failed");
    EXPECT_DEATH((void)Pde().table(), "is_table");
    EXPECT_DEATH((void)Pde::for_table(FrameNumber(1), Protection::KernelReadOnly).large_frame(),
                 "is_large");
    EXPECT_DEATH((void)Pde::for_large_page(FrameNumber(0), Protection::KernelReadOnly).table(),
                 "is_table");
}

// Every piece of a large page names its own frame and keeps rights, A, D, G and caching.
TEST(Pde, FallsIntoPieces) {
    const Pde large = Pde::for_large_page(FrameNumber(0x400), Protection::UserReadWrite)
                          .with_accessed()
                          .with_dirty()
                          .with_caching(Caching::Uncached)
                          .with_scope(Scope::Global);
    const Pte expected = Pte::for_frame(FrameNumber(0x400), Protection::UserReadWrite)
                             .with_accessed()
                             .with_dirty()
                             .with_caching(Caching::Uncached)
                             .with_scope(Scope::Global);
    for (std::uint32_t i = 0; i < kEntriesPerTable; ++i) {
        EXPECT_EQ(large.piece(i).raw(), expected.raw() + i * kPageSize);
        EXPECT_TRUE(large.piece(i).is_well_formed());
    }
}

TEST(Pte, KnowsAMalformedEntry) {
    const std::uint32_t good = 0x00005000;
    EXPECT_TRUE(Pte::from_raw(good | 1).is_well_formed());
    for (std::uint32_t bit : {7U, 10U, 11U}) {
        EXPECT_FALSE(Pte::from_raw(good | 1U | 1U << bit).is_well_formed()) << bit;
    }
    for (std::uint32_t bit = 1; bit < 12; ++bit) {
        const bool hidden = bit == 10;
        EXPECT_EQ(Pte::from_raw(good | 1U << bit).is_well_formed(), hidden) << bit;
    }
    for (std::uint32_t bit : {7U, 8U, 11U}) {
        EXPECT_FALSE(Pte::from_raw(good | Pte::kHidden | 1U << bit).is_well_formed()) << bit;
    }
}

TEST(Pde, KnowsAMalformedEntry) {
    EXPECT_TRUE(Pde().is_well_formed());
    EXPECT_FALSE(Pde::from_raw(2).is_well_formed());
    EXPECT_FALSE(Pde::from_raw(0x1041).is_well_formed());  // dirty table
    EXPECT_FALSE(Pde::from_raw(0x1101).is_well_formed());  // global table
    EXPECT_FALSE(Pde::from_raw(0x1201).is_well_formed());
    EXPECT_TRUE(Pde::from_raw(0x004001E7).is_well_formed());
    for (std::uint32_t bit = 12; bit < 22; ++bit) {
        EXPECT_FALSE(Pde::from_raw(0x00400081U | 1U << bit).is_well_formed()) << bit;
    }
}

RC_GTEST_PROP(Pte, KeepsItsFrameWhateverElseChanges, (std::uint32_t raw)) {
    const Pte pte = Pte::from_raw(raw | 1);
    RC_ASSERT(
        pte.with_accessed().without_dirty().with_protection(Protection::UserReadOnly).frame() ==
        pte.frame());
    RC_ASSERT(pte.with_caching(pte.caching()).caching() == pte.caching());
    RC_ASSERT(pte.with_protection(pte.protection()) == pte);
}

}  // namespace
}  // namespace quire::mm
