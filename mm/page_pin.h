// Pages that stay in RAM because somebody works on their bytes: a read(2) that copies them out and
// may sleep in the middle, a block of metadata in use, an instruction in the middle of its faults.
//
//     PagePin pin(memory.pages().pins(), frame);      // until the end of the scope
//
// A pinned page is no victim: reclaim sets it aside when the policy offers it (mm/reclaim.h). It
// may be written to its store, mapped and unmapped meanwhile. Pins are few and short-lived, so they
// are a list of their own, which lies where the pins lie: a pin takes no memory, cannot fail, and
// costs a few instructions; reclaim alone has to search. mlock(2) is another thing: a lock belongs
// to a mapping and lasts (FrameFlag::Locked).
//
// Invariant: the frame that a pin names holds a page as long as the pin lasts. Locking is the
// caller's.
#pragma once

#include <utility>

#include "kernel/base/intrusive_list.h"
#include "mm/types.h"

namespace quire::mm {

class PagePins;

class PagePin {
  public:
    /// A pin of nothing.
    PagePin() = default;
    /// Pins the page in `frame`. Pins of one page nest. `pins` must outlive this.
    PagePin(PagePins& pins, FrameNumber frame);
    PagePin(PagePin&& other) noexcept { take(other); }
    PagePin& operator=(PagePin&& other) noexcept {
        if (this != &other) {
            release();
            take(other);
        }
        return *this;
    }
    PagePin(const PagePin&) = delete;
    PagePin& operator=(const PagePin&) = delete;
    ~PagePin() { release(); }

    /// Ends it before its time.
    void release() {
        if (hook.is_linked()) hook.unlink();
    }

    /// Precondition: pins something.
    [[nodiscard]] FrameNumber frame() const {
        ASSERT(hook.is_linked());
        return frame_;
    }

    ListHook hook;  // in PagePins

  private:
    inline void take(PagePin& other);

    PagePins* pins_ = nullptr;
    FrameNumber frame_;
};

/// Every pin there is.
class PagePins {
  public:
    /// Whether somebody has pinned the page in `frame`. O(pins).
    [[nodiscard]] bool holds(FrameNumber frame) {
        for (const PagePin& pin : list_)
            if (pin.frame() == frame) return true;
        return false;
    }
    [[nodiscard]] bool empty() const { return list_.empty(); }

  private:
    friend class PagePin;
    IntrusiveList<PagePin, &PagePin::hook> list_;
};

inline PagePin::PagePin(PagePins& pins, FrameNumber frame) : pins_(&pins), frame_(frame) {
    pins.list_.push_front(*this);
}

inline void PagePin::take(PagePin& other) {
    pins_ = other.pins_;
    frame_ = other.frame_;
    if (!other.hook.is_linked()) return;
    other.release();
    pins_->list_.push_front(*this);
}

}  // namespace quire::mm
