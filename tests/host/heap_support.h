// A page source for heap tests: an arena inside an array, mappings from the host, and every kind of
// failure on request.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libc/heap/heap.h"

namespace quire::test {

class TestSource final : public heap::PageSource {
  public:
    static constexpr std::size_t kPage = 4096;
    static constexpr std::size_t kLargestMapping = std::size_t{256} << 20;

    explicit TestSource(std::size_t arena_limit = std::size_t{64} << 20, bool offers_maps = true)
        : limit_(arena_limit), offers_maps_(offers_maps) {
        void* start =
            mmap(nullptr, limit_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (start == MAP_FAILED) std::abort();
        start_ = static_cast<std::byte*>(start);
    }
    ~TestSource() {
        for (const auto& [mapping, bytes] : mappings_)
            munmap(mapping, bytes);
        munmap(start_, limit_);
    }

    void* extend(std::size_t bytes) override {
        EXPECT_EQ(bytes % kPage, 0U);
        if (refuses() || bytes > limit_ - extent_) return nullptr;
        void* pages = start_ + extent_;
        mprotect(pages, bytes, PROT_READ | PROT_WRITE);
        if (fill_ != 0) std::memset(pages, fill_, bytes);
        extent_ += bytes;
        return pages;
    }
    // What is given back cannot be touched: a heap that still uses it dies at once.
    void shrink(std::size_t bytes) override {
        EXPECT_EQ(bytes % kPage, 0U);
        ASSERT_LE(bytes, extent_);
        extent_ -= bytes;
        madvise(start_ + extent_, bytes, MADV_DONTNEED);
        mprotect(start_ + extent_, bytes, PROT_NONE);
    }
    void* map(std::size_t bytes) override {
        EXPECT_EQ(bytes % kPage, 0U);
        if (!offers_maps_ || refuses() || bytes > kLargestMapping) return nullptr;
        void* mapping =
            mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapping == MAP_FAILED) return nullptr;
        if (fill_ != 0) std::memset(mapping, fill_, bytes);
        mappings_[mapping] = bytes;
        return mapping;
    }
    void unmap(void* mapping, std::size_t bytes) override {
        EXPECT_EQ(mappings_.at(mapping), bytes);
        mappings_.erase(mapping);
        munmap(mapping, bytes);
    }
    void* remap(void* mapping, std::size_t old_bytes, std::size_t new_bytes) override {
        EXPECT_EQ(mappings_.at(mapping), old_bytes);
        if (refuses() || new_bytes > kLargestMapping) return nullptr;
        void* place = mremap(mapping, old_bytes, new_bytes, MREMAP_MAYMOVE);
        if (place == MAP_FAILED) return nullptr;
        mappings_.erase(mapping);
        mappings_[place] = new_bytes;
        return place;
    }

    [[nodiscard]] bool zeroed() const override { return zeroed_; }

    /// New pages hold this byte instead of zeroes.
    void fill_new_pages(unsigned char byte) { fill_ = byte; }
    void say_not_zeroed() { zeroed_ = false; }

    /// From now on the `n`-th call that may fail does, and all after it; 0: none does.
    void fail_from(std::size_t n) {
        calls_ = 0;
        fail_from_ = n;
    }
    [[nodiscard]] std::size_t fallible_calls() const { return calls_; }
    [[nodiscard]] std::size_t extent() const { return extent_; }
    [[nodiscard]] std::size_t mapping_count() const { return mappings_.size(); }
    [[nodiscard]] std::byte* start() const { return start_; }

  private:
    bool refuses() {
        ++calls_;
        return fail_from_ != 0 && calls_ >= fail_from_;
    }

    std::byte* start_ = nullptr;
    std::size_t limit_;
    std::size_t extent_ = 0;
    bool offers_maps_;
    unsigned char fill_ = 0;
    bool zeroed_ = true;
    std::size_t calls_ = 0;
    std::size_t fail_from_ = 0;
    std::map<void*, std::size_t> mappings_;
};

/// The misuse reports since the last call of take_misuses().
inline std::vector<heap::HeapMisuse>& misuses() {
    static std::vector<heap::HeapMisuse> list;
    return list;
}
inline void record_misuse(heap::HeapMisuse misuse, const void*) {
    misuses().push_back(misuse);
}
inline std::vector<heap::HeapMisuse> take_misuses() {
    return std::exchange(misuses(), {});
}

/// Small, fast, and the same on every machine.
class TestRandom {
  public:
    explicit TestRandom(std::uint64_t seed) : state_(seed * 2 + 1) {}
    std::uint32_t below(std::size_t limit) {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::uint32_t>((state_ >> 33) % limit);
    }

  private:
    std::uint64_t state_;
};

/// QUIRE_SEED, or `fallback`; printed, so that a failure can be repeated.
inline std::uint64_t test_seed(std::uint64_t fallback) {
    const char* text = std::getenv("QUIRE_SEED");
    const std::uint64_t seed = text != nullptr ? std::strtoull(text, nullptr, 0) : fallback;
    std::printf("QUIRE_SEED=%llu\n", static_cast<unsigned long long>(seed));
    return seed;
}

}  // namespace quire::test
