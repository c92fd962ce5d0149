// The metadata of one file system in the page cache, block by block, and the order in which it
// reaches the disk.
//
//     device page  | block 8 | block 9 | block 10 | block 11 |     1 KiB blocks: four in a page
//                       ^ dirty             ^ dirty               only dirty blocks are written
//
// All blocks of the device are pages of one memory object, so reclaim treats them as any others.
// But a page may hold blocks of data beside blocks of metadata, whose newest content is in the
// pages of a file: so dirt is kept block by block, and a block that is not dirty is never written.
//
// Order: a file system that says `write_before(a, b)` is sure that b does not reach the disk
// before what a holds now. So a power cut at any time leaves a file system that can be repaired
// (docs/ext2.md). It says so before it changes b: what b held until then may be written at any
// time. An order that would close a circle, or one too many, writes the first block at once
// instead. A disk with a cache of its own must be one that keeps the order of writes.
//
//     inode 12 ---> directory         dirty blocks, and orders; whoever wants the directory on
//     bitmap -------^                 disk writes the bitmap and the inode before
//
// A block that is written takes its dirty neighbours along, if nothing must come before them.
//
// Invariants: a block with a user is in RAM, and pinned there; a page is dirty in the object
// exactly when one of its blocks is; the first block of an order is dirty, or on its way to the
// disk; orders form no circle. Locking is the caller's, with one exception: reclaim, which may run
// wherever somebody sleeps, comes in through the object's store, and is told Busy while a write is
// under way.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "drivers/block_device.h"
#include "mm/memory_object.h"
#include "mm/object_registry.h"
#include "mm/page_pin.h"
#include "mm/page_tree.h"
#include "mm/user_memory.h"

namespace quire::fs {

class BlockCache;

/// A block in use: it stays in RAM as long as this lives. Moves, does not copy.
class Block {
  public:
    Block() = default;
    Block(Block&& other) noexcept;
    Block& operator=(Block&& other) noexcept;
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    ~Block();

    [[nodiscard]] bool valid() const { return cache_ != nullptr; }
    [[nodiscard]] std::uint32_t number() const { return number_; }
    /// The block's bytes: cache.block_size() of them. Who changes them calls set_dirty() after.
    [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }
    /// The block differs from the disk, and is to be written.
    void set_dirty();
    /// What `type` is laid over the block at `offset`. Precondition: it fits, and is aligned.
    template <typename T>
    [[nodiscard]] T* at(std::uint32_t offset) const {
        ASSERT(offset % alignof(T) == 0 && offset + sizeof(T) <= bytes_.size());
        return reinterpret_cast<T*>(bytes_.data() + offset);
    }

  private:
    friend class BlockCache;
    Block(BlockCache& cache, std::uint32_t number, mm::FrameNumber frame);
    void release();

    BlockCache* cache_ = nullptr;
    std::uint32_t number_ = 0;
    std::span<std::byte> bytes_;
    mm::PagePin pin_;
};

class BlockCache {
  public:
    /// How many orders there may be at once.
    static constexpr std::uint32_t kMostOrders = 128;

    /// `block_size`: 1024, 2048 or 4096 bytes. Everything handed in must stay. Takes no memory.
    BlockCache(mm::UserMemory& memory, mm::ObjectRegistry& objects, drivers::BlockDevice& device,
               std::uint32_t block_size);
    BlockCache(const BlockCache&) = delete;
    BlockCache& operator=(const BlockCache&) = delete;
    /// Preconditions: no block is in use; what is dirty is lost (sync() comes before).
    ~BlockCache();

    [[nodiscard]] std::uint32_t block_size() const { return 1U << block_shift_; }
    /// Whole blocks on the device.
    [[nodiscard]] std::uint32_t blocks() const { return blocks_; }
    [[nodiscard]] drivers::BlockDevice& device() const { return device_; }
    /// The pages of the device.
    [[nodiscard]] mm::MemoryObject& object() { return pages_; }

    /// The block, read from the disk if it is not in RAM. May sleep.
    /// Errors: IoError, OutOfMemory; BadAddress (number >= blocks()); nothing has changed then.
    Result<Block> get(std::uint32_t number);

    /// The block filled with zeroes and dirty, without a read: for one just allocated. May sleep.
    /// Errors: as get(); IoError only if the page's other blocks must be read.
    Result<Block> get_new(std::uint32_t number);

    /// `then` is not written before what `first` holds now is on the disk. If `first` is clean
    /// there is nothing to do. May write (a circle), and so may sleep. Errors: IoError, Busy (it
    /// would have to write while a write is under way); the order does not hold then.
    Result<void> write_before(const Block& first, const Block& then);

    /// Blocks [first, first + count) are no metadata any more (freed, or a file's data now): what
    /// is dirty of them is dropped, orders that name them too. Precondition: none is in use.
    void forget(std::uint32_t first, std::uint32_t count);

    /// Writes the block, after all that must be written before it, if it is dirty. May sleep.
    /// Errors: IoError; it stays dirty then.
    Result<void> write(const Block& block);

    /// Writes everything dirty, in an order that keeps all promises. The disk's own cache is not
    /// flushed: device().flush() does that. Errors: the first IoError; what could not be written,
    /// and what must come after it, stays dirty.
    Result<void> write_all();

    [[nodiscard]] std::uint32_t dirty_blocks() const { return dirty_; }
    /// Orders that hold now.
    [[nodiscard]] std::uint32_t orders() const { return order_count_; }

    /// O(pages in RAM + orders^2).
    void check_invariants();

  private:
    friend class Block;

    // The device as a memory object, and as the store of that object.
    class Pages final : private mm::BackingStore, public mm::MemoryObject {
      public:
        Pages(BlockCache& cache, mm::ObjectRegistry& objects, std::uint64_t bytes)
            : MemoryObject(objects, Kind::File, this, bytes), cache_(cache) {}
        ~Pages() = default;

      private:
        Result<void> read(std::uint32_t first_page,
                          std::span<const mm::FrameNumber> frames) override {
            return cache_.read_pages(first_page, frames);
        }
        Result<void> write(std::uint32_t first_page,
                           std::span<const mm::FrameNumber> frames) override {
            return cache_.write_pages(first_page, static_cast<std::uint32_t>(frames.size()));
        }
        void last_user_gone() override {}

        BlockCache& cache_;
    };
    struct BlockRange {
        std::uint32_t first;
        std::uint32_t end;
        [[nodiscard]] bool contains(std::uint32_t number) const {
            return first <= number && number < end;
        }
    };
    struct Order {
        std::uint32_t first;
        std::uint32_t then;
    };

    [[nodiscard]] std::uint32_t page_shift() const { return mm::kPageShift - block_shift_; }
    [[nodiscard]] std::uint32_t page_of(std::uint32_t number) const {
        return number >> page_shift();
    }
    // Where a block is in its page.
    [[nodiscard]] std::uint32_t place_of(std::uint32_t number) const {
        return number & ((1U << page_shift()) - 1);
    }
    [[nodiscard]] drivers::SectorNumber sector_of(std::uint32_t number) const;
    [[nodiscard]] BlockRange blocks_of_pages(std::uint32_t first_page, std::uint32_t count) const;

    Result<void> read_pages(std::uint32_t first_page, std::span<const mm::FrameNumber> frames);
    Result<void> write_pages(std::uint32_t first_page, std::uint32_t count);

    Result<mm::PageCount> make_room_to_fetch();
    Result<mm::FrameNumber> fetch(std::uint32_t number, mm::PageCount window);
    Result<mm::FrameNumber> fetch_new(std::uint32_t number, mm::PageCount window);
    Result<Block> use(std::uint32_t number, Result<mm::FrameNumber> frame);
    Result<void> add_user(std::uint32_t number);
    void drop_user(std::uint32_t number);
    [[nodiscard]] std::uint32_t& word_of(std::uint32_t page);

    [[nodiscard]] bool is_dirty(std::uint32_t number) const;
    void set_dirty(std::uint32_t number);
    void set_clean(std::uint32_t number);

    [[nodiscard]] std::optional<std::uint32_t> before(std::uint32_t number) const;
    [[nodiscard]] bool has_order(std::uint32_t first, std::uint32_t then) const;
    [[nodiscard]] bool comes_before(std::uint32_t first, std::uint32_t then) const;
    template <typename Condition>
    void drop_orders(Condition condition);

    Result<void> write_in_order(std::uint32_t number);
    Result<void> write_dirty(BlockRange range);
    [[nodiscard]] bool may_go(std::uint32_t number) const;
    [[nodiscard]] BlockRange run_around(std::uint32_t number) const;
    Result<void> write_with_neighbours(std::uint32_t number);
    Result<void> write_run(BlockRange run);
    Result<void> transfer(BlockRange run);

    mm::UserMemory& memory_;
    drivers::BlockDevice& device_;
    std::uint32_t block_shift_;
    std::uint32_t blocks_;
    Pages pages_;
    mm::PageTree states_;  // by page: BlockStates, of those with a dirty block or one in use
    std::uint32_t dirty_ = 0;
    std::uint32_t users_ = 0;
    std::optional<BlockRange> under_way_;  // to the disk, and not there yet
    std::uint32_t order_count_ = 0;
    std::array<Order, kMostOrders> orders_;
};

}  // namespace quire::fs
