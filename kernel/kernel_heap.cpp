#include "kernel/kernel_heap.h"

#include <new>

#include "cpu/irq.h"
#include "kernel/base/panic.h"
#include "kernel/memory.h"
#include "kernel/monitor.h"

namespace quire::kernel {
namespace {

alignas(KernelBrk) constinit std::byte brk_storage[sizeof(KernelBrk)]{};
alignas(heap::Heap) constinit std::byte heap_storage[sizeof(heap::Heap)]{};
constinit heap::Heap* the_heap = nullptr;

void report_misuse(heap::HeapMisuse misuse, const void* pointer) {
    panic("kernel heap: %s: %p", heap::misuse_text(misuse), pointer);
}

void* address(mm::PageNumber page) {
    return reinterpret_cast<void*>(start_of(page).raw());
}

}  // namespace

void* KernelBrk::ksbrk(std::int32_t bytes) {
    void* const before = address(area_.heap().end);
    if (bytes < 0) {
        area_.shrink_heap(mm::pages_for(static_cast<std::uint32_t>(-bytes)));
        return before;
    }
    const auto grown = area_.grow_heap(mm::pages_for(static_cast<std::uint32_t>(bytes)));
    return grown.ok() ? before : nullptr;
}

void* KernelBrk::extend(std::size_t bytes) {
    if (bytes > bytes_of(mm::kDynamicArea.count())) return nullptr;
    return ksbrk(static_cast<std::int32_t>(bytes));
}

void KernelBrk::shrink(std::size_t bytes) {
    (void)ksbrk(-static_cast<std::int32_t>(bytes));  // moving down cannot fail
}

void start_kernel_heap(mm::DynamicArea& area) {
    auto* brk = new (brk_storage) KernelBrk(area);
    the_heap = new (heap_storage) heap::Heap(*brk, report_misuse);
}

heap::Heap& kernel_heap() {
    ASSERT(the_heap != nullptr);
    return *the_heap;
}

void* kmalloc(std::size_t size) {
    cpu::InterruptGuard guard;
    return kernel_heap().allocate(size);
}

void* kcalloc(std::size_t count, std::size_t size) {
    cpu::InterruptGuard guard;
    return kernel_heap().allocate_zeroed(count, size);
}

void* krealloc(void* block, std::size_t size) {
    cpu::InterruptGuard guard;
    return kernel_heap().reallocate(block, size);
}

void* kmemalign(std::size_t alignment, std::size_t size) {
    cpu::InterruptGuard guard;
    return kernel_heap().allocate_aligned(alignment, size);
}

void kfree(void* block) {
    cpu::InterruptGuard guard;
    kernel_heap().deallocate(block);
}

namespace {

void run_heap(System& system, Arguments) {
    cpu::InterruptGuard guard;
    const heap::HeapStatistics statistics = kernel_heap().statistics();
    Console& console = system.console;
    console.print("  arena   %8zu bytes in %zu frames\n", statistics.arena_bytes,
                  statistics.arena_bytes / mm::kPageSize);
    console.print("  used    %8zu bytes in %zu blocks\n", statistics.used_bytes,
                  statistics.used_count);
    console.print("  free    %8zu bytes in %zu blocks, the largest %zu\n", statistics.free_bytes,
                  statistics.free_count, statistics.largest_free);
    console.print("  top     %8zu bytes that could go back\n", statistics.top_bytes);
    console.print("  %zu runs of small slots\n", statistics.runs);
}

void run_slabs(System& system, Arguments) {
    cpu::InterruptGuard guard;
    Console& console = system.console;
    console.print("  %-20s %6s %6s %8s %6s %6s %8s\n", "cache", "size", "live", "capacity", "slabs",
                  "empty", "failures");
    system.memory->slabs().walk([&console](mm::SlabCache& cache) {
        const mm::SlabStatistics statistics = cache.statistics();
        console.print("  %-20s %6u %6u %8u %6u %6u %8u\n", cache.name(), cache.object_size(),
                      statistics.live, statistics.capacity, statistics.slabs,
                      statistics.empty_slabs, statistics.failures);
    });
}
MONITOR_COMMAND(slabs, "", "object caches: live objects, slabs, failures", run_slabs);

MONITOR_COMMAND(heap, "", "the kernel heap: used, free, given back", run_heap);

}  // namespace
}  // namespace quire::kernel

// Objects of the kernel are made by new (std::nothrow) only; plain new has no definition and does
// not link. A deleted object returns to the heap.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return quire::kernel::kmalloc(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return quire::kernel::kmalloc(size);
}
void operator delete(void* block) noexcept {
    quire::kernel::kfree(block);
}
void operator delete[](void* block) noexcept {
    quire::kernel::kfree(block);
}
void operator delete(void* block, std::size_t) noexcept {
    quire::kernel::kfree(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    quire::kernel::kfree(block);
}

const std::nothrow_t std::nothrow{};
