// mprotect(2): other rights for pages that there are, region by region.
//
//     region had   gets       its entries
//     rw           r          lose the right to write, now: the TLB forgets them
//     r            rw         those that nobody else names may be written, now; the others by the
//                             fault that copies them
//     any          nothing    are hidden: the page stays, nobody reaches it
//     nothing      any        are shown again
//     r            rx         stay as they are: paging knows no execute right
//
// Rights that are taken away must be gone on return, so the entries change at once, in page tables
// of the space's own. Rights that are given could wait for the fault; what is free to give now
// saves it. A shared page table is not copied for that alone: no private page in the copy could be
// written anyway. What writing may cost is promised here, not at the fault (mm/commit_account.h).
#include "mm/address_space.h"
#include "mm/memory_event.h"

namespace quire::mm {

namespace {

PageNumber end_in_table(PageRange range) {
    const std::uint32_t table = directory_index(range.first);
    const PageNumber table_end((table + 1) * kEntriesPerTable);
    return range.end < table_end ? range.end : table_end;
}

}  // namespace

struct AddressSpace::EntryChange {
    EntryChange(Rights from, Rights to) {
        const bool could_write = from.has(Rights::write());
        const bool can_write = to.has(Rights::write());
        if (from.empty() != to.empty() || (could_write && !can_write)) kind = All;
        if (kind == None && can_write && !could_write) kind = WhereFree;
    }
    enum : std::uint8_t {
        None,
        WhereFree,  // more rights: what is not changed now, the fault will
        All,
    } kind = None;
};

Result<void> AddressSpace::protect(VirtAddr address, std::uint32_t bytes, Rights rights,
                                   bool grows_down) {
    if (offset_in_page(address) != 0) return Error::InvalidArgument;
    if (bytes == 0) return {};
    PageRange range = PageRange::of(page_of(address), pages_for(bytes));
    if (range.end >= PageNumber(1U << 20)) return Error::OutOfMemory;

    const Region* first = regions_.first_ending_after(range.first);
    if (first == nullptr || first->range().first >= range.end) return Error::OutOfMemory;
    if (grows_down) {
        if (!first->traits().grows_down) return Error::InvalidArgument;
        range.first = first->range().first;
    }
    const PageRange all = range;
    while (!range.empty()) {
        Region* region = regions_.find(range.first);
        if (region == nullptr) return Error::OutOfMemory;
        const PageRange piece = range.intersection(region->range());
        range.first = TRY(protect_piece(*region, piece, rights));
    }
    if (EventObserver* const observer = memory_.observer()) {
        observer->tell(this, {.kind = EventKind::Protect,
                              .rights = rights,
                              .address = start_of(all.first),
                              .pages = all.count()});
    }
    return {};
}

Result<PageNumber> AddressSpace::protect_piece(Region& region, PageRange piece, Rights rights) {
    const RegionTraits before = region.traits();
    if (before.rights == rights) return region.range().end;
    if (!before.most.has(rights)) return Error::AccessDenied;
    RegionTraits after = before;
    after.rights = rights;
    const bool becomes_writable =
        !after.shared && rights.has(Rights::write()) && !before.rights.has(Rights::write());
    if (becomes_writable && !after.no_reserve) after.charged = true;
    // It would have to be data that is the reason: who has more than RLIMIT_AS already may go on.
    const bool is_new_data = is_data(after) && !is_data(before);
    if (is_new_data && !may_have_data(piece.count()) && may_have(piece.count(), false))
        return Error::OutOfMemory;
    const PageCount frames = frames_to_protect(region, piece, {before.rights, rights});
    if (frames != PageCount()) TRY(memory_.room().make_room(frames));
    const PageNumber end = TRY(change_piece(region, piece, after));
    if (becomes_writable && after.locked) bring_in(piece, after);
    return end;
}

Result<PageNumber> AddressSpace::change_piece(Region& region, PageRange piece,
                                              const RegionTraits& after) {
    const RegionTraits before = region.traits();
    const EntryChange change(before.rights, after.rights);
    const bool charges = after.charged && !before.charged;
    if (charges) TRY(memory_.commit().charge(piece.count()));
    SpaceFlush flush(pages_);
    const Result<Region*> isolated = prepare_change(region, piece, change, *flush);
    if (!isolated.ok()) {
        if (charges) memory_.commit().release(piece.count());
        return isolated.error();
    }
    uncount_region(before, piece.count());
    count_region(after, piece.count());
    isolated.value()->set_traits(after);
    if (change.kind != EntryChange::None) change_entries(piece, after, *flush);
    return regions_.merge(*isolated.value()).range().end;
}

// One for each page table to copy, and one for each piece of the region that is left over.
PageCount AddressSpace::frames_to_protect(const Region& region, PageRange piece,
                                          EntryChange change) const {
    PageCount frames;
    if (region.range().first < piece.first) ++frames;
    if (piece.end < region.range().end) ++frames;
    if (change.kind != EntryChange::All) return frames;
    for (PageRange rest = piece; !rest.empty(); rest.first = end_in_table(rest)) {
        if (pages_.table_use(rest.first) == TableUse::Shared) ++frames;
    }
    return frames;
}

Result<Region*> AddressSpace::prepare_change(Region& region, PageRange piece, EntryChange change,
                                             FlushBatch& batch) {
    if (change.kind == EntryChange::All) TRY(pages_.own_tables(piece, batch));
    return isolate(region, piece);
}

// A shared table is met only if rights are given: left to the fault.
void AddressSpace::change_entries(PageRange piece, const RegionTraits& traits, FlushBatch& batch) {
    for (PageRange rest = piece; !rest.empty(); rest.first = end_in_table(rest)) {
        const TableUse use = pages_.table_use(rest.first);
        if (use == TableUse::None || use == TableUse::Shared) continue;
        change_table({rest.first, end_in_table(rest)}, traits, batch);
    }
}

// All pages up to the last that changed are flushed, even those to which a right was given: else
// the CPU may fault once more for each (SDM 3A 4.10.4.3).
void AddressSpace::change_table(PageRange piece, const RegionTraits& traits, FlushBatch& batch) {
    const PageTable table(pages_.location(piece.first).table);
    const PageNumber start = piece.first - PageCount(table_index(piece.first));
    const std::uint32_t end = table_index(piece.first) + piece.count().raw();
    const std::uint32_t first = table.next_used(table_index(piece.first), end);
    const std::uint32_t changed_end = traits.rights.has(Rights::write())
                                          ? widen_entries(table, first, end, traits.shared)
                                          : narrow_entries(table, first, end, traits.rights);
    batch.add_pages({start + PageCount(first), start + PageCount(changed_end)});
}

// Nothing may be written from now on, or nothing reached. Both answer where the last entry that
// changed ends, or `first`.
std::uint32_t AddressSpace::narrow_entries(PageTable table, std::uint32_t first, std::uint32_t end,
                                           Rights rights) {
    ASSERT(end <= kEntriesPerTable);
    const PteChange change = rights.empty() ? PteChange::hide() : PteChange::show_read_only();
    std::uint32_t changed_end = first;
    for (std::uint32_t i = first; i < end; ++i) {
        const Pte before = table.get(i);
        if (!before.is_resident()) continue;
        const Pte after = change.of(before);
        if (after == before) continue;
        table.set(i, after);
        changed_end = i + 1;
    }
    return changed_end;
}

// A private page may be written if nobody else names it and there is no copy of it in swap: the
// copy would be one more reference (mm/mapped_pages.h). The zero frame is neither private nor an
// object's.
std::uint32_t AddressSpace::widen_entries(PageTable table, std::uint32_t first, std::uint32_t end,
                                          bool shared) {
    ASSERT(end <= kEntriesPerTable);
    const FrameTable& records = memory_.records();
    std::uint32_t changed_end = first;
    for (std::uint32_t i = first; i < end; ++i) {
        const Pte before = table.get(i);
        if (!before.is_resident()) continue;
        const FrameNumber frame = before.frame();
        const bool may_be_written = records.is_sole_private(frame) ||
                                    (shared && records.state(frame) == FrameState::Object);
        const Pte after = may_be_written ? PteChange::show_writable().of(before) : before.shown();
        if (after == before) continue;
        table.set(i, after);
        changed_end = i + 1;
    }
    return changed_end;
}

}  // namespace quire::mm
