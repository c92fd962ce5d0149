// Monitor commands about processes: `ps`, `maps PID`, `pt PID [ADDR]`. (`explain PID ADDR` is in
// kernel/explain.cpp.) Ctrl-] comes to the monitor while programs run; they wait meanwhile.
#include "kernel/monitor.h"
#include "kernel/proc_files.h"
#include "kernel/process/process_files.h"
#include "kernel/process/program_explain.h"
#include "kernel/process/program_figures.h"
#include "kernel/process/time_values.h"
#include "kernel/processes.h"

namespace quire::kernel {
namespace {

constexpr const char* kUsagePt = "usage: pt PID [ADDR]; the entries of the table for ADDR\n";

// Where a process has more than one: each of its threads.
void print_threads(Console& console, Process& process) {
    if (thread_count(process) == 1) return;
    for (Thread& thread : process.threads) {
        const std::uint64_t ticks = ticks_of(thread.usage.user_time + thread.usage.system_time);
        console.print("%5lu %5s %5s %5s %c %3s %8s %8s %8s %5lu.%02lu   %s\n",
                      static_cast<unsigned long>(thread.tid), "", "", "", state_letter(thread), "",
                      "", "", "", static_cast<unsigned long>(ticks / abi::kTicksPerSecond),
                      static_cast<unsigned long>(ticks % abi::kTicksPerSecond),
                      process.name_of(thread).data());
    }
}

void print_process(Console& console, Process& process) {
    const ProgramFigures figures =
        process.memory == nullptr ? ProgramFigures{} : figures_of(process.memory->space);
    const Usage usage = usage_of(process);
    const std::uint64_t ticks = ticks_of(usage.user_time + usage.system_time);
    console.print("%5lu %5lu %5lu %5lu %c %3ld %8lu %8lu %8lu %5lu.%02lu %s\n",
                  static_cast<unsigned long>(process.pid),
                  static_cast<unsigned long>(process.parent == nullptr ? 0 : process.parent->pid),
                  static_cast<unsigned long>(process.group),
                  static_cast<unsigned long>(process.session), state_letter(process),
                  static_cast<long>(process.nice), kib_of(figures.size), kib_of(figures.resident()),
                  kib_of(figures.swapped), static_cast<unsigned long>(ticks / abi::kTicksPerSecond),
                  static_cast<unsigned long>(ticks % abi::kTicksPerSecond), process.name.data());
}

void ps(System& system, Arguments) {
    Processes& processes = *system.processes;
    system.console.print(
        "  PID  PPID  PGRP   SID S  NI SIZE-KiB  RSS-KiB SWAP-KiB     TIME NAME\n");
    processes.table().for_each([&](Process& process) {
        print_process(system.console, process);
        print_threads(system.console, process);
    });
    for (const Thread& thread : processes.scheduler().all()) {
        if (thread.process != nullptr) continue;
        system.console.print("%5s %5s %5s %5s %c %3s %8s %8s %8s %8s [%s]\n", "-", "-", "-", "-",
                             state_letter(thread), "-", "-", "-", "-", "-", thread.name);
    }
}
MONITOR_COMMAND(ps, "", "all processes, their threads, and the kernel's", ps);

void maps(System& system, Arguments arguments) {
    Process* const process = find_program(system, arguments, "usage: maps PID\n");
    if (process == nullptr) return;
    write_maps(*process->memory, process_names(),
               mm::TextWriter{Console::write_to, &system.console});
}
MONITOR_COMMAND(maps, "PID", "the regions of a program, as in /proc/PID/maps", maps);

void pt(System& system, Arguments arguments) {
    Process* const process = find_program(system, arguments, kUsagePt);
    if (process == nullptr) return;
    const mm::TextWriter out{Console::write_to, &system.console};
    if (arguments.size() < 3) return write_page_tables(process->memory->space, out);
    const auto address = parse_address(arguments[2]);
    if (!address.has_value()) return system.console.print("%s", kUsagePt);
    write_page_table(process->memory->space, mm::VirtAddr(*address), out);
}
MONITOR_COMMAND(pt, "PID [ADDR]", "the page tables of a program, or the entries of one", pt);

}  // namespace

Process* find_program(System& system, Arguments arguments, const char* usage) {
    const auto pid =
        arguments.size() < 2 ? std::nullopt : parse_number(arguments[1], ProcessTable::kMostId);
    if (!pid.has_value()) {
        system.console.print("%s", usage);
        return nullptr;
    }
    Process* const process = system.processes->table().find(*pid);
    if (process == nullptr || process->memory == nullptr) {
        system.console.print("There is no program with this number; try ps.\n");
        return nullptr;
    }
    return process;
}

}  // namespace quire::kernel
