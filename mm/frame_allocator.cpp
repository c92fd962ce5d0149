#include "mm/frame_allocator.h"

#include <bit>
#include <utility>

#include "libc/string.h"
#include "mm/machine.h"

namespace quire::mm {

const char* zone_name(Zone zone) {
    switch (zone) {
    case Zone::Dma:
        return "DMA";
    case Zone::Window:
        return "Window";
    case Zone::High:
        return "High";
    }
    return "?";
}

PageCount RunCounts::frames_from(std::uint32_t order) const {
    PageCount frames;
    for (; order < FrameBitmap::kOrders; ++order)
        frames += PageCount(runs[order] << order);
    return frames;
}

FrameAllocator::FrameAllocator(FrameTable& table, std::span<std::uint32_t> memory,
                               FailureInjector& injector, Options options)
    : bitmap_(table.end().raw(), memory),
      records_(table.records_),
      frame_count_(table.end().raw()),
      poison_(options.poison),
      fast_mask_(options.poison ? kNotFast : injector.unarmed_mask()),
      injector_(injector),
      table_(table),
      reachable_(options.reachable) {
    constexpr std::uint32_t kDmaEnd = kDmaFrames.raw() / FrameBitmap::kGroupFrames;
    constexpr std::uint32_t kWindowEnd = kMaxWindowFrames.raw() / FrameBitmap::kGroupFrames;
    static_assert(kDmaFrames.raw() % FrameBitmap::kGroupFrames == 0);
    static_assert(kMaxWindowFrames.raw() % FrameBitmap::kGroupFrames == 0);
    const std::uint32_t end = bitmap_.groups();
    zones_[0] = {0, end < kDmaEnd ? end : kDmaEnd};
    if (end > kDmaEnd) zones_[1] = {kDmaEnd, end < kWindowEnd ? end : kWindowEnd};
    if (end > kWindowEnd) zones_[2] = {kWindowEnd, end};
}

void FrameAllocator::add_memory(FrameRange range) {
    ASSERT(range.empty() || (range.first > FrameNumber(0) && range.end <= table_.end()));
    // Runs for each frame at boot, so it is short: what the frames were is collected and judged
    // once, and the rest of a record is zero as long as it is Absent or Reserved.
    constexpr std::uint32_t kFree = FrameTable::use_word(FrameState::Free, 0);
    constexpr std::uint32_t kReserved = FrameTable::use_word(FrameState::Reserved, 0);
    static_assert(FrameTable::use_word(FrameState::Absent, 0) == 0);
    std::uint32_t before = 0;
    for (std::uint32_t frame = range.first.raw(); frame < range.end.raw(); ++frame)
        before |= std::exchange(records_[frame].use, kFree);
    ASSERT(before == 0 || before == kReserved);
    if (poison_ && !range.empty()) poison(range.first, range.count().raw());
    give_runs(range.first.raw(), range.end.raw());
    free_ += range.count();
    managed_ += range.count();
}

// Gives [first, end) to the bitmap as the largest aligned runs it is made of.
void FrameAllocator::give_runs(std::uint32_t first, std::uint32_t end) {
    while (first < end) {
        std::uint32_t order = static_cast<std::uint32_t>(std::countr_zero(first));
        if (order > kMaxOrder) order = kMaxOrder;
        while (1U << order > end - first)
            --order;
        bitmap_.give_run(first, order);
        first += 1U << order;
    }
}

// --- Handing out ---

// The bitmap no longer has the run; the record and the count learn it here.
inline void FrameAllocator::hand_out(FrameNumber frame, std::uint32_t order) {
    FrameInfo& record = records_[frame.raw()];
    free_ -= PageCount(1U << order);
    record.use = kSoleOwner;
    if (order > 0) {
        record.use = kSoleOwnerOfRun;
        record.next = order << 20;
    }
    if (poison_) {
        table_.set(frame, FrameFlag::Watched);
        unpoison(frame, 1U << order);
    }
}

// The window is used up, poison is on, or a failure is to be injected.
std::uint32_t FrameAllocator::take_slowly() {
    std::uint32_t frame = FrameBitmap::kNone;
    if (!injector_.should_fail()) {
        frame = take_free();
        if (frame == FrameBitmap::kNone && drain_pool()) frame = take_free();
    }
    if (frame == FrameBitmap::kNone) {
        ++failures_;
    } else {
        hand_out(FrameNumber(frame), 0);
    }
    return frame;
}

// A free frame by the bitmap alone, or kNone. Its record and the count are not touched.
inline std::uint32_t FrameAllocator::take_free() {
    if (bitmap_.hand() == 0 && !bitmap_.fill_hand(groups_of(Zone::Window)) &&
        !bitmap_.fill_hand(groups_of(Zone::Dma))) {
        return FrameBitmap::kNone;
    }
    return bitmap_.take_from_hand(bitmap_.hand());
}

// A run within a word, or `zone` has no such run, or poison is on, or a failure is to be injected.
std::uint32_t FrameAllocator::take_run_slowly(std::uint32_t order, Zone zone) {
    std::uint32_t frame = FrameBitmap::kNone;
    if (!injector_.should_fail()) {
        frame = take_free_run(order, zone);
        if (frame == FrameBitmap::kNone && drain_pool()) frame = take_free_run(order, zone);
    }
    if (frame == FrameBitmap::kNone) {
        ++failures_;
    } else {
        hand_out(FrameNumber(frame), order);
    }
    return frame;
}

// From `zone`, or the zones below it in turn.
std::uint32_t FrameAllocator::take_free_run(std::uint32_t order, Zone zone) {
    for (auto index = static_cast<std::uint32_t>(zone);; --index) {
        const std::uint32_t frame = bitmap_.take_run(order, zones_[index]);
        if (frame != FrameBitmap::kNone || index == 0) return frame;
    }
}

Result<OwnedFrame> FrameAllocator::allocate_run(std::uint32_t order, Zone zone) {
    return OwnedFrame::adopt(*this, TRY(take_run(order, zone)));
}

// --- Taking back ---

// Those of one word of the bitmap, which mostly stand side by side, are given to it together.
void FrameAllocator::drop_chain(FrameNumber first) {
    std::uint32_t frame = first.raw();
    while (frame != 0) {
        const std::uint32_t word = frame / 32;
        std::uint32_t freed = 0;
        do {
            ASSERT(frame < frame_count_);
            FrameInfo& record = records_[frame];
            const std::uint32_t next = record.next & FrameTable::kLinkMask;
            if ((record.use & kSoleOwnerMask) == (kSoleOwner & kSoleOwnerMask)) {
                record.use = FrameTable::use_word(FrameState::Free, 0);
                freed |= 1U << frame % 32;
            } else {
                drop_slowly(FrameNumber(frame));
            }
            frame = next;
        } while (frame / 32 == word && frame != 0);
        if (freed == 0) continue;
        free_ += PageCount(static_cast<std::uint32_t>(std::popcount(freed)));
        bitmap_.give_some(word, freed);
    }
}

// A run, or what has to be looked at more closely.
void FrameAllocator::drop_slowly(FrameNumber frame) {
    const FrameInfo& record = records_[frame.raw()];
    if ((record.use & kSoleOwnerMask) != (kSoleOwnerOfRun & kSoleOwnerMask)) {
        return drop_rarely(frame);
    }
    give_back(frame, record.next >> 20);
}

// More than one reference, poison, or a broken contract.
void FrameAllocator::drop_rarely(FrameNumber frame) {
    std::uint32_t& use = records_[frame.raw()].use;
    ASSERT((use & FrameTable::kInUseBit) != 0);
    if ((use & FrameTable::kMaxReferences) > 1) {
        --use;
        return;
    }
    constexpr auto kAttached = static_cast<std::uint32_t>(FrameFlag::Listed) |
                               static_cast<std::uint32_t>(FrameFlag::Busy) |
                               static_cast<std::uint32_t>(FrameFlag::Locked);
    ASSERT((use & kAttached) == 0);
    const std::uint32_t order = table_.order_of(frame);
    if (poison_) poison(frame, 1U << order);
    give_back(frame, order);
}

// The last reference is gone: record, count and bitmap learn it here.
inline void FrameAllocator::give_back(FrameNumber frame, std::uint32_t order) {
    records_[frame.raw()].use = FrameTable::use_word(FrameState::Free, 0);
    free_ += PageCount(1U << order);
    if (order >= FrameBitmap::kWordOrder) {
        bitmap_.give_words(frame.raw(), order);
    } else if (order > 0) {
        bitmap_.give_run(frame.raw(), order);
    } else {
        bitmap_.give(frame.raw());
    }
}

Result<OwnedFrame> OwnedFrame::share() const {
    ASSERT(!empty());
    TRY(allocator_->table().add_reference(frame_));
    return adopt(*allocator_, frame_);
}

// --- Frames zeroed ahead ---

bool FrameAllocator::zero_one_ahead() {
    if (zeroed_ >= kZeroedTarget) return false;
    const std::uint32_t number = take_free();
    if (number == FrameBitmap::kNone) return false;
    const FrameNumber frame(number);
    --free_;
    if (poison_) unpoison(frame, 1);
    clear_frame(frame);
    table_.set_state(frame, FrameState::Zeroed);
    pool_[zeroed_.raw()] = frame;
    ++zeroed_;
    return true;
}

// The pool is empty, poison is on, or a failure is to be injected.
Result<FrameNumber> FrameAllocator::take_and_clear() {
    if (zeroed_ == PageCount()) {
        const FrameNumber frame = TRY(take_frame());
        clear_frame(frame);
        ++zeroed_misses_;
        return frame;
    }
    if (injector_.should_fail()) {
        ++failures_;
        return Error::OutOfMemory;
    }
    const FrameNumber frame = pop_zeroed();
    records_[frame.raw()].use = kSoleOwner;
    if (poison_) table_.set(frame, FrameFlag::Watched);
    ++zeroed_hits_;
    return frame;
}

// Makes the pool's frames ordinary free frames: they may be what is missing for a run.
bool FrameAllocator::drain_pool() {
    const bool any = zeroed_ != PageCount();
    while (zeroed_ != PageCount()) {
        const FrameNumber frame = pop_zeroed();
        table_.set_state(frame, FrameState::Free);
        if (poison_) poison(frame, 1);
        bitmap_.give(frame.raw());
        ++free_;
    }
    return any;
}

void FrameAllocator::clear_frame(FrameNumber frame) {
    ASSERT(frame < FrameNumber(reachable_.raw()));
    memset(frame_words(frame), 0, kPageSize);
}

void FrameAllocator::poison(FrameNumber first, std::uint32_t count) {
    const FrameRange range = FrameRange::of(first, PageCount(count));
    for (FrameNumber frame = range.first; frame < range.end; ++frame) {
        if (frame.raw() < reachable_.raw()) machine::poison_frame(frame);
    }
}

void FrameAllocator::unpoison(FrameNumber first, std::uint32_t count) {
    const FrameRange range = FrameRange::of(first, PageCount(count));
    for (FrameNumber frame = range.first; frame < range.end; ++frame) {
        if (frame.raw() < reachable_.raw()) machine::unpoison_frame(frame);
    }
}

// --- Questions ---

FrameStatistics FrameAllocator::statistics() const {
    return {.managed = managed_,
            .free = free_frames(),
            .zeroed = zeroed_,
            .failures = failures_,
            .zeroed_hits = zeroed_hits_,
            .zeroed_misses = zeroed_misses_};
}

RunCounts FrameAllocator::run_counts(Zone zone) const {
    RunCounts counts;
    bitmap_.count_runs(groups_of(zone), counts.runs);
    return counts;
}

RunCounts FrameAllocator::run_counts() const {
    RunCounts counts;
    bitmap_.count_runs({0, bitmap_.groups()}, counts.runs);
    return counts;
}

std::uint32_t FrameAllocator::fragmentation(std::uint32_t order) const {
    if (free_ == PageCount()) return 0;
    const std::uint32_t usable = run_counts().frames_from(order).raw();
    return (free_.raw() - usable) * 1000 / free_.raw();
}

void FrameAllocator::check_invariants() const {
    bitmap_.check_invariants();
    table_.check_invariants();
    for (PageCount i; i < zeroed_; ++i)
        ASSERT(table_.state(pool_[i.raw()]) == FrameState::Zeroed);
    PageCount free;
    PageCount zeroed;
    FrameNumber run_end;
    for (FrameNumber frame; frame < table_.end(); ++frame) {
        const FrameState state = table_.state(frame);
        const bool inside_run = frame < run_end;
        ASSERT(!inside_run || state == FrameState::Free);
        ASSERT(bitmap_.is_free(frame.raw()) == (state == FrameState::Free && !inside_run));
        if (table_.has(frame, FrameFlag::Run)) {
            run_end = frame + PageCount(1U << table_.order_of(frame));
        }
        if (bitmap_.is_free(frame.raw())) ++free;
        if (state == FrameState::Zeroed) ++zeroed;
    }
    ASSERT(free == free_ && zeroed == zeroed_);
    ASSERT(run_end <= table_.end());
    ASSERT(run_counts().frames_from(0) == free_);
}

}  // namespace quire::mm
