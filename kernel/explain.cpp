// The monitor's `explain ADDR` and `explain PID ADDR`: the page walk in words, what each kind of
// access would do, and what the address belongs to.
#include "cpu/registers.h"
#include "kernel/memory.h"
#include "kernel/monitor.h"
#include "kernel/proc_files.h"
#include "kernel/process/program_explain.h"
#include "mm/address_walk.h"
#include "mm/kernel_place.h"

namespace quire::kernel {
namespace {

constexpr const char* kUsage = "usage: explain [PID] ADDR; hexadecimal or a function's name\n";

void write_walk(Memory& memory, mm::FrameNumber directory, mm::VirtAddr address,
                const mm::TextWriter& out) {
    mm::explain(mm::walk_address(directory, address, memory.paging_mode(), memory.window_end()),
                out);
    out.print("  ");
}

// In the page tables that are loaded now, those of the kernel or of the program that ran last.
void explain_here(System& system, mm::VirtAddr address, const mm::TextWriter& out) {
    Memory& memory = *system.memory;
    write_walk(memory, mm::frame_of(mm::PhysAddr(cpu::read_cr3())), address, out);
    mm::describe_place(memory.map(), memory.dynamic_area(), address, out);
    out.print("\n");
}

void explain(System& system, Arguments arguments) {
    const mm::TextWriter out{Console::write_to, &system.console};
    const auto address = arguments.size() > 1 ? parse_address(arguments.back()) : std::nullopt;
    if (!address.has_value()) return system.console.print("%s", kUsage);
    if (arguments.size() < 3) return explain_here(system, mm::VirtAddr(*address), out);
    Process* const process = find_program(system, arguments, kUsage);
    if (process == nullptr) return;
    write_walk(*system.memory, process->memory->space.pages().directory().frame(),
               mm::VirtAddr(*address), out);
    explain_in_program(*process->memory, process_names(), mm::VirtAddr(*address), out);
}
MONITOR_COMMAND(explain, "[PID] ADDR", "the page walk for an address, bit by bit", explain);

}  // namespace
}  // namespace quire::kernel
