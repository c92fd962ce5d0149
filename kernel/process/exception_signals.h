// Exceptions of a program and the signals that they become: the table of this kernel.
//
//     #DE SIGFPE   #DB SIGTRAP  #BP SIGTRAP  #OF SIGSEGV  #BR SIGSEGV  #UD SIGILL
//     #TS SIGSEGV  #NP SIGBUS   #SS SIGBUS   #GP SIGSEGV  #MF SIGFPE   #AC SIGBUS  #XM SIGFPE
//
// #PF is not here: whether it is an error at all is the memory manager's to say (mm/page_fault.h).
// SDM 3A 6.15; sigaction(2) has the codes; Linux: arch/x86/kernel/traps.c.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/process/signals.h"

namespace quire::kernel {

/// What is known of an exception that ring 3 has brought about.
struct ExceptionFacts {
    std::uint32_t vector = 0;
    std::uint32_t error_code = 0;
    std::uint32_t eip = 0;
    std::uint32_t debug_status = 0;  // DR6, for #DB
    std::uint16_t x87_control = 0;   // for #MF
    std::uint16_t x87_status = 0;
    std::uint32_t mxcsr = 0;  // for #XM
};

/// Nothing: the program goes on (an x87 exception that is no longer there).
/// Precondition: not #PF, nor one that is never a program's (NMI, #NM, #DF, #MC).
[[nodiscard]] std::optional<SignalInfo> signal_of(const ExceptionFacts& facts);

}  // namespace quire::kernel
