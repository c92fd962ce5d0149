// malloc(3) and its family: errno and the manual's rules about sizes and alignments around the one
// ProgramHeap of the program. Nothing here asks for memory by another way than that.
#include <malloc.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "kernel/abi/futex.h"
#include "kernel/base/align.h"
#include "libc/format.h"
#include "libc/malloc/break_pages.h"
#include "libc/malloc/program_heap.h"
#include "user/system_call.h"

namespace quire::libc {

void heap_lock_wait(const std::int32_t* word, std::int32_t expected) {
    system_call(SYS_futex, word, abi::kFutexWait | abi::kFutexPrivate, expected, 0);
}
void heap_lock_wake(const std::int32_t* word) {
    system_call(SYS_futex, word, abi::kFutexWake | abi::kFutexPrivate, 1);
}

namespace {

// Free of errno, which free(3) leaves alone.
class KernelMemory final : public MemoryCalls {
  public:
    std::uintptr_t set_break(std::uintptr_t end) override {
        return static_cast<std::uintptr_t>(system_call(SYS_brk, end));
    }
    void* map(std::size_t bytes) override {
        return pointer(system_call6(SYS_mmap2, 0, static_cast<long>(bytes), PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    }
    void unmap(void* mapping, std::size_t bytes) override {
        system_call(SYS_munmap, mapping, bytes);
    }
    void* remap(void* mapping, std::size_t old_bytes, std::size_t new_bytes) override {
        return pointer(system_call(SYS_mremap, mapping, old_bytes, new_bytes, MREMAP_MAYMOVE));
    }

  private:
    // Every mapping starts at a page; -errno does not.
    static void* pointer(long result) {
        return result % 4096 == 0 ? reinterpret_cast<void*>(result) : nullptr;
    }
};

/// One line on the standard error output, in one piece.
[[gnu::format(printf, 1, 2)]] void complain(const char* format, ...) {
    char line[256];
    std::va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    const auto most = static_cast<int>(sizeof line) - 1;
    system_call(SYS_write, STDERR_FILENO, line, length < most ? length : most);
}

bool is_watched() {
    const char* value = getenv("MALLOC_DEBUG");
    return value != nullptr && *value != '\0' && strcmp(value, "0") != 0;
}
void say_out_of_memory() {
    errno = ENOMEM;
}
void end_for_misuse(heap::HeapMisuse misuse, const void* pointer);
void tell_damage(const heap::DebugReport& report) {
    char text[192];
    heap::format_report(report, text, sizeof text);
    complain("malloc: %s\n", text);
}

constinit KernelMemory kernel_memory;
constinit BreakPages pages(kernel_memory);
constexpr HeapHome kHome{pages, is_watched, end_for_misuse, tell_damage, say_out_of_memory};
constinit ProgramHeap the_heap;

void end_for_misuse(heap::HeapMisuse misuse, const void* pointer) {
    complain("malloc: %s: %p\n", heap::misuse_text(misuse), pointer);
    the_heap.leave_for_good();
    abort();
}

class LeakLines final : public ProgramHeap::LeakReport {
  public:
    void leak(const heap::DebugHeap::SiteTotal& row) override {
        if (row.site.address == 0) {
            complain("malloc: never freed: %zu bytes in %zu blocks from other places\n", row.bytes,
                     row.blocks);
            return;
        }
        complain("malloc: never freed: %zu bytes in %zu blocks from 0x%lx\n", row.bytes, row.blocks,
                 static_cast<unsigned long>(row.site.address));
    }
};

void* refuse_alignment() {
    errno = EINVAL;
    return nullptr;
}
void* refuse_size() {
    errno = ENOMEM;
    return nullptr;
}

}  // namespace

const HeapHome& home_of(const ProgramHeap&) {
    return kHome;
}

}  // namespace quire::libc

namespace quire {

// Every assertion that is linked into a program is one of its heap.
void assertion_failed(const char* condition, const char* file, int line, const char* function) {
    libc::complain("malloc: the heap is broken: %s (%s:%d, %s)\n", condition, file, line, function);
    abort();
}

}  // namespace quire

using quire::libc::the_heap;

constexpr quire::libc::ReturnAddress kCaller;

void* malloc(size_t size) {
    return the_heap.allocate(size, kCaller);
}

void free(void* block) {
    the_heap.deallocate(block, kCaller);
}

void* calloc(size_t count, size_t size) {
    return the_heap.allocate_zeroed(count, size, kCaller);
}

void* realloc(void* block, size_t size) {
    if (size != 0 || block == nullptr) return the_heap.reallocate(block, size, kCaller);
    the_heap.deallocate(block, kCaller);
    return nullptr;
}

void* reallocarray(void* block, size_t count, size_t size) {
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) return quire::libc::refuse_size();
    if (bytes != 0 || block == nullptr) return the_heap.reallocate(block, bytes, kCaller);
    the_heap.deallocate(block, kCaller);
    return nullptr;
}

int posix_memalign(void** block, size_t alignment, size_t size) {
    if (!quire::is_power_of_two(alignment) || alignment % sizeof(void*) != 0) return EINVAL;
    const int before = errno;
    void* aligned = the_heap.allocate_aligned(alignment, size, kCaller);
    errno = before;
    if (aligned == nullptr) return ENOMEM;
    *block = aligned;
    return 0;
}

void* aligned_alloc(size_t alignment, size_t size) {
    if (!quire::is_power_of_two(alignment)) return quire::libc::refuse_alignment();
    return the_heap.allocate_aligned(alignment, size, kCaller);
}

void* memalign(size_t alignment, size_t size) {
    if (!quire::is_power_of_two(alignment)) return quire::libc::refuse_alignment();
    return the_heap.allocate_aligned(alignment, size, kCaller);
}

void* valloc(size_t size) {
    return the_heap.allocate_aligned(quire::libc::BreakPages::kPage, size, kCaller);
}

void* pvalloc(size_t size) {
    constexpr size_t kPage = quire::libc::BreakPages::kPage;
    if (size > SIZE_MAX - kPage) return quire::libc::refuse_size();
    return the_heap.allocate_aligned(kPage, quire::align_up(size, kPage), kCaller);
}

size_t malloc_usable_size(void* block) {
    return the_heap.usable_size(block);
}

int malloc_trim(size_t pad) {
    return the_heap.trim(pad) ? 1 : 0;
}

struct mallinfo2 mallinfo2() {
    const quire::heap::HeapStatistics sum = the_heap.statistics();
    return {.arena = sum.arena_bytes,
            .ordblks = sum.free_count,
            .smblks = sum.runs,
            .hblks = sum.mappings,
            .hblkhd = sum.mapped_bytes,
            .usmblks = 0,
            .fsmblks = 0,
            .uordblks = sum.used_bytes,
            .fordblks = sum.free_bytes + sum.top_bytes,
            .keepcost = sum.top_bytes};
}

int mallopt(int parameter, int value) {
    if (value < 0) return 0;
    const auto number = static_cast<std::size_t>(value);
    quire::libc::ProgramHeap::Limits limits = the_heap.limits();
    switch (parameter) {
    case M_TRIM_THRESHOLD:
        limits.trim_from = number;
        break;
    case M_TOP_PAD:
        limits.ahead = number;
        break;
    case M_MMAP_THRESHOLD:
        limits.map_from = number;
        break;
    case M_MMAP_MAX:
        limits.most_mappings = number;
        break;
    default:
        return 0;
    }
    the_heap.set_limits(limits);
    return 1;
}

extern "C" {

void program_heap_before_fork();
void program_heap_after_fork(int in_child);
void program_report_leaks();

void program_heap_before_fork() {
    the_heap.before_fork();
}

void program_heap_after_fork(int in_child) {
    if (in_child != 0) return the_heap.after_fork_in_child();
    the_heap.after_fork_in_parent();
}

void program_report_leaks() {
    quire::libc::LeakLines lines;
    the_heap.report_leaks(lines);
}

}  // extern "C"
