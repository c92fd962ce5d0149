// What /proc tells, as numbers: whole files, "Name: 12 kB" lines, processes.
#pragma once

#include <sys/types.h>

#include "user/tools/list.h"
#include "user/tools/tool.h"

namespace quire::tools {

/// A text of /proc, read at once; "" if it cannot be read.
class ProcText {
  public:
    explicit ProcText(const char* path);
    ~ProcText();
    ProcText(const ProcText&) = delete;
    ProcText& operator=(const ProcText&) = delete;

    [[nodiscard]] bool is_there() const { return length_ > 0; }
    [[nodiscard]] char* text() const { return text_; }
    [[nodiscard]] size_t length() const { return length_; }
    /// The number behind "Name:" or "name " at the start of a line; 0 if there is no such line.
    [[nodiscard]] unsigned long value(const char* name) const;

  private:
    char* text_;
    size_t length_ = 0;
};

/// A process as /proc/PID/stat and status tell of it. Sizes in KiB, times in ticks of 1/100 s.
struct Process {
    int pid, parent, group, session, terminal, terminal_group, priority, nice, threads;
    char name[64];
    char state;
    unsigned long user_time, system_time, start, minor_faults, major_faults;
    unsigned long size, resident, shared;
    uid_t user;

    [[nodiscard]] unsigned long time() const { return user_time + system_time; }
};

/// false if it is not there (any more).
bool read_process(int pid, Process& process);
/// The whole command, blanks between the words; "[name]" without one. Cut to `size`.
void read_command(const Process& process, char* to, size_t size);

/// All processes, by number. The memory is the list's.
class Processes {
  public:
    /// false, and errno, if /proc cannot be read.
    bool read();
    [[nodiscard]] std::span<Process> all() const { return processes_.all(); }

  private:
    List<Process> processes_;
};

/// The name of a terminal by its number ("hda" has 4, 64): "console", "tty", "?" if there is none.
const char* terminal_name(int number);
/// Seconds since the boot.
unsigned long uptime();

}  // namespace quire::tools
