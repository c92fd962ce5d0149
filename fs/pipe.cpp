#include "fs/pipe.h"

#include "fs/file_layer.h"
#include "kernel/abi/fcntl.h"
#include "kernel/abi/stat.h"
#include "mm/physical_window.h"

namespace quire::fs {

Pipe::Pipe(PipeSystem& system, const Node* name, const Attributes& attributes)
    : Node(system, NodeKind::Pipe), system_(system), name_(name), attributes_(attributes) {
    system_.pipes_.push_back(*this);
}

Pipe::~Pipe() {
    fill_ = 0;
    release_unused_pages();
    system_.pipes_.remove(*this);
}

void Pipe::last_user_gone() {
    system_.cache_.release(this);
}

Result<Attributes> Pipe::attributes() {
    return attributes_;
}

Result<void> Pipe::change(const AttributeChange& change) {
    if (change.permissions.has_value()) attributes_.permissions = *change.permissions;
    if (change.user.has_value()) attributes_.user = *change.user;
    if (change.group.has_value()) attributes_.group = *change.group;
    if (change.accessed.has_value()) attributes_.accessed = *change.accessed;
    if (change.modified.has_value()) attributes_.modified = *change.modified;
    attributes_.changed = system_.time_.now();
    return {};
}

Result<std::uint32_t> Pipe::read(std::uint64_t, std::uint32_t bytes, ByteSink& to, ReadAhead&) {
    if (fill_ == 0 && writers_ == 0) return 0U;
    if (fill_ == 0) return Error::TryAgain;
    std::uint32_t done = 0;
    Result<void> taken;
    while (done < bytes && fill_ != 0) {
        const std::uint32_t rest = bytes - done;
        const Piece piece = piece_at(first_, rest < fill_ ? rest : fill_);
        taken = to.take(bytes_of(piece));
        if (!taken.ok()) break;
        consume(piece);
        done += piece.bytes;
    }
    if (done == 0 && !taken.ok()) return taken.error();
    changes_.wake_all();
    return done;
}

Result<std::uint32_t> Pipe::write(std::uint64_t, std::uint32_t bytes, ByteSource& from) {
    if (readers_ == 0) return Error::BrokenPipe;
    const bool atomic = bytes <= abi::kPipeAtomic;
    const std::uint32_t room = kBytes - fill_;
    if (room == 0 || (atomic && room < bytes)) return Error::TryAgain;
    const std::uint32_t most = bytes < room ? bytes : room;
    std::uint32_t done = 0;
    Result<void> filled;
    while (done < most) {
        const std::uint32_t step = atomic ? most : piece_at(first_ + fill_, most - done).bytes;
        filled = fill_at(first_ + fill_, step, from);
        if (!filled.ok()) break;
        fill_ += step;
        done += step;
    }
    if (!filled.ok()) release_unused_pages();
    if (done == 0 && !filled.ok()) return filled.error();
    changes_.wake_all();
    return done;
}

// Fills `bytes` bytes of the ring, page by page; nobody sees them until fill_ grows.
Result<void> Pipe::fill_at(std::uint32_t position, std::uint32_t bytes, ByteSource& from) {
    for (std::uint32_t done = 0; done < bytes;) {
        const Piece piece = piece_at(position + done, bytes - done);
        TRY(make_page(piece.slot));
        done += piece.bytes;
    }
    for (std::uint32_t done = 0; done < bytes;) {
        const Piece piece = piece_at(position + done, bytes - done);
        TRY(from.give(bytes_of(piece)));
        done += piece.bytes;
    }
    return {};
}

Result<void> Pipe::opened(OpenMode mode) {
    if (mode.read) {
        ++readers_;
        ++reader_openings_;
    }
    if (mode.write) {
        ++writers_;
        ++writer_openings_;
    }
    changes_.wake_all();
    return {};
}

void Pipe::closed(OpenMode mode) {
    if (mode.read) --readers_;
    if (mode.write) --writers_;
    changes_.wake_all();
}

Readiness Pipe::readiness() {
    return {.readable = fill_ != 0,
            .writable = kBytes - fill_ >= abi::kPipeAtomic,
            .hung_up = writers_ == 0,
            .broken = readers_ == 0};
}

Pipe::Piece Pipe::piece_at(std::uint32_t position, std::uint32_t bytes) {
    position %= kBytes;
    const std::uint32_t offset = position % mm::kPageSize;
    const std::uint32_t left = mm::kPageSize - offset;
    return {position / mm::kPageSize, offset, bytes < left ? bytes : left};
}

std::span<std::byte> Pipe::bytes_of(const Piece& piece) {
    return {mm::frame_bytes(pages_[piece.slot]) + piece.offset, piece.bytes};
}

bool Pipe::holds_bytes(std::uint32_t slot) const {
    if (fill_ == 0) return false;
    const std::uint32_t first = first_ / mm::kPageSize;
    const std::uint32_t last = (first_ + fill_ - 1) / mm::kPageSize;
    return slot >= first ? slot <= last : slot + kSlots <= last;
}

Result<void> Pipe::make_page(std::uint32_t slot) {
    if (has_page(slot)) return {};
    mm::OwnedFrame frame = TRY(FileLayer::take_frame_from(system_.memory_));
    pages_[slot] = frame.release();
    return {};
}

// The first bytes of the ring have been read. An empty one begins anew with the page it has left,
// so that few bytes need one. In a full one the last bytes may lie in the same page, before the
// first.
void Pipe::consume(const Piece& piece) {
    fill_ -= piece.bytes;
    if (fill_ == 0) {
        first_ = 0;
        std::swap(pages_[0], pages_[piece.slot]);
        return;
    }
    first_ = (first_ + piece.bytes) % kBytes;
    if (!holds_bytes(piece.slot)) release_page(piece.slot);
}

void Pipe::release_page(std::uint32_t slot) {
    system_.memory_.frames().drop_reference(std::exchange(pages_[slot], mm::FrameNumber()));
}

// What was made for bytes that did not come.
void Pipe::release_unused_pages() {
    for (std::uint32_t slot = 0; slot < kSlots; ++slot)
        if (has_page(slot) && !holds_bytes(slot)) release_page(slot);
}

void Pipe::check_invariants() {
    ASSERT(first_ < kBytes && fill_ <= kBytes);
    const bool is_empty = fill_ == 0;
    for (std::uint32_t slot = 0; slot < kSlots; ++slot)
        ASSERT(has_page(slot) == holds_bytes(slot) || (is_empty && slot == 0));
    ASSERT(readers_ <= reader_openings_ && writers_ <= writer_openings_);
    changes_.check_invariants();
}

Result<NodeRef> PipeSystem::create(const Credentials& who) {
    Attributes attributes;
    attributes.permissions = 0600;
    attributes.user = who.user;
    attributes.group = who.group;
    return make(nullptr, attributes);
}

Result<NodeRef> PipeSystem::named(const Node& name) {
    for (Pipe& pipe : pipes_)
        if (pipe.name() == &name) return NodeRef(pipe);
    return make(&name, {});
}

Result<NodeRef> PipeSystem::make(const Node* name, const Attributes& attributes) {
    Attributes all = attributes;
    all.kind = NodeKind::Pipe;
    all.number = next_number_++;
    all.links = 1;
    all.accessed = all.modified = all.changed = time_.now();
    return NodeRef(*TRY(cache_.allocate(*this, name, all)));
}

FileSystemFigures PipeSystem::figures() {
    FileSystemFigures figures;
    figures.magic = abi::kPipeMagic;
    return figures;
}

void PipeSystem::check_invariants() {
    pipes_.check_invariants();
    for (Pipe& pipe : pipes_)
        pipe.check_invariants();
}

}  // namespace quire::fs
