// The monitor's `filecost`: what reading a file costs, in TSC clocks less those slept while the
// disk worked. Under QEMU's -icount shift=0 a clock is an instruction. The bytes go nowhere: what
// is measured is the way to them.
#include "cpu/irq.h"
#include "cpu/tsc.h"
#include "kernel/abi/fcntl.h"
#include "kernel/files.h"
#include "kernel/monitor.h"

namespace quire::test {
namespace {

constexpr const char* kFile = "/data/offsets";
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

// Answers whether all of it could be read.
bool read_cold(kernel::System& system, fs::Descriptor file) {
    Nowhere nowhere;
    const std::uint32_t commands_before = commands(system);
    const std::uint64_t slept = system.disks->waiter().slept();
    const std::uint64_t start = cpu::read_tsc();
    for (std::uint32_t page = 0; page < kPages; ++page) {
        const auto read = system.files->calls().read(file, mm::kPageSize, nowhere);
        if (!read.ok() || read.value() != mm::kPageSize) return false;
    }
    const std::uint64_t clocks = cpu::read_tsc() - start - (system.disks->waiter().slept() - slept);
    print(system, "file read cold, a page", clocks, kPages);
    print(system, "commands for 8 MiB", commands(system) - commands_before, 1);
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
    (void)system.virtual_memory->reclaim().drop_clean();
    const auto file = calls.open(abi::kAtWorkingDirectory, kFile, abi::kOpenReadOnly, 0);
    if (!file.ok()) return system.console.print("filecost: %s\n", error_name(file.error()));
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
