// A page source for benchmarks: an arena inside one reserved mapping, and mmap for the rest.
// It counts what it has given out and which of those pages were touched.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>

#include "kernel/base/align.h"
#include "libc/heap/page_source.h"

namespace quire::bench {

class ArenaSource final : public heap::PageSource {
  public:
    static constexpr std::size_t kReserve = std::size_t{256} << 20;
    static constexpr std::size_t kPage = 4096;

    ArenaSource() {
        void* start = mmap(nullptr, kReserve, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (start == MAP_FAILED) std::abort();
        start_ = static_cast<std::byte*>(start);
    }
    ~ArenaSource() { munmap(start_, kReserve); }

    void* extend(std::size_t bytes) override {
        ++calls_;
        if (bytes > kReserve - extent_) return nullptr;
        void* pages = start_ + extent_;
        extent_ += bytes;
        peak_ = std::max(peak_, extent_ + mapped_);
        return pages;
    }
    void shrink(std::size_t bytes) override {
        ++calls_;
        extent_ -= bytes;
        if (discard_) madvise(start_ + extent_, bytes, MADV_DONTNEED);
    }
    void* map(std::size_t bytes) override {
        ++calls_;
        void* mapping =
            mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapping == MAP_FAILED) return nullptr;
        mapped_ += bytes;
        peak_ = std::max(peak_, extent_ + mapped_);
        return mapping;
    }
    void unmap(void* mapping, std::size_t bytes) override {
        ++calls_;
        munmap(mapping, bytes);
        mapped_ -= bytes;
    }
    void* remap(void* mapping, std::size_t old_bytes, std::size_t new_bytes) override {
        ++calls_;
        void* place = mremap(mapping, old_bytes, new_bytes, MREMAP_MAYMOVE);
        if (place == MAP_FAILED) return nullptr;
        mapped_ += new_bytes - old_bytes;
        peak_ = std::max(peak_, extent_ + mapped_);
        return place;
    }

    /// Whether pages given back are really discarded: resident() needs it, counts do not.
    void discard_pages(bool discard) { discard_ = discard; }

    [[nodiscard]] std::size_t calls() const { return calls_; }
    [[nodiscard]] std::size_t held() const { return extent_ + mapped_; }
    [[nodiscard]] std::size_t peak() const { return peak_; }
    /// Bytes of the pages touched since they were given out: all up to the last that is not zero.
    [[nodiscard]] std::size_t resident() const {
        std::size_t touched = extent_;
        while (touched != 0 && start_[touched - 1] == std::byte{0})
            --touched;
        return align_up(touched, kPage) + mapped_;
    }

  private:
    std::byte* start_ = nullptr;
    std::size_t extent_ = 0;
    std::size_t mapped_ = 0;
    std::size_t peak_ = 0;
    std::size_t calls_ = 0;
    bool discard_ = false;
};

}  // namespace quire::bench
