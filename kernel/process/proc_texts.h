// The texts of /proc/PID but its maps: stat, statm, status, comm and their kin, to the letter of
// Linux, so that ps, top and pidof can read them. proc(5). What Quire has not is 0.
//
// A zombie has no memory: what tells of memory is left out, or 0, as on Linux. (Linux:
// fs/proc/array.c, fs/proc/task_mmu.c.)
#pragma once

#include "kernel/process/process.h"
#include "mm/text_writer.h"

namespace quire::kernel {

/// What a process's own record does not know.
struct ProcessSurroundings {
    std::int32_t foreground_group = -1;  // of its terminal; -1: it has none
    mm::PageCount memory_total;          // RAM and swap, for the oom score
};

/// 'R', 'S', 'D', 'T' or 'Z'.
[[nodiscard]] char state_letter(Process& process);

void write_stat(Process& process, const ProcessSurroundings& around, const mm::TextWriter& out);
void write_statm(Process& process, const mm::TextWriter& out);
void write_status(Process& process, const mm::TextWriter& out);
void write_comm(const Process& process, const mm::TextWriter& out);
void write_oom_score(Process& process, const ProcessSurroundings& around,
                     const mm::TextWriter& out);
void write_oom_adjustment(const Process& process, const mm::TextWriter& out);
/// Not a text: pairs of words, up to and with AT_NULL.
void write_auxiliary(const Process& process, const mm::TextWriter& out);

}  // namespace quire::kernel
