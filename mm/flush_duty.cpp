#include "mm/flush_duty.h"

#include <utility>

#include "mm/frame_allocator.h"
#include "mm/machine.h"
#include "mm/page_table.h"

namespace quire::mm {

Pte StalePage::flush() {
    if (before_.is_present()) machine::flush_page(start_of(page_));
    return end();
}

Pte StalePage::join(FlushBatch& batch) {
    if (before_.is_present()) {
        batch.add(page_, before_.is_global() ? Scope::Global : Scope::OneSpace);
    }
    return end();
}

Pte StalePage::not_loaded() {
    ASSERT(!before_.is_present() || !before_.is_global());
    return end();
}

Pte StalePage::end() {
    ASSERT(!ended_);
    ended_ = true;
    return before_;
}

// cppcheck-suppress uninitMemberVar ; a place counts only below the count
FlushBatch::FlushBatch(FrameAllocator& frames) : frames_(&frames), records_(&frames.table()) {}

void FlushBatch::add_large(Scope scope) {
    if (scope == Scope::Global) global_ = true;
    everything_ = true;
}

// Retired tables are chained through their first words, as swapped entries: P is 0, so even a walk
// by way of a cached directory entry finds nothing present.
void FlushBatch::retire(FrameNumber table) {
    ASSERT(frames_->table().place(table) == 0);  // no entry in use
    if (has_retired_) PageTable(table).set(0, Pte::for_slot(SwapSlot(retired_.raw())));
    retired_ = table;
    has_retired_ = true;
}

void FlushBatch::flush() {
    if (everything_ && global_) {
        machine::flush_all_and_global();
    } else if (everything_ || (has_retired_ && pages_ == 0)) {
        machine::flush_all();
    } else {
        // Each INVLPG also forgets every cached directory entry, as retired tables need.
        for (std::uint32_t i = 0; i < pages_; ++i)
            machine::flush_page(start_of(PageNumber(page_[i])));
    }
    pages_ = 0;
    everything_ = global_ = false;
    release_all();
}

void FlushBatch::not_loaded() {
    ASSERT(!global_);
    pages_ = 0;
    everything_ = false;
    release_all();
}

void FlushBatch::release_all() {
    frames_->drop_chain(std::exchange(doomed_, FrameNumber()));
    while (has_retired_) {
        const PageTable table(retired_);
        const Pte next = table.exchange(0, Pte());
        has_retired_ = next.is_swapped();
        if (has_retired_) retired_ = FrameNumber(next.slot().raw());
        frames_->drop_reference(table.frame());
    }
}

}  // namespace quire::mm
