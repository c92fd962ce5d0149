// Which granules of the arena hold a run: how free() knows a slot, which has no header, from a
// block. What stands before a slot is its neighbour's data and proves nothing.
//
//      unit of the arena      | granule (16 bits) | unit in the granule |
//                                     |
//      bits                   0 0 1 1 1 0 0 1 ...        set: a run lies there
//
// One bit for each granule of the first 128 MiB, which is 8 KiB: nothing is ever allocated or
// copied, and free() asks with one instruction. The map reaches as far as it was cleared, 128 KiB
// at a time: what a heap does not need of it stays untouched and costs a program no page. In an
// arena that is larger still, small blocks farther up are ordinary blocks. Invariant: below reach()
// a bit is set exactly where a run lies.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "libc/heap/bits.h"
#include "libc/heap/run.h"

namespace quire::heap {

class RunMap {
  public:
    // cppcheck-suppress uninitMemberVar  // what lies beyond reach_ is cleared by cover()
    RunMap() {}
    RunMap(const RunMap&) = delete;
    RunMap& operator=(const RunMap&) = delete;

    static constexpr std::size_t kGranules = (std::size_t{128} << 20) / kGranule;
    /// Units from here on never lie in a run.
    static constexpr std::size_t kMostUnits = kGranules * kGranule / kAlignment;

    /// Units from here on lie in no run yet.
    [[nodiscard]] std::size_t reach() const { return reach_; }
    /// Brings the reach a step nearer to `unit`, no more, which keeps the call short. Returns
    /// whether it is within reach now.
    bool cover(std::size_t unit) {
        if (reach_ < kMostUnits) {
            for (std::size_t word = 0; word < kStepWords; ++word)
                bits_[reach_ / kUnitsInGranule / 32 + word] = 0;
            reach_ += kStepWords * 32 * kUnitsInGranule;
        }
        return unit < reach_;
    }

    /// Whether a run lies at `unit` of the arena. Precondition of all below: unit < reach().
    [[nodiscard]] bool holds(std::size_t unit) const {
        return test_bit(bits_, unit / kUnitsInGranule);
    }
    /// Precondition: !holds(unit).
    void add(std::size_t unit) { word(unit) |= bit(unit); }
    /// Precondition: holds(unit).
    void remove(std::size_t unit) { word(unit) &= ~bit(unit); }

    /// How many runs there are.
    [[nodiscard]] std::size_t count() const {
        std::size_t sum = 0;
        for (std::size_t word = 0; word < reach_ / kUnitsInGranule / 32; ++word)
            sum += static_cast<std::size_t>(std::popcount(bits_[word]));
        return sum;
    }

  private:
    static constexpr std::size_t kUnitsInGranule = kGranule / kAlignment;
    static constexpr std::size_t kStepWords = 2;

    std::uint32_t& word(std::size_t unit) { return bits_[unit / kUnitsInGranule / 32]; }
    static std::uint32_t bit(std::size_t unit) { return 1U << unit / kUnitsInGranule % 32; }

    std::size_t reach_ = 0;
    Bits<kGranules / 32> bits_;
};

}  // namespace quire::heap
