// Costs of a slab cache, as the kernel compiles it, in a 32-bit program.
//
//     bench_slab ROW        prints how often the operation was done, or the figure itself
//
//     pair      allocate and release an object, the slab neither full nor empty: callgrind counts
//               what happens inside measured_pair
//     churn     release an object at random and allocate one, in a cache of 10,000 objects, half of
//               them live: callgrind counts what happens inside measured_churn
//     bytes     what an object costs beside its own bytes, for a few sizes
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kernel/base/log.h"
#include "mm/machine.h"
#include "mm/slab.h"
#include "mm/slab_registry.h"

namespace {
constexpr std::uint32_t kFrames = 1024;
}
alignas(4096) std::byte phys_window[kFrames * 4096];

namespace quire {
void assertion_failed(const char* condition, const char* file, int line, const char*) {
    std::fprintf(stderr, "%s:%d: %s\n", file, line, condition);
    std::abort();
}
void log(LogLevel, const char*, const char*, ...) {}
namespace mm::machine {
void poison_frame(FrameNumber) {}
void unpoison_frame(FrameNumber) {}
}  // namespace mm::machine
}  // namespace quire

namespace {

using namespace quire;
using namespace quire::mm;

std::uint32_t random_state = 12345;
std::uint32_t random_below(std::uint32_t limit) {  // xorshift32
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return static_cast<std::uint32_t>((std::uint64_t{random_state} * limit) >> 32);
}

FrameInfo records[kFrames];
std::uint32_t memory[FrameAllocator::words_needed(PageCount(kFrames))];
void* held[10000];
std::uint32_t held_count = 0;

[[gnu::noipa]] void measured_pair(SlabCache& cache) {
    const Result<void*> object = cache.allocate();
    if (object.ok()) cache.release(object.value());
}
[[gnu::noipa]] void* measured_churn(SlabCache& cache, void* object) {
    cache.release(object);
    return cache.allocate().take();
}

int pair(SlabCache& cache) {
    for (int i = 0; i < 100; ++i)
        held[held_count++] = cache.allocate().take();
    for (int i = 0; i < 20000; ++i)
        measured_pair(cache);
    std::printf("20000\n");
    return 0;
}

int churn(SlabCache& cache) {
    while (held_count < 10000)
        held[held_count++] = cache.allocate().take();
    while (held_count > 5000) {
        const std::uint32_t index = random_below(held_count);
        cache.release(held[index]);
        held[index] = held[--held_count];
    }
    for (int i = 0; i < 50000; ++i) {
        const std::uint32_t index = random_below(held_count);
        held[index] = measured_churn(cache, held[index]);
    }
    std::printf("50000\n");
    return 0;
}

int bytes() {
    for (std::uint32_t size : {16U, 32U, 64U, 96U, 128U, 256U, 512U, 1024U, 2048U, 4096U}) {
        for (bool debug : {false, true}) {
            const SlabLayout layout = SlabLayout::of(size, 8, debug);
            const double all = layout.bytes() / double(layout.capacity) - size;
            const double records_only = (sizeof(Slab) + layout.capacity) / double(layout.capacity);
            std::printf("%5u %s order %u, %3u objects: %7.2f bytes each, header and links %.2f\n",
                        size, debug ? "debug" : "plain", layout.order, layout.capacity, all,
                        records_only);
        }
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    static FailureInjector injector;
    static FrameTable table(records);
    static FrameAllocator frames(table, memory, injector, {});
    frames.add_memory({FrameNumber(1), FrameNumber(kFrames)});
    // Never destroyed: objects are still live when the program ends.
    SlabRegistry& registry = *new SlabRegistry(frames);
    SlabCache& cache = *new SlabCache(registry, {.name = "x", .size = 64, .alignment = 8});
    const char* row = argc > 1 ? argv[1] : "";
    if (std::strcmp(row, "pair") == 0) return pair(cache);
    if (std::strcmp(row, "churn") == 0) return churn(cache);
    if (std::strcmp(row, "bytes") == 0) return bytes();
    std::fprintf(stderr, "unknown row %s\n", row);
    return 2;
}
