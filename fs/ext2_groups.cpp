#include "fs/ext2_groups.h"

namespace quire::fs::ext2 {

namespace {

bool is_power_of(std::uint32_t base, std::uint32_t number) {
    while (number % base == 0)
        number /= base;
    return number == 1;
}

bool contains(BlockRun run, DiskBlock block) {
    return run.first <= block && block < run.end();
}

}  // namespace

// Sparse: groups 0 and 1, and the powers of 3, 5 and 7.
bool Groups::has_copies(std::uint32_t group) const {
    if (group <= 1 || !volume_.geometry().sparse_super) return true;
    return is_power_of(3, group) || is_power_of(5, group) || is_power_of(7, group);
}

Groups::Area Groups::area_of(std::uint32_t group, const GroupDescriptor& descriptor) const {
    const Geometry& geometry = volume_.geometry();
    Area area;
    area.group = group;
    area.data = geometry.first_block_of(group);
    area.end = area.data + geometry.blocks_in(group);
    if (has_copies(group))
        area.data += 1 + geometry.descriptor_blocks + geometry.reserved_descriptors;
    area.block_bitmap = DiskBlock(descriptor.block_bitmap);
    area.inode_bitmap = DiskBlock(descriptor.inode_bitmap);
    area.inode_table = {DiskBlock(descriptor.inode_table),
                        geometry.inodes_per_group / geometry.inodes_per_block()};
    return area;
}

// Differences, as sums of what is on the disk may overflow.
const char* Groups::find_fault(const Area& area) {
    const auto is_inside = [&](DiskBlock block) { return area.data <= block && block < area.end; };
    const BlockRun table = area.inode_table;
    if (area.data >= area.end) return "a group has room for its copies only";
    if (!is_inside(area.block_bitmap)) return "the block bitmap is not in its group";
    if (!is_inside(area.inode_bitmap)) return "the inode bitmap is not in its group";
    if (!is_inside(table.first) || area.end - table.first < table.count)
        return "the inode table is not in its group";
    if (area.block_bitmap == area.inode_bitmap || contains(table, area.block_bitmap) ||
        contains(table, area.inode_bitmap))
        return "bitmaps and inode table overlap";
    return nullptr;
}

Result<Groups::Totals> Groups::check_all() {
    const Geometry& geometry = volume_.geometry();
    Totals totals;
    if (geometry.blocks - geometry.first_data_block <= geometry.descriptor_blocks)
        return volume_.corrupted({}, {}, "the descriptors of groups have no room");
    for (std::uint32_t number = 0; number < geometry.groups; ++number) {
        const Group group = TRY(get(number));
        const Area area = area_of(number, *group.descriptor);
        const DiskBlock first = geometry.first_block_of(number);
        if (const char* fault = find_fault(area)) return volume_.corrupted({}, first, fault);
        if (group.descriptor->free_blocks > geometry.blocks_in(number) ||
            group.descriptor->free_inodes > geometry.inodes_per_group)
            return volume_.corrupted({}, first, "a group has more free than it has");
        totals.free_blocks += group.descriptor->free_blocks;
        totals.free_inodes += group.descriptor->free_inodes;
    }
    return totals;
}

Result<Group> Groups::get(std::uint32_t group) {
    const Geometry& geometry = volume_.geometry();
    constexpr auto kBytes = static_cast<std::uint32_t>(sizeof(GroupDescriptor));
    const std::uint32_t per_block = geometry.block_bytes / kBytes;
    ASSERT(group < geometry.groups);
    Block block = TRY(volume_.cache().get(geometry.first_data_block + 1 + group / per_block));
    auto* descriptor = block.at<GroupDescriptor>(group % per_block * kBytes);
    return Group{std::move(block), descriptor};
}

Result<void> Groups::look_at(std::uint32_t group) {
    if (area_.group == group) return {};
    const Group its = TRY(get(group));
    area_ = area_of(group, *its.descriptor);
    return {};
}

Result<void> Groups::check_data(InodeNumber number, BlockRun run) {
    const Geometry& geometry = volume_.geometry();
    const std::uint32_t first = run.first.raw();
    if (first < geometry.first_data_block || first >= geometry.blocks ||
        run.count > geometry.blocks - first)
        return volume_.corrupted(number, run.first, "no such block");
    for (DiskBlock block = run.first; block < run.end(); block += 1) {
        TRY(look_at(geometry.group_of(block)));
        if (block < area_.data || block == area_.block_bitmap || block == area_.inode_bitmap ||
            contains(area_.inode_table, block))
            return volume_.corrupted(number, block, "a pointer into the metadata of a group");
    }
    return {};
}

Result<DiskBlock> Groups::block_of(InodeNumber number) {
    const Geometry& geometry = volume_.geometry();
    ASSERT(geometry.has_inode(number));
    TRY(look_at(geometry.group_of(number)));
    const std::uint32_t index = (number.raw() - 1) % geometry.inodes_per_group;
    return area_.inode_table.first + index / geometry.inodes_per_block();
}

}  // namespace quire::fs::ext2
