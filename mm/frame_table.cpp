#include "mm/frame_table.h"

#include "libc/string.h"

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
    static_assert(static_cast<std::uint32_t>(FrameState::Absent) == 0);
    memset(static_cast<void*>(records.data()), 0, records.size_bytes());
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

void FrameTable::set_object(FrameNumber frame, ObjectPage page) {
    set_state(frame, FrameState::Object);
    set_tag(frame, page.object);
    set_place(frame, page.page_index);
}

ObjectPage FrameTable::object_of(FrameNumber frame) const {
    ASSERT(state(frame) == FrameState::Object);
    return {tag(frame), place(frame)};
}

void FrameTable::set_tag(FrameNumber frame, std::uint32_t tag) {
    ASSERT(tag < 1U << (2 * kTagHalf));
    ASSERT(!has(frame, FrameFlag::Run));
    FrameInfo& record = info(frame);
    record.next = (record.next & kLinkMask) | tag << 20;
    record.previous = (record.previous & kLinkMask) | tag >> kTagHalf << 20;
}

void FrameTable::ring_alone(FrameNumber frame) {
    FrameInfo& record = info(frame);
    set_link(record.next, frame);
    set_link(record.previous, frame);
}

void FrameTable::ring_insert_before(FrameNumber position, FrameNumber frame) {
    FrameInfo& inserted = info(frame);
    FrameInfo& after = info(position);
    ASSERT(ring_next(frame) == frame && position != frame);
    const FrameNumber before(after.previous & kLinkMask);
    set_link(inserted.next, position);
    set_link(inserted.previous, before);
    set_link(info(before).next, frame);
    set_link(after.previous, frame);
}

void FrameTable::ring_remove(FrameNumber frame) {
    FrameInfo& removed = info(frame);
    FrameInfo& after = info(FrameNumber(removed.next & kLinkMask));
    FrameInfo& before = info(FrameNumber(removed.previous & kLinkMask));
    ASSERT((after.previous & kLinkMask) == frame.raw() && (before.next & kLinkMask) == frame.raw());
    before.next = (before.next & ~kLinkMask) | (removed.next & kLinkMask);
    after.previous = (after.previous & ~kLinkMask) | (removed.previous & kLinkMask);
    set_link(removed.next, frame);
    set_link(removed.previous, frame);
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
        ASSERT(in_use(frame) || (info(frame).use & kFlagMask) == 0);
        ASSERT(covers(ring_next(frame)) && covers(ring_previous(frame)));
        if (!has(frame, FrameFlag::Listed)) continue;
        ASSERT(ring_previous(ring_next(frame)) == frame);
        ASSERT(has(ring_next(frame), FrameFlag::Listed));
    }
}

}  // namespace quire::mm
