#include "mm/oom.h"

namespace quire::mm {

namespace {

std::int64_t pages_of(const OomCandidate& candidate) {
    return std::int64_t{candidate.resident.raw()} + candidate.swapped.raw() +
           candidate.tables.raw();
}

// Badness times `total`, so that nothing is rounded. Below 2^52: counts have 32 bits, and there
// are three of them, times 1,000; an adjustment has ten.
std::int64_t exact_badness(const OomCandidate& candidate, PageCount total) {
    ASSERT(OomCandidate::kNever <= candidate.adjustment &&
           candidate.adjustment <= OomCandidate::kFirst);
    return pages_of(candidate) * 1000 + std::int64_t{candidate.adjustment} * total.raw();
}

// Whoever has been ended, but has not run since, has given its memory back already. Its adjustment
// must not make it the first to go again and again.
bool may_end(const OomCandidate& candidate) {
    return !candidate.unkillable && candidate.adjustment != OomCandidate::kNever &&
           pages_of(candidate) != 0;
}

}  // namespace

std::uint32_t oom_score(const OomCandidate& candidate, PageCount total) {
    ASSERT(total.raw() != 0);
    if (!may_end(candidate)) return 0;
    const std::int64_t badness = exact_badness(candidate, total) / total.raw();
    return badness < 0 ? 0 : static_cast<std::uint32_t>(badness);
}

OomChoice::OomChoice(PageCount total) : total_(total) {
    ASSERT(total.raw() != 0);
}

bool OomChoice::is_worse(const OomCandidate& left, const OomCandidate& right) const {
    if (!may_end(left) || !may_end(right)) return may_end(left);
    return exact_badness(left, total_) >= exact_badness(right, total_);
}

void OomChoice::consider(const OomCandidate& candidate) {
    const std::size_t index = seen_++;
    if (verdict_.answer == OomAnswer::Wait) return;
    if (candidate.ending) {
        verdict_ = {OomAnswer::Wait, 0};
        return;
    }
    if (!may_end(candidate)) return;
    if (verdict_.answer == OomAnswer::End && !is_worse(candidate, worst_)) return;
    verdict_ = {OomAnswer::End, index};
    worst_ = candidate;
}

}  // namespace quire::mm
