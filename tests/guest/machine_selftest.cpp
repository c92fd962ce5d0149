// The machine as booted: tick, clock, tables, memory map, symbols.
#include "cpu/fault_fixup.h"
#include "cpu/irq.h"
#include "cpu/registers.h"
#include "cpu/tsc.h"
#include "drivers/pit.h"
#include "kernel/backtrace.h"
#include "kernel/memory_report.h"
#include "kernel/selftest.h"
#include "libc/format.h"
#include "libc/string.h"

extern "C" const std::byte boot_stack_guard[];

namespace quire::test {
namespace {

void sleep_ticks(const kernel::System& system, std::uint64_t count) {
    const std::uint64_t end = system.pit.ticks() + count;
    while (system.pit.ticks() < end)
        cpu::enable_interrupts_and_halt();
}

SELFTEST(the_tick_ticks) {
    const std::uint64_t before = test.system().pit.ticks();
    const std::uint64_t tsc = cpu::read_tsc();
    sleep_ticks(test.system(), 3);
    CHECK(test.system().pit.ticks() >= before + 3);
    CHECK(cpu::read_tsc() > tsc);
}

SELFTEST(the_tsc_is_measured_against_the_tick) {
    sleep_ticks(test.system(), 15);
    CHECK(test.system().clock.tsc_khz() > 0);
}

// A wait bounded by the PIT ends, with interrupts off too.
SELFTEST(bounded_waits_end_without_interrupts) {
    cpu::InterruptGuard guard;
    drivers::PollDeadline deadline(test.system().pit, 1000);
    std::uint32_t polls = 0;
    while (!deadline.expired())
        ++polls;
    CHECK(polls > 0);
}

SELFTEST(interrupt_guard_restores) {
    CHECK(cpu::interrupts_enabled());
    {
        cpu::InterruptGuard outer;
        CHECK(!cpu::interrupts_enabled());
        { cpu::InterruptGuard inner; }
        CHECK(!cpu::interrupts_enabled());
    }
    CHECK(cpu::interrupts_enabled());
}

SELFTEST(the_memory_map_holds_the_kernel) {
    const boot::BootInfo& boot = test.system().boot;
    CHECK(boot.memory_map_count > 0 && boot.memory_map_count <= boot::kMaxMemoryMapEntries);
    CHECK(boot.kernel_start == 0x100000);
    CHECK(boot.kernel_end > boot.kernel_start);
    CHECK(kernel::usable_bytes(boot) > boot.kernel_end - boot.kernel_start);
}

SELFTEST(null_and_guard_pages_are_not_mapped) {
    CHECK(!cpu::try_read(0, 4).has_value());
    CHECK(!cpu::try_read(0xFFC, 4).has_value());
    const auto guard = reinterpret_cast<std::uint32_t>(boot_stack_guard);
    CHECK(!cpu::try_read(guard, 4).has_value());
    CHECK(!cpu::try_read(guard + 4092, 4).has_value());
    CHECK(cpu::try_read(guard + 4096, 4).has_value());
}

SELFTEST(the_symbol_table_names_functions) {
    const kernel::SymbolTable* symbols = kernel::kernel_symbols();
    CHECK(symbols != nullptr);
    if (symbols == nullptr) return;
    const auto address = symbols->address_of("kernel_main");
    CHECK(address.has_value());
    const auto found = symbols->find(address.value_or(0) + 5);
    CHECK(found.has_value() && found->name == "kernel_main" && found->offset == 5);
}

SELFTEST(write_protect_and_paging_are_on) {
    CHECK((cpu::read_cr0() & 0x80000000) != 0);
    CHECK((cpu::read_cr0() & cpu::kCr0WriteProtect) != 0);
}

SELFTEST(the_c_library_works_in_the_kernel) {
    char text[64];
    CHECK(snprintf(text, sizeof(text), "%05d|%-4s|%#x|%lld|%c%%", 42, "ab", 0xBEEFU,
                   -1234567890123LL, '!') == 35);
    CHECK(strcmp(text, "00042|ab  |0xbeef|-1234567890123|!%") == 0);
    char moved[] = "abcdefgh";
    memmove(moved + 2, moved, 5);
    CHECK(strcmp(moved, "ababcdeh") == 0);
}

}  // namespace
}  // namespace quire::test
