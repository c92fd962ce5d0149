#include "mm/swap_in.h"

#include "mm/tell_event.h"

namespace quire::mm {

namespace {

// The frame holds what `slot` holds, and is nobody's but the swap cache's.
void enter_in_cache(MappedPages& pages, SwapSlot slot, FrameNumber frame, Arrival arrival) {
    pages.records().set_private(frame, {FrameNumber(), 0});
    pages.records().set_tag(frame, slot.raw());
    pages.swap().set_cached(slot, frame);
    pages.brought_in(frame, arrival, pages.swap().shadow(slot));
}

// Reads all of `run`, or none. `wanted` is the one that somebody waits for.
Result<FrameNumber> read_run(UserMemory& memory, SlotRange run, SwapSlot wanted) {
    FramesToFill frames(memory.frames());
    TRY(frames.allocate(run.count().raw()));
    const std::span<const FrameNumber> numbers = frames.numbers();
    TRY(memory.pages().swap().read_run(run.first, numbers));
    for (std::uint32_t i = 0; i < numbers.size(); ++i) {
        const SwapSlot slot = run.first + PageCount(i);
        enter_in_cache(memory.pages(), slot, numbers[i],
                       slot == wanted ? Arrival::Demand : Arrival::ReadAhead);
    }
    memory.statistics().swapped_in += run.count().raw();
    const FrameNumber frame = numbers[(wanted - run.first).raw()];
    frames.release();
    if (EventObserver* const observer = memory.observer()) {
        observer->tell(nullptr, {.kind = EventKind::SwapIn,
                                 .pages = run.count(),
                                 .frame = frame,
                                 .slot = run.first,
                                 .wanted = wanted.raw()});
        tell_thrashing(memory);
    }
    return frame;
}

// What is read along takes a frame and keeps its slot. If the last slots go to such pages, nothing
// dirty can leave any more. An area that is drained gets no use of its slots in any case.
bool may_keep_slots(const SwapSpace& swap, SwapSlot slot, PageCount count) {
    return !swap.allocates_beside(slot) || swap.statistics().available >= count;
}

}  // namespace

Result<Fetched> fetch_slot(UserMemory& memory, SwapSlot slot, PageCount window) {
    const SwapSpace& swap = memory.pages().swap();
    if (const std::optional<FrameNumber> cached = swap.cached(slot)) return Fetched{*cached, false};
    const SlotRange run = swap.neighbours(slot, window);
    if (run.count() > PageCount(1) && may_keep_slots(swap, slot, window)) {
        const Result<FrameNumber> frame = read_run(memory, run, slot);
        if (frame.ok()) return Fetched{frame.value(), true};
    }
    return Fetched{TRY(read_run(memory, SlotRange::of(slot, PageCount(1)), slot)), true};
}

}  // namespace quire::mm
