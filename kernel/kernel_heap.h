// kmalloc and its family: the heap of libc/heap/ on the kernel's own brk arena.
//
//     kmalloc -> heap::Heap -> KernelBrk -> ksbrk -> DynamicArea::grow_heap -> frames, page table
//
// The arena begins at F0000000 and grows by whole frames; what is free at its end goes back. The
// same allocator serves user programs over sbrk and mmap (docs/heap.md). All calls may be made with
// interrupts on or off; none sleeps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libc/heap/heap.h"
#include "mm/dynamic_area.h"

namespace quire::kernel {

/// The kernel's break, in the manner of brk(2): memory between the arena's start and it is mapped.
class KernelBrk final : public heap::PageSource {
  public:
    explicit KernelBrk(mm::DynamicArea& area) : area_(area) {}

    /// Moves the break by `bytes`, a multiple of the page size, up or down, and returns where it
    /// was; nullptr, and nothing changed, if there are no frames or no room.
    [[nodiscard]] void* ksbrk(std::int32_t bytes);

    [[nodiscard]] void* extend(std::size_t bytes) override;
    void shrink(std::size_t bytes) override;
    /// Frames come with whatever was in them.
    [[nodiscard]] bool zeroed() const override { return false; }

  private:
    mm::DynamicArea& area_;
};

/// Plain, or watched by a heap::DebugHeap: red zones, poison, who asked (`heapdebug` at boot).
enum class HeapMode : std::uint8_t { Plain, Debug };

/// Builds the kernel heap over `area`. kmalloc() and its family work from here on. A damaged block
/// or a wrong pointer panics, in debug mode with the name of the function that allocated.
void start_kernel_heap(mm::DynamicArea& area, HeapMode mode);

/// At least `size` bytes, aligned to 8; nullptr if there is no memory. Freed by kfree().
[[nodiscard]] void* kmalloc(std::size_t size);
/// Room for `count` objects of `size` bytes, all zero; nullptr also if the product overflows.
[[nodiscard]] void* kcalloc(std::size_t count, std::size_t size);
/// Changes a block's size, moving it if need be. nullptr leaves the block as it was.
[[nodiscard]] void* krealloc(void* block, std::size_t size);
/// `size` bytes at a multiple of `alignment`, a power of two.
[[nodiscard]] void* kmemalign(std::size_t alignment, std::size_t size);
/// Ends a block; nullptr is fine. A pointer that is none of ours, or was freed before, panics.
void kfree(void* block);

/// For the monitor and mmck: the heap itself. Use with interrupts off.
heap::Heap& kernel_heap();

/// Gives back every whole free page at the end of the arena, in debug mode also what freed blocks
/// were held back for watching.
void trim_kernel_heap();

/// Everything the heap can check of itself; in debug mode every red zone too. Use as above.
void check_kernel_heap();

}  // namespace quire::kernel
