// Some frames that are dealt with together: collected on the stack, then handed on as a span.
//
// Its places are not made until they are filled: a buffer costs what is put into it.
#pragma once

#include <cstdint>
#include <span>

#include "mm/types.h"

namespace quire::mm {

class FrameBuffer {
  public:
    static constexpr std::uint32_t kMost = 64;

    FrameBuffer() {}  // NOLINT(modernize-use-equals-default): the union would delete it
    FrameBuffer(const FrameBuffer&) = delete;
    FrameBuffer& operator=(const FrameBuffer&) = delete;
    ~FrameBuffer() = default;

    [[nodiscard]] bool full() const { return count_ == room_; }
    [[nodiscard]] std::uint32_t count() const { return count_; }

    /// Precondition: !full().
    void add(FrameNumber frame) {
        ASSERT(!full());
        frames_[count_++] = frame;
    }
    [[nodiscard]] std::span<const FrameNumber> all() const { return {frames_, count_}; }
    /// Empties it, and says how many it may take, which is at most kMost.
    void start(std::uint32_t room) {
        count_ = 0;
        room_ = room < kMost ? room : kMost;
    }

  private:
    std::uint32_t count_ = 0;
    std::uint32_t room_ = kMost;
    union {
        FrameNumber frames_[kMost];
    };
};

}  // namespace quire::mm
