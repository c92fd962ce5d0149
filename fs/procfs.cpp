#include "fs/procfs.h"

#include "fs/file_layer.h"
#include "kernel/abi/stat.h"
#include "libc/string.h"
#include "mm/physical_window.h"

namespace quire::fs {

namespace {

// Where the positions of a source begin in a directory.
constexpr std::uint64_t kSourcePositions = std::uint64_t{1} << 32;

// Keeps the part of a text that somebody wants to see.
class Window {
  public:
    Window(std::uint64_t skip, std::span<std::byte> room) : skip_(skip), room_(room) {}

    [[nodiscard]] mm::TextWriter writer() { return {&Window::write, this}; }
    [[nodiscard]] std::uint32_t kept() const { return kept_; }

  private:
    static void write(void* window, const char* text, std::size_t length) {
        static_cast<Window*>(window)->keep(text, length);
    }
    void keep(const char* text, std::size_t length) {
        if (skip_ >= length) {
            skip_ -= length;
            return;
        }
        text += skip_;
        length -= static_cast<std::size_t>(skip_);
        skip_ = 0;
        const std::size_t left = room_.size() - kept_;
        if (length > left) length = left;
        memcpy(room_.data() + kept_, text, length);
        kept_ += static_cast<std::uint32_t>(length);
    }

    std::uint64_t skip_;
    std::span<std::byte> room_;
    std::uint32_t kept_ = 0;
};

}  // namespace

ProcNode::ProcNode(Procfs& system, NodeKind kind, std::string_view name, std::uint16_t permissions)
    : Node(system, kind),
      system_(system),
      name_(name),
      number_(system.next_number_++),
      permissions_(permissions) {
    ASSERT(number_ < Procfs::kFirstOfSources);
}

ProcNode::~ProcNode() {
    ASSERT(users() == 0);
    if (is_in_tree()) remove_from_tree();
}

void ProcNode::remove_from_tree() {
    directory_hook.unlink();
}

Result<Attributes> ProcNode::attributes() {
    Attributes result;
    result.kind = kind();
    result.permissions = permissions_;
    result.number = number_;
    result.links = kind() == NodeKind::Directory ? 2 : 1;
    result.user = user_;
    result.group = group_;
    result.accessed = result.modified = result.changed = system_.made_;
    return result;
}

Result<std::uint32_t> ProcText::read(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                                     ReadAhead&) {
    return read_text(system_.memory_, offset, bytes, to, function_, context_);
}

Result<std::uint32_t> ProcText::write(std::uint64_t, std::uint32_t bytes, ByteSource& from) {
    std::array<char, kLongestValue + 1> room;
    if (setter_ == nullptr || bytes > room.size()) return Error::InvalidArgument;
    TRY(from.give(std::as_writable_bytes(std::span(room).first(bytes))));
    std::string_view text(room.data(), bytes);
    if (text.ends_with('\n')) text.remove_suffix(1);
    TRY(setter_(context_, text));
    return bytes;
}

Result<void> ProcText::resize(std::uint64_t) {
    if (setter_ == nullptr) return Error::NotPermitted;
    return {};
}

Result<std::uint32_t> read_text(mm::UserMemory& memory, std::uint64_t offset, std::uint32_t bytes,
                                ByteSink& to, ProcText::Function function, void* context) {
    const mm::OwnedFrame page = TRY(FileLayer::take_frame_from(memory));
    const std::uint32_t room = bytes < mm::kPageSize ? bytes : mm::kPageSize;
    const std::span<std::byte> text(mm::frame_bytes(page.number()), room);
    Window window(offset, text);
    TRY(function(context, window.writer()));
    TRY(to.take(text.first(window.kept())));
    return window.kept();
}

void ProcDirectory::add(ProcNode& node) {
    ASSERT(!look_up(node.name()).ok());
    ASSERT(nodes_.empty() || nodes_.back()->number() < node.number());
    nodes_.push_back(node);
    if (node.kind() == NodeKind::Directory) static_cast<ProcDirectory&>(node).parent_ = this;
}

void ProcDirectory::add_source(ProcSource& source) {
    ASSERT(source_ == nullptr);
    source_ = &source;
}

Result<NodeRef> ProcDirectory::look_up(std::string_view name) {
    for (ProcNode& node : nodes_)
        if (node.name() == name) return NodeRef(node);
    if (source_ != nullptr) return source_->look_up(name);
    return Error::NotFound;
}

Result<void> ProcDirectory::read_directory(std::uint64_t& position, DirectoryVisitor& visitor) {
    const std::uint32_t above = parent_ == nullptr ? number() : parent_->number();
    if (position == 0) {
        if (!visitor.visit({".", number(), NodeKind::Directory})) return {};
        position = 1;
    }
    if (position == 1) {
        if (!visitor.visit({"..", above, NodeKind::Directory})) return {};
        position = 2;
    }
    for (ProcNode& node : nodes_) {
        if (node.number() < position) continue;
        position = node.number();
        if (!visitor.visit({node.name(), node.number(), node.kind()})) return {};
        position = std::uint64_t{node.number()} + 1;
    }
    if (source_ == nullptr) return {};
    std::uint64_t in_source = position < kSourcePositions ? 0 : position - kSourcePositions;
    const Result<void> read = source_->read_names(in_source, visitor);
    position = kSourcePositions + in_source;
    return read;
}

Result<NodeRef> ProcDirectory::parent() {
    if (this == &system_.tree()) return NodeRef(*this);
    if (!is_in_tree()) return Error::NotFound;
    return NodeRef(*parent_);
}

void ProcDirectory::check_invariants() {
    nodes_.check_invariants();
    std::uint32_t last = 0;
    for (ProcNode& node : nodes_) {
        ASSERT(node.number() > last);
        last = node.number();
        const Result<NodeRef> found = look_up(node.name());
        ASSERT(found.ok() && &node == found.value().get());
    }
}

FileSystemFigures Procfs::figures() {
    FileSystemFigures figures;
    figures.magic = abi::kProcMagic;
    return figures;
}

}  // namespace quire::fs
