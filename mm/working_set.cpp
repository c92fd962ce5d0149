#include "mm/working_set.h"

namespace quire::mm {

void WorkingSet::saw(bool used) {
    if (looks_ == kMostLooks) {
        looks_ /= 2;
        used_ /= 2;
    }
    ++looks_;
    if (used) ++used_;
}

void WorkingSet::end_interval(PageCount resident) {
    ASSERT(resident.raw() <= 1U << 20);
    if (looks_ < kFewestLooks && looks_ < resident.raw()) return;
    // Below 2^31, as at most 2^11 of the looks are remembered and there are at most 2^20 pages.
    const std::uint32_t pages = looks_ == 0 ? 0 : resident.raw() * used_ / looks_;
    const std::uint32_t latest = 16 * pages;
    sixteenths_ = known_ ? (3 * sixteenths_ + latest + 2) / 4 : latest;
    known_ = true;
    looks_ = 0;
    used_ = 0;
}

void WorkingSet::check_invariants() const {
    ASSERT(used_ <= looks_ && looks_ <= kMostLooks);
    ASSERT(known_ || sixteenths_ == 0);
}

void ThrashingSignal::advance_clock() {
    ++evicted_in_unit_;
    if (evicted_in_unit_ * kUnitsPerMemory < memory_.raw()) return;
    evicted_in_unit_ = 0;
    now_ = now_ == kDepartures ? 1 : static_cast<Departure>(now_ + 1);
}

Shadow ThrashingSignal::stamp(Shadow policy_part) {
    ASSERT(policy_part <= kMaxPolicyShadow);
    const Shadow kept = policy_part << kPolicyShift | now_;
    advance_clock();
    return kept;
}

void ThrashingSignal::page_in(Departure left) {
    const std::uint32_t away = (kDepartures + now_ - left) % kDepartures;
    const bool soon = left != kNeverLeft && away < kUnitsPerMemory;
    set_share(share_ - share_ / kWeight + (soon ? kWhole / kWeight : 0));
    ++page_ins_in_second_;
}

void ThrashingSignal::second_over() {
    if (page_ins_in_second_ < kQuiet) set_share(share_ / 2);
    page_ins_in_second_ = 0;
}

void ThrashingSignal::set_share(std::uint32_t share) {
    share_ = share;
    if (share_ >= kWhole / 2) thrashing_ = true;
    if (share_ < kWhole / 4) thrashing_ = false;
}

std::uint32_t ThrashingSignal::percent() const {
    return (share_ * 100 + kWhole / 2) / kWhole;
}

void ThrashingSignal::check_invariants() const {
    ASSERT(now_ != kNeverLeft);
    ASSERT(share_ <= kWhole);
    ASSERT(thrashing_ ? share_ >= kWhole / 4 : share_ < kWhole / 2);
}

}  // namespace quire::mm
