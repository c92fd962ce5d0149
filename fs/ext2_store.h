// The bytes of one file on the disk, as the page cache sees them: pages that are read and written.
//
//     write(2) --> promise(): blocks are taken, and noted here      page | page | page    in RAM
//        ...                                                          |      |      |
//     write-back --> data goes to those blocks ------------------> block 70 | 71 | 72     on disk
//                --> and only then the inode points to them  inode ---'
//
// The one idea: a block belongs to the file from the moment write(2) wants it, so that there is
// room for every byte that write(2) took; but the file shows it only when the data is there. So a
// power cut never shows what somebody else had in that block before. Promised blocks are those
// of the tree here; the disk knows of them as used, by nobody.
//
// A page may become dirty without a promise, by a store into a mapping of a hole. Its blocks are
// taken when it is written; what is all zeroes there stays a hole.
//
// Invariant: a promised block is a hole of the file on the disk. A page of a promised block is
// dirty in RAM, but for a moment in write(2), and after one that was cut short.
#pragma once

#include "fs/ext2_block_map.h"
#include "mm/backing_store.h"
#include "mm/memory_object.h"
#include "mm/page_tree.h"

namespace quire::fs::ext2 {

class Store final : public mm::BackingStore {
  public:
    /// The pages of inode `number`; `nodes` are for the promises. Everything must stay.
    Store(Allocator& allocator, InodeNumber number, mm::PageTree::NodeCache& nodes)
        : allocator_(allocator), promised_(nodes), number_(number) {}
    /// Precondition: no promises.
    ~Store() = default;
    /// The object whose store this is: it knows the size. Told once, before anything is read.
    void set_object(const mm::MemoryObject& object) { object_ = &object; }

    Result<void> read(std::uint32_t first_page, std::span<const mm::FrameNumber> frames) override;
    /// Beside what BackingStore says: NoSpace, if a page without a promise finds no room; Busy, if
    /// an operation is under way and the page needs new pointers. Both leave it dirty.
    Result<void> write(std::uint32_t first_page, std::span<const mm::FrameNumber> frames) override;

    /// Takes blocks for bytes [first, first + count) of blocks, where the file has none. Returns
    /// for how many of them there is room, from the first on. Errors: NoSpace (for none);
    /// FileTooBig, Corrupted, IoError, OutOfMemory.
    Result<std::uint32_t> promise(FileBlock first, std::uint32_t count);
    /// Gives back what is promised from `from` on.
    void break_promises(FileBlock from);
    [[nodiscard]] std::uint32_t promised() const { return promised_count_; }

  private:
    // Blocks of the file, and the frames that hold them.
    struct Span {
        std::uint32_t first_page;
        std::span<const mm::FrameNumber> frames;
    };
    static constexpr std::uint32_t kMostBuffers = 16;

    [[nodiscard]] std::uint32_t page_shift() const;
    [[nodiscard]] std::span<std::byte> bytes_of(const Span& span, FileBlock block) const;
    Result<void> transfer(drivers::BlockRequest::Kind kind, const Span& span, FileBlock at,
                          BlockRun run) const;
    void zero_past_end(const Span& span) const;
    [[nodiscard]] FileBlock end_of(const Span& span) const;

    Result<std::uint32_t> read_some(Inode& inode, const Span& span, FileBlock at,
                                    std::uint32_t most);
    Result<std::uint32_t> write_some(Inode& inode, const Span& span, FileBlock at,
                                     std::uint32_t most);
    Result<std::uint32_t> fill_hole(Inode& inode, const Span& span, FileBlock at,
                                    std::uint32_t most);
    [[nodiscard]] BlockRun promised_at(FileBlock at, std::uint32_t most) const;
    void keep_promise(FileBlock at, std::uint32_t count);
    Result<std::uint32_t> promise_some(Inode& inode, FileBlock at, std::uint32_t most);
    [[nodiscard]] DiskBlock goal_for(FileBlock at, InodeNumber number) const;

    Allocator& allocator_;
    const mm::MemoryObject* object_ = nullptr;
    mm::PageTree promised_;  // by block of the file: the block of the disk
    std::uint32_t promised_count_ = 0;
    DiskBlock last_;  // of the disk, handed to this file last
    FileBlock last_at_;
    InodeNumber number_;
};

}  // namespace quire::fs::ext2
