#include "mm/dynamic_area.h"

#include "mm/frame_allocator.h"

namespace quire::mm {

namespace {

constexpr PageCount kGuard{1};

}  // namespace

DynamicArea::DynamicArea(PageDirectory& kernel, FrameAllocator& frames, PageRange area, Scope scope)
    : kernel_(kernel),
      frames_(frames),
      area_(area),
      heap_(PageRange::of(area.first, PageCount(0))),
      scope_(scope) {}

DynamicArea::~DynamicArea() {
    shrink_heap(heap_.count());
}

Result<void> DynamicArea::map_stack(DynamicRange& range, PageCount size, const char* name) {
    ASSERT(range.kind_ == DynamicRange::Kind::Unmapped && size != PageCount(0));
    const PageRange pages = PageRange::of(TRY(find_room(size)), size);
    TRY(map_fresh(pages, FrameState::KernelStack));
    range.pages_ = pages;
    range.name_ = name;
    range.kind_ = DynamicRange::Kind::Stack;
    insert(range);
    return {};
}

Result<void> DynamicArea::map_device(DynamicRange& range, FrameRange frames, const char* name,
                                     Caching caching) {
    ASSERT(range.kind_ == DynamicRange::Kind::Unmapped && !frames.empty());
    const PageRange pages = PageRange::of(TRY(find_room(frames.count())), frames.count());
    for (PageNumber page = pages.first; page < pages.end; ++page) {
        const FrameNumber frame = frames.first + (page - pages.first);
        const Result<void> mapped = kernel_.map(page, kernel_page(frame).with_caching(caching));
        ASSERT(mapped.ok());  // the page is free and its table exists
    }
    range.pages_ = pages;
    range.name_ = name;
    range.kind_ = DynamicRange::Kind::Device;
    insert(range);
    return {};
}

void DynamicArea::unmap(DynamicRange& range) {
    if (range.kind_ == DynamicRange::Kind::Stack) {
        unmap_fresh(range.pages_);
    } else {
        ASSERT(range.kind_ == DynamicRange::Kind::Device);
        FlushBatch batch(frames_);
        for (PageNumber page = range.pages_.first; page < range.pages_.end; ++page) {
            kernel_.unmap(page).join(batch);
        }
        batch.flush();
    }
    ranges_.remove(range);
    range.kind_ = DynamicRange::Kind::Unmapped;
}

Result<void> DynamicArea::grow_heap(PageCount size) {
    DynamicRange* lowest = ranges_.back();
    const PageNumber limit = lowest == nullptr ? area_.end : lowest->with_guards().first;
    if (limit - heap_.end < size) return Error::OutOfMemory;
    TRY(map_fresh(PageRange::of(heap_.end, size), FrameState::KernelHeap));
    heap_.end += size;
    return {};
}

void DynamicArea::shrink_heap(PageCount size) {
    ASSERT(size <= heap_.count());
    heap_.end -= size;
    unmap_fresh(PageRange::of(heap_.end, size));
}

DynamicPlace DynamicArea::place_of(VirtAddr address) {
    using What = DynamicPlace::What;
    const PageNumber page = page_of(address);
    if (heap_.contains(page)) return {What::Heap, nullptr};
    for (DynamicRange& range : ranges_) {
        if (range.pages_.contains(page)) return {What::Range, &range};
        if (page + kGuard == range.pages_.first) return {What::GuardBelow, &range};
        if (page == range.pages_.end) return {What::GuardAbove, &range};
    }
    return {page == heap_.end && area_.contains(page) ? What::HeapEnd : What::Free, nullptr};
}

DynamicFigures DynamicArea::figures() {
    DynamicFigures figures{.total = area_.count(), .used = heap_.count(), .largest_free = {}};
    PageNumber gap_end = area_.end;
    const auto see_gap = [&](PageNumber start) {
        if (gap_end - start > figures.largest_free) figures.largest_free = gap_end - start;
    };
    for (DynamicRange& range : ranges_) {
        const PageRange taken = range.with_guards();
        see_gap(taken.end);
        figures.used += taken.count();
        gap_end = taken.first;
    }
    see_gap(heap_.end);
    return figures;
}

// The highest gap that holds `size` pages and two guards.
Result<PageNumber> DynamicArea::find_room(PageCount size) {
    if (size >= area_.count()) return Error::OutOfMemory;
    const PageCount needed = size + kGuard + kGuard;
    PageNumber gap_end = area_.end;
    for (DynamicRange& range : ranges_) {
        const PageRange taken = range.with_guards();
        if (gap_end - taken.end >= needed) return gap_end - kGuard - size;
        gap_end = taken.first;
    }
    if (gap_end - heap_.end < needed) return Error::OutOfMemory;
    return gap_end - kGuard - size;
}

void DynamicArea::insert(DynamicRange& range) {
    for (DynamicRange& other : ranges_) {
        if (other.pages_.first > range.pages_.first) continue;
        ranges_.insert_before(other, range);
        return;
    }
    ranges_.push_back(range);
}

Result<void> DynamicArea::map_fresh(PageRange pages, FrameState state) {
    for (PageNumber page = pages.first; page < pages.end; ++page) {
        const Result<FrameNumber> frame = frames_.take_frame();
        if (!frame.ok()) {
            unmap_fresh({pages.first, page});
            return frame.error();
        }
        frames_.table().set_state(frame.value(), state);
        const Result<void> mapped = kernel_.map(page, kernel_page(frame.value()));
        ASSERT(mapped.ok());  // the page is free and its table exists
    }
    return {};
}

// Each page is flushed before its frame goes: from then on the frame may be anybody's.
void DynamicArea::unmap_fresh(PageRange pages) {
    for (PageNumber page = pages.first; page < pages.end; ++page) {
        frames_.drop_reference(kernel_.unmap(page).flush().frame());
    }
}

void DynamicArea::check_invariants() {
    ranges_.check_invariants();
    ASSERT(area_.contains(heap_));
    PageNumber above = area_.end;
    PageCount mapped = heap_.count();
    for (DynamicRange& range : ranges_) {
        ASSERT(range.with_guards().end <= above && !range.pages_.empty());
        above = range.with_guards().first;
        mapped += range.pages_.count();
    }
    ASSERT(heap_.end <= above);
    for (PageNumber page = area_.first; page < area_.end; ++page) {
        if (!kernel_.entry(page).is_present()) continue;
        const DynamicPlace::What what = place_of(start_of(page)).what;
        ASSERT(what == DynamicPlace::What::Heap || what == DynamicPlace::What::Range);
        --mapped;
    }
    ASSERT(mapped == PageCount(0));
}

}  // namespace quire::mm
