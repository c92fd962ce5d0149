// The end of the machine's work: reboot(2).
#pragma once

#include "kernel/abi/machine.h"
#include "user/system_call.h"

namespace quire::tools {

/// Writes back what is dirty, and does it. Comes back, with -errno, only if it may not be.
inline long end_machine(unsigned how) {
    system_call(SYS_sync);
    return system_call(SYS_reboot, abi::kRebootMagic1, abi::kRebootMagic2[0], how, 0);
}

}  // namespace quire::tools
