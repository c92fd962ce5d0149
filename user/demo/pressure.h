// How much memory a demonstration takes to have more than fits into RAM, and no more than into RAM
// and swap space.
#pragma once

#include <algorithm>
#include <cstddef>

#include "user/demo/look.h"

namespace quire::demo {

struct Pressure {
    bool is_possible;
    std::size_t frames;  // of RAM
    std::size_t pages;   // to be taken
};

inline constexpr const char* kNoPressure =
    "not shown here: it needs at most 64 MiB of RAM and 8 MiB of swap space; make run MEMORY=16";

inline Pressure find_pressure() {
    constexpr std::size_t kMostRam = std::size_t{64} << 10, kLeastSwap = std::size_t{8} << 10;
    const auto total = static_cast<std::size_t>(memory_info("MemTotal"));
    const auto swap = static_cast<std::size_t>(memory_info("SwapFree"));
    const bool is_possible = total <= kMostRam && swap >= kLeastSwap;
    const std::size_t more = std::min(total / 2, swap / 2);
    constexpr std::size_t kKibAPage = kPage / 1024;
    return {is_possible, total / kKibAPage, (total + more) / kKibAPage};
}

}  // namespace quire::demo
