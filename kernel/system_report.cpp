#include "kernel/system_report.h"

#include <array>

#include "cpu/irq.h"
#include "kernel/files.h"
#include "kernel/memory.h"
#include "kernel/processes.h"

namespace quire::kernel {
namespace {

mm::PageCount cap(mm::PageCount pages, mm::PageCount most) {
    return pages < most ? pages : most;
}

struct ObjectFigures {
    mm::PageCount files;
    mm::PageCount shared;
    mm::PageCount dirty;
};

ObjectFigures object_figures(mm::ObjectRegistry& objects) {
    ObjectFigures figures;
    objects.walk([&](mm::MemoryObject& object) {
        const mm::PageCount resident(object.resident_pages());
        if (object.kind() == mm::MemoryObject::Kind::File) {
            figures.files += resident;
            figures.dirty += mm::PageCount(object.dirty_pages());
        } else {
            figures.shared += resident;
        }
    });
    return figures;
}

mm::PageCount slab_frames(mm::SlabRegistry& slabs) {
    mm::PageCount frames;
    slabs.walk([&](const mm::SlabCache& cache) { frames += cache.statistics().frames; });
    return frames;
}

// What only the records of the frames tell: which pages mlock keeps in RAM (no list has them), and
// which of an object's pages programs have mapped.
struct RecordFigures {
    mm::PageCount locked_anonymous, locked_files, mapped;
};

RecordFigures record_figures(mm::UserMemory& memory) {
    const mm::FrameTable& records = memory.records();
    RecordFigures figures;
    for (mm::FrameNumber frame; frame < records.end(); ++frame) {
        const bool is_object = records.state(frame) == mm::FrameState::Object;
        if (is_object && records.references(frame) > 1) ++figures.mapped;
        if (!records.has(frame, mm::FrameFlag::Locked)) continue;
        const bool is_file =
            is_object && memory.pages().object_of(frame).kind() == mm::MemoryObject::Kind::File;
        ++(is_file ? figures.locked_files : figures.locked_anonymous);
    }
    return figures;
}

}  // namespace

// Anonymous pages are not told apart as active and inactive: that is a policy's affair, and not
// every policy knows. All of a kind are called inactive.
fs::MemoryFigures KernelReport::memory() {
    std::array<mm::PageCount, mm::kFrameStates> states{};
    system_.memory->table().count_states(states);
    const auto in = [&](mm::FrameState state) { return states[static_cast<std::size_t>(state)]; };
    const RecordFigures records = record_figures(memory_.user_memory());
    const mm::DynamicFigures dynamic = system_.memory->dynamic_area().figures();
    fs::MemoryFigures figures = counted_memory();
    figures.inactive_anonymous =
        in(mm::FrameState::Private) + figures.shared - records.locked_anonymous;
    figures.inactive_file = figures.cached - figures.shared - records.locked_files;
    figures.locked = records.locked_anonymous + records.locked_files;
    figures.anonymous = in(mm::FrameState::Private);
    figures.mapped = records.mapped;
    figures.slab_other = slab_frames(system_.memory->slabs());
    figures.kernel_stacks = in(mm::FrameState::KernelStack);
    figures.page_tables = in(mm::FrameState::PageTable) + in(mm::FrameState::PageDirectory);
    system_.files->tmp().count_pages();
    figures.dynamic_total = dynamic.total;
    figures.dynamic_used = dynamic.used;
    figures.largest_dynamic = dynamic.largest_free;
    figures.commit_limit = memory_.commit().limit();
    figures.committed = memory_.commit().committed();
    return figures;
}

fs::MemoryFigures KernelReport::counted_memory() {
    const mm::FrameStatistics frames = system_.memory->frames().statistics();
    const ObjectFigures objects = object_figures(memory_.objects());
    const mm::SwapStatistics swap = memory_.swap().statistics();
    fs::MemoryFigures figures;
    figures.total = frames.managed;
    figures.free = frames.free;
    figures.cached = objects.files + objects.shared;
    figures.available = cap(frames.free + objects.files - objects.dirty, frames.managed);
    figures.swap_cached = swap.cached;
    figures.swap_total = swap.total;
    figures.swap_free = swap.available;
    figures.dirty = objects.dirty;
    figures.shared = objects.shared;
    return figures;
}

fs::PagingFigures KernelReport::paging() {
    const mm::UserMemoryStatistics& faults = memory_.user_memory().statistics();
    const mm::ReclaimStatistics& reclaim = memory_.reclaim().statistics();
    fs::PagingFigures figures;
    for (unsigned i = 0; i < Disks::kDrives; ++i) {
        const auto& queue = system_.disks->drive(i).queue;
        if (!queue.has_value()) continue;
        figures.disk_kib_read += queue->statistics().sectors_read / 2;
        figures.disk_kib_written += queue->statistics().sectors_written / 2;
    }
    figures.swapped_in = faults.swapped_in;
    figures.swapped_out = reclaim.to_swap.pages;
    figures.faults = faults.faults;
    figures.major_faults = faults.major_faults;
    figures.scanned_direct = reclaim.chosen;
    figures.evicted_direct = reclaim.evicted();
    figures.killed_for_memory = memory_.killed_for_memory();
    return figures;
}

fs::ProcessorFigures KernelReport::processor() {
    const cpu::Features& features = system_.features;
    fs::ProcessorFigures figures;
    figures.vendor = features.vendor;
    figures.model_name = features.brand;
    figures.family = features.family;
    figures.model = features.model;
    figures.stepping = features.stepping;
    figures.khz = system_.clock.tsc_khz();
    return figures;
}

// The tick counts while this copies.
fs::CpuFigures KernelReport::cpu() {
    const cpu::InterruptGuard guard;
    using Kind = MachineLoad::Kind;
    Scheduler& scheduler = system_.threads->scheduler();
    const Scheduler::Demand demand = scheduler.demand();
    fs::CpuFigures figures;
    figures.user = system_.load.ticks(Kind::User);
    figures.nice = system_.load.ticks(Kind::Nice);
    figures.system = system_.load.ticks(Kind::System);
    figures.idle = system_.load.ticks(Kind::Idle);
    figures.switches = scheduler.switches();
    figures.threads_made = scheduler.threads_made();
    figures.boot_time = system_.clock.boot_time();
    for (std::size_t line = 0; line < figures.interrupts.size(); ++line)
        figures.interrupts[line] = cpu::irq_statistics(static_cast<std::uint8_t>(line)).handled;
    figures.averages = system_.load.averages();
    figures.running = demand.running;
    figures.blocked = demand.blocked;
    figures.threads = scheduler.thread_count();
    figures.last_id = system_.processes->table().last_id();
    return figures;
}

std::uint32_t KernelReport::disks(std::span<fs::DiskFigures, kMostDisks> disks) {
    std::uint32_t count = 0;
    for (const auto& device : files_.disk_devices()) {
        if (!device.has_value() || count == disks.size()) continue;
        disks[count++] = {device->disk().name(), device->number(), device->bytes()};
    }
    return count;
}

std::uint32_t KernelReport::swaps(std::span<fs::SwapFigures, kMostSwaps> areas) {
    std::uint32_t count = 0;
    for (const SwapAreas::Area& swap : files_.swaps().all()) {
        if (!swap.area.has_value() || count == areas.size()) continue;
        const mm::SwapSpace::Area& area = memory_.swap().area(swap.id);
        areas[count++] = {.path = swap.path.data(),
                          .size = area.slots.end - area.slots.first - mm::PageCount(1),
                          .used = area.used,
                          .priority = area.priority};
    }
    return count;
}

bool KernelReport::free_runs(mm::Zone zone, mm::RunCounts& counts) {
    counts = system_.memory->frames().run_counts(zone);
    return zone != mm::Zone::High;
}

mm::SlabRegistry& KernelReport::slabs() {
    return system_.memory->slabs();
}

std::uint64_t KernelReport::uptime() {
    return system_.clock.milliseconds() / 10;
}

const char* KernelReport::version() {
    return "Quire (i686)";
}

const char* KernelReport::command_line() {
    return system_.command_line_text;
}

}  // namespace quire::kernel
