// execve(2): everything that can fail first, then what cannot.
//
//     strings, file, new memory complete | other threads end | switch memory, close files, forget
//     an error leaves the caller as it was    no way back      handlers, set registers
//
// (Linux: fs/exec.c, begin_new_exec and setup_new_exec.)
#include "kernel/exec.h"

#include <utility>

#include "cpu/descriptor_tables.h"
#include "cpu/fpu.h"
#include "cpu/registers.h"
#include "kernel/abi/machine.h"
#include "kernel/abi/signal.h"
#include "kernel/abi/stat.h"
#include "kernel/files.h"
#include "kernel/memory_trace.h"
#include "kernel/process/limits.h"
#include "kernel/process/program.h"
#include "kernel/process/thread_end.h"
#include "kernel/process/user_path.h"
#include "kernel/system_call.h"
#include "kernel/virtual_memory.h"
#include "libc/string.h"

namespace quire::kernel {

namespace {

// The credentials that a program runs with: suid and sgid make them the file's.
Result<ProgramFacts> facts_of(Processes& processes, const Process& process,
                              const fs::Attributes& attributes) {
    ProgramFacts facts;
    facts.credentials = process.credentials;
    const std::uint32_t mode = attributes.permissions;
    constexpr std::uint32_t kGroupBits = abi::kModeSetGroup | abi::kModeGroupExecute;
    const bool sets_user = (mode & abi::kModeSetUser) != 0;
    const bool sets_group = (mode & kGroupBits) == kGroupBits;
    if (sets_user) facts.credentials.user = attributes.user;
    if (sets_group) facts.credentials.group = attributes.group;
    facts.sets_ids = sets_user || sets_group;
    facts.is_secure = facts.credentials.user != facts.credentials.real_user ||
                      facts.credentials.group != facts.credentials.real_group;
    facts.cpu_features = processes.system().features.edx;
    fs::MemorySink sink(facts.random);
    TRY(processes.files().random().fill(static_cast<std::uint32_t>(facts.random.size()), sink));
    return facts;
}

void set_name(Process& process, std::string_view path) {
    const std::size_t slash = path.rfind('/');
    std::string_view name = path;
    if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
    const std::size_t size =
        name.size() < process.name.size() ? name.size() : process.name.size() - 1;
    process.name = {};
    memcpy(process.name.data(), name.data(), size);
}

// The registers of a program that starts: all 0 but these. (Linux: start_thread.)
void set_registers(cpu::TrapFrame& frame, const StartPoint& start) {
    const cpu::TrapFrame before = frame;
    frame = {};
    frame.vector = before.vector;
    frame.ds = frame.es = frame.user_ss = cpu::kUserData;
    frame.cs = cpu::kUserCode;
    frame.eflags = cpu::kEflagsInterrupt | cpu::kEflagsAlwaysSet;
    frame.eip = start.entry;
    frame.user_esp = start.stack_pointer;
}

// The old memory goes, and who shares it with its parent (vfork) gives it back.
void switch_memory(Processes& processes, Thread& thread, ProgramMemory* memory) {
    processes.leave_memory(thread);
    processes.threads().use_space(&memory->space);
    std::swap(thread.process->memory, memory);
    processes.drop(memory);
    end_vfork(thread);
}

// What a thread has of the program that ends.
void clear_thread(Processes& processes, Thread& thread) {
    thread.alternate_stack = {};
    thread.tls = {};
    for (std::uint32_t i = 0; i < Thread::kTlsEntries; ++i)
        cpu::set_tls_descriptor(i, 0);
    cpu::initial_fpu_image(thread.fpu.bytes.data());
    processes.threads().load_fpu(thread);
}

}  // namespace

// Threads of the process do not count: they end before it matters.
Result<void> Processes::stop_sharing(Thread& thread) {
    Process& process = *thread.process;
    std::uint32_t own = 0;
    for (const Thread& other : process.threads)
        own += other.files == thread.files ? 1 : 0;
    FileTable* files = nullptr;
    if (thread.files->users > own) {
        files = TRY(file_tables_.allocate(files_.descriptor_blocks()));
        const Result<void> copied = files->table.copy_from(thread.files->table);
        if (!copied.ok()) {
            drop(files);
            return copied;
        }
    }
    if (process.signals->users > 1) {
        const Result<SignalTable*> signals = signal_tables_.allocate(process.signals->actions);
        if (!signals.ok()) {
            drop(files);
            return signals.error();
        }
        drop(process.signals);
        process.signals = signals.value();
    }
    if (files != nullptr) {
        drop(thread.files);
        thread.files = files;
    }
    return {};
}

Result<void> exec(Processes& processes, Thread& thread, cpu::TrapFrame& frame,
                  std::string_view path, ArgumentStrings& strings) {
    Process& process = *thread.process;
    fs::FileCalls files = processes.files_of(thread);
    ProgramLoader loader(processes.memory().user_memory(), files, strings);
    TRY(loader.open(path));
    const ProgramFacts facts = TRY(facts_of(processes, process, loader.attributes()));

    ProgramMemory* memory = TRY(processes.make_memory(process));
    const Result<StartPoint> start = loader.load(thread, *memory, facts);
    Result<void> alone = start.ok() ? processes.stop_sharing(thread) : start.error();
    if (alone.ok()) alone = processes.become_alone(thread);
    if (!alone.ok()) {
        processes.drop(memory);
        return alone.error();
    }

    memory->space.limits().may_lock_any = facts.credentials.is_root();
    switch_memory(processes, thread, memory);
    thread.files->table.close_on_exec();
    process.signals->actions.reset_handlers();
    clear_thread(processes, thread);
    process.credentials = facts.credentials;
    apply_limits(process);
    if (facts.sets_ids) process.personality &= ~abi::kPersonalityUnsafe;
    process.personality &= ~abi::kPersonalityKind;
    process.saved_user = facts.credentials.user;
    process.saved_group = facts.credentials.group;
    process.is_dumpable = !facts.is_secure;
    if (facts.is_secure) thread.parent_death_signal = 0;
    process.has_run_exec = true;
    process.exit_signal = abi::kSigChild;
    set_name(process, path);
    processes.system().trace->tell_exec(process);
    set_registers(frame, start.value());
    return {};
}

Result<void> exec(Processes& processes, Thread& thread, cpu::TrapFrame& frame,
                  std::string_view path, std::span<const std::string_view> arguments,
                  std::span<const std::string_view> environment) {
    ArgumentStrings strings(processes.memory().user_memory(), ArgumentStrings::kMostBytes);
    for (const std::string_view& argument : arguments)
        TRY(strings.append(argument));
    strings.end_arguments();
    for (const std::string_view& variable : environment)
        TRY(strings.append(variable));
    strings.end_environment();
    TRY(strings.append(path));
    return exec(processes, thread, frame, path, strings);
}

namespace {

// The order of errors is Linux's: the path, the strings, then the file.
Result<std::uint32_t> call_execve(SystemCall& call) {
    mm::UserMemory& memory = call.processes().memory().user_memory();
    const UserPath path = TRY(UserPath::copy(memory, call.pointer(0)));
    TRY(fs::PathWalk::check(path.text()));
    const mm::VirtAddr arguments = call.pointer(1);
    const mm::VirtAddr environment = call.pointer(2);
    ArgumentStrings strings(memory, most_argument_bytes(call.process().memory->space.limits()));
    const std::uint32_t argument_count = TRY(ArgumentStrings::count(arguments));
    const std::uint32_t variable_count = TRY(ArgumentStrings::count(environment));
    TRY(strings.reserve_pointers(argument_count, variable_count));
    TRY(strings.append_all_from(arguments, argument_count));
    if (argument_count == 0) TRY(strings.append({}));
    strings.end_arguments();
    TRY(strings.append_all_from(environment, variable_count));
    strings.end_environment();
    TRY(strings.append(path.text()));
    TRY(exec(call.processes(), call.thread(), call.frame(), path.text(), strings));
    return call.frame().eax;
}
SYSTEM_CALL(11, execve, call_execve, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
