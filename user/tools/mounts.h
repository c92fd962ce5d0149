// What is mounted where: /proc/mounts.
#pragma once

#include <stddef.h>

#include <span>

namespace quire::tools {

struct Mount {
    char device[64];
    char folder[256];
    char kind[32];
    char options[128];
};

class Mounts {
  public:
    /// false, and errno, if they cannot be read. More than kMost are left out.
    bool read();
    [[nodiscard]] std::span<const Mount> all() const { return {mounts_, count_}; }

  private:
    static constexpr size_t kMost = 32;
    Mount mounts_[kMost];
    size_t count_ = 0;
};

}  // namespace quire::tools
