#include "mm/mapped_pages.h"

#include <optional>
#include <utility>

#include "mm/address_space.h"

namespace quire::mm {

MappedPages::MappedPages(FrameAllocator& frames, SwapSpace& swap, ObjectRegistry& objects,
                         ReplacementPolicy& policy, OwnedFrame zero)
    : frames_(frames),
      records_(frames.table()),
      swap_(swap),
      objects_(objects),
      policy_(&policy),
      zero_(std::move(zero)) {}

Result<void> MappedPages::add_mapping(PteLocation at, Pte pte) {
    const FrameNumber frame = pte.frame();
    TRY(records_.add_reference(frame));
    const bool first = records_.state(frame) == FrameState::Private && mappings(frame) == 1;
    if (first) records_.set_private(frame, at);
    if (pte.is_locked()) lock_changed(frame);
    return {};
}

std::uint32_t MappedPages::copy_private(PageTable from, PageTable to, std::uint32_t first,
                                        std::uint32_t end) const {
    ASSERT(end <= kEntriesPerTable);
    FrameTable& records = records_;
    std::uint32_t i = first;
    for (; i < end; ++i) {
        const Pte pte = from.get(i);
        if (!pte.is_resident() || !records.add_reference_if_private(pte.frame())) break;
        from.set(i, pte.without_write());
        to.set(i, pte.without_write().with_lock(false));
    }
    return i - first;
}

Pte MappedPages::copied(Pte pte) {
    if (pte.is_swapped()) {
        swap_.add_name(pte.slot());
        return pte;
    }
    if (is_zero(pte)) return pte;
    if (!records_.add_reference(pte.frame()).ok()) return {};
    return pte.with_lock(false);
}

void MappedPages::remove(PteLocation at, Pte before, FlushBatch& batch) {
    if (before.is_empty()) return;
    if (before.is_swapped()) return drop_slot(before.slot());
    const FrameNumber frame = before.frame();
    if (frame == zero_frame()) return;
    const bool is_private = records_.state(frame) == FrameState::Private;
    if (!is_private || mappings(frame) > 1) return leave(at, before);
    if (swap_copy(frame) != SwapSlot()) forget_swap_copy(frame);
    if (records_.has(frame, FrameFlag::Listed)) policy_->forget(frame);
    records_.clear(frame, FrameFlag::Locked);
    batch.drop_later(frame);
}

void MappedPages::leave(PteLocation at, Pte before) {
    const FrameNumber frame = before.frame();
    records_.drop_reference_of_several(frame);
    if (records_.state(frame) != FrameState::Private) {
        if (before.is_dirty())
            object_of(frame).set_dirty(records_, records_.object_of(frame).page_index);
    } else if (records_.pte_of(frame) == at) {
        find_new_home(frame, at);
    }
    if (before.is_locked()) lock_changed(frame);
}

PageNumber MappedPages::take_plain(PageTable table, PageRange pages, FrameBuffer& frames,
                                   FlushBatch& batch) const {
    const std::uint32_t first = table_index(pages.first);
    const std::uint32_t end = first + pages.count().raw();
    ASSERT(end <= kEntriesPerTable);
    for (std::uint32_t i = first; i < end; ++i) {
        const Pte pte = table.get(i);
        if (pte.is_empty()) continue;
        const PageNumber page = pages.first + PageCount(i - first);
        if (!is_plain(pte)) return page;
        table.set(i, Pte());
        if (pte.is_present()) batch.add(page, Scope::OneSpace);
        frames.add(pte.frame());
        if (frames.full()) return page + PageCount(1);
    }
    return pages.end;
}

void MappedPages::remove_plain(const FrameBuffer& frames, FlushBatch& batch) {
    if (frames.all().empty()) return;
    policy_->forget_all(frames.all());
    batch.drop_chain_later(frames.all().front(), frames.all().back());
}

// Some other sibling has the frame at the same index: its record names that PTE from now on.
void MappedPages::find_new_home(FrameNumber frame, PteLocation old) {
    for (FrameNumber table = records_.ring_next(old.table); table != old.table;
         table = records_.ring_next(table)) {
        const Pte pte = PageTable(table).get(old.index);
        if (!pte.is_resident() || pte.frame() != frame) continue;
        return records_.set_private(frame, {table, old.index});
    }
    ASSERT_UNREACHABLE();
}

std::uint32_t MappedPages::move_private(PteLocation from, PteLocation to,
                                        std::uint32_t count) const {
    FrameTable& records = records_;
    const PageTable source(from.table);
    const PageTable target(to.table);
    const std::uint32_t end = from.index + count;
    ASSERT(end <= kEntriesPerTable && to.index + count <= kEntriesPerTable);
    for (; from.index < end; ++from.index, ++to.index) {
        const Pte pte = source.get(from.index);
        if (!pte.is_resident() || !records.move_if_private(pte.frame(), from, to)) break;
        source.set(from.index, Pte());
        target.set(to.index, pte);
    }
    return count - (end - from.index);
}

void MappedPages::drop_slot(SwapSlot slot) {
    const std::optional<FrameNumber> frame = swap_.cached(slot);
    const bool goes = frame.has_value() && swap_.names(slot) == 1 && mappings(*frame) == 0 &&
                      !records_.has(*frame, FrameFlag::Busy);
    swap_.drop_name(slot);
    if (!goes) return;
    if (records_.has(*frame, FrameFlag::Listed)) policy_->forget(*frame);
    forget_swap_copy(*frame);
}

void MappedPages::forget_swap_copy(FrameNumber frame) {
    const SwapSlot slot = swap_copy(frame);
    ASSERT(slot != SwapSlot());
    swap_.clear_cached(slot);
    records_.set_tag(frame, 0);
    frames_.drop_reference(frame);
}

namespace {

class LockFinder final : public MappingVisitor {
  public:
    bool visit(PteLocation, Pte pte) override {
        found = pte.is_locked();
        return !found;
    }
    bool found = false;
};

}  // namespace

void MappedPages::lock_changed(FrameNumber frame) {
    LockFinder finder;
    for_each_mapping(frame, finder);
    if (finder.found == records_.has(frame, FrameFlag::Locked)) return;
    if (finder.found) {
        records_.set(frame, FrameFlag::Locked);
        if (records_.has(frame, FrameFlag::Listed)) policy_->forget(frame);
    } else {
        records_.clear(frame, FrameFlag::Locked);
        policy_->admit(frame, Arrival::Demand, 0);
    }
}

void MappedPages::for_each_mapping(FrameNumber frame, MappingVisitor& visitor) {
    if (records_.state(frame) == FrameState::Private) {
        visit_private(frame, visitor);
    } else {
        visit_object(frame, visitor);
    }
}

void MappedPages::visit_private(FrameNumber frame, MappingVisitor& visitor) {
    std::uint32_t left = mappings(frame);
    if (left == 0) return;  // only in the swap cache
    const PteLocation home = records_.pte_of(frame);
    FrameNumber table = home.table;
    do {
        const PteLocation at{table, home.index};
        table = records_.ring_next(table);
        const Pte pte = entry_at(at);
        if (!pte.is_resident() || pte.frame() != frame) continue;
        --left;
        if (!visitor.visit(at, pte)) return;
    } while (left != 0 && table != home.table);
    ASSERT(left == 0);
}

void MappedPages::visit_object(FrameNumber frame, MappingVisitor& visitor) {
    const std::uint32_t index = records_.object_of(frame).page_index;
    for (Region& region : object_of(frame).regions()) {
        if (!region.shows(index)) continue;
        const UserPages& pages = region.space().pages();
        const PageNumber page = region.page_that_shows(index);
        const Pte pte = pages.entry(page);
        if (!pte.is_resident() || pte.frame() != frame) continue;
        if (!visitor.visit(pages.location(page), pte)) return;
    }
}

MemoryObject& MappedPages::object_of(FrameNumber frame) const {
    MemoryObject* object = objects_.find(records_.object_of(frame).object);
    ASSERT(object != nullptr);
    return *object;
}

void MappedPages::change_policy(ReplacementPolicy& policy) {
    if (&policy == policy_) return;
    hand_over(*policy_, policy);
    policy_ = &policy;
}

// A neighbour that was read along says nothing of what programs miss.
void MappedPages::brought_in(FrameNumber frame, Arrival arrival, Shadow kept) {
    if (arrival == Arrival::Demand) thrashing_.page_in(ThrashingSignal::departure_in(kept));
    policy_->admit(frame, arrival, ThrashingSignal::policy_part(kept));
}

}  // namespace quire::mm
