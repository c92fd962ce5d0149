// What the boot stages tell the kernel: the C++ side of BOOT_INFO in boot/layout.inc.
//
// Stage 2 fills it at physical 0x1000. kernel_main() reads it once and copies what it keeps.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quire::boot {

inline constexpr std::uint32_t kBootInfoMagic = 0x31494251;  // "QBI1"
inline constexpr std::size_t kMaxMemoryMapEntries = 128;

enum class A20Method : std::uint8_t { WasOpen, Bios, KeyboardController, Port92 };
enum class MemoryMapSource : std::uint8_t { E820, E801, Int88 };
enum class DiskMethod : std::uint8_t { Lba, Chs };

/// One range as INT 15h E820 reports it, untouched.
struct MemoryMapEntry {
    std::uint64_t base;
    std::uint64_t length;
    std::uint32_t type;  // 1 usable, 2 reserved, 3 ACPI reclaimable, 4 ACPI NVS, 5 bad
    std::uint32_t attributes;
};

struct BootInfo {
    std::uint32_t magic;
    std::uint8_t boot_drive;
    A20Method a20_method;
    MemoryMapSource memory_map_source;
    DiskMethod disk_method;
    std::uint32_t memory_map_count;
    std::uint32_t kernel_file_bytes;
    std::uint64_t tsc_stage2;
    std::uint64_t tsc_disk;
    std::uint64_t disk_sectors;
    std::uint32_t kernel_start;  // physical
    std::uint32_t kernel_end;    // physical, exclusive
    char command_line[256];
    MemoryMapEntry memory_map[kMaxMemoryMapEntries];
};

static_assert(sizeof(MemoryMapEntry) == 24);
static_assert(offsetof(BootInfo, memory_map_count) == 8);
static_assert(offsetof(BootInfo, tsc_stage2) == 16);
static_assert(offsetof(BootInfo, tsc_disk) == 24);
static_assert(offsetof(BootInfo, kernel_start) == 40);
static_assert(offsetof(BootInfo, command_line) == 48);
static_assert(offsetof(BootInfo, memory_map) == 304);
static_assert(sizeof(BootInfo) == 304 + 128 * 24);

}  // namespace quire::boot
