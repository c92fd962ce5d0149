// The heap: one allocator for kmalloc in the kernel and for malloc in user programs.
//
//      request               served from                    found again through
//      up to 96 bytes        a slot of a run (run_set.h)     the map of runs
//      anything              a block of the arena (arena.h)  its header
//      256 KiB and more      a mapping of its own            the list of mappings
//                            (where the page source has map(); else the arena)
//
// A Heap keeps no global state, takes no lock and never throws: its owner serialises calls. Every
// pointer handed to deallocate(), reallocate() and usable_size() is checked against that state
// first; a wrong one is reported and refused. See docs/heap.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libc/heap/heap_parts.h"

namespace quire::heap {

struct HeapStatistics {
    std::size_t arena_bytes = 0;   // pages of the arena
    std::size_t mapped_bytes = 0;  // pages of separate mappings
    std::size_t used_bytes = 0;    // in blocks, slots and mappings that are in use
    std::size_t used_count = 0;
    std::size_t free_bytes = 0;  // in free blocks and slots, without the top
    std::size_t free_count = 0;
    std::size_t top_bytes = 0;     // above the last block, could go back
    std::size_t largest_free = 0;  // the largest block that needs no new page
    std::size_t runs = 0;
    std::size_t mappings = 0;
};

/// One block as walk() shows it.
struct HeapBlock {
    enum class Kind : unsigned char { Used, Free, UsedSlot, FreeSlot, Mapping, Internal };
    void* payload;
    std::size_t size;  // usable bytes
    Kind kind;
};

class HeapVisitor {
  public:
    virtual void visit(const HeapBlock& block) = 0;

  protected:
    ~HeapVisitor() = default;
};

class Heap {
  public:
    /// How much of what is in use may be kept at hand as freed blocks, as a shift: 7 is a
    /// 128th, best for programs of many kinds; 4 is a 16th, best for a kernel's few sizes.
    static constexpr unsigned kUserShare = 7;
    static constexpr unsigned kKernelShare = 4;

    /// Takes nothing from `source` before the first request. Source and heap are never copied; the
    /// source must outlive the heap, and the pages a heap holds when it ends stay with the source.
    explicit Heap(PageSource& source, MisuseReport report = nullptr,
                  unsigned recent_share = kUserShare)
        : parts_(source, report, recent_share) {}
    Heap(const Heap&) = delete;
    Heap& operator=(const Heap&) = delete;

    /// At least `size` bytes at a multiple of kAlignment; a size of 0 is served like 1. nullptr,
    /// and nothing changed, when there is no memory or the size is beyond kLargestRequest.
    [[nodiscard]] HEAP_CALL void* allocate(std::size_t size);

    /// Room for `count` objects of `size` bytes, all zero. nullptr also when the product overflows.
    [[nodiscard]] void* allocate_zeroed(std::size_t count, std::size_t size);

    /// `size` bytes at a multiple of `alignment`. nullptr also when that is no power of two.
    [[nodiscard]] void* allocate_aligned(std::size_t alignment, std::size_t size);

    /// Changes the size of a block, moving it with its contents if need be. nullptr leaves the
    /// block as it was. A null `pointer` allocates.
    [[nodiscard]] HEAP_CALL void* reallocate(void* pointer, std::size_t size);

    /// Ends a block. nullptr is fine; a wrong pointer is reported and nothing changes.
    HEAP_CALL void deallocate(void* pointer);

    /// How many bytes the block at `pointer` has: what was asked for or a little more. 0 for
    /// nullptr and, reported, for a wrong pointer.
    [[nodiscard]] std::size_t usable_size(void* pointer);

    /// Gives whole free pages at the end of the arena back, all but `keep` bytes. Returns how many
    /// bytes went.
    std::size_t trim(std::size_t keep = 0);

    /// Counts by a walk over everything.
    [[nodiscard]] HeapStatistics statistics();

    /// Shows every block, slot and mapping. The visitor must not call the heap.
    void walk(HeapVisitor& visitor);

    /// For an owner that takes the paths of heap_paths.h inline, and for one that sets limits.
    [[nodiscard]] HeapParts& parts() { return parts_; }

    /// Asserts that every structure is consistent in itself and with the others. O(blocks).
    void check_invariants();

  private:
    HeapParts parts_;
};

}  // namespace quire::heap
