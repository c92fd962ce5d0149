// The monitor's `filecost`: what reading a file costs, in TSC clocks less those slept while the
// disk worked. Under QEMU's -icount shift=0 a clock is an instruction. The bytes go nowhere: what
// is measured is the way to them.
#include <algorithm>
#include <optional>

#include "cpu/irq.h"
#include "cpu/tsc.h"
#include "kernel/abi/fcntl.h"
#include "kernel/files.h"
#include "kernel/monitor.h"

namespace quire::test {
namespace {

constexpr const char* kFile = "/data/large";  // which `make bench-disk` puts there
constexpr unsigned kRounds = 9;
constexpr std::uint32_t kPages = 2048;
constexpr std::uint32_t kTurns = 1000;

class Nowhere final : public fs::ByteSink {
  public:
    Result<void> take(std::span<const std::byte>) override { return {}; }
};

void print(kernel::System& system, const char* name, std::uint64_t clocks, std::uint32_t turns) {
    system.console.print("cost: %-28s %6u.%u\n", name, static_cast<unsigned>(clocks / turns),
                         static_cast<unsigned>(clocks * 10 / turns % 10));
}

std::uint32_t commands(kernel::System& system) {
    std::uint32_t sum = 0;
    for (unsigned i = 0; i < kernel::Disks::kDrives; ++i) {
        const auto& queue = system.disks->drive(i).queue;
        if (queue.has_value()) sum += queue->statistics().commands;
    }
    return sum;
}

struct Cost {
    std::uint64_t clocks;
    std::uint32_t commands;
};

std::optional<Cost> read_once(kernel::System& system, fs::Descriptor file) {
    Nowhere nowhere;
    (void)system.virtual_memory->reclaim().drop_clean();
    const std::uint32_t commands_before = commands(system);
    const std::uint64_t slept = system.disks->waiter().slept();
    const std::uint64_t start = cpu::read_tsc();
    for (std::uint32_t page = 0; page < kPages; ++page) {
        const auto read =
            system.files->calls().pread(file, mm::kPageSize, page * mm::kPageSize, nowhere);
        if (!read.ok() || read.value() != mm::kPageSize) return std::nullopt;
    }
    const std::uint64_t clocks = cpu::read_tsc() - start - (system.disks->waiter().slept() - slept);
    return Cost{clocks, commands(system) - commands_before};
}

// The least of several rounds, as in disk_cost.cpp. Answers whether all of it could be read.
bool read_cold(kernel::System& system, fs::Descriptor file) {
    Cost least{~std::uint64_t{0}, ~0U};
    for (unsigned round = 0; round < kRounds; ++round) {
        const std::optional<Cost> cost = read_once(system, file);
        if (!cost.has_value()) return false;
        least = {std::min(least.clocks, cost->clocks), std::min(least.commands, cost->commands)};
    }
    print(system, "file read cold, a page", least.clocks, kPages);
    print(system, "commands for 8 MiB", least.commands, 1);
    return true;
}

void read_cached(kernel::System& system, fs::Descriptor file) {
    Nowhere nowhere;
    (void)system.files->calls().pread(file, mm::kPageSize, 0, nowhere);
    cpu::InterruptGuard guard;
    const std::uint64_t start = cpu::read_tsc();
    for (std::uint32_t turn = 0; turn < kTurns; ++turn)
        (void)system.files->calls().pread(file, mm::kPageSize, 0, nowhere);
    print(system, "file read cached, a page", cpu::read_tsc() - start, kTurns);
}

void look_up(kernel::System& system, fs::Descriptor file) {
    const auto mapped = system.files->calls().mappable(file);
    if (!mapped.ok()) return;
    const mm::MemoryObject& object = *mapped.value().object;
    std::uint32_t sum = 0;
    const std::uint64_t start = cpu::read_tsc();
    for (std::uint32_t turn = 0; turn < kTurns; ++turn)
        sum += object.entry(turn).raw();
    const std::uint64_t clocks = cpu::read_tsc() - start;
    asm volatile("" : : "r"(sum));
    print(system, "page cache hit", clocks, kTurns);
}

void run_filecost(kernel::System& system, kernel::Arguments) {
    fs::FileCalls& calls = system.files->calls();
    const auto file = calls.open(abi::kAtWorkingDirectory, kFile, abi::kOpenReadOnly, 0);
    if (!file.ok())
        return system.console.print("filecost: %s: %s\n", kFile, error_name(file.error()));
    if (read_cold(system, file.value())) {
        read_cached(system, file.value());
        look_up(system, file.value());
    } else {
        system.console.print("filecost: %s cannot be read\n", kFile);
    }
    (void)calls.close(file.value());
}
MONITOR_COMMAND(filecost, "", "what reading a file costs", run_filecost);

}  // namespace
}  // namespace quire::test
