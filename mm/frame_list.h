// A list of frames, linked through their records: for reclaim.
//
// The frames form a ring; the list knows the first one. Invariant: each member is flagged Listed,
// its neighbours point back at it, and it is in no other list. Page tables that are in a ring of
// siblings cannot be in a list. The list owns nothing; locking is the caller's.
#pragma once

#include <span>

#include "mm/frame_table.h"

namespace quire::mm {

class FrameList {
  public:
    explicit FrameList(FrameTable& table) : table_(table) {}
    FrameList(const FrameList&) = delete;
    FrameList& operator=(const FrameList&) = delete;

    [[nodiscard]] bool empty() const { return count_ == PageCount(); }
    [[nodiscard]] PageCount count() const { return count_; }

    /// The first and the last frame. Precondition: !empty().
    [[nodiscard]] FrameNumber front() const {
        ASSERT(!empty());
        return first_;
    }
    [[nodiscard]] FrameNumber back() const { return table_.ring_previous(front()); }

    /// The frame after `frame`; after the last one comes the first.
    [[nodiscard]] FrameNumber next(FrameNumber frame) const { return table_.ring_next(frame); }

    /// Precondition of both: `frame` is in no list and in no ring of siblings.
    [[gnu::always_inline]] void push_back(FrameNumber frame) {
        if (empty()) first_ = frame;
        table_.enter_list(frame, first_);
        ++count_;
    }
    void push_front(FrameNumber frame) {
        push_back(frame);
        first_ = frame;  // in a ring, the place before the first is also the place after the last
    }

    /// Precondition: `frame` is in this list.
    void remove(FrameNumber frame) { remove_run({&frame, 1}); }

    /// Takes out the first of `frames`, and those behind it for as long as each stands in this list
    /// behind the one before. Returns the others. The frames are a chain afterwards, the last of
    /// them names the first of the others. Precondition: the first one is in this list.
    std::span<const FrameNumber> remove_run(std::span<const FrameNumber> frames) {
        ASSERT(!empty());
        std::size_t count = 0;
        FrameNumber last;
        FrameNumber next = frames.front();
        do {
            last = next;
            next = table_.leave_list(last);
            ++count;
        } while (count < frames.size() && frames[count] == next && next != first_);
        table_.ring_close(frames.front(), next);
        if (count < frames.size()) table_.set_chain(last, frames[count]);
        if (frames.front() == first_) first_ = next;
        count_ -= PageCount(static_cast<std::uint32_t>(count));
        return frames.subspan(count);
    }

    /// Takes out the first frame. Precondition: !empty().
    FrameNumber pop_front() {
        const FrameNumber frame = front();
        remove(frame);
        return frame;
    }

    /// Makes the first frame the last one, and returns it. Precondition: !empty().
    FrameNumber rotate() {
        const FrameNumber frame = front();
        first_ = next(frame);  // the ring stays as it is
        return frame;
    }

    /// Walks the ring both ways and counts it. O(n).
    void check_invariants() const {
        FrameNumber frame = first_;
        for (PageCount seen; seen < count_; ++seen) {
            ASSERT(table_.has(frame, FrameFlag::Listed));
            ASSERT(table_.ring_previous(table_.ring_next(frame)) == frame);
            frame = table_.ring_next(frame);
            ASSERT((frame == first_) == (seen + PageCount(1) == count_));
        }
    }

  private:
    FrameTable& table_;
    FrameNumber first_;
    PageCount count_;
};

}  // namespace quire::mm
