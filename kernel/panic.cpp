#include "kernel/panic.h"

#include <cstdarg>

#include "cpu/exceptions.h"
#include "cpu/registers.h"
#include "kernel/backtrace.h"
#include "kernel/base/assert.h"
#include "kernel/emulator.h"
#include "kernel/system.h"

extern "C" const std::byte boot_stack_guard[];

namespace quire::kernel {
namespace {

constexpr std::uint32_t kGuardBytes = 4096;

constinit bool panicking = false;

bool in_stack_guard(std::uint32_t address) {
    return address - reinterpret_cast<std::uint32_t>(boot_stack_guard) < kGuardBytes;
}

// Starts the last words. A second panic on the way prints nothing more: better half a report than
// none.
System* begin_panic() {
    cpu::disable_interrupts();
    System* system = attached_system();
    if (system == nullptr || panicking) cpu::halt_forever();
    panicking = true;
    system->console.use_polling();
    system->console.print("\n*** Quire panic: ");
    return system;
}

void print_memory(const System& system, Console& console) {
    std::uint64_t usable = 0;
    for (std::uint32_t i = 0; i < system.boot.memory_map_count; ++i) {
        if (system.boot.memory_map[i].type == 1) usable += system.boot.memory_map[i].length;
    }
    console.print("memory: %u KiB usable, kernel at physical %08X-%08X\n",
                  static_cast<unsigned>(usable / 1024), system.boot.kernel_start,
                  system.boot.kernel_end);
}

[[noreturn]] void end_panic(System& system) {
    print_memory(system, system.console);
    system.console.print("The machine is halted.\n");
    system.console.flush();
    if (system.under_test) end_emulation(Verdict::Panicked);
    cpu::halt_forever();
}

void print_error_code(Console& console, const cpu::TrapFrame& frame) {
    switch (cpu::exception_info(frame.vector).error_code) {
    case cpu::ErrorCodeKind::None: break;
    case cpu::ErrorCodeKind::Zero: console.print(", error code %u", frame.error_code); break;
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
                      code.fetch ? "fetch" : code.write ? "write" : "read", cpu::read_cr2(),
                      code.user ? "3" : "0",
                      code.reserved  ? "a reserved bit is set"
                      : code.present ? "the page does not allow it"
                                     : "no page is present");
        break;
    }
    }
}

void print_flags(Console& console, std::uint32_t eflags) {
    static constexpr struct {
        std::uint8_t bit;
        const char* name;
    } kFlags[] = {{0, "CF"}, {2, "PF"},  {4, "AF"},  {6, "ZF"},  {7, "SF"},
                  {8, "TF"}, {9, "IF"},  {10, "DF"}, {11, "OF"}, {14, "NT"},
                  {16, "RF"}, {18, "AC"}};
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

void print_registers(Console& console, const cpu::TrapFrame& frame) {
    console.print("eip %08X  esp %08X  ebp %08X  ", frame.eip, frame.interrupted_esp(), frame.ebp);
    print_flags(console, frame.eflags);
    console.print("\neax %08X  ebx %08X  ecx %08X  edx %08X  esi %08X  edi %08X\n", frame.eax,
                  frame.ebx, frame.ecx, frame.edx, frame.esi, frame.edi);
    console.print("cs %04X  ds %04X  es %04X  fs %04X  gs %04X  cr0 %08X  cr2 %08X  cr3 %08X  "
                  "cr4 %08X\n",
                  frame.cs, frame.ds, frame.es, frame.fs, frame.gs, cpu::read_cr0(),
                  cpu::read_cr2(), cpu::read_cr3(), cpu::read_cr4());
}

void handle_unexpected_trap(cpu::TrapFrame& frame) {
    if (frame.vector >= 32) {
        log(LogLevel::Warning, "cpu", "unexpected interrupt, vector %u at %08X", frame.vector,
            frame.eip);
        return;
    }
    System* system = begin_panic();
    Console& console = system->console;
    const cpu::ExceptionInfo& info = cpu::exception_info(frame.vector);
    console.print("%s (%s, vector %u)", info.name, info.mnemonic, frame.vector);
    print_error_code(console, frame);
    console.print("\n");
    if (frame.vector == cpu::exception::kDoubleFault && in_stack_guard(cpu::read_cr2())) {
        console.print("kernel stack overflow: %08X is in the guard page below the boot stack\n",
                      cpu::read_cr2());
    }
    print_registers(console, frame);
    print_backtrace(console, frame.eip, frame.ebp);
    end_panic(*system);
}

}  // namespace quire::kernel

namespace quire {

void panic(const char* format, ...) {
    kernel::System* system = kernel::begin_panic();
    std::va_list arguments;
    va_start(arguments, format);
    system->console.print_arguments(format, arguments);
    va_end(arguments);
    system->console.print("\n");
    kernel::print_backtrace(system->console,
                            reinterpret_cast<std::uint32_t>(__builtin_return_address(0)),
                            *static_cast<std::uint32_t*>(__builtin_frame_address(0)));
    kernel::end_panic(*system);
}

void assertion_failed(const char* condition, const char* file, int line, const char* function) {
    panic("assertion failed: %s\n  at %s:%d in %s", condition, file, line, function);
}

}  // namespace quire
