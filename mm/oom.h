// Which process ends when nothing more can be evicted: a pure function of figures.
//
// The measure is Linux's (oom_badness(), man 5 proc, oom_score_adj): what memory its end would give
// back, in thousandths of RAM and swap, moved by what the user said of it.
//
//     badness = (resident + swapped + page tables) * 1000 / total + adjustment
//
// Who has no page is left alone, whatever its adjustment: its end would give nothing back.
#pragma once

#include <cstdint>

#include "mm/types.h"

namespace quire::mm {

/// What is to be known of a process.
struct OomCandidate {
    /// This adjustment says: never.
    static constexpr std::int32_t kNever = -1000;
    static constexpr std::int32_t kFirst = 1000;

    PageCount resident = {};
    PageCount swapped = {};
    PageCount tables = {};        // page tables
    std::int32_t adjustment = 0;  // oom_score_adj, kNever to kFirst
    bool unkillable = false;      // init, a kernel thread
    bool ending = false;          // was told to end, and still has its memory
};

enum class OomAnswer : std::uint8_t {
    End,     // end the process at `index`
    Wait,    // one is ending already, and will give its memory back
    Nobody,  // nobody may be ended: the machine cannot go on
};

struct OomVerdict {
    OomAnswer answer;
    std::size_t index;  // with End
    constexpr bool operator==(const OomVerdict&) const = default;
};

/// The badness in thousandths, 0 at least: what /proc/<pid>/oom_score is made of. `total`: RAM and
/// swap. Precondition: total is not 0.
[[nodiscard]] std::uint32_t oom_score(const OomCandidate& candidate, PageCount total);

/// Looks at one candidate after the other, and needs no memory for it. The verdict is the candidate
/// of the highest badness, compared without rounding; among equals the last one. The candidates
/// come oldest first, so that of two alike the one ends that has less work to lose.
class OomChoice {
  public:
    /// `total`: RAM and swap. Precondition: it is not 0.
    explicit OomChoice(PageCount total);

    /// Precondition: its adjustment is in its range.
    void consider(const OomCandidate& candidate);
    /// Its index counts the calls of consider() from 0.
    [[nodiscard]] const OomVerdict& verdict() const { return verdict_; }
    /// Whether `left` goes rather than `right`, which is older.
    [[nodiscard]] bool is_worse(const OomCandidate& left, const OomCandidate& right) const;

  private:
    PageCount total_;
    OomVerdict verdict_{OomAnswer::Nobody, 0};
    OomCandidate worst_{};
    std::size_t seen_ = 0;
};

}  // namespace quire::mm
