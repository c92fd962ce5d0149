#include "kernel/process/process_node.h"

#include <array>

#include "fs/file_layer.h"
#include "kernel/process/process_files.h"
#include "libc/format.h"
#include "libc/string.h"
#include "mm/layout.h"
#include "mm/physical_window.h"

namespace quire::kernel {

namespace {

using fs::DirectoryVisitor;
using fs::NodeKind;
using fs::NodeRef;

// Inode numbers of a process, counted from its directory, and of what is told of a thread with the
// same number: both are there for the first one.
constexpr std::uint32_t kFirstEntry = 1;
constexpr std::uint32_t kFirstDescriptor = 1024;
constexpr std::uint32_t kOfThread = 2048;
static_assert(kFirstDescriptor + fs::DescriptorTable::kMost <= kOfThread);
static_assert(2 * kOfThread <= ProcessNode::kNumbersEach);

std::uint32_t numbers_of(ProcessId pid) {
    return fs::Procfs::kFirstOfSources + pid * ProcessNode::kNumbersEach;
}

// The place of the directory `task` among the entries.
std::uint32_t threads_entry() {
    const std::span<const ProcessEntry> entries = ProcessFiles::entries();
    std::uint32_t index = 0;
    while (entries[index].kind != ProcessEntry::Kind::Threads)
        ++index;
    return index;
}

bool is_missing(const ProcessEntry& entry, bool in_thread) {
    return in_thread && entry.kind == ProcessEntry::Kind::Threads;
}

NodeKind kind_of(ProcessNode::Role role, std::uint32_t index) {
    if (role == ProcessNode::Role::Directory) return NodeKind::Directory;
    if (role != ProcessNode::Role::Entry) return NodeKind::SymbolicLink;
    switch (ProcessFiles::entries()[index].kind) {
    case ProcessEntry::Kind::Text:
    case ProcessEntry::Kind::Pages:
        return NodeKind::File;
    case ProcessEntry::Kind::Link:
        return NodeKind::SymbolicLink;
    case ProcessEntry::Kind::Descriptors:
    case ProcessEntry::Kind::Threads:
        return NodeKind::Directory;
    }
    ASSERT_UNREACHABLE();
}

// Text into a room, as far as it fits.
class Room {
  public:
    explicit Room(std::span<char> room) : room_(room) {}
    [[nodiscard]] mm::TextWriter writer() { return {&Room::write, this}; }
    [[nodiscard]] std::uint32_t length() const { return length_; }

  private:
    static void write(void* self, const char* text, std::size_t length) {
        Room& room = *static_cast<Room*>(self);
        const std::size_t left = room.room_.size() - room.length_;
        if (length > left) length = left;
        memcpy(room.room_.data() + room.length_, text, length);
        room.length_ += static_cast<std::uint32_t>(length);
    }
    std::span<char> room_;
    std::uint32_t length_ = 0;
};

// A number as the name of a file.
class NumberName {
  public:
    explicit NumberName(std::uint32_t number)
        : length_(snprintf(text_.data(), text_.size(), "%lu", static_cast<unsigned long>(number))) {
    }
    [[nodiscard]] std::string_view text() const {
        return {text_.data(), static_cast<std::size_t>(length_)};
    }

  private:
    std::array<char, 12> text_{};
    int length_;
};

// What pagemap tells of a page. (Linux: Documentation/admin-guide/mm/pagemap.rst.)
std::uint64_t pagemap_word(mm::AddressSpace& space, mm::PageNumber page) {
    constexpr std::uint64_t kPresent = std::uint64_t{1} << 63;
    constexpr std::uint64_t kSwapped = std::uint64_t{1} << 62;
    constexpr std::uint64_t kOfObject = std::uint64_t{1} << 61;
    constexpr std::uint64_t kExclusive = std::uint64_t{1} << 56;
    constexpr std::uint32_t kAreaBits = 5;  // the number of the swap area, here always 0
    const mm::Pte pte = space.pages().entry(page);
    if (pte.is_empty()) return 0;
    if (pte.is_swapped()) return kSwapped | std::uint64_t{pte.slot().raw()} << kAreaBits;
    mm::UserMemory& memory = space.memory();
    std::uint64_t word = kPresent | pte.frame().raw();
    if (memory.pages().is_zero(pte)) return word;
    const bool is_object = memory.records().state(pte.frame()) == mm::FrameState::Object;
    if (is_object) word |= kOfObject;
    const bool alone = memory.records().references(pte.frame()) == (is_object ? 2U : 1U) &&
                       space.pages().table_use(page) != mm::TableUse::Shared;
    return alone ? word | kExclusive : word;
}

// `.` and `..` at positions 0 and 1. False: the visitor has had enough.
bool visit_dots(std::uint64_t& position, std::uint32_t own, std::uint32_t above,
                DirectoryVisitor& visitor) {
    for (; position < 2; ++position) {
        const bool is_own = position == 0;
        const fs::DirectoryEntry entry{is_own ? "." : "..", is_own ? own : above,
                                       NodeKind::Directory};
        if (!visitor.visit(entry)) return false;
    }
    return true;
}

}  // namespace

ProcessNode::ProcessNode(ProcessFiles& files, Role role, const ProcSubject* about,
                         std::uint32_t index)
    : Node(files.proc(), kind_of(role, index)), files_(files), role_(role), index_(index) {
    if (about == nullptr) return;
    pid_ = about->process.pid;
    birth_ = about->process.start_time;
    if (!about->is_thread) return;
    tid_ = about->tid;
    if (tid_ != pid_ && about->thread != nullptr) thread_birth_ = about->thread->start_time;
}

void ProcessNode::last_user_gone() {
    files_.release(*this);
}

bool ProcessNode::is_entry(ProcessEntry::Kind kind) const {
    return role_ == Role::Entry && ProcessFiles::entries()[index_].kind == kind;
}

ProcSubject ProcessNode::subject_in(Process& process) const {
    return tid_ == 0 ? ProcSubject(process) : ProcSubject(process, tid_);
}

// A leader that has ended is there as long as its process.
Result<ProcSubject> ProcessNode::subject() const {
    Process* const found = files_.table().find(pid_);
    if (found == nullptr || found->start_time != birth_) return Error::NoSuchProcess;
    const ProcSubject about = subject_in(*found);
    const bool may_be_gone = tid_ != 0 && tid_ != pid_;
    if (may_be_gone && (about.thread == nullptr || about.thread->start_time != thread_birth_))
        return Error::NoSuchProcess;
    return about;
}

Result<ProcSubject> ProcessNode::traced_subject() const {
    const ProcSubject found = TRY(subject());
    const bool is_private = role_ == Role::Descriptor ||
                            (role_ == Role::Entry && ProcessFiles::entries()[index_].is_private);
    if (is_private && !files_.caller_may_trace(found.process)) return Error::AccessDenied;
    return found;
}

// --- Attributes ---

std::uint32_t ProcessNode::first_number() const {
    return tid_ == 0 ? numbers_of(pid_) : numbers_of(tid_) + kOfThread;
}

std::uint32_t ProcessNode::number() const {
    switch (role_) {
    case Role::Self:
        return numbers_of(0);
    case Role::ThreadSelf:
        return numbers_of(0) + 1;
    case Role::Directory:
        return first_number();
    case Role::Entry:
        return first_number() + kFirstEntry + index_;
    case Role::Descriptor:
        return first_number() + kFirstDescriptor + index_;
    }
    ASSERT_UNREACHABLE();
}

std::uint32_t ProcessNode::number_above() const {
    if (role_ != Role::Directory) return first_number();
    if (tid_ == 0) return files_.proc().tree().number();
    return numbers_of(pid_) + kFirstEntry + threads_entry();
}

std::uint16_t ProcessNode::permissions() const {
    if (role_ == Role::Directory) return 0555;
    return role_ == Role::Entry ? ProcessFiles::entries()[index_].permissions : 0777;
}

// The permissions of the link tell what the file was opened for. (Linux: tid_fd_update_inode and
// proc_fd_instantiate in fs/proc/fd.c; 64 is what it says of each.)
Result<void> ProcessNode::describe_descriptor(const ProcSubject& about,
                                              fs::Attributes& link) const {
    const FileTable* const files = about.files();
    if (files == nullptr) return Error::NotFound;
    const Result<fs::FileRef> file = files->table.file(index_);
    if (!file.ok()) return Error::NotFound;
    const fs::OpenMode mode = file.value()->mode();
    link.permissions = 0;
    if (mode.read) link.permissions |= 0500;
    if (mode.write) link.permissions |= 0300;
    link.bytes = 64;
    return {};
}

Result<fs::Attributes> ProcessNode::attributes() {
    fs::Attributes result;
    result.kind = kind();
    result.permissions = permissions();
    result.number = number();
    result.links = kind() == NodeKind::Directory ? 2 : 1;
    result.accessed = result.modified = result.changed = files_.proc().made();
    if (role_ == Role::Self || role_ == Role::ThreadSelf) return result;
    const ProcSubject about = TRY(subject());
    const Process& owner = about.process;
    if (role_ == Role::Descriptor) TRY(describe_descriptor(about, result));
    if (!owner.is_dumpable && role_ != Role::Directory) return result;
    result.user = owner.credentials.user;
    result.group = owner.credentials.group;
    return result;
}

// --- Directories ---

Result<NodeRef> ProcessNode::look_up(std::string_view name) {
    const ProcSubject about = TRY(traced_subject());
    if (role_ == Role::Directory) return look_up_entry(about, name);
    if (is_entry(ProcessEntry::Kind::Descriptors)) return look_up_descriptor(about, name);
    if (is_entry(ProcessEntry::Kind::Threads)) return look_up_thread(about.process, name);
    return Error::NotDirectory;
}

Result<NodeRef> ProcessNode::look_up_entry(const ProcSubject& about, std::string_view name) {
    const std::span<const ProcessEntry> entries = ProcessFiles::entries();
    for (std::uint32_t i = 0; i < entries.size(); ++i)
        if (entries[i].name == name && !is_missing(entries[i], about.is_thread))
            return files_.make(Role::Entry, &about, i);
    return Error::NotFound;
}

Result<NodeRef> ProcessNode::look_up_descriptor(const ProcSubject& about, std::string_view name) {
    const FileTable* const table = about.files();
    const auto descriptor = parse_number(name, fs::DescriptorTable::kMost - 1);
    if (!descriptor.has_value() || table == nullptr || !table->table.file(*descriptor).ok())
        return Error::NotFound;
    return files_.make(Role::Descriptor, &about, *descriptor);
}

Result<NodeRef> ProcessNode::look_up_thread(Process& process, std::string_view name) {
    const auto tid = parse_number(name, ProcessTable::kMostId);
    if (!tid.has_value()) return Error::NotFound;
    const ProcSubject about(process, *tid);
    if (about.thread == nullptr && *tid != process.pid) return Error::NotFound;
    return files_.make(Role::Directory, &about);
}

Result<void> ProcessNode::read_directory(std::uint64_t& position, DirectoryVisitor& visitor) {
    if (kind() != NodeKind::Directory) return Error::NotDirectory;
    TRY(traced_subject());
    if (!visit_dots(position, number(), number_above(), visitor)) return {};
    if (role_ == Role::Directory) return read_entries(position, visitor);
    return is_entry(ProcessEntry::Kind::Threads) ? read_threads(position, visitor)
                                                 : read_descriptors(position, visitor);
}

Result<void> ProcessNode::read_entries(std::uint64_t& position, DirectoryVisitor& visitor) const {
    const std::span<const ProcessEntry> entries = ProcessFiles::entries();
    for (; position < 2 + entries.size(); ++position) {
        const auto index = static_cast<std::uint32_t>(position - 2);
        if (is_missing(entries[index], tid_ != 0)) continue;
        if (!visitor.visit({entries[index].name, first_number() + kFirstEntry + index,
                            kind_of(Role::Entry, index)}))
            return {};
    }
    return {};
}

Result<void> ProcessNode::read_descriptors(std::uint64_t& position,
                                           DirectoryVisitor& visitor) const {
    const ProcSubject about = TRY(subject());
    const FileTable* const table = about.files();
    if (table == nullptr) return {};
    for (; position < 2 + fs::DescriptorTable::kMost; ++position) {
        const auto descriptor = static_cast<std::uint32_t>(position - 2);
        if (!table->table.file(descriptor).ok()) continue;
        const NumberName name(descriptor);
        if (!visitor.visit({name.text(), first_number() + kFirstDescriptor + descriptor,
                            NodeKind::SymbolicLink}))
            return {};
    }
    return {};
}

// The position of a thread is its number + 2, so that a walk goes on where it was though threads
// come and go.
Result<void> ProcessNode::read_threads(std::uint64_t& position, DirectoryVisitor& visitor) const {
    const ProcSubject about = TRY(subject());
    for (;;) {
        ProcessId next = about.process.pid + 2 >= position ? about.process.pid : ~0U;
        for (const Thread& thread : about.process.threads)
            if (thread.tid + 2 >= position && thread.tid < next) next = thread.tid;
        if (next == ~0U) return {};
        position = std::uint64_t{next} + 2;
        const NumberName name(next);
        if (!visitor.visit({name.text(), numbers_of(next) + kOfThread, NodeKind::Directory}))
            return {};
        ++position;
    }
}

Result<NodeRef> ProcessNode::parent() {
    if (role_ == Role::Directory && tid_ == 0) return NodeRef(files_.proc().tree());
    const ProcSubject about = TRY(subject());
    if (role_ != Role::Directory) return files_.make(Role::Directory, &about);
    const ProcSubject whole(about.process);
    return files_.make(Role::Entry, &whole, threads_entry());
}

// --- Links ---

Result<std::uint32_t> ProcessNode::read_link(std::span<char> room) {
    Room text(room);
    if (role_ == Role::Self || role_ == Role::ThreadSelf) {
        const Process* const caller = files_.host().caller();
        if (caller == nullptr) return Error::NotFound;
        const auto pid = static_cast<unsigned long>(caller->pid);
        const auto tid = static_cast<unsigned long>(files_.host().caller_thread());
        if (role_ == Role::Self) text.writer().print("%lu", pid);
        if (role_ == Role::ThreadSelf) text.writer().print("%lu/task/%lu", pid, tid);
    } else {
        const NodeRef target = TRY(leads_to());
        TRY(write_target(*target, text.writer()));
    }
    return text.length();
}

Result<NodeRef> ProcessNode::leads_to() {
    if (role_ == Role::Self || role_ == Role::ThreadSelf) return NodeRef();
    const ProcSubject about = TRY(traced_subject());
    if (role_ == Role::Entry) {
        fs::Node* const target = ProcessFiles::entries()[index_].target(about);
        if (target == nullptr) return Error::NotFound;
        return NodeRef(*target);
    }
    const FileTable* const table = about.files();
    if (table == nullptr) return Error::NotFound;
    const Result<fs::FileRef> file = table->table.file(index_);
    if (!file.ok()) return Error::NotFound;
    return NodeRef(file.value()->node());
}

Result<void> ProcessNode::write_target(fs::Node& target, const mm::TextWriter& out) {
    const std::string_view path = files_.host().path_of(target);
    if (!path.empty()) {
        out.write(out.context, path.data(), path.size());
    } else if (target.kind() == NodeKind::Pipe) {
        const fs::Attributes attributes = TRY(target.attributes());
        out.print("pipe:[%lu]", static_cast<unsigned long>(attributes.number));
    } else {
        out.print("(deleted)");
    }
    return {};
}

// --- Texts ---

Result<void> ProcessNode::opened(fs::OpenMode) {
    if (role_ != Role::Entry) return {};
    TRY(traced_subject());
    return {};
}

Result<std::uint32_t> ProcessNode::read(std::uint64_t offset, std::uint32_t bytes, fs::ByteSink& to,
                                        fs::ReadAhead&) {
    if (kind() == NodeKind::Directory) return Error::IsDirectory;
    if (kind() != NodeKind::File) return Error::InvalidArgument;
    const ProcessEntry& entry = ProcessFiles::entries()[index_];
    const ProcSubject about = TRY(subject());
    if (entry.kind == ProcessEntry::Kind::Pages)
        return read_pages(about.process, offset, bytes, to);
    struct Source {
        ProcessFiles& files;
        const ProcSubject& about;
        const ProcessEntry& entry;
    } source{files_, about, entry};
    return fs::read_text(
        files_.memory(), offset, bytes, to,
        [](void* context, const mm::TextWriter& out) {
            const Source& from = *static_cast<Source*>(context);
            return from.entry.write(from.files, from.about, out);
        },
        &source);
}

Result<std::uint32_t> ProcessNode::write(std::uint64_t, std::uint32_t bytes, fs::ByteSource& from) {
    if (kind() != NodeKind::File) return Error::InvalidArgument;
    const ProcessEntry& entry = ProcessFiles::entries()[index_];
    if (entry.set == nullptr) return Error::InvalidArgument;
    const ProcSubject about = TRY(subject());
    std::array<char, 32> text{};
    const std::uint32_t taken =
        bytes < text.size() ? bytes : static_cast<std::uint32_t>(text.size());
    TRY(from.give(std::as_writable_bytes(std::span(text).first(taken))));
    TRY(entry.set(files_, about, {text.data(), taken}));
    return bytes;
}

// Eight bytes for each page of user space, whole ones. (Linux: pagemap_read.)
Result<std::uint32_t> ProcessNode::read_pages(Process& process, std::uint64_t offset,
                                              std::uint32_t bytes, fs::ByteSink& to) {
    constexpr std::uint32_t kWord = sizeof(std::uint64_t);
    if (offset % kWord != 0 || bytes % kWord != 0) return Error::InvalidArgument;
    const std::uint64_t first = offset / kWord;
    if (process.memory == nullptr || first >= mm::kFirstKernelPage.raw()) return 0U;
    const mm::OwnedFrame frame = TRY(fs::FileLayer::take_frame_from(files_.memory()));
    auto* const words = reinterpret_cast<std::uint64_t*>(mm::frame_bytes(frame.number()));
    const std::uint32_t left = mm::kFirstKernelPage.raw() - static_cast<std::uint32_t>(first);
    std::uint32_t count = bytes < mm::kPageSize ? bytes / kWord : mm::kPageSize / kWord;
    if (count > left) count = left;
    for (std::uint32_t i = 0; i < count; ++i)
        words[i] = pagemap_word(process.memory->space,
                                mm::PageNumber(static_cast<std::uint32_t>(first) + i));
    TRY(to.take(std::as_bytes(std::span(words, count))));
    return count * kWord;
}

}  // namespace quire::kernel
