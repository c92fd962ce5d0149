// Costs of the map of regions, as the kernel compiles it, in a 32-bit program.
//
//     bench_regions ROW     prints how often the operation was done, or the figure itself
//
// callgrind counts what happens inside the functions measured_*. The map holds 2,048 regions of 1
// to 32 pages with gaps of 1 to 16 pages between them; row "peer" asks std::map the same.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "kernel/base/log.h"
#include "mm/machine.h"
#include "mm/region_map.h"

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

constexpr std::uint32_t kRegions = 2048;
constexpr std::uint32_t kTurns = 20000;
constexpr RegionTraits kTraits{.rights = Rights::read(), .most = Rights::all()};

std::uint32_t random_state = 12345;
std::uint32_t random_below(std::uint32_t limit) {  // xorshift32
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return static_cast<std::uint32_t>((std::uint64_t{random_state} * limit) >> 32);
}

FrameInfo records[kFrames];
std::uint32_t memory[FrameAllocator::words_needed(PageCount(kFrames))];
Region* regions[kRegions];
std::uint32_t place;  // stands for an AddressSpace, which is never looked into
AddressSpace& space = reinterpret_cast<AddressSpace&>(place);

// Regions in random order of insertion, so that the tree is as an old process has it.
void fill(RegionMap& map) {
    static PageRange ranges[kRegions];
    PageNumber end = kUserPages.first;
    for (PageRange& range : ranges) {
        range =
            PageRange::of(end + PageCount(1 + random_below(16)), PageCount(1 + random_below(32)));
        end = range.end;
    }
    for (std::uint32_t left = kRegions; left > 0; --left) {
        PageRange& chosen = ranges[random_below(left)];
        regions[left - 1] = map.create(space, chosen, kTraits, nullptr, 0).take();
        chosen = ranges[left - 1];
    }
}

PageNumber random_page() {
    const PageRange range = regions[random_below(kRegions)]->range();
    return range.first + PageCount(random_below(range.count().raw()));
}

[[gnu::noipa]] Region* measured_find(RegionMap& map, PageNumber page) {
    return map.find(page);
}
[[gnu::noipa]] void measured_insert(RegionMap& map, Region& region) {
    map.insert(region);
}
[[gnu::noipa]] void measured_remove(RegionMap& map, Region& region) {
    map.remove(region);
}
[[gnu::noipa]] void measured_split_and_merge(RegionMap& map, Region& region, PageNumber at) {
    map.merge(*map.split(region, at).take());
}
[[gnu::noipa]] std::optional<PageNumber> measured_gap(RegionMap& map, PageRange within,
                                                      PageCount count) {
    return map.find_gap_from_top(within, count);
}
using PeerMap = std::map<std::uint32_t, Region*>;
[[gnu::noipa]] Region* measured_peer(PeerMap& map, PageNumber page) {
    const auto above = map.upper_bound(page.raw());
    Region* candidate = std::prev(above)->second;
    return candidate->range().contains(page) ? candidate : nullptr;
}

void expect(bool condition) {
    if (!condition) std::abort();
}

std::uint32_t find_random(RegionMap& map) {
    for (std::uint32_t i = 0; i < kTurns; ++i) {
        const PageNumber page = random_page();
        expect(measured_find(map, page)->range().contains(page));
    }
    return kTurns;
}

std::uint32_t find_sequential(RegionMap& map) {
    for (Region* region = map.first(); region != nullptr; region = map.next(*region)) {
        for (PageNumber page = region->range().first; page < region->range().end; ++page)
            expect(measured_find(map, page) == region);
    }
    return map.total_pages().raw();
}

std::uint32_t find_random_in_peer(RegionMap&) {
    PeerMap peer;
    for (Region* region : regions)
        peer[region->range().first.raw()] = region;
    for (std::uint32_t i = 0; i < kTurns; ++i) {
        const PageNumber page = random_page();
        expect(measured_peer(peer, page)->range().contains(page));
    }
    return kTurns;
}

std::uint32_t insert_and_remove(RegionMap& map) {
    for (std::uint32_t i = 0; i < kTurns; ++i) {
        Region& region = *regions[random_below(kRegions)];
        measured_remove(map, region);
        measured_insert(map, region);
    }
    return kTurns;
}

std::uint32_t split_and_merge(RegionMap& map) {
    std::uint32_t turns = 0;
    while (turns < kTurns) {
        Region& region = *regions[random_below(kRegions)];
        if (region.range().count() == PageCount(1)) continue;
        const PageCount low(1 + random_below(region.range().count().raw() - 1));
        measured_split_and_merge(map, region, region.range().first + low);
        ++turns;
    }
    return turns;
}

// Room below a random page, mostly between two regions, sometimes far away.
std::uint32_t gap_below_random(RegionMap& map) {
    for (std::uint32_t i = 0; i < kTurns; ++i) {
        const PageRange within{kUserPages.first, random_page()};
        (void)measured_gap(map, within, PageCount(1 + random_below(16)));
    }
    return kTurns;
}

// The only gap that is wide enough, wherever it is.
std::uint32_t gap_the_only_one(RegionMap& map) {
    for (std::uint32_t i = 0; i < kTurns; ++i) {
        Region& region = *regions[random_below(kRegions)];
        if (&region == map.first() || &region == map.last()) continue;
        map.remove(region);
        measured_gap(map, {map.first()->range().first, map.last()->range().end}, PageCount(17));
        map.insert(region);
    }
    return kTurns;
}

struct Row {
    const char* name;
    std::uint32_t (*run)(RegionMap&);
};
constexpr Row kRows[] = {
    {"find_random", find_random},
    {"find_sequential", find_sequential},
    {"peer", find_random_in_peer},
    {"insert_and_remove", insert_and_remove},
    {"split_and_merge", split_and_merge},
    {"gap_below_random", gap_below_random},
    {"gap_the_only_one", gap_the_only_one},
    {"bytes", [](RegionMap&) -> std::uint32_t { return sizeof(Region); }},
};

}  // namespace

int main(int argc, char** argv) {
    static FailureInjector injector;
    static FrameTable table(records);
    static FrameAllocator frames(table, memory, injector, {});
    frames.add_memory({FrameNumber(1), FrameNumber(kFrames)});
    // Never destroyed: regions are still there when the program ends.
    SlabRegistry& registry = *new SlabRegistry(frames);
    RegionMap& map = *new RegionMap(*new ObjectCache<Region>(registry, "region"));
    fill(map);
    for (const Row& row : kRows) {
        if (argc < 2 || std::strcmp(argv[1], row.name) != 0) continue;
        std::printf("%u\n", row.run(map));
        return 0;
    }
    std::fprintf(stderr, "unknown row\n");
    return 2;
}
