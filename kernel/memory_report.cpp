#include "kernel/memory_report.h"

namespace quire::kernel {
namespace {

constexpr std::uint32_t kUsable = 1;

const char* type_name(std::uint32_t type) {
    switch (type) {
    case 1: return "usable";
    case 2: return "reserved";
    case 3: return "ACPI, reclaimable";
    case 4: return "ACPI, keep";
    case 5: return "bad";
    default: return "unknown";
    }
}

const char* source_name(boot::MemoryMapSource source) {
    switch (source) {
    case boot::MemoryMapSource::E820: return "INT 15h E820";
    case boot::MemoryMapSource::E801: return "INT 15h E801";
    case boot::MemoryMapSource::Int88: return "INT 15h 88h";
    }
    return "?";
}

}  // namespace

std::uint64_t usable_bytes(const boot::BootInfo& boot) {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < boot.memory_map_count; ++i) {
        if (boot.memory_map[i].type == kUsable) sum += boot.memory_map[i].length;
    }
    return sum;
}

void print_memory_map(System& system) {
    const boot::BootInfo& boot = system.boot;
    system.console.print("memory map from %s:\n", source_name(boot.memory_map_source));
    for (std::uint32_t i = 0; i < boot.memory_map_count; ++i) {
        const boot::MemoryMapEntry& entry = boot.memory_map[i];
        system.console.print("  %09llX-%09llX  %10llu KiB  %s\n",
                             static_cast<unsigned long long>(entry.base),
                             static_cast<unsigned long long>(entry.base + entry.length),
                             static_cast<unsigned long long>(entry.length / 1024),
                             type_name(entry.type));
    }
    system.console.print("  %llu KiB usable; kernel at %08X-%08X\n",
                         static_cast<unsigned long long>(usable_bytes(boot) / 1024),
                         boot.kernel_start, boot.kernel_end);
}

}  // namespace quire::kernel
