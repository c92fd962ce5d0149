// mremap(2): makes a range of pages longer or shorter, or moves it to another address.
//
//     before   |.. from .. tail ..|               | what is there goes |
//     after    |..|         (unmapped)            | from       | new   |
//                                                 `to`
//
// A move is made of what mmap and munmap do, in three parts: first the pages become the space's own
// (mm/page_mover.h), which may read from swap and which no program can see; then everything is
// taken that needs memory; then page tables, regions and counts change, and nothing can fail any
// more. So a call that fails has changed nothing, not even what MREMAP_FIXED was to replace; Linux
// has unmapped that by then. mremap(2).
#include "mm/address_space.h"
#include "mm/memory_event.h"
#include "mm/page_mover.h"

namespace quire::mm {

struct AddressSpace::Relocation {
    PageRange old;   // what the caller named
    PageRange from;  // what moves of it; empty: a shared region gets a second place
    PageRange to;    // the new region; has no end before the place is known
    PageCount size;  // of the new region
    bool keep_old = false;

    // The part of the old range that the new one has no room for: it follows `from`.
    [[nodiscard]] PageRange tail() const { return {from.end, old.end}; }
    [[nodiscard]] PageRange new_part() const { return {to.first + from.count(), to.end}; }
    // How many pages there will be that were not there before.
    [[nodiscard]] PageCount growth() const { return keep_old ? size : size - from.count(); }
};

namespace {

// As in Linux, where the last page of 4 GiB comes out as 0.
PageCount rounded_up(std::uint32_t bytes) {
    return PageCount((bytes + (kPageSize - 1)) / kPageSize);
}

}  // namespace

Result<VirtAddr> AddressSpace::remap(const RemapRequest& request) {
    const VirtAddr address = TRY(remap_pages(request));
    if (EventObserver* const observer = memory_.observer()) {
        observer->tell(this, {.kind = EventKind::Remap,
                              .address = address,
                              .pages = rounded_up(request.new_bytes),
                              .from = request.address});
    }
    return address;
}

Result<VirtAddr> AddressSpace::remap_pages(const RemapRequest& request) {
    const PageCount old_size = rounded_up(request.old_bytes);
    const PageCount size = rounded_up(request.new_bytes);
    if ((request.fixed || request.keep_old) && !request.may_move) return Error::InvalidArgument;
    if (request.keep_old && request.old_bytes != request.new_bytes) return Error::InvalidArgument;
    if (offset_in_page(request.address) != 0 || size == PageCount()) return Error::InvalidArgument;
    const PageNumber first = page_of(request.address);
    if (regions_.find(first) == nullptr) return Error::BadAddress;
    const Relocation plan{.old = PageRange::of(first, old_size),
                          .from = PageRange::of(first, size < old_size ? size : old_size),
                          .to = {},
                          .size = size,
                          .keep_old = request.keep_old};
    if (request.fixed || request.keep_old) return remap_to(request, plan);
    if (size > old_size) return remap_larger(request, plan);
    if (plan.old.end > kFirstKernelPage && size != old_size) return Error::InvalidArgument;
    if (!plan.tail().empty()) TRY(unmap_range(plan.tail()));
    return request.address;
}

Result<VirtAddr> AddressSpace::remap_larger(const RemapRequest& request, Relocation plan) {
    TRY(check_growth(plan));
    Region& region = *regions_.find(plan.old.first);
    const PageRange above = PageRange::of(plan.old.end, plan.growth());
    if (above.first == region.range().end && kUserPages.contains(above) &&
        regions_.is_free(above)) {
        TRY(grow_in_place(region, above));
        return request.address;
    }
    if (!request.may_move) return Error::OutOfMemory;
    const std::optional<PageNumber> place = find_room_like(plan.from, plan.size);
    if (!place.has_value()) return Error::OutOfMemory;
    plan.to = PageRange::of(*place, plan.size);
    return relocate(plan);
}

Result<VirtAddr> AddressSpace::remap_to(const RemapRequest& request, Relocation plan) {
    const PageNumber target = page_of(request.new_address);
    if (offset_in_page(request.new_address) != 0) return Error::InvalidArgument;
    if (target + plan.size > kFirstKernelPage) return Error::InvalidArgument;
    if (plan.old.end > target && target + plan.size > plan.old.first) return Error::InvalidArgument;
    if (plan.old.end > kFirstKernelPage && !plan.tail().empty()) return Error::InvalidArgument;
    if (request.fixed) plan.to = PageRange::of(target, plan.size);
    if (plan.to.contains(plan.old.first)) return Error::BadAddress;  // would go before it is shown
    TRY(check_growth(plan));
    if (!request.fixed) {
        const std::optional<PageNumber> place = find_room_like(plan.from, plan.size);
        if (!place.has_value()) return Error::OutOfMemory;
        plan.to = PageRange::of(*place, plan.size);
    }
    if (plan.to.first < kFirstUserPage) return Error::NotPermitted;
    return relocate(plan);
}

// What lies at the place of the new region, and behind what moves, is gone before it grows.
Result<void> AddressSpace::check_growth(const Relocation& plan) {
    const Region& region = *regions_.find(plan.old.first);
    const RegionTraits& traits = region.traits();
    if (plan.old.empty() && !traits.shared) return Error::InvalidArgument;
    if (!region.range().contains(plan.from)) return Error::BadAddress;
    if (plan.growth() == PageCount()) return {};
    const std::uint32_t object_page = region.object_page_of(plan.from.first);
    if (object_page + plan.size.raw() < object_page) return Error::InvalidArgument;

    // The lock moves: only what is longer than before is asked for, even over a limit that is lower
    // by now.
    const Counts gone = counts_in(plan.to) + counts_in(plan.tail());
    const PageCount longer = plan.size - plan.from.count();
    if (longer != PageCount() && traits.locked && !may_lock(longer, gone)) return Error::TryAgain;
    if (!may_have(plan.growth(), is_data(traits), gone)) return Error::OutOfMemory;
    return {};
}

Result<void> AddressSpace::grow_in_place(Region& region, PageRange above) {
    const RegionTraits traits = region.traits();
    if (traits.charged) TRY(memory_.commit().charge(above.count()));
    regions_.resize(region, {region.range().first, above.end}, region.object_page());
    count_region(traits, above.count());
    regions_.merge(region);
    if (traits.locked) bring_in(above, traits);
    return {};
}

// Whole page tables can go over at once if the pages lie at the same place in their tables.
std::optional<PageNumber> AddressSpace::find_room_like(PageRange from, PageCount count) const {
    constexpr PageCount kSlack{kEntriesPerTable - 1};
    if (from.count() < PageCount(2 * kEntriesPerTable)) return find_room(count);
    const std::optional<PageNumber> room = find_room(count + kSlack);
    if (!room.has_value()) return find_room(count);
    const PageNumber last = *room + kSlack;
    return last - PageCount((table_index(last) - table_index(from.first)) % kEntriesPerTable);
}

Result<VirtAddr> AddressSpace::relocate(const Relocation& plan) {
    const RegionTraits traits = regions_.find(plan.old.first)->traits();
    PageMover mover(memory_, pages_, plan.from, plan.to.first, traits);
    TRY(mover.make_own());
    TRY(memory_.room().make_room(mover.frames_to_reserve() + kFewFrames));
    {
        SpaceFlush flush(pages_);
        const Result<Region*> fresh = reserve_move(plan, mover, *flush);
        if (!fresh.ok()) {
            cancel_move(plan, mover, *flush);
            return fresh.error();
        }
        commit_move(plan, mover, *fresh.value(), *flush);
    }
    if (traits.locked) bring_in(plan.new_part(), traits);
    return start_of(plan.to.first);
}

// Answers the new region, which is in no map yet.
Result<Region*> AddressSpace::reserve_move(const Relocation& plan, PageMover& mover,
                                           FlushBatch& batch) {
    Region* region = regions_.find(plan.old.first);
    const std::uint32_t object_page = region->object_page_of(plan.old.first);
    const PageCount released = (counts_in(plan.to) + counts_in(plan.tail())).charged;
    if (region->traits().charged && !memory_.commit().allows(plan.growth(), released)) {
        return Error::OutOfMemory;
    }
    if (regions_.size() >= kMostRegions) return Error::OutOfMemory;
    if (!plan.from.empty()) region = TRY(isolate(*region, plan.from));
    if (!plan.tail().empty()) TRY(prepare_unmap(hole_at(plan.tail()), batch));
    TRY(prepare_unmap(hole_at(plan.to), batch));
    TRY(mover.reserve(batch));
    return memory_.regions().allocate(*this, plan.to, region->traits(), region->object(),
                                      object_page);
}

// What was isolated joins its neighbours again, and so does what was cut off above the new place.
void AddressSpace::cancel_move(const Relocation& plan, PageMover& mover, FlushBatch& batch) {
    mover.cancel(batch);
    for (const PageNumber cut : {plan.from.first, plan.to.end}) {
        Region* region = regions_.find(cut);
        if (region != nullptr && region->range().first == cut) regions_.merge(*region);
    }
}

// Page tables first, as in munmap: when a region goes, its object may go.
void AddressSpace::commit_move(const Relocation& plan, PageMover& mover, Region& fresh,
                               FlushBatch& batch) {
    mover.move(batch);
    if (!plan.new_part().empty()) pages_.clear(hole_at(plan.new_part()).cleared, batch);
    pages_.settle(batch);
    remove_regions(plan.to);
    if (!plan.tail().empty()) finish_unmap(hole_at(plan.tail()), batch);
    if (!plan.from.empty()) leave_old_place(plan);

    if (fresh.traits().charged) {
        const Result<void> charged = memory_.commit().charge(plan.growth());
        ASSERT(charged.ok());
    }
    count_region(fresh.traits(), plan.size);
    regions_.insert(fresh);
    regions_.merge(fresh);
}

// Nothing is mapped there any more. The commit account goes on counting the pages that moved: for
// the new region.
void AddressSpace::leave_old_place(const Relocation& plan) {
    Region& old = *regions_.find(plan.from.first);
    RegionTraits traits = old.traits();
    if (plan.keep_old) {
        traits.locked = traits.lock_on_fault = false;
        change_traits(old, traits);
        regions_.merge(old);
    } else {
        traits.charged = false;
        change_traits(old, traits);
        remove_regions(plan.from);
    }
}

}  // namespace quire::mm
