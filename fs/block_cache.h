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
// (docs/ext2.md). An order that would close a circle writes the first block at once instead.
//
// Invariants: a block with a user is in RAM; dirty blocks are those of the mask; orders form no
// circle. Locking is the caller's.
#pragma once

#include <cstdint>
#include <span>

#include "drivers/block_device.h"
#include "mm/memory_object.h"
#include "mm/object_registry.h"
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
    BlockCache* cache_ = nullptr;
    std::uint32_t number_ = 0;
    std::span<std::byte> bytes_;
};

class BlockCache {
  public:
    /// `block_size`: 1024, 2048 or 4096 bytes. Everything handed in must stay. Takes no memory.
    BlockCache(mm::UserMemory& memory, mm::ObjectRegistry& objects, drivers::BlockDevice& device,
               std::uint32_t block_size);
    /// Preconditions: no block is in use; what is dirty is lost (sync() comes before).
    ~BlockCache();

    [[nodiscard]] std::uint32_t block_size() const;
    /// Whole blocks on the device.
    [[nodiscard]] std::uint32_t blocks() const;
    [[nodiscard]] drivers::BlockDevice& device() const;

    /// The block, read from the disk if it is not in RAM. May sleep.
    /// Errors: IoError, OutOfMemory; BadAddress (number >= blocks()); nothing has changed then.
    Result<Block> get(std::uint32_t number);

    /// The block filled with zeroes and dirty, without a read: for one just allocated. May sleep.
    /// Errors: as get(); IoError only if the page's other blocks must be read.
    Result<Block> get_new(std::uint32_t number);

    /// `then` is not written before what `first` holds now is on the disk. If `first` is clean
    /// there is nothing to do. May write (a circle), and so may sleep. Errors: IoError; the order
    /// does not hold then.
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

    [[nodiscard]] std::uint32_t dirty_blocks() const;

    /// O(pages in RAM + orders).
    void check_invariants();
};

}  // namespace quire::fs
