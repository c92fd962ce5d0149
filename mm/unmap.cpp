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
    const PageCount frames = frames_to_unmap(range);
    if (frames != PageCount()) TRY(memory_.room().make_room(frames));
    SpaceFlush flush(pages_);
    TRY(prepare_unmap(range, *flush));
    finish_unmap(range, *flush);
    return {};
}

// One for each page table that own_edges() copies, and one for the region behind a hole.
PageCount AddressSpace::frames_to_unmap(PageRange range) const {
    PageCount frames;
    const PageRange cleared = up_to_neighbours(range);
    const PageRange low = table_around(cleared.first);
    const PageRange high = table_around(cleared.end - PageCount(1));
    if (!cleared.contains(low) && is_shared(low)) ++frames;
    if (!cleared.contains(high) && is_shared(high) && low != high) ++frames;
    const Region* region = regions_.first_ending_after(range.first);
    if (region != nullptr && is_inside(range, *region)) ++frames;
    return frames;
}

// `range`, and the rest of the shared page tables at its ends if no region uses that: nothing is
// mapped there, and a table that is cleared as a whole is just left, without being copied.
PageRange AddressSpace::up_to_neighbours(PageRange range) const {
    const PageRange low = table_around(range.first);
    const PageRange high = table_around(range.end - PageCount(1));
    PageRange wider = range;
    if (is_shared(low) && regions_.is_free({low.first, range.first})) wider.first = low.first;
    if (is_shared(high) && regions_.is_free({range.end, high.end})) wider.end = high.end;
    return wider;
}

bool AddressSpace::is_shared(PageRange table) const {
    return pages_.table_use(table.first) == TableUse::Shared;
}

Result<void> AddressSpace::prepare_unmap(PageRange range, FlushBatch& batch) {
    TRY(pages_.own_edges(up_to_neighbours(range), batch));
    Region* region = regions_.first_ending_after(range.first);
    if (region == nullptr || !is_inside(range, *region)) return {};
    TRY(split(*region, range.end));
    return {};
}

void AddressSpace::finish_unmap(PageRange range, FlushBatch& batch) {
    pages_.clear(up_to_neighbours(range), batch);
    pages_.settle(batch);
    remove_regions(range);
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
