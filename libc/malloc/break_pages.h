// The pages of a program's heap: small blocks above the break, large ones in mappings of their own.
//
//      | program | bss | arena of the heap --> |                  <-- mmap | stack |
//                                       the break (brk(2))
//
// The break belongs to the whole program: sbrk(3) may move it up between two calls of ours. What is
// theirs then stays theirs; the arena goes on above it, at the next page, and is not given back
// while the break is not where we left it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libc/heap/page_source.h"

namespace quire::libc {

/// What the kernel is asked for; a host test answers itself, and fails when it likes.
class MemoryCalls {
  public:
    constexpr MemoryCalls() = default;
    MemoryCalls(const MemoryCalls&) = delete;
    MemoryCalls& operator=(const MemoryCalls&) = delete;

    /// Moves the break to `end` and returns where it is now; unmoved when that cannot be (brk(2)).
    virtual std::uintptr_t set_break(std::uintptr_t end) = 0;
    /// Private anonymous memory, or nullptr (mmap2(2)).
    virtual void* map(std::size_t bytes) = 0;
    virtual void unmap(void* mapping, std::size_t bytes) = 0;
    /// May move; nullptr, and nothing changed, when it cannot be (mremap(2), MREMAP_MAYMOVE).
    virtual void* remap(void* mapping, std::size_t old_bytes, std::size_t new_bytes) = 0;

  protected:
    ~MemoryCalls() = default;
};

class BreakPages final : public heap::PageSource {
  public:
    static constexpr std::size_t kPage = 4096;

    constexpr explicit BreakPages(MemoryCalls& calls) : calls_(calls) {}

    [[nodiscard]] void* extend(std::size_t bytes) override;
    [[nodiscard]] bool can_shrink() override { return calls_.set_break(0) == end_; }
    void shrink(std::size_t bytes) override;
    [[nodiscard]] void* map(std::size_t bytes) override { return calls_.map(bytes); }
    void unmap(void* mapping, std::size_t bytes) override { calls_.unmap(mapping, bytes); }
    [[nodiscard]] void* remap(void* mapping, std::size_t old_bytes,
                              std::size_t new_bytes) override {
        return calls_.remap(mapping, old_bytes, new_bytes);
    }

  private:
    MemoryCalls& calls_;
    std::uintptr_t end_ = 0;  // where we left the break
};

}  // namespace quire::libc
