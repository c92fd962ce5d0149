// Replays a trace or a generated pattern through one allocator and prints what it took.
//
//     replay_heap MODE ALLOCATOR TRACE
//
// ALLOCATOR: malloc (that of our C library, as programs have it), kernel (our Heap as the kernel
// has it), both over a reserved arena; libc (the C library this program runs with), null (answers a
// fixed address; its cost is the replay's own). TRACE: a .rep file or the name of a pattern. MODE:
//     space    footprint and resident pages, every payload byte written; `key value` lines
//     first    replays once; run under callgrind with --toggle-collect on replay_counted()
//     warm     replays once uncounted, then once in replay_counted()
//     longest  single-steps the slowest calls and prints the longest malloc and free that did not
//              go into the page source
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>

#include "kernel/base/assert.h"
#include "libc/heap/heap.h"
#include "tests/bench/arena_source.h"
#include "tests/bench/heap_trace.h"
#include "tests/bench/program_malloc.h"
#include "tests/bench/single_step.h"

// The program's own objects stay out of the heap that is measured: they are never freed.
void* operator new(std::size_t size) {
    static std::byte* next = nullptr;
    static std::byte* end = nullptr;
    size = (size + 15) & ~std::size_t{15};
    if (next == nullptr || size > static_cast<std::size_t>(end - next)) {
        const std::size_t room = size + (std::size_t{4} << 20);
        next = static_cast<std::byte*>(
            mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        if (next == MAP_FAILED) std::abort();
        end = next + room;
    }
    void* object = next;
    next += size;
    return object;
}
void operator delete(void*) noexcept {}
void operator delete(void*, std::size_t) noexcept {}

namespace quire {

void assertion_failed(const char* condition, const char* file, int line, const char* function) {
    std::fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, function, condition);
    std::abort();
}

namespace bench {
namespace {

using Kind = HeapOperation::Kind;

struct KernelAllocator {
    ArenaSource source;
    heap::Heap heap{source, nullptr, heap::Heap::kKernelShare};

    void* allocate(std::size_t size) { return heap.allocate(size); }
    void* reallocate(void* pointer, std::size_t size) { return heap.reallocate(pointer, size); }
    void free(void* pointer) { heap.deallocate(pointer); }
    std::size_t source_calls() { return source.calls(); }
    std::size_t held() { return source.held(); }
    std::size_t resident() { return source.resident(); }
    void prepare_space() { source.discard_pages(true); }
};

struct MallocAllocator {
    ArenaSource source;

    MallocAllocator() { start_program_heap(source); }
    void* allocate(std::size_t size) { return program_malloc(size); }
    void* reallocate(void* pointer, std::size_t size) { return program_realloc(pointer, size); }
    void free(void* pointer) { program_free(pointer); }
    std::size_t source_calls() { return source.calls(); }
    std::size_t held() { return source.held(); }
    std::size_t resident() { return source.resident(); }
    void prepare_space() { source.discard_pages(true); }
};

// Written pages of this process. Reads without stdio, which would allocate.
std::size_t dirty_bytes_of_process() {
    char text[2048] = {};
    const int file = open("/proc/self/smaps_rollup", O_RDONLY);
    if (file < 0) return 0;
    std::size_t length = 0;
    for (ssize_t got = 1; got > 0 && length < sizeof text - 1;
         length += static_cast<std::size_t>(got)) {
        got = read(file, text + length, sizeof text - 1 - length);
    }
    close(file);
    const char* line = std::strstr(text, "Private_Dirty:");
    return line == nullptr ? 0 : std::strtoul(line + sizeof "Private_Dirty:", nullptr, 10) * 1024;
}

// The peer: whatever malloc this program is linked with.
struct LibcAllocator {
    std::byte* start = static_cast<std::byte*>(sbrk(0));
    std::size_t base = 0;
    std::size_t mapped = 0;

    void* allocate(std::size_t size) { return std::malloc(size); }
    void* reallocate(void* pointer, std::size_t size) { return std::realloc(pointer, size); }
    void free(void* pointer) { std::free(pointer); }
    std::size_t source_calls() { return 0; }
    std::size_t held() {
        return static_cast<std::size_t>(static_cast<std::byte*>(sbrk(0)) - start) + mapped;
    }
    std::size_t resident() {
        mapped = static_cast<std::size_t>(mallinfo2().hblkhd);
        const std::size_t dirty = dirty_bytes_of_process();
        return dirty > base ? dirty - base : 0;
    }
    void prepare_space() { base = dirty_bytes_of_process(); }
};

struct NullAllocator {
    std::byte block[64];

    [[gnu::noinline]] void* allocate(std::size_t) {
        asm volatile("");
        return block;
    }
    [[gnu::noinline]] void* reallocate(void* pointer, std::size_t) {
        asm volatile("");
        return pointer;
    }
    [[gnu::noinline]] void free(void*) { asm volatile(""); }
    std::size_t source_calls() { return 0; }
    std::size_t held() { return 0; }
    std::size_t resident() { return 0; }
    void prepare_space() {}
};

// One step of a trace on the block it names.
template <typename Allocator>
[[gnu::always_inline]] inline void perform(Allocator& allocator, const HeapOperation& operation,
                                           void*& block) {
    switch (operation.kind) {
    case Kind::Allocate:
        block = allocator.allocate(operation.bytes);
        break;
    case Kind::Reallocate:
        block = allocator.reallocate(block, operation.bytes);
        break;
    case Kind::Free:
        allocator.free(block);
        block = nullptr;
        break;
    }
}

template <typename Allocator>
[[gnu::always_inline]] inline void replay(Allocator& allocator, const HeapTrace& trace,
                                          void** blocks) {
    for (const HeapOperation& operation : trace.operations) {
        perform(allocator, operation, blocks[operation.id]);
    }
}

template <typename Allocator>
[[gnu::noinline]] void replay_counted(Allocator& allocator, const HeapTrace& trace, void** blocks) {
    replay(allocator, trace, blocks);
}

// The same under a name that callgrind does not count.
template <typename Allocator>
[[gnu::noinline, gnu::no_icf]] void replay_uncounted(Allocator& allocator, const HeapTrace& trace,
                                                     void** blocks) {
    replay(allocator, trace, blocks);
}

// Writes every payload byte and looks at the pages held every few operations and at the peak.
template <typename Allocator>
void measure_space(Allocator& allocator, const HeapTrace& trace, void** blocks, std::size_t* sizes,
                   std::size_t look_every) {
    allocator.prepare_space();
    std::size_t payload = 0;
    std::size_t footprint = 0;
    std::size_t resident = 0;
    std::size_t count = 0;
    for (const HeapOperation& operation : trace.operations) {
        void*& block = blocks[operation.id];
        const std::size_t old_size = sizes[operation.id];
        perform(allocator, operation, block);
        if (block == nullptr && operation.kind != Kind::Free) {
            std::fprintf(stderr, "out of memory\n");
            std::exit(2);
        }
        if (operation.bytes > old_size) {
            std::memset(static_cast<std::byte*>(block) + old_size, 0x5A,
                        operation.bytes - old_size);
        }
        payload += operation.bytes - old_size;
        sizes[operation.id] = operation.bytes;
        footprint = std::max(footprint, allocator.held());
        if (++count % look_every == 0 || payload == trace.peak_payload) {
            resident = std::max(resident, allocator.resident());
        }
    }
    std::printf("operations %zu\npeak_payload %zu\nfootprint %zu\nresident %zu\n",
                trace.operations.size(), trace.peak_payload, footprint, resident);
    std::printf("held_after %zu\nresident_after %zu\n", allocator.held(), allocator.resident());
}

// The longest malloc and free of the trace in instructions; calls that went into the page source,
// which maps, are left out. Single-stepping all of them would take minutes: several timed replays,
// each exactly like the other, first tell which few hundred calls are worth it.
constexpr std::size_t kTimedReplays = 6;
constexpr std::size_t kCandidates = 400;

template <typename Allocator, typename Before, typename After>
void replay_watched(const HeapTrace& trace, Before before, After after) {
    Allocator allocator;
    std::vector<void*> blocks(trace.ids, nullptr);
    for (std::size_t i = 0; i < trace.operations.size(); ++i) {
        const HeapOperation& operation = trace.operations[i];
        void*& block = blocks[operation.id];
        const std::size_t calls = allocator.source_calls();
        if (operation.kind == Kind::Reallocate) {
            block = allocator.reallocate(block, operation.bytes);
            continue;
        }
        before(i);
        if (operation.kind == Kind::Allocate) {
            block = allocator.allocate(operation.bytes);
        } else {
            allocator.free(block);
        }
        after(i, allocator.source_calls() != calls);
    }
}

template <typename Allocator>
void measure_longest(const HeapTrace& trace) {
    std::vector<std::uint64_t> cycles(trace.operations.size(), 0);
    for (std::size_t replay = 0; replay < kTimedReplays; ++replay) {
        std::uint64_t start = 0;
        const auto before = [&](std::size_t) { start = __builtin_ia32_rdtsc(); };
        const auto after = [&](std::size_t i, bool mapped) {
            const std::uint64_t took = mapped ? 0 : __builtin_ia32_rdtsc() - start;
            cycles[i] = replay == 0 ? took : std::min(cycles[i], took);
        };
        replay_watched<Allocator>(trace, before, after);
    }
    std::size_t longest[3] = {};
    std::vector<bool> chosen(cycles.size(), false);
    for (const Kind kind : {Kind::Allocate, Kind::Free}) {
        std::vector<std::uint64_t> sorted;
        for (std::size_t i = 0; i < cycles.size(); ++i) {
            if (trace.operations[i].kind == kind) sorted.push_back(cycles[i]);
        }
        const std::size_t rank = std::min(kCandidates, sorted.size()) - 1;
        std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(rank),
                         sorted.end(), std::greater<>());
        for (std::size_t i = 0; i < cycles.size(); ++i) {
            if (trace.operations[i].kind == kind && cycles[i] >= sorted[rank]) chosen[i] = true;
        }
    }
    const auto before = [&](std::size_t i) {
        if (chosen[i]) SingleStep::start();
    };
    const auto after = [&](std::size_t i, bool mapped) {
        if (!chosen[i]) return;
        const std::size_t steps = SingleStep::stop();
        std::size_t& most = longest[static_cast<std::size_t>(trace.operations[i].kind)];
        if (!mapped) most = std::max(most, steps);
    };
    replay_watched<Allocator>(trace, before, after);
    std::printf("longest_malloc %zu\nlongest_free %zu\n", longest[0], longest[2]);
}

template <typename Allocator>
int run(const std::string& mode, const HeapTrace& trace, std::size_t look_every) {
    static Allocator allocator;
    std::vector<void*> blocks(trace.ids, nullptr);
    std::vector<std::size_t> sizes(trace.ids, 0);
    if (mode == "space") {
        measure_space(allocator, trace, blocks.data(), sizes.data(), look_every);
    } else if (mode == "first") {
        replay_counted(allocator, trace, blocks.data());
    } else if (mode == "warm") {
        replay_uncounted(allocator, trace, blocks.data());
        replay_counted(allocator, trace, blocks.data());
    } else if (mode == "longest") {
        measure_longest<Allocator>(trace);
    } else {
        return 2;
    }
    return 0;
}

}  // namespace
}  // namespace bench
}  // namespace quire

int main(int argc, char** argv) {
    using namespace quire::bench;
    if (argc != 4) {
        std::fprintf(stderr, "usage: %s space|first|warm|longest malloc|kernel|libc|null TRACE\n",
                     argv[0]);
        return 2;
    }
    const std::string allocator = argv[2];
    HeapTrace trace = generate_heap_pattern(argv[3]);
    if (trace.operations.empty()) trace = read_heap_trace(argv[3]);
    if (allocator == "malloc") return run<MallocAllocator>(argv[1], trace, 4);
    if (allocator == "kernel") return run<KernelAllocator>(argv[1], trace, 4);
    if (allocator == "libc") return run<LibcAllocator>(argv[1], trace, 64);
    return run<NullAllocator>(argv[1], trace, 4096);
}
