#include "mm/policy_two_lists.h"

#include <bit>

namespace quire::mm {

TwoListPolicy::TwoListPolicy(FrameTable& table, std::span<std::uint8_t> marks)
    : marks_(marks),
      inactive_(table),
      active_(table),
      shift_(static_cast<std::uint32_t>(std::bit_width(table.end().raw() >> 14))) {}

// From 1 to kMaxPolicyShadow, and again: 0 is for pages that never left.
Shadow TwoListPolicy::clock() const {
    return 1 + (moved_on_ >> shift_) % kMaxPolicyShadow;
}

bool TwoListPolicy::missed_by_little(Shadow shadow) const {
    const Shadow left = shadow & kMaxPolicyShadow;
    const std::uint32_t units = (clock() + kMaxPolicyShadow - left) % kMaxPolicyShadow;
    return left != 0 && units << shift_ <= active_.count().raw();
}

void TwoListPolicy::deactivate(FrameNumber frame) {
    mark(frame) = kInactive;
    inactive_.push_back(frame);
}

void TwoListPolicy::activate(FrameNumber frame) {
    mark(frame) = kActive;
    active_.push_back(frame);
    ++moved_on_;
}

void TwoListPolicy::admit(FrameNumber frame, Arrival arrival, Shadow shadow) {
    if (arrival == Arrival::Demand && missed_by_little(shadow)) {
        activate(frame);
    } else {
        deactivate(frame);
    }
}

// Active pages that were not used lately go back on trial until the lists are equally long.
void TwoListPolicy::keep_inactive_long(BoundedLooks& looks) {
    constexpr std::uint32_t kMostLooks = BoundedLooks::kMost / 2;
    for (std::uint32_t look = 0; look < kMostLooks && inactive_.count() < active_.count(); ++look) {
        const FrameNumber frame = active_.pop_front();
        if (looks.used(frame)) {
            active_.push_back(frame);
        } else {
            deactivate(frame);
        }
    }
}

std::optional<FrameNumber> TwoListPolicy::choose(AccessedBits& bits) {
    BoundedLooks looks(bits);
    keep_inactive_long(looks);
    while (!inactive_.empty() && looks.any_left() && looks.used(inactive_.front())) {
        const FrameNumber frame = inactive_.pop_front();
        if (mark(frame) == kUsedOnce) {
            activate(frame);
        } else {
            mark(frame) = kUsedOnce;
            inactive_.push_back(frame);
        }
    }
    return take_any();
}

void TwoListPolicy::put_back(FrameNumber frame) {
    deactivate(frame);
}

Shadow TwoListPolicy::evicted(FrameNumber) {
    const Shadow now = clock();
    ++moved_on_;
    return now;
}

std::optional<FrameNumber> TwoListPolicy::take_any() {
    FrameList& list = inactive_.empty() ? active_ : inactive_;
    if (list.empty()) return std::nullopt;
    return list.pop_front();
}

void TwoListPolicy::check_invariants() const {
    inactive_.check_invariants();
    active_.check_invariants();
    const auto marked = [this](const FrameList& list, bool active) {
        if (list.empty()) return;
        FrameNumber frame = list.front();
        for (PageCount seen; seen < list.count(); ++seen, frame = list.next(frame))
            ASSERT((marks_[frame.raw()] == kActive) == active);
    };
    marked(inactive_, false);
    marked(active_, true);
}

}  // namespace quire::mm
