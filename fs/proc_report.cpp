#include "fs/proc_report.h"

#include "mm/slab_registry.h"

namespace quire::fs {

namespace {

using mm::PageCount;
using mm::TextWriter;

struct PageLine {
    const char* label;
    PageCount pages;
};

void write_kib(std::span<const PageLine> lines, const TextWriter& out) {
    for (const PageLine& line : lines)
        out.print("%-16s%8lu kB\n", line.label, kib_of(line.pages));
}

struct CountLine {
    const char* name;
    std::uint64_t count;
};

void write_counts(std::span<const CountLine> lines, const TextWriter& out) {
    for (const CountLine& line : lines)
        out.print("%s %llu\n", line.name, static_cast<unsigned long long>(line.count));
}

// A 64-bit division by 100 without libgcc: digit by digit, as on paper, in binary.
struct Divided {
    std::uint64_t quotient;
    std::uint32_t rest;
};
Divided divide(std::uint64_t value, std::uint32_t by) {
    Divided result{0, 0};
    for (int bit = 63; bit >= 0; --bit) {
        result.rest = result.rest << 1 | static_cast<std::uint32_t>(value >> bit & 1);
        result.quotient <<= 1;
        if (result.rest < by) continue;
        result.rest -= by;
        result.quotient |= 1;
    }
    return result;
}

const char* linux_name(mm::Zone zone) {
    switch (zone) {
    case mm::Zone::Dma:
        return "DMA";
    case mm::Zone::Window:
        return "Normal";
    case mm::Zone::High:
        return "HighMem";
    }
    ASSERT_UNREACHABLE();
}

// Programs take the name of a cache as one word.
void write_word(const char* text, int width, const TextWriter& out) {
    for (; *text != '\0'; ++text, --width)
        out.print("%c", *text == ' ' ? '_' : *text);
    out.print("%*s", width > 0 ? width : 0, "");
}

}  // namespace

void write_meminfo(SystemReport& report, const TextWriter& out) {
    const MemoryFigures m = report.memory();
    const PageLine lines[] = {
        {"MemTotal:", m.total},
        {"MemFree:", m.free},
        {"MemAvailable:", m.available},
        {"Buffers:", m.buffers},
        {"Cached:", m.cached},
        {"SwapCached:", m.swap_cached},
        {"Active:", m.active_anonymous + m.active_file},
        {"Inactive:", m.inactive_anonymous + m.inactive_file},
        {"Active(anon):", m.active_anonymous},
        {"Inactive(anon):", m.inactive_anonymous},
        {"Active(file):", m.active_file},
        {"Inactive(file):", m.inactive_file},
        {"Unevictable:", m.locked},
        {"Mlocked:", m.locked},
        {"SwapTotal:", m.swap_total},
        {"SwapFree:", m.swap_free},
        {"Dirty:", m.dirty},
        {"Writeback:", m.under_write_back},
        {"AnonPages:", m.anonymous},
        {"Mapped:", m.mapped},
        {"Shmem:", m.shared},
        {"KReclaimable:", m.slab_reclaimable},
        {"Slab:", m.slab_reclaimable + m.slab_other},
        {"SReclaimable:", m.slab_reclaimable},
        {"SUnreclaim:", m.slab_other},
        {"KernelStack:", m.kernel_stacks},
        {"PageTables:", m.page_tables},
        {"NFS_Unstable:", PageCount()},
        {"Bounce:", PageCount()},
        {"WritebackTmp:", PageCount()},
        {"CommitLimit:", m.commit_limit},
        {"Committed_AS:", m.committed},
        {"VmallocTotal:", m.dynamic_total},
        {"VmallocUsed:", m.dynamic_used},
        {"VmallocChunk:", m.largest_dynamic},
    };
    write_kib(lines, out);
}

void write_vmstat(SystemReport& report, const TextWriter& out) {
    const MemoryFigures m = report.memory();
    const PagingFigures p = report.paging();
    const CountLine lines[] = {
        {"nr_free_pages", m.free.raw()},
        {"nr_inactive_anon", m.inactive_anonymous.raw()},
        {"nr_active_anon", m.active_anonymous.raw()},
        {"nr_inactive_file", m.inactive_file.raw()},
        {"nr_active_file", m.active_file.raw()},
        {"nr_unevictable", m.locked.raw()},
        {"nr_mlock", m.locked.raw()},
        {"nr_slab_reclaimable", m.slab_reclaimable.raw()},
        {"nr_slab_unreclaimable", m.slab_other.raw()},
        {"nr_anon_pages", m.anonymous.raw()},
        {"nr_mapped", m.mapped.raw()},
        {"nr_file_pages", (m.cached + m.buffers + m.swap_cached).raw()},
        {"nr_dirty", m.dirty.raw()},
        {"nr_writeback", m.under_write_back.raw()},
        {"nr_shmem", m.shared.raw()},
        {"nr_page_table_pages", m.page_tables.raw()},
        {"nr_swapcached", m.swap_cached.raw()},
        {"pgpgin", p.disk_kib_read},
        {"pgpgout", p.disk_kib_written},
        {"pswpin", p.swapped_in},
        {"pswpout", p.swapped_out},
        {"pgalloc_normal", p.allocated},
        {"pgfree", p.freed},
        {"pgfault", p.faults},
        {"pgmajfault", p.major_faults},
        {"pgsteal_kswapd", p.evicted_background},
        {"pgsteal_direct", p.evicted_direct},
        {"pgscan_kswapd", p.scanned_background},
        {"pgscan_direct", p.scanned_direct},
        {"oom_kill", p.killed_for_memory},
    };
    write_counts(lines, out);
}

void write_buddyinfo(SystemReport& report, const TextWriter& out) {
    for (const mm::Zone zone : {mm::Zone::Dma, mm::Zone::Window, mm::Zone::High}) {
        mm::RunCounts counts;
        if (!report.free_runs(zone, counts)) continue;
        out.print("Node 0, zone %8s ", linux_name(zone));
        for (const std::uint32_t runs : counts.runs)
            out.print("%6lu ", static_cast<unsigned long>(runs));
        out.print("\n");
    }
}

void write_slabinfo(SystemReport& report, const TextWriter& out) {
    out.print("slabinfo - version: 2.1\n");
    out.print("# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>");
    out.print(" : tunables <limit> <batchcount> <sharedfactor>");
    out.print(" : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
    report.slabs().walk([&](const mm::SlabCache& cache) {
        const mm::SlabStatistics s = cache.statistics();
        const mm::SlabLayout& layout = cache.layout();
        write_word(cache.name(), 17, out);
        out.print(" %6u %6u %6u %4u %4u", s.live, s.capacity, layout.stride, layout.capacity,
                  1U << layout.order);
        out.print(" : tunables %4u %4u %4u", 0U, 0U, 0U);
        out.print(" : slabdata %6u %6u %6u\n", s.slabs - s.empty_slabs, s.slabs, 0U);
    });
}

void write_swaps(SystemReport& report, const TextWriter& out) {
    std::array<SwapFigures, SystemReport::kMostSwaps> areas;
    const std::uint32_t count = report.swaps(areas);
    out.print("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    for (const SwapFigures& area : std::span(areas).first(count)) {
        const auto length = static_cast<int>(area.path.size());
        const unsigned long size = kib_of(area.size);
        const unsigned long used = kib_of(area.used);
        constexpr unsigned long kWide = 10000000;  // reaches the next tab stop by itself
        out.print("%.*s%*s%s\t", length, area.path.data(), length < 40 ? 40 - length : 1, " ",
                  area.partition ? "partition" : "file\t");
        out.print("%lu\t%s%lu\t%s%d\n", size, size < kWide ? "\t" : "", used,
                  used < kWide ? "\t" : "", area.priority);
    }
}

void write_uptime(SystemReport& report, const TextWriter& out) {
    const Divided up = divide(report.uptime(), 100);
    const Divided idle = divide(report.cpu().idle, 100);
    out.print("%llu.%02u %llu.%02u\n", static_cast<unsigned long long>(up.quotient), up.rest,
              static_cast<unsigned long long>(idle.quotient), idle.rest);
}

void write_version(SystemReport& report, const TextWriter& out) {
    out.print("%s\n", report.version());
}

void write_cmdline(SystemReport& report, const TextWriter& out) {
    out.print("%s\n", report.command_line());
}

namespace {

// The last six: waiting for disks, interrupts hard and soft, other machines. Not told apart here.
void write_cpu(const char* name, const CpuFigures& c, const TextWriter& out) {
    const auto wide = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    out.print("%s %llu %llu %llu %llu 0 0 0 0 0 0\n", name, wide(c.user), wide(c.nice),
              wide(c.system), wide(c.idle));
}

void write_interrupts(const CpuFigures& c, const TextWriter& out) {
    std::uint64_t all = 0;
    for (const std::uint32_t count : c.interrupts)
        all += count;
    out.print("intr %llu", static_cast<unsigned long long>(all));
    for (const std::uint32_t count : c.interrupts)
        out.print(" %lu", static_cast<unsigned long>(count));
    out.print("\n");
}

}  // namespace

void write_stat(SystemReport& report, const TextWriter& out) {
    const CpuFigures c = report.cpu();
    write_cpu("cpu ", c, out);
    write_cpu("cpu0", c, out);
    write_interrupts(c, out);
    const CountLine lines[] = {
        {"ctxt", c.switches},         {"btime", c.boot_time},       {"processes", c.threads_made},
        {"procs_running", c.running}, {"procs_blocked", c.blocked},
    };
    write_counts(lines, out);
    out.print("softirq 0 0 0 0 0 0 0 0 0 0 0\n");
}

void write_loadavg(SystemReport& report, const TextWriter& out) {
    constexpr std::uint32_t kOne = 2048;
    const CpuFigures c = report.cpu();
    for (const std::uint32_t average : c.averages) {
        const std::uint32_t rounded = average + kOne / 200;
        out.print("%lu.%02lu ", static_cast<unsigned long>(rounded / kOne),
                  static_cast<unsigned long>(rounded % kOne * 100 / kOne));
    }
    out.print("%lu/%lu %lu\n", static_cast<unsigned long>(c.running),
              static_cast<unsigned long>(c.threads), static_cast<unsigned long>(c.last_id));
}

void write_partitions(SystemReport& report, const TextWriter& out) {
    std::array<DiskFigures, SystemReport::kMostDisks> disks;
    const std::uint32_t count = report.disks(disks);
    if (count != 0) out.print("major minor  #blocks  name\n\n");
    for (const DiskFigures& disk : std::span(disks).first(count))
        out.print("%4lu  %7lu %10llu %.*s\n", static_cast<unsigned long>(disk.number >> 8),
                  static_cast<unsigned long>(disk.number & 0xFF),
                  static_cast<unsigned long long>(disk.bytes >> 10),
                  static_cast<int>(disk.name.size()), disk.name.data());
}

void write_cpuinfo(SystemReport& report, const TextWriter& out) {
    const ProcessorFigures p = report.processor();
    out.print("processor\t: 0\nvendor_id\t: %s\n", p.vendor);
    out.print("cpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\n", p.family, p.model,
              p.model_name);
    out.print("stepping\t: %u\n", p.stepping);
    out.print("cpu MHz\t\t: %u.%03u\n", p.khz / 1000, p.khz % 1000);
    out.print("fdiv_bug\t: no\nf00f_bug\t: no\ncoma_bug\t: no\n");
    out.print("fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %u\nwp\t\t: yes\n",
              p.highest_leaf);
    out.print("flags\t\t: %s\nbugs\t\t:\n", p.flags);
    // Twice the clock, as Linux has it where the time-stamp counter sets the delay loop.
    out.print("bogomips\t: %u.%02u\n", p.khz / 500, p.khz / 5 % 100);
    out.print("clflush size\t: %u\ncache_alignment\t: %u\n", p.cache_line, p.cache_line);
    out.print("address sizes\t: %u bits physical, 32 bits virtual\n", p.physical_bits);
    out.print("power management:\n\n");
}

void write_filesystems(SystemReport&, const TextWriter& out) {
    out.print("nodev\tproc\nnodev\ttmpfs\nnodev\tdevtmpfs\nnodev\tpipefs\n\text2\n");
}

}  // namespace quire::fs
