// AddressSpace::handle() and populate(): gather the facts, let decide() choose a step, take it.
#include "libc/string.h"
#include "mm/address_space.h"
#include "mm/fault_decision.h"
#include "mm/object_pages.h"
#include "mm/physical_window.h"
#include "mm/swap_in.h"

namespace quire::mm {

namespace {

// The longest way: read, unshare the page table, map, forget the copy in swap, take the page over,
// each fact looked at anew. Who needs more is robbed of what it brings in: there is no memory.
constexpr std::uint32_t kMostSteps = 12;

// Resident pages of an object that are mapped together: an aligned group, under one page table.
constexpr std::uint32_t kMapAround = 16;

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

// One fault on its way. look() fills the members below; they hold until the next step.
class AddressSpace::PageFault {
  public:
    PageFault(AddressSpace& space, const Fault& fault)
        : space_(space), memory_(space.memory_), page_(page_of(fault.address)), fault_(fault) {}

    FaultOutcome resolve();

  private:
    FaultFacts look();
    void look_outside(FaultFacts& facts);
    void look_at_entry(FaultFacts& facts);
    void look_at_frame(FaultFacts& facts) const;
    void look_behind(FaultFacts& facts);
    [[nodiscard]] Region* stack_that_reaches() const;
    [[nodiscard]] bool may_grow(Region& region) const;
    [[nodiscard]] PageRange same_for_all() const;

    Result<void> act(FaultAction action);
    Result<void> map_zero_frame();
    Result<void> fill_with_zeros();
    Result<void> map_object_page();
    void map_around();
    Result<void> map_cached_slot();
    Result<void> copy_page();
    void make_writable();
    Result<void> fetch_object_page();
    Result<void> swap_in();
    Result<void> own_table();
    Result<void> grow_stack();

    void make_room();
    void make_room_to_read();
    Result<void> place_entry();
    Result<void> put_shared(PteLocation at, Pte entry);
    [[nodiscard]] Protection shared_protection() const;
    [[nodiscard]] FaultOutcome success() const {
        return was_read_ ? FaultOutcome::ResolvedByRead : FaultOutcome::Resolved;
    }

    AddressSpace& space_;
    UserMemory& memory_;
    const PageNumber page_;
    const Fault fault_;
    bool was_read_ = false;
    bool has_room_ = false;          // for a step that takes no more than kFewFrames
    bool has_room_to_read_ = false;  // for one that reads `window_` pages
    PageCount window_{1};

    Region* region_ = nullptr;  // in which the page is, or which may grow down to it
    TableUse table_ = TableUse::None;
    PteLocation at_{};    // of the entry, unless there is no page table
    Pte pte_;             // the entry; empty if there is no page table
    PageRange agreed_{};  // around an absent page under a shared table: where it is same_for_all
};

FaultOutcome AddressSpace::handle(const Fault& fault) {
    UserMemoryStatistics& statistics = memory_.statistics();
    ++statistics.faults;
    const FaultOutcome outcome = PageFault(*this, fault).resolve();
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

FaultOutcome AddressSpace::populate(PageRange range, Access access) {
    FaultOutcome so_far = FaultOutcome::Resolved;
    for (PageNumber page = range.first; page < range.end; ++page) {
        const Fault touch{.address = start_of(page), .access = access, .ring = Ring::User};
        const FaultOutcome outcome = PageFault(*this, touch).resolve();
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

constexpr std::optional<FaultOutcome> refusal(FaultAction action) {
    switch (action) {
    case FaultAction::SegvMapErr:
        return FaultOutcome::NotMapped;
    case FaultAction::SegvAccErr:
        return FaultOutcome::NotAllowed;
    case FaultAction::BusError:
        return FaultOutcome::PastEnd;
    case FaultAction::KernelBug:
        return FaultOutcome::KernelBug;
    default:
        return std::nullopt;
    }
}

constexpr FaultOutcome failure(Error error) {
    if (error == Error::IoError) return FaultOutcome::CannotRead;
    if (error == Error::BadAddress) return FaultOutcome::NotMapped;
    return FaultOutcome::OutOfMemory;
}

}  // namespace

// Room is made while nothing is held in hand, and asked for only where a step needs it: a page can
// be taken over on a machine without a free frame.
FaultOutcome AddressSpace::PageFault::resolve() {
    make_room();
    for (std::uint32_t step = 0; step < kMostSteps; ++step) {
        const FaultAction action = decide(look());
        if (action >= FaultAction::SegvMapErr) return *refusal(action);
        if (takes_frames(action) && !has_room_) return FaultOutcome::OutOfMemory;
        if (may_read(action) && !has_room_to_read_) {
            make_room_to_read();
            continue;
        }
        const Result<void> done = act(action);
        if (!done.ok()) return failure(done.error());
        if (is_last_step(action, fault_.access)) return success();
        if (may_read(action)) make_room();
    }
    return FaultOutcome::OutOfMemory;
}

void AddressSpace::PageFault::make_room() {
    has_room_ = memory_.room().make_room(kFewFrames).ok();
    has_room_to_read_ = false;
}

// As much as the region's reader likes, or else a page alone.
void AddressSpace::PageFault::make_room_to_read() {
    window_ = window_for(region_->traits().advice);
    has_room_to_read_ = memory_.room().make_room(frames_to_fetch(window_)).ok();
    if (has_room_to_read_) return;
    window_ = PageCount(1);
    make_room();
    has_room_to_read_ = has_room_;
}

// --- Facts ---

FaultFacts AddressSpace::PageFault::look() {
    FaultFacts facts{.access = fault_.access,
                     .ring = fault_.ring,
                     .reserved_bit = fault_.cause == FaultCause::ReservedBit};
    region_ = page_ < kFirstKernelPage ? space_.regions_.find(page_) : nullptr;
    if (region_ == nullptr) {
        look_outside(facts);
        return facts;
    }
    facts.allows = allowed_by(region_->traits().rights);
    facts.backing = backing_of(*region_);
    look_at_entry(facts);
    return facts;
}

void AddressSpace::PageFault::look_outside(FaultFacts& facts) {
    facts.place = FaultFacts::Place::KernelHalf;
    if (page_ >= kFirstKernelPage) return;
    region_ = stack_that_reaches();
    facts.place = region_ != nullptr ? FaultFacts::Place::BelowStack : FaultFacts::Place::Hole;
}

void AddressSpace::PageFault::look_at_entry(FaultFacts& facts) {
    table_ = facts.table = space_.pages_.table_use(page_);
    pte_ = Pte();
    if (table_ != TableUse::None) {
        at_ = space_.pages_.location(page_);
        pte_ = entry_at(at_);
    }
    if (pte_.is_resident()) return look_at_frame(facts);
    look_behind(facts);
}

void AddressSpace::PageFault::look_at_frame(FaultFacts& facts) const {
    const MappedPages& pages = memory_.pages();
    facts.writable = pte_.is_writable();
    if (pte_.is_hidden()) {
        facts.page = FaultFacts::Page::Hidden;
    } else if (pages.is_zero(pte_)) {
        facts.page = FaultFacts::Page::Zero;
    } else if (memory_.records().state(pte_.frame()) == FrameState::Object) {
        facts.page = FaultFacts::Page::Object;
    } else {
        const bool sole = pages.mappings(pte_.frame()) == 1;
        facts.page = sole ? FaultFacts::Page::Sole : FaultFacts::Page::Several;
        facts.swap_copy = pages.swap_copy(pte_.frame()) != SwapSlot();
    }
}

// The page is not there: whether it is in RAM, and what the others say who share the page table.
void AddressSpace::PageFault::look_behind(FaultFacts& facts) {
    if (pte_.is_swapped()) {
        facts.page = FaultFacts::Page::Swapped;
        facts.in_ram = memory_.pages().swap().cached(pte_.slot()).has_value();
    } else if (const MemoryObject* object = region_->object()) {
        const std::uint32_t index = region_->object_page_of(page_);
        facts.past_end = index >= object->pages();
        facts.in_ram = object->entry(index).is_frame();
    }
    if (table_ != TableUse::Shared) return;
    agreed_ = same_for_all();
    facts.same_for_all = !agreed_.empty();
}

// The pages around the faulting one of which all who share its page table, which is at_.table, say
// the same: the same pages of the same object or anonymous ones, with some right, not locked.
// A table outlives changes to the regions above it as long as nobody touches an entry.
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

// Sees to it that there is a place for the entry: at_.
Result<void> AddressSpace::PageFault::place_entry() {
    if (table_ != TableUse::None) return {};
    const PageTable table = TRY(space_.pages_.directory().ensure_table(page_));
    at_ = {table.frame(), table_index(page_)};
    return {};
}

Result<void> AddressSpace::PageFault::map_zero_frame() {
    TRY(place_entry());
    const Pte entry = Pte::for_frame(memory_.pages().zero_frame(), Protection::UserReadOnly);
    exchange_entry(memory_.records(), at_, entry);
    ++memory_.statistics().zero_mapped;
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

// The source is what is mapped now, or the object's page, of which nothing is mapped yet.
Result<void> AddressSpace::PageFault::copy_page() {
    OwnedFrame frame = TRY(memory_.frames().allocate());
    TRY(place_entry());
    const FrameNumber source =
        pte_.is_empty() ? region_->object()->entry(region_->object_page_of(page_)).frame()
                        : pte_.frame();
    memcpy(frame_bytes(frame.number()), frame_bytes(source), kPageSize);
    const Pte entry = Pte::for_frame(frame.number(), Protection::UserReadWrite)
                          .with_lock(region_->traits().locked);
    SpaceFlush flush(space_.pages_);
    const Pte before = space_.pages_.put(page_, entry, *flush);
    memory_.pages().add_private(std::move(frame), at_, entry);
    memory_.pages().remove(at_, before, *flush);
    ++memory_.statistics().copied;
    return {};
}

// A right that is given needs no flush: at worst the CPU faults once more (SDM 3A 4.10.4.3). There
// is one CPU, and it is here: nobody sets an accessed or dirty bit meanwhile.
void AddressSpace::PageFault::make_writable() {
    exchange_entry(memory_.records(), at_, pte_.with_protection(Protection::UserReadWrite));
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
    if (table_ == TableUse::Shared) around = around.intersection(agreed_);
    const std::uint32_t first = region_->object_page_of(around.first);
    region_->object()->for_each_resident(
        first, first + around.count().raw(), [&](std::uint32_t index, FrameNumber frame) {
            const PageNumber page = around.first + PageCount(index - first);
            const PteLocation at{at_.table, table_index(page)};
            if (!entry_at(at).is_empty()) return;
            if (put_shared(at, Pte::for_frame(frame, shared_protection())).ok())
                ++memory_.statistics().mapped_around;
        });
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

Result<void> AddressSpace::PageFault::fetch_object_page() {
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
