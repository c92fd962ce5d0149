// The default: generations of pages, and a record of what each age has been worth.
//
//     generation   n (youngest)   n-1     n-2     n-3     ...     n-31
//                  [ | | | | ]   [ | ]   [ | | ] [ | ]           [ ]
//                      ^            |       |                  worth least of all: the victim's
//                      +--- used ---+-------+                  generation, here or in the middle
//
// Pages that were used last within the same span of time are one generation, a list. A generation
// is full, and the next begins, when an eighth of all pages have come into it: so an age in
// generations is a distance in uses of other pages, and eight are the size of memory.
//
// Each choice looks at the next sixteen pages, going round, and moves what was used to the
// youngest generation. Then it takes the oldest page of the generation whose age is worth least
// (policy_worth.h), if a last look finds it unused. The Shadow of a page that left is the
// generation in which it was used last, so when it comes back its life ends at a known age, just as
// if it had stayed: what is learned does not depend on what was evicted. With nothing learned the
// oldest leaves first, as in LRU; in a loop over more pages than memory holds the policy sees that
// they all come back at an age that it does not keep them to, and that the oldest are closest to
// it.
//
// Who comes for the first time waits in a list of its own until there is a choice to make, and is
// taken in then, as if it came in that moment. So while memory suffices, pages that come and go
// cost little more than two links.
//
// Pages differ, so each list is four: by the age at which the page's last life ended, its *rhythm*.
// Each rhythm has a record of its own. The generation's number modulo 32 and the rhythm are the
// byte of the frame.
//
// Related: Linux's multi-generational LRU (generations), EELRU (Smaragdakis, Kaplan, Wilson 1999:
// early eviction where recent victims come back), LHD (Beckmann, Chen, Cidon 2018: hits for room).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "mm/frame_list.h"
#include "mm/policy_looks.h"
#include "mm/policy_worth.h"
#include "mm/replacement_policy.h"

namespace quire::mm {

class GenerationPolicy final : public ReplacementPolicy {
  public:
    static constexpr std::uint32_t kGenerations = WorthTable::kAges;
    /// How many generations' pages fill the memory that the policy has.
    static constexpr std::uint32_t kGenerationsPerMemory = 8;
    /// Pages looked at for each choice, besides victims and the last arrival.
    static constexpr std::uint32_t kScan = 16;

    /// `marks`: a byte for each frame of `table`; must stay.
    GenerationPolicy(FrameTable& table, std::span<std::uint8_t> marks)
        : GenerationPolicy(table, marks, std::make_index_sequence<kLists>()) {}
    GenerationPolicy(const GenerationPolicy&) = delete;
    GenerationPolicy& operator=(const GenerationPolicy&) = delete;

    [[nodiscard]] const char* name() const override { return "generations"; }
    void admit(FrameNumber frame, Arrival arrival, Shadow shadow) override;
    void forget_all(std::span<const FrameNumber> frames) override;
    std::optional<FrameNumber> choose(AccessedBits& bits) override;
    void put_back(FrameNumber frame) override;
    Shadow evicted(FrameNumber frame) override;
    std::optional<FrameNumber> take_any() override;
    [[nodiscard]] PageCount count() const override { return count_ + waiting_.count(); }
    void check_invariants() const override;

    /// In which generation a page was used last: 0 is the youngest. Precondition: in the lists.
    [[nodiscard]] std::uint32_t age_of(FrameNumber frame);

  private:
    /// At which age a page's last life ended, in memory sizes.
    enum class Rhythm : std::uint8_t { Unknown = 0, Half = 1, Whole = 2, Double = 3 };
    static constexpr std::uint32_t kRhythms = 4;
    static constexpr std::uint32_t kLists = kGenerations * kRhythms;

    template <std::size_t... kIndex>
    GenerationPolicy(FrameTable& table, std::span<std::uint8_t> marks,
                     std::index_sequence<kIndex...>)
        : table_(table),
          marks_(marks),
          lists_{(static_cast<void>(kIndex), FrameList(table))...},
          waiting_(table) {}

    // A mark, which is also the index of the frame's list:   0 | rhythm 2 | generation 5; kWaiting:
    // the frame is in `waiting_`. Of a frame that another policy chose, it may be any byte.
    static constexpr std::uint8_t kWaiting = 0x80;
    static constexpr std::uint8_t mark_of(std::uint32_t generation, Rhythm rhythm) {
        return static_cast<std::uint8_t>(generation % kGenerations |
                                         static_cast<std::uint32_t>(rhythm) * kGenerations);
    }
    static constexpr Rhythm rhythm_of(std::uint32_t mark) {
        return static_cast<Rhythm>(mark / kGenerations % kRhythms);
    }
    [[nodiscard]] std::uint32_t age_of_mark(std::uint32_t mark) const {
        return (generation_ - mark) % kGenerations;
    }
    // A Shadow:   1 | generation 13 | rhythm 2. The generation wraps after a thousand memory sizes.
    static constexpr Shadow kKnown = 1U << 15;
    static constexpr std::uint32_t kShadowGenerations = 1U << 13;

    static Rhythm rhythm_after(std::uint32_t age);
    Rhythm end_life(Rhythm rhythm, std::uint32_t age);
    void begin_life(Rhythm rhythm);
    void count_use();
    void take_in_waiting();
    void enter(FrameNumber frame, Arrival arrival, Shadow shadow);
    void insert(FrameNumber frame, Rhythm rhythm);
    void take_out(FrameNumber frame);
    FrameList& list_of(FrameNumber frame);
    void renew(FrameNumber frame);
    void scan(BoundedLooks& looks);
    void scan_next_list();
    [[nodiscard]] std::uint32_t worth_of_list(std::uint32_t list) const;
    [[nodiscard]] std::uint32_t find_least_worth() const;
    FrameNumber least_worth();
    [[nodiscard]] bool generation_is_empty(std::uint32_t generation) const;

    FrameTable& table_;
    std::span<std::uint8_t> marks_;
    std::array<FrameList, kLists> lists_;
    FrameList waiting_;  // who came since the last choice
    std::array<WorthTable, kRhythms> worth_;
    PageCount count_;                    // of the frames in `lists_`
    std::uint32_t generation_ = 0;       // the youngest
    std::uint32_t uses_ = 0;             // that the youngest has taken in
    std::uint32_t lives_ = 0;            // begun since the tables were updated
    std::optional<FrameNumber> newest_;  // the last arrival, not looked at since
    // The list worth least, as far as nothing has changed since it was looked for.
    std::optional<std::uint32_t> least_worth_;
    std::uint32_t scan_list_ = 0;  // where the next look goes
    PageCount scan_left_;          // how many frames of that list are still to be looked at
};

}  // namespace quire::mm
