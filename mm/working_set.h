// How many pages each space needs, and whether all of them together need more than there are.
//
//     WorkingSet         a space       accessed bits, sampled     "it uses 210 of its 400 pages"
//     ThrashingSignal    the machine   pages that come back soon  "62 % of what we evict is missed"
//
// The working set W(tau) of a space is the set of pages it used in its last tau of running time
// (Denning 1968). Of what a space uses, a kernel sees the accessed bits; of what it would have used
// with more memory, only the faults. So there are two estimates. A space that fits shows its size
// in its accessed bits. When the spaces do not fit, each has only what it just used, every bit is
// set, and the sizes say nothing any more; then the pages that were evicted come back before long,
// and that share tells of thrashing. What to do (suspend a process until its working set fits) is
// decided elsewhere.
//
// Integer arithmetic; no frame, page table or clock is known here. Locking is the caller's.
#pragma once

#include <cstdint>

#include "mm/replacement_policy.h"
#include "mm/types.h"

namespace quire::mm {

/// The working set of one space, from looks at its accessed bits:
///
///     |<------ tau ------>|<------ tau ------>|     of the space's own running time
///      saw saw saw ... saw end_interval(resident)
///
/// Each page should be looked at at most once in an interval, and the bit be cleared: then "used"
/// means used within about tau. A sample will do; it stands for all resident pages.
class WorkingSet {
  public:
    /// A page of the space was looked at: whether it was used since the look before.
    void saw(bool used);

    /// An interval of the space's running time is over, in which it had `resident` pages. With
    /// fewer than kFewestLooks looks, or than resident pages, the interval goes on: what was seen
    /// stays.
    void end_interval(PageCount resident);
    static constexpr std::uint32_t kFewestLooks = 16;

    /// Pages used in an interval, a mean in which the last interval weighs a quarter; the first
    /// one counts whole.
    [[nodiscard]] PageCount size() const { return PageCount((sixteenths_ + 8) / 16); }

    void check_invariants() const;

  private:
    static constexpr std::uint32_t kMostLooks = 1U << 11;

    std::uint32_t looks_ = 0;
    std::uint32_t used_ = 0;
    std::uint32_t sixteenths_ = 0;  // of pages
    bool known_ = false;
};

/// The share of page-ins whose page left less than one memory size of evictions ago: it would still
/// be here if there were twice the memory. A scan brings in pages that it never had, or had long
/// ago; a growing heap brings in none.
class ThrashingSignal {
  public:
    /// When a page left, in sixteenths of a memory size. Wraps after sixteen memory sizes: of the
    /// pages away for longer than that, one in sixteen is taken for one that left lately.
    using Departure = std::uint8_t;
    static constexpr Departure kNeverLeft = 0;

    /// `memory`: the pages that replacement has in its hands. May change at any time.
    explicit ThrashingSignal(PageCount memory) : memory_(memory) {}
    void set_memory(PageCount memory) { memory_ = memory; }

    /// A page leaves now: what to keep of it, the policy's part included. Never 0.
    ///
    ///      23            8 7        0
    ///     +---------------+----------+
    ///     | policy's part | departure|
    ///     +---------------+----------+
    ///
    /// Precondition: policy_part <= kMaxPolicyShadow.
    [[nodiscard]] Shadow stamp(Shadow policy_part);
    static Shadow policy_part(Shadow kept) { return kept >> kPolicyShift; }
    static Departure departure_in(Shadow kept) { return static_cast<Departure>(kept & 0xFFU); }

    /// A page that somebody waits for was brought in; it left at `left`, or never did.
    void page_in(Departure left);

    /// A second is over. Where hardly anything is brought in, the signal fades: the share is one of
    /// page-ins, and without them would stay for ever what it was.
    void second_over();

    /// Of the last hundred page-ins or so, those that came back soon, in percent.
    [[nodiscard]] std::uint32_t percent() const;

    /// On from 50 percent, off below 25: one who acts on it does not act to and fro.
    [[nodiscard]] bool thrashing() const { return thrashing_; }

    void check_invariants() const;

  private:
    static constexpr std::uint32_t kPolicyShift = 8;
    static_assert(kMaxPolicyShadow << kPolicyShift <= kMaxShadow);
    static constexpr std::uint32_t kUnitsPerMemory = 16;
    static constexpr std::uint32_t kDepartures = 255;  // 1 .. 255
    static constexpr std::uint32_t kWhole = 1U << 16;
    static constexpr std::uint32_t kWeight = 64;  // a page-in counts a 64th
    static constexpr std::uint32_t kQuiet = 16;   // page-ins a second that do not matter

    void set_share(std::uint32_t share);
    void advance_clock();

    PageCount memory_;
    Departure now_ = 1;
    std::uint32_t evicted_in_unit_ = 0;
    std::uint32_t page_ins_in_second_ = 0;
    std::uint32_t share_ = 0;  // of kWhole
    bool thrashing_ = false;
};

}  // namespace quire::mm
