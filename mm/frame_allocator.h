// Hands out frames of RAM, one or a run of up to 1,024, and takes them back.
//
//     FrameAllocator            references, zones, poison, the pool of zeroed frames, statistics
//       FrameBitmap             which frames are free, and where runs of them are
//       FrameTable              the record of each frame: its state catches a wrong release
//
// A frame that is handed out has one reference; whoever drops the last one gives the frame back.
// A run is one thing: its first frame's record speaks for all and it goes back whole.
//
// Invariant: a frame is free in the bitmap exactly if its record says Free and it is not inside a
// run; a frame in the pool is Zeroed. Releasing a frame that is free, reserved, absent, inside a
// run, in a list or under I/O is a broken contract and stops the machine.
//
// Locking is the caller's: the frames lock is held, or interrupts are off, around every call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/result.h"
#include "mm/failure_injector.h"
#include "mm/frame_bitmap.h"
#include "mm/frame_table.h"
#include "mm/owned_frame.h"
#include "mm/physical_window.h"
#include "mm/types.h"

namespace quire::mm {

/// Where a frame may lie. A request takes the highest zone it may, and lower ones when that is
/// full.
enum class Zone : std::uint8_t {
    Dma,     // below 16 MiB: what an ISA DMA controller reaches
    Window,  // what the kernel sees through phys_window
    High,    // RAM beyond the window: good for pages that are only mapped by processes
};
inline constexpr std::uint32_t kZones = 3;
const char* zone_name(Zone zone);

/// How many free runs there are of each order, every frame counted once, in the largest run.
struct RunCounts {
    std::uint32_t runs[FrameBitmap::kOrders] = {};

    /// Free frames that lie in free aligned runs of 2^order frames or more.
    [[nodiscard]] PageCount frames_from(std::uint32_t order) const;
};

struct FrameStatistics {
    PageCount managed;            // given to the allocator, less what was never given back
    PageCount free;               // free, those zeroed ahead included
    PageCount zeroed;             // zeroed ahead
    std::uint32_t failures;       // requests that got nothing, injected failures included
    std::uint32_t zeroed_hits;    // zeroed frames that came from the pool
    std::uint32_t zeroed_misses;  // zeroed frames that were cleared while somebody waited
};

class FrameAllocator {
  public:
    static constexpr std::uint32_t kMaxOrder = FrameBitmap::kMaxOrder;
    static constexpr PageCount kDmaFrames{16U << (20 - kPageShift)};
    /// How many frames zero_one_ahead() collects.
    static constexpr PageCount kZeroedTarget{64};

    struct Options {
        /// Fill free frames with junk: dear, and the way to find stale pointers.
        bool poison = false;
        /// Frames below this can be touched in phys_window; the others are only accounted for.
        PageCount reachable = kMaxWindowFrames;
    };

    /// How many words of bookkeeping the frames of `table` need.
    static constexpr std::uint32_t words_needed(PageCount frames) {
        return FrameBitmap::words_needed(frames.raw());
    }

    /// An allocator without memory. Everything handed in is the caller's and must stay.
    /// Precondition: memory has words_needed(frames of the table) words.
    FrameAllocator(FrameTable& table, std::span<std::uint32_t> memory, FailureInjector& injector,
                   Options options);
    FrameAllocator(const FrameAllocator&) = delete;
    FrameAllocator& operator=(const FrameAllocator&) = delete;

    /// Makes the frames of `range` free: RAM found at boot, or boot data no longer needed.
    /// Precondition: each is Absent or Reserved, none is frame 0.
    void add_memory(FrameRange range);

    /// One frame from the window, contents undefined. O(1), a few dozen instructions.
    /// Errors: OutOfMemory; nothing has changed then.
    Result<OwnedFrame> allocate();

    /// One frame from the window, all zero: from the pool, or cleared now.
    /// Errors: OutOfMemory; nothing has changed then.
    Result<OwnedFrame> allocate_zeroed();

    /// 2^order frames in a row, aligned to their number, in `zone` or below; contents undefined.
    /// Errors: OutOfMemory; nothing has changed then. InvalidArgument (order above kMaxOrder).
    Result<OwnedFrame> allocate_run(std::uint32_t order, Zone zone = Zone::Window);

    /// allocate(), allocate_run() and allocate_zeroed() for callers that keep the reference in a
    /// form of their own.
    Result<FrameNumber> take_frame();
    Result<FrameNumber> take_run(std::uint32_t order, Zone zone = Zone::Window);
    Result<FrameNumber> take_zeroed_frame();

    /// Drops one reference to `frame`; the last one gives the frame, or the run, back.
    /// Precondition: in use; when it is the last one, neither Listed nor Busy nor Locked.
    void drop_reference(FrameNumber frame);

    /// Drops one reference to each frame of a chain (FrameTable); frame 0 ends it. Preconditions as
    /// for drop_reference().
    void drop_chain(FrameNumber first);

    /// Clears one free frame for the pool; false if the pool is full or nothing is free. For the
    /// idle loop: the frame is cleared before this returns, about 1,000 stores.
    bool zero_one_ahead();

    /// Free frames, those zeroed ahead included.
    [[nodiscard]] PageCount free_frames() const { return free_ + zeroed_; }

    /// How many frames are left to whoever must not wait; 0 at first. Says no more than has_room():
    /// a request gets the last frame there is.
    void set_reserve(PageCount reserve) { reserve_ = reserve; }
    /// Whether `frames` frames are free beside the reserve.
    [[nodiscard]] bool has_room(PageCount frames) const {
        return free_frames() >= frames + reserve_;
    }
    [[nodiscard]] FrameStatistics statistics() const;

    /// The free runs of one zone, those zeroed ahead left out. O(words of the bitmap).
    [[nodiscard]] RunCounts run_counts(Zone zone) const;
    [[nodiscard]] RunCounts run_counts() const;

    /// How shattered free memory is for requests of 2^order frames: the share of free frames, in
    /// thousandths, that no such request can use. 0 is best.
    [[nodiscard]] std::uint32_t fragmentation(std::uint32_t order) const;

    [[nodiscard]] FrameTable& table() { return table_; }
    [[nodiscard]] FailureInjector& injector() { return injector_; }

    /// Cross-checks bitmap, records, pool and counts. O(frames).
    void check_invariants() const;

  private:
    static constexpr std::uint32_t kNotFast = 0;
    static constexpr std::uint32_t kSoleOwner = FrameTable::use_word(FrameState::Used, 1);
    static constexpr std::uint32_t kSoleOwnerOfRun =
        kSoleOwner | static_cast<std::uint32_t>(FrameFlag::Run);
    static constexpr std::uint32_t kSoleOwnerMask =
        FrameTable::kFlagMask | FrameTable::kInUseBit | FrameTable::kMaxReferences;

    void give_runs(std::uint32_t first, std::uint32_t end);
    std::uint32_t take_slowly();
    std::uint32_t take_free();
    Result<FrameNumber> take_and_clear();
    FrameNumber pop_zeroed() { return pool_[(--zeroed_).raw()]; }
    void hand_out(FrameNumber frame, std::uint32_t order);
    std::uint32_t take_run_slowly(std::uint32_t order, Zone zone);
    std::uint32_t take_free_run(std::uint32_t order, Zone zone);
    bool drain_pool();
    void clear_frame(FrameNumber frame);
    void drop_slowly(FrameNumber frame);
    void drop_rarely(FrameNumber frame);
    void give_back(FrameNumber frame, std::uint32_t order);
    void poison(FrameNumber first, std::uint32_t count);
    void unpoison(FrameNumber first, std::uint32_t count);

    [[nodiscard]] const FrameBitmap::Groups& groups_of(Zone zone) const {
        return zones_[static_cast<std::size_t>(zone)];
    }

    FrameBitmap bitmap_;
    FrameInfo* records_;
    std::uint32_t frame_count_;
    PageCount free_;  // in the bitmap
    bool poison_;
    const std::uint32_t& fast_mask_;  // 0 if poison is on or a failure is to come, else all ones
    FailureInjector& injector_;
    FrameTable& table_;
    PageCount managed_;
    PageCount reachable_;
    FrameBitmap::Groups zones_[kZones] = {};
    PageCount zeroed_;  // in the pool
    PageCount reserve_;
    FrameNumber pool_[kZeroedTarget.raw()] = {};
    std::uint32_t failures_ = 0;
    std::uint32_t zeroed_hits_ = 0;
    std::uint32_t zeroed_misses_ = 0;
};

inline Result<FrameNumber> FrameAllocator::take_frame() {
    std::uint32_t hand = bitmap_.hand() & fast_mask_;
    if (__builtin_expect(hand == 0, 0)) {
        if (poison_ || injector_.armed() || !bitmap_.fill_hand(groups_of(Zone::Window))) {
            const std::uint32_t number = take_slowly();
            if (number == FrameBitmap::kNone) return Error::OutOfMemory;
            return FrameNumber(number);
        }
        hand = bitmap_.hand();
    }
    const std::uint32_t number = bitmap_.take_from_hand(hand);
    records_[number].use = kSoleOwner;
    --free_;
    return FrameNumber(number);
}

// Runs of whole words are the ones worth a fast way: the others search words one by one.
inline Result<FrameNumber> FrameAllocator::take_run(std::uint32_t order, Zone zone) {
    if (order > kMaxOrder) return Error::InvalidArgument;
    std::uint32_t number = FrameBitmap::kNone;
    if (order >= FrameBitmap::kWordOrder && fast_mask_ != 0) {
        number = bitmap_.take_words(order, groups_of(zone));
    }
    if (__builtin_expect(number == FrameBitmap::kNone, 0)) {
        number = take_run_slowly(order, zone);
        if (number == FrameBitmap::kNone) return Error::OutOfMemory;
        return FrameNumber(number);
    }
    free_ -= PageCount(1U << order);
    records_[number].use = kSoleOwnerOfRun;
    records_[number].next = order << 20;
    return FrameNumber(number);
}

inline Result<OwnedFrame> FrameAllocator::allocate() {
    return OwnedFrame::adopt(*this, TRY(take_frame()));
}

inline Result<FrameNumber> FrameAllocator::take_zeroed_frame() {
    if (zeroed_ == PageCount() || fast_mask_ == 0) return take_and_clear();
    const FrameNumber frame = pop_zeroed();
    records_[frame.raw()].use = kSoleOwner;
    ++zeroed_hits_;
    return frame;
}

inline Result<OwnedFrame> FrameAllocator::allocate_zeroed() {
    return OwnedFrame::adopt(*this, TRY(take_zeroed_frame()));
}

inline void FrameAllocator::drop_reference(FrameNumber frame) {
    ASSERT(frame.raw() < frame_count_);
    std::uint32_t& use = records_[frame.raw()].use;
    if (__builtin_expect((use & kSoleOwnerMask) != (kSoleOwner & kSoleOwnerMask), 0))
        return drop_slowly(frame);
    use = FrameTable::use_word(FrameState::Free, 0);
    bitmap_.give(frame.raw());
    ++free_;
}

inline void OwnedFrame::reset() {
    // clang-tidy 14 believes that a Result which holds an Error still destroys its OwnedFrame.
    if (allocator_ != nullptr) {  // NOLINT(clang-analyzer-core.UndefinedBinaryOperatorResult)
        std::exchange(allocator_, nullptr)->drop_reference(frame_);
    }
}

}  // namespace quire::mm
