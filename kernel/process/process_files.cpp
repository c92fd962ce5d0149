#include "kernel/process/process_files.h"

#include "fs/file_layer.h"
#include "kernel/process/identity.h"
#include "kernel/process/limits.h"
#include "libc/format.h"
#include "mm/oom.h"
#include "mm/physical_window.h"

namespace quire::kernel {

namespace {

using mm::TextWriter;
using Kind = ProcessEntry::Kind;

// --- Texts ---

// A function of the process alone as a text.
template <typename Argument, void (*kWrite)(Argument, const TextWriter&)>
Result<void> plain(ProcessFiles&, const ProcSubject& about, const TextWriter& out) {
    kWrite(about.process, out);
    return {};
}

// A function of the process or thread.
template <void (*kWrite)(const ProcSubject&, const TextWriter&)>
Result<void> of_subject(ProcessFiles&, const ProcSubject& about, const TextWriter& out) {
    kWrite(about, out);
    return {};
}

Result<void> stat(ProcessFiles& files, const ProcSubject& about, const TextWriter& out) {
    write_stat(about, files.host().surroundings(about.process), out);
    return {};
}

Result<void> oom_score(ProcessFiles& files, const ProcSubject& about, const TextWriter& out) {
    write_oom_score(about.process, files.host().surroundings(about.process), out);
    return {};
}

template <void (*kWrite)(ProgramMemory&, NodeNames&, const TextWriter&)>
Result<void> of_memory(ProcessFiles& files, const ProcSubject& about, const TextWriter& out) {
    if (about.process.memory != nullptr) kWrite(*about.process.memory, files.host(), out);
    return {};
}

// A piece of the program's own memory.
Result<void> copy_out(ProcessFiles& files, Process& process, std::uint32_t first, std::uint32_t end,
                      const TextWriter& out) {
    const mm::OwnedFrame frame = TRY(fs::FileLayer::take_frame_from(files.memory()));
    std::byte* const room = mm::frame_bytes(frame.number());
    while (first < end) {
        const std::uint32_t bytes = end - first < mm::kPageSize ? end - first : mm::kPageSize;
        TRY(files.host().read_memory(process, mm::VirtAddr(first), {room, bytes}));
        out.write(out.context, reinterpret_cast<const char*>(room), bytes);
        first += bytes;
    }
    return {};
}

Result<void> cmdline(ProcessFiles& files, const ProcSubject& about, const TextWriter& out) {
    Process& process = about.process;
    if (process.memory == nullptr) return {};
    const ProgramInfo& program = *process.memory;
    return copy_out(files, process, program.arguments_start, program.arguments_end, out);
}

Result<void> environ(ProcessFiles& files, const ProcSubject& about, const TextWriter& out) {
    Process& process = about.process;
    if (process.memory == nullptr) return {};
    const ProgramInfo& program = *process.memory;
    return copy_out(files, process, program.arguments_end, program.environment_end, out);
}

// --- Links ---

fs::Node* exe(const ProcSubject& about) {
    const ProgramMemory* const memory = about.process.memory;
    return memory == nullptr ? nullptr : memory->executable.get();
}
fs::Node* cwd(const ProcSubject& about) {
    return about.place() == nullptr ? nullptr : about.place()->view.directory.get();
}
fs::Node* root(const ProcSubject& about) {
    return about.place() == nullptr ? nullptr : about.place()->view.root.get();
}

// --- What can be written ---

// (Linux: comm_write; a longer one is cut.)
Result<void> set_comm(ProcessFiles& files, const ProcSubject& about, std::string_view text) {
    Process& process = about.process;
    if (files.host().caller() != &process) return Error::InvalidArgument;
    if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    std::array<char, sizeof process.name> name{};
    for (std::size_t i = 0; i < text.size() && i + 1 < name.size(); ++i)
        name[i] = text[i];
    (about.thread == nullptr ? process.name : process.name_of(*about.thread)) = name;
    return {};
}

// A whole number with white space around it.
std::optional<std::int32_t> parse_signed(std::string_view text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t'; };
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    const bool negative = !text.empty() && text.front() == '-';
    if (negative) text.remove_prefix(1);
    const auto value = parse_number(text, INT32_MAX);
    if (!value.has_value()) return std::nullopt;
    const auto magnitude = static_cast<std::int32_t>(*value);
    return negative ? -magnitude : magnitude;
}

// Only root makes a process harder to kill.
Result<void> set_oom_adjustment(ProcessFiles& files, const ProcSubject& about,
                                std::string_view text) {
    Process& process = about.process;
    const std::optional<std::int32_t> wanted = parse_signed(text);
    if (!wanted.has_value() || *wanted < mm::OomCandidate::kNever ||
        *wanted > mm::OomCandidate::kFirst)
        return Error::InvalidArgument;
    const Process* const caller = files.host().caller();
    if (*wanted < process.oom_adjustment && caller != nullptr && !caller->credentials.is_root())
        return Error::AccessDenied;
    process.oom_adjustment = *wanted;
    return {};
}

constexpr ProcessEntry kEntries[] = {
    {"auxv", 0400, Kind::Text, true, plain<const Process&, write_auxiliary>, nullptr},
    {"cmdline", 0444, Kind::Text, false, cmdline, nullptr},
    {"comm", 0644, Kind::Text, false, of_subject<write_comm>, set_comm},
    {"cwd", 0777, Kind::Link, true, nullptr, nullptr, cwd},
    {"environ", 0400, Kind::Text, true, environ, nullptr},
    {"exe", 0777, Kind::Link, true, nullptr, nullptr, exe},
    {"fd", 0500, Kind::Descriptors, true, nullptr, nullptr},
    {"limits", 0444, Kind::Text, false, plain<const Process&, write_limits>, nullptr},
    {"maps", 0444, Kind::Text, true, of_memory<write_maps>, nullptr},
    {"oom_score", 0444, Kind::Text, false, oom_score, nullptr},
    {"oom_score_adj", 0644, Kind::Text, false, plain<const Process&, write_oom_adjustment>,
     set_oom_adjustment},
    {"pagemap", 0400, Kind::Pages, true, nullptr, nullptr},
    {"root", 0777, Kind::Link, true, nullptr, nullptr, root},
    {"smaps", 0444, Kind::Text, true, of_memory<write_smaps>, nullptr},
    {"stat", 0444, Kind::Text, false, stat, nullptr},
    {"statm", 0444, Kind::Text, false, plain<Process&, write_statm>, nullptr},
    {"status", 0444, Kind::Text, false, of_subject<write_status>, nullptr},
    {"task", 0555, Kind::Threads, false, nullptr, nullptr},
};

}  // namespace

std::optional<std::uint32_t> parse_number(std::string_view name, std::uint32_t most) {
    if (name.empty() || (name.size() > 1 && name.front() == '0')) return std::nullopt;
    std::uint64_t value = 0;
    for (const char digit : name) {
        if (digit < '0' || digit > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(digit - '0');
        if (value > most) return std::nullopt;
    }
    return static_cast<std::uint32_t>(value);
}

ProcessFiles::ProcessFiles(fs::Procfs& proc, mm::UserMemory& memory, mm::SlabRegistry& slabs,
                           ProcessTable& table, ProcessHost& host)
    : proc_(proc), memory_(memory), table_(table), host_(host), nodes_(slabs, "proc_inode") {
    proc.tree().add_source(*this);
}

std::span<const ProcessEntry> ProcessFiles::entries() {
    return kEntries;
}

Result<fs::NodeRef> ProcessFiles::make(ProcessNode::Role role, const ProcSubject* about,
                                       std::uint32_t index) {
    return fs::NodeRef(*TRY(nodes_.allocate(*this, role, about, index)));
}

Result<fs::NodeRef> ProcessFiles::look_up(std::string_view name) {
    if (name == "self") return make(ProcessNode::Role::Self, nullptr);
    if (name == "thread-self") return make(ProcessNode::Role::ThreadSelf, nullptr);
    const auto pid = parse_number(name, ProcessTable::kMostId);
    Process* const process = pid.has_value() ? table_.find(*pid) : nullptr;
    if (process == nullptr) return Error::NotFound;
    const ProcSubject about(*process);
    return make(ProcessNode::Role::Directory, &about);
}

// Positions 0 and 1 are `self` and `thread-self`; any other is a pid and 1, or one above the last
// that was visited.
Result<void> ProcessFiles::read_names(std::uint64_t& position, fs::DirectoryVisitor& visitor) {
    static constexpr std::string_view kLinks[] = {"self", "thread-self"};
    for (; position < std::size(kLinks); ++position) {
        const std::uint32_t number =
            fs::Procfs::kFirstOfSources + static_cast<std::uint32_t>(position);
        if (!visitor.visit({kLinks[position], number, fs::NodeKind::SymbolicLink})) return {};
    }
    bool enough = false;
    table_.for_each([&](const Process& process) {
        if (enough || process.pid + 1 < position) return;
        char name[12];
        const auto pid = static_cast<unsigned long>(process.pid);
        const int length = snprintf(name, sizeof name, "%lu", pid);
        position = process.pid + 1;
        const std::uint32_t number =
            fs::Procfs::kFirstOfSources + process.pid * ProcessNode::kNumbersEach;
        enough = !visitor.visit({std::string_view(name, static_cast<std::size_t>(length)), number,
                                 fs::NodeKind::Directory});
        if (!enough) ++position;
    });
    return {};
}

bool ProcessFiles::caller_may_trace(const Process& process) {
    const Process* const caller = host_.caller();
    if (caller == nullptr) return true;
    return may_trace(*caller, caller->credentials.user, caller->credentials.group, process);
}

}  // namespace quire::kernel
