#include "kernel/memory_report.h"

#include "kernel/memory.h"
#include "kernel/monitor.h"

namespace quire::kernel {
namespace {

constexpr std::uint32_t kUsable = 1;

const char* source_name(boot::MemoryMapSource source) {
    switch (source) {
    case boot::MemoryMapSource::E820:
        return "INT 15h E820";
    case boot::MemoryMapSource::E801:
        return "INT 15h E801";
    case boot::MemoryMapSource::Int88:
        return "INT 15h 88h";
    }
    return "?";
}

void print_kinds(Console& console, const mm::BootMemory& boot_memory) {
    for (const mm::MemoryMapLine& line : boot_memory.map()) {
        console.print("  %09llX-%09llX  %10llu KiB  %s\n",
                      static_cast<unsigned long long>(line.first),
                      static_cast<unsigned long long>(line.end),
                      static_cast<unsigned long long>((line.end - line.first) / 1024),
                      mm::memory_kind_name(line.kind));
    }
}

void print_reservations(Console& console, const mm::BootMemory& boot_memory) {
    console.print("taken at boot:\n");
    for (const mm::Reservation& taken : boot_memory.reservations()) {
        console.print("  %09X-%09X  %10lu KiB  %s\n", start_of(taken.range.first).raw(),
                      start_of(taken.range.end).raw(), kib_of(taken.range.count()), taken.name);
    }
}

// A row a zone: how many free runs of each order, as in /proc/buddyinfo.
void print_zones(Console& console, Memory& memory) {
    console.print("free runs by order:  ");
    for (unsigned order = 0; order <= mm::FrameAllocator::kMaxOrder; ++order) {
        console.print(" %5u", order);
    }
    console.print("\n");
    for (const mm::Zone zone : {mm::Zone::Dma, mm::Zone::Window, mm::Zone::High}) {
        const mm::RunCounts counts = memory.frames().run_counts(zone);
        console.print("  zone %-14s ", mm::zone_name(zone));
        for (const std::uint32_t runs : counts.runs)
            console.print(" %5u", runs);
        console.print("\n");
    }
}

void run_mem(System& system, Arguments) {
    print_memory_map(system);
}
MONITOR_COMMAND(mem, "", "RAM by kind, what the boot took, what is free", run_mem);

}  // namespace

std::uint64_t usable_bytes(const boot::BootInfo& boot) {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < boot.memory_map_count; ++i) {
        if (boot.memory_map[i].type == kUsable) sum += boot.memory_map[i].length;
    }
    return sum;
}

void print_memory_map(System& system) {
    Memory& memory = *system.memory;
    system.console.print("memory map from %s:\n", source_name(system.boot.memory_map_source));
    print_kinds(system.console, memory.boot_memory());
    print_reservations(system.console, memory.boot_memory());
    print_zones(system.console, memory);
    print_memory_summary(system);
}

void print_memory_summary(System& system) {
    Console& console = system.console;
    console.print("memory: %u KiB usable, kernel at physical %08X-%08X\n",
                  static_cast<unsigned>(usable_bytes(system.boot) / 1024), system.boot.kernel_start,
                  system.boot.kernel_end);
    if (system.memory == nullptr) return;
    const mm::FrameStatistics statistics = system.memory->frames().statistics();
    console.print("frames: %u managed, %u free, %u of them zeroed ahead, %u requests failed\n",
                  statistics.managed.raw(), statistics.free.raw(), statistics.zeroed.raw(),
                  statistics.failures);
}

}  // namespace quire::kernel
