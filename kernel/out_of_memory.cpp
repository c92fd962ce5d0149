#include "kernel/out_of_memory.h"

#include <algorithm>
#include <string_view>

#include "kernel/abi/signal.h"
#include "kernel/base/log.h"
#include "kernel/files.h"
#include "kernel/memory_trace.h"
#include "kernel/process/oom_report.h"
#include "kernel/process/signal_delivery.h"
#include "kernel/virtual_memory.h"

namespace quire::kernel {
namespace {

constexpr SignalInfo kKill{.signal = abi::kSigKill, .code = abi::kSiKernel};

// Cuts a text into lines for the log, of at most a record each.
class LogLines {
  public:
    explicit LogLines(LogLevel level) : level_(level) {}
    mm::TextWriter writer() { return {take, this}; }

  private:
    static void take(void* context, const char* text, std::size_t length) {
        auto& self = *static_cast<LogLines*>(context);
        for (const char letter : std::string_view(text, length)) {
            if (letter == '\n') {
                self.line_[self.used_] = '\0';
                quire::log(self.level_, "oom", "%s", self.line_.data());
                self.used_ = 0;
            } else if (self.used_ < self.line_.size() - 1) {
                self.line_[self.used_++] = letter;
            }
        }
    }

    LogLevel level_;
    std::size_t used_ = 0;
    std::array<char, LogRing::kMaxText + 1> line_;
};

OomReport::Row row_of(const Process& process) {
    OomReport::Row row;
    row.pid = process.pid;
    row.user = process.credentials.user;
    row.name = process.name;
    row.figures.adjustment = process.oom_adjustment;
    row.figures.unkillable = process.pid == ProcessTable::kInit || process.memory == nullptr;
    if (process.memory == nullptr) return row;
    const mm::AddressSpace::Figures figures = process.memory->space.figures();
    row.figures.resident = figures.resident;
    row.figures.swapped = figures.swapped;
    row.figures.tables = figures.tables;
    return row;
}

void say_all(Processes& processes, const OomReport& report) {
    const fs::MemoryFigures memory = processes.files().report().memory();
    LogLines loud(LogLevel::Error), quiet(LogLevel::Info);
    report.write_cause(memory, loud.writer());
    report.write_state(memory, processes.memory().reclaim().marks().min, quiet.writer());
    report.write_verdict(loud.writer());
}

// Its memory is given back at once, as it may be long until it runs and ends by itself. Who shares
// it (vfork, clone) could not go on.
void end_for_memory(Processes& processes, Process& victim, mm::PageCount resident) {
    ++processes.memory().killed_for_memory();
    processes.system().trace->tell_oom_kill(victim, resident);
    ProgramMemory& memory = *victim.memory;
    processes.table().for_each([&](Process& process) {
        if (process.memory == &memory) processes.send(process, kKill);
    });
    memory.space.empty();
}

}  // namespace

bool make_somebody_end(Processes& processes, const Process& asker) {
    OomReport report(row_of(asker), processes.memory().reclaim().last_shortage(),
                     processes.memory().total_pages());
    ProcessTable& table = processes.table();
    const Process* const init = table.find(ProcessTable::kInit);
    table.for_each([&](Process& process) {
        OomReport::Row row = row_of(process);
        if (init != nullptr && process.memory == init->memory) row.figures.unkillable = true;
        report.add(row);
    });
    say_all(processes, report);
    if (report.choice().verdict().answer != mm::OomAnswer::End) return false;
    Process* const victim = table.find(report.victim().pid);
    ASSERT(victim != nullptr);
    end_for_memory(processes, *victim, report.victim().figures.resident);
    return true;
}

}  // namespace quire::kernel
