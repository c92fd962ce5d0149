#include "kernel/process/proc_texts.h"

#include "kernel/abi/resource.h"
#include "kernel/process/process_table.h"
#include "kernel/process/program_figures.h"
#include "kernel/process/time_values.h"
#include "mm/oom.h"

namespace quire::kernel {

namespace {

using mm::PageCount;
using mm::TextWriter;

constexpr std::uint32_t kStandardSignals = 0x7FFFFFFF;  // as far as /proc/PID/stat knows them
constexpr std::uint64_t kAllCapabilities = 0x1FF'FFFF'FFFF;

unsigned long long wide(std::uint64_t value) {
    return value;
}
unsigned long ticks(std::uint64_t nanoseconds) {
    return static_cast<unsigned long>(ticks_of(nanoseconds));
}

const char* state_name(char letter) {
    switch (letter) {
    case 'R':
        return "R (running)";
    case 'S':
        return "S (sleeping)";
    case 'D':
        return "D (disk sleep)";
    case 'T':
        return "T (stopped)";
    default:
        return "Z (zombie)";
    }
}

// Sets of signals by what a process does about them.
struct SignalSets {
    SignalSet pending, pending_for_all, blocked, ignored, caught;
};
SignalSets signal_sets(const ProcSubject& subject) {
    const Process& process = subject.process;
    SignalSets sets;
    sets.pending_for_all = process.pending.set();
    if (subject.thread != nullptr) {
        sets.pending = subject.thread->pending.set();
        sets.blocked = subject.thread->blocked;
    }
    if (process.signals == nullptr) return sets;
    for (SignalNumber signal = 1; signal <= kSignals; ++signal) {
        const std::uint32_t handler = process.signals->actions.of(signal).handler;
        if (handler == SignalAction::kIgnore) {
            sets.ignored.add(signal);
        } else if (handler != SignalAction::kDefault) {
            sets.caught.add(signal);
        }
    }
    return sets;
}

// Whole pages around the code.
PageCount text_pages(const ProgramInfo& program) {
    return mm::pages_for(program.code_end - (program.code_start & ~(mm::kPageSize - 1)));
}

PageCount most_resident(Process& process, PageCount resident) {
    const PageCount most(usage_of(process).most_resident);
    return most < resident ? resident : most;
}

void write_ids(const ProcSubject& subject, const TextWriter& out) {
    const Process& process = subject.process;
    const fs::Credentials& who = process.credentials;
    const auto number = [](std::uint32_t id) { return static_cast<unsigned long>(id); };
    out.print("Uid:\t%lu\t%lu\t%lu\t%lu\n", number(who.real_user), number(who.user),
              number(process.saved_user), number(who.user));
    out.print("Gid:\t%lu\t%lu\t%lu\t%lu\n", number(who.real_group), number(who.group),
              number(process.saved_group), number(who.group));
    out.print("FDSize:\t%lu\nGroups:\t",
              number(subject.files() == nullptr ? 0 : fs::DescriptorTable::kMost));
    for (std::uint32_t i = 0; i < who.group_count; ++i)
        out.print("%s%lu", i == 0 ? "" : " ", number(who.groups[i]));
    out.print(" \n");
}

void write_identity(const ProcSubject& subject, const TextWriter& out) {
    Process& process = subject.process;
    out.print("Name:\t%s\n", subject.name());
    if (subject.place() != nullptr)
        out.print("Umask:\t%#04o\n", static_cast<unsigned>(subject.place()->view.umask));
    const auto pid = static_cast<unsigned long>(process.pid);
    const unsigned long parent = process.parent == nullptr ? 0 : process.parent->pid;
    out.print("State:\t%s\nTgid:\t%lu\nNgid:\t0\nPid:\t%lu\nPPid:\t%lu\nTracerPid:\t0\n",
              state_name(state_letter(subject)), pid, static_cast<unsigned long>(subject.tid),
              parent);
    write_ids(subject, out);
}

// VmHWM is as far as it is known: nobody keeps the books of each page.
void write_memory(Process& process, const TextWriter& out) {
    ProgramMemory& memory = *process.memory;
    const ProgramFigures figures = figures_of(memory.space);
    const PageCount text = text_pages(memory);
    const PageCount libraries = figures.executable > text ? figures.executable - text : PageCount();
    const struct {
        const char* label;
        PageCount pages;
    } lines[] = {
        {"VmPeak", memory.space.regions().peak_pages()},
        {"VmSize", figures.size},
        {"VmLck", figures.locked},
        {"VmPin", {}},
        {"VmHWM", most_resident(process, figures.resident())},
        {"VmRSS", figures.resident()},
        {"RssAnon", figures.anonymous},
        {"RssFile", figures.file},
        {"RssShmem", figures.shared},
        {"VmData", figures.data},
        {"VmStk", figures.stack},
        {"VmExe", text},
        {"VmLib", libraries},
        {"VmPTE", figures.tables},
        {"VmSwap", figures.swapped},
        {"HugetlbPages", {}},
    };
    for (const auto& line : lines)
        out.print("%s:\t%8lu kB\n", line.label, kib_of(line.pages));
    out.print("CoreDumping:\t0\nTHP_enabled:\t0\n");
}

void write_signals(const ProcSubject& subject, const TextWriter& out) {
    Process& process = subject.process;
    const SignalSets sets = signal_sets(subject);
    out.print("Threads:\t%lu\nSigQ:\t0/%lu\n", static_cast<unsigned long>(thread_count(process)),
              static_cast<unsigned long>(process.limits[abi::kLimitPendingSignals].soft));
    const struct {
        const char* label;
        SignalSet set;
    } lines[] = {{"SigPnd", sets.pending},
                 {"ShdPnd", sets.pending_for_all},
                 {"SigBlk", sets.blocked},
                 {"SigIgn", sets.ignored},
                 {"SigCgt", sets.caught}};
    for (const auto& line : lines)
        out.print("%s:\t%016llx\n", line.label, wide(line.set.bits()));
}

// Root may everything, everybody else nothing: there are no capabilities beside that.
void write_rights(const Process& process, const TextWriter& out) {
    const std::uint64_t own = process.credentials.is_root() ? kAllCapabilities : 0;
    out.print("CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\n", 0ULL, wide(own), wide(own));
    out.print("CapBnd:\t%016llx\nCapAmb:\t%016llx\n", wide(kAllCapabilities), 0ULL);
    out.print("NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n");
    out.print("Cpus_allowed:\t1\nCpus_allowed_list:\t0\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
}

}  // namespace

char state_letter(const ProcSubject& subject) {
    if (subject.process.state == ProcessState::Zombie || subject.thread == nullptr) return 'Z';
    return state_letter(*subject.thread);
}

char state_letter(const Thread& thread) {
    switch (thread.state) {
    case ThreadState::Ready:
        return 'R';
    case ThreadState::Sleeping:
        return 'S';
    case ThreadState::Waiting:
        return 'D';
    case ThreadState::Stopped:
        return 'T';
    case ThreadState::Ended:
        return 'Z';
    }
    ASSERT_UNREACHABLE();
}

Usage ProcSubject::usage() const {
    if (!is_thread) return usage_of(process);
    return thread == nullptr ? Usage{} : thread->usage;
}

void write_stat(const ProcSubject& subject, const ProcessSurroundings& around,
                const TextWriter& out) {
    Process& process = subject.process;
    const ProgramInfo none;
    const ProgramInfo& program =
        process.memory == nullptr ? none : static_cast<const ProgramInfo&>(*process.memory);
    const ProgramFigures figures =
        process.memory == nullptr ? ProgramFigures{} : figures_of(process.memory->space);
    const Usage own = subject.usage();
    const Usage& children = process.children_usage;
    const SignalSets sets = signal_sets(subject);
    const bool has_own_start = subject.is_thread && subject.thread != nullptr;
    const std::uint64_t start = has_own_start ? subject.thread->start_time : process.start_time;
    const auto number = [](std::uint32_t value) { return static_cast<unsigned long>(value); };
    const auto low = [&](SignalSet set) {
        return number(static_cast<std::uint32_t>(set.bits()) & kStandardSignals);
    };

    out.print("%lu (%s) %c %lu %lu %lu %lu %ld 0 ", number(subject.tid), subject.name(),
              state_letter(subject), number(process.parent == nullptr ? 0 : process.parent->pid),
              number(process.group), number(process.session), number(process.terminal),
              static_cast<long>(around.foreground_group));
    out.print("%llu %llu %llu %llu ", wide(own.minor_faults), wide(children.minor_faults),
              wide(own.major_faults), wide(children.major_faults));
    out.print("%lu %lu %lu %lu ", ticks(own.user_time), ticks(own.system_time),
              ticks(children.user_time), ticks(children.system_time));
    out.print("%ld %ld %lu 0 %llu ", 20L + process.nice, static_cast<long>(process.nice),
              number(thread_count(process)), wide(ticks_of(start)));
    const std::uint64_t most = process.limits[abi::kLimitResident].soft;
    out.print("%llu %lu %lu ", wide(std::uint64_t{figures.size.raw()} << mm::kPageShift),
              number(figures.resident().raw()),
              number(most < abi::kNoLimit ? static_cast<std::uint32_t>(most) : abi::kNoLimit));
    out.print("%lu %lu %lu 0 0 ", number(program.code_start), number(program.code_end),
              number(program.stack_start));
    out.print("%lu %lu %lu %lu 0 0 0 ", low(sets.pending | sets.pending_for_all), low(sets.blocked),
              low(sets.ignored), low(sets.caught));
    out.print("%lu 0 0 0 0 0 0 ", number(process.exit_signal));
    out.print("%lu %lu %lu %lu %lu %lu %lu ", number(program.data_start), number(program.data_end),
              number(program.break_start), number(program.arguments_start),
              number(program.arguments_end), number(program.arguments_end),
              number(program.environment_end));
    out.print("%lu\n", number(process.exit_status));
}

void write_statm(Process& process, const TextWriter& out) {
    if (process.memory == nullptr) return out.print("0 0 0 0 0 0 0\n");
    const ProgramFigures figures = figures_of(process.memory->space);
    const auto pages = [](PageCount count) { return static_cast<unsigned long>(count.raw()); };
    out.print("%lu %lu %lu %lu 0 %lu 0\n", pages(figures.size), pages(figures.resident()),
              pages(figures.file + figures.shared), pages(text_pages(*process.memory)),
              pages(figures.data + figures.stack));
}

void write_status(const ProcSubject& subject, const TextWriter& out) {
    Process& process = subject.process;
    write_identity(subject, out);
    if (process.memory != nullptr) write_memory(process, out);
    write_signals(subject, out);
    write_rights(process, out);
    const Usage usage = subject.usage();
    out.print("voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
              wide(usage.voluntary_switches), wide(usage.involuntary_switches));
}

void write_comm(const ProcSubject& subject, const TextWriter& out) {
    out.print("%s\n", subject.name());
}

// From 0 to 1,333 in thousandths, two thirds of them: so is a score of 666 that of a process which
// takes nothing. (Linux: proc_oom_score in fs/proc/base.c.)
void write_oom_score(Process& process, const ProcessSurroundings& around, const TextWriter& out) {
    if (process.memory == nullptr || process.oom_adjustment == mm::OomCandidate::kNever)
        return out.print("0\n");
    const ProgramFigures figures = figures_of(process.memory->space);
    const mm::OomCandidate candidate{
        .resident = figures.resident(), .swapped = figures.swapped, .tables = figures.tables};
    const auto used = static_cast<std::int32_t>(mm::oom_score(candidate, around.memory_total));
    const std::int32_t badness = (1000 + used + process.oom_adjustment) * 2 / 3;
    out.print("%ld\n", static_cast<long>(badness < 0 ? 0 : badness));
}

void write_oom_adjustment(const Process& process, const TextWriter& out) {
    out.print("%ld\n", static_cast<long>(process.oom_adjustment));
}

void write_auxiliary(const Process& process, const TextWriter& out) {
    if (process.memory == nullptr) return;
    const auto& words = process.memory->auxiliary;
    std::size_t count = 0;
    while (count + 2 <= words.size() && words[count] != 0)
        count += 2;
    if (count + 2 <= words.size()) count += 2;
    out.write(out.context, reinterpret_cast<const char*>(words.data()), count * sizeof(words[0]));
}

}  // namespace quire::kernel
