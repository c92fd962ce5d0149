// The steps of a page fault (mm/fault_decision.h): each happens as a whole, or fails and has
// changed nothing. What they rely on was seen just before.
#include "libc/string.h"
#include "mm/object_pages.h"
#include "mm/page_fault.h"
#include "mm/physical_window.h"
#include "mm/swap_in.h"

namespace quire::mm {

namespace {

// Resident pages of an object that are mapped together: an aligned group, under one page table.
constexpr std::uint32_t kMapAround = 16;

}  // namespace

// The source is what is mapped now, or the object's page, of which nothing is mapped yet.
Result<void> AddressSpace::PageFault::copy_page() {
    const FrameNumber frame = TRY(memory_.frames().take_frame());
    TRY(place_entry_for(frame));
    const FrameNumber source =
        pte_.is_empty() ? region_->object()->entry(region_->object_page_of(page_)).frame()
                        : pte_.frame();
    memcpy(frame_bytes(frame), frame_bytes(source), kPageSize);
    const Pte entry =
        Pte::for_frame(frame, Protection::UserReadWrite).with_lock(region_->traits().locked);
    const Pte before = exchange_entry(memory_.records(), at_, entry);
    memory_.pages().add_private(frame, at_, entry);
    if (!before.is_empty()) {
        forget_translation();
        memory_.pages().leave(at_, before);
    }
    ++memory_.statistics().copied;
    return {};
}

// What the page may be mapped with when its frame is not its own.
Protection AddressSpace::PageFault::shared_protection() const {
    const RegionTraits& traits = region_->traits();
    const bool writable =
        traits.shared && traits.rights.has(Rights::write()) && table_ != TableUse::Shared;
    return writable ? Protection::UserReadWrite : Protection::UserReadOnly;
}

// Puts an entry for a frame that others refer to, too, where nothing is present.
// Errors: LimitReached (the frame's references cannot be counted any more); nothing has changed.
Result<void> AddressSpace::PageFault::put_shared(PteLocation at, Pte entry) {
    const Pte before = exchange_entry(memory_.records(), at, entry);
    const Result<void> counted = memory_.pages().add_mapping(at, entry);
    if (!counted.ok()) exchange_entry(memory_.records(), at, before);
    return counted;
}

Result<void> AddressSpace::PageFault::map_object_page() {
    TRY(place_entry());
    const std::uint32_t index = region_->object_page_of(page_);
    const FrameNumber frame = region_->object()->entry(index).frame();
    const bool locked = region_->traits().locked;
    TRY(put_shared(at_, Pte::for_frame(frame, shared_protection()).with_lock(locked)));
    if (!was_read_) ++memory_.statistics().mapped_cached;
    if (fault_.access != Access::Write && !locked) map_around();
    return {};
}

// A program that reads here will soon read nearby. What is in RAM costs it no fault then.
void AddressSpace::PageFault::map_around() {
    if (region_->traits().advice == Advice::Random) return;
    PageRange around =
        PageRange::of(PageNumber(align_down(page_.raw(), kMapAround)), PageCount(kMapAround))
            .intersection(region_->range());
    if (table_ == TableUse::Shared) around = around.intersection(same_for_all());
    const MemoryObject& object = *region_->object();
    for (PageNumber page = around.first; page < around.end; ++page) {
        const PteLocation at{at_.table, table_index(page)};
        if (!entry_at(at).is_empty()) continue;
        const ObjectEntry there = object.entry(region_->object_page_of(page));
        if (!there.is_frame()) continue;
        if (put_shared(at, Pte::for_frame(there.frame(), shared_protection())).ok())
            ++memory_.statistics().mapped_around;
    }
}

Result<void> AddressSpace::PageFault::map_cached_slot() {
    SwapSpace& swap = memory_.pages().swap();
    const SwapSlot slot = pte_.slot();
    const Pte entry = Pte::for_frame(*swap.cached(slot), Protection::UserReadOnly)
                          .with_lock(region_->traits().locked);
    TRY(put_shared(at_, entry));
    swap.drop_name(slot);
    if (!was_read_) ++memory_.statistics().found_in_swap_cache;
    return {};
}

// A file system reads what it needs to find the page, and makes room for that itself.
Result<void> AddressSpace::PageFault::fetch_object_page() {
    const NeededPins pins = pin_needed();
    const std::uint32_t index = region_->object_page_of(page_);
    const Fetched fetched = TRY(fetch_page(memory_, *region_->object(), index, window_));
    was_read_ |= fetched.was_read;
    return {};
}

Result<void> AddressSpace::PageFault::swap_in() {
    const Fetched fetched = TRY(fetch_slot(memory_, pte_.slot(), window_));
    was_read_ |= fetched.was_read;
    return {};
}

Result<void> AddressSpace::PageFault::own_table() {
    SpaceFlush flush(space_.pages_);
    return space_.pages_.own_table(page_, *flush);
}

// Errors: BadAddress (the pages cannot be promised: to the program, a hole).
Result<void> AddressSpace::PageFault::grow_stack() {
    Region& region = *region_;
    const PageCount by = region.range().first - page_;
    if (region.traits().charged && !memory_.commit().charge(by).ok()) return Error::BadAddress;
    const std::uint32_t object_page =
        region.object() == nullptr ? 0 : region.object_page() - by.raw();
    space_.regions_.resize(region, {page_, region.range().end}, object_page);
    space_.count_region(region.traits(), by);
    return {};
}

}  // namespace quire::mm
