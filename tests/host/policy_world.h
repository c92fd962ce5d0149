// A replacement policy over imaginary frames, with accessed bits that a test sets by hand.
//
// PolicyWorld is for single calls; ReferenceString plays a textbook's list of pages on a small
// memory and tells who faulted and who left.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "mm/policy_set.h"

namespace quire::test {

/// Accessed bits of frames, and how often they were looked at.
class FakeAccessedBits final : public mm::AccessedBits {
  public:
    void use(mm::FrameNumber frame) { used_.insert(frame.raw()); }
    void use_always() { always_ = true; }

    bool harvest(mm::FrameNumber frame) override {
        looked_at_.push_back(frame.raw());
        return always_ || used_.erase(frame.raw()) != 0;
    }

    /// The frames looked at since the last time this was asked, in order.
    std::vector<std::uint32_t> looked_at() { return std::exchange(looked_at_, {}); }

  private:
    std::set<std::uint32_t> used_;
    std::vector<std::uint32_t> looked_at_;
    bool always_ = false;
};

struct PolicyWorld {
    PolicyWorld(std::uint32_t frames, mm::PolicyKind kind)
        : records(frames + 1),
          table(records),
          marks(frames + 1, 0xFF),
          policies(table, marks, kind) {}

    mm::ReplacementPolicy& policy() { return policies.current(); }

    /// A page that somebody touched arrives in `frame`.
    void arrive(std::uint32_t frame, mm::Shadow shadow = 0) {
        policy().admit(mm::FrameNumber(frame), mm::Arrival::Demand, shadow);
        policies.check_invariants();
    }

    /// The victim's frame, or 0 if there is none.
    std::uint32_t choose() {
        const std::optional<mm::FrameNumber> frame = policy().choose(bits);
        policies.check_invariants();
        return frame.has_value() ? frame->raw() : 0;
    }

    std::vector<mm::FrameInfo> records;
    mm::FrameTable table;
    std::vector<std::uint8_t> marks;
    mm::PolicySet policies;
    FakeAccessedBits bits;
};

/// Plays uses of numbered pages; each fault on a full memory evicts.
class ReferenceString {
  public:
    ReferenceString(std::uint32_t frames, mm::PolicyKind kind)
        : world(frames, kind), frames_(frames) {}

    void use(std::uint32_t page) {
        if (!frame_of.contains(page)) bring_in(page);
        world.bits.use(mm::FrameNumber(frame_of[page]));
    }

    /// How many of the uses faulted.
    std::uint32_t play(const std::vector<std::uint32_t>& pages) {
        const std::uint32_t before = faults_;
        for (const std::uint32_t page : pages)
            use(page);
        return faults_ - before;
    }

    PolicyWorld world;
    std::map<std::uint32_t, std::uint32_t> frame_of;  // of the pages that are present
    std::vector<std::uint32_t> victims;               // pages, in the order in which they left
    std::size_t most_looks = 0;                       // for one fault

  private:
    void bring_in(std::uint32_t page) {
        ++faults_;
        std::uint32_t frame = static_cast<std::uint32_t>(frame_of.size()) + 1;
        if (frame_of.size() == frames_) {
            frame = world.choose();
            most_looks = std::max(most_looks, world.bits.looked_at().size());
            const std::uint32_t victim = page_in_[frame];
            shadow_of_[victim] = world.policy().evicted(mm::FrameNumber(frame));
            frame_of.erase(victim);
            victims.push_back(victim);
        }
        page_in_[frame] = page;
        frame_of[page] = frame;
        world.arrive(frame, shadow_of_[page]);
    }

    std::uint32_t frames_;
    std::uint32_t faults_ = 0;
    std::map<std::uint32_t, std::uint32_t> page_in_;
    std::map<std::uint32_t, mm::Shadow> shadow_of_;
};

}  // namespace quire::test
