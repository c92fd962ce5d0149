// Random numbers for tests that can be run again: the seed is printed, and taken from QUIRE_SEED.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace quire::test {

/// The seed of this run: QUIRE_SEED when set, else a fresh one. Prints it.
inline std::uint64_t seed() {
    const char* given = std::getenv("QUIRE_SEED");
    const std::uint64_t value =
        given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device()();
    std::printf("QUIRE_SEED=%llu\n", static_cast<unsigned long long>(value));
    return value;
}

class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}
    /// A number from 0 to limit - 1.
    std::size_t below(std::size_t limit) {
        return static_cast<std::size_t>(engine_() % static_cast<std::uint64_t>(limit));
    }

  private:
    std::mt19937_64 engine_;
};

}  // namespace quire::test
