// Switching on what of the CPU the kernel uses: x87 and SSE error reporting, machine checks.
#pragma once

#include "cpu/features.h"

namespace quire::cpu {

/// Sets CR0 and CR4 for the features the CPU has, and puts the x87 into its initial state. Errors
/// of the x87 come as #MF, those of SSE as #XM, and machine checks as #MC instead of a shutdown.
void enable_features(const Features& features);

}  // namespace quire::cpu
