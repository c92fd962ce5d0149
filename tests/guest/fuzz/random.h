// Numbers that are the same for the same seed.
#pragma once

#include <cstdint>

namespace quire::fuzz {

class Random {
  public:
    /// Goes on differently from here.
    void mix(std::uint64_t what) { state_ = (state_ ^ what) * kFactor + kAddend; }
    [[nodiscard]] std::uint32_t next() {
        state_ = state_ * kFactor + kAddend;
        return static_cast<std::uint32_t>(state_ >> 32);
    }
    /// From 0 to limit - 1. Precondition: limit > 0.
    [[nodiscard]] std::uint32_t below(std::uint32_t limit) {
        return static_cast<std::uint32_t>(std::uint64_t{next()} * limit >> 32);
    }

  private:
    // Knuth's, of 64 bits.
    static constexpr std::uint64_t kFactor = 6364136223846793005ULL;
    static constexpr std::uint64_t kAddend = 1442695040888963407ULL;
    std::uint64_t state_ = 0x9E3779B97F4A7C15ULL;
};

}  // namespace quire::fuzz
