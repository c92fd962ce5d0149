// munmap(2), and what takes a piece out of a region.
//
//     before    | region A          |   | region B |   | region C                |
//     unmap                | gone ................................. |
//     after     | A        |                                        | C          |
//
// Page tables first, regions after: when a region goes, its object may go with it, and until then
// an entry may name the object's frames. Memory is needed at most for page tables that are shared
// and covered in part, and for one region, when the hole is inside a single one; so a program that
// is out of memory can still give some back. munmap(2).
#include "mm/address_space.h"
#include "mm/memory_event.h"

namespace quire::mm {

namespace {

PageRange table_around(PageNumber page) {
    const PageNumber first(directory_index(page) * kEntriesPerTable);
    return PageRange::of(first, PageCount(kEntriesPerTable));
}

// Whether a part of `region` is left on either side of `range`.
bool is_inside(PageRange range, const Region& region) {
    return region.range().first < range.first && range.end < region.range().end;
}

}  // namespace

Result<void> AddressSpace::unmap(VirtAddr address, std::uint32_t bytes) {
    constexpr VirtAddr kEnd = start_of(kFirstKernelPage);
    if (offset_in_page(address) != 0 || address > kEnd) return Error::InvalidArgument;
    if (bytes == 0 || bytes > kEnd - address) return Error::InvalidArgument;
    TRY(unmap_range(PageRange::of(page_of(address), pages_for(bytes))));
    if (EventObserver* const observer = memory_.observer()) {
        observer->tell(this,
                       {.kind = EventKind::Unmap, .address = address, .pages = pages_for(bytes)});
    }
    return {};
}

Result<void> AddressSpace::unmap_range(PageRange range) {
    if (regions_.is_free(range)) return {};
    Hole hole = hole_at(range);
    const PageCount frames = frames_to_unmap(hole);
    if (frames != PageCount()) {
        TRY(memory_.room().make_room(frames));
        hole = hole_at(range);
    }
    SpaceFlush flush(pages_);
    TRY(prepare_unmap(hole, *flush));
    finish_unmap(hole, *flush);
    return {};
}

AddressSpace::Hole AddressSpace::hole_at(PageRange range) const {
    Hole hole{range, range};
    if (is_shared(range.first)) {
        const PageNumber first = table_around(range.first).first;
        if (regions_.is_free({first, range.first})) hole.cleared.first = first;
    }
    if (is_shared(range.end - PageCount(1))) {
        const PageNumber end = table_around(range.end - PageCount(1)).end;
        if (regions_.is_free({range.end, end})) hole.cleared.end = end;
    }
    return hole;
}

bool AddressSpace::is_shared(PageNumber page) const {
    return pages_.table_use(page) == TableUse::Shared;
}

// One for each page table that own_edges() copies, and one for the region behind the hole.
PageCount AddressSpace::frames_to_unmap(const Hole& hole) const {
    PageCount frames = pages_.tables_to_copy(hole.cleared);
    const Region* region = regions_.first_ending_after(hole.range.first);
    if (region != nullptr && is_inside(hole.range, *region)) ++frames;
    return frames;
}

Result<void> AddressSpace::prepare_unmap(const Hole& hole, FlushBatch& batch) {
    TRY(pages_.own_edges(hole.cleared, batch));
    Region* region = regions_.first_ending_after(hole.range.first);
    if (region == nullptr || !is_inside(hole.range, *region)) return {};
    TRY(split(*region, hole.range.end));
    return {};
}

void AddressSpace::finish_unmap(const Hole& hole, FlushBatch& batch) {
    pages_.clear(hole.cleared, batch);
    pages_.settle(batch);
    remove_regions(hole.range);
}

// Precondition: no region goes beyond both ends of `range`.
void AddressSpace::remove_regions(PageRange range) {
    Region* next = nullptr;
    for (Region* region = regions_.first_ending_after(range.first); region != nullptr;
         region = next) {
        next = regions_.next(*region);
        const PageRange whole = region->range();
        const PageRange gone = whole.intersection(range);
        if (gone.empty()) return;
        forget_pages(region->traits(), gone.count());
        if (gone == whole) {
            regions_.destroy(*region);
        } else if (whole.first < gone.first) {
            regions_.resize(*region, {whole.first, gone.first}, region->object_page());
        } else {
            regions_.resize(*region, {gone.end, whole.end}, region->object_page_of(gone.end));
        }
    }
}

void AddressSpace::forget_pages(const RegionTraits& traits, PageCount size) {
    if (traits.charged) memory_.commit().release(size);
    uncount_region(traits, size);
}

Result<Region*> AddressSpace::split(Region& region, PageNumber at) {
    if (regions_.size() >= kMostRegions) return Error::OutOfMemory;
    return regions_.split(region, at);
}

Result<Region*> AddressSpace::isolate(Region& region, PageRange piece) {
    Region* isolated = &region;
    if (region.range().first < piece.first) isolated = TRY(split(region, piece.first));
    if (piece.end == isolated->range().end) return isolated;
    const Result<Region*> rest = split(*isolated, piece.end);
    if (rest.ok()) return isolated;
    regions_.merge(*isolated);
    return rest.error();
}

}  // namespace quire::mm
