// Descriptors and bytes: open, pipe, dup, read, write and their kin.
#include "fs/file_calls.h"

#include "fs/pipe.h"
#include "kernel/abi/fcntl.h"
#include "kernel/abi/stat.h"

namespace quire::fs {

using namespace abi;

namespace {

constexpr bool has(std::uint32_t flags, std::uint32_t flag) {
    return (flags & flag) == flag;
}

// What of permission the flags ask for. Mode 3 asks for both, though it gives neither.
std::uint32_t wish_of(std::uint32_t flags) {
    const std::uint32_t mode = flags & kOpenAccessMode;
    std::uint32_t wish = 0;
    if (mode != kOpenWriteOnly) wish |= Wish::kRead;
    if (mode != kOpenReadOnly || has(flags, kOpenTruncate)) wish |= Wish::kWrite;
    return wish;
}

}  // namespace

Result<Descriptor> FileCalls::open(std::int32_t at, std::string_view path, std::uint32_t flags,
                                   std::uint32_t mode) {
    if (has(flags, kOpenCreate | kOpenDirectory)) return Error::InvalidArgument;
    TRY(PathWalk::check(path));
    const Descriptor descriptor = TRY(table_.reserve());
    Result<FileRef> file = open_file(at, path, flags, mode);
    if (!file.ok()) {
        table_.cancel(descriptor);
        return file.error();
    }
    table_.put(descriptor, file.take(), has(flags, kOpenCloseOnExec));
    return descriptor;
}

Result<FileRef> FileCalls::open_file(std::int32_t at, std::string_view path, std::uint32_t flags,
                                     std::uint32_t mode) {
    if (has(flags, kOpenCreate | kOpenDirectory)) return Error::InvalidArgument;
    TRY(PathWalk::check(path));
    const NodeRef begin = TRY(start(at, path));
    PathWalk walk(layer_, who_, view_.root, begin);
    bool created = false;
    NodeRef node = TRY(find_to_open(walk, path, flags, mode, created));
    TRY(check_open(*node, flags, created, walk.has_slash()));
    NodeRef io = TRY(bytes_of(node));
    FileRef file = TRY(OpenFile::create(layer_, node, std::move(io), flags));
    if (node->kind() == NodeKind::Pipe) TRY(wait_for_other_side(*file));
    if (has(flags, kOpenTruncate) && !created && node->kind() == NodeKind::File) {
        if (node->is_run()) return Error::TextBusy;
        TRY(drop_privileges(*node, who_));
        TRY(node->resize(0));
    }
    return file;
}

// The node at the end of the path, links followed as the flags say; a new one where there is none
// and O_CREAT. (Linux: open_last_lookups.)
Result<NodeRef> FileCalls::find_to_open(PathWalk& walk, std::string_view path, std::uint32_t flags,
                                        std::uint32_t mode, bool& created) {
    const bool creates = has(flags, kOpenCreate);
    const bool follows = !has(flags, kOpenNoFollow) && !has(flags, kOpenCreate | kOpenExclusive);
    TRY(walk.to_parent(path));
    for (;;) {
        if (creates && walk.has_slash()) return Error::IsDirectory;
        Result<NodeRef> found = walk.look_up_last();
        if (!found.ok()) {
            const bool missing =
                found.error() == Error::NotFound && walk.last() == PathWalk::Last::Name;
            if (!creates || !missing) return found.error();
            created = true;
            Result<NodeRef> made = create(walk, NodeKind::File, mode & kModePermissions);
            // A directory that takes no files at all refuses them as Linux does.
            if (!made.ok() && made.error() == Error::NotPermitted) return Error::AccessDenied;
            return made;
        }
        NodeRef node = found.take();
        if (node->kind() != NodeKind::SymbolicLink || (!follows && !walk.has_slash())) return node;
        node = TRY(walk.follow(*node));
        if (node) return node;
    }
}

// (Linux: do_open, may_open.)
Result<void> FileCalls::check_open(Node& node, std::uint32_t flags, bool created, bool slash) {
    const bool directory = node.kind() == NodeKind::Directory;
    if (has(flags, kOpenCreate) && !created) {
        if (has(flags, kOpenExclusive)) return Error::AlreadyExists;
        if (directory) return Error::IsDirectory;
    }
    if ((has(flags, kOpenDirectory) || slash) && !directory) return Error::NotDirectory;
    if (created) return {};
    if (node.kind() == NodeKind::SymbolicLink) return Error::LinkLoop;
    const std::uint32_t wish = wish_of(flags);
    const bool writes = (wish & Wish::kWrite) != 0;
    if (directory && writes) return Error::IsDirectory;
    if (node.kind() == NodeKind::File && writes) TRY(check_writable(node));
    const Attributes attributes = TRY(node.attributes());
    if (!may(who_, attributes, wish)) return Error::AccessDenied;
    if (has(flags, kOpenNoAccessTime) && !who_.owns(attributes)) return Error::NotPermitted;
    const bool large = has(flags, kOpenLargeFile);
    if (node.kind() == NodeKind::File && !large &&
        attributes.bytes > OpenFile::kMostWithoutLargeFile) {
        return Error::Overflow;
    }
    return {};
}

// (Linux: do_open_execat.)
Result<NodeRef> FileCalls::find_executable(std::int32_t at, std::string_view path,
                                           Attributes& attributes) {
    NodeRef node = TRY(find(at, path, LastLink::Follow));
    attributes = TRY(node->attributes());
    if (!may(who_, attributes, Wish::kExecute)) return Error::AccessDenied;
    if (node->kind() != NodeKind::File) return Error::AccessDenied;
    return node;
}

// The node that a file of `node` is read from and written to.
Result<NodeRef> FileCalls::bytes_of(const NodeRef& node) {
    switch (node->kind()) {
    case NodeKind::File:
    case NodeKind::Directory:
        return NodeRef(node);
    case NodeKind::Pipe:
        // One without a name is found through /proc, and is itself.
        if (&node->file_system() == &layer_.pipes) return NodeRef(node);
        return layer_.pipes.named(*node);
    case NodeKind::CharacterDevice:
    case NodeKind::BlockDevice: {
        const Attributes attributes = TRY(node->attributes());
        Device* device = layer_.devices.find(node->kind(), attributes.device);
        if (device == nullptr) return Error::NoDevice;
        return NodeRef(*device);
    }
    case NodeKind::SymbolicLink:
    case NodeKind::Socket:
        return Error::NoDevice;
    }
    ASSERT_UNREACHABLE();
}

// Opening one side of a named pipe waits for the other; those of one without a name are open
// already. fifo(7). (Linux: fifo_open.)
Result<void> FileCalls::wait_for_other_side(OpenFile& file) {
    auto& pipe = static_cast<Pipe&>(*file.io());  // of PipeSystem
    const OpenMode mode = file.mode();
    const bool waits = !has(file.flags(), kOpenNonBlock);
    if (pipe.name() == nullptr || mode.read == mode.write) return {};
    if (mode.write && pipe.readers() == 0 && !waits) return Error::NoDevice;
    const std::uint32_t readers = pipe.reader_openings();
    const std::uint32_t writers = pipe.writer_openings();
    while (waits && (mode.read ? pipe.writers() == 0 && pipe.writer_openings() == writers
                               : pipe.readers() == 0 && pipe.reader_openings() == readers)) {
        TRY(sleeper_.sleep(*pipe.changes()));
    }
    return {};
}

Result<PipeEnds> FileCalls::pipe(std::uint32_t flags) {
    if ((flags & ~(kOpenCloseOnExec | kOpenNonBlock | kOpenDirect)) != 0)
        return Error::InvalidArgument;
    const NodeRef node = TRY(layer_.pipes.create(who_));
    const std::uint32_t kept = flags & kOpenNonBlock;
    FileRef reader = TRY(OpenFile::create(layer_, node, node, kOpenReadOnly | kept));
    FileRef writer = TRY(OpenFile::create(layer_, node, node, kOpenWriteOnly | kept));
    const Descriptor read = TRY(table_.reserve());
    const Result<Descriptor> write = table_.reserve();
    if (!write.ok()) {
        table_.cancel(read);
        return write.error();
    }
    const bool close = has(flags, kOpenCloseOnExec);
    table_.put(read, std::move(reader), close);
    table_.put(write.value(), std::move(writer), close);
    return PipeEnds{read, write.value()};
}

Result<Descriptor> FileCalls::duplicate(Descriptor descriptor, Descriptor lowest,
                                        bool close_on_exec) {
    FileRef file = TRY(table_.file(descriptor));
    if (lowest >= table_.limit()) return Error::InvalidArgument;
    const Descriptor copy = TRY(table_.reserve(lowest));
    table_.put(copy, std::move(file), close_on_exec);
    return copy;
}

Result<Descriptor> FileCalls::dup2(Descriptor from, Descriptor to) {
    if (from != to) return dup3(from, to, 0);
    TRY(table_.file(from));
    return to;
}

Result<Descriptor> FileCalls::dup3(Descriptor from, Descriptor to, std::uint32_t flags) {
    if ((flags & ~kOpenCloseOnExec) != 0 || from == to) return Error::InvalidArgument;
    if (to >= table_.limit()) return Error::BadDescriptor;
    FileRef file = TRY(table_.file(from));
    TRY(table_.replace(to, std::move(file), has(flags, kOpenCloseOnExec)));
    return to;
}

Result<mm::MappableFile> FileCalls::mappable(Descriptor descriptor) {
    const FileRef file = TRY(table_.file(descriptor));
    mm::MappableFile result;
    result.object = file->io()->object();
    result.mappable = result.object != nullptr;
    const OpenMode mode = file->mode();
    if (mode.read) result.opened_for = mm::Rights::read() | mm::Rights::execute();
    if (mode.write) result.opened_for = result.opened_for | mm::Rights::write();
    return result;
}

Result<std::uint32_t> FileCalls::read(Descriptor descriptor, std::uint32_t bytes, ByteSink& to) {
    const FileRef file = TRY(table_.file(descriptor));
    return file->read(bytes, to, sleeper_);
}

Result<std::uint32_t> FileCalls::pread(Descriptor descriptor, std::uint32_t bytes,
                                       std::int64_t offset, ByteSink& to) {
    if (offset < 0) return Error::InvalidArgument;
    const FileRef file = TRY(table_.file(descriptor));
    return file->read_at(static_cast<std::uint64_t>(offset), bytes, to, sleeper_);
}

WriteOutcome FileCalls::write(Descriptor descriptor, std::uint32_t bytes, ByteSource& from) {
    const Result<FileRef> file = table_.file(descriptor);
    if (!file.ok()) return {file.error()};
    return file.value()->write(bytes, from, sleeper_, who_);
}

WriteOutcome FileCalls::pwrite(Descriptor descriptor, std::uint32_t bytes, std::int64_t offset,
                               ByteSource& from) {
    if (offset < 0) return {Error::InvalidArgument};
    const Result<FileRef> file = table_.file(descriptor);
    if (!file.ok()) return {file.error()};
    return file.value()->write_at(static_cast<std::uint64_t>(offset), bytes, from, sleeper_, who_);
}

Result<std::uint64_t> FileCalls::lseek(Descriptor descriptor, std::int64_t offset,
                                       std::uint32_t whence) {
    const FileRef file = TRY(table_.file(descriptor));
    return file->seek(offset, whence);
}

Result<std::uint32_t> FileCalls::read_directory(Descriptor descriptor, std::uint32_t bytes,
                                                ByteSink& to) {
    const FileRef file = TRY(table_.file(descriptor));
    return file->read_directory(bytes, to);
}

// (Linux: inode_newsize_ok.)
Result<void> FileCalls::check_growth(Node& file, std::uint64_t length) const {
    if (length <= who_.most_file_bytes || length <= TRY(file.end())) return {};
    return Error::FileTooBig;
}

Result<void> FileCalls::ftruncate(Descriptor descriptor, std::int64_t bytes) {
    if (bytes < 0) return Error::InvalidArgument;
    const FileRef file = TRY(table_.file(descriptor));
    const auto length = static_cast<std::uint64_t>(bytes);
    const bool large = has(file->flags(), kOpenLargeFile);
    if (file->node()->kind() != NodeKind::File || !file->mode().write)
        return Error::InvalidArgument;
    if (!large && length > OpenFile::kMostWithoutLargeFile) return Error::InvalidArgument;
    TRY(check_growth(*file->node(), length));
    TRY(drop_privileges(*file->node(), who_));
    return file->node()->resize(length);
}

Result<void> FileCalls::fsync(Descriptor descriptor, bool data_only) {
    const FileRef file = TRY(table_.file(descriptor));
    const NodeKind kind = file->io()->kind();
    if (kind == NodeKind::Pipe || kind == NodeKind::CharacterDevice) return Error::InvalidArgument;
    return file->io()->sync(data_only);
}

}  // namespace quire::fs
