// /proc/PID/maps and /proc/PID/smaps, to the letter of Linux.
//
//     08048000-0804a000 r-xp 00001000 03:01 17                                 /bin/sh
//     from     to       rights object      device and number of the file       name, from column 49
//
// Regions that are equal in all that is told may be two here and one on Linux, or the other way
// round. (Linux: fs/proc/task_mmu.c.)
#pragma once

#include <string_view>

#include "fs/node.h"
#include "kernel/process/process.h"
#include "mm/text_writer.h"

namespace quire::kernel {

/// Who knows the paths of nodes (fs/name_search.h in the kernel).
class NodeNames {
  public:
    /// The path, valid until the next call; empty: it has none any more.
    [[nodiscard]] virtual std::string_view path_of(fs::Node& node) = 0;

  protected:
    ~NodeNames() = default;
};

/// What stands in the last column of its line: a path, or what it is for; empty: nothing. Valid as
/// NodeNames::path_of().
std::string_view region_name(ProgramMemory& memory, NodeNames& names, const mm::Region& region);

void write_maps(ProgramMemory& memory, NodeNames& names, const mm::TextWriter& out);
void write_smaps(ProgramMemory& memory, NodeNames& names, const mm::TextWriter& out);

}  // namespace quire::kernel
