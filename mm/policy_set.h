// One of each replacement policy, and which of them is in use: chosen at boot, changed at any time.
//
//     reclaim --> PolicySet --> fifo  clock  aging  two-lists  generations
//                     '-------- current ------------------------^
//
// All are made together, so a change takes no memory and cannot fail; each is a few words, the
// generations 2.5 KiB, too much for a stack. Invariant: only the current one has frames. They share
// one byte a frame. Locking is the caller's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "mm/policy_aging.h"
#include "mm/policy_clock.h"
#include "mm/policy_fifo.h"
#include "mm/policy_generations.h"
#include "mm/policy_two_lists.h"
#include "mm/replacement_policy.h"

namespace quire::mm {

enum class PolicyKind : std::uint8_t { Fifo, Clock, Aging, TwoLists, Generations };

inline constexpr std::array kPolicyKinds = {PolicyKind::Fifo, PolicyKind::Clock, PolicyKind::Aging,
                                            PolicyKind::TwoLists, PolicyKind::Generations};
/// The one measured best (docs/replacement.md).
inline constexpr PolicyKind kDefaultPolicy = PolicyKind::Generations;

class PolicySet {
  public:
    /// `marks`: a byte for each frame of `table`, of any content; must stay, and is the policies'.
    PolicySet(FrameTable& table, std::span<std::uint8_t> marks, PolicyKind kind = kDefaultPolicy);
    PolicySet(const PolicySet&) = delete;
    PolicySet& operator=(const PolicySet&) = delete;

    [[nodiscard]] ReplacementPolicy& current() { return policy(kind_); }
    [[nodiscard]] const ReplacementPolicy& current() const { return policy(kind_); }
    [[nodiscard]] PolicyKind kind() const { return kind_; }

    /// The policy of that kind, for its name. Precondition for more than that: it is the current.
    [[nodiscard]] ReplacementPolicy& policy(PolicyKind kind);
    [[nodiscard]] const ReplacementPolicy& policy(PolicyKind kind) const;

    /// The kind whose policy has this name; nothing if none has.
    [[nodiscard]] std::optional<PolicyKind> find(std::span<const char> name) const;

    /// Makes `kind` the current one and hands it every frame of the one before: hand_over(). Who
    /// keeps current() by reference is told next (MappedPages::change_policy()).
    void change_to(PolicyKind kind);

    /// Checks the current policy, and that the others are empty.
    void check_invariants() const;

  private:
    FifoPolicy fifo_;
    ClockPolicy clock_;
    AgingPolicy aging_;
    TwoListPolicy two_lists_;
    GenerationPolicy generations_;
    PolicyKind kind_;
};

}  // namespace quire::mm
