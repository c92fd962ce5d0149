// The words of memory management, as types (SDM 3A chapter 4).
//
//     linear space            RAM
//     VirtAddr   byte         PhysAddr     byte           (differences are plain bytes)
//     PageNumber page         FrameNumber  frame          (differences are a PageCount)
//     PageRange               FrameRange                  (half-open: first .. end)
//
//     31            22 21            12 11             0
//     +---------------+----------------+---------------+
//     | directory idx | table index    | byte in page  |  a linear address
//     +---------------+----------------+---------------+
//
// A page is 4 KiB of linear space, a frame 4 KiB of RAM. Addresses are 32 bits wide on the host
// too. The types do not mix: adding a page number to a frame number does not compile.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "kernel/base/align.h"
#include "kernel/base/strong_unit.h"

namespace quire::mm {

inline constexpr std::uint32_t kPageShift = 12;
inline constexpr std::uint32_t kPageSize = 1U << kPageShift;
inline constexpr std::uint32_t kEntriesPerTable = 1024;
inline constexpr std::uint32_t kLargePageSize = kPageSize * kEntriesPerTable;

/// A length in pages or frames, never in bytes.
using PageCount = Quantity<struct PageCountTag>;

using VirtAddr = Position<struct VirtAddrTag>;
using PhysAddr = Position<struct PhysAddrTag>;
using PageNumber = Position<struct PageNumberTag, PageCount>;
using FrameNumber = Position<struct FrameNumberTag, PageCount>;

/// Precondition: the length is below 4 GiB, that is fewer than 2^20 pages.
constexpr std::uint32_t bytes_of(PageCount count) {
    ASSERT(count.raw() < 1U << 20);
    return count.raw() << kPageShift;
}
/// The same in KiB, as reports tell it; fits for all of the physical address space.
constexpr unsigned long kib_of(PageCount count) {
    return static_cast<unsigned long>(count.raw()) << (kPageShift - 10);
}

/// How many whole pages hold `bytes`.
constexpr PageCount pages_for(std::uint32_t bytes) {
    return PageCount(divide_up(bytes, kPageSize));
}

constexpr VirtAddr start_of(PageNumber page) {
    return VirtAddr(page.raw() << kPageShift);
}
constexpr PhysAddr start_of(FrameNumber frame) {
    return PhysAddr(frame.raw() << kPageShift);
}
constexpr PageNumber page_of(VirtAddr address) {
    return PageNumber(address.raw() >> kPageShift);
}
constexpr FrameNumber frame_of(PhysAddr address) {
    return FrameNumber(address.raw() >> kPageShift);
}
constexpr std::uint32_t offset_in_page(VirtAddr address) {
    return address.raw() % kPageSize;
}

/// The index of `page` in its page directory, and in its page table.
constexpr std::uint32_t directory_index(PageNumber page) {
    return page.raw() / kEntriesPerTable;
}
constexpr std::uint32_t table_index(PageNumber page) {
    return page.raw() % kEntriesPerTable;
}

/// A half-open range of pages or of frames: `first` belongs to it, `end` does not.
template <typename Number>
struct Range {
    Number first;
    Number end;

    static constexpr Range of(Number first, PageCount count) { return {first, first + count}; }

    [[nodiscard]] constexpr bool empty() const { return first >= end; }
    [[nodiscard]] constexpr PageCount count() const { return empty() ? PageCount() : end - first; }
    [[nodiscard]] constexpr bool contains(Number number) const {
        return first <= number && number < end;
    }
    [[nodiscard]] constexpr bool contains(const Range& other) const {
        return other.empty() || (first <= other.first && other.end <= end);
    }
    [[nodiscard]] constexpr bool overlaps(const Range& other) const {
        return !intersection(other).empty();
    }
    [[nodiscard]] constexpr Range intersection(const Range& other) const {
        return {first < other.first ? other.first : first, end < other.end ? end : other.end};
    }
    constexpr bool operator==(const Range&) const = default;
};

using PageRange = Range<PageNumber>;
using FrameRange = Range<FrameNumber>;

static_assert(sizeof(PhysAddr) == 4 && std::is_trivially_copyable_v<PhysAddr>);
static_assert(sizeof(FrameRange) == 8 && std::is_trivially_copyable_v<FrameRange>);
static_assert(!std::is_convertible_v<std::uint32_t, VirtAddr>);
static_assert(!std::is_convertible_v<PhysAddr, VirtAddr>);
static_assert(!std::is_constructible_v<PageNumber, FrameNumber>);
static_assert(!std::equality_comparable_with<PageNumber, FrameNumber>);
template <typename A, typename B>
concept Addable = requires(A a, B b) {
    a + b;
};
static_assert(Addable<PageNumber, PageCount> && !Addable<PageNumber, PageNumber>);
static_assert(!Addable<FrameNumber, std::uint32_t> && Addable<PhysAddr, std::uint32_t>);

}  // namespace quire::mm
