#include "kernel/kernel_heap.h"

#include <new>

#include "cpu/irq.h"
#include "kernel/backtrace.h"
#include "kernel/base/panic.h"
#include "kernel/memory.h"
#include "kernel/monitor.h"
#include "libc/format.h"
#include "libc/heap/debug_heap.h"

namespace quire::kernel {
namespace {

alignas(KernelBrk) constinit std::byte brk_storage[sizeof(KernelBrk)]{};
alignas(heap::Heap) constinit std::byte heap_storage[sizeof(heap::Heap)]{};
alignas(heap::DebugHeap) constinit std::byte watcher_storage[sizeof(heap::DebugHeap)]{};
constinit heap::Heap* the_heap = nullptr;
constinit heap::DebugHeap* watcher = nullptr;  // in debug mode

constexpr std::size_t kReportBytes = 512;
constexpr std::size_t kSitesShown = 12;

void report_misuse(heap::HeapMisuse misuse, const void* pointer) {
    panic("kernel heap: %s: %p", heap::misuse_text(misuse), pointer);
}

// Gives a call site that is an address the name of the function it lies in.
void name_site(heap::CallSite& site, std::span<char> buffer) {
    const auto address = static_cast<std::uint32_t>(site.address);
    if (name_code(address, CodeAddress::AfterCall, buffer)) site.name = buffer.data();
}

void report_damage(const heap::DebugReport& report) {
    static char allocated_by[kCodeNameBytes];
    static char freed_by[kCodeNameBytes];
    static char line[kReportBytes];
    heap::DebugReport named = report;
    name_site(named.allocated, allocated_by);
    name_site(named.freed, freed_by);
    (void)heap::format_report(named, line, sizeof(line));
    panic("kernel heap: %s", line);
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

void start_kernel_heap(mm::DynamicArea& area, HeapMode mode) {
    auto* brk = new (brk_storage) KernelBrk(area);
    the_heap = new (heap_storage) heap::Heap(*brk, report_misuse, heap::Heap::kKernelShare);
    if (mode == HeapMode::Debug) {
        watcher = new (watcher_storage) heap::DebugHeap(*the_heap, report_damage);
    }
}

heap::Heap& kernel_heap() {
    ASSERT(the_heap != nullptr);
    return *the_heap;
}

void trim_kernel_heap() {
    cpu::InterruptGuard guard;
    if (watcher != nullptr) watcher->flush();
    kernel_heap().trim();
}

void check_kernel_heap() {
    if (watcher != nullptr) ASSERT(watcher->check_all() == 0);
    kernel_heap().check_invariants();
}

// The caller's address names the block in a debug report: hence a macro and not a function.
#define QUIRE_CALLER \
    (heap::CallSite{.address = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0))})

void* kmalloc(std::size_t size) {
    cpu::InterruptGuard guard;
    if (watcher != nullptr) return watcher->allocate(size, QUIRE_CALLER);
    return kernel_heap().allocate(size);
}

void* kcalloc(std::size_t count, std::size_t size) {
    cpu::InterruptGuard guard;
    if (watcher != nullptr) return watcher->allocate_zeroed(count, size, QUIRE_CALLER);
    return kernel_heap().allocate_zeroed(count, size);
}

void* krealloc(void* block, std::size_t size) {
    cpu::InterruptGuard guard;
    if (watcher != nullptr) return watcher->reallocate(block, size, QUIRE_CALLER);
    return kernel_heap().reallocate(block, size);
}

void* kmemalign(std::size_t alignment, std::size_t size) {
    cpu::InterruptGuard guard;
    if (watcher != nullptr) return watcher->allocate_aligned(alignment, size, QUIRE_CALLER);
    return kernel_heap().allocate_aligned(alignment, size);
}

void kfree(void* block) {
    cpu::InterruptGuard guard;
    if (watcher != nullptr) {
        watcher->deallocate(block, QUIRE_CALLER);
    } else {
        kernel_heap().deallocate(block);
    }
}

#undef QUIRE_CALLER

namespace {

// Who holds what: the table that finds a leak.
void print_holders(Console& console) {
    heap::DebugHeap::SiteTotal table[kSitesShown];
    const std::size_t rows = watcher->who_holds(table, kSitesShown);
    console.print("  %zu bytes in %zu blocks are held by\n", watcher->live_bytes(),
                  watcher->live_blocks());
    for (std::size_t i = 0; i < rows; ++i) {
        char name[kCodeNameBytes] = "others";
        name_site(table[i].site, name);
        console.print("  %10zu in %6zu blocks  %s\n", table[i].bytes, table[i].blocks, name);
    }
}

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
    if (watcher != nullptr) print_holders(console);
}
MONITOR_COMMAND(heap, "", "the kernel heap: used, free, given back", run_heap);

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
// NOLINTBEGIN(misc-new-delete-overloads): the plain forms of new are left out on purpose
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

// NOLINTEND(misc-new-delete-overloads)

const std::nothrow_t std::nothrow{};
