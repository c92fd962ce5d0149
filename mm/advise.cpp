// madvise(2), mincore(2) and msync(2): what a program says and asks about pages it has.
//
//     range       |                                |
//     regions   | A      | hole |  B  |   C            |
//                 | piece|      |piece|  piece     |      each in turn; the hole is ENOMEM in the
//                 end
//
// Only DontNeed and Free change what a program reads. Free means "now or later" in Linux; here it
// is now, as for DontNeed. madvise(2), mincore(2), msync(2).
#include "mm/address_space.h"
#include "mm/object_pages.h"
#include "mm/swap_in.h"
#include "mm/write_back.h"

namespace quire::mm {

namespace {

// One call makes no more reads, of kReadAhead pages each: it could drive out what it has read.
constexpr std::uint32_t kMostReads = 64;

// A range of whole pages, or InvalidArgument in place of one that no address space can have.
Result<PageRange> range_of(VirtAddr address, std::uint32_t bytes) {
    constexpr PageNumber kEnd{1U << (32 - kPageShift)};
    if (offset_in_page(address) != 0) return Error::InvalidArgument;
    const PageRange range = PageRange::of(page_of(address), pages_for(bytes));
    if (bytes != 0 && range.end >= kEnd) return Error::InvalidArgument;
    return range;
}

// Calls visit(region, piece) for what regions have of `range`, in order, until one call fails; it
// may split and merge regions. Answers whether there was no hole.
template <typename Visitor>
Result<bool> visit_pieces(RegionMap& regions, PageRange range, Visitor visit) {
    bool complete = true;
    for (PageNumber page = range.first; page < range.end;) {
        Region* region = regions.first_ending_after(page);
        if (region == nullptr || region->range().first >= range.end) return false;
        const PageRange piece = region->range().intersection({page, range.end});
        if (page < piece.first) complete = false;
        TRY(visit(*region, piece));
        page = piece.end;
    }
    return complete;
}

// Memory that is short for a moment is TryAgain here: OutOfMemory speaks of holes.
Result<void> or_try_again(Result<void> result) {
    if (!result.ok() && result.error() == Error::OutOfMemory) return Error::TryAgain;
    return result;
}

RegionTraits with_advice(RegionTraits traits, AddressSpace::AdviceCall advice) {
    using Call = AddressSpace::AdviceCall;
    if (advice == Call::Normal) traits.advice = Advice::Normal;
    if (advice == Call::Random) traits.advice = Advice::Random;
    if (advice == Call::Sequential) traits.advice = Advice::Sequential;
    if (advice == Call::DontFork) traits.dont_fork = true;
    if (advice == Call::DoFork) traits.dont_fork = false;
    return traits;
}

}  // namespace

Result<void> AddressSpace::advise(VirtAddr address, std::uint32_t bytes, AdviceCall advice) {
    const PageRange range = TRY(range_of(address, bytes));
    if (advice == AdviceCall::PopulateRead) return populate_all(range, Access::Read);
    if (advice == AdviceCall::PopulateWrite) return populate_all(range, Access::Write);
    std::uint32_t reads_left = kMostReads;
    const bool complete =
        TRY(visit_pieces(regions_, range, [&](Region& region, PageRange piece) -> Result<void> {
            switch (advice) {
            case AdviceCall::DontNeed:
                if (region.traits().locked) return Error::InvalidArgument;
                return or_try_again(drop_pages_of(piece));
            case AdviceCall::Free:
                if (region.traits().locked || region.object() != nullptr) {
                    return Error::InvalidArgument;
                }
                return or_try_again(drop_pages_of(piece));
            case AdviceCall::WillNeed:
                read_ahead(region, piece, reads_left);
                return {};
            default:
                return or_try_again(change_advice(region, piece, advice));
            }
        }));
    if (!complete) return Error::OutOfMemory;
    return {};
}

Result<void> AddressSpace::drop_pages_of(PageRange piece) {
    const bool may_copy = pages_.table_use(piece.first) == TableUse::Shared ||
                          pages_.table_use(piece.end - PageCount(1)) == TableUse::Shared;
    if (may_copy) TRY(memory_.room().make_room(PageCount(2)));
    SpaceFlush flush(pages_);
    TRY(pages_.own_edges(piece, *flush));
    pages_.clear(piece, *flush);
    return {};
}

Result<void> AddressSpace::change_advice(Region& region, PageRange piece, AdviceCall advice) {
    const RegionTraits traits = with_advice(region.traits(), advice);
    if (traits == region.traits()) return {};
    if (piece != region.range()) TRY(memory_.room().make_room(PageCount(2)));
    Region* isolated = TRY(isolate(region, piece));
    change_traits(*isolated, traits);
    regions_.merge(*isolated);
    return {};
}

// Best effort: ends at the first thing that goes wrong.
void AddressSpace::read_ahead(const Region& region, PageRange piece, std::uint32_t& reads_left) {
    for (PageNumber page = piece.first; page < piece.end; ++page) {
        if (!can_be_read_ahead(region, page)) continue;
        if (reads_left == 0) return;
        if (!memory_.room().make_room(frames_to_fetch(kReadAhead)).ok()) return;
        if (!can_be_read_ahead(region, page)) continue;
        if (!fetch_ahead(region, page).ok()) return;
        --reads_left;
    }
}

// Whether the page is on a disk, and not in RAM.
bool AddressSpace::can_be_read_ahead(const Region& region, PageNumber page) const {
    const Pte pte = pages_.entry(page);
    if (pte.is_swapped()) return !memory_.pages().swap().cached(pte.slot()).has_value();
    if (!pte.is_empty() || region.object() == nullptr) return false;
    const MemoryObject& object = *region.object();
    const std::uint32_t index = region.object_page_of(page);
    const ObjectEntry entry = object.entry(index);
    if (object.kind() == MemoryObject::Kind::SharedMemory) return entry.is_slot();
    return index < object.pages() && !entry.is_frame();
}

Result<void> AddressSpace::fetch_ahead(const Region& region, PageNumber page) {
    const Pte pte = pages_.entry(page);
    if (pte.is_swapped()) {
        TRY(fetch_slot(memory_, pte.slot()));
    } else {
        TRY(fetch_page(memory_, *region.object(), region.object_page_of(page)));
    }
    return {};
}

// Stops at a hole: what lies before it is there then.
Result<void> AddressSpace::populate_all(PageRange range, Access access) {
    const Rights needed = access == Access::Write ? Rights::write() : Rights::read();
    for (PageNumber page = range.first; page < range.end;) {
        const Region* region = regions_.find(page);
        if (region == nullptr) return Error::OutOfMemory;
        if (!region->traits().rights.has(needed)) return Error::InvalidArgument;
        const PageRange piece = region->range().intersection({page, range.end});
        const FaultOutcome outcome = populate(piece, access);
        if (outcome == FaultOutcome::OutOfMemory) return Error::OutOfMemory;
        if (!is_resolved(outcome)) return Error::BadAddress;
        page = piece.end;
    }
    return {};
}

Result<void> AddressSpace::residence(VirtAddr address, std::uint32_t bytes,
                                     std::span<std::uint8_t> answer) {
    constexpr VirtAddr kEnd = start_of(kFirstKernelPage);
    if (offset_in_page(address) != 0) return Error::InvalidArgument;
    if (address > kEnd || bytes > kEnd - address) return Error::OutOfMemory;
    const PageRange range = PageRange::of(page_of(address), pages_for(bytes));
    ASSERT(answer.size() >= range.count().raw());
    for (PageNumber page = range.first; page < range.end; ++page) {
        if (regions_.find(page) == nullptr) return Error::OutOfMemory;
        answer[(page - range.first).raw()] = frame_of(page).has_value() ? 1 : 0;
    }
    return {};
}

// An object's page counts even if nobody has mapped it here: a fault would find it.
std::optional<FrameNumber> AddressSpace::frame_of(PageNumber page) {
    const SwapSpace& swap = memory_.pages().swap();
    const Pte pte = pages_.entry(page);
    if (pte.is_resident()) return pte.frame();
    if (pte.is_swapped()) return swap.cached(pte.slot());
    const Region* region = regions_.find(page);
    if (region == nullptr || region->object() == nullptr) return std::nullopt;
    const ObjectEntry entry = region->object()->entry(region->object_page_of(page));
    if (entry.is_slot()) return swap.cached(entry.slot());
    if (!entry.is_frame()) return std::nullopt;
    return entry.frame();
}

// Start does nothing but check, as in Linux: what is dirty is written in its own time.
Result<void> AddressSpace::sync(VirtAddr address, std::uint32_t bytes, Sync how, bool invalidate) {
    if (offset_in_page(address) != 0) return Error::InvalidArgument;
    const Result<PageRange> range = range_of(address, bytes);
    if (!range.ok()) return Error::OutOfMemory;
    const bool complete = TRY(
        visit_pieces(regions_, range.value(), [&](Region& region, PageRange piece) -> Result<void> {
            if (invalidate && region.traits().locked) return Error::Busy;
            if (how != Sync::Wait || !region.traits().shared) return {};
            const std::uint32_t first = region.object_page_of(piece.first);
            return write_back(memory_, *region.object(), first, first + piece.count().raw());
        }));
    if (!complete) return Error::OutOfMemory;
    return {};
}

}  // namespace quire::mm
