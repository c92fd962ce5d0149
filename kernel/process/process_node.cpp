#include "kernel/process/process_node.h"

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

// Inode numbers of a process, counted from its directory.
constexpr std::uint32_t kFirstEntry = 1;
constexpr std::uint32_t kFirstDescriptor = 1024;
static_assert(kFirstDescriptor + fs::DescriptorTable::kMost <= ProcessNode::kNumbersEach);

std::uint32_t first_number(ProcessId pid) {
    return fs::Procfs::kFirstOfSources + pid * ProcessNode::kNumbersEach;
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

ProcessNode::ProcessNode(ProcessFiles& files, Role role, const Process* process,
                         std::uint32_t index)
    : Node(files.proc(), kind_of(role, index)), files_(files), role_(role), index_(index) {
    if (process == nullptr) return;
    pid_ = process->pid;
    birth_ = process->start_time;
}

void ProcessNode::last_user_gone() {
    files_.release(*this);
}

bool ProcessNode::is_descriptor_directory() const {
    return role_ == Role::Entry &&
           ProcessFiles::entries()[index_].kind == ProcessEntry::Kind::Descriptors;
}

Result<Process*> ProcessNode::process() const {
    Process* const found = files_.table().find(pid_);
    if (found == nullptr || found->start_time != birth_) return Error::NoSuchProcess;
    return found;
}

Result<Process*> ProcessNode::traced_process() const {
    Process* const found = TRY(process());
    const bool is_private = role_ == Role::Descriptor ||
                            (role_ == Role::Entry && ProcessFiles::entries()[index_].is_private);
    if (is_private && !files_.caller_may_trace(*found)) return Error::AccessDenied;
    return found;
}

// --- Attributes ---

std::uint32_t ProcessNode::number() const {
    switch (role_) {
    case Role::Self:
    case Role::Directory:
        return first_number(pid_);
    case Role::Entry:
        return first_number(pid_) + kFirstEntry + index_;
    case Role::Descriptor:
        return first_number(pid_) + kFirstDescriptor + index_;
    }
    ASSERT_UNREACHABLE();
}

std::uint16_t ProcessNode::permissions() const {
    if (role_ == Role::Directory) return 0555;
    return role_ == Role::Entry ? ProcessFiles::entries()[index_].permissions : 0777;
}

Result<fs::Attributes> ProcessNode::attributes() {
    fs::Attributes result;
    result.kind = kind();
    result.permissions = permissions();
    result.number = number();
    result.links = kind() == NodeKind::Directory ? 2 : 1;
    result.accessed = result.modified = result.changed = files_.proc().made();
    if (role_ == Role::Self) return result;
    const Process& owner = *TRY(process());
    if (!owner.is_dumpable && role_ != Role::Directory) return result;
    result.user = owner.credentials.user;
    result.group = owner.credentials.group;
    return result;
}

// --- Directories ---

Result<NodeRef> ProcessNode::look_up(std::string_view name) {
    const Process& owner = *TRY(traced_process());
    if (role_ == Role::Directory) {
        const std::span<const ProcessEntry> entries = ProcessFiles::entries();
        for (std::uint32_t i = 0; i < entries.size(); ++i)
            if (entries[i].name == name) return files_.make(Role::Entry, &owner, i);
        return Error::NotFound;
    }
    if (!is_descriptor_directory()) return Error::NotDirectory;
    const auto descriptor = parse_number(name, fs::DescriptorTable::kMost - 1);
    if (!descriptor.has_value() || owner.files == nullptr ||
        !owner.files->table.file(*descriptor).ok())
        return Error::NotFound;
    return files_.make(Role::Descriptor, &owner, *descriptor);
}

Result<void> ProcessNode::read_directory(std::uint64_t& position, DirectoryVisitor& visitor) {
    if (kind() != NodeKind::Directory) return Error::NotDirectory;
    const bool is_top = role_ == Role::Directory;
    const std::uint32_t above = is_top ? files_.proc().tree().number() : first_number(pid_);
    TRY(traced_process());
    if (!visit_dots(position, number(), above, visitor)) return {};
    return is_top ? read_entries(position, visitor) : read_descriptors(position, visitor);
}

Result<void> ProcessNode::read_entries(std::uint64_t& position, DirectoryVisitor& visitor) const {
    const std::span<const ProcessEntry> entries = ProcessFiles::entries();
    for (; position < 2 + entries.size(); ++position) {
        const auto index = static_cast<std::uint32_t>(position - 2);
        if (!visitor.visit({entries[index].name, first_number(pid_) + kFirstEntry + index,
                            kind_of(Role::Entry, index)}))
            return {};
    }
    return {};
}

Result<void> ProcessNode::read_descriptors(std::uint64_t& position,
                                           DirectoryVisitor& visitor) const {
    const Process& owner = *TRY(process());
    if (owner.files == nullptr) return {};
    for (; position < 2 + fs::DescriptorTable::kMost; ++position) {
        const auto descriptor = static_cast<std::uint32_t>(position - 2);
        if (!owner.files->table.file(descriptor).ok()) continue;
        char name[8];
        const int length =
            snprintf(name, sizeof name, "%lu", static_cast<unsigned long>(descriptor));
        if (!visitor.visit({std::string_view(name, static_cast<std::size_t>(length)),
                            first_number(pid_) + kFirstDescriptor + descriptor,
                            NodeKind::SymbolicLink}))
            return {};
    }
    return {};
}

Result<NodeRef> ProcessNode::parent() {
    if (role_ == Role::Directory) return NodeRef(files_.proc().tree());
    return files_.make(Role::Directory, TRY(process()));
}

// --- Links ---

Result<std::uint32_t> ProcessNode::read_link(std::span<char> room) {
    Room text(room);
    if (role_ == Role::Self) {
        const Process* const caller = files_.host().caller();
        if (caller == nullptr) return Error::NotFound;
        text.writer().print("%lu", static_cast<unsigned long>(caller->pid));
    } else {
        Process& owner = *TRY(traced_process());
        TRY(write_target(owner, text.writer()));
    }
    return text.length();
}

Result<void> ProcessNode::write_target(Process& process, const mm::TextWriter& out) {
    if (role_ == Role::Entry) return ProcessFiles::entries()[index_].write(files_, process, out);
    if (process.files == nullptr) return Error::NotFound;
    const Result<fs::FileRef> file = process.files->table.file(index_);
    if (!file.ok()) return Error::NotFound;
    fs::Node& node = *file.value()->node();
    const std::string_view path = files_.host().path_of(node);
    if (!path.empty()) {
        out.write(out.context, path.data(), path.size());
    } else if (node.kind() == NodeKind::Pipe) {
        const fs::Attributes attributes = TRY(node.attributes());
        out.print("pipe:[%lu]", static_cast<unsigned long>(attributes.number));
    } else {
        out.print("(deleted)");
    }
    return {};
}

// --- Texts ---

Result<void> ProcessNode::opened(fs::OpenMode) {
    if (role_ != Role::Entry) return {};
    TRY(traced_process());
    return {};
}

Result<std::uint32_t> ProcessNode::read(std::uint64_t offset, std::uint32_t bytes, fs::ByteSink& to,
                                        fs::ReadAhead&) {
    if (kind() == NodeKind::Directory) return Error::IsDirectory;
    if (kind() != NodeKind::File) return Error::InvalidArgument;
    const ProcessEntry& entry = ProcessFiles::entries()[index_];
    Process& owner = *TRY(process());
    if (entry.kind == ProcessEntry::Kind::Pages) return read_pages(owner, offset, bytes, to);
    struct Source {
        ProcessFiles& files;
        Process& process;
        const ProcessEntry& entry;
    } source{files_, owner, entry};
    return fs::read_text(
        files_.memory(), offset, bytes, to,
        [](void* context, const mm::TextWriter& out) {
            const Source& from = *static_cast<Source*>(context);
            return from.entry.write(from.files, from.process, out);
        },
        &source);
}

Result<std::uint32_t> ProcessNode::write(std::uint64_t, std::uint32_t bytes, fs::ByteSource& from) {
    if (kind() != NodeKind::File) return Error::InvalidArgument;
    const ProcessEntry& entry = ProcessFiles::entries()[index_];
    if (entry.set == nullptr) return Error::InvalidArgument;
    Process& owner = *TRY(process());
    std::array<char, 32> text{};
    const std::uint32_t taken =
        bytes < text.size() ? bytes : static_cast<std::uint32_t>(text.size());
    TRY(from.give(std::as_writable_bytes(std::span(text).first(taken))));
    TRY(entry.set(files_, owner, {text.data(), taken}));
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
