// Which page leaves when memory is short: the interface of every replacement policy.
//
//     admit ---------> policy's lists ---------> choose ----> evicted (a Shadow stays behind)
//       ^                 |        ^                |
//       |                 v        +--- put_back ---+
//       |               forget  (freed, locked: nobody's victim)
//       +---- the page comes back, and brings its Shadow along
//
// A kernel does not see references. It sees faults, and the accessed bits that the CPU sets and
// nobody but the kernel clears (SDM 3A 4.8). So a policy is told of arrivals, and asks for accessed
// bits through AccessedBits, which costs a walk to the page's PTEs each time.
//
// Invariant: a frame is in the policy's lists from admit() or put_back() until choose() or forget()
// takes it out. The lists are FrameLists; beside them a policy has one byte a frame.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "mm/types.h"

namespace quire::mm {

/// What a policy wants to know about a page when it comes back, in 16 bits of its own making; kept
/// where the page's content went (swap slot, or the file's page tree). 0: nothing is known.
using Shadow = std::uint32_t;
inline constexpr Shadow kMaxShadow = (1U << 24) - 1;
/// What a policy itself makes has 16 bits: the rest tells when the page left (ThrashingSignal).
inline constexpr Shadow kMaxPolicyShadow = (1U << 16) - 1;

/// Why a page arrived.
enum class Arrival : std::uint8_t {
    Demand,     // somebody touched it: the access is about to be made
    ReadAhead,  // brought in beside another one, nobody has asked for it yet
};

/// How a policy looks at pages.
class AccessedBits {
  public:
    /// Whether any mapping of `frame` was used since the last time it was asked; clears the bits.
    /// The price is one PTE looked at for each mapping.
    virtual bool harvest(FrameNumber frame) = 0;

  protected:
    ~AccessedBits() = default;
};

class ReplacementPolicy {
  public:
    [[nodiscard]] virtual const char* name() const = 0;

    /// `frame` holds a page that may be evicted. `shadow` is what evicted() answered when the same
    /// page left the last time, 0 if it never did. Precondition: not in the lists.
    virtual void admit(FrameNumber frame, Arrival arrival, Shadow shadow) = 0;

    /// `frames` leave the lists for another reason than replacement: quickly, where they stand side
    /// by side in the order in which they arrived. They are a chain afterwards, in their order
    /// (FrameTable). Precondition: each is in the lists.
    virtual void forget_all(std::span<const FrameNumber> frames) = 0;
    void forget(FrameNumber frame) { forget_all({&frame, 1}); }

    /// Takes the page that should leave first out of the lists; nothing if they are empty. Looks at
    /// a bounded number of pages, whatever it finds.
    virtual std::optional<FrameNumber> choose(AccessedBits& bits) = 0;

    /// `frame`, chosen before, could not leave after all. Precondition: not in the lists.
    virtual void put_back(FrameNumber frame) = 0;

    /// `frame`, chosen before, is on its way out. Returns what to remember of it, at most
    /// kMaxPolicyShadow.
    virtual Shadow evicted(FrameNumber frame) = 0;

    /// Any frame of the lists, taken out, for a change of policy; nothing if they are empty.
    virtual std::optional<FrameNumber> take_any() = 0;

    /// Frames in the lists.
    [[nodiscard]] virtual PageCount count() const = 0;

    /// Checks lists, counts and bytes against each other. O(frames in the lists).
    virtual void check_invariants() const = 0;

  protected:
    ~ReplacementPolicy() = default;
};

/// Hands every frame in `from`'s lists to `to`, in the order in which `from` would have given them
/// up unasked. Nobody uses a page by that, so they arrive as if read ahead. A frame that `from`
/// chose before may be evicted or put back afterwards: it is `to`'s then. What is left of `from`
/// (its byte, its Shadow) says something wrong about one page, once. O(frames in the lists).
inline void hand_over(ReplacementPolicy& from, ReplacementPolicy& to) {
    while (const std::optional<FrameNumber> frame = from.take_any())
        to.admit(*frame, Arrival::ReadAhead, 0);
}

}  // namespace quire::mm
