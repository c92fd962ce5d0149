// Every exception that can be raised from ring 0 is caught, with its own vector and error code, and
// its frame holds the registers as they were.
#include "cpu/descriptor_tables.h"
#include "cpu/exceptions.h"
#include "cpu/fault_fixup.h"
#include "cpu/idt.h"
#include "cpu/irq.h"
#include "cpu/registers.h"
#include "kernel/crash.h"
#include "kernel/selftest.h"
#include "tests/guest/crash_catcher.h"

namespace quire::test {
namespace {

// What a crash may leave behind in the CPU: a pending x87 or SSE exception, CR0.TS.
void restore_cpu(const kernel::System& system) {
    asm volatile("clts; fnclex");
    if (system.features.sse()) {
        const std::uint32_t all_masked = 0x1F80;
        asm volatile("ldmxcsr %0" : : "m"(all_masked));
    }
}

// Of the kinds crash.h lists, those this emulator does not raise.
bool may_be_missing(const kernel::System& system, std::uint8_t vector) {
    using namespace cpu::exception;
    // QEMU's translator computes SSE results without the exceptions, and checks no alignment.
    if (vector == kSimdFloatingPoint) return !system.features.sse() || system.features.hypervisor();
    return vector == kAlignmentCheck && system.features.hypervisor();
}

SELFTEST(exceptions_are_caught_with_true_registers) {
    for (const kernel::CrashKind& kind : kernel::crash_kinds()) {
        if (kind.vector == kernel::kNoVector) continue;
        const auto frame = catch_trap(kind.vector, kind.run);
        restore_cpu(test.system());
        if (!frame.has_value() && may_be_missing(test.system(), kind.vector)) {
            test.system().console.print("# %s is not raised by this machine\n", kind.name);
            continue;
        }
        test.system().console.print("# %s\n", cpu::exception_info(kind.vector).mnemonic);
        CHECK(frame.has_value());
        if (!frame.has_value()) continue;
        CHECK(frame->vector == kind.vector);
        CHECK(frame->error_code == kind.error_code);
        CHECK(frame->ebx == kernel::kCrashEbx);
        CHECK(frame->esi == kernel::kCrashEsi);
        CHECK(frame->edi == kernel::kCrashEdi);
        const bool in_ring3 = kind.vector == cpu::exception::kAlignmentCheck;
        CHECK(frame->cs == (in_ring3 ? cpu::kUserCode : cpu::kKernelCode));
        const std::uint32_t code =
            in_ring3 ? 0x00400000 : reinterpret_cast<std::uint32_t>(kind.run);
        CHECK(frame->eip > code && frame->eip - code < 256);
        if (kind.vector == cpu::exception::kDoubleFault) CHECK(frame->interrupted_esp() == 8);
    }
}

// A page fault says where, and what was tried.
SELFTEST(page_fault_reports_address_and_access) {
    const auto frame = catch_trap(cpu::exception::kPageFault, [] {
        asm volatile("movl 0x2468, %%eax" : : : "eax");
    });
    CHECK(frame.has_value());
    CHECK(cpu::read_cr2() == 0x2468);
    CHECK(frame.has_value() && frame->error_code == 0);
}

SELFTEST(software_interrupts_reach_their_vector) {
    const auto first = catch_trap(0x30, [] { asm volatile("int $0x30"); });
    CHECK(first.has_value() && first->vector == 0x30);
    const auto last = catch_trap(0xFF, [] { asm volatile("int $0xFF"); });
    CHECK(last.has_value() && last->vector == 0xFF);
}

SELFTEST(system_calls_have_a_way_of_their_own) {
    const auto frame = catch_system_call([] { asm volatile("int $0x80" : : "a"(4711)); });
    CHECK(frame.has_value() && frame->vector == cpu::kSystemCallVector);
    CHECK(frame.has_value() && frame->eax == 4711 && frame->call_number() == 4711);
}

// INT 27h looks like IRQ 7, but the controller has nothing in service.
SELFTEST(spurious_irqs_are_counted_and_dropped) {
    const std::uint32_t spurious = cpu::spurious_irqs();
    const std::uint32_t handled = cpu::irq_statistics(7).handled;
    asm volatile("int $0x27");
    asm volatile("int $0x2F");
    CHECK(cpu::spurious_irqs() == spurious + 2);
    CHECK(cpu::irq_statistics(7).handled == handled);
    CHECK(cpu::irq_statistics(15).handled == 0);
}

SELFTEST(accesses_that_may_fault_answer_instead) {
    static std::uint32_t cell = 0x12345678;
    const auto address = reinterpret_cast<std::uint32_t>(&cell);
    CHECK(cpu::try_read(address, 4) == 0x12345678U);
    CHECK(cpu::try_read(address + 1, 2) == 0x3456U);
    CHECK(cpu::try_read(address + 3, 1) == 0x12U);
    CHECK(cpu::try_write(address, 0xCAFEBABE, 2));
    CHECK(cell == 0x1234BABE);
    CHECK(!cpu::try_read(0, 4).has_value());
    CHECK(!cpu::try_read(0xFFFFFFFF, 4).has_value());
    CHECK(!cpu::try_write(0x1000, 1, 1));
}

}  // namespace
}  // namespace quire::test
