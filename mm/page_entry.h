// Pde and Pte: one entry of a page directory or a page table, as values (SDM 3A figure 4-4).
//
//      31                    22 21    13 12 11  9 8 7 6 5  4   3   2   1   0
//     +------------------------------------+-----+-+-+-+-+---+---+---+---+---+
//     | page table's frame                 | avl | |0| |A|PCD|PWT|U/S|R/W| 1 |  PDE, a page table
//     +------------------------+--------+--+-----+-+-+-+-+---+---+---+---+---+
//     | 4 MiB frame            |   0    |0 | avl |G|1|D|A|PCD|PWT|U/S|R/W| 1 |  PDE, a 4 MiB page
//     +------------------------+--------+--+-----+-+-+-+-+---+---+---+---+---+
//     | page's frame                       |0 0 L|G|0|D|A|PCD|PWT|U/S|R/W| 1 |  PTE, present
//     +------------------------------------+-----+-+-+-+-+---+---+---+---+---+
//     | page's frame                       |0 1 L|0|0|D|A|PCD|PWT|U/S|R/W| 0 |  PTE, hidden
//     +------------------------------------+-----+-+-+-+-+---+---+---+---+---+
//     | swap slot, never 0                 |  0                         | 0 |  PTE, swapped
//     +------------------------------------+----------------------------+---+
//     | 0                                                               | 0 |  PTE or PDE, empty
//     +-----------------------------------------------------------------+---+
//
// The CPU ignores a PTE whose P bit is 0, so the other 31 bits of it are ours: that is the third
// state. A hidden entry is cached like a present one, only that nobody may touch it (PROT_NONE):
// 32-bit paging has no bit for that which ring 0 would obey. L says that this mapping locks its
// page in RAM (mlock). The CPU leaves bits 9 to 11 ("avl") to software. Bit 7 of a PTE
// and bit 12 of a large PDE select a PAT entry; Quire keeps them 0 too, which is right on CPUs with
// and without a PAT.
#pragma once

#include <cstdint>
#include <type_traits>

#include "mm/protection.h"
#include "mm/types.h"

namespace quire::mm {

/// A page's place in swap space: several swap areas share one numbering of up to 4 GiB. Slot 0 is
/// the header of the first area and never holds a page, so an all-zero PTE is empty, not swapped.
using SwapSlot = Position<struct SwapSlotTag, PageCount>;
inline constexpr SwapSlot kMaxSwapSlot{(1U << 20) - 1};

/// The bits both kinds of entry share. `Self` is Pde or Pte, and what with_...() returns.
template <typename Self>
class PageEntry {
  public:
    static constexpr std::uint32_t kPresent = 1U << 0;
    static constexpr std::uint32_t kWritable = 1U << 1;
    static constexpr std::uint32_t kUser = 1U << 2;
    static constexpr std::uint32_t kWriteThrough = 1U << 3;  // PWT
    static constexpr std::uint32_t kCacheDisable = 1U << 4;  // PCD
    static constexpr std::uint32_t kAccessed = 1U << 5;
    static constexpr std::uint32_t kDirty = 1U << 6;
    static constexpr std::uint32_t kBit7 = 1U << 7;  // PS in a PDE, PAT in a PTE
    static constexpr std::uint32_t kGlobal = 1U << 8;
    static constexpr std::uint32_t kAvailable = 7U << 9;
    static constexpr std::uint32_t kFrame = ~(kPageSize - 1);

    /// The empty entry.
    constexpr PageEntry() = default;
    static constexpr Self from_raw(std::uint32_t raw) {
        Self entry;
        entry.raw_ = raw;
        return entry;
    }
    [[nodiscard]] constexpr std::uint32_t raw() const { return raw_; }
    constexpr bool operator==(const PageEntry&) const = default;

    [[nodiscard]] constexpr bool is_empty() const { return raw_ == 0; }
    [[nodiscard]] constexpr bool is_present() const { return has(kPresent); }

    // What follows asks or changes a present entry.
    [[nodiscard]] constexpr bool is_writable() const { return has(kWritable); }
    [[nodiscard]] constexpr bool is_user() const { return has(kUser); }
    [[nodiscard]] constexpr bool is_accessed() const { return has(kAccessed); }
    [[nodiscard]] constexpr bool is_dirty() const { return has(kDirty); }
    [[nodiscard]] constexpr bool is_global() const { return has(kGlobal); }
    [[nodiscard]] constexpr Protection protection() const {
        if (is_user()) return is_writable() ? Protection::UserReadWrite : Protection::UserReadOnly;
        return is_writable() ? Protection::KernelReadWrite : Protection::KernelReadOnly;
    }
    [[nodiscard]] constexpr Caching caching() const {
        if (has(kCacheDisable)) return Caching::Uncached;
        return has(kWriteThrough) ? Caching::WriteThrough : Caching::WriteBack;
    }

    [[nodiscard]] constexpr Self with_protection(Protection protection) const {
        return changed(kWritable | kUser, (mm::is_writable(protection) ? kWritable : 0) |
                                              (mm::is_user(protection) ? kUser : 0));
    }
    [[nodiscard]] constexpr Self without_write() const { return changed(kWritable, 0); }
    /// Uncached sets PCD and PWT: strong uncacheable under every PAT (SDM 3A table 12-11).
    [[nodiscard]] constexpr Self with_caching(Caching caching) const {
        const std::uint32_t bits = caching == Caching::WriteBack ? 0
                                   : caching == Caching::WriteThrough
                                       ? kWriteThrough
                                       : kWriteThrough | kCacheDisable;
        return changed(kWriteThrough | kCacheDisable, bits);
    }
    [[nodiscard]] constexpr Self with_accessed() const { return changed(0, kAccessed); }
    [[nodiscard]] constexpr Self without_accessed() const { return changed(kAccessed, 0); }
    [[nodiscard]] constexpr Self with_dirty() const { return changed(0, kDirty); }
    [[nodiscard]] constexpr Self without_dirty() const { return changed(kDirty, 0); }
    [[nodiscard]] constexpr Self with_scope(Scope scope) const {
        return changed(kGlobal, scope == Scope::Global ? kGlobal : 0);
    }

  protected:
    [[nodiscard]] constexpr bool has(std::uint32_t bit) const { return (raw_ & bit) != 0; }
    [[nodiscard]] constexpr Self changed(std::uint32_t clear, std::uint32_t set) const {
        return from_raw((raw_ & ~clear) | set);
    }

    std::uint32_t raw_ = 0;
};

/// An entry of a page table: empty, resident (present or hidden) or swapped.
class Pte : public PageEntry<Pte> {
  public:
    static constexpr std::uint32_t kLocked = 1U << 9;
    static constexpr std::uint32_t kHidden = 1U << 10;  // with P = 0

    /// A present entry: write-back, of one address space, neither accessed nor dirty.
    static constexpr Pte for_frame(FrameNumber frame, Protection protection) {
        ASSERT(frame.raw() < 1U << 20);
        return from_raw(start_of(frame).raw() | kPresent).with_protection(protection);
    }
    /// A swapped entry. Precondition: 0 < slot <= kMaxSwapSlot.
    static constexpr Pte for_slot(SwapSlot slot) {
        ASSERT(slot.raw() != 0 && slot <= kMaxSwapSlot);
        return from_raw(slot.raw() << kPageShift);
    }

    [[nodiscard]] constexpr bool is_hidden() const {
        return (raw_ & (kHidden | kPresent)) == kHidden;
    }
    /// Whether the page is in RAM.
    [[nodiscard]] constexpr bool is_resident() const { return has(kPresent | kHidden); }
    [[nodiscard]] constexpr bool is_swapped() const { return !is_resident() && !is_empty(); }
    /// Whether this mapping keeps its page in RAM.
    [[nodiscard]] constexpr bool is_locked() const { return has(kLocked); }

    /// The same page, out of everybody's reach, or back in reach. Precondition: is_resident().
    [[nodiscard]] constexpr Pte hidden() const {
        ASSERT(is_resident());
        return changed(kPresent, kHidden);
    }
    [[nodiscard]] constexpr Pte shown() const {
        ASSERT(is_resident());
        return changed(kHidden, kPresent);
    }
    /// Precondition: is_resident().
    [[nodiscard]] constexpr Pte with_lock(bool locked) const {
        ASSERT(is_resident());
        return changed(kLocked, locked ? kLocked : 0);
    }

    /// Precondition: is_resident().
    [[nodiscard]] constexpr FrameNumber frame() const {
        ASSERT(is_resident());
        return FrameNumber(raw_ >> kPageShift);
    }
    /// Precondition: is_swapped().
    [[nodiscard]] constexpr SwapSlot slot() const {
        ASSERT(is_swapped());
        return SwapSlot(raw_ >> kPageShift);
    }

    /// Whether this is one of the pictures at the head of the file.
    [[nodiscard]] constexpr bool is_well_formed() const {
        if (is_present()) return !has((kAvailable & ~kLocked) | kBit7);
        if (is_hidden()) return !has((kAvailable & ~kLocked & ~kHidden) | kBit7 | kGlobal);
        return raw_ % kPageSize == 0;
    }
};

/// What mprotect makes of resident entries of user pages, many at a time: the bits that tell what
/// may be done with the page are replaced, all others stay.
class PteChange {
  public:
    static constexpr PteChange hide() { return PteChange(Pte::kHidden); }
    static constexpr PteChange show_read_only() { return PteChange(Pte::kPresent); }
    static constexpr PteChange show_writable() { return PteChange(Pte::kPresent | Pte::kWritable); }

    /// Precondition: `before` is resident.
    [[nodiscard]] constexpr Pte of(Pte before) const {
        ASSERT(before.is_resident());
        return Pte::from_raw((before.raw() & ~kReplaced) | bits_);
    }

  private:
    static constexpr std::uint32_t kReplaced = Pte::kPresent | Pte::kHidden | Pte::kWritable;

    explicit constexpr PteChange(std::uint32_t bits) : bits_(bits) {}

    std::uint32_t bits_;
};

/// An entry of a page directory: empty, a page table, or a 4 MiB page.
class Pde : public PageEntry<Pde> {
  public:
    static constexpr std::uint32_t kLarge = kBit7;
    static constexpr std::uint32_t kLargeFrame = ~(kLargePageSize - 1);

    static constexpr Pde for_table(FrameNumber table, Protection protection) {
        ASSERT(table.raw() < 1U << 20);
        return from_raw(start_of(table).raw() | kPresent).with_protection(protection);
    }
    /// A 4 MiB page. Precondition: `first` is the first of 1,024 frames aligned to 4 MiB.
    static constexpr Pde for_large_page(FrameNumber first, Protection protection) {
        ASSERT(first.raw() < 1U << 20 && first.raw() % kEntriesPerTable == 0);
        return from_raw(start_of(first).raw() | kPresent | kLarge).with_protection(protection);
    }

    [[nodiscard]] constexpr bool is_large() const { return is_present() && has(kLarge); }
    [[nodiscard]] constexpr bool is_table() const { return is_present() && !has(kLarge); }

    /// The frame of the page table. Precondition: is_table().
    [[nodiscard]] constexpr FrameNumber table() const {
        ASSERT(is_table());
        return FrameNumber(raw_ >> kPageShift);
    }
    /// The first frame of the 4 MiB page. Precondition: is_large().
    [[nodiscard]] constexpr FrameNumber large_frame() const {
        ASSERT(is_large());
        return frame_of(PhysAddr(raw_ & kLargeFrame));
    }
    /// The PTE at `index` of a table that maps what this 4 MiB page maps, with the same rights and
    /// the same accessed and dirty bits. Precondition: is_large().
    [[nodiscard]] constexpr Pte piece(std::uint32_t index) const {
        ASSERT(is_large() && index < kEntriesPerTable);
        return Pte::from_raw(start_of(large_frame() + PageCount(index)).raw() |
                             (raw_ & (kPageSize - 1) & ~kLarge));
    }

    /// Whether this is one of the pictures at the head of the file.
    [[nodiscard]] constexpr bool is_well_formed() const {
        if (!is_present()) return is_empty();
        if (has(kAvailable)) return false;
        return is_large() ? (raw_ & ~kLargeFrame & kFrame) == 0 : !has(kDirty | kGlobal);
    }
};

static_assert(sizeof(Pte) == 4 && std::is_trivially_copyable_v<Pte>);
static_assert(sizeof(Pde) == 4 && std::is_trivially_copyable_v<Pde>);
static_assert(Pte().is_empty() && Pde().is_empty());
static_assert(!std::is_convertible_v<std::uint32_t, Pte> && !std::is_convertible_v<Pte, Pde>);
static_assert(!std::is_constructible_v<Pde, Pte> && !std::is_constructible_v<Pte, std::uint32_t>);

}  // namespace quire::mm
