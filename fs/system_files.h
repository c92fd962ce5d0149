// The files of /proc about the whole machine: what is in them is told by a SystemReport.
#pragma once

#include <array>

#include "fs/file_layer.h"
#include "fs/proc_report.h"
#include "fs/procfs.h"

namespace quire::fs {

/// One of the texts of fs/proc_report.h as a file.
class SystemFile final : public ProcText {
  public:
    using Text = void (*)(SystemReport& report, const mm::TextWriter& out);
    SystemFile(Procfs& system, std::string_view name, SystemReport& report, Text text,
               std::uint16_t permissions = 0444)
        : ProcText(system, name, permissions), report_(report), text_(text) {}

  private:
    Result<void> write_text(const mm::TextWriter& out) override {
        text_(report_, out);
        return {};
    }

    SystemReport& report_;
    Text text_;
};

/// /proc/mounts.
class MountsFile final : public ProcText {
  public:
    MountsFile(Procfs& system, FileLayer& layer) : ProcText(system, "mounts"), layer_(layer) {}

  private:
    Result<void> write_text(const mm::TextWriter& out) override;

    FileLayer& layer_;
};

/// All of them, in the root of `proc` as long as this lives. Everything handed in must stay.
class SystemFiles {
  public:
    SystemFiles(Procfs& proc, SystemReport& report, FileLayer& layer);

  private:
    MountsFile mounts_;
    std::array<SystemFile, 9> files_;
};

}  // namespace quire::fs
