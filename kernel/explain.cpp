// The monitor's `explain ADDR`: the page walk in words, what each kind of access would do, and what
// the address belongs to.
#include "cpu/registers.h"
#include "kernel/memory.h"
#include "kernel/monitor.h"
#include "mm/address_walk.h"
#include "mm/kernel_place.h"

namespace quire::kernel {
namespace {

void explain(System& system, Arguments arguments) {
    const auto address = arguments.size() > 1 ? parse_address(arguments[1]) : std::nullopt;
    if (!address.has_value()) {
        system.console.print("usage: explain ADDR; hexadecimal or a function's name\n");
        return;
    }
    Memory& memory = *system.memory;
    const mm::TextWriter out{Console::write_to, &system.console};
    const mm::FrameNumber directory = mm::frame_of(mm::PhysAddr(cpu::read_cr3()));
    mm::explain(mm::walk_address(directory, mm::VirtAddr(*address), memory.paging_mode(),
                                 memory.window_end()),
                out);
    system.console.print("  ");
    mm::describe_place(memory.map(), memory.dynamic_area(), mm::VirtAddr(*address), out);
    system.console.print("\n");
}
MONITOR_COMMAND(explain, "ADDR", "the page walk for an address, bit by bit", explain);

}  // namespace
}  // namespace quire::kernel
