// mmap(2): where new pages go, whether they may, and the region that says what they are.
//
//     00010              hint              mmap_top()          C0000
//     | ... |region| ......... |region| <--------|  guard |stack |
//                                        the highest room below it, else the lowest above
//
// All checks come first, in the order in which Linux makes them, then everything that needs memory,
// then what cannot fail. So a map in place of others (MAP_FIXED) leaves them alone if it fails. No
// page is touched: pages come with the first fault, or with populate(). mmap(2), setrlimit(2).
#include "mm/address_space.h"
#include "mm/memory_event.h"

namespace quire::mm {

namespace {

// Where the pages that nobody else may use begin.
PageNumber start_with_guard(const Region& region) {
    const PageNumber first = region.range().first;
    if (!region.traits().grows_down) return first;
    return first.raw() < kStackGuardPages.raw() ? PageNumber() : first - kStackGuardPages;
}

Result<PageRange> fixed_place(VirtAddr address, PageCount count) {
    constexpr VirtAddr kEnd = start_of(kFirstKernelPage);
    if (address > kEnd - bytes_of(count)) return Error::OutOfMemory;
    if (offset_in_page(address) != 0) return Error::InvalidArgument;
    if (page_of(address) < kFirstUserPage) return Error::NotPermitted;
    return PageRange::of(page_of(address), count);
}

// The page a program would like; 0 is none.
PageNumber hint_of(VirtAddr address) {
    const PageNumber page = page_of(address);
    return page.raw() != 0 && page < kFirstUserPage ? kFirstUserPage : page;
}

Result<void> check_object(const MapRequest& request) {
    ASSERT(!request.shared || request.object != nullptr);
    if (request.object == nullptr) return {};
    if (!request.is_allowed()) return Error::AccessDenied;
    if (request.grows_down) return Error::InvalidArgument;
    return {};
}

// Whether `region`, which ends or begins at `at`, could go on with such pages there.
bool could_hold(const Region& region, const RegionTraits& traits, const MemoryObject* object,
                PageNumber at, std::uint32_t object_page) {
    if (region.traits() != traits || region.object() != object) return false;
    return object == nullptr || region.object_page_of(at) == object_page;
}

}  // namespace

Result<VirtAddr> AddressSpace::map(const MapRequest& request) {
    const PageRange range = TRY(choose_place(request));
    const RegionTraits traits = traits_for(request);
    if (request.locked && limits_.locked == 0 && !limits_.may_lock_any) return Error::NotPermitted;
    if (traits.locked && !may_lock(range.count())) return Error::TryAgain;
    TRY(check_object(request));
    const PageCount replaced = counts_in(range).all;
    if (!may_have(range.count() - replaced, is_data(traits))) return Error::OutOfMemory;
    if (regions_.size() > kMostRegions) return Error::OutOfMemory;

    TRY(memory_.room().make_room(kFewFrames));
    if (replaced == PageCount()) {
        TRY(extend_or_add(range, traits, request.object, request.object_page));
    } else {
        TRY(replace(range, traits, request.object, request.object_page));
    }
    if (EventObserver* const observer = memory_.observer()) {
        observer->tell(this, {.kind = EventKind::Map,
                              .rights = traits.rights,
                              .address = start_of(range.first),
                              .pages = range.count(),
                              .object = request.object == nullptr ? 0 : request.object->id(),
                              .index = request.object == nullptr ? 0 : request.object_page});
    }
    if (request.populate || traits.locked) bring_in(range, traits);
    return start_of(range.first);
}

FaultOutcome AddressSpace::bring_in(PageRange range, const RegionTraits& traits) {
    if (traits.lock_on_fault) return FaultOutcome::Resolved;
    const bool stores = !traits.shared && traits.rights.has(Rights::write());
    return populate(range, stores ? Access::Write : Access::Read);
}

Result<PageRange> AddressSpace::choose_place(const MapRequest& request) const {
    if (request.bytes == 0) return Error::InvalidArgument;
    const PageCount count = pages_for(request.bytes);
    if (count > PageCount((1U << 20) - 1)) return Error::OutOfMemory;
    if (request.object_page + count.raw() < request.object_page) return Error::Overflow;
    if (count > kFirstKernelPage - PageNumber()) return Error::OutOfMemory;
    if (request.place != MapRequest::Place::Anywhere) {
        const PageRange range = TRY(fixed_place(request.address, count));
        const bool wants_free = request.place == MapRequest::Place::FixedIfFree;
        if (wants_free && !regions_.is_free(range)) return Error::AlreadyExists;
        return range;
    }
    const PageNumber hint = hint_of(request.address);
    if (hint != PageNumber() && has_room(PageRange::of(hint, count))) {
        return PageRange::of(hint, count);
    }
    const std::optional<PageNumber> first = find_room(count);
    if (!first.has_value()) return Error::OutOfMemory;
    return PageRange::of(*first, count);
}

bool AddressSpace::has_room(PageRange range) const {
    if (!kUserPages.contains(range)) return false;
    const Region* next = regions_.first_ending_after(range.first);
    return next == nullptr || range.end <= start_with_guard(*next);
}

std::optional<PageNumber> AddressSpace::find_room(PageCount count) const {
    const auto below = regions_.find_gap_from_top({kFirstUserPage, mmap_top_}, count);
    return below.has_value() ? below : regions_.find_gap_from_bottom(kUserPages, count);
}

bool AddressSpace::may_have(PageCount more, bool data, const Counts& gone) const {
    const PageCount all = regions_.total_pages() - gone.all + more;
    if (all > PageCount(limits_.address_space >> kPageShift)) return false;
    return !data || may_have_data(more, gone);
}

bool AddressSpace::may_have_data(PageCount more, const Counts& gone) const {
    return data_ - gone.data + more <= PageCount(limits_.data >> kPageShift);
}

bool AddressSpace::may_lock(PageCount more, const Counts& gone) const {
    return limits_.may_lock_any ||
           locked_ - gone.locked + more <= PageCount(limits_.locked >> kPageShift);
}

RegionTraits AddressSpace::traits_for(const MapRequest& request) const {
    const CommitAccount& commit = memory_.commit();
    const bool private_data = !request.shared && request.rights.has(Rights::write());
    RegionTraits traits{.rights = request.rights,
                        .most = Rights::all(),
                        .shared = request.shared,
                        .grows_down = request.grows_down};
    const bool for_writing = request.object_rights.has(Rights::write());
    traits.of_writer = request.object != nullptr && for_writing;
    if (request.shared && !for_writing) traits.most = Rights::read() | Rights::execute();
    traits.locked = request.locked || future_locks_.future;
    traits.lock_on_fault = future_locks_.future && future_locks_.on_fault;
    traits.no_reserve = request.no_reserve && commit.mode() != Overcommit::Never;
    traits.charged = private_data && !traits.no_reserve;
    return traits;
}

AddressSpace::Counts AddressSpace::counts_in(PageRange range) const {
    Counts counts;
    for (Region* region = regions_.first_ending_after(range.first);
         region != nullptr && region->range().overlaps(range); region = regions_.next(*region)) {
        const PageCount size = region->range().intersection(range).count();
        const RegionTraits& traits = region->traits();
        counts.all += size;
        if (traits.locked) counts.locked += size;
        if (traits.charged) counts.charged += size;
        if (is_data(traits)) counts.data += size;
    }
    return counts;
}

Result<Region*> AddressSpace::extend_or_add(PageRange range, const RegionTraits& traits,
                                            MemoryObject* object, std::uint32_t object_page) {
    const PageCount size = range.count();
    Region* low = regions_.find(range.first - PageCount(1));
    Region* high = regions_.find(range.end);
    const bool to_low =
        low != nullptr && could_hold(*low, traits, object, range.first, object_page);
    const bool to_high =
        high != nullptr && could_hold(*high, traits, object, range.end, object_page + size.raw());
    if (!to_low && !to_high) return add_region(range, traits, object, object_page);

    if (traits.charged) TRY(memory_.commit().charge(size));
    count_region(traits, size);
    if (!to_low) {
        regions_.resize(*high, {range.first, high->range().end}, object_page);
        return high;
    }
    regions_.resize(*low, {low->range().first, range.end}, low->object_page());
    return &regions_.merge(*low);
}

Result<Region*> AddressSpace::replace(PageRange range, const RegionTraits& traits,
                                      MemoryObject* object, std::uint32_t object_page) {
    CommitAccount& commit = memory_.commit();
    const PageCount size = range.count();
    if (traits.charged && !commit.allows(size, counts_in(range).charged)) return Error::OutOfMemory;
    Region* region = TRY(memory_.regions().allocate(*this, range, traits, object, object_page));
    {
        const Hole hole = hole_at(range);
        SpaceFlush flush(pages_);
        const Result<void> prepared = prepare_unmap(hole, *flush);
        if (!prepared.ok()) {
            memory_.regions().release(region);
            return prepared.error();
        }
        finish_unmap(hole, *flush);
    }
    if (traits.charged) {
        const Result<void> charged = commit.charge(size);
        ASSERT(charged.ok());
    }
    count_region(traits, size);
    regions_.insert(*region);
    return &regions_.merge(*region);
}

}  // namespace quire::mm
