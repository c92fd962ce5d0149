// A program's heap in a simulated address space: a break that a test may move, too, mappings from
// the host, and every kind of failure on request. What was reported is kept.
#pragma once

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "libc/malloc/break_pages.h"
#include "libc/malloc/program_heap.h"

namespace quire::test {

class SimulatedMemory final : public libc::MemoryCalls {
  public:
    static constexpr std::size_t kPage = 4096;
    static constexpr std::size_t kLargestMapping = std::size_t{64} << 20;

    explicit SimulatedMemory(std::size_t limit = std::size_t{64} << 20) : limit_(limit) {
        void* start =
            mmap(nullptr, limit_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (start == MAP_FAILED) std::abort();
        start_ = reinterpret_cast<std::uintptr_t>(start);
        break_ = start_;
    }
    ~SimulatedMemory() {
        for (const auto& [mapping, bytes] : mappings_)
            munmap(mapping, bytes);
        munmap(reinterpret_cast<void*>(start_), limit_);
    }

    // As brk(2): pages below the break can be used, and lose their contents when it goes down.
    std::uintptr_t set_break(std::uintptr_t end) override {
        if (end == 0 || end < start_ || end > start_ + limit_) return break_;
        if (end > break_ && refuses()) return break_;
        const std::uintptr_t pages = page_up(end);
        const std::uintptr_t old_pages = page_up(break_);
        if (pages > old_pages) {
            mprotect(reinterpret_cast<void*>(old_pages), pages - old_pages, PROT_READ | PROT_WRITE);
        } else if (pages < old_pages) {
            madvise(reinterpret_cast<void*>(pages), old_pages - pages, MADV_DONTNEED);
            mprotect(reinterpret_cast<void*>(pages), old_pages - pages, PROT_NONE);
        }
        break_ = end;
        return break_;
    }
    void* map(std::size_t bytes) override {
        if (refuses() || bytes > kLargestMapping) return nullptr;
        void* mapping =
            mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapping == MAP_FAILED) return nullptr;
        mappings_[mapping] = bytes;
        return mapping;
    }
    void unmap(void* mapping, std::size_t bytes) override {
        if (mappings_.at(mapping) != bytes) std::abort();
        mappings_.erase(mapping);
        munmap(mapping, bytes);
    }
    void* remap(void* mapping, std::size_t old_bytes, std::size_t new_bytes) override {
        if (mappings_.at(mapping) != old_bytes) std::abort();
        if (refuses() || new_bytes > kLargestMapping) return nullptr;
        void* place = mremap(mapping, old_bytes, new_bytes, MREMAP_MAYMOVE);
        if (place == MAP_FAILED) return nullptr;
        mappings_.erase(mapping);
        mappings_[place] = new_bytes;
        return place;
    }

    /// sbrk(3) of somebody else: where their memory starts.
    std::byte* move_break(std::ptrdiff_t by) {
        const std::uintptr_t before = break_;
        if (set_break(before + static_cast<std::uintptr_t>(by)) == before && by != 0) std::abort();
        return reinterpret_cast<std::byte*>(before);
    }
    /// From now on the `n`-th call that may fail does, and all after it; 0: none does.
    void fail_from(std::size_t n) {
        calls_ = 0;
        fail_from_ = n;
    }
    [[nodiscard]] std::size_t fallible_calls() const { return calls_; }
    [[nodiscard]] std::size_t in_break() const { return break_ - start_; }
    [[nodiscard]] std::size_t mapping_count() const { return mappings_.size(); }
    [[nodiscard]] bool is_below_break(const void* address) const {
        const auto place = reinterpret_cast<std::uintptr_t>(address);
        return place >= start_ && place < break_;
    }

  private:
    static std::uintptr_t page_up(std::uintptr_t address) {
        return (address + kPage - 1) & ~(kPage - 1);
    }
    bool refuses() {
        ++calls_;
        return fail_from_ != 0 && calls_ >= fail_from_;
    }

    std::size_t limit_;
    std::uintptr_t start_ = 0;
    std::uintptr_t break_ = 0;
    std::map<void*, std::size_t> mappings_;
    std::size_t calls_ = 0;
    std::size_t fail_from_ = 0;
};

/// One program: its memory, its heap, and what it said. One at a time, as reports have no context.
struct MallocWorld {
    static inline std::vector<heap::HeapMisuse> misuses;
    static inline std::vector<std::string> damages;
    static inline std::size_t refusals = 0;
    static inline bool watched = false;

    explicit MallocWorld(bool with_debug = false, std::size_t limit = std::size_t{64} << 20)
        : memory(limit) {
        misuses.clear();
        damages.clear();
        refusals = 0;
        watched = with_debug;
    }
    static void keep_misuse(heap::HeapMisuse misuse, const void*) { misuses.push_back(misuse); }
    static void keep_damage(const heap::DebugReport& report) {
        char text[256];
        heap::format_report(report, text, sizeof text);
        damages.emplace_back(text);
    }
    /// How often a call has answered that there is no memory since the last time.
    static std::size_t take_refusals() { return std::exchange(refusals, 0); }

    SimulatedMemory memory;
    libc::BreakPages pages{memory};
    libc::ProgramHeap heap{
        {pages, [] { return watched; }, keep_misuse, keep_damage, [] { ++refusals; }}};
};

}  // namespace quire::test
