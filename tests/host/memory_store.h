// A backing store in host memory that fails on demand and remembers what was asked of it.
//
// It is as mean as the contract allows: after an error the frames, or the pages of the store, hold
// junk. A frame that is none of phys_window fails the running test; one that is poisoned, because
// it is free, stops it (ASan).
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "mm/backing_store.h"
#include "mm/physical_window.h"
#include "tests/host/machine_host.h"

namespace quire::test {

class MemoryStore final : public mm::BackingStore {
  public:
    enum class Direction : std::uint8_t { Read, Write };

    struct Call {
        Direction direction;
        std::uint32_t first_page;
        std::uint32_t count;  // pages
        bool failed;
        bool operator==(const Call&) const = default;
    };

    static constexpr unsigned char kJunk = 0xE7;

    /// A store of `pages` pages, all zero.
    explicit MemoryStore(std::uint32_t pages) : content_(std::size_t{pages} * mm::kPageSize) {}

    Result<void> read(std::uint32_t first_page, std::span<const mm::FrameNumber> frames) override {
        const bool failed = begin(Direction::Read, first_page, frames);
        for (std::uint32_t i = 0; i < frames.size(); ++i) {
            if (!is_valid(frames[i])) continue;
            std::byte* bytes = mm::frame_bytes(frames[i]);
            const std::uint32_t page = first_page + i;
            if (failed) {
                std::memset(bytes, kJunk, mm::kPageSize);
            } else if (page < pages()) {
                std::memcpy(bytes, this->page(page).data(), mm::kPageSize);
            } else {
                std::memset(bytes, 0, mm::kPageSize);
            }
        }
        if (failed) return Error::IoError;
        return {};
    }

    /// Beside IoError on demand: OutOfMemory past the end of the store.
    Result<void> write(std::uint32_t first_page, std::span<const mm::FrameNumber> frames) override {
        const bool failed = begin(Direction::Write, first_page, frames);
        if (!failed && first_page + frames.size() > pages()) {
            calls_.back().failed = true;
            return Error::OutOfMemory;
        }
        for (std::uint32_t i = 0; i < frames.size(); ++i) {
            if (!is_valid(frames[i]) || first_page + i >= pages()) continue;
            const std::span<std::byte> target = page(first_page + i);
            if (failed) {
                std::memset(target.data(), kJunk, mm::kPageSize);
            } else {
                std::memcpy(target.data(), mm::frame_bytes(frames[i]), mm::kPageSize);
            }
        }
        if (failed) return Error::IoError;
        return {};
    }

    /// The n-th read or write from now on fails, once; 0: none.
    void fail_nth_read(std::uint32_t n) { nth_[0] = n; }
    void fail_nth_write(std::uint32_t n) { nth_[1] = n; }
    /// Every read or write fails until this is taken back.
    void fail_reads(bool fail) { all_[0] = fail; }
    void fail_writes(bool fail) { all_[1] = fail; }
    /// Every call that touches `page` fails; nothing: no page is bad.
    void fail_page(std::optional<std::uint32_t> page) { bad_page_ = page; }

    [[nodiscard]] std::uint32_t pages() const {
        return static_cast<std::uint32_t>(content_.size() / mm::kPageSize);
    }
    /// What the store holds in `page`, to look at and to change behind everybody's back.
    [[nodiscard]] std::span<std::byte> page(std::uint32_t page) {
        return std::span(content_).subspan(std::size_t{page} * mm::kPageSize, mm::kPageSize);
    }

    /// Every call since the last forget_calls(), oldest first.
    [[nodiscard]] const std::vector<Call>& calls() const { return calls_; }
    void forget_calls() { calls_.clear(); }
    [[nodiscard]] std::uint32_t reads() const { return count(Direction::Read).calls; }
    [[nodiscard]] std::uint32_t writes() const { return count(Direction::Write).calls; }
    [[nodiscard]] std::uint32_t pages_read() const { return count(Direction::Read).pages; }
    [[nodiscard]] std::uint32_t pages_written() const { return count(Direction::Write).pages; }

  private:
    struct Sums {
        std::uint32_t calls = 0;
        std::uint32_t pages = 0;
    };

    // Notes the call; says whether it has to fail.
    bool begin(Direction direction, std::uint32_t first_page,
               std::span<const mm::FrameNumber> frames) {
        EXPECT_FALSE(frames.empty());
        for (const mm::FrameNumber frame : frames)
            EXPECT_TRUE(is_valid(frame)) << "frame " << frame.raw();
        const auto which = static_cast<std::size_t>(direction);
        const auto size = static_cast<std::uint32_t>(frames.size());
        bool fail = all_[which] || (nth_[which] != 0 && --nth_[which] == 0);
        if (bad_page_.has_value() && *bad_page_ - first_page < size) fail = true;
        calls_.push_back({direction, first_page, size, fail});
        return fail;
    }
    static bool is_valid(mm::FrameNumber frame) {
        return frame.raw() != 0 && frame.raw() < kHostFrames.raw();
    }
    // Calls that failed count too.
    [[nodiscard]] Sums count(Direction direction) const {
        Sums sums;
        for (const Call& call : calls_) {
            if (call.direction != direction) continue;
            ++sums.calls;
            sums.pages += call.count;
        }
        return sums;
    }

    std::vector<std::byte> content_;
    std::vector<Call> calls_;
    std::uint32_t nth_[2] = {};
    bool all_[2] = {};
    std::optional<std::uint32_t> bad_page_;
};

}  // namespace quire::test
