#include "mm/oom.h"

namespace quire::mm {

namespace {

// Badness times `total`, so that nothing is rounded. Below 2^52: counts have 32 bits, and there
// are three of them, times 1,000; an adjustment has ten.
std::int64_t exact_badness(const OomCandidate& candidate, PageCount total) {
    ASSERT(OomCandidate::kNever <= candidate.adjustment &&
           candidate.adjustment <= OomCandidate::kFirst);
    const std::int64_t pages =
        std::int64_t{candidate.resident.raw()} + candidate.swapped.raw() + candidate.tables.raw();
    return pages * 1000 + std::int64_t{candidate.adjustment} * total.raw();
}

bool may_end(const OomCandidate& candidate) {
    return !candidate.unkillable && candidate.adjustment != OomCandidate::kNever;
}

}  // namespace

std::uint32_t oom_score(const OomCandidate& candidate, PageCount total) {
    ASSERT(total.raw() != 0);
    if (!may_end(candidate)) return 0;
    const std::int64_t badness = exact_badness(candidate, total) / total.raw();
    return badness < 0 ? 0 : static_cast<std::uint32_t>(badness);
}

OomVerdict choose_victim(std::span<const OomCandidate> candidates, PageCount total) {
    ASSERT(total.raw() != 0);
    OomVerdict verdict{OomAnswer::Nobody, 0};
    std::int64_t worst = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (candidates[i].ending) return {OomAnswer::Wait, 0};
        if (!may_end(candidates[i])) continue;
        const std::int64_t badness = exact_badness(candidates[i], total);
        if (verdict.answer == OomAnswer::End && badness < worst) continue;
        verdict = {OomAnswer::End, i};
        worst = badness;
    }
    return verdict;
}

}  // namespace quire::mm
