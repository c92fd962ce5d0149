#include "cpu/idt.h"

#include <utility>

#include "cpu/descriptor_tables.h"
#include "cpu/exceptions.h"
#include "cpu/fault_fixup.h"
#include "cpu/pic.h"

extern "C" const std::uint32_t isr_stub_table[quire::cpu::kVectors];
extern "C" void system_call_entry();
extern "C" constinit quire::cpu::SystemCallHandler system_call_handler;
extern "C" void trap_dispatch(quire::cpu::TrapFrame* frame);
extern "C" void emergency_trap(std::uint32_t vector, std::uint32_t error_code);

namespace quire::cpu {
namespace {

// The type bytes of a gate (SDM 3A figure 6-2): present, privilege that may call it, kind.
constexpr std::uint8_t kInterruptGateRing0 = 0x8E;
constexpr std::uint8_t kInterruptGateRing3 = 0xEE;
constexpr std::uint8_t kTrapGateRing3 = 0xEF;
constexpr std::uint8_t kTaskGate = 0x85;

struct Gate {
    std::uint16_t offset_low;
    std::uint16_t selector;
    std::uint8_t zero;
    std::uint8_t type;
    std::uint16_t offset_high;
};
static_assert(sizeof(Gate) == 8);

constinit Gate idt[kVectors]{};
constinit TrapHandler handlers[kVectors]{};
using Fallback = void (*)(TrapFrame& frame);
constinit Fallback fallback_handler = nullptr;
constinit UserReturn user_return = [](TrapFrame&) {};
constinit bool from_user = false;

// The handler of a vector that has no other, and the next to be asked where that one declines.
Trap take_unhandled(TrapFrame& frame) {
    if (!apply_fault_fixup(frame)) fallback_handler(frame);
    return Trap::Handled;
}

Trap take_irq(TrapFrame& frame) {
    from_user = frame.from_user();
    dispatch_irq(static_cast<std::uint8_t>(frame.vector - kFirstIrqVector));
    return Trap::Handled;
}

constexpr Gate make_gate(std::uint16_t selector, std::uint32_t offset, std::uint8_t type) {
    return {static_cast<std::uint16_t>(offset), selector, 0, type,
            static_cast<std::uint16_t>(offset >> 16)};
}

// #BP and #OF can be raised by INT3 and INTO in ring 3 only if their gates allow it.
constexpr bool callable_from_ring3(std::uint32_t vector) {
    return vector == exception::kBreakpoint || vector == exception::kOverflow;
}

}  // namespace

void load_idt(Fallback fallback) {
    fallback_handler = fallback;
    for (std::uint32_t vector = 0; vector < kVectors; ++vector) {
        idt[vector] =
            make_gate(kKernelCode, isr_stub_table[vector],
                      callable_from_ring3(vector) ? kInterruptGateRing3 : kInterruptGateRing0);
        const bool is_irq = vector - kFirstIrqVector < kIrqLines;
        handlers[vector] = is_irq ? take_irq : take_unhandled;
    }
    const auto system_call = reinterpret_cast<std::uint32_t>(system_call_entry);
    idt[kSystemCallVector] = make_gate(kKernelCode, system_call, kTrapGateRing3);
    idt[exception::kDoubleFault] = make_gate(kDoubleFaultTss, 0, kTaskGate);
    idt[exception::kNmi] = make_gate(kNmiTss, 0, kTaskGate);

    struct [[gnu::packed]] {
        std::uint16_t limit;
        std::uint32_t base;
    } const pointer{sizeof(idt) - 1, reinterpret_cast<std::uint32_t>(idt)};
    asm volatile("lidt %0" : : "m"(pointer) : "memory");
}

TrapHandler set_trap_handler(std::uint8_t vector, TrapHandler handler) {
    return std::exchange(handlers[vector], handler);
}

SystemCallHandler set_system_call_handler(SystemCallHandler handler) {
    return std::exchange(system_call_handler, handler);
}

void set_user_return(UserReturn function) {
    user_return = function;
}

bool interrupt_came_from_user() {
    return from_user;
}

}  // namespace quire::cpu

using namespace quire::cpu;

// Called by cpu/isr_stubs.asm. Nobody makes calls before there is somebody to take them.
constinit SystemCallHandler system_call_handler = [](TrapFrame& frame) { fallback_handler(frame); };

// Called by cpu/isr_stubs.asm for every exception and interrupt but system calls.
void trap_dispatch(TrapFrame* frame) {
    if (handlers[frame->vector](*frame) == Trap::NotHandled) (void)take_unhandled(*frame);
    if (frame->from_user()) user_return(*frame);
}

// Called by cpu/task_entries.asm, on the emergency stack: what the task gate saved in the main TSS
// becomes a TrapFrame, and where a handler wants to go on (EIP, ESP, EBP, EFLAGS) goes back there.
// The task switch set CR0.TS; it has done so on the way back too, so the FPU's state is cleared of
// it by whoever uses the FPU next.
void emergency_trap(std::uint32_t vector, std::uint32_t error_code) {
    TaskState& saved = main_task_state();
    TrapFrame frame{};
    frame.gs = saved.gs, frame.fs = saved.fs, frame.es = saved.es, frame.ds = saved.ds;
    frame.edi = saved.edi, frame.esi = saved.esi, frame.ebp = saved.ebp, frame.ebx = saved.ebx;
    frame.edx = saved.edx, frame.ecx = saved.ecx, frame.eax = saved.eax;
    frame.pushad_esp = saved.esp - 5 * sizeof(std::uint32_t);  // see interrupted_esp()
    frame.vector = vector, frame.error_code = error_code;
    frame.eip = saved.eip, frame.cs = saved.cs, frame.eflags = saved.eflags;
    frame.user_esp = saved.esp, frame.user_ss = saved.ss;

    if (handlers[vector](frame) == Trap::NotHandled) (void)take_unhandled(frame);

    saved.eip = frame.eip, saved.esp = frame.user_esp, saved.ebp = frame.ebp;
    saved.eflags = frame.eflags;
}
