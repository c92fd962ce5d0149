#include "mm/address_space.h"

#include <utility>

#include "mm/memory_event.h"

namespace quire::mm {

AddressSpace::AddressSpace(UserMemory& memory, UserPages&& pages, const MemoryLimits& limits)
    : memory_(memory),
      pages_(std::move(pages)),
      regions_(memory.regions()),
      limits_(limits),
      node_(*this) {
    memory_.spaces().push_back(node_);
}

AddressSpace::~AddressSpace() {
    ASSERT(!memory_.is_loaded(pages_.directory().frame()));
    empty();
    memory_.spaces().remove(node_);
}

Result<void> AddressSpace::fork_from(AddressSpace& parent) {
    ASSERT(regions_.first() == nullptr);
    TRY(memory_.room().make_room(parent.frames_to_fork()));
    const UserMemoryStatistics& now = memory_.statistics();
    const std::uint32_t shared = now.tables_shared;
    const std::uint32_t copied = now.tables_copied;
    const Result<void> done = copy_from(parent);
    if (!done.ok()) {
        empty();
    } else if (EventObserver* const observer = memory_.observer()) {
        observer->tell(this, {.kind = EventKind::Fork,
                              .pages = regions_.total_pages(),
                              .tables = now.tables_shared - shared,
                              .copied = now.tables_copied - copied});
    }
    return done;
}

namespace {

// Page tables that there are for pages of `range`.
PageCount tables_in(const PageDirectory& directory, PageRange range) {
    PageCount count;
    for (PageNumber page = directory.next_with_table(range.first); page < range.end;) {
        ++count;
        const std::uint32_t next = directory_index(page) + 1;
        page = directory.next_with_table(PageNumber(next * kEntriesPerTable));
    }
    return count;
}

}  // namespace

// The page tables with pages that the child does not get, or that are locked here.
TableSet AddressSpace::tables_to_copy() {
    TableSet copied;
    if (is_plain()) return copied;
    for (Region* region = regions_.first(); region != nullptr; region = regions_.next(*region)) {
        const RegionTraits& traits = region->traits();
        if (traits.locked || traits.dont_fork) copied.add(region->range());
    }
    return copied;
}

// For the slabs of the regions, and for each page table that must be copied: once, however many
// regions lie under it.
PageCount AddressSpace::frames_to_fork() {
    PageCount frames = kFewFrames + PageCount(regions_.size() / 8);
    if (is_plain()) return frames;
    PageNumber counted;  // up to here
    const auto count_tables = [&](PageRange range) {
        if (range.first < counted) range.first = counted;
        frames += tables_in(pages_.directory(), range);
        const PageNumber end(align_up(range.end.raw(), kEntriesPerTable));
        if (counted < end) counted = end;
    };
    for (Region* region = regions_.first(); region != nullptr; region = regions_.next(*region)) {
        const PageRange range = region->range();
        if (region->traits().dont_fork) {
            // Of what the child does not get, only the tables at the ends hold anything else.
            count_tables(PageRange::of(range.first, PageCount(1)));
            count_tables({range.end - PageCount(1), range.end});
        } else if (region->traits().locked) {
            count_tables(range);
        }
    }
    return frames;
}

// The regions first, by the shape of the parent's tree: they say what of the page tables is shared,
// copied or left out.
Result<void> AddressSpace::copy_from(AddressSpace& parent) {
    limits_ = parent.limits_;
    break_start_ = parent.break_start_;
    break_ = parent.break_;
    mmap_top_ = parent.mmap_top_;
    TRY(charge_copy(parent));
    TRY(regions_.copy_from(parent.regions_, *this));
    if (!parent.is_plain()) settle_copy();
    SpaceFlush flush(parent.pages_);
    return pages_.fork_from(parent.pages_, parent.regions_, parent.tables_to_copy(), *flush);
}

// What regions that a child does not get count for.
AddressSpace::Counts AddressSpace::counts_left_out() {
    Counts counts;
    if (dont_fork_ == PageCount()) return counts;
    for (Region* region = regions_.first(); region != nullptr; region = regions_.next(*region)) {
        if (region->traits().dont_fork) counts = counts + counts_in(region->range());
    }
    return counts;
}

// All in one go. What the account refuses as a sum may be allowed piece by piece, as the heuristic
// looks at each mapping alone: then it is asked for each.
Result<void> AddressSpace::charge_copy(AddressSpace& parent) {
    const Counts left_out = parent.counts_left_out();
    const PageCount charged = parent.charged_ - left_out.charged;
    if (!memory_.commit().charge(charged).ok()) TRY(charge_each(parent));
    charged_ = charged;
    data_ = parent.data_ - left_out.data;
    return {};
}

Result<void> AddressSpace::charge_each(AddressSpace& parent) {
    CommitAccount& commit = memory_.commit();
    PageCount charged;
    for (Region* region = parent.regions_.first(); region != nullptr;
         region = parent.regions_.next(*region)) {
        const RegionTraits& traits = region->traits();
        if (!traits.charged || traits.dont_fork) continue;
        const Result<void> done = commit.charge(region->range().count());
        if (!done.ok()) {
            commit.release(charged);
            return done;
        }
        charged += region->range().count();
    }
    return {};
}

// Takes out what is not for a child, and merges what was apart because one of the two was locked.
void AddressSpace::settle_copy() {
    Region* next = nullptr;
    for (Region* region = regions_.first(); region != nullptr; region = next) {
        next = regions_.next(*region);
        if (region->traits().dont_fork) regions_.destroy(*region);
    }
    for (Region* region = regions_.first(); region != nullptr; region = regions_.next(*region))
        region = &regions_.merge(*region);
}

Result<Region*> AddressSpace::add_region(PageRange range, const RegionTraits& traits,
                                         MemoryObject* object, std::uint32_t object_page) {
    const PageCount size = range.count();
    if (traits.charged) TRY(memory_.commit().charge(size));
    const Result<Region*> region = regions_.create(*this, range, traits, object, object_page);
    if (region.ok()) {
        count_region(traits, size);
    } else if (traits.charged) {
        memory_.commit().release(size);
    }
    return region;
}

// The pages first: with its regions an object may go, and its frames.
void AddressSpace::empty() {
    if (memory_.observer() != nullptr && regions_.first() != nullptr) tell_release();
    {
        SpaceFlush flush(pages_);
        pages_.clear_all(regions_, *flush);
    }
    regions_.clear();
    memory_.commit().release(charged_);
    locked_ = charged_ = data_ = dont_fork_ = PageCount();
    break_start_ = break_ = VirtAddr();
    future_locks_ = {};
    working_set_ = {};
}

void AddressSpace::tell_release() {
    const Figures figures = this->figures();
    memory_.observer()->tell(this, {.kind = EventKind::Release,
                                    .pages = figures.mapped,
                                    .resident = figures.resident,
                                    .swapped = figures.swapped});
}

void AddressSpace::count_region(const RegionTraits& traits, PageCount size) {
    if (traits.locked) locked_ += size;
    if (traits.charged) charged_ += size;
    if (is_data(traits)) data_ += size;
    if (traits.dont_fork) dont_fork_ += size;
}

void AddressSpace::uncount_region(const RegionTraits& traits, PageCount size) {
    if (traits.locked) locked_ -= size;
    if (traits.charged) charged_ -= size;
    if (is_data(traits)) data_ -= size;
    if (traits.dont_fork) dont_fork_ -= size;
}

bool AddressSpace::is_data(const RegionTraits& traits) {
    return !traits.shared && !traits.grows_down && traits.rights.has(Rights::write());
}

AddressSpace::Figures AddressSpace::figures() {
    Figures figures{.mapped = regions_.total_pages(),
                    .resident = {},
                    .swapped = {},
                    .locked = locked_,
                    .charged = charged_,
                    .tables = pages_.directory().tables()};
    pages_.for_each({kFirstUserPage, kFirstKernelPage}, [&](PageNumber, PteLocation, Pte pte) {
        if (pte.is_swapped()) ++figures.swapped;
        if (pte.is_resident() && !memory_.pages().is_zero(pte)) ++figures.resident;
    });
    return figures;
}

void AddressSpace::check_invariants() {
    regions_.check_invariants();
    pages_.check_invariants();
    working_set_.check_invariants();
    check_counts();
    check_entries();
}

void AddressSpace::check_counts() {
    PageCount locked;
    PageCount charged;
    PageCount data;
    PageCount dont_fork;
    for (Region* region = regions_.first(); region != nullptr; region = regions_.next(*region)) {
        const RegionTraits& traits = region->traits();
        const PageCount size = region->range().count();
        ASSERT(&region->space() == this);
        if (traits.locked) locked += size;
        if (traits.charged) charged += size;
        if (is_data(traits)) data += size;
        if (traits.dont_fork) dont_fork += size;
    }
    ASSERT(locked == locked_ && charged == charged_ && data == data_ && dont_fork == dont_fork_);
}

// Every entry is inside a region, allows no more than it, and is of its kind.
void AddressSpace::check_entries() {
    pages_.for_each({kFirstUserPage, kFirstKernelPage}, [this](PageNumber page, PteLocation at,
                                                               Pte pte) {
        Region* region = regions_.find(page);
        ASSERT(region != nullptr);
        const RegionTraits& traits = region->traits();
        const bool shared_table = memory_.records().references(at.table) > 1;
        if (pte.is_swapped()) return ASSERT(!traits.shared);
        ASSERT(pte.is_locked() == (traits.locked && !shared_table) || memory_.pages().is_zero(pte));
        ASSERT(pte.is_hidden() == traits.rights.empty());
        ASSERT(!pte.is_writable() || traits.rights.has(Rights::write()));
        if (memory_.pages().is_zero(pte)) return ASSERT(region->object() == nullptr);
        const bool is_object = memory_.records().state(pte.frame()) == FrameState::Object;
        ASSERT(is_object || !traits.shared);
        if (!is_object) return;
        const ObjectPage there = memory_.records().object_of(pte.frame());
        ASSERT(region->object() != nullptr && there.object == region->object()->id() &&
               there.page_index == region->object_page_of(page));
        ASSERT(traits.shared || !pte.is_writable());
    });
}

}  // namespace quire::mm
