#include "fs/ext2_super.h"

#include "kernel/base/log.h"
#include "libc/string.h"

namespace quire::fs::ext2 {

namespace {

struct Feature {
    std::uint32_t bit;
    const char* name;
};

// What mke2fs calls the features that we refuse. Bits without a name here have none yet.
constexpr Feature kIncompatible[] = {
    {0x0001, "compression"},
    {0x0004, "needs_recovery"},
    {0x0008, "journal_dev"},
    {0x0010, "meta_bg"},
    {0x0040, "extent"},
    {0x0080, "64bit"},
    {0x0100, "mmp"},
    {0x0200, "flex_bg"},
    {0x0400, "ea_inode"},
    {0x1000, "dirdata"},
    {0x2000, "metadata_csum_seed"},
    {0x4000, "large_dir"},
    {0x8000, "inline_data"},
    {0x10000, "encrypt"},
    {0x20000, "casefold"},
};
constexpr Feature kReadOnly[] = {
    {0x0004, "btree_dir"},     {0x0008, "huge_file"},   {0x0010, "uninit_bg"},
    {0x0020, "dir_nlink"},     {0x0040, "extra_isize"}, {0x0080, "snapshot"},
    {0x0100, "quota"},         {0x0200, "bigalloc"},    {0x0400, "metadata_csum"},
    {0x0800, "replica"},       {0x1000, "read-only"},   {0x2000, "project"},
    {0x4000, "shared_blocks"}, {0x8000, "verity"},      {0x10000, "orphan_file"},
};

template <std::size_t kCount>
void log_features(const char* disk, std::uint32_t bits, const Feature (&names)[kCount],
                  const char* consequence) {
    for (const Feature& feature : names) {
        if ((bits & feature.bit) == 0) continue;
        log(LogLevel::Warning, "ext2", "%s: has feature %s: %s", disk, feature.name, consequence);
        bits &= ~feature.bit;
    }
    if (bits == 0) return;
    log(LogLevel::Warning, "ext2", "%s: has unknown features 0x%x: %s", disk,
        static_cast<unsigned>(bits), consequence);
}

constexpr std::uint32_t kInodeBytesOfRevision0 = 128;
constexpr std::uint32_t kFirstInodeOfRevision0 = 11;

Error refuse(const char* disk, const char* why) {
    log(LogLevel::Error, "ext2", "%s: %s", disk, why);
    return Error::Corrupted;
}

// What revision 0 leaves open has the values of that time.
void take_revision_1(Geometry& geometry, const SuperBlock& super) {
    geometry.inode_bytes = kInodeBytesOfRevision0;
    geometry.first_inode = kFirstInodeOfRevision0;
    if (super.revision == 0) return;
    geometry.has_revision_1 = true;
    geometry.inode_bytes = super.inode_size;
    geometry.first_inode = super.first_inode;
    geometry.sparse_super = (super.read_only_compatible & kReadOnlySparseSuper) != 0;
    geometry.file_types = (super.incompatible & kIncompatibleFileType) != 0;
    if ((super.compatible & kCompatibleResizeInode) != 0)
        geometry.reserved_descriptors = super.reserved_descriptor_blocks;
}

Result<void> check_features(Geometry& geometry, const SuperBlock& super, const char* disk) {
    if (super.revision > 1) return refuse(disk, "a revision of ext2 that is not known");
    if (super.revision == 0) return {};
    const std::uint32_t unknown = super.incompatible & ~kIncompatibleFileType;
    if (unknown != 0) {
        log_features(disk, unknown, kIncompatible, "cannot be mounted");
        return Error::NotSupported;
    }
    const std::uint32_t read_only =
        super.read_only_compatible & ~(kReadOnlySparseSuper | kReadOnlyLargeFile);
    if (read_only != 0) {
        log_features(disk, read_only, kReadOnly, "mounted read-only");
        geometry.must_be_read_only = true;
    }
    return {};
}

// No multiplication here may overflow: counts of groups and per group are compared with what is
// known to fit before.
const char* find_contradiction(const Geometry& geometry, std::uint64_t device_bytes) {
    const std::uint32_t block = geometry.block_bytes;
    const std::uint32_t bits = block * 8;
    if (geometry.first_data_block != (block == 1024 ? 1U : 0U)) return "group 0 begins elsewhere";
    if (geometry.blocks <= geometry.first_data_block) return "it has no blocks";
    if (std::uint64_t{geometry.blocks} << geometry.block_shift > device_bytes)
        return "it is larger than its partition";
    if (geometry.blocks_per_group == 0 || geometry.blocks_per_group > bits)
        return "its groups have a wrong number of blocks";
    if (geometry.inodes_per_group == 0 || geometry.inodes_per_group > bits)
        return "its groups have a wrong number of inodes";
    if (!is_power_of_two(geometry.inode_bytes) || geometry.inode_bytes < sizeof(DiskInode) ||
        geometry.inode_bytes > block)
        return "its inodes have a wrong size";
    if (geometry.inodes_per_group % geometry.inodes_per_block() != 0)
        return "its inode tables end within a block";
    if (geometry.inodes / geometry.inodes_per_group != geometry.groups ||
        geometry.inodes % geometry.inodes_per_group != 0)
        return "its number of inodes is wrong";
    if (geometry.first_inode < kFirstInodeOfRevision0 ||
        geometry.first_inode > geometry.inodes_per_group)
        return "its first inode is wrong";
    if (geometry.reserved_descriptors > block / 4) return "it reserves too many descriptors";
    if (geometry.reserved_blocks > geometry.blocks) return "it reserves too many blocks";
    return nullptr;
}

}  // namespace

std::uint64_t Geometry::most_bytes() const {
    const std::uint64_t pointers = pointers_per_block();
    const std::uint64_t reached =
        kDirectPointers + pointers + pointers * pointers + pointers * pointers * pointers;
    // The counter of sectors counts indirect blocks too: a little is left for them.
    const std::uint64_t counted = (std::uint64_t{1} << 41) - (std::uint64_t{1} << 33);
    const std::uint64_t bytes = reached << block_shift;
    return bytes < counted ? bytes : counted;
}

Result<Geometry> read_geometry(const SuperBlock& super, std::uint64_t device_bytes,
                               const char* disk) {
    if (super.magic != kMagic) return refuse(disk, "there is no ext2 on it");
    if (super.log_block_size > 2) return refuse(disk, "its blocks are larger than a page");
    Geometry geometry;
    TRY(check_features(geometry, super, disk));
    take_revision_1(geometry, super);
    geometry.block_shift = 10 + super.log_block_size;
    geometry.block_bytes = 1U << geometry.block_shift;
    geometry.inodes = super.inodes;
    geometry.blocks = super.blocks;
    geometry.reserved_blocks = super.reserved_blocks;
    geometry.first_data_block = super.first_data_block;
    geometry.blocks_per_group = super.blocks_per_group;
    geometry.inodes_per_group = super.inodes_per_group;
    if (geometry.blocks_per_group != 0 && geometry.blocks > geometry.first_data_block)
        geometry.groups =
            divide_up(geometry.blocks - geometry.first_data_block, geometry.blocks_per_group);
    const char* wrong = find_contradiction(geometry, device_bytes);
    if (wrong != nullptr) return refuse(disk, wrong);
    const auto per_block =
        geometry.block_bytes / static_cast<std::uint32_t>(sizeof(GroupDescriptor));
    geometry.descriptor_blocks = divide_up(geometry.groups, per_block);
    return geometry;
}

Error Volume::corrupted(InodeNumber number, DiskBlock block, const char* what) {
    log(LogLevel::Error, "ext2", "%s: inode %u, block %u: %s", name(),
        static_cast<unsigned>(number.raw()), static_cast<unsigned>(block.raw()), what);
    note_damage();
    if (in_operation_ && !read_only_) {
        read_only_ = true;
        log(LogLevel::Error, "ext2", "%s: read-only from now on", name());
    }
    return Error::Corrupted;
}

Result<void> Volume::mark_mounted() {
    Block block = TRY(super_block());
    SuperBlock& super = super_in(block);
    state_ = super.state;
    write_time_ = super.write_time;
    large_files_ = (super.read_only_compatible & kReadOnlyLargeFile) != 0;
    if ((state_ & kStateValid) == 0 || (state_ & kStateErrors) != 0 || super.last_orphan != 0)
        log(LogLevel::Warning, "ext2", "%s: was not unmounted in order: e2fsck should look at it",
            name());
    if (read_only_) return {};
    super.state = static_cast<std::uint16_t>(state_ & ~kStateValid);
    super.mount_time = now();
    ++super.mounts;
    block.set_dirty();
    TRY(cache_.write(block));
    return cache_.device().flush();
}

Result<void> Volume::update_super(std::uint32_t free_blocks, std::uint32_t free_inodes) {
    if (!writable_) return {};
    Block block = TRY(super_block());
    SuperBlock& super = super_in(block);
    super.free_blocks = free_blocks;
    super.free_inodes = free_inodes;
    super.write_time = now();
    if (damaged_) super.state = static_cast<std::uint16_t>(super.state | kStateErrors);
    block.set_dirty();
    return {};
}

Result<void> Volume::mark_unmounted() {
    if (read_only_) return {};
    Block block = TRY(super_block());
    super_in(block).state = damaged_ ? kStateErrors : state_;
    block.set_dirty();
    TRY(cache_.write(block));
    return cache_.device().flush();
}

Result<void> Volume::allow_large_files() {
    if (large_files_) return {};
    if (!geometry_.has_revision_1) return Error::FileTooBig;
    Block block = TRY(super_block());
    super_in(block).read_only_compatible |= kReadOnlyLargeFile;
    block.set_dirty();
    TRY(cache_.write(block));
    large_files_ = true;
    return {};
}

// A small number would be taken for the next inode of ext3's list of orphans.
std::uint32_t Volume::deletion_time() const {
    const std::uint32_t time = now();
    if (time > geometry_.inodes) return time;
    return write_time_ > geometry_.inodes ? write_time_ : ~0U;
}

}  // namespace quire::fs::ext2
