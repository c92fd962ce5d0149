// The monitor's `costs`: what memory operations cost on this machine, in TSC clocks; under QEMU's
// -icount shift=0 a clock is an instruction. Each figure is the mean of many turns, less the cost
// of the loop around them, which is measured too (`dec; jnz`: 2.0 a turn shows that -icount is on).
#include <array>

#include "cpu/irq.h"
#include "cpu/tsc.h"
#include "kernel/kernel_heap.h"
#include "kernel/memory.h"
#include "kernel/monitor.h"

namespace quire::test {
namespace {

constexpr std::uint32_t kTurns = 1000;
constexpr mm::PageNumber kPage{0x00500};

std::uint64_t measure_empty_loop() {
    const std::uint64_t start = cpu::read_tsc();
    asm volatile("1: decl %0; jnz 1b" : : "r"(kTurns) : "cc");
    return cpu::read_tsc() - start;
}

// Interrupts are off in between, so that no tick is counted.
template <typename Operation>
void measure(kernel::Console& console, const char* name, Operation operation) {
    operation();  // once, to have everything touched
    cpu::InterruptGuard guard;
    const std::uint64_t start = cpu::read_tsc();
    for (std::uint32_t turn = 0; turn < kTurns; ++turn) {
        operation();
        asm volatile("" : : : "memory");
    }
    const std::uint64_t clocks = cpu::read_tsc() - start - measure_empty_loop();
    console.print("cost: %-28s %6u.%u\n", name, static_cast<unsigned>(clocks / kTurns),
                  static_cast<unsigned>(clocks * 10 / kTurns % 10));
}

// One pair in a heap that is in use: forty blocks of the size are live.
void measure_heap(kernel::Console& console, const char* name, std::size_t size) {
    std::array<void*, 40> live{};
    for (void*& block : live)
        block = kernel::kmalloc(size);
    measure(console, name, [size] { kernel::kfree(kernel::kmalloc(size)); });
    for (void* block : live)
        kernel::kfree(block);
}

void run_costs(kernel::System& system, kernel::Arguments) {
    kernel::Console& console = system.console;
    kernel::Memory& memory = *system.memory;
    mm::FrameAllocator& frames = memory.frames();
    mm::PageDirectory& directory = memory.map().directory();
    const std::uint64_t loop = measure_empty_loop();
    console.print("cost: %-28s %6u.%u\n", "empty loop", static_cast<unsigned>(loop / kTurns),
                  static_cast<unsigned>(loop * 10 / kTurns % 10));
    measure(console, "frame alloc+free", [&frames] {
        auto frame = frames.take_frame();
        if (frame.ok()) frames.drop_reference(frame.value());
    });
    auto held = frames.allocate_zeroed();
    if (!held.ok()) return;
    const mm::Pte entry =
        mm::Pte::for_frame(held.value().number(), mm::Protection::KernelReadWrite);
    // The page table stays for all turns: what is measured is the entry and the flush.
    measure(console, "map+unmap of a page", [&directory, entry] {
        if (directory.map(kPage, entry).ok()) (void)directory.unmap(kPage).flush();
    });
    measure(console, "translate", [&directory] {
        auto translation = directory.translate(mm::VirtAddr(0xC0100000));
        asm volatile("" : : "r"(&translation));
    });
    measure_heap(console, "kmalloc(64)+kfree", 64);
    measure_heap(console, "kmalloc(1000)+kfree", 1000);
    mm::FlushBatch batch(frames);
    directory.retire_empty_tables(
        mm::PageRange::of(mm::PageNumber(0x400), mm::PageCount(mm::kEntriesPerTable)), batch);
    batch.flush();
}
MONITOR_COMMAND(costs, "", "what memory operations cost, in TSC clocks", run_costs);

}  // namespace
}  // namespace quire::test
