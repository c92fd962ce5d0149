// What /proc tells of the whole machine, as values, and the texts made of them.
//
// Whoever knows the figures (the kernel; a test) implements SystemReport. The texts are Linux's, to
// the letter, so that free, vmstat and slabtop can read them; where Quire has no such thing the
// figure is 0. proc(5). (Linux: fs/proc/meminfo.c, fs/proc/stat.c, fs/proc/loadavg.c, mm/vmstat.c,
// mm/slab_common.c, mm/swapfile.c, block/genhd.c, arch/x86/kernel/cpu/proc.c.)
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "mm/frame_allocator.h"
#include "mm/text_writer.h"
#include "mm/types.h"

namespace quire::mm {
class SlabRegistry;
}

namespace quire::fs {

/// /proc/meminfo, in pages.
struct MemoryFigures {
    mm::PageCount total;
    mm::PageCount free;
    mm::PageCount available;  // could be had without swapping
    mm::PageCount buffers;    // metadata blocks of file systems
    mm::PageCount cached;     // files and shared memory, buffers left out
    mm::PageCount swap_cached;
    mm::PageCount active_anonymous;
    mm::PageCount inactive_anonymous;
    mm::PageCount active_file;
    mm::PageCount inactive_file;
    mm::PageCount locked;
    mm::PageCount swap_total;
    mm::PageCount swap_free;
    mm::PageCount dirty;
    mm::PageCount under_write_back;
    mm::PageCount anonymous;  // private pages
    mm::PageCount mapped;     // pages of objects in somebody's page table
    mm::PageCount shared;     // pages of shared memory, tmpfs included
    mm::PageCount slab_reclaimable;
    mm::PageCount slab_other;
    mm::PageCount kernel_stacks;
    mm::PageCount page_tables;
    mm::PageCount commit_limit;
    mm::PageCount committed;
    mm::PageCount dynamic_total;  // the area of vmalloc
    mm::PageCount dynamic_used;
    mm::PageCount largest_dynamic;
};

/// /proc/vmstat: the counts beside those of MemoryFigures; all since boot.
struct PagingFigures {
    std::uint64_t disk_kib_read = 0;
    std::uint64_t disk_kib_written = 0;
    std::uint64_t swapped_in = 0;
    std::uint64_t swapped_out = 0;
    std::uint64_t allocated = 0;
    std::uint64_t freed = 0;
    std::uint64_t faults = 0;
    std::uint64_t major_faults = 0;
    std::uint64_t scanned_background = 0;
    std::uint64_t scanned_direct = 0;
    std::uint64_t evicted_background = 0;
    std::uint64_t evicted_direct = 0;
    std::uint64_t killed_for_memory = 0;
};

/// /proc/cpuinfo. The strings must stay.
struct ProcessorFigures {
    const char* vendor = "";
    const char* model_name = "";
    const char* flags = "";  // "fpu de pse ..."
    std::uint32_t family = 0;
    std::uint32_t model = 0;
    std::uint32_t stepping = 0;
    std::uint32_t khz = 0;
    std::uint32_t highest_leaf = 0;  // of CPUID
    std::uint32_t cache_line = 32;
    std::uint32_t physical_bits = 32;
};

/// A line of /proc/swaps.
struct SwapFigures {
    std::string_view path;  // "/dev/hda2"
    bool partition = true;
    mm::PageCount size;
    mm::PageCount used;
    int priority = 0;
};

/// /proc/stat and /proc/loadavg. Counts since boot; times in hundredths of a second.
struct CpuFigures {
    std::uint64_t user = 0;
    std::uint64_t nice = 0;
    std::uint64_t system = 0;
    std::uint64_t idle = 0;
    std::uint64_t switches = 0;
    std::uint64_t threads_made = 0;
    std::uint64_t boot_time = 0;  // seconds since 1970
    std::array<std::uint32_t, 16> interrupts{};
    std::array<std::uint32_t, 3> averages{};  // over 1, 5 and 15 minutes, in 1/2048
    std::uint32_t running = 0;
    std::uint32_t blocked = 0;
    std::uint32_t threads = 0;
    std::uint32_t last_id = 0;  // of a process or thread
};

/// A line of /proc/partitions.
struct DiskFigures {
    std::string_view name;     // "hda1"
    std::uint32_t number = 0;  // major << 8 | minor
    std::uint64_t bytes = 0;
};

class SystemReport {
  public:
    static constexpr std::uint32_t kMostSwaps = 8;
    static constexpr std::uint32_t kMostDisks = 16;

    [[nodiscard]] virtual MemoryFigures memory() = 0;
    [[nodiscard]] virtual PagingFigures paging() = 0;
    [[nodiscard]] virtual ProcessorFigures processor() = 0;
    [[nodiscard]] virtual CpuFigures cpu() = 0;
    /// Fills in one element for each disk and each partition, and says how many there are.
    [[nodiscard]] virtual std::uint32_t disks(std::span<DiskFigures, kMostDisks> disks) = 0;
    /// Fills in one element for each swap area, and says how many there are.
    [[nodiscard]] virtual std::uint32_t swaps(std::span<SwapFigures, kMostSwaps> areas) = 0;
    /// Free runs of frames in a zone; false: there is no such zone.
    [[nodiscard]] virtual bool free_runs(mm::Zone zone, mm::RunCounts& counts) = 0;
    [[nodiscard]] virtual mm::SlabRegistry& slabs() = 0;
    /// Since boot, in hundredths of a second.
    [[nodiscard]] virtual std::uint64_t uptime() = 0;
    /// "Linux version ..." or so, without the end of the line.
    [[nodiscard]] virtual const char* version() = 0;
    /// What the kernel was told at its start.
    [[nodiscard]] virtual const char* command_line() = 0;

  protected:
    ~SystemReport() = default;
};

// Each writes the whole text of the file of /proc that it is named after.
void write_meminfo(SystemReport& report, const mm::TextWriter& out);
void write_vmstat(SystemReport& report, const mm::TextWriter& out);
void write_buddyinfo(SystemReport& report, const mm::TextWriter& out);
void write_slabinfo(SystemReport& report, const mm::TextWriter& out);
void write_swaps(SystemReport& report, const mm::TextWriter& out);
void write_uptime(SystemReport& report, const mm::TextWriter& out);
void write_version(SystemReport& report, const mm::TextWriter& out);
void write_cmdline(SystemReport& report, const mm::TextWriter& out);
void write_stat(SystemReport& report, const mm::TextWriter& out);
void write_loadavg(SystemReport& report, const mm::TextWriter& out);
void write_partitions(SystemReport& report, const mm::TextWriter& out);
void write_cpuinfo(SystemReport& report, const mm::TextWriter& out);
void write_filesystems(SystemReport& report, const mm::TextWriter& out);

}  // namespace quire::fs
