// AddressSpace::handle() and populate(): gather the facts, let decide() choose a step, take it.
// What is gathered here, decide() believes; a fact that does not count in a place may be left out.
#include "mm/page_fault.h"

#include "mm/machine.h"

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
    const FaultOutcome outcome = PageFault::resolve(*this, fault, EventKind::Fault);
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

FaultAction AddressSpace::first_step(const Fault& fault) {
    return PageFault(*this, fault).look_and_decide();
}

FaultOutcome AddressSpace::populate(PageRange range, Access access) {
    FaultOutcome so_far = FaultOutcome::Resolved;
    for (PageNumber page = range.first; page < range.end; ++page) {
        const Fault touch{.address = start_of(page), .access = access, .ring = Ring::User};
        const FaultOutcome outcome = PageFault::resolve(*this, touch, EventKind::Prefault);
        if (!is_resolved(outcome)) return outcome;
        if (outcome == FaultOutcome::ResolvedByRead) so_far = outcome;
    }
    return so_far;
}

// --- From step to step ---

namespace {

constexpr std::uint32_t bit(FaultAction action) {
    return 1U << static_cast<std::uint32_t>(action);
}
constexpr std::uint32_t kTakeFrames =
    bit(FaultAction::MapZeroFrame) | bit(FaultAction::FillWithZeros) |
    bit(FaultAction::MapObjectPage) | bit(FaultAction::CopyPage) |
    bit(FaultAction::FetchObjectPage) | bit(FaultAction::SwapIn) | bit(FaultAction::UnshareTable);
constexpr bool takes_frames(FaultAction action) {
    return (kTakeFrames & bit(action)) != 0;
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

// Nothing is held in hand while room is made: all is looked at anew after it. It is asked for only
// where a step needs it: a page can be taken over on a machine without a free frame.
template <typename Steps>
FaultOutcome AddressSpace::PageFault::take_steps(Steps steps) {
    for (std::uint32_t step = 0; step < kMostSteps; ++step) {
        const FaultAction action = look_and_decide();
        const Room room = takes_frames(action) ? room_for(action) : Room::Enough;
        if (room == Room::Made) continue;
        if constexpr (!std::is_null_pointer_v<Steps>) steps->add(action);
        if (room == Room::None) return FaultOutcome::OutOfMemory;
        if (is_refusal(action)) return refusal(action);
        const Result<void> done = act(action);
        if (!done.ok()) return failure(done.error());
        if (is_last_step(action, fault_.access)) return success();
        if (may_read(action)) has_room_ = has_room_to_read_ = false;  // much may have changed
    }
    return FaultOutcome::OutOfMemory;
}

FaultOutcome AddressSpace::PageFault::resolve(AddressSpace& space, const Fault& fault,
                                              EventKind kind) {
    if (__builtin_expect(space.memory_.observer() == nullptr, 1))
        return PageFault(space, fault).take_steps(nullptr);
    return resolve_and_tell(space, fault, kind);
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

AddressSpace::PageFault::Room AddressSpace::PageFault::room_to_read() {
    if (has_room_to_read_) return Room::Enough;
    space_.needed_.add(page_);
    // Neighbours are read only into frames that are free for nothing: a page that nobody asked for
    // must not push out one that is in use, perhaps the other half of this very access.
    window_ = window_for(region_->traits().advice);
    if (!memory_.frames().has_room(frames_to_fetch(window_))) window_ = PageCount(1);
    return make_room(frames_to_fetch(window_), has_room_to_read_);
}

bool AddressSpace::PageFault::evict_for(PageCount frames) {
    space_.needed_.add(page_);
    const NeededPins pins = pin_needed();
    return memory_.room().make_room(frames).ok();
}

AddressSpace::PageFault::NeededPins AddressSpace::PageFault::pin_needed() {
    NeededPins pins;
    std::uint32_t count = 0;
    for (const PageNumber page : space_.needed_.all())
        if (const auto frame = space_.frame_of(page))
            pins[count++] = PagePin(memory_.pages().pins(), *frame);
    return pins;
}

// --- Facts ---

// Each fact is looked at only where it counts, and decide() is asked at each end of the way, where
// most facts are constants: of its copy there the compiler leaves what is still open.
FaultAction AddressSpace::PageFault::look_and_decide() {
    FaultFacts facts{.access = fault_.access, .ring = fault_.ring};
    if (fault_.cause == FaultCause::ReservedBit) {
        facts.reserved_bit = true;
        return decide(facts);
    }
    region_ = space_.regions_.find(page_);
    if (region_ == nullptr) {
        facts.place = look_outside();
        return decide(facts);
    }
    facts.allows = allowed_by(region_->traits().rights);
    if (!is_allowed(facts)) return decide(facts);
    facts.backing = backing_of(*region_);
    const Pde pde = space_.pages_.directory().directory_entry(page_);
    table_ = facts.table = space_.pages_.table_use(pde);
    if (table_ == TableUse::None) {
        pte_ = Pte();
        return step_for_absent(facts, pte_);
    }
    const PteLocation at{pde.table(), table_index(page_)};
    const Pte pte = entry_at(at);
    at_ = at;
    pte_ = pte;
    return pte.is_resident() ? step_for_resident(facts, pte) : step_for_absent(facts, pte);
}

FaultAction AddressSpace::PageFault::step_for_resident(FaultFacts& facts, Pte pte) {
    const MappedPages& pages = memory_.pages();
    facts.writable = pte.is_writable();
    if (pages.is_zero(pte)) {
        facts.page = FaultFacts::Page::Zero;
        return decide(facts);
    }
    if (pte.is_hidden()) {
        facts.page = FaultFacts::Page::Hidden;
        return decide(facts);
    }
    const FrameNumber frame = pte.frame();
    if (memory_.records().state(frame) == FrameState::Object) {
        facts.page = FaultFacts::Page::Object;
        return decide(facts);
    }
    facts.swap_copy = pages.swap_copy(frame) != SwapSlot();
    const bool sole = pages.mappings(frame) == 1;
    facts.page = sole ? FaultFacts::Page::Sole : FaultFacts::Page::Several;
    return decide(facts);
}

// The page is not there: whether it is in RAM, and what the others say who share the page table.
FaultAction AddressSpace::PageFault::step_for_absent(FaultFacts& facts, Pte pte) {
    if (facts.table == TableUse::Shared) facts.same_for_all = !same_for_all().empty();
    if (pte.is_swapped()) {
        facts.page = FaultFacts::Page::Swapped;
        facts.in_ram = memory_.pages().swap().cached(pte.slot()).has_value();
        return decide(facts);
    }
    if (facts.backing == FaultFacts::Backing::Anonymous) return decide(facts);
    const MemoryObject& object = *region_->object();
    const std::uint32_t index = region_->object_page_of(page_);
    facts.past_end = index >= object.pages();
    facts.in_ram = object.entry(index).is_frame();
    return decide(facts);
}

FaultFacts::Place AddressSpace::PageFault::look_outside() {
    if (page_ >= kFirstKernelPage) return FaultFacts::Place::KernelHalf;
    region_ = stack_that_reaches();
    return region_ != nullptr ? FaultFacts::Place::BelowStack : FaultFacts::Place::Hole;
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

Result<void> AddressSpace::PageFault::make_table_for(FrameNumber frame) {
    const Result<void> made = make_table();
    if (!made.ok()) memory_.frames().drop_reference(frame);
    return made;
}

// Of the faulting page, which lies under a page table of the space's own: no other space has it.
void AddressSpace::PageFault::forget_translation() {
    if (memory_.is_loaded(space_.pages_.directory().frame())) machine::flush_page(start_of(page_));
}

Result<void> AddressSpace::PageFault::map_zero_frame() {
    TRY(place_entry());
    const Pte entry = Pte::for_frame(memory_.pages().zero_frame(), Protection::UserReadOnly);
    exchange_entry(memory_.records(), at_, entry);
    ++memory_.statistics().zero_mapped;
    return {};
}

Result<void> AddressSpace::PageFault::fill_with_zeros() {
    const FrameNumber frame = TRY(memory_.frames().take_zeroed_frame());
    TRY(place_entry_for(frame));
    const Pte entry =
        Pte::for_frame(frame, Protection::UserReadWrite).with_lock(region_->traits().locked);
    const Pte before = exchange_entry(memory_.records(), at_, entry);
    memory_.pages().add_private(frame, at_, entry);
    if (before.is_present()) forget_translation();
    ++memory_.statistics().zero_filled;
    return {};
}

// A right that is given needs no flush: at worst the CPU faults once more (SDM 3A 4.10.4.3). There
// is one CPU, and it is here: nobody sets an accessed or dirty bit meanwhile.
void AddressSpace::PageFault::make_writable() {
    exchange_entry(memory_.records(), at_, pte_.with_protection(Protection::UserReadWrite));
}

}  // namespace quire::mm
