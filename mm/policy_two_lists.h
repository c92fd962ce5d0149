// An approximation of LRU with two lists, as Linux has it: inactive for trial, active for pages
// that have shown that they are used.
//
//                        used twice, or came back soon
//                  +---------------------------------------+
//                  |                                       v
//     arrive --> inactive [ | | | | ]        active [ | | | | | ]
//                  |  ^                                    |
//       unused     v  +------------------------------------+
//     evicted <----+             unused, and inactive is the shorter list
//
// A page that is used once and never again passes through the inactive list only: a scan does not
// push out what is in use. A page that comes back tells how far it missed: its Shadow is the count
// of pages that had moved on when it left, so that the difference is the number of inactive places
// more that it would have needed. Had the active list's places sufficed, it goes there at once
// (Linux, mm/workingset.c; J. Weiner, 2012).
#pragma once

#include <cstdint>
#include <span>

#include "mm/frame_list.h"
#include "mm/policy_looks.h"
#include "mm/replacement_policy.h"

namespace quire::mm {

class TwoListPolicy final : public ReplacementPolicy {
  public:
    /// `marks`: a byte for each frame of `table`; must stay.
    TwoListPolicy(FrameTable& table, std::span<std::uint8_t> marks);
    TwoListPolicy(const TwoListPolicy&) = delete;
    TwoListPolicy& operator=(const TwoListPolicy&) = delete;

    [[nodiscard]] const char* name() const override { return "two-lists"; }
    void admit(FrameNumber frame, Arrival arrival, Shadow shadow) override;
    void forget_all(std::span<const FrameNumber> frames) override {
        while (!frames.empty())
            frames = list_of(frames.front()).remove_run(frames);
    }
    std::optional<FrameNumber> choose(AccessedBits& bits) override;
    void put_back(FrameNumber frame) override;
    Shadow evicted(FrameNumber frame) override;
    std::optional<FrameNumber> take_any() override;
    [[nodiscard]] PageCount count() const override { return inactive_.count() + active_.count(); }
    void check_invariants() const override;

    [[nodiscard]] PageCount inactive() const { return inactive_.count(); }
    [[nodiscard]] PageCount active() const { return active_.count(); }

  private:
    // A frame's mark.
    static constexpr std::uint8_t kInactive = 0;
    static constexpr std::uint8_t kUsedOnce = 1;  // in the inactive list, seen used
    static constexpr std::uint8_t kActive = 2;

    std::uint8_t& mark(FrameNumber frame) { return marks_[frame.raw()]; }
    FrameList& list_of(FrameNumber frame) { return mark(frame) == kActive ? active_ : inactive_; }
    [[nodiscard]] Shadow clock() const;
    [[nodiscard]] bool missed_by_little(Shadow shadow) const;
    void deactivate(FrameNumber frame);
    void activate(FrameNumber frame);
    void keep_inactive_long(BoundedLooks& looks);

    std::span<std::uint8_t> marks_;
    FrameList inactive_;
    FrameList active_;
    std::uint32_t moved_on_ = 0;  // pages that left the inactive list, by either end
    // A Shadow counts them in units of 2^shift, so that it goes round in four memory sizes or more.
    std::uint32_t shift_;
};

}  // namespace quire::mm
