#include "fs/open_file.h"

#include "fs/directory_reader.h"

namespace quire::fs {

namespace {

using namespace abi;

constexpr std::uint32_t kChangeable =
    kOpenAppend | kOpenNonBlock | kOpenAsync | kOpenDirect | kOpenNoAccessTime;
// What F_GETFL tells: neither what only matters while the file is opened nor what nobody knows.
constexpr std::uint32_t kOfFile = kOpenAccessMode | kChangeable | kOpenSync | kOpenLargeFile |
                                  kOpenDirectory | kOpenNoFollow | kOpenPath;
constexpr std::uint64_t kMostOffset = 0x7FFFFFFFFFFFFFFF;

}  // namespace

void OpenFile::last_user_gone() {
    io_->closed(mode());
    if (writes_a_file()) io_->drop_writer();
    layer_.open_files.release(this);
}

OpenFile::OpenFile(FileLayer& layer, NodeRef node, NodeRef io, std::uint32_t flags)
    : layer_(layer), node_(std::move(node)), io_(std::move(io)), flags_(flags & kOfFile) {}

Result<FileRef> OpenFile::create(FileLayer& layer, NodeRef node, NodeRef io, std::uint32_t flags) {
    OpenFile* file = TRY(layer.open_files.allocate(layer, std::move(node), std::move(io), flags));
    const Result<void> opened = file->tell_opened();
    if (!opened.ok()) {
        layer.open_files.release(file);
        return opened.error();
    }
    return FileRef(*file);
}

Result<void> OpenFile::tell_opened() {
    if (writes_a_file()) TRY(io_->add_writer());
    const Result<void> opened = io_->opened(mode());
    if (!opened.ok() && writes_a_file()) io_->drop_writer();
    return opened;
}

bool OpenFile::writes_a_file() const {
    return mode().write && io_->kind() == NodeKind::File;
}

void OpenFile::set_status_flags(std::uint32_t flags) {
    flags_ = (flags_ & ~kChangeable) | (flags & kChangeable);
}

Result<std::uint32_t> OpenFile::read(std::uint32_t bytes, ByteSink& to, Sleeper& sleeper) {
    if (!mode().read) return Error::BadDescriptor;
    const std::uint32_t count = TRY(transfer_in(offset_, bytes, to, sleeper));
    if (io_->seeking() == Seeking::Free) offset_ += count;
    return count;
}

Result<std::uint32_t> OpenFile::read_at(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                                        Sleeper& sleeper) {
    if (offset > kMostOffset) return Error::InvalidArgument;
    if (io_->seeking() == Seeking::Refused) return Error::NotSeekable;
    if (!mode().read) return Error::BadDescriptor;
    return transfer_in(offset, bytes, to, sleeper);
}

WriteOutcome OpenFile::write(std::uint32_t bytes, ByteSource& from, Sleeper& sleeper,
                             const Credentials& who) {
    std::uint64_t at = offset_;
    const WriteOutcome outcome = transfer_out(at, bytes, from, sleeper, who);
    if (outcome.result.ok() && io_->seeking() == Seeking::Free)
        offset_ = at + outcome.result.value();
    return outcome;
}

WriteOutcome OpenFile::write_at(std::uint64_t offset, std::uint32_t bytes, ByteSource& from,
                                Sleeper& sleeper, const Credentials& who) {
    if (offset > kMostOffset) return {Error::InvalidArgument};
    if (io_->seeking() == Seeking::Refused) return {Error::NotSeekable};
    return transfer_out(offset, bytes, from, sleeper, who);
}

Result<std::uint64_t> OpenFile::seek(std::int64_t offset, std::uint32_t whence) {
    if (whence > kSeekHole) return Error::InvalidArgument;
    switch (io_->seeking()) {
    case Seeking::Refused:
        return Error::NotSeekable;
    case Seeking::Ignored:
        return std::uint64_t{0};
    case Seeking::Free:
        break;
    }
    const std::uint64_t target = TRY(seek_target(offset, whence));
    if (target > mm::MemoryObject::kMaxBytes) return Error::InvalidArgument;
    offset_ = target;
    return target;
}

Result<std::uint64_t> OpenFile::seek_target(std::int64_t offset, std::uint32_t whence) {
    const auto distance = static_cast<std::uint64_t>(offset);
    if (whence == kSeekSet) return distance;
    if (whence == kSeekCurrent) return offset_ + distance;
    const std::uint64_t end = TRY(io_->end());
    if (whence == kSeekEnd) return end + distance;
    if (distance >= end) return Error::NoDevice;
    return whence == kSeekData ? distance : end;
}

Result<std::uint32_t> OpenFile::read_directory(std::uint32_t bytes, ByteSink& to) {
    if (io_->kind() != NodeKind::Directory) return Error::NotDirectory;
    return read_entries(*io_, offset_, bytes, to);
}

Readiness OpenFile::readiness() const {
    Readiness ready = io_->readiness();
    if (io_->changes() == nullptr) return ready;  // files are ready for what they refuse, too
    const OpenMode mode = this->mode();
    ready.readable = ready.readable && mode.read;
    ready.hung_up = ready.hung_up && mode.read;
    ready.writable = ready.writable && mode.write;
    ready.broken = ready.broken && mode.write;
    return ready;
}

void OpenFile::check_invariants() const {
    ASSERT(users_ != 0 && node_ && io_);
    ASSERT(offset_ <= kMostOffset);
}

bool OpenFile::blocks() const {
    return io_->changes() != nullptr && (flags_ & kOpenNonBlock) == 0;
}

Result<std::uint32_t> OpenFile::transfer_in(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                                            Sleeper& sleeper) {
    if (io_->kind() == NodeKind::Directory) return Error::IsDirectory;
    if (bytes > kMostBytes) bytes = kMostBytes;
    if (bytes == 0) return 0U;
    for (;;) {
        const Result<std::uint32_t> count = io_->read(offset, bytes, to, ahead_);
        if (count.ok() || count.error() != Error::TryAgain || !blocks()) return count;
        TRY(sleeper.sleep(*io_->changes()));
    }
}

// Where the write begins and how many bytes it may have. (Linux: generic_write_checks.)
Result<std::uint32_t> OpenFile::prepare_write(std::uint64_t& offset, std::uint32_t bytes,
                                              const Credentials& who) {
    if (!mode().write) return Error::BadDescriptor;
    if (bytes > kMostBytes) bytes = kMostBytes;
    if (bytes == 0 || io_->kind() != NodeKind::File) return bytes;
    if ((flags_ & kOpenAppend) != 0) offset = TRY(io_->end());
    const bool large = (flags_ & kOpenLargeFile) != 0;
    std::uint64_t limit = large ? kMostOffset : kMostWithoutLargeFile;
    if (limit > who.most_file_bytes) limit = who.most_file_bytes;
    if (offset >= limit) return Error::FileTooBig;
    if (bytes > limit - offset) bytes = static_cast<std::uint32_t>(limit - offset);
    TRY(drop_privileges(*io_, who));
    return bytes;
}

// What could not be written to a pipe or a terminal follows when there is room; of a file it is
// left out, and the caller told how much was written.
WriteOutcome OpenFile::transfer_out(std::uint64_t& offset, std::uint32_t bytes, ByteSource& from,
                                    Sleeper& sleeper, const Credentials& who) {
    const Result<std::uint32_t> allowed = prepare_write(offset, bytes, who);
    if (!allowed.ok() && allowed.error() == Error::FileTooBig)
        return {.result = allowed, .over_limit = offset >= who.most_file_bytes};
    if (!allowed.ok() || allowed.value() == 0) return {allowed};
    bytes = allowed.value();
    for (std::uint32_t done = 0;;) {
        const Result<std::uint32_t> count = io_->write(offset + done, bytes - done, from);
        if (count.ok()) {
            done += count.value();
            if (done == bytes || !blocks()) return {done};
            continue;
        }
        Error error = count.error();
        if (error == Error::TryAgain && blocks()) {
            const Result<void> slept = sleeper.sleep(*io_->changes());
            if (slept.ok()) continue;
            error = slept.error();
        }
        const bool broken = error == Error::BrokenPipe;
        if (done != 0) return {done, broken};
        return {error, broken};
    }
}

Result<void> drop_privileges(Node& node, const Credentials& who) {
    if (who.is_root()) return {};
    const Attributes attributes = TRY(node.attributes());
    const std::uint16_t kept = without_privileges(attributes.permissions);
    if (kept == attributes.permissions) return {};
    AttributeChange change;
    change.permissions = kept;
    return node.change(change);
}

}  // namespace quire::fs
