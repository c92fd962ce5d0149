// What the models of a heap compare it with: a table of the live blocks. Each is filled with a
// pattern of its own, which is looked at before the block goes: all of a small block, both ends of
// a large one.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tests/host/heap_support.h"

namespace quire::test {

struct LiveBlock {
    static constexpr std::size_t kEdge = 128;

    std::uint8_t* start;
    std::size_t size;
    std::uint8_t tag;

    [[nodiscard]] std::uint8_t pattern(std::size_t i) const {
        return static_cast<std::uint8_t>(tag + i);
    }
    void fill() const {
        each_known([&](std::size_t i) { start[i] = pattern(i); });
    }
    void expect_intact() const { expect_kept(start, size); }
    /// The block has moved to `place`, with room for `room` bytes: the known ones among them are
    /// kept.
    void expect_kept(const std::uint8_t* place, std::size_t room) const {
        each_known([&](std::size_t i) {
            if (i < room && place[i] != pattern(i)) FAIL() << "byte " << i << " of " << size;
        });
    }

  private:
    template <typename Visit>
    void each_known(Visit visit) const {
        for (std::size_t i = 0; i < size; ++i) {
            if (i == kEdge && size > 2 * kEdge) i = size - kEdge;
            visit(i);
        }
    }
};

class LiveBlocks {
  public:
    static constexpr std::size_t kNone = SIZE_MAX;

    explicit LiveBlocks(TestRandom& random) : random_(random) {}

    [[nodiscard]] std::size_t count() const { return blocks_.size(); }
    [[nodiscard]] std::size_t payload() const { return payload_; }
    [[nodiscard]] std::size_t pick() const {
        return blocks_.empty() ? kNone : random_.below(count());
    }
    LiveBlock& operator[](std::size_t index) { return blocks_[index]; }

    void add(void* start, std::size_t size) {
        const auto tag = static_cast<std::uint8_t>(random_.below(256));
        blocks_.push_back({static_cast<std::uint8_t*>(start), size, tag});
        blocks_.back().fill();
        payload_ += size;
    }
    /// The block `index` is at `start` now, with `size` bytes.
    void move(std::size_t index, void* start, std::size_t size) {
        LiveBlock& block = blocks_[index];
        block.expect_kept(static_cast<std::uint8_t*>(start), size);
        payload_ += size - block.size;
        block = {static_cast<std::uint8_t*>(start), size, block.tag};
        block.fill();
    }
    /// Looks at the block, and forgets it.
    LiveBlock take(std::size_t index) {
        const LiveBlock block = blocks_[index];
        block.expect_intact();
        blocks_[index] = blocks_.back();
        blocks_.pop_back();
        payload_ -= block.size;
        return block;
    }

    /// Mostly small, sometimes up to a page, rarely large enough for a mapping.
    std::size_t random_size() {
        const std::uint32_t kind = random_.below(1000);
        if (kind < 600) return random_.below(80);
        if (kind < 900) return random_.below(600);
        if (kind < 990) return random_.below(6000);
        if (kind < 999) return random_.below(70000);
        return random_.below(700000);
    }

  private:
    TestRandom& random_;
    std::vector<LiveBlock> blocks_;
    std::size_t payload_ = 0;
};

inline void expect_zeroes(const void* start, std::size_t size) {
    const auto* bytes = static_cast<const std::uint8_t*>(start);
    const auto* wrong = std::find_if(bytes, bytes + size, [](std::uint8_t b) { return b != 0; });
    EXPECT_EQ(wrong - bytes, static_cast<std::ptrdiff_t>(size)) << "the byte that is not zero";
}

}  // namespace quire::test
