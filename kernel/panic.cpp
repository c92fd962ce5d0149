#include "kernel/panic.h"

#include <cstdarg>

#include "cpu/descriptor_tables.h"
#include "cpu/exceptions.h"
#include "cpu/idt.h"
#include "cpu/ports.h"
#include "cpu/registers.h"
#include "kernel/backtrace.h"
#include "kernel/base/assert.h"
#include "kernel/emulator.h"
#include "kernel/memory.h"
#include "kernel/memory_report.h"
#include "kernel/system.h"
#include "libc/format.h"
#include "mm/kernel_place.h"
#include "mm/physical_window.h"

extern "C" const std::byte boot_stack_guard[];

namespace quire::kernel {
namespace {

constexpr std::uint32_t kScreenColumns = 80;
constexpr std::uint32_t kScreenCells = kScreenColumns * 25;
constexpr std::uint16_t kWhiteOnRed = 0x4F00;
constexpr int kMicrosecondsPerByte = 100;  // 115,200 baud, rounded up
constexpr char kNoConsole[] = "*** Quire panic, before there is a console: ";

constexpr std::uint32_t kGuardBytes = 4096;
constexpr std::uint8_t kSnapshotVector = 0xFE;

constinit bool panicking = false;

bool in_stack_guard(std::uint32_t address) {
    return address - reinterpret_cast<std::uint32_t>(boot_stack_guard) < kGuardBytes;
}

// Before there is a console: straight to COM1 and to the second line of the screen.
void print_without_console(void* column, const char* text, std::size_t length) {
    auto* cells = reinterpret_cast<volatile std::uint16_t*>(
        mm::frame_bytes(mm::frame_of(mm::PhysAddr(drivers::VgaText::kPhysicalAddress))));
    auto& position = *static_cast<std::uint32_t*>(column);
    for (std::size_t i = 0; i < length; ++i) {
        cpu::out8(drivers::SerialPort::kCom1, static_cast<std::uint8_t>(text[i]));
        for (int wait = 0; wait < kMicrosecondsPerByte; ++wait)
            cpu::io_wait();
        if (position < kScreenCells) {
            cells[position++] = static_cast<std::uint16_t>(kWhiteOnRed | text[i]);
        }
    }
}

[[noreturn]] void panic_without_console(const char* format, std::va_list arguments) {
    std::uint32_t position = kScreenColumns;
    print_without_console(&position, kNoConsole, sizeof(kNoConsole) - 1);
    (void)libc::format_to(print_without_console, &position, format, arguments);
    cpu::halt_forever();
}

// Starts the last words. A second panic on the way ends it at once: better half a report than a
// loop.
System& begin_panic(const char* format, std::va_list arguments) {
    cpu::disable_interrupts();
    System* system = attached_system();
    if (system == nullptr) panic_without_console(format, arguments);
    if (panicking) {
        if (system->under_test) end_emulation(Verdict::Panicked);
        cpu::halt_forever();
    }
    panicking = true;
    system->console.use_polling();
    system->console.print("\n*** Quire panic: ");
    system->console.print_arguments(format, arguments);
    return *system;
}

[[gnu::format(printf, 1, 2)]] System& begin_panic(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    System& system = begin_panic(format, arguments);
    va_end(arguments);
    return system;
}

[[noreturn]] void end_panic(System& system) {
    print_memory_summary(system);
    system.console.print("The machine is halted.\n");
    system.console.flush();
    if (system.under_test) end_emulation(Verdict::Panicked);
    cpu::halt_forever();
}

void print_error_code(Console& console, const cpu::TrapFrame& frame) {
    switch (cpu::exception_info(frame.vector).error_code) {
    case cpu::ErrorCodeKind::None:
        break;
    case cpu::ErrorCodeKind::Zero:
        console.print(", error code %u", frame.error_code);
        break;
    case cpu::ErrorCodeKind::Selector: {
        const cpu::SelectorCode code = cpu::decode_selector(frame.error_code);
        console.print(", error code %04X: ", frame.error_code);
        if (frame.error_code == 0) {
            console.print("no selector");
        } else {
            console.print("%s entry %u%s", code.table, code.index,
                          code.external ? ", external event" : "");
        }
        break;
    }
    case cpu::ErrorCodeKind::PageFault: {
        const cpu::PageFaultCode code = cpu::decode_page_fault(frame.error_code);
        console.print(", error code %04X: %s at linear %08X in ring %s, %s", frame.error_code,
                      code.fetch   ? "fetch"
                      : code.write ? "write"
                                   : "read",
                      cpu::read_cr2(), code.user ? "3" : "0",
                      code.reserved  ? "a reserved bit is set"
                      : code.present ? "the page does not allow it"
                                     : "no page is present");
        break;
    }
    }
}

// What the faulting address belongs to. A double fault is mostly a page fault that found no stack.
void print_fault_place(System& system, const cpu::TrapFrame& frame) {
    if (frame.vector != cpu::exception::kPageFault &&
        frame.vector != cpu::exception::kDoubleFault) {
        return;
    }
    const std::uint32_t address = cpu::read_cr2();
    if (in_stack_guard(address)) {
        system.console.print("kernel stack overflow: %08X is in the boot stack's guard page\n",
                             address);
    } else if (system.memory != nullptr) {
        system.console.print("%08X: ", address);
        mm::describe_place(system.memory->map(), system.memory->dynamic_area(),
                           mm::VirtAddr(address), {Console::write_to, &system.console});
        system.console.print("\n");
    }
}

void print_flags(Console& console, std::uint32_t eflags) {
    static constexpr struct {
        std::uint8_t bit;
        const char* name;
    } kFlags[] = {{0, "CF"}, {2, "PF"},  {4, "AF"},  {6, "ZF"},  {7, "SF"},  {8, "TF"},
                  {9, "IF"}, {10, "DF"}, {11, "OF"}, {14, "NT"}, {16, "RF"}, {18, "AC"}};
    console.print("eflags %08X [", eflags);
    const char* separator = "";
    for (const auto& flag : kFlags) {
        if ((eflags & 1U << flag.bit) == 0) continue;
        console.print("%s%s", separator, flag.name);
        separator = " ";
    }
    console.print("]");
}

}  // namespace

cpu::TrapFrame snapshot_registers() {
    static cpu::TrapFrame snapshot;
    const auto keep = [](cpu::TrapFrame& frame) {
        snapshot = frame;
        return cpu::Trap::Handled;
    };
    const cpu::TrapHandler before = cpu::set_trap_handler(kSnapshotVector, keep);
    asm volatile("int %0" : : "i"(kSnapshotVector) : "memory");
    cpu::set_trap_handler(kSnapshotVector, before);
    return snapshot;
}

void print_registers(Console& console, const cpu::TrapFrame& frame) {
    console.print("eip %08X  esp %08X  ebp %08X  ", frame.eip, frame.interrupted_esp(), frame.ebp);
    print_flags(console, frame.eflags);
    console.print("\neax %08X  ebx %08X  ecx %08X  edx %08X  esi %08X  edi %08X\n", frame.eax,
                  frame.ebx, frame.ecx, frame.edx, frame.esi, frame.edi);
    console.print(
        "cs %04X  ss %04X  ds %04X  es %04X  fs %04X  gs %04X\ncr0 %08X  cr2 %08X  cr3 %08X  "
        "cr4 %08X\n",
        frame.cs, frame.from_user() ? frame.user_ss : cpu::kKernelData, frame.ds, frame.es,
        frame.fs, frame.gs, cpu::read_cr0(), cpu::read_cr2(), cpu::read_cr3(), cpu::read_cr4());
}

void handle_unexpected_trap(cpu::TrapFrame& frame) {
    if (frame.vector >= 32) {
        log(LogLevel::Warning, "cpu", "unexpected interrupt, vector %u at %08X", frame.vector,
            frame.eip);
        return;
    }
    const cpu::ExceptionInfo& info = cpu::exception_info(frame.vector);
    System& system = begin_panic("%s (%s, vector %u)", info.name, info.mnemonic, frame.vector);
    Console& console = system.console;
    print_error_code(console, frame);
    if (frame.vector == cpu::exception::kDebug) console.print(", dr6 %08X", cpu::read_dr6());
    console.print("\n");
    print_fault_place(system, frame);
    print_registers(console, frame);
    print_backtrace(console, frame.eip, frame.ebp);
    end_panic(system);
}

}  // namespace quire::kernel

namespace quire {

void panic(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    kernel::System& system = kernel::begin_panic(format, arguments);
    va_end(arguments);
    system.console.print("\n");
    const cpu::TrapFrame here = kernel::snapshot_registers();
    kernel::print_registers(system.console, here);
    kernel::print_backtrace(system.console, here.eip, here.ebp);
    kernel::end_panic(system);
}

void assertion_failed(const char* condition, const char* file, int line, const char* function) {
    panic("assertion failed: %s\n  at %s:%d in %s", condition, file, line, function);
}

}  // namespace quire
