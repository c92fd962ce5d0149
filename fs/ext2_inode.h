// An inode of the disk, in use: its bytes are those in the cache, there is no second copy.
//
//     Inode inode = TRY(Inode::load(groups, number));
//     inode->modified = now;  inode.set_dirty();
//
// A handle pins the block, so it lives for one step of an operation, not longer. Two handles of one
// inode see the same bytes.
#pragma once

#include "fs/ext2_groups.h"

namespace quire::fs::ext2 {

class Inode {
  public:
    /// Errors: Corrupted (no such inode); IoError, OutOfMemory.
    static Result<Inode> load(Groups& groups, InodeNumber number);

    [[nodiscard]] InodeNumber number() const { return number_; }
    [[nodiscard]] DiskInode* operator->() const { return data_; }
    [[nodiscard]] DiskInode& operator*() const { return *data_; }
    [[nodiscard]] const Block& block() const { return block_; }
    void set_dirty() { block_.set_dirty(); }

    // What consists of two fields, or of a part of one.
    [[nodiscard]] NodeKind kind() const { return static_cast<NodeKind>(data_->mode >> 12); }
    [[nodiscard]] bool is_directory() const { return kind() == NodeKind::Directory; }
    [[nodiscard]] std::uint64_t bytes() const;
    void set_bytes(std::uint64_t bytes);
    [[nodiscard]] std::uint32_t user() const {
        return data_->user_low | std::uint32_t{data_->user_high} << 16;
    }
    [[nodiscard]] std::uint32_t group() const {
        return data_->group_low | std::uint32_t{data_->group_high} << 16;
    }
    void set_owner(std::uint32_t user, std::uint32_t group);
    void set_permissions(std::uint16_t permissions) {
        data_->mode = static_cast<std::uint16_t>((data_->mode & 0xF000U) | (permissions & 0xFFFU));
    }
    /// What a device node stands for: major << 8 | minor, in the form that fits.
    [[nodiscard]] std::uint32_t device() const;
    void set_device(std::uint32_t device);

    /// Whether the pointers of an inode of this kind point to blocks. Those of a device do not, nor
    /// do those of a short symbolic link: its text is where they would be.
    [[nodiscard]] bool has_blocks() const;
    [[nodiscard]] bool is_short_link() const {
        return kind() == NodeKind::SymbolicLink && !has_blocks();
    }
    /// The text of a short link. Precondition: is_short_link(), bytes() < kShortLink.
    [[nodiscard]] char* short_text() const { return reinterpret_cast<char*>(data_->pointers); }
    /// A link of fewer bytes than this is short.
    static constexpr std::uint32_t kShortLink = sizeof(DiskInode::pointers);

    /// Whether somebody may use it: a kind that is known, links, a size it can have.
    /// Errors: Corrupted; NotSupported (it is made of extents, or encrypted).
    Result<void> check(Volume& volume) const;

  private:
    Inode(InodeNumber number, Block block, DiskInode* data, std::uint32_t block_sectors)
        : number_(number), block_(std::move(block)), data_(data), block_sectors_(block_sectors) {}

    InodeNumber number_;
    Block block_;
    DiskInode* data_;
    std::uint32_t block_sectors_;
};

}  // namespace quire::fs::ext2
