// Attributes, files, links and special nodes of a tmpfs.
#include "fs/tmpfs_node.h"

#include "fs/tmpfs.h"
#include "libc/string.h"
#include "mm/evict.h"
#include "mm/physical_window.h"

namespace quire::fs {

namespace {

constexpr std::uint32_t kDay = 24 * 60 * 60;
constexpr std::uint64_t kPageBytes = mm::kPageSize;

}  // namespace

TmpfsNode::TmpfsNode(Tmpfs& system, const NewNode& what)
    : Node(system, what.kind), system_(system) {
    attributes_.kind = what.kind;
    attributes_.permissions = what.permissions;
    attributes_.number = system.next_number_++;
    attributes_.user = what.user;
    attributes_.group = what.group;
    attributes_.device = what.device;
    attributes_.accessed = attributes_.modified = attributes_.changed = system.now();
    system_.nodes_.push_back(*this);
    ++system_.node_count_;
}

TmpfsNode::~TmpfsNode() {
    system_.nodes_.remove(*this);
    --system_.node_count_;
}

Result<void> TmpfsNode::change(const AttributeChange& change) {
    if (change.permissions.has_value()) attributes_.permissions = *change.permissions;
    if (change.user.has_value()) attributes_.user = *change.user;
    if (change.group.has_value()) attributes_.group = *change.group;
    if (change.accessed.has_value()) attributes_.accessed = *change.accessed;
    if (change.modified.has_value()) attributes_.modified = *change.modified;
    note_status_change();
    return {};
}

void TmpfsNode::add_link() {
    ++attributes_.links;
    note_status_change();
}

void TmpfsNode::drop_link() {
    ASSERT(attributes_.links != 0);
    --attributes_.links;
    note_status_change();
    destroy_if_unused();
}

void TmpfsNode::destroy_if_unused() {
    if (users() == 0 && links() == 0) destroy();
}

void TmpfsNode::note_read() {
    const Timestamp now = system_.now();
    const Timestamp before = attributes_.accessed;
    if (before <= attributes_.modified || before <= attributes_.changed ||
        now.seconds - before.seconds >= kDay) {
        attributes_.accessed = now;
    }
}

void TmpfsNode::note_change() {
    attributes_.modified = attributes_.changed = system_.now();
}

void TmpfsNode::note_status_change() {
    attributes_.changed = system_.now();
}

void TmpfsSpecial::destroy() {
    system_.parts_.caches.nodes.release(this);
}

TmpfsFile::TmpfsFile(Tmpfs& system, const NewNode& what)
    : TmpfsNode(system, what), pages_(system.parts_.objects, *this) {
    pages_.add_user();
}

TmpfsFile::~TmpfsFile() {
    system_.used_pages_ -= counted_pages_;
    charge_existing({});
}

// Neither the file nor a region needs the pages any more.
void TmpfsFile::pages_unused() {
    mm::drop_pages(system_.parts_.memory, pages_, 0, pages_.pages());
    system_.parts_.caches.files.release(this);
}

Result<Attributes> TmpfsFile::attributes() {
    Attributes result = attributes_;
    result.bytes = pages_.bytes();
    result.half_kib =
        std::uint64_t{pages_.resident_pages() + pages_.swapped_pages()} * (mm::kPageSize / 512);
    return result;
}

Result<std::uint32_t> TmpfsFile::read(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                                      ReadAhead& ahead) {
    note_read();
    Result<std::uint32_t> count =
        read_object(system_.parts_.memory, pages_, offset, bytes, to, ahead);
    count_pages();
    return count;
}

Result<std::uint32_t> TmpfsFile::write(std::uint64_t offset, std::uint32_t bytes,
                                       ByteSource& from) {
    if (offset >= mm::MemoryObject::kMaxBytes) return Error::FileTooBig;
    const std::uint64_t most = mm::MemoryObject::kMaxBytes - offset;
    if (bytes > most) bytes = static_cast<std::uint32_t>(most);
    bytes = bytes_allowed(offset, bytes);
    if (bytes == 0) return Error::NoSpace;
    Result<std::uint32_t> count = write_object(system_.parts_.memory, pages_, offset, bytes, from);
    count_pages();
    if (count.ok()) note_change();
    return count;
}

Result<void> TmpfsFile::resize(std::uint64_t bytes) {
    if (bytes > mm::MemoryObject::kMaxBytes) return Error::FileTooBig;
    const mm::PageCount before = charged_;
    const mm::PageCount after(static_cast<std::uint32_t>(divide_up(bytes, kPageBytes)));
    if (promises_size_ && after > before) {
        TRY(system_.parts_.memory.commit().charge(after - before));
        charged_ = after;
    }
    const Result<void> resized = resize_object(system_.parts_.memory, pages_, bytes);
    if (promises_size_) charge_existing(resized.ok() ? after : before);
    TRY(resized);
    count_pages();
    note_change();
    return {};
}

void TmpfsFile::count_pages() {
    const std::uint32_t pages = pages_.resident_pages() + pages_.swapped_pages();
    system_.used_pages_ += pages - counted_pages_;
    counted_pages_ = pages;
    if (!promises_size_) charge_existing(mm::PageCount(pages));
}

// What is charged for the file is `pages` from now on.
void TmpfsFile::charge_existing(mm::PageCount pages) {
    mm::CommitAccount& commit = system_.parts_.memory.commit();
    commit.release(charged_);
    commit.charge_existing(pages);
    charged_ = pages;
}

// Whether there may be so many pages more, as far as limits go.
bool TmpfsFile::allows(std::uint32_t more_pages) const {
    const std::uint32_t limit = system_.options_.pages;
    if (limit != 0 && system_.used_pages_ + more_pages > limit) return false;
    return promises_size_ || system_.parts_.memory.commit().allows(mm::PageCount(more_pages));
}

// As many of `bytes` as limits allow. A page that is there already costs nothing.
std::uint32_t TmpfsFile::bytes_allowed(std::uint64_t offset, std::uint32_t bytes) const {
    const auto first = static_cast<std::uint32_t>(offset >> mm::kPageShift);
    const auto last = static_cast<std::uint32_t>((offset + bytes - 1) >> mm::kPageShift);
    if (allows(last - first + 1)) return bytes;
    std::uint32_t more = 0;
    for (std::uint32_t page = first; page <= last; ++page) {
        const mm::ObjectEntry entry =
            page < pages_.pages() ? pages_.entry(page) : mm::ObjectEntry();
        if (entry.is_frame() || entry.is_slot()) continue;
        if (!allows(++more)) {
            const std::uint64_t start = std::uint64_t{page} << mm::kPageShift;
            return start <= offset ? 0 : static_cast<std::uint32_t>(start - offset);
        }
    }
    return bytes;
}

TmpfsLink::TmpfsLink(Tmpfs& system, const NewNode& what, mm::OwnedFrame room)
    : TmpfsNode(system, what), long_(std::move(room)) {
    attributes_.bytes = what.target.size();
    memcpy(target(), what.target.data(), what.target.size());
}

char* TmpfsLink::target() {
    if (long_.empty()) return short_.data();
    return reinterpret_cast<char*>(mm::frame_bytes(long_.number()));
}

Result<std::uint32_t> TmpfsLink::read_link(std::span<char> room) {
    const auto length = static_cast<std::size_t>(attributes_.bytes);
    const std::size_t count = length < room.size() ? length : room.size();
    memcpy(room.data(), target(), count);
    note_read();
    return static_cast<std::uint32_t>(count);
}

void TmpfsLink::destroy() {
    system_.parts_.caches.links.release(this);
}

}  // namespace quire::fs
