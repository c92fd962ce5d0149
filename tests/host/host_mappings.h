// What the simulated sources of memory of the heap tests share: mappings from the host, and calls
// that fail on request.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <map>

namespace quire::test {

class HostMappings {
  public:
    explicit HostMappings(std::size_t largest) : largest_(largest) {}
    HostMappings(const HostMappings&) = delete;
    HostMappings& operator=(const HostMappings&) = delete;
    ~HostMappings() {
        for (const auto& [mapping, bytes] : mappings_)
            munmap(mapping, bytes);
    }

    /// Addresses that cannot be touched until mprotect(2) allows it; the caller unmaps them.
    static void* reserve(std::size_t bytes) {
        void* start =
            mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (start == MAP_FAILED) std::abort();
        return start;
    }

    void* map(std::size_t bytes) {
        if (refuses() || bytes > largest_) return nullptr;
        void* mapping =
            mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapping == MAP_FAILED) return nullptr;
        mappings_[mapping] = bytes;
        return mapping;
    }
    void unmap(void* mapping, std::size_t bytes) {
        if (mappings_.at(mapping) != bytes) std::abort();
        mappings_.erase(mapping);
        munmap(mapping, bytes);
    }
    void* remap(void* mapping, std::size_t old_bytes, std::size_t new_bytes) {
        if (mappings_.at(mapping) != old_bytes) std::abort();
        if (refuses() || new_bytes > largest_) return nullptr;
        void* place = mremap(mapping, old_bytes, new_bytes, MREMAP_MAYMOVE);
        if (place == MAP_FAILED) return nullptr;
        mappings_.erase(mapping);
        mappings_[place] = new_bytes;
        return place;
    }
    [[nodiscard]] std::size_t count() const { return mappings_.size(); }

    /// From now on the `n`-th call that may fail does, and all after it; 0: none does.
    void fail_from(std::size_t n) {
        calls_ = 0;
        fail_from_ = n;
    }
    [[nodiscard]] std::size_t fallible_calls() const { return calls_; }
    /// Counts a call that may fail; whether it does.
    bool refuses() {
        ++calls_;
        return fail_from_ != 0 && calls_ >= fail_from_;
    }

  private:
    std::size_t largest_;
    std::map<void*, std::size_t> mappings_;
    std::size_t calls_ = 0;
    std::size_t fail_from_ = 0;
};

}  // namespace quire::test
