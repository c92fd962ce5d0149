#include "fs/ext2_inode.h"

namespace quire::fs::ext2 {

Result<Inode> Inode::load(Groups& groups, InodeNumber number) {
    const Geometry& geometry = groups.volume().geometry();
    if (!geometry.has_inode(number)) return groups.volume().corrupted(number, {}, "no such inode");
    const DiskBlock where = TRY(groups.block_of(number));
    Block block = TRY(groups.volume().cache().get(where.raw()));
    const std::uint32_t index = (number.raw() - 1) % geometry.inodes_per_block();
    auto* data = block.at<DiskInode>(index * geometry.inode_bytes);
    return Inode(number, std::move(block), data, geometry.sectors_per_block());
}

std::uint64_t Inode::bytes() const {
    if (kind() != NodeKind::File) return data_->size_low;
    return data_->size_low | std::uint64_t{data_->size_high} << 32;
}

void Inode::set_bytes(std::uint64_t bytes) {
    data_->size_low = static_cast<std::uint32_t>(bytes);
    if (kind() == NodeKind::File) data_->size_high = static_cast<std::uint32_t>(bytes >> 32);
}

void Inode::set_owner(std::uint32_t user, std::uint32_t group) {
    data_->user_low = static_cast<std::uint16_t>(user);
    data_->user_high = static_cast<std::uint16_t>(user >> 16);
    data_->group_low = static_cast<std::uint16_t>(group);
    data_->group_high = static_cast<std::uint16_t>(group >> 16);
}

// Old: 8 bits of major, 8 of minor, in the first pointer. New, in the second: a minor of 20 bits
// around a major of 12.
//
//      31         20 19         8 7        0
//     +-------------+------------+----------+
//     | minor 19..8 | major      | minor    |
//     +-------------+------------+----------+
std::uint32_t Inode::device() const {
    if (data_->pointers[0] != 0) return data_->pointers[0] & 0xFFFF;
    const std::uint32_t packed = data_->pointers[1];
    const std::uint32_t major = packed >> 8 & 0xFFF;
    const std::uint32_t minor = (packed & 0xFF) | (packed >> 12 & 0xFFF00);
    return major << 8 | minor;
}

void Inode::set_device(std::uint32_t device) {
    if (device <= 0xFFFF) {
        data_->pointers[0] = device;
    } else {
        data_->pointers[1] = (device >> 8 & 0xFFF) << 8 | (device & 0xFF);
    }
}

bool Inode::has_blocks() const {
    switch (kind()) {
    case NodeKind::File:
    case NodeKind::Directory:
        return true;
    case NodeKind::SymbolicLink:
        return data_->sectors > (data_->attribute_block != 0 ? block_sectors_ : 0);
    case NodeKind::Pipe:
    case NodeKind::CharacterDevice:
    case NodeKind::BlockDevice:
    case NodeKind::Socket:
        return false;
    }
    return false;
}

Result<void> Inode::check(Volume& volume) const {
    const Geometry& geometry = volume.geometry();
    const auto refuse = [&](const char* why) { return volume.corrupted(number_, {}, why); };
    if (data_->links == 0) return refuse("a name of an inode that is free");
    if ((data_->flags & kFlagsNotOurs) != 0) {
        (void)refuse("it is not made as those of ext2 are");
        return Error::NotSupported;
    }
    switch (kind()) {
    case NodeKind::File:
        if (bytes() > geometry.most_bytes()) return refuse("its size is impossible");
        return {};
    case NodeKind::Directory:
        if (bytes() == 0 || bytes() % geometry.block_bytes != 0 ||
            geometry.blocks_for(bytes()) > geometry.blocks)
            return refuse("a directory with an impossible size");
        return {};
    case NodeKind::SymbolicLink:
        if (bytes() == 0 || bytes() >= (has_blocks() ? geometry.block_bytes : kShortLink))
            return refuse("a symbolic link with an impossible size");
        return {};
    case NodeKind::Pipe:
    case NodeKind::CharacterDevice:
    case NodeKind::BlockDevice:
    case NodeKind::Socket:
        return {};
    }
    return refuse("its kind is unknown");
}

}  // namespace quire::fs::ext2
