#include "fs/ext2_allocator.h"

#include <bit>

#include "kernel/base/log.h"

namespace quire::fs::ext2 {

namespace {

// The bits of a bitmap block.
class Bits {
  public:
    explicit Bits(const Block& block) : bytes_(block.bytes()) {}

    [[nodiscard]] bool has(std::uint32_t bit) const {
        return (std::to_integer<std::uint32_t>(bytes_[bit / 8]) >> bit % 8 & 1) != 0;
    }
    void set(std::uint32_t bit) { bytes_[bit / 8] |= mask(bit); }
    void clear(std::uint32_t bit) { bytes_[bit / 8] &= ~mask(bit); }

    /// The first clear bit of [from, end), or `end`.
    [[nodiscard]] std::uint32_t next_clear(std::uint32_t from, std::uint32_t end) const {
        while (from < end && has(from)) {
            const bool full = from % 8 == 0 && bytes_[from / 8] == std::byte{0xFF};
            from += full ? 8 : 1;
        }
        return from < end ? from : end;
    }
    /// The first eight clear bits in a byte that lies in [from, end), or `end`.
    [[nodiscard]] std::uint32_t next_clear_byte(std::uint32_t from, std::uint32_t end) const {
        for (std::uint32_t bit = align_up(from, 8U); bit + 8 <= end; bit += 8)
            if (bytes_[bit / 8] == std::byte{0}) return bit;
        return end;
    }
    [[nodiscard]] std::uint32_t count_clear(std::uint32_t end) const {
        std::uint32_t count = 0;
        for (std::uint32_t bit = 0; bit < end; ++bit)
            if (!has(bit)) ++count;
        return count;
    }

  private:
    static std::byte mask(std::uint32_t bit) { return std::byte{1} << bit % 8; }
    std::span<std::byte> bytes_;
};

// The best bit to begin with at or behind `from`, or `end` if none is clear.
std::uint32_t choose(const Bits& bits, std::uint32_t from, std::uint32_t end) {
    if (from < end && !bits.has(from)) return from;
    for (const std::uint32_t start : {from, 0U}) {
        const std::uint32_t byte = bits.next_clear_byte(start, end);
        if (byte != end) return byte;
    }
    const std::uint32_t bit = bits.next_clear(from, end);
    return bit != end ? bit : bits.next_clear(0, end);
}

}  // namespace

// --- Blocks ---

bool Allocator::has_blocks() const {
    const std::uint32_t kept = reserved_allowed_ ? 0 : geometry().reserved_blocks;
    return free_.free_blocks > kept;
}

Result<BlockRun> Allocator::allocate_blocks(DiskBlock goal, std::uint32_t most) {
    if (volume().read_only()) return Error::ReadOnly;
    if (!has_blocks() && waiting_blocks_ != 0) TRY(settle());
    if (!has_blocks()) return Error::NoSpace;
    const Result<BlockRun> found = search(goal, most);
    if (found.ok() || found.error() != Error::NoSpace || waiting_blocks_ == 0) return found;
    TRY(settle());
    return search(goal, most);
}

Result<BlockRun> Allocator::search(DiskBlock goal, std::uint32_t most) {
    const Geometry& disk = geometry();
    if (goal.raw() < disk.first_data_block || goal.raw() >= disk.blocks)
        goal = DiskBlock(disk.first_data_block);
    const std::uint32_t first_group = disk.group_of(goal);
    for (std::uint32_t i = 0; i < disk.groups; ++i) {
        const std::uint32_t group = (first_group + i) % disk.groups;
        const std::uint32_t from = i == 0 ? goal - disk.first_block_of(group) : 0;
        const BlockRun run = TRY(allocate_in(group, from, most));
        if (run.count != 0) return run;
    }
    return Error::NoSpace;
}

// An empty run: nothing is free in the group.
Result<BlockRun> Allocator::allocate_in(std::uint32_t group, std::uint32_t from,
                                        std::uint32_t most) {
    Group its = TRY(groups_.get(group));
    if (its.descriptor->free_blocks == 0) return BlockRun{};
    Block bitmap = TRY(cache().get(its.descriptor->block_bitmap));
    Bits bits(bitmap);
    const std::uint32_t end = geometry().blocks_in(group);
    const std::uint32_t bit = choose(bits, from, end);
    if (bit == end) return BlockRun{};
    if (most > its.descriptor->free_blocks) most = its.descriptor->free_blocks;
    if (!reserved_allowed_ && most > free_.free_blocks - geometry().reserved_blocks)
        most = free_.free_blocks - geometry().reserved_blocks;
    BlockRun run{geometry().first_block_of(group) + bit, 1};
    while (run.count < most && bit + run.count < end && !bits.has(bit + run.count))
        ++run.count;
    TRY(groups_.check_data({}, run));
    for (std::uint32_t i = 0; i < run.count; ++i)
        bits.set(bit + i);
    bitmap.set_dirty();
    its.descriptor->free_blocks =
        static_cast<std::uint16_t>(its.descriptor->free_blocks - run.count);
    its.block.set_dirty();
    free_.free_blocks -= run.count;
    return run;
}

// The run may reach over the end of a group; after an error it is what is left. A bit that is clear
// already was freed twice: the disk was corrupt, and it must not be counted again.
Result<void> Allocator::clear_blocks(BlockRun& run) {
    while (run.count != 0) {
        const std::uint32_t group = geometry().group_of(run.first);
        Group its = TRY(groups_.get(group));
        Block bitmap = TRY(cache().get(its.descriptor->block_bitmap));
        Bits bits(bitmap);
        const std::uint32_t end = geometry().blocks_in(group);
        std::uint32_t cleared = 0;
        std::uint32_t bit = run.first - geometry().first_block_of(group);
        for (; bit < end && run.count != 0; ++bit, run.first += 1, --run.count) {
            if (bits.has(bit)) {
                bits.clear(bit);
                ++cleared;
            } else {
                (void)volume().corrupted({}, run.first, "a free block was freed");
            }
        }
        bitmap.set_dirty();
        its.descriptor->free_blocks =
            static_cast<std::uint16_t>(its.descriptor->free_blocks + cleared);
        its.block.set_dirty();
        free_.free_blocks += cleared;
    }
    return {};
}

// A bitmap that cannot be read now may be later.
void Allocator::free_now(BlockRun run) {
    if (!clear_blocks(run).ok()) free_later(run);
}

void Allocator::free_later(BlockRun run) {
    if (waiting_run_count_ != 0) {
        BlockRun& last = waiting_runs_[waiting_run_count_ - 1];
        if (last.end() == run.first) {
            last.count += run.count;
            waiting_blocks_ += run.count;
            return;
        }
    }
    if (waiting_run_count_ == kMostRuns) (void)settle();
    if (waiting_run_count_ == kMostRuns) {
        log(LogLevel::Error, "ext2", "%s: %u blocks at %u are lost", volume().name(),
            static_cast<unsigned>(run.count), static_cast<unsigned>(run.first.raw()));
        volume().note_damage();
        return;
    }
    waiting_runs_[waiting_run_count_++] = run;
    waiting_blocks_ += run.count;
}

// --- Settling ---

Result<void> Allocator::settle() {
    TRY(cache().write_all());
    TRY(cache().device().flush());
    ++settled_;
    release_waiting();
    return {};
}

// What cannot be freed, as its bitmap cannot be read, goes on waiting.
void Allocator::release_waiting() {
    std::uint32_t kept = 0;
    waiting_blocks_ = 0;
    for (std::uint32_t i = 0; i < waiting_run_count_; ++i) {
        if (clear_blocks(waiting_runs_[i]).ok()) continue;
        waiting_blocks_ += waiting_runs_[i].count;
        waiting_runs_[kept++] = waiting_runs_[i];
    }
    waiting_run_count_ = kept;
    kept = 0;
    for (std::uint32_t i = 0; i < waiting_inode_count_; ++i)
        if (!clear_inode(waiting_inodes_[i]).ok()) waiting_inodes_[kept++] = waiting_inodes_[i];
    waiting_inode_count_ = kept;
}

// --- Inodes ---

Result<InodeNumber> Allocator::allocate_inode(InodeNumber parent, bool directory) {
    if (volume().read_only()) return Error::ReadOnly;
    const Result<InodeNumber> found = search_inode(parent, directory);
    if (found.ok() || found.error() != Error::NoSpace || waiting_inode_count_ == 0) return found;
    TRY(settle());
    return search_inode(parent, directory);
}

Result<InodeNumber> Allocator::search_inode(InodeNumber parent, bool directory) {
    std::uint32_t first = geometry().group_of(parent);
    if (directory) first = TRY(group_for_directory(first));
    for (std::uint32_t i = 0; i < geometry().groups; ++i) {
        const InodeNumber number =
            TRY(allocate_inode_in((first + i) % geometry().groups, directory));
        if (number.raw() != 0) return number;
    }
    return Error::NoSpace;
}

// Of the groups that have at least as many free inodes as most, the one with most free blocks; the
// parent's if it is as good.
Result<std::uint32_t> Allocator::group_for_directory(std::uint32_t parent) {
    const std::uint32_t groups = geometry().groups;
    const std::uint32_t average = free_.free_inodes / groups;
    std::uint32_t best = parent;
    std::uint32_t best_blocks = 0;
    bool found = false;
    for (std::uint32_t i = 0; i < groups; ++i) {
        const std::uint32_t number = (parent + i) % groups;
        const Group group = TRY(groups_.get(number));
        const GroupDescriptor& descriptor = *group.descriptor;
        if (descriptor.free_inodes == 0 || descriptor.free_inodes < average) continue;
        if (found && descriptor.free_blocks <= best_blocks) continue;
        found = true;
        best = number;
        best_blocks = descriptor.free_blocks;
    }
    return best;
}

// Inode 0: none is free in the group.
Result<InodeNumber> Allocator::allocate_inode_in(std::uint32_t group, bool directory) {
    Group its = TRY(groups_.get(group));
    if (its.descriptor->free_inodes == 0) return InodeNumber();
    Block bitmap = TRY(cache().get(its.descriptor->inode_bitmap));
    Bits bits(bitmap);
    const std::uint32_t end = geometry().inodes_per_group;
    const std::uint32_t bit = bits.next_clear(group == 0 ? geometry().first_inode - 1 : 0, end);
    if (bit == end) return InodeNumber();
    bits.set(bit);
    bitmap.set_dirty();
    --its.descriptor->free_inodes;
    if (directory) ++its.descriptor->directories;
    its.block.set_dirty();
    --free_.free_inodes;
    return InodeNumber(group * end + bit + 1);
}

void Allocator::free_inode_later(InodeNumber number, bool directory) {
    if (waiting_inode_count_ == kMostInodes) (void)settle();
    if (waiting_inode_count_ == kMostInodes) {
        log(LogLevel::Error, "ext2", "%s: inode %u is lost", volume().name(),
            static_cast<unsigned>(number.raw()));
        volume().note_damage();
        return;
    }
    waiting_inodes_[waiting_inode_count_++] = {number, directory};
}

Result<void> Allocator::clear_inode(WaitingInode inode) {
    const std::uint32_t number = geometry().group_of(inode.number);
    Group its = TRY(groups_.get(number));
    Block bitmap = TRY(cache().get(its.descriptor->inode_bitmap));
    Bits bits(bitmap);
    const std::uint32_t bit = (inode.number.raw() - 1) % geometry().inodes_per_group;
    if (!bits.has(bit)) {
        (void)volume().corrupted(inode.number, {}, "a free inode was freed");
        return {};
    }
    bits.clear(bit);
    bitmap.set_dirty();
    ++its.descriptor->free_inodes;
    if (inode.directory && its.descriptor->directories != 0) --its.descriptor->directories;
    its.block.set_dirty();
    ++free_.free_inodes;
    return {};
}

// --- Check ---

void Allocator::check_invariants() {
    Groups::Totals counted;
    for (std::uint32_t number = 0; number < geometry().groups; ++number) {
        Result<Group> group = groups_.get(number);
        if (!group.ok()) return;
        const GroupDescriptor& descriptor = *group.value().descriptor;
        Result<Block> blocks = cache().get(descriptor.block_bitmap);
        Result<Block> inodes = cache().get(descriptor.inode_bitmap);
        if (!blocks.ok() || !inodes.ok()) return;
        const std::uint32_t free_blocks =
            Bits(blocks.value()).count_clear(geometry().blocks_in(number));
        const std::uint32_t free_inodes =
            Bits(inodes.value()).count_clear(geometry().inodes_per_group);
        ASSERT(free_blocks == descriptor.free_blocks && free_inodes == descriptor.free_inodes);
        counted.free_blocks += free_blocks;
        counted.free_inodes += free_inodes;
    }
    ASSERT(counted.free_blocks == free_.free_blocks && counted.free_inodes == free_.free_inodes);
    std::uint32_t waiting = 0;
    for (std::uint32_t i = 0; i < waiting_run_count_; ++i)
        waiting += waiting_runs_[i].count;
    ASSERT(waiting == waiting_blocks_);
}

}  // namespace quire::fs::ext2
