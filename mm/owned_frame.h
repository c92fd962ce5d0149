// A reference to a frame that cannot be forgotten: move-only, its destructor gives it back.
//
//     OwnedFrame frame = TRY(allocator.allocate());   // one reference, ours
//     ...                                             // an early return gives the frame back
//     write_pte(frame.release());                     // or: the PTE holds the reference from here
//
// For a run of frames it names the first one and stands for all. An OwnedFrame that was moved from
// or released is empty; an empty one may only be destroyed or assigned to.
#pragma once

#include <utility>

#include "kernel/base/result.h"
#include "mm/types.h"

namespace quire::mm {

class FrameAllocator;

class [[nodiscard]] OwnedFrame {
  public:
    OwnedFrame() = default;

    /// Takes over a reference that was released before, for instance by the PTE that held it.
    static OwnedFrame adopt(FrameAllocator& allocator, FrameNumber frame) {
        return OwnedFrame(&allocator, frame);
    }

    OwnedFrame(OwnedFrame&& other) noexcept
        : allocator_(std::exchange(other.allocator_, nullptr)), frame_(other.frame_) {}
    OwnedFrame& operator=(OwnedFrame&& other) noexcept {
        if (this != &other) {
            reset();
            allocator_ = std::exchange(other.allocator_, nullptr);
            frame_ = other.frame_;
        }
        return *this;
    }
    ~OwnedFrame() {
        if (!empty()) reset();  // most have been given away
    }

    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): see reset()
    [[nodiscard]] bool empty() const { return allocator_ == nullptr; }

    /// Precondition: !empty().
    [[nodiscard]] FrameNumber number() const {
        ASSERT(!empty());
        return frame_;
    }

    /// Hands the reference over to whoever called: this object is empty afterwards.
    /// Precondition: !empty().
    [[nodiscard]] FrameNumber release() {
        ASSERT(!empty());
        allocator_ = nullptr;
        return frame_;
    }

    /// Gives the reference back now. Does nothing when empty.
    inline void reset();

    /// A second reference to the same frame. Precondition: !empty().
    /// Errors: LimitReached (the frame's count is full); nothing has changed then.
    Result<OwnedFrame> share() const;

  private:
    OwnedFrame(FrameAllocator* allocator, FrameNumber frame)
        : allocator_(allocator), frame_(frame) {}

    FrameAllocator* allocator_ = nullptr;
    FrameNumber frame_;
};

}  // namespace quire::mm

// The allocator knows OwnedFrame and OwnedFrame the allocator: the second half is there.
#include "mm/frame_allocator.h"
