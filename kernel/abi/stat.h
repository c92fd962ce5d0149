// stat64(2), statfs64(2) and utimensat(2): modes and structures of Linux i386.
//
// (Linux: linux/stat.h, x86's asm/stat.h and asm/statfs.h.) The structures are packed as i386 lays
// them out: 64-bit members have 4-byte alignment there.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quire::abi {

// st_mode: the kind of a file in the upper four bits, permissions below
inline constexpr std::uint32_t kModeKind = 0170000;
inline constexpr std::uint32_t kModePipe = 0010000;
inline constexpr std::uint32_t kModeCharacter = 0020000;
inline constexpr std::uint32_t kModeDirectory = 0040000;
inline constexpr std::uint32_t kModeBlock = 0060000;
inline constexpr std::uint32_t kModeFile = 0100000;
inline constexpr std::uint32_t kModeLink = 0120000;
inline constexpr std::uint32_t kModeSocket = 0140000;
inline constexpr std::uint32_t kModePermissions = 07777;
inline constexpr std::uint32_t kModeSetUser = 04000;
inline constexpr std::uint32_t kModeSetGroup = 02000;
inline constexpr std::uint32_t kModeSticky = 01000;
inline constexpr std::uint32_t kModeGroupExecute = 00010;

struct [[gnu::packed]] Stat64 {
    std::uint64_t device;
    std::uint32_t padding0;
    std::uint32_t low_number;  // of the inode, 32 bits
    std::uint32_t mode;
    std::uint32_t links;
    std::uint32_t user;
    std::uint32_t group;
    std::uint64_t represents;  // st_rdev
    std::uint32_t padding1;
    std::int64_t bytes;
    std::uint32_t block_size;
    std::uint64_t blocks;  // of 512 bytes
    std::uint32_t accessed;
    std::uint32_t accessed_nanoseconds;
    std::uint32_t modified;
    std::uint32_t modified_nanoseconds;
    std::uint32_t changed;
    std::uint32_t changed_nanoseconds;
    std::uint64_t number;  // of the inode
};
static_assert(sizeof(Stat64) == 96);
static_assert(offsetof(Stat64, mode) == 16 && offsetof(Stat64, represents) == 32);
static_assert(offsetof(Stat64, bytes) == 44 && offsetof(Stat64, blocks) == 56);
static_assert(offsetof(Stat64, accessed) == 64 && offsetof(Stat64, number) == 88);

/// struct stat of stat, lstat and fstat: files below 2 GiB.
struct Stat {
    std::uint32_t device;
    std::uint32_t number;  // of the inode
    std::uint16_t mode;
    std::uint16_t links;
    std::uint16_t user;
    std::uint16_t group;
    std::uint32_t represents;  // st_rdev
    std::uint32_t bytes;
    std::uint32_t block_size;
    std::uint32_t blocks;  // of 512 bytes
    std::uint32_t accessed;
    std::uint32_t accessed_nanoseconds;
    std::uint32_t modified;
    std::uint32_t modified_nanoseconds;
    std::uint32_t changed;
    std::uint32_t changed_nanoseconds;
    std::uint32_t unused[2];
};
static_assert(sizeof(Stat) == 64 && offsetof(Stat, bytes) == 20);

/// What statx tells, on every machine alike. (Linux: linux/stat.h.)
struct StatxTime {
    std::int64_t seconds;
    std::uint32_t nanoseconds;
    std::int32_t unused;
};
struct Statx {
    std::uint32_t mask;  // which of the members below mean something
    std::uint32_t block_size;
    std::uint64_t attributes;
    std::uint32_t links;
    std::uint32_t user;
    std::uint32_t group;
    std::uint16_t mode;
    std::uint16_t unused0;
    std::uint64_t number;  // of the inode
    std::uint64_t bytes;
    std::uint64_t blocks;  // of 512 bytes
    std::uint64_t known_attributes;
    StatxTime accessed;
    StatxTime born;
    StatxTime changed;
    StatxTime modified;
    std::uint32_t represents_major, represents_minor;
    std::uint32_t device_major, device_minor;
    std::uint64_t mount;
    std::uint64_t unused[13];
};
static_assert(sizeof(Statx) == 256 && offsetof(Statx, number) == 32);
static_assert(offsetof(Statx, accessed) == 64 && offsetof(Statx, represents_major) == 128);

inline constexpr std::uint32_t kStatxBasic = 0x7FF;  // all but the time of birth
inline constexpr std::uint32_t kStatxReserved = 0x80000000;

/// struct statfs of statfs and fstatfs.
struct Statfs {
    std::uint32_t magic;
    std::uint32_t block_size;
    std::uint32_t blocks;
    std::uint32_t free_blocks;
    std::uint32_t available_blocks;
    std::uint32_t nodes;
    std::uint32_t free_nodes;
    std::uint32_t id[2];
    std::uint32_t longest_name;
    std::uint32_t fragment_size;
    std::uint32_t flags;
    std::uint32_t spare[4];
};
static_assert(sizeof(Statfs) == 64);

struct [[gnu::packed]] Statfs64 {
    std::uint32_t magic;
    std::uint32_t block_size;
    std::uint64_t blocks;
    std::uint64_t free_blocks;
    std::uint64_t available_blocks;
    std::uint64_t nodes;
    std::uint64_t free_nodes;
    std::uint32_t id[2];
    std::uint32_t longest_name;
    std::uint32_t fragment_size;
    std::uint32_t flags;
    std::uint32_t spare[4];
};
static_assert(sizeof(Statfs64) == 84);
static_assert(offsetof(Statfs64, nodes) == 32 && offsetof(Statfs64, longest_name) == 56);

inline constexpr std::uint32_t kStatfsReadOnly = 1;
inline constexpr std::uint32_t kStatfsValid = 0x20;  // `flags` means something

// nanoseconds of utimensat that stand for something else
inline constexpr std::uint32_t kTimeNow = 0x3FFFFFFF;
inline constexpr std::uint32_t kTimeOmit = 0x3FFFFFFE;

// what statfs calls the file systems (linux/magic.h)
inline constexpr std::uint32_t kTmpfsMagic = 0x01021994;
inline constexpr std::uint32_t kProcMagic = 0x9FA0;
inline constexpr std::uint32_t kPipeMagic = 0x50495045;
inline constexpr std::uint32_t kExt2Magic = 0xEF53;

}  // namespace quire::abi
