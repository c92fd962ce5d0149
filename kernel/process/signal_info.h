// siginfo_t: from what the kernel knows of a signal to the 128 bytes that a program gets, and back.
// sigaction(2), rt_sigqueueinfo(2); Linux: kernel/signal.c, siginfo_layout().
#pragma once

#include "kernel/abi/signal.h"
#include "kernel/process/signals.h"

namespace quire::kernel {

[[nodiscard]] abi::SigInfo to_program(const SignalInfo& info);
/// What rt_sigqueueinfo(2) sends. The signal is not looked at.
[[nodiscard]] SignalInfo from_program(const abi::SigInfo& info);

}  // namespace quire::kernel
