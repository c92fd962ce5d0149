// What the kernel has in use at a moment, as /proc tells it: two snapshots around a program that
// has ended must be the same, but for what pressure moves.
//
//     private pages  in RAM or in swap
//     other frames   page tables, stacks, the kernel's own; those that cache files may stay
//     slabs          live objects of each cache, less those that caches of files consist of
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "user/output.h"

namespace quire {

class Snapshot {
  public:
    /// Reads it. A file that cannot be read leaves the snapshot incomplete: it has always grown.
    void take();
    /// Whether more of anything is in use later. Prints what differs, each in a line of comment.
    [[nodiscard]] bool has_grown(const Snapshot& later) const;

  private:
    static constexpr std::size_t kMostFigures = 96;
    struct Figure {
        std::array<char, 32> name{};
        std::uint32_t value = 0;
    };
    void read_meminfo();
    void read_slabinfo();
    void add(std::string_view name, std::uint32_t value);

    std::array<Figure, kMostFigures> figures_{};
    std::size_t count_ = 0;
    bool is_complete_ = false;
};

}  // namespace quire
