#include "kernel/user_faults.h"

#include "cpu/exceptions.h"
#include "cpu/fault_fixup.h"
#include "cpu/idt.h"
#include "cpu/registers.h"
#include "kernel/abi/signal.h"
#include "kernel/out_of_memory.h"
#include "kernel/process/signal_delivery.h"
#include "mm/layout.h"

namespace quire::kernel {
namespace {

using mm::FaultOutcome;

constinit Processes* the_processes = nullptr;

constexpr SignalInfo kKill{.signal = abi::kSigKill, .code = abi::kSiKernel};

SignalInfo signal_of(FaultOutcome outcome, const mm::Fault& fault) {
    SignalInfo info;
    info.address = fault.address.raw();
    info.trap = cpu::exception::kPageFault;
    info.error_code = fault.error_code();
    const bool is_bus_error =
        outcome == FaultOutcome::PastEnd || outcome == FaultOutcome::CannotRead;
    info.signal = is_bus_error ? abi::kSigBus : abi::kSigSegv;
    info.code = abi::kSegvMapError;
    if (outcome == FaultOutcome::NotAllowed) info.code = abi::kSegvAccessError;
    if (is_bus_error) info.code = abi::kBusAddress;
    return info;
}

// --- The fault -----------------------------------------------------------------------------------

// Precondition: the kernel lock is held.
FaultOutcome resolve(Thread& thread, const mm::Fault& fault) {
    for (;;) {
        const FaultOutcome outcome = thread.active_space->handle(fault);
        if (outcome == FaultOutcome::Resolved) ++thread.usage.minor_faults;
        if (outcome == FaultOutcome::ResolvedByRead) ++thread.usage.major_faults;
        if (outcome != FaultOutcome::OutOfMemory || is_dying(thread)) return outcome;
        if (!make_somebody_end(*the_processes, *thread.process)) return outcome;
        if (is_dying(thread)) return outcome;  // it was the one
    }
}

cpu::Trap on_page_fault(cpu::TrapFrame& frame) {
    const mm::VirtAddr address(cpu::read_cr2());
    Thread& self = the_processes->threads().current();
    const bool is_user_address = mm::page_of(address) < mm::kFirstKernelPage;
    if (self.active_space == nullptr || self.process == nullptr) return cpu::Trap::NotHandled;
    if (!frame.from_user() && (!is_user_address || !cpu::has_fault_fixup(frame)))
        return cpu::Trap::NotHandled;
    if ((frame.eflags & cpu::kEflagsInterrupt) != 0) cpu::enable_interrupts();

    mm::Fault fault = mm::Fault::decode(address, frame.error_code);
    FaultOutcome outcome = FaultOutcome::NotMapped;
    const KernelLockGuard guard(the_processes->lock());
    if (is_user_address) {
        outcome = resolve(self, fault);
    } else {
        fault.cause = mm::FaultCause::NotPresent;  // whether the kernel has a page there is its own
    }
    if (mm::is_resolved(outcome)) return cpu::Trap::Handled;
    if (outcome == FaultOutcome::KernelBug || !frame.from_user()) return cpu::Trap::NotHandled;
    if (outcome != FaultOutcome::OutOfMemory) {
        the_processes->force_signal(self, signal_of(outcome, fault));
    } else if (!is_dying(self)) {
        the_processes->force_signal(self, kKill);
    }
    return cpu::Trap::Handled;
}

// The task switch of a double fault or an NMI sets CR0.TS.
cpu::Trap on_no_fpu(cpu::TrapFrame& frame) {
    if (!frame.from_user() || the_processes->threads().current().process == nullptr)
        return cpu::Trap::NotHandled;
    asm volatile("clts");
    return cpu::Trap::Handled;
}

}  // namespace

void start_user_faults(Processes& processes) {
    the_processes = &processes;
    cpu::set_trap_handler(cpu::exception::kPageFault, on_page_fault);
    cpu::set_trap_handler(cpu::exception::kDeviceNotAvailable, on_no_fpu);
}

}  // namespace quire::kernel
