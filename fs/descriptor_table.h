// The descriptors of a process: small numbers for open files.
//
//     block 0: descriptors 0-31      in use   0110...  --> OpenFile, OpenFile, (reserved) ...
//     block 1: descriptors 32-63     on exec  0100...      closed at exec
//     ...                            made when the first of its descriptors is taken
//
// A call that opens a file reserves the lowest free descriptor first and fills it in the end, so
// that nothing has to be undone for want of a number. A reserved descriptor is not yet anybody's:
// looking it up fails.
//
// Invariant: a file stands only where the bit says in use; close-on-exec only there too. Locking is
// the caller's. dup(2), fcntl(2), close(2), fork(2), execve(2).
#pragma once

#include <array>
#include <cstdint>

#include "fs/open_file.h"
#include "mm/object_cache.h"

namespace quire::fs {

/// A descriptor's number. Programs hand in signed ones; negative ones are far above the limit.
using Descriptor = std::uint32_t;

struct DescriptorBlock {
    static constexpr std::uint32_t kDescriptors = 32;

    std::array<FileRef, kDescriptors> files;
    std::uint32_t used = 0;  // bit i: files[i] is there or reserved
    std::uint32_t close_on_exec = 0;
};

class DescriptorTable {
  public:
    static constexpr std::uint32_t kBlocks = 32;
    static constexpr std::uint32_t kMost = kBlocks * DescriptorBlock::kDescriptors;  // 1,024
    using BlockCache = mm::ObjectCache<DescriptorBlock>;

    /// A table without descriptors. Takes no memory. Precondition: `blocks` stays.
    explicit DescriptorTable(BlockCache& blocks) : cache_(blocks) {}
    DescriptorTable(const DescriptorTable&) = delete;
    DescriptorTable& operator=(const DescriptorTable&) = delete;
    /// Closes all.
    ~DescriptorTable() { close_all(); }

    /// RLIMIT_NOFILE: no number at or above it is given out from now on. Those in use stay.
    /// Precondition: limit <= kMost.
    void set_limit(std::uint32_t limit);
    [[nodiscard]] std::uint32_t limit() const { return limit_; }

    /// The open file, or nullptr. Whoever may sleep while using it holds a FileRef.
    [[nodiscard]] OpenFile* find(Descriptor descriptor) const {
        const DescriptorBlock* block = block_of(descriptor);
        if (block == nullptr) return nullptr;
        return block->files[descriptor % DescriptorBlock::kDescriptors].get();
    }
    /// The open file. Errors: BadDescriptor.
    [[nodiscard]] Result<FileRef> file(Descriptor descriptor) const;

    /// Reserves the lowest free descriptor at or above `from`; put() or cancel() follows.
    /// Errors: TooManyFiles (none below the limit), OutOfMemory.
    Result<Descriptor> reserve(Descriptor from = 0);
    /// Precondition: reserved.
    void put(Descriptor descriptor, FileRef file, bool close_on_exec);
    void cancel(Descriptor descriptor);

    /// dup2: `descriptor` stands for `file` from now on; what it stood for is closed.
    /// Errors: BadDescriptor (at or above the limit), Busy (reserved by a call under way),
    /// OutOfMemory; nothing has changed then.
    Result<void> replace(Descriptor descriptor, FileRef file, bool close_on_exec);

    /// Errors: BadDescriptor.
    Result<void> close(Descriptor descriptor);
    /// Closes what execve closes.
    void close_on_exec();
    void close_all();

    /// Errors: BadDescriptor.
    [[nodiscard]] Result<bool> closes_on_exec(Descriptor descriptor) const;
    Result<void> set_close_on_exec(Descriptor descriptor, bool close);

    /// Makes this a copy of `parent`, as fork does: the same open files. What is reserved there is
    /// free here. Precondition: nothing is in use. Errors: OutOfMemory; nothing has changed then.
    Result<void> copy_from(const DescriptorTable& parent);

    /// How many stand for a file.
    [[nodiscard]] std::uint32_t count() const;

    void check_invariants() const;

  private:
    struct Place {
        DescriptorBlock* block;
        std::uint32_t index;
    };
    // The place of a descriptor below the limit, its block made now if need be.
    Result<Place> make_place(Descriptor descriptor);
    [[nodiscard]] DescriptorBlock* block_of(Descriptor descriptor) const {
        return descriptor < kMost ? blocks_[descriptor / DescriptorBlock::kDescriptors] : nullptr;
    }
    [[nodiscard]] bool is_used(Descriptor descriptor) const;
    [[nodiscard]] Descriptor first_free(Descriptor from) const;
    static void copy_block(DescriptorBlock& to, const DescriptorBlock& from);
    static void set_bit(std::uint32_t& bits, std::uint32_t index, bool value);
    static bool bit(std::uint32_t bits, std::uint32_t index) { return (bits >> index & 1U) != 0; }

    BlockCache& cache_;
    // Calls visit(i) for each block that is there, from the lowest on.
    template <typename Visitor>
    void for_each_block(Visitor visit) const;

    std::array<DescriptorBlock*, kBlocks> blocks_{};
    std::uint32_t made_ = 0;  // bit i: blocks_[i] is there
    std::uint32_t limit_ = kMost;
};

}  // namespace quire::fs
