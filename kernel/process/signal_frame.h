// What lies on a program's stack while its signal handler runs, as Linux i386 has it.
//
//     higher addresses                                           where
//     | what the program had there      |  <- esp before          program's or alternate stack
//     | FPU: FXSAVE's image (512)       |  at a multiple of 64
//     |      FSAVE's image and more(112)|
//     | return code (8)                 |  what runs if there is no SA_RESTORER
//     | siginfo, ucontext, or sigcontext|  the registers, the blocked signals
//     | arguments of the handler        |  signal; with SA_SIGINFO also &siginfo, &ucontext
//     | return address                  |  <- esp in the handler: 4 below a multiple of 16
//     lower addresses
//
// The handler returns to code that calls sigreturn or rt_sigreturn: those put everything back from
// here, and the program can have written anything to it meanwhile. So what comes back is made safe:
// ring 3 selectors that exist, flags that a program may set, bits of MXCSR that the CPU has.
// sigreturn(2); i386 ABI: the stack is aligned at calls; Linux: arch/x86/kernel/signal.c.
#pragma once

#include "cpu/trap_frame.h"
#include "kernel/abi/signal.h"
#include "kernel/process/fpu_frame.h"
#include "kernel/process/signal_delivery.h"

namespace quire::kernel {

/// The frame of a handler without SA_SIGINFO.
struct PlainSignalFrame {
    std::uint32_t return_address;
    std::uint32_t signal;
    abi::SigContext context;
    std::uint8_t unused[sizeof(abi::FpuFrame)];  // where the FPU was, once: nobody moves the rest
    std::uint32_t mask_high;                     // blocked signals 33 to 64
    std::uint8_t return_code[8];
};
static_assert(sizeof(PlainSignalFrame) == 732 && offsetof(PlainSignalFrame, mask_high) == 720);

/// The frame of a handler with SA_SIGINFO.
struct InfoSignalFrame {
    std::uint32_t return_address;
    std::uint32_t signal;
    std::uint32_t info_address;
    std::uint32_t context_address;
    abi::SigInfo info;
    abi::UContext context;
    std::uint8_t return_code[8];
};
static_assert(sizeof(InfoSignalFrame) == 268 && offsetof(InfoSignalFrame, context) == 144);

/// Writes the frame for a handler and sets `registers` to start it. What it finds there goes into
/// the frame, with the thread's FPU registers (in thread.fpu, which is as after a reset then) and
/// mask_after_handler(). The alternate stack is disarmed, if it is of that kind.
/// Errors: BadAddress: no room on the stack; registers and thread are as before.
Result<void> push_signal_frame(Thread& thread, cpu::TrapFrame& registers, const Delivery& delivery,
                               FpuFormat format);

enum class FrameKind : std::uint8_t { Plain, Info };
/// sigreturn and rt_sigreturn: registers, FPU, blocked signals and alternate stack as the frame
/// says. The stack pointer is behind what the return code has popped.
/// Errors: BadAddress, InvalidArgument (no frame of ours). Some of the registers may have changed;
/// all of them are fit for ring 3.
Result<void> pop_signal_frame(Thread& thread, cpu::TrapFrame& registers, FrameKind kind,
                              FpuFormat format);

}  // namespace quire::kernel
