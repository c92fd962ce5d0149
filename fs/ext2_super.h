// A mounted ext2 disk as its parts see it: its geometry, its super block, its state.
//
//     Ext2 --> Allocator --> Groups --> Volume --> BlockCache --> BlockDevice
//                 BlockMap, Directory, Store --^
//
// read_geometry() is the only place that believes a super block, and only after it has checked
// every number that others calculate with. From then on a number out of the disk is compared with
// the geometry before it is used, and what fails that is reported to corrupted().
//
// An operation that changes the file system is one at a time: an Operation lives as long as it
// does. Reclaim may write pages of a file back wherever somebody sleeps, in the middle of an
// operation too; the store (fs/ext2_store.h) sees that from in_operation(), and then changes
// nothing but the bytes of blocks that the file has already.
#pragma once

#include <cstdint>

#include "fs/block_cache.h"
#include "fs/ext2_layout.h"
#include "fs/node.h"

namespace quire::fs::ext2 {

/// The numbers of a disk that never change while it is mounted. All were checked.
struct Geometry {
    std::uint32_t block_bytes = 0;
    std::uint32_t block_shift = 0;
    std::uint32_t inodes = 0;
    std::uint32_t blocks = 0;
    std::uint32_t reserved_blocks = 0;
    std::uint32_t first_data_block = 0;
    std::uint32_t blocks_per_group = 0;
    std::uint32_t inodes_per_group = 0;
    std::uint32_t groups = 0;
    std::uint32_t inode_bytes = 0;
    std::uint32_t first_inode = 0;           // not reserved
    std::uint32_t descriptor_blocks = 0;     // of the table of groups
    std::uint32_t reserved_descriptors = 0;  // blocks behind it
    bool sparse_super = false;
    bool file_types = false;      // entries of directories tell the kind
    bool has_revision_1 = false;  // may learn new features
    bool must_be_read_only = false;

    [[nodiscard]] std::uint32_t pointers_per_block() const { return block_bytes / 4; }
    [[nodiscard]] std::uint32_t sectors_per_block() const {
        return block_bytes / drivers::kSectorSize;
    }
    [[nodiscard]] std::uint32_t inodes_per_block() const { return block_bytes / inode_bytes; }
    /// Blocks that hold `bytes`. Precondition: bytes <= most_bytes().
    [[nodiscard]] std::uint32_t blocks_for(std::uint64_t bytes) const {
        return static_cast<std::uint32_t>((bytes + (block_bytes - 1)) >> block_shift);
    }
    /// The longest file: what the pointers reach, and what 2^32 sectors count.
    [[nodiscard]] std::uint64_t most_bytes() const;
    [[nodiscard]] bool has_inode(InodeNumber number) const {
        return number.raw() != 0 && number.raw() <= inodes;
    }
    [[nodiscard]] std::uint32_t group_of(InodeNumber number) const {
        return (number.raw() - 1) / inodes_per_group;
    }
    /// Precondition: first_data_block <= block.
    [[nodiscard]] std::uint32_t group_of(DiskBlock block) const {
        return (block.raw() - first_data_block) / blocks_per_group;
    }
    [[nodiscard]] DiskBlock first_block_of(std::uint32_t group) const {
        return DiskBlock(first_data_block + group * blocks_per_group);
    }
    /// The last group may be a short one.
    [[nodiscard]] std::uint32_t blocks_in(std::uint32_t group) const {
        const std::uint32_t left = blocks - first_block_of(group).raw();
        return left < blocks_per_group ? left : blocks_per_group;
    }
};

/// Checks `super`, as read from a disk of `device_bytes`, and says what it tells. What is wrong,
/// or not known here, is in the log, by name. `disk` is for the log. Errors: Corrupted (no ext2, or
/// numbers that contradict each other), NotSupported (features that forbid mounting).
Result<Geometry> read_geometry(const SuperBlock& super, std::uint64_t device_bytes,
                               const char* disk);

class Volume {
  public:
    Volume(BlockCache& cache, const Geometry& geometry, const TimeSource& time, bool read_only)
        : cache_(cache),
          geometry_(geometry),
          time_(time),
          writable_(!read_only),
          read_only_(read_only) {}
    Volume(const Volume&) = delete;
    Volume& operator=(const Volume&) = delete;
    ~Volume() = default;

    [[nodiscard]] BlockCache& cache() const { return cache_; }
    [[nodiscard]] const Geometry& geometry() const { return geometry_; }
    [[nodiscard]] const char* name() const { return cache_.device().name(); }
    [[nodiscard]] std::uint32_t now() const { return time_.now().seconds; }
    [[nodiscard]] bool read_only() const { return read_only_; }
    /// Whether it was mounted for writing, whatever happened since.
    [[nodiscard]] bool is_writable() const { return writable_; }

    /// Nonsense on the disk: a line in the log; and if it was met while something was being
    /// changed, the file system is read-only from now on. `number` or `block` may be 0. Returns
    /// Error::Corrupted.
    Error corrupted(InodeNumber number, DiskBlock block, const char* what);
    /// The disk has lost something that only e2fsck can find again; it will look because of this.
    void note_damage() { damaged_ = true; }

    // --- The super block ---

    /// The super block on the disk says that the file system is in use. Errors: as BlockCache.
    Result<void> mark_mounted();
    /// Puts the counts of what is free, and the time, into the super block, which then waits to be
    /// written. Nothing is done on a disk that is read-only. Errors: as BlockCache.
    Result<void> update_super(std::uint32_t free_blocks, std::uint32_t free_inodes);
    /// The same for the last time: says that it was unmounted in order, if that is so.
    Result<void> mark_unmounted();
    /// Files of 2 GiB and more are about to be there: the super block on the disk says so when this
    /// returns. Errors: as BlockCache; FileTooBig (revision 0 has no place to say it).
    Result<void> allow_large_files();
    /// What a deleted inode gets as its time: never 0, whatever the clock says.
    [[nodiscard]] std::uint32_t deletion_time() const;

    [[nodiscard]] bool in_operation() const { return in_operation_; }

  private:
    friend class Operation;
    Result<Block> super_block() const {
        return cache_.get(kSuperBlockByte >> geometry_.block_shift);
    }
    [[nodiscard]] SuperBlock& super_in(const Block& block) const {
        return *block.at<SuperBlock>(kSuperBlockByte & (geometry_.block_bytes - 1));
    }

    BlockCache& cache_;
    Geometry geometry_;
    const TimeSource& time_;
    std::uint32_t write_time_ = 0;       // the latest the super block knew when mounted
    std::uint16_t state_ = kStateValid;  // as it was before it was mounted
    bool writable_;                      // was mounted for writing
    bool read_only_;                     // and may not be written now
    bool large_files_ = false;           // the super block says that there may be some
    bool damaged_ = false;
    bool in_operation_ = false;
};

/// One operation that changes the file system, or, with Kind::Pause, a time within one when it
/// waits for others, who may write files back meanwhile.
class Operation {
  public:
    enum class Kind : std::uint8_t { Change, Pause };
    explicit Operation(Volume& volume, Kind kind = Kind::Change)
        : volume_(volume), before_(volume.in_operation_) {
        volume_.in_operation_ = kind == Kind::Change;
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    ~Operation() { volume_.in_operation_ = before_; }

  private:
    Volume& volume_;
    bool before_;
};

}  // namespace quire::fs::ext2
