#include "fs/ext2_node.h"

#include "fs/ext2.h"
#include "libc/string.h"
#include "mm/evict.h"
#include "mm/write_back.h"

namespace quire::fs::ext2 {

namespace {

// write(2) takes blocks for so many bytes at a time.
constexpr std::uint32_t kWritePiece = 64 * 1024;
// A file of this size or more needs a mark in the super block.
constexpr std::uint64_t kLargeFile = std::uint64_t{1} << 31;

}  // namespace

Ext2Node::Ext2Node(Ext2& file_system, InodeNumber number, NodeKind kind, std::uint64_t bytes)
    : Node(file_system, kind), ext2_(file_system), number_(number) {
    if (kind == NodeKind::File) content_.emplace(*this, allocator(), ext2_.parts_.objects, bytes);
}

Allocator& Ext2Node::allocator() const {
    return ext2_.mounted_->allocator;
}

Volume& Ext2Node::volume() const {
    return ext2_.mounted_->volume;
}

// --- Its life ---

bool Ext2Node::is_used() const {
    return users() != 0 || (content_.has_value() && content_->pages.users() != 0);
}

void Ext2Node::last_user_gone() {
    if (!is_used()) ext2_.unused(*this);
}

bool Ext2Node::is_young() const {
    return young_at_ == allocator().settled();
}

void Ext2Node::note_young() {
    young_at_ = allocator().settled();
}

Result<void> Ext2Node::write_pages() {
    if (!content_.has_value()) return {};
    Pages& pages = content_->pages;
    TRY(mm::write_back(ext2_.parts_.memory, pages, 0, pages.pages()));
    // Promises for pages that never came, as write(2) was cut short.
    if (content_->store.promised() != 0 && pages.dirty_pages() == 0) {
        const Operation operation(volume());
        content_->store.break_promises(FileBlock(0));
    }
    return {};
}

void Ext2Node::drop_pages() {
    if (!content_.has_value()) return;
    mm::drop_pages(ext2_.parts_.memory, content_->pages, 0, content_->pages.pages());
    const Operation operation(volume());
    content_->store.break_promises(FileBlock(0));
}

Result<void> Ext2Node::free_on_disk() {
    Inode inode = TRY(load());
    if (inode.has_blocks()) BlockMap(allocator(), inode).cut(FileBlock(0));
    free_attributes(inode);
    inode.set_bytes(0);
    inode.set_dirty();
    allocator().free_inode_later(number_, kind() == NodeKind::Directory);
    return {};
}

// A block of extended attributes may belong to several inodes, which it counts. We never make one.
void Ext2Node::free_attributes(Inode& inode) {
    const BlockRun run{DiskBlock(inode->attribute_block), 1};
    if (run.is_hole() || !allocator().groups().check_data(number_, run).ok()) return;
    Result<Block> block = allocator().cache().get(run.first.raw());
    if (!block.ok()) return volume().note_damage();
    AttributeHeader& header = *block.value().at<AttributeHeader>(0);
    if (header.magic != AttributeHeader::kMagic || header.inodes == 0) {
        (void)volume().corrupted(number_, run.first, "no block of attributes");
        return;
    }
    inode->attribute_block = 0;
    const std::uint32_t sectors = allocator().geometry().sectors_per_block();
    inode->sectors = inode->sectors > sectors ? inode->sectors - sectors : 0;
    if (--header.inodes == 0) return allocator().free_later(run);
    block.value().set_dirty();
}

// --- Attributes ---

Result<Inode> Ext2Node::load() const {
    return Inode::load(allocator().groups(), number_);
}

Result<Attributes> Ext2Node::attributes() {
    const Inode inode = TRY(load());
    Attributes result;
    result.kind = kind();
    result.permissions = inode->mode & 0xFFF;
    result.number = number_.raw();
    result.links = inode->links;
    result.user = inode.user();
    result.group = inode.group();
    result.bytes = content_.has_value() ? content_->pages.bytes() : inode.bytes();
    result.half_kib = inode->sectors;
    result.block_size = allocator().geometry().block_bytes;
    result.accessed.seconds = inode->accessed;
    result.modified.seconds = inode->modified;
    result.changed.seconds = inode->changed;
    if (content_.has_value())
        result.half_kib +=
            std::uint64_t{content_->store.promised()} * allocator().geometry().sectors_per_block();
    if (kind() == NodeKind::BlockDevice || kind() == NodeKind::CharacterDevice)
        result.device = inode.device();
    return result;
}

Result<void> Ext2Node::change(const AttributeChange& change) {
    TRY(ext2_.begin_change());
    const Operation operation(volume());
    Inode inode = TRY(load());
    if (change.permissions.has_value()) inode.set_permissions(*change.permissions);
    inode.set_owner(change.user.value_or(inode.user()), change.group.value_or(inode.group()));
    if (change.accessed.has_value()) inode->accessed = change.accessed->seconds;
    if (change.modified.has_value()) inode->modified = change.modified->seconds;
    inode->changed = now();
    read_noted_ = false;
    inode.set_dirty();
    return {};
}

// The time of a read is kept as Linux does by default (relatime): the first after a change.
void Ext2Node::note_read() {
    if (read_noted_ || volume().read_only()) return;
    Result<Inode> loaded = load();
    if (!loaded.ok()) return;
    Inode& inode = loaded.value();
    read_noted_ = true;
    if (inode->accessed > inode->modified && inode->accessed > inode->changed) return;
    inode->accessed = now();
    inode.set_dirty();
}

// --- Bytes ---

mm::MemoryObject* Ext2Node::object() {
    return content_.has_value() ? &content_->pages : nullptr;
}

Result<std::uint32_t> Ext2Node::read(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                                     ReadAhead& ahead) {
    if (!content_.has_value()) return Node::read(offset, bytes, to, ahead);
    const std::uint32_t count =
        TRY(read_object(ext2_.parts_.memory, content_->pages, offset, bytes, to, ahead));
    if (count != 0) note_read();
    return count;
}

// The file is about to have `bytes` bytes.
Result<void> Ext2Node::prepare_size(std::uint64_t bytes) {
    if (bytes > allocator().geometry().most_bytes()) return Error::FileTooBig;
    if (bytes >= kLargeFile) return volume().allow_large_files();
    return {};
}

// The inode stays in RAM from the promise on: nothing can fail when the bytes are there.
Result<std::uint32_t> Ext2Node::write_some(std::uint64_t offset, std::uint32_t bytes,
                                           ByteSource& from) {
    TRY(ext2_.begin_change());
    Inode inode = TRY(load());
    const std::uint32_t shift = allocator().geometry().block_shift;
    const FileBlock first(static_cast<std::uint32_t>(offset >> shift));
    const FileBlock end(allocator().geometry().blocks_for(offset + bytes));
    {
        const Operation operation(volume());
        TRY(prepare_size(offset + bytes));
        const std::uint32_t promised = TRY(content_->store.promise(first, end - first));
        const std::uint64_t room = (std::uint64_t{first.raw() + promised} << shift) - offset;
        if (room < bytes) bytes = static_cast<std::uint32_t>(room);
    }
    const std::uint32_t count =
        TRY(write_object(ext2_.parts_.memory, content_->pages, offset, bytes, from));
    if (content_->pages.bytes() > inode.bytes()) inode.set_bytes(content_->pages.bytes());
    inode->modified = inode->changed = now();
    read_noted_ = false;
    inode.set_dirty();
    return count;
}

Result<std::uint32_t> Ext2Node::write(std::uint64_t offset, std::uint32_t bytes, ByteSource& from) {
    if (!content_.has_value()) return Node::write(offset, bytes, from);
    if (volume().read_only()) return Error::ReadOnly;
    const std::uint64_t most = allocator().geometry().most_bytes();
    if (bytes != 0 && offset >= most) return Error::FileTooBig;
    if (bytes > most - offset) bytes = static_cast<std::uint32_t>(most - offset);
    std::uint32_t done = 0;
    while (done < bytes) {
        // Pieces end where blocks do.
        const auto in_piece = static_cast<std::uint32_t>((offset + done) & (kWritePiece - 1));
        std::uint32_t piece = kWritePiece - in_piece;
        if (piece > bytes - done) piece = bytes - done;
        const Result<std::uint32_t> count = write_some(offset + done, piece, from);
        if (!count.ok() && done == 0) return count;
        if (!count.ok()) break;
        done += count.value();
        if (count.value() < piece) break;
    }
    return done;
}

Result<void> Ext2Node::resize(std::uint64_t bytes) {
    if (!content_.has_value()) return Node::resize(bytes);
    TRY(ext2_.begin_change());
    Inode inode = TRY(load());
    TRY(prepare_size(bytes));
    const bool shrinks = bytes < content_->pages.bytes();
    TRY(resize_object(ext2_.parts_.memory, content_->pages, bytes));
    const Operation operation(volume());
    inode.set_bytes(bytes);
    inode->modified = inode->changed = now();
    read_noted_ = false;
    inode.set_dirty();
    if (!shrinks) return {};
    const FileBlock end(allocator().geometry().blocks_for(bytes));
    content_->store.break_promises(end);
    BlockMap(allocator(), inode).cut(end);
    return {};
}

// All tables and the names of the way are written before the inode, by the orders they were given.
// A directory has more than one block, and names in it lead to inodes: everything is written.
Result<void> Ext2Node::sync(bool) {
    if (!volume().is_writable()) return {};
    if (kind() == NodeKind::Directory) return ext2_.sync();
    TRY(write_pages());
    const Operation operation(volume());
    const Inode inode = TRY(load());
    TRY(allocator().cache().write(inode.block()));
    return allocator().cache().device().flush();
}

Result<std::uint32_t> Ext2Node::read_link(std::span<char> room) {
    if (kind() != NodeKind::SymbolicLink) return Node::read_link(room);
    Inode inode = TRY(load());
    const std::size_t limit =
        inode.has_blocks() ? allocator().geometry().block_bytes : Inode::kShortLink;
    std::size_t bytes = inode.bytes() < limit ? static_cast<std::size_t>(inode.bytes()) : limit;
    if (bytes > room.size()) bytes = room.size();
    if (inode.is_short_link()) {
        memcpy(room.data(), inode.short_text(), bytes);
    } else {
        const BlockRun run = TRY(BlockMap(allocator(), inode).find(FileBlock(0), 1));
        if (run.is_hole()) return volume().corrupted(number_, {}, "a symbolic link without text");
        const Block block = TRY(allocator().cache().get(run.first.raw()));
        memcpy(room.data(), block.bytes().data(), bytes);
    }
    note_read();
    return static_cast<std::uint32_t>(bytes);
}

}  // namespace quire::fs::ext2
