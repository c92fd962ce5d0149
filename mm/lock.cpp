// mlock(2) and its kin: pages that stay in RAM.
//
// A region is locked, and so is each of its entries that is in RAM: the region says what is to be,
// the entry's lock bit is what makes its frame no victim (MappedPages::lock_changed). Locked first,
// brought in after: what cannot be brought in is an error, but the region stays locked, and what
// comes into it later is locked from the first moment, as in Linux. mlock(2), mlockall(2).
//
// Invariant: entries with a lock bit are in page tables of the space's own; so taking a lock off
// needs no memory, unless it is taken off a part of a region.
#include "mm/address_space.h"

namespace quire::mm {

namespace {

// Whether a whole-page range that begins at `first` would end beyond what 32 bits can say.
bool wraps(PageRange range) {
    constexpr PageNumber kEnd{1U << (32 - kPageShift)};
    return !range.empty() && range.end >= kEnd;
}

// Every page that has a byte of the range. As in Linux, 4 GiB less a few bytes come out as none.
PageRange whole_pages(VirtAddr address, std::uint32_t bytes) {
    const std::uint32_t from_start = bytes + offset_in_page(address);
    return PageRange::of(page_of(address), PageCount((from_start + (kPageSize - 1)) / kPageSize));
}

RegionTraits with_lock(RegionTraits traits, bool locked, bool on_fault) {
    traits.locked = locked;
    traits.lock_on_fault = locked && on_fault;
    return traits;
}

// The page was wanted now, and not by the program's own access.
Error error_of(FaultOutcome outcome) {
    return outcome == FaultOutcome::OutOfMemory ? Error::TryAgain : Error::OutOfMemory;
}

}  // namespace

Result<void> AddressSpace::lock(VirtAddr address, std::uint32_t bytes, LockMode mode) {
    if (!may_lock_at_all()) return Error::NotPermitted;
    const PageRange range = whole_pages(address, bytes);
    if (!may_lock(range.count(), counts_in(range))) return Error::OutOfMemory;
    TRY(change_locks(range, true, mode == LockMode::OnFault));
    const FaultOutcome outcome = bring_all_in(range);
    if (!is_resolved(outcome)) return error_of(outcome);
    return {};
}

Result<void> AddressSpace::unlock(VirtAddr address, std::uint32_t bytes) {
    return change_locks(whole_pages(address, bytes), false, false);
}

// What cannot be locked or brought in is left, as in Linux: the future at least will be locked.
Result<void> AddressSpace::lock_all(LockAll what) {
    if (!what.current && !what.future) return Error::InvalidArgument;
    if (!may_lock_at_all()) return Error::NotPermitted;
    if (what.current && !may_lock(regions_.total_pages() - locked_)) return Error::OutOfMemory;
    future_locks_ = what.future ? what : LockAll{};
    if (!what.current) return {};
    for (Region* region = regions_.first(); region != nullptr;) {
        const PageRange range = region->range();
        const bool locked = change_lock(*region, range, true, what.on_fault).ok();
        if (locked) bring_all_in(range);
        region = regions_.first_ending_after(range.end);
    }
    return {};
}

void AddressSpace::unlock_all() {
    future_locks_ = {};
    for (Region* region = regions_.first(); region != nullptr;) {
        const PageRange range = region->range();
        const Result<void> unlocked = change_lock(*region, range, false, false);
        ASSERT(unlocked.ok());
        region = regions_.first_ending_after(range.end);
    }
}

bool AddressSpace::may_lock_at_all() const {
    return limits_.locked != 0 || limits_.may_lock_any;
}

// Region by region: what lies before a hole has changed then, as in Linux.
Result<void> AddressSpace::change_locks(PageRange range, bool locked, bool on_fault) {
    if (wraps(range)) return Error::InvalidArgument;
    for (PageNumber page = range.first; page < range.end;) {
        Region* region = regions_.find(page);
        if (region == nullptr) return Error::OutOfMemory;
        const PageRange piece = region->range().intersection({page, range.end});
        TRY(change_lock(*region, piece, locked, on_fault));
        page = piece.end;
    }
    return {};
}

Result<void> AddressSpace::change_lock(Region& region, PageRange piece, bool locked,
                                       bool on_fault) {
    const RegionTraits before = region.traits();
    const RegionTraits after = with_lock(before, locked, on_fault);
    if (before == after) return {};
    const PageCount frames = frames_to_lock(region, piece, locked);
    if (frames != PageCount()) TRY(memory_.room().make_room(frames));
    SpaceFlush flush(pages_);
    if (locked) TRY(pages_.own_tables(piece, *flush));
    Region* isolated = TRY(isolate(region, piece));
    change_traits(*isolated, after);
    if (before.locked != locked) set_lock_bits(piece, locked, *flush);
    regions_.merge(*isolated);
    return {};
}

// For shared page tables, and for the regions that a part of one leaves.
PageCount AddressSpace::frames_to_lock(const Region& region, PageRange piece, bool locked) const {
    PageCount frames = piece == region.range() ? PageCount() : PageCount(2);
    if (!locked) return frames;
    for (PageNumber page = piece.first; page < piece.end;
         page = PageNumber((directory_index(page) + 1) * kEntriesPerTable)) {
        if (pages_.table_use(page) == TableUse::Shared) ++frames;
    }
    return frames;
}

void AddressSpace::set_lock_bits(PageRange range, bool locked, FlushBatch& batch) {
    MappedPages& mapped = memory_.pages();
    pages_.for_each(range, [&](PageNumber page, PteLocation, Pte pte) {
        if (!pte.is_resident() || mapped.is_zero(pte) || pte.is_locked() == locked) return;
        pages_.put(page, pte.with_lock(locked), batch);
        mapped.lock_changed(pte.frame());
    });
}

void AddressSpace::change_traits(Region& region, const RegionTraits& traits) {
    uncount_region(region.traits(), region.range().count());
    region.set_traits(traits);
    count_region(traits, region.range().count());
}

FaultOutcome AddressSpace::bring_all_in(PageRange range) {
    for (PageNumber page = range.first; page < range.end;) {
        const Region& region = *regions_.find(page);
        const PageRange piece = region.range().intersection({page, range.end});
        const FaultOutcome outcome = bring_in(piece, region.traits());
        if (!is_resolved(outcome)) return outcome;
        page = piece.end;
    }
    return FaultOutcome::Resolved;
}

}  // namespace quire::mm
