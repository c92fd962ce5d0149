// Costs of swap slots and of the page cache's lookup, as the kernel compiles them, in a 32-bit
// program.
//
//     bench_swap ROW        prints how often the operation was done; callgrind counts what happens
//                           inside measured_ROW
//
//     pair50, pair90    allocate a slot and free it at once, in an area of 64 Ki slots (256 MiB) of
//                       which 50 or 90 in 100, at random, are in use
//     churn50, churn90  free a slot at random and allocate one, with the same filling
//     run               allocate 32 slots in a row and free them, at 50 in 100
//     lookup            the entry of a page at random of an object with 16,384 pages (64 MiB)
//     sequence          the same, page after page
//     walk              next_resident() over the same object
//     put               take a page out of it and put it in again, at random
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "kernel/base/log.h"
#include "mm/machine.h"
#include "mm/memory_object.h"
#include "mm/object_registry.h"
#include "mm/swap_space.h"

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

constexpr std::uint32_t kSlots = 1U << 16;
constexpr std::uint32_t kPages = 16384;
constexpr int kTurns = 50000;
constexpr FrameNumber kFrame{9};

std::uint32_t random_state = 12345;
std::uint32_t random_below(std::uint32_t limit) {  // xorshift32
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return static_cast<std::uint32_t>((std::uint64_t{random_state} * limit) >> 32);
}

class NoStore final : public BackingStore {
  public:
    Result<void> read(std::uint32_t, std::span<const FrameNumber>) override { return {}; }
    Result<void> write(std::uint32_t, std::span<const FrameNumber>) override { return {}; }
};

class PlainObject final : public MemoryObject {
  public:
    using MemoryObject::MemoryObject;

  private:
    void last_user_gone() override {}
};

[[gnu::noipa]] void measured_pair(SwapSpace& swap) {
    swap.clear_cached(swap.allocate(kFrame).take());
}
[[gnu::noipa]] SwapSlot measured_churn(SwapSpace& swap, SwapSlot slot) {
    swap.clear_cached(slot);
    return swap.allocate(kFrame).take();
}
[[gnu::noipa]] void measured_run(SwapSpace& swap, std::span<const FrameNumber> frames) {
    const SlotRange run = swap.allocate_run(frames).take();
    for (SwapSlot slot = run.first; slot < run.end; ++slot)
        swap.clear_cached(slot);
}
[[gnu::noipa]] ObjectEntry measured_lookup(const MemoryObject& object, std::uint32_t index) {
    return object.entry(index);
}
[[gnu::noipa]] std::uint32_t measured_walk(const MemoryObject& object, std::uint32_t from) {
    const auto page = object.next_resident(from);
    return page.has_value() ? page->index + 1 : 0;
}
[[gnu::noipa]] bool measured_put(MemoryObject& object, std::uint32_t index) {
    const ObjectEntry entry = object.entry(index);
    return object.set_entry(index, ObjectEntry()).ok() && object.set_entry(index, entry).ok();
}

// How many runs of consecutive slots `slots` make in the order they were handed out.
void print_runs(const std::vector<SwapSlot>& slots) {
    std::uint32_t runs = 1;
    for (std::size_t i = 1; i < slots.size(); ++i)
        if (slots[i] != slots[i - 1] + PageCount(1)) ++runs;
    std::fprintf(stderr, "%zu slots in %u runs\n", slots.size(), runs);
}

int swap_rows(const std::string& row, std::uint32_t percent) {
    static NoStore store;
    static std::vector<SlotRecord> records(SwapSpace::records_needed(PageCount(kSlots)));
    static SwapSpace swap;
    if (!swap.add_area(store, PageCount(kSlots), 0, records).ok()) return 1;
    std::vector<SwapSlot> held;
    for (std::uint32_t i = 1; i < kSlots; ++i)
        held.push_back(swap.allocate(kFrame).take());
    while (held.size() > kSlots / 100 * percent) {
        const std::uint32_t index = random_below(static_cast<std::uint32_t>(held.size()));
        swap.clear_cached(held[index]);
        held[index] = held.back();
        held.pop_back();
    }
    const std::vector<FrameNumber> frames(32, kFrame);
    std::vector<SwapSlot> given;
    for (int i = 0; i < kTurns; ++i) {
        if (row == "pair") measured_pair(swap);
        if (row == "run") measured_run(swap, frames);
        if (row != "churn") continue;
        const std::uint32_t index = random_below(static_cast<std::uint32_t>(held.size()));
        held[index] = measured_churn(swap, held[index]);
        given.push_back(held[index]);
    }
    if (row == "churn") print_runs(given);
    std::printf("%d\n", kTurns);
    return 0;
}

int object_rows(const std::string& row) {
    static FrameInfo records[kFrames];
    static std::uint32_t memory[FrameAllocator::words_needed(PageCount(kFrames))];
    static FailureInjector injector;
    static FrameTable table(records);
    static FrameAllocator frames(table, memory, injector, {});
    frames.add_memory({FrameNumber(1), FrameNumber(kFrames)});
    static NoStore store;
    // Never destroyed: pages are still in when the program ends.
    auto& slabs = *new SlabRegistry(frames);
    auto& nodes = *new PageTree::NodeCache(slabs, "page tree node");
    auto& registry = *new ObjectRegistry(nodes);
    auto& object = *new PlainObject(registry, MemoryObject::Kind::File, &store, kPages * kPageSize);
    for (std::uint32_t index = 0; index < kPages; ++index)
        if (!object.set_entry(index, ObjectEntry::for_frame(FrameNumber(index + 1))).ok()) return 1;
    std::fprintf(stderr, "%u nodes of %zu bytes in %u frames\n", nodes.cache().statistics().live,
                 sizeof(PageTreeNode), nodes.cache().statistics().frames.raw());
    std::uint32_t place = 0;
    for (int i = 0; i < kTurns; ++i) {
        const std::uint32_t index =
            row == "sequence" ? static_cast<std::uint32_t>(i) % kPages : random_below(kPages);
        if (row == "walk") {
            place = measured_walk(object, place);
        } else if (row == "put") {
            if (!measured_put(object, index)) return 1;
        } else if (!measured_lookup(object, index).is_frame()) {
            return 1;
        }
    }
    std::printf("%d\n", kTurns);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string row = argc > 1 ? argv[1] : "";
    if (row == "pair50" || row == "churn50") return swap_rows(row.substr(0, row.size() - 2), 50);
    if (row == "pair90" || row == "churn90") return swap_rows(row.substr(0, row.size() - 2), 90);
    if (row == "run") return swap_rows(row, 50);
    if (row == "lookup" || row == "sequence" || row == "walk" || row == "put")
        return object_rows(row);
    std::fprintf(stderr, "unknown row %s\n", row.c_str());
    return 2;
}
