// What lies on a disk with ext2 on it: the structures, byte by byte.
//
//     block:   0      1        2 ...           (1 KiB blocks; with larger ones the super block is
//            +------+-------+---------------+   in block 0, at byte 1,024)
//            | boot | super | descriptors   |
//            +------+-------+---------------+---------+---------+-------------+------------------+
//     group: |  copy of both, in some       | block   | inode   | inode table | data             |
//            |  groups (sparse_super)       | bitmap  | bitmap  |             |                  |
//            +------------------------------+---------+---------+-------------+------------------+
//
// Numbers are little-endian, as the machine's own are. Blocks and groups count from 0, inodes
// from 1. Nothing that is read from these may be trusted: fs/ext2_super.h and ext2_groups.h check
// what they say before it is used.
// (Names in brackets are those of Linux and e2fsprogs.)
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernel/base/strong_unit.h"

namespace quire::fs::ext2 {

static_assert(std::endian::native == std::endian::little);

/// A block of the disk, counted from its beginning; 0 stands for "none" in pointers.
using DiskBlock = Position<struct DiskBlockTag>;
/// A block of a file or directory, counted from its beginning.
using FileBlock = Position<struct FileBlockTag>;
/// Counts from 1.
using InodeNumber = Position<struct InodeNumberTag>;

inline constexpr InodeNumber kRootInode{2};
inline constexpr std::uint32_t kSuperBlockByte = 1024;  // from the beginning of the disk
inline constexpr std::uint16_t kMagic = 0xEF53;

// SuperBlock::state
inline constexpr std::uint16_t kStateValid = 1;   // was unmounted in order
inline constexpr std::uint16_t kStateErrors = 2;  // nonsense was met

// SuperBlock::incompatible: who does not know one of these must not mount.
inline constexpr std::uint32_t kIncompatibleFileType = 0x0002;
// SuperBlock::read_only_compatible: who does not know one of these must not write.
inline constexpr std::uint32_t kReadOnlySparseSuper = 0x0001;
inline constexpr std::uint32_t kReadOnlyLargeFile = 0x0002;
// SuperBlock::compatible: for information.
inline constexpr std::uint32_t kCompatibleResizeInode = 0x0010;

struct SuperBlock {
    std::uint32_t inodes;            // [s_inodes_count]
    std::uint32_t blocks;            // [s_blocks_count]
    std::uint32_t reserved_blocks;   // for root [s_r_blocks_count]
    std::uint32_t free_blocks;       // [s_free_blocks_count]
    std::uint32_t free_inodes;       // [s_free_inodes_count]
    std::uint32_t first_data_block;  // the block the super block is in: where group 0 begins
    std::uint32_t log_block_size;    // 1,024 << this
    std::uint32_t log_fragment_size;
    std::uint32_t blocks_per_group;
    std::uint32_t fragments_per_group;
    std::uint32_t inodes_per_group;
    std::uint32_t mount_time;  // seconds since 1970, as all times
    std::uint32_t write_time;
    std::uint16_t mounts;  // since the last check
    std::uint16_t most_mounts;
    std::uint16_t magic;
    std::uint16_t state;
    std::uint16_t on_errors;
    std::uint16_t minor_revision;
    std::uint32_t check_time;
    std::uint32_t check_interval;
    std::uint32_t creator;
    std::uint32_t revision;  // 0, or 1: what follows has a meaning [s_rev_level]
    std::uint16_t reserved_user;
    std::uint16_t reserved_group;
    std::uint32_t first_inode;  // not reserved [s_first_ino]
    std::uint16_t inode_size;
    std::uint16_t group_of_copy;
    std::uint32_t compatible;            // [s_feature_compat]
    std::uint32_t incompatible;          // [s_feature_incompat]
    std::uint32_t read_only_compatible;  // [s_feature_ro_compat]
    std::uint8_t uuid[16];
    char volume_name[16];
    char last_mounted[64];
    std::uint32_t algorithms;
    std::uint8_t preallocate_blocks;
    std::uint8_t preallocate_directory_blocks;
    std::uint16_t reserved_descriptor_blocks;  // behind the descriptors, to grow [resize_inode]
    std::uint8_t journal_uuid[16];
    std::uint32_t journal_inode;
    std::uint32_t journal_device;
    std::uint32_t last_orphan;  // ext3's list of files without a name
    std::uint8_t rest[788];
};
static_assert(sizeof(SuperBlock) == 1024);
static_assert(offsetof(SuperBlock, magic) == 56 && offsetof(SuperBlock, revision) == 76);
static_assert(offsetof(SuperBlock, first_inode) == 84 && offsetof(SuperBlock, uuid) == 104);
static_assert(offsetof(SuperBlock, last_orphan) == 232);

struct GroupDescriptor {
    std::uint32_t block_bitmap;  // block numbers
    std::uint32_t inode_bitmap;
    std::uint32_t inode_table;  // its first block
    std::uint16_t free_blocks;
    std::uint16_t free_inodes;
    std::uint16_t directories;
    std::uint16_t flags;
    std::uint8_t rest[12];
};
static_assert(sizeof(GroupDescriptor) == 32 && offsetof(GroupDescriptor, free_blocks) == 12);

inline constexpr std::uint32_t kDirectPointers = 12;
inline constexpr std::uint32_t kPointers = 15;  // the last three: single, double, triple indirect
inline constexpr std::uint32_t kMostLinks = 32000;

// DiskInode::flags
inline constexpr std::uint32_t kFlagIndex = 0x1000;         // a directory with hash trees [INDEX]
inline constexpr std::uint32_t kFlagsNotOurs = 0x100a0800;  // encrypted, extents, EA, inline data

/// An inode; on disks with larger ones more follows, which ext2 has no use for.
struct DiskInode {
    std::uint16_t mode;  // kind (4) and permissions (12)
    std::uint16_t user_low;
    std::uint32_t size_low;
    std::uint32_t accessed;
    std::uint32_t changed;
    std::uint32_t modified;
    std::uint32_t deleted;
    std::uint16_t group_low;
    std::uint16_t links;    // 0: the inode is free, or soon will be
    std::uint32_t sectors;  // 512 bytes each, indirect blocks and all [i_blocks]
    std::uint32_t flags;
    std::uint32_t system1;
    std::uint32_t pointers[kPointers];  // or the text of a short link, or a device's numbers
    std::uint32_t generation;
    std::uint32_t attribute_block;  // extended attributes [i_file_acl]
    std::uint32_t size_high;        // of files; unused for others [i_dir_acl]
    std::uint32_t fragment;
    std::uint32_t system2;
    std::uint16_t user_high;
    std::uint16_t group_high;
    std::uint32_t system3;
};
static_assert(sizeof(DiskInode) == 128);
static_assert(offsetof(DiskInode, pointers) == 40 && offsetof(DiskInode, size_high) == 108);
static_assert(offsetof(DiskInode, user_high) == 120);

/// What stands before each name in a directory. An entry is `record_bytes` long, which reaches to
/// the next one, or to the end of the block; inode 0 is no name, just room.
///
///     0       4      6      7      8
///     +-------+------+------+------+-----------+---------------+
///     | inode | rec. | name | kind | name      | unused        |
///     +-------+------+------+------+-----------+---------------+
struct EntryHeader {
    std::uint32_t inode;
    std::uint16_t record_bytes;  // a multiple of 4 [rec_len]
    std::uint8_t name_bytes;
    std::uint8_t kind;  // with filetype; else the upper half of name_bytes, and 0
};
static_assert(sizeof(EntryHeader) == 8);

inline constexpr std::uint32_t kLongestName = 255;
inline constexpr std::uint32_t kSmallestEntry = 12;

/// What a block of extended attributes begins with. Several inodes may share one.
struct AttributeHeader {
    static constexpr std::uint32_t kMagic = 0xEA020000;
    std::uint32_t magic;
    std::uint32_t inodes;  // that name this block
    std::uint32_t blocks;
};

/// How many bytes an entry for a name of `name_bytes` takes.
constexpr std::uint32_t entry_bytes(std::uint32_t name_bytes) {
    return (static_cast<std::uint32_t>(sizeof(EntryHeader)) + name_bytes + 3U) & ~3U;
}

/// Blocks in a row.
struct BlockRun {
    DiskBlock first;
    std::uint32_t count = 0;
    [[nodiscard]] constexpr DiskBlock end() const { return first + count; }
    [[nodiscard]] constexpr bool is_hole() const { return first.raw() == 0; }
};

}  // namespace quire::fs::ext2
