// A page source for heap tests: an arena inside an array, mappings from the host, and every kind of
// failure on request.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "libc/heap/heap.h"
#include "tests/host/host_mappings.h"

namespace quire::test {

class TestSource final : public heap::PageSource {
  public:
    static constexpr std::size_t kPage = 4096;
    static constexpr std::size_t kLargestMapping = std::size_t{256} << 20;

    explicit TestSource(std::size_t arena_limit = std::size_t{64} << 20, bool offers_maps = true)
        : limit_(arena_limit), offers_maps_(offers_maps) {
        start_ = static_cast<std::byte*>(HostMappings::reserve(limit_));
    }
    ~TestSource() { munmap(start_, limit_); }

    void* extend(std::size_t bytes) override {
        EXPECT_EQ(bytes % kPage, 0U);
        if (mappings_.refuses() || bytes > limit_ - extent_) return nullptr;
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
        void* mapping = offers_maps_ ? mappings_.map(bytes) : nullptr;
        if (mapping != nullptr && fill_ != 0) std::memset(mapping, fill_, bytes);
        return mapping;
    }
    void unmap(void* mapping, std::size_t bytes) override { mappings_.unmap(mapping, bytes); }
    void* remap(void* mapping, std::size_t old_bytes, std::size_t new_bytes) override {
        return mappings_.remap(mapping, old_bytes, new_bytes);
    }

    [[nodiscard]] bool zeroed() const override { return zeroed_; }

    /// New pages hold this byte instead of zeroes.
    void fill_new_pages(unsigned char byte) { fill_ = byte; }
    void say_not_zeroed() { zeroed_ = false; }

    /// As HostMappings::fail_from(); extend() may fail, too.
    void fail_from(std::size_t n) { mappings_.fail_from(n); }
    [[nodiscard]] std::size_t fallible_calls() const { return mappings_.fallible_calls(); }
    [[nodiscard]] std::size_t extent() const { return extent_; }
    [[nodiscard]] std::size_t mapping_count() const { return mappings_.count(); }
    [[nodiscard]] std::byte* start() const { return start_; }

  private:
    std::byte* start_ = nullptr;
    std::size_t limit_;
    std::size_t extent_ = 0;
    bool offers_maps_;
    unsigned char fill_ = 0;
    bool zeroed_ = true;
    HostMappings mappings_{kLargestMapping};
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
