// A program's heap in a simulated address space: a break that a test may move, too, mappings from
// the host, and every kind of failure on request. What was reported is kept.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "libc/malloc/break_pages.h"
#include "libc/malloc/program_heap.h"
#include "tests/host/host_mappings.h"

namespace quire::test {

class SimulatedMemory final : public libc::MemoryCalls {
  public:
    static constexpr std::size_t kPage = 4096;
    static constexpr std::size_t kLargestMapping = std::size_t{64} << 20;

    explicit SimulatedMemory(std::size_t limit = std::size_t{64} << 20) : limit_(limit) {
        start_ = reinterpret_cast<std::uintptr_t>(HostMappings::reserve(limit_));
        break_ = start_;
    }
    ~SimulatedMemory() { munmap(reinterpret_cast<void*>(start_), limit_); }

    // As brk(2): pages below the break can be used, and lose their contents when it goes down.
    std::uintptr_t set_break(std::uintptr_t end) override {
        if (end == 0 || end < start_ || end > start_ + limit_) return break_;
        if (end > break_ && mappings_.refuses()) return break_;
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
    void* map(std::size_t bytes) override { return mappings_.map(bytes); }
    void unmap(void* mapping, std::size_t bytes) override { mappings_.unmap(mapping, bytes); }
    void* remap(void* mapping, std::size_t old_bytes, std::size_t new_bytes) override {
        return mappings_.remap(mapping, old_bytes, new_bytes);
    }

    /// sbrk(3) of somebody else: where their memory starts.
    std::byte* move_break(std::ptrdiff_t by) {
        const std::uintptr_t before = break_;
        if (set_break(before + static_cast<std::uintptr_t>(by)) == before && by != 0) std::abort();
        return reinterpret_cast<std::byte*>(before);
    }
    /// As HostMappings::fail_from(); moving the break upwards may fail, too.
    void fail_from(std::size_t n) { mappings_.fail_from(n); }
    [[nodiscard]] std::size_t fallible_calls() const { return mappings_.fallible_calls(); }
    [[nodiscard]] std::size_t in_break() const { return break_ - start_; }
    [[nodiscard]] std::size_t mapping_count() const { return mappings_.count(); }
    [[nodiscard]] bool is_below_break(const void* address) const {
        const auto place = reinterpret_cast<std::uintptr_t>(address);
        return place >= start_ && place < break_;
    }

  private:
    static std::uintptr_t page_up(std::uintptr_t address) {
        return (address + kPage - 1) & ~(kPage - 1);
    }

    std::size_t limit_;
    std::uintptr_t start_ = 0;
    std::uintptr_t break_ = 0;
    HostMappings mappings_{kLargestMapping};
};

/// A heap that knows its home: home_of() of the host's tests takes every ProgramHeap for one.
struct HeapAtHome : libc::ProgramHeap {
    explicit HeapAtHome(const libc::HeapHome& its_home) : home(its_home) {}
    const libc::HeapHome home;
};

/// One program: its memory, its heap, and what it said. One at a time, as reports have no context.
struct MallocWorld {
    static inline std::vector<heap::HeapMisuse> misuses;
    static inline std::vector<std::string> damages;
    static inline std::size_t refusals = 0;
    static inline bool watched = false;
    static inline int times_asked = 0;  // whether it is watched, as set_up() does
    /// How often a thread has gone to sleep for a lock of the heap.
    static inline std::atomic<std::size_t> lock_waits = 0;

    explicit MallocWorld(bool with_debug = false, std::size_t limit = std::size_t{64} << 20)
        : memory(limit) {
        misuses.clear();
        damages.clear();
        refusals = 0;
        watched = with_debug;
        times_asked = 0;
        lock_waits = 0;
    }
    static void keep_misuse(heap::HeapMisuse misuse, const void*) { misuses.push_back(misuse); }
    static void keep_damage(const heap::DebugReport& report) {
        char text[256];
        heap::format_report(report, text, sizeof text);
        damages.emplace_back(text);
    }
    static bool is_watched() {
        ++times_asked;
        return watched;
    }
    /// How often a call has answered that there is no memory since the last time.
    static std::size_t take_refusals() { return std::exchange(refusals, 0); }

    SimulatedMemory memory;
    libc::BreakPages pages{memory};
    HeapAtHome heap{{pages, is_watched, keep_misuse, keep_damage, [] { ++refusals; }}};
};

}  // namespace quire::test
