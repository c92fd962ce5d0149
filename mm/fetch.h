// What bringing a page into RAM is made of, be it from a file or from swap: the frames to read
// into, and how many.
//
// A disk is asked for a run of pages at about the price of one, so its neighbours come along with
// the page that somebody waits for: the others of its aligned group of `window` pages, as far as
// there is no gap. A group that cannot be had as a whole is no error: the page comes alone.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/base/result.h"
#include "mm/frame_allocator.h"

namespace quire::mm {

/// A page that is in RAM now.
struct Fetched {
    FrameNumber frame;
    bool was_read;  // from a disk, now
};

/// How many pages one read brings in as a rule, and at most: powers of two.
inline constexpr PageCount kReadAhead{8};
inline constexpr PageCount kMostReadAhead{16};

/// The frames that a fetch takes at most, if it reads `window` pages: theirs, and a few for slabs.
constexpr PageCount frames_to_fetch(PageCount window) {
    return window + PageCount(8);
}

/// The frames of one read: allocated together, and given back together unless they are released.
class FramesToFill {
  public:
    explicit FramesToFill(FrameAllocator& frames) : frames_(frames) {}
    FramesToFill(const FramesToFill&) = delete;
    FramesToFill& operator=(const FramesToFill&) = delete;
    ~FramesToFill() {
        while (count_ != 0)
            frames_.drop_reference(numbers_[--count_]);
    }

    /// Takes `count` frames. Precondition: count <= kMostReadAhead; none were taken before.
    /// Errors: OutOfMemory; some may have been taken, and go with this object.
    Result<void> allocate(std::uint32_t count) {
        ASSERT(count <= kMostReadAhead.raw() && count_ == 0);
        while (count_ < count) {
            const FrameNumber frame = TRY(frames_.take_frame());
            numbers_[count_++] = frame;
        }
        return {};
    }

    [[nodiscard]] std::span<const FrameNumber> numbers() const { return {numbers_, count_}; }

    /// The references are the caller's from now on.
    void release() { count_ = 0; }

  private:
    FrameAllocator& frames_;
    std::uint32_t count_ = 0;
    FrameNumber numbers_[kMostReadAhead.raw()];
};

}  // namespace quire::mm
