#include "fs/system_files.h"

#include "fs/path.h"
#include "mm/physical_window.h"

namespace quire::fs {

namespace {

// A field of /proc/mounts: what would end it, or the line, is written in octal.
void write_field(std::string_view text, const mm::TextWriter& out) {
    for (const char character : text) {
        const bool special =
            character == ' ' || character == '\t' || character == '\n' || character == '\\';
        out.print(special ? "\\%03o" : "%c", static_cast<unsigned char>(character));
    }
}

}  // namespace

// A mount whose directory cannot be named any more is left out.
Result<void> MountsFile::write_text(const mm::TextWriter& out) {
    const mm::OwnedFrame page = TRY(layer_.take_frame());
    const std::span<char> room(reinterpret_cast<char*>(mm::frame_bytes(page.number())),
                               mm::kPageSize);
    MountTable& mounts = layer_.mounts;
    mounts.walk([&](const Mount& mount) {
        const Result<std::string_view> target = path_of(layer_, mounts.root(), mount.root, room);
        if (!target.ok()) return;
        write_field(mount.source.data(), out);
        out.print(" ");
        write_field(target.value(), out);
        out.print(" %s %s,relatime 0 0\n", mount.file_system.type(),
                  mount.file_system.read_only() ? "ro" : "rw");
    });
    return {};
}

SystemFiles::SystemFiles(Procfs& proc, SystemReport& report, FileLayer& layer)
    : mounts_(proc, layer),
      files_{{{proc, "meminfo", report, write_meminfo},
              {proc, "vmstat", report, write_vmstat},
              {proc, "buddyinfo", report, write_buddyinfo},
              {proc, "slabinfo", report, write_slabinfo, 0400},
              {proc, "swaps", report, write_swaps},
              {proc, "uptime", report, write_uptime},
              {proc, "version", report, write_version},
              {proc, "cpuinfo", report, write_cpuinfo},
              {proc, "filesystems", report, write_filesystems}}} {
    proc.tree().add(mounts_);
    for (SystemFile& file : files_)
        proc.tree().add(file);
}

}  // namespace quire::fs
