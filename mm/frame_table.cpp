#include "mm/frame_table.h"

namespace quire::mm {

const char* frame_state_name(FrameState state) {
    switch (state) {
    case FrameState::Absent:
        return "absent";
    case FrameState::Reserved:
        return "reserved";
    case FrameState::Free:
        return "free";
    case FrameState::Zeroed:
        return "zeroed";
    case FrameState::Used:
        return "used";
    case FrameState::PageDirectory:
        return "page directory";
    case FrameState::PageTable:
        return "page table";
    case FrameState::Private:
        return "private";
    case FrameState::Object:
        return "object";
    case FrameState::KernelHeap:
        return "kernel heap";
    case FrameState::KernelStack:
        return "kernel stack";
    case FrameState::Device:
        return "device";
    }
    return "?";
}

FrameTable::FrameTable(std::span<FrameInfo> records)
    : records_(records.data()), count_(static_cast<std::uint32_t>(records.size())) {
    ASSERT(records.size() <= std::size_t{kLinkMask} + 1);
    for (FrameInfo& record : records)
        record = FrameInfo();
}

void FrameTable::set_state(FrameNumber frame, FrameState state) {
    FrameInfo& record = info(frame);
    record.use = (record.use & (kFlagMask | kMaxReferences)) | use_word(state, 0);
}

void FrameTable::reserve(FrameRange range) {
    for (FrameNumber frame = range.first; frame < range.end; ++frame) {
        ASSERT(state(frame) == FrameState::Absent || state(frame) == FrameState::Reserved);
        set_state(frame, FrameState::Reserved);
    }
}

Result<void> FrameTable::add_reference(FrameNumber frame) {
    ASSERT(in_use(frame));
    if (references(frame) == kMaxReferences) return Error::LimitReached;
    ++info(frame).use;
    return {};
}

void FrameTable::set_private(FrameNumber frame, PteLocation pte) {
    ASSERT(pte.index < kEntriesPerTable);
    if (state(frame) != FrameState::Private) set_tag(frame, 0);
    set_state(frame, FrameState::Private);
    set_place(frame, pte.table.raw() << 10 | pte.index);
}

PteLocation FrameTable::pte_of(FrameNumber frame) const {
    ASSERT(state(frame) == FrameState::Private);
    return {FrameNumber(place(frame) >> 10), place(frame) % kEntriesPerTable};
}

void FrameTable::set_object(FrameNumber frame, ObjectPage page) {
    set_state(frame, FrameState::Object);
    set_tag(frame, page.object);
    set_place(frame, page.page_index);
}

ObjectPage FrameTable::object_of(FrameNumber frame) const {
    ASSERT(state(frame) == FrameState::Object);
    return {tag(frame), place(frame)};
}

std::uint32_t FrameTable::tag(FrameNumber frame) const {
    const FrameInfo& record = info(frame);
    return (record.previous & ~kLinkMask) >> (20 - kTagHalf) | record.next >> 20;
}

void FrameTable::set_tag(FrameNumber frame, std::uint32_t tag) {
    ASSERT(tag < 1U << (2 * kTagHalf));
    ASSERT(!has(frame, FrameFlag::Run));
    FrameInfo& record = info(frame);
    record.next = (record.next & kLinkMask) | tag << 20;
    record.previous = (record.previous & kLinkMask) | tag >> kTagHalf << 20;
}

void FrameTable::ring_alone(FrameNumber frame) {
    set_link(info(frame).next, frame);
    set_link(info(frame).previous, frame);
}

void FrameTable::ring_insert_before(FrameNumber position, FrameNumber frame) {
    ASSERT(ring_next(frame) == frame && position != frame);
    const FrameNumber before = ring_previous(position);
    set_link(info(frame).next, position);
    set_link(info(frame).previous, before);
    set_link(info(before).next, frame);
    set_link(info(position).previous, frame);
}

void FrameTable::ring_remove(FrameNumber frame) {
    const FrameNumber next = ring_next(frame);
    const FrameNumber before = ring_previous(frame);
    ASSERT(ring_previous(next) == frame && ring_next(before) == frame);
    set_link(info(before).next, next);
    set_link(info(next).previous, before);
    ring_alone(frame);
}

void FrameTable::count_states(std::span<PageCount, kFrameStates> counts) const {
    for (PageCount& count : counts)
        count = PageCount();
    for (FrameNumber frame; frame < end(); ++frame) {
        ++counts[static_cast<std::size_t>(state(frame))];
    }
}

void FrameTable::check_invariants() const {
    for (FrameNumber frame; frame < end(); ++frame) {
        ASSERT((references(frame) != 0) == in_use(frame));
        ASSERT(in_use(frame) || (info(frame).use & kFlagMask) == 0 ||
               state(frame) == FrameState::Zeroed);
        ASSERT(covers(ring_next(frame)) && covers(ring_previous(frame)));
        if (!has(frame, FrameFlag::Listed)) continue;
        ASSERT(ring_previous(ring_next(frame)) == frame);
        ASSERT(has(ring_next(frame), FrameFlag::Listed));
    }
}

}  // namespace quire::mm
