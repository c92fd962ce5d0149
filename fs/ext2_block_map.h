// From the blocks of a file to blocks of the disk: the pointers of an inode.
//
//     inode   0 ... 11 | 12        13                  14
//             |     |    |         |                   '--> table --> table --> table --> data
//             data  data '-> table '--> table --> table --> data
//                              '--> data
//
// A table is a block full of pointers (256, 512 or 1,024 of them). A pointer 0 is a hole: it reads
// as zeroes. Every pointer is checked before it is followed (Groups::check_data()); the way to a
// block has three tables at most, so a corrupt map cannot lead in circles.
//
// Order of writes: a table is on the disk before what points to it, and every table before its
// inode, so that writing the inode writes the whole map. What loses its last pointer here waits
// in Allocator::free_later().
//
// Invariant: `sectors` of the inode counts what the pointers reach.
#pragma once

#include "fs/ext2_allocator.h"
#include "fs/ext2_inode.h"

namespace quire::fs::ext2 {

class BlockMap {
  public:
    /// Precondition: inode.has_blocks(), and it stays as long as this.
    BlockMap(Allocator& allocator, Inode& inode) : allocator_(allocator), inode_(inode) {}

    /// Where the blocks from `at` on are: up to `most` of them in a row, at least one; or that they
    /// are a hole. Precondition: most != 0. Errors: FileTooBig (no pointer reaches so far);
    /// Corrupted, IoError, OutOfMemory.
    Result<BlockRun> find(FileBlock at, std::uint32_t most);

    /// Makes the tables on the way to `at`. Returns how many blocks from `at` on have their way now
    /// because of that. Errors: FileTooBig, NoSpace; Corrupted, IoError, OutOfMemory; there may be
    /// more tables than before then.
    Result<std::uint32_t> make_way(FileBlock at);

    /// Points from the blocks `at` ... to those of `run`, which become the inode's. What they hold
    /// is on the disk already, or `fresh` is the handle of the only block, and it will be before.
    /// Preconditions: the blocks are holes. Errors: as make_way(), and some of the blocks may be
    /// the inode's then: `run` is shortened from the front by these.
    Result<void> point(FileBlock at, BlockRun& run, const Block* fresh = nullptr);

    /// Takes away all pointers from `from` on, and the tables that only they needed. Always does
    /// it: what cannot be freed, as a table cannot be read, is in the log and lost until e2fsck
    /// finds it.
    void cut(FileBlock from);

  private:
    // The indexes on the way to a block: the first into the inode, the others into tables.
    struct Way {
        std::uint32_t tables = 0;
        std::uint32_t index[4] = {};
        std::uint32_t place = 0;  // among the blocks that these tables reach

        [[nodiscard]] std::uint32_t last() const { return index[tables]; }
    };
    // Pointers that lie together: the direct ones of the inode, or a table.
    struct Pointers {
        Block table;  // not valid: the inode's
        std::uint32_t* first;
        std::uint32_t count;
    };

    [[nodiscard]] std::uint32_t table_shift() const {
        return allocator_.geometry().block_shift - 2;
    }
    // How many blocks one pointer reaches through `tables` tables.
    [[nodiscard]] std::uint32_t span(std::uint32_t tables) const {
        return 1U << tables * table_shift();
    }
    [[nodiscard]] Result<Way> way_to(FileBlock at) const;
    [[nodiscard]] Pointers top() const { return {{}, inode_->pointers, kDirectPointers}; }
    [[nodiscard]] const Block& holder(const Pointers& pointers) const {
        return pointers.table.valid() ? pointers.table : inode_.block();
    }
    Result<Pointers> open_table(std::uint32_t pointer);
    Result<Pointers> add_table(Pointers& pointers, std::uint32_t index);
    Result<Pointers> make_tables(const Way& way);
    [[nodiscard]] DiskBlock goal_for_table(const Pointers& pointers, std::uint32_t index) const;
    Result<void> set(Pointers& pointers, std::uint32_t index, BlockRun run);
    void count_blocks(std::uint32_t added);

    void cut_top(std::uint32_t index, std::uint32_t tables, std::uint32_t from);
    void cut_table(Pointers& table, std::uint32_t tables, std::uint32_t from);
    void free_tree(std::uint32_t pointer, std::uint32_t tables);
    void free_pointers(Pointers& table, std::uint32_t from, std::uint32_t tables);
    void give_back(BlockRun run);
    [[nodiscard]] bool freed_too_many() const { return freed_ > allocator_.geometry().blocks; }

    Allocator& allocator_;
    Inode& inode_;
    std::uint32_t freed_ = 0;  // by cut(): more than the disk has is a sign of corruption
};

}  // namespace quire::fs::ext2
