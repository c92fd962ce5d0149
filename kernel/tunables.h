// /proc/sys/vm: what of memory management can be changed while it runs, as text. proc(5).
//
//     overcommit_memory     0 heuristic, 1 always, 2 never more than the limit; as on Linux
//     overcommit_ratio      the share of RAM that mode 2 may promise, in hundredths; as on Linux
//     replacement_policy    fifo clock aging two-lists [generations]: the one in brackets is used
//
// Root may write. Locking: the kernel lock.
#pragma once

#include <array>

#include "fs/procfs.h"
#include "kernel/virtual_memory.h"

namespace quire::kernel {

/// All of them, in /proc as long as this lives.
class Tunables {
  public:
    /// Everything handed in must stay.
    Tunables(fs::Procfs& proc, VirtualMemory& memory);

  private:
    fs::ProcDirectory system_;
    fs::ProcDirectory memory_;
    std::array<fs::ProcText, 3> files_;
};

}  // namespace quire::kernel
