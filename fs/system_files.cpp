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

// A text of fs/proc_report.h as the function of a ProcText.
template <void (*kWrite)(SystemReport&, const mm::TextWriter&)>
Result<void> report_text(void* report, const mm::TextWriter& out) {
    kWrite(*static_cast<SystemReport*>(report), out);
    return {};
}

Result<void> mounts_text(void* layer, const mm::TextWriter& out) {
    return write_mounts(*static_cast<FileLayer*>(layer), out);
}

}  // namespace

Result<void> write_mounts(FileLayer& layer, const mm::TextWriter& out) {
    const mm::OwnedFrame page = TRY(layer.take_frame());
    const std::span<char> room(reinterpret_cast<char*>(mm::frame_bytes(page.number())),
                               mm::kPageSize);
    layer.mounts.walk([&](const Mount& mount) {
        const Result<std::string_view> target =
            path_of(layer, layer.mounts.root(), mount.root, room);
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
    : files_{{{proc, "meminfo", report_text<write_meminfo>, &report},
              {proc, "vmstat", report_text<write_vmstat>, &report},
              {proc, "buddyinfo", report_text<write_buddyinfo>, &report},
              {proc, "slabinfo", report_text<write_slabinfo>, &report, 0400},
              {proc, "swaps", report_text<write_swaps>, &report},
              {proc, "uptime", report_text<write_uptime>, &report},
              {proc, "version", report_text<write_version>, &report},
              {proc, "cmdline", report_text<write_cmdline>, &report},
              {proc, "stat", report_text<write_stat>, &report},
              {proc, "loadavg", report_text<write_loadavg>, &report},
              {proc, "partitions", report_text<write_partitions>, &report},
              {proc, "cpuinfo", report_text<write_cpuinfo>, &report},
              {proc, "filesystems", report_text<write_filesystems>, &report},
              {proc, "mounts", mounts_text, &layer}}} {
    for (ProcText& file : files_)
        proc.tree().add(file);
}

}  // namespace quire::fs
