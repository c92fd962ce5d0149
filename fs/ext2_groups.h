// The groups of a disk: where each has its bitmaps and its inode table, and how much is free in it.
//
// The one idea: an address out of the disk is good when it lies in the data area of its group. So
// there is one question, check_data(), that every pointer has to pass before it is followed, freed
// or handed out; nobody gets at bitmaps, inode tables, or another partition, by a wrong pointer.
//
// Descriptors were all checked when the disk was mounted. They are asked for anew each time, as
// they lie in the cache; where the last group asked about has its metadata is remembered.
#pragma once

#include "fs/ext2_super.h"

namespace quire::fs::ext2 {

/// The descriptor of a group, in use.
struct Group {
    Block block;
    GroupDescriptor* descriptor;
};

class Groups {
  public:
    explicit Groups(Volume& volume) : volume_(volume) {}

    [[nodiscard]] Volume& volume() const { return volume_; }

    /// What all groups have free.
    struct Totals {
        std::uint32_t free_blocks = 0;
        std::uint32_t free_inodes = 0;
    };
    /// Checks every descriptor: its bitmaps and inode table lie in its group, apart from each
    /// other. Errors: Corrupted; IoError, OutOfMemory. O(groups).
    Result<Totals> check_all();

    /// Precondition: group < geometry().groups. Errors: IoError, OutOfMemory.
    Result<Group> get(std::uint32_t group);

    /// Asks whether blocks [run.first, run.end) may hold what inodes point to. `number` is whose
    /// pointer it is, for the log. Errors: Corrupted; IoError, OutOfMemory.
    Result<void> check_data(InodeNumber number, BlockRun run);

    /// The block of the inode table that holds this inode. Precondition: it exists.
    /// Errors: IoError, OutOfMemory.
    Result<DiskBlock> block_of(InodeNumber number);

  private:
    // Where a group has its metadata.
    struct Area {
        std::uint32_t group = ~0U;
        DiskBlock data;  // behind the copies of super block and descriptors
        DiskBlock end;
        DiskBlock block_bitmap;
        DiskBlock inode_bitmap;
        BlockRun inode_table;
    };

    [[nodiscard]] bool has_copies(std::uint32_t group) const;
    [[nodiscard]] Area area_of(std::uint32_t group, const GroupDescriptor& descriptor) const;
    [[nodiscard]] static const char* find_fault(const Area& area);
    Result<void> look_at(std::uint32_t group);

    Volume& volume_;
    Area area_;  // of the group asked about last
};

}  // namespace quire::fs::ext2
