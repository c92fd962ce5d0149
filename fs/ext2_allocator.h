// Who uses which block and inode: bitmaps, counts, and the blocks and inodes that wait to be free.
//
//     allocate --> in use --free_later()--> waiting --settle()--> free --> allocate
//
// The one idea: what is freed is handed out again only when everything that was changed before is
// on the disk. Until then some pointer or name on the disk may still show it, and a power cut would
// leave one block with two files. So the bit stays set while it waits. settle() writes everything
// and frees what waits; it runs with sync(2), and when nothing else is free, or too many wait.
//
// Near things lie near: a block goes right behind `goal` if that is free, else where eight in a row
// are, else anywhere in the group, else in another one. Inodes of files go to the group of their
// directory; directories are spread, so that there is room near each.
//
// Invariants: every block handed out is a data block, and its bit was clear; free_blocks() and
// free_inodes() are the sums over the groups.
#pragma once

#include <array>

#include "fs/ext2_groups.h"

namespace quire::fs::ext2 {

class Allocator {
  public:
    explicit Allocator(Groups& groups) : groups_(groups) {}
    Allocator(const Allocator&) = delete;
    Allocator& operator=(const Allocator&) = delete;

    [[nodiscard]] Groups& groups() const { return groups_; }
    [[nodiscard]] Volume& volume() const { return groups_.volume(); }
    [[nodiscard]] BlockCache& cache() const { return volume().cache(); }
    [[nodiscard]] const Geometry& geometry() const { return volume().geometry(); }

    /// Checks the groups and counts what is free: first of all. Errors: as Groups::check_all().
    Result<void> begin() {
        free_ = TRY(groups_.check_all());
        return {};
    }

    /// Up to `most` blocks in a row, at or behind `goal` if possible; at least one. Nothing on the
    /// disk shows them yet. May settle(). Errors: NoSpace; Corrupted, IoError, OutOfMemory.
    Result<BlockRun> allocate_blocks(DiskBlock goal, std::uint32_t most);
    /// Frees blocks that no pointer on the disk or in the cache has ever shown.
    void free_now(BlockRun run);
    /// Frees blocks whose last pointer was taken away in the cache. May settle(). When too many
    /// wait and that fails, the blocks are lost until e2fsck finds them; the log says so.
    void free_later(BlockRun run);

    /// An inode, for a directory or something else, near `parent`. Errors: as for blocks.
    Result<InodeNumber> allocate_inode(InodeNumber parent, bool directory);
    /// Frees an inode that has no links any more, in the cache. May settle().
    void free_inode_later(InodeNumber number, bool directory);

    /// Writes everything that is dirty in the cache, flushes the disk, and then frees what waits.
    /// Errors: IoError; all goes on waiting then.
    Result<void> settle();
    /// How often settle() succeeded.
    [[nodiscard]] std::uint32_t settled() const { return settled_; }

    /// What waits is counted as free.
    [[nodiscard]] std::uint32_t free_blocks() const { return free_.free_blocks + waiting_blocks_; }
    [[nodiscard]] std::uint32_t free_inodes() const {
        return free_.free_inodes + waiting_inode_count_;
    }
    /// Whether the last blocks, reserved for root, may be handed out; at first they may.
    void allow_reserved(bool allowed) { reserved_allowed_ = allowed; }
    [[nodiscard]] bool reserved_allowed() const { return reserved_allowed_; }

    /// Counts all bitmaps anew. O(blocks).
    void check_invariants();

  private:
    static constexpr std::uint32_t kMostRuns = 128;
    static constexpr std::uint32_t kMostInodes = 64;
    struct WaitingInode {
        InodeNumber number;
        bool directory;
    };

    [[nodiscard]] bool has_blocks() const;
    Result<BlockRun> allocate_in(std::uint32_t group, std::uint32_t from, std::uint32_t most);
    Result<BlockRun> search(DiskBlock goal, std::uint32_t most);
    Result<void> clear_blocks(BlockRun& run);
    Result<void> clear_inode(WaitingInode inode);
    void release_waiting();
    Result<std::uint32_t> group_for_directory(std::uint32_t parent);
    Result<InodeNumber> allocate_inode_in(std::uint32_t group, bool directory);
    Result<InodeNumber> search_inode(InodeNumber parent, bool directory);

    Groups& groups_;
    Groups::Totals free_;
    std::uint32_t settled_ = 0;
    std::uint32_t waiting_blocks_ = 0;
    std::uint32_t waiting_run_count_ = 0;
    std::uint32_t waiting_inode_count_ = 0;
    bool reserved_allowed_ = true;
    std::array<BlockRun, kMostRuns> waiting_runs_;
    std::array<WaitingInode, kMostInodes> waiting_inodes_;
};

}  // namespace quire::fs::ext2
