// The monitor's `diskcost`: what reading 8 MiB in sequence costs: commands, and TSC clocks less
// those slept while the disk worked. Under QEMU's -icount shift=0 a clock is an instruction. The
// least of several rounds: how many requests are joined hangs on when the emulator's disk answers.
#include <algorithm>
#include <array>
#include <optional>

#include "cpu/tsc.h"
#include "kernel/disks.h"
#include "kernel/memory.h"
#include "kernel/monitor.h"

namespace quire::test {
namespace {

using drivers::BlockBuffer;
using drivers::BlockRequest;
using drivers::SectorNumber;

constexpr unsigned kRounds = 9;
constexpr std::uint32_t kPages = 2048;
constexpr std::uint32_t kPagesPerRequest = 16;  // what read-ahead asks for at most
constexpr std::uint32_t kRequests = 8;          // asked for at a time
constexpr std::uint32_t kFrames = kPagesPerRequest * kRequests;
constexpr std::uint32_t kSectorsPerRequest =
    kPagesPerRequest * (mm::kPageSize / drivers::kSectorSize);

using Buffers = std::array<BlockBuffer, kFrames>;

/// Every second frame, so that no two lie side by side in RAM.
bool take_frames(mm::FrameAllocator& frames, mm::OwnedFrame& run, Buffers& buffers) {
    auto taken = frames.allocate_run(8);
    if (!taken.ok()) return false;
    run = taken.take();
    for (std::uint32_t i = 0; i < kFrames; ++i)
        buffers[i] = {mm::start_of(run.number() + mm::PageCount(2 * i)), mm::kPageSize};
    return true;
}

bool read_pages(drivers::BlockDevice& disk, const Buffers& buffers) {
    std::array<BlockRequest, kRequests> requests;
    for (std::uint32_t page = 0; page < kPages; page += kFrames) {
        for (std::uint32_t i = 0; i < kRequests; ++i) {
            BlockRequest& request = requests[i];
            request.first = SectorNumber(page * (mm::kPageSize / drivers::kSectorSize) +
                                         i * kSectorsPerRequest);
            request.buffers = std::span(buffers).subspan(i * kPagesPerRequest, kPagesPerRequest);
            disk.submit(request);
        }
        for (BlockRequest& request : requests) {
            disk.wait(request);
            if (request.error.has_value()) return false;
        }
    }
    return true;
}

struct Cost {
    std::uint64_t clocks;
    std::uint32_t commands;
};

std::optional<Cost> read_once(kernel::System& system, const Buffers& buffers) {
    drivers::BlockQueue& queue = *system.disks->drive(0).queue;
    const std::uint32_t commands = queue.statistics().commands;
    const std::uint64_t slept = system.disks->waiter().slept();
    const std::uint64_t start = cpu::read_tsc();
    if (!read_pages(queue, buffers)) return std::nullopt;
    const std::uint64_t clocks = cpu::read_tsc() - start - (system.disks->waiter().slept() - slept);
    return Cost{clocks, queue.statistics().commands - commands};
}

void run_diskcost(kernel::System& system, kernel::Arguments) {
    static_assert(kFrames * 2 == 1U << 8);
    static Buffers buffers;
    mm::OwnedFrame run;
    if (!system.disks->drive(0).queue.has_value() ||
        !take_frames(system.memory->frames(), run, buffers)) {
        system.console.print("diskcost: no hda, or no memory\n");
        return;
    }
    Cost least{~std::uint64_t{0}, ~0U};
    for (unsigned round = 0; round < kRounds; ++round) {
        const std::optional<Cost> cost = read_once(system, buffers);
        if (!cost.has_value()) {
            system.console.print("diskcost: hda could not be read\n");
            return;
        }
        least = {std::min(least.clocks, cost->clocks), std::min(least.commands, cost->commands)};
    }
    system.console.print("cost: %-28s %6u.%u\n", "disk read, a page",
                         static_cast<unsigned>(least.clocks / kPages),
                         static_cast<unsigned>(least.clocks * 10 / kPages % 10));
    system.console.print("cost: %-28s %6u.0\n", "disk commands for 8 MiB", least.commands);
}
MONITOR_COMMAND(diskcost, "", "what reading 8 MiB from hda costs", run_diskcost);

}  // namespace
}  // namespace quire::test
