// brk(2): the end of a program's heap, which begins above its image.
//
//     image | heap: private, anonymous ....... | free page | next region (or its guard)
//           ^ break_start_                     ^ page after break_
//
// The break is a byte, the heap whole pages: moving the break within a page changes no region. What
// lies between is a region like any other; a program may unmap or protect parts of it. brk(2) has
// no error to return, so whatever fails leaves the break where it was.
#include "mm/address_space.h"
#include "mm/memory_event.h"

namespace quire::mm {

namespace {

PageNumber page_after(VirtAddr address) {
    return PageNumber() + pages_for(address.raw());
}

}  // namespace

void AddressSpace::set_break_start(VirtAddr address) {
    break_start_ = break_ = address;
}

VirtAddr AddressSpace::set_break(VirtAddr address) {
    if (address < break_start_ || address > start_of(kFirstKernelPage)) return break_;
    if (address - break_start_ > limits_.data) return break_;
    const PageNumber before = page_after(break_);
    const PageNumber after = page_after(address);
    bool can_move = true;
    if (after < before) can_move = shrink_break({after, before});
    if (after > before) can_move = grow_break({before, after}).ok();
    if (!can_move) return break_;
    break_ = address;
    if (EventObserver* const observer = memory_.observer()) {
        observer->tell(this, {.kind = EventKind::Break,
                              .address = address,
                              .pages = after - page_after(break_start_)});
    }
    return break_;
}

// A heap that the program has unmapped itself is not the break's to shrink (as in Linux).
bool AddressSpace::shrink_break(PageRange range) {
    return !regions_.is_free(range) && unmap_range(range).ok();
}

Result<void> AddressSpace::grow_break(PageRange range) {
    if (!has_room({range.first, range.end + PageCount(1)})) return Error::OutOfMemory;
    const PageCount size = range.count();
    MapRequest heap;
    heap.rights = Rights::read() | Rights::write();
    const RegionTraits traits = traits_for(heap);
    if (traits.locked && !may_lock(size)) return Error::TryAgain;
    if (!may_have(size, true)) return Error::OutOfMemory;
    TRY(memory_.room().make_room(kFewFrames));
    TRY(extend_or_add(range, traits, nullptr, 0));
    if (traits.locked) bring_in(range, traits);
    return {};
}

}  // namespace quire::mm
