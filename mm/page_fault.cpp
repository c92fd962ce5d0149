// AddressSpace::handle() and populate(): gather the facts, let decide() choose a step, take it.
// What is gathered here, decide() believes; a fact that does not count in a place may be left out.
#include "mm/page_fault.h"

#include <utility>

namespace quire::mm {

namespace {

// The longest way: read, unshare the page table, map, forget the copy in swap, take the page over,
// each fact looked at anew. Who needs more is robbed of what it brings in: there is no memory.
constexpr std::uint32_t kMostSteps = 12;

PageCount window_for(Advice advice) {
    switch (advice) {
    case Advice::Normal:
        return kReadAhead;
    case Advice::Sequential:
        return kMostReadAhead;
    case Advice::Random:
        return PageCount(1);
    }
    ASSERT_UNREACHABLE();
}

FaultFacts::Allows allowed_by(Rights rights) {
    if (rights.has(Rights::write())) return FaultFacts::Allows::Writing;
    return rights.empty() ? FaultFacts::Allows::Nothing : FaultFacts::Allows::Reading;
}

FaultFacts::Backing backing_of(const Region& region) {
    if (region.object() == nullptr) return FaultFacts::Backing::Anonymous;
    return region.traits().shared ? FaultFacts::Backing::SharedObject
                                  : FaultFacts::Backing::PrivateObject;
}

}  // namespace

FaultOutcome AddressSpace::handle(const Fault& fault) {
    UserMemoryStatistics& statistics = memory_.statistics();
    ++statistics.faults;
    const FaultOutcome outcome = __builtin_expect(memory_.observer() == nullptr, 1)
                                     ? PageFault(*this, fault).resolve()
                                     : PageFault::resolve_and_tell(*this, fault, EventKind::Fault);
    if (outcome == FaultOutcome::Resolved) return outcome;
    if (outcome == FaultOutcome::ResolvedByRead) {
        ++statistics.major_faults;
    } else if (outcome == FaultOutcome::NotMapped || outcome == FaultOutcome::NotAllowed) {
        ++statistics.segmentation_faults;
    } else if (outcome == FaultOutcome::PastEnd || outcome == FaultOutcome::CannotRead) {
        ++statistics.bus_errors;
    }
    return outcome;
}

FaultAction AddressSpace::PageFault::next_step() {
    return decide(look());
}

FaultAction AddressSpace::first_step(const Fault& fault) {
    return PageFault(*this, fault).next_step();
}

FaultOutcome AddressSpace::populate(PageRange range, Access access) {
    FaultOutcome so_far = FaultOutcome::Resolved;
    for (PageNumber page = range.first; page < range.end; ++page) {
        const Fault touch{.address = start_of(page), .access = access, .ring = Ring::User};
        const FaultOutcome outcome =
            memory_.observer() == nullptr
                ? PageFault(*this, touch).resolve()
                : PageFault::resolve_and_tell(*this, touch, EventKind::Prefault);
        if (!is_resolved(outcome)) return outcome;
        if (outcome == FaultOutcome::ResolvedByRead) so_far = outcome;
    }
    return so_far;
}

// --- From step to step ---

namespace {

constexpr bool takes_frames(FaultAction action) {
    switch (action) {
    case FaultAction::Retry:
    case FaultAction::MapCachedSlot:
    case FaultAction::TakeOverPage:
    case FaultAction::MakeWritable:
    case FaultAction::ForgetSwapCopy:
    case FaultAction::TakeOverTable:
    case FaultAction::GrowStack:
        return false;
    default:
        return true;
    }
}

// Precondition: is_refusal(action).
constexpr FaultOutcome refusal(FaultAction action) {
    switch (action) {
    case FaultAction::SegvMapErr:
        return FaultOutcome::NotMapped;
    case FaultAction::SegvAccErr:
        return FaultOutcome::NotAllowed;
    case FaultAction::BusError:
        return FaultOutcome::PastEnd;
    default:
        return FaultOutcome::KernelBug;
    }
}

// What becomes of a program whose step failed; BadAddress is grow_stack()'s.
constexpr FaultOutcome failure(Error error) {
    if (error == Error::IoError) return FaultOutcome::CannotRead;
    if (error == Error::BadAddress) return FaultOutcome::NotMapped;
    return FaultOutcome::OutOfMemory;
}

}  // namespace

// Room is made while nothing is held in hand, and asked for only where a step needs it: a page can
// be taken over on a machine without a free frame.
template <typename Steps>
FaultOutcome AddressSpace::PageFault::take_steps(Steps steps) {
    make_room();
    for (std::uint32_t step = 0; step < kMostSteps; ++step) {
        const FaultAction action = decide(look());
        // A read is decided on twice, as room is made for it in between, and made once.
        if constexpr (!std::is_null_pointer_v<Steps>)
            if (!may_read(action) || has_room_to_read_) steps->add(action);
        if (is_refusal(action)) return refusal(action);
        if (takes_frames(action) && !has_room_) return FaultOutcome::OutOfMemory;
        if (may_read(action) && !has_room_to_read_) {
            make_room_to_read();
            if (!has_room_to_read_) return FaultOutcome::OutOfMemory;
            continue;
        }
        const Result<void> done = act(action);
        if (!done.ok()) return failure(done.error());
        if (is_last_step(action, fault_.access)) return success();
        if (may_read(action)) make_room();
    }
    return FaultOutcome::OutOfMemory;
}

FaultOutcome AddressSpace::PageFault::resolve_and_tell(AddressSpace& space, const Fault& fault,
                                                       EventKind kind) {
    EventObserver& observer = *space.memory_.observer();
    FaultSteps steps;
    const std::uint64_t start = observer.now();
    const FaultOutcome outcome = PageFault(space, fault).take_steps(&steps);
    MemoryEvent event{.kind = kind,
                      .access = fault.access,
                      .ring = fault.ring,
                      .outcome = outcome,
                      .address = fault.address,
                      .steps = steps,
                      .cost = observer.now() - start};
    if (is_resolved(outcome)) event.frame = *space.frame_of(page_of(fault.address));
    observer.tell(&space, event);
    return outcome;
}

void AddressSpace::PageFault::make_room() {
    has_room_ = find_room(kFewFrames);
    has_room_to_read_ = false;
}

// Neighbours are read only into frames that are free for nothing: a page that nobody asked for must
// not push out one that is in use, perhaps the other half of this very access.
void AddressSpace::PageFault::make_room_to_read() {
    window_ = window_for(region_->traits().advice);
    if (!memory_.room().has_room(frames_to_fetch(window_))) window_ = PageCount(1);
    has_room_to_read_ = find_room(frames_to_fetch(window_));
}

bool AddressSpace::PageFault::evict_for(PageCount frames) {
    space_.needed_.add(page_);
    FrameNumber kept[NeededPages::kMost];
    std::uint32_t count = 0;
    for (const PageNumber page : space_.needed_.all())
        if (const auto frame = space_.frame_of(page)) kept[count++] = *frame;
    return memory_.room().make_room_beside({kept, count}, frames).ok();
}

// --- Facts ---

FaultFacts AddressSpace::PageFault::look() {
    FaultFacts facts{.access = fault_.access,
                     .ring = fault_.ring,
                     .reserved_bit = fault_.cause == FaultCause::ReservedBit};
    region_ = space_.regions_.find(page_);
    if (region_ == nullptr) {
        facts.place = look_outside();
        return facts;
    }
    facts.allows = allowed_by(region_->traits().rights);
    facts.backing = backing_of(*region_);
    look_at_entry(facts);
    return facts;
}

FaultFacts::Place AddressSpace::PageFault::look_outside() {
    if (page_ >= kFirstKernelPage) return FaultFacts::Place::KernelHalf;
    region_ = stack_that_reaches();
    return region_ != nullptr ? FaultFacts::Place::BelowStack : FaultFacts::Place::Hole;
}

void AddressSpace::PageFault::look_at_entry(FaultFacts& facts) {
    const Pde pde = space_.pages_.directory().directory_entry(page_);
    table_ = facts.table = space_.pages_.table_use(pde);
    pte_ = Pte();
    if (table_ != TableUse::None) {
        at_ = {pde.table(), table_index(page_)};
        pte_ = entry_at(at_);
    }
    if (!pte_.is_resident()) return look_at_absent(facts);
    const OfFrame frame = look_at_frame();
    facts.page = frame.page;
    facts.swap_copy = frame.swap_copy;
    facts.writable = pte_.is_writable();
}

AddressSpace::PageFault::OfFrame AddressSpace::PageFault::look_at_frame() const {
    const MappedPages& pages = memory_.pages();
    if (pte_.is_hidden()) return {FaultFacts::Page::Hidden, false};
    if (pages.is_zero(pte_)) return {FaultFacts::Page::Zero, false};
    const FrameNumber frame = pte_.frame();
    if (memory_.records().state(frame) == FrameState::Object)
        return {FaultFacts::Page::Object, false};
    const bool sole = pages.mappings(frame) == 1;
    return {sole ? FaultFacts::Page::Sole : FaultFacts::Page::Several,
            pages.swap_copy(frame) != SwapSlot()};
}

// The page is not there: whether it is in RAM, and what the others say who share the page table.
void AddressSpace::PageFault::look_at_absent(FaultFacts& facts) {
    if (pte_.is_swapped()) {
        facts.page = FaultFacts::Page::Swapped;
        facts.in_ram = memory_.pages().swap().cached(pte_.slot()).has_value();
    } else if (facts.backing != FaultFacts::Backing::Anonymous) {
        const OfAbsent absent = look_at_object();
        facts.past_end = absent.past_end;
        facts.in_ram = absent.in_ram;
    }
    if (table_ == TableUse::Shared) facts.same_for_all = ask_sharers();
}

AddressSpace::PageFault::OfAbsent AddressSpace::PageFault::look_at_object() const {
    const MemoryObject& object = *region_->object();
    const std::uint32_t index = region_->object_page_of(page_);
    return {index >= object.pages(), object.entry(index).is_frame()};
}

bool AddressSpace::PageFault::ask_sharers() {
    agreed_ = same_for_all();
    return !agreed_.empty();
}

// The pages around the faulting one of which all who share its page table, which is at_.table, say
// the same: the same pages of the same object or anonymous ones, with some right, not locked.
// Spaces may share a table and yet differ, where regions came or changed and no entry with them.
// Who shares it has it at the same page: fork puts a table where the parent has it, and mremap
// moves a table as a whole only when it is the mover's own (PageMover::make_own()): the others keep
// the original, which is then none of the mover's. So one PDE of each space tells. O(spaces).
PageRange AddressSpace::PageFault::same_for_all() const {
    const PageNumber table_start(page_.raw() - at_.index);
    PageRange agreed = PageRange::of(table_start, PageCount(kEntriesPerTable));
    for (SpaceNode& node : memory_.spaces()) {
        const Pde pde = node.space.pages_.directory().directory_entry(page_);
        if (!pde.is_table() || pde.table() != at_.table) continue;
        const Region* region = node.space.regions_.find(page_);
        if (region == nullptr || region->object() != region_->object() ||
            region->object_page_of(page_) != region_->object_page_of(page_) ||
            region->traits().rights.empty() || region->traits().locked) {
            return {};
        }
        agreed = agreed.intersection(region->range());
    }
    return agreed;
}

Region* AddressSpace::PageFault::stack_that_reaches() const {
    Region* above = space_.regions_.first_ending_after(page_);
    if (above == nullptr || !above->traits().grows_down || !may_grow(*above)) return nullptr;
    return above;
}

// As Linux 6.1 has it (mm/mmap.c, expand_downwards and acct_stack_growth): RLIMIT_STACK, RLIMIT_AS
// and RLIMIT_MEMLOCK; and a gap to what lies below, unless that grows down, too, or may not be used
// at all.
bool AddressSpace::PageFault::may_grow(Region& region) const {
    if (page_ < kFirstUserPage) return false;
    const auto over = [](PageCount size, std::uint32_t limit) {
        return limit != MemoryLimits::kUnlimited && size.raw() > limit >> kPageShift;
    };
    const MemoryLimits& limits = space_.limits_;
    const PageCount by = region.range().first - page_;
    if (over(region.range().end - page_, limits.stack)) return false;
    if (over(space_.regions_.total_pages() + by, limits.address_space)) return false;
    if (region.traits().locked && !limits.may_lock_any && over(space_.locked_ + by, limits.locked))
        return false;
    if (region.object() != nullptr && region.object_page() < by.raw()) return false;
    const Region* below = space_.regions_.previous(region);
    if (below == nullptr || below->traits().grows_down || below->traits().rights.empty())
        return true;
    return page_ - below->range().end >= kStackGuardPages;
}

// --- Steps ---

Result<void> AddressSpace::PageFault::act(FaultAction action) {
    switch (action) {
    case FaultAction::MapZeroFrame:
        return map_zero_frame();
    case FaultAction::FillWithZeros:
        return fill_with_zeros();
    case FaultAction::MapObjectPage:
        return map_object_page();
    case FaultAction::MapCachedSlot:
        return map_cached_slot();
    case FaultAction::CopyPage:
        return copy_page();
    case FaultAction::TakeOverPage:
        ++memory_.statistics().taken_over;
        make_writable();
        return {};
    case FaultAction::MakeWritable:
        make_writable();
        return {};
    case FaultAction::FetchObjectPage:
        return fetch_object_page();
    case FaultAction::SwapIn:
        return swap_in();
    case FaultAction::ForgetSwapCopy:
        memory_.pages().forget_swap_copy(pte_.frame());
        return {};
    case FaultAction::UnshareTable:
    case FaultAction::TakeOverTable:
        return own_table();
    case FaultAction::GrowStack:
        return grow_stack();
    default:
        return {};
    }
}

Result<void> AddressSpace::PageFault::make_table() {
    const PageTable table = TRY(space_.pages_.directory().ensure_table(page_));
    at_ = {table.frame(), table_index(page_)};
    return {};
}

Result<void> AddressSpace::PageFault::fill_with_zeros() {
    OwnedFrame frame = TRY(memory_.frames().allocate_zeroed());
    TRY(place_entry());
    const Pte entry = Pte::for_frame(frame.number(), Protection::UserReadWrite)
                          .with_lock(region_->traits().locked);
    const Pte before = exchange_entry(memory_.records(), at_, entry);
    memory_.pages().add_private(std::move(frame), at_, entry);
    if (before.is_present()) memory_.flush_entry(at_);
    ++memory_.statistics().zero_filled;
    return {};
}

}  // namespace quire::mm
