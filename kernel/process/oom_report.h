// What the kernel says when it ends a process for want of memory: who asked, why nothing could
// leave, what RAM and swap hold, who has how much, and who ends.
//
//     out of memory: sort (pid 31) needs 4 KiB, 512 of 14804 are free, and nothing more can leave:
//         swap is full, all 16380 KiB
//     RAM 14804 KiB: 512 free (512 kept back), 12100 private, 40 of files, 0 shared
//     ...
//       pid  user      RAM     swap  tables    adj  score  name
//        32     0     1780    16380      40      0    583  hog
//     ends hog (pid 32), which has the most: 1780 KiB in RAM, 16380 in swap, 40 of page tables
//
// A pure function of figures, which it collects without any memory: the processes that have most
// are kept, the others are summed up. Units are KiB, as in /proc/meminfo.
#pragma once

#include <array>
#include <cstdint>

#include "fs/proc_report.h"
#include "kernel/process/process.h"
#include "mm/oom.h"
#include "mm/reclaim.h"
#include "mm/text_writer.h"

namespace quire::kernel {

class OomReport {
  public:
    /// As many processes are told of one by one.
    static constexpr std::uint32_t kMostRows = 10;

    struct Row {
        ProcessId pid = 0;
        std::uint32_t user = 0;
        std::array<char, 16> name{};
        mm::OomCandidate figures;
        [[nodiscard]] mm::PageCount pages() const {
            return figures.resident + figures.swapped + figures.tables;
        }
    };

    /// What was short, who asked for it. `total`: RAM and swap, not 0.
    OomReport(const Row& asker, const mm::Shortage& shortage, mm::PageCount total)
        : asker_(asker), shortage_(shortage), choice_(total), total_(total) {}

    /// Takes in a process; the oldest come first, as OomChoice has it.
    void add(const Row& row);
    [[nodiscard]] const mm::OomChoice& choice() const { return choice_; }
    /// Precondition: somebody is to end.
    [[nodiscard]] const Row& victim() const { return rows_[0]; }

    /// A sentence, a line. The same of all others.
    void write_cause(const fs::MemoryFigures& memory, const mm::TextWriter& out) const;
    /// Lines about RAM, swap and the processes, the one that goes first on top.
    /// `reserve`: frames kept back for who makes room.
    void write_state(const fs::MemoryFigures& memory, mm::PageCount reserve,
                     const mm::TextWriter& out) const;
    void write_verdict(const mm::TextWriter& out) const;

  private:
    Row asker_;
    mm::Shortage shortage_;
    mm::OomChoice choice_;
    mm::PageCount total_;
    std::array<Row, kMostRows> rows_;  // the worst first
    std::uint32_t count_ = 0;          // rows in use
    std::uint32_t others_ = 0;         // processes beside them
    mm::PageCount of_others_;          // and their pages
};

}  // namespace quire::kernel
