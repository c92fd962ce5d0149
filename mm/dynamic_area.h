// The kernel's dynamic mappings: heap arena, kernel stacks, device memory.
//
//     F0000000                                                            end
//     | heap arena  -> |            free            |g|stack|g|g|device|g|
//                      ^ heap().end                 lowest range
//
// The heap arena grows up from the start, ranges are placed from the end down, each with an
// unmapped guard page (g) on both sides. Each range has a name, so that a fault in a guard page can
// be told as "kernel stack of init overflowed into its guard page".
//
// The record of a range is the caller's and is linked into a list by address; so making a range
// needs no memory but its frames. All page tables exist since boot (mm/kernel_map.h), hence a
// mapping is seen in every address space at once, and only frames can run out. Every failure
// leaves all as it was. Finding room walks the list: O(ranges).
#pragma once

#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "mm/page_directory.h"

namespace quire::mm {

class DynamicArea;

/// A mapped range: the record that its user keeps. Must be unmapped before it goes.
class DynamicRange {
  public:
    enum class Kind : std::uint8_t { Unmapped, Stack, Device };

    [[nodiscard]] Kind kind() const { return kind_; }
    /// The mapped pages, without the guards.
    [[nodiscard]] PageRange pages() const { return pages_; }
    [[nodiscard]] const char* name() const { return name_; }
    [[nodiscard]] PageRange with_guards() const {
        return {pages_.first - PageCount(1), pages_.end + PageCount(1)};
    }

  private:
    friend class DynamicArea;
    ListHook hook_;
    PageRange pages_{};
    const char* name_ = "";
    Kind kind_ = Kind::Unmapped;
};

/// What lies at an address of the dynamic area.
struct DynamicPlace {
    enum class What : std::uint8_t { Free, Heap, HeapEnd, Range, GuardBelow, GuardAbove };
    What what = What::Free;
    const DynamicRange* range = nullptr;  // for Range and the guards
};

struct DynamicFigures {
    PageCount total;         // of the whole area
    PageCount used;          // by the heap and the ranges with their guards
    PageCount largest_free;  // the longest range of free pages
};

class DynamicArea {
  public:
    /// An area over `area` of the kernel's directory, whose page tables exist. Scope::Global if the
    /// CPU has it. Everything handed in must stay.
    DynamicArea(PageDirectory& kernel, FrameAllocator& frames, PageRange area, Scope scope);
    DynamicArea(const DynamicArea&) = delete;
    DynamicArea& operator=(const DynamicArea&) = delete;
    /// Precondition: no range is left. Gives the heap arena back.
    ~DynamicArea();

    /// Maps `size` fresh frames as a stack. `name` says whose it is and must stay as long as the
    /// range. Precondition: size is not 0, `range` is unmapped. Errors: OutOfMemory (no frames, or
    /// no room); nothing has changed then.
    Result<void> map_stack(DynamicRange& range, PageCount size, const char* name);

    /// Maps the registers or the memory of a device, `frames`, which no allocator owns. Other
    /// preconditions and errors as for map_stack().
    Result<void> map_device(DynamicRange& range, FrameRange frames, const char* name,
                            Caching caching = Caching::Uncached);

    /// Unmaps a range, flushes, and frees the frames of a stack. Precondition: mapped here, and not
    /// the stack we stand on.
    void unmap(DynamicRange& range);

    /// The heap arena, [first, break) in whole pages.
    [[nodiscard]] PageRange heap() const { return heap_; }

    /// Moves the end of the heap up by `size` pages of fresh frames, contents undefined. Errors:
    /// OutOfMemory (no frames, or a range is in the way); nothing has changed then.
    Result<void> grow_heap(PageCount size);

    /// Moves the end of the heap down and gives the frames back. Precondition: it has that many.
    void shrink_heap(PageCount size);

    /// What lies at `address`, for reports. O(ranges).
    [[nodiscard]] DynamicPlace place_of(VirtAddr address);

    /// For reports. O(ranges).
    [[nodiscard]] DynamicFigures figures();

    /// Ranges are in order, apart from each other and from the heap; what is mapped is theirs or
    /// the heap's, page by page.
    void check_invariants();

  private:
    Result<PageNumber> find_room(PageCount size);
    void insert(DynamicRange& range);
    Result<void> map_fresh(PageRange pages, FrameState state);
    void unmap_fresh(PageRange pages);
    [[nodiscard]] Pte kernel_page(FrameNumber frame) const {
        return Pte::for_frame(frame, Protection::KernelReadWrite).with_scope(scope_);
    }

    PageDirectory& kernel_;
    FrameAllocator& frames_;
    PageRange area_;
    PageRange heap_;
    Scope scope_;
    IntrusiveList<DynamicRange, &DynamicRange::hook_> ranges_;  // the highest first
};

}  // namespace quire::mm
