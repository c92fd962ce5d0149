// The lines that were typed, the newest last.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "user/sh/store.h"

namespace quire::shell {

class History {
  public:
    static constexpr std::size_t kMost = 100;

    explicit History(Store& store) : store_(store) {}
    History(const History&) = delete;
    History& operator=(const History&) = delete;

    /// Neither an empty line nor the same one twice in a row.
    void add(std::string_view line) {
        if (line.find_first_not_of(" \t") == std::string_view::npos) return;
        if (count_ > 0 && line == newest(1)) return;
        char*& place = lines_[next_];
        char* const copy = store_.copy(line);
        store_.give(place);
        place = copy;
        next_ = (next_ + 1) % kMost;
        if (count_ < kMost) ++count_;
    }
    [[nodiscard]] std::size_t count() const { return count_; }
    /// The line that was added `age` lines ago, from 1 to count().
    [[nodiscard]] std::string_view newest(std::size_t age) const {
        return lines_[(next_ + kMost - age) % kMost];
    }

  private:
    Store& store_;
    std::array<char*, kMost> lines_{};  // a ring
    std::size_t next_ = 0;
    std::size_t count_ = 0;
};

}  // namespace quire::shell
