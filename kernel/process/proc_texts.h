// The texts of /proc/PID but its maps: stat, statm, status, comm and their kin, to the letter of
// Linux, so that ps, top and pidof can read them. proc(5). What Quire has not is 0.
//
// A zombie has no memory: what tells of memory is left out, or 0, as on Linux. (Linux:
// fs/proc/array.c, fs/proc/task_mmu.c.)
#pragma once

#include "kernel/process/process.h"
#include "mm/text_writer.h"

namespace quire::kernel {

/// Whom a text is about: a whole process, or one of its threads (/proc/PID/task/TID).
struct ProcSubject {
    // NOLINTNEXTLINE(google-explicit-constructor) a process stands for itself
    ProcSubject(Process& whole) : process(whole), tid(whole.pid), thread(whole.leader()) {}
    ProcSubject(Process& its_process, ProcessId its_tid)
        : process(its_process),
          tid(its_tid),
          thread(its_process.thread(its_tid)),
          is_thread(true) {}

    Process& process;
    ProcessId tid;
    Thread* thread;  // nullptr: it has ended, and keeps its number
    bool is_thread = false;

    [[nodiscard]] const char* name() const {
        return thread == nullptr ? process.name.data() : process.name_of(*thread).data();
    }
    /// nullptr: it has ended.
    [[nodiscard]] FileTable* files() const { return thread == nullptr ? nullptr : thread->files; }
    [[nodiscard]] WorkingPlace* place() const {
        return thread == nullptr ? nullptr : thread->place;
    }
    /// What it has used: all threads, or the one.
    [[nodiscard]] Usage usage() const;
};

/// What a process's own record does not know.
struct ProcessSurroundings {
    std::int32_t foreground_group = -1;  // of its terminal; -1: it has none
    mm::PageCount memory_total;          // RAM and swap, for the oom score
};

/// 'R', 'S', 'D', 'T' or 'Z': of the thread; of a process the leader's, as on Linux.
[[nodiscard]] char state_letter(const ProcSubject& subject);
[[nodiscard]] char state_letter(const Thread& thread);

void write_stat(const ProcSubject& subject, const ProcessSurroundings& around,
                const mm::TextWriter& out);
void write_statm(Process& process, const mm::TextWriter& out);
void write_status(const ProcSubject& subject, const mm::TextWriter& out);
void write_comm(const ProcSubject& subject, const mm::TextWriter& out);
void write_oom_score(Process& process, const ProcessSurroundings& around,
                     const mm::TextWriter& out);
void write_oom_adjustment(const Process& process, const mm::TextWriter& out);
/// Not a text: pairs of words, up to and with AT_NULL.
void write_auxiliary(const Process& process, const mm::TextWriter& out);

}  // namespace quire::kernel
