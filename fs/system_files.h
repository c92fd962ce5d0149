// The files of /proc about the whole machine: what is in them is told by a SystemReport, and by the
// mount table.
#pragma once

#include <array>

#include "fs/file_layer.h"
#include "fs/proc_report.h"
#include "fs/procfs.h"

namespace quire::fs {

/// All of them, in the root of a /proc as long as this lives.
class SystemFiles {
  public:
    /// Everything handed in must stay.
    SystemFiles(Procfs& proc, SystemReport& report, FileLayer& layer);

  private:
    std::array<ProcText, 14> files_;
};

/// The text of /proc/mounts. A mount whose directory cannot be named any more is left out.
/// Errors: OutOfMemory.
Result<void> write_mounts(FileLayer& layer, const mm::TextWriter& out);

}  // namespace quire::fs
