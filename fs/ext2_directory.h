// The names in a directory: its blocks, and the entries they are filled with from end to end.
//
//     block  | 12 "."  | 2 ".."  | 17 "notes" (unused) | 0  (room) ......  |
//              12 bytes  12        24                    the rest
//
// An entry reaches to the next one; what it does not need itself is room. So a name is removed by
// making the entry before it longer, and nothing moves: read_directory() can go on where it was.
// There is no index: names are found by looking at all of them. One made by others (dir_index) is
// laid out so that it looks like unused room; Ext2Node takes its mark away before it changes it.
//
// Every entry is checked before it is used: it lies in its block, its name in it, and its inode
// number exists. The last entry ends with the block.
//
// The functions change blocks in the cache, and say nothing about their order: that belongs to
// those who change names (fs/ext2_names.cpp), but for a new block, which is on the disk before
// anything points to it.
#pragma once

#include "fs/ext2_block_map.h"

namespace quire::fs::ext2 {

/// An entry, in use.
struct Entry {
    Block block;
    std::uint32_t offset = 0;
    std::uint32_t before = 0;  // the entry before it in the block; itself: there is none

    [[nodiscard]] EntryHeader& header() const { return *block.at<EntryHeader>(offset); }
    [[nodiscard]] InodeNumber inode() const { return InodeNumber(header().inode); }
    [[nodiscard]] std::string_view name() const {
        return {reinterpret_cast<const char*>(block.bytes().data()) + offset + sizeof(EntryHeader),
                header().name_bytes};
    }
};

class Directory {
  public:
    /// Preconditions: `inode` is a directory, checked, and stays.
    Directory(Allocator& allocator, Inode& inode) : allocator_(allocator), inode_(inode) {}

    /// The entry called `name`, "." and ".." as well. Errors: NotFound; Corrupted, IoError,
    /// OutOfMemory.
    Result<Entry> find(std::string_view name);
    /// The first entry of a byte position at or after `position`, with an inode. `position` is
    /// then that of the entry. Errors: NotFound (there is none); as find().
    Result<Entry> next(std::uint64_t& position);
    /// Whether there is nothing but "." and "..". Errors: as find().
    Result<bool> is_empty();

    /// Room for a name of so many bytes: an entry that insert() may take. The directory grows if it
    /// must. Errors: NoSpace, FileTooBig; as find().
    Result<Entry> find_room(std::size_t name_bytes);
    /// The same without growing. Errors: NotFound; as find().
    Result<Entry> find_old_room(std::size_t name_bytes);
    /// Whether find_room() has grown the directory.
    [[nodiscard]] bool has_grown() const { return has_grown_; }

    /// Puts a name into `room`, whose offset is then the new entry's. Precondition: find_room()
    /// found it, for such a name. Errors: Corrupted (it is not there any more: two directories have
    /// the same block).
    Result<void> insert(Entry& room, std::string_view name, InodeNumber number,
                        NodeKind kind) const;
    /// Gives the entry another name, within its block. `entry` is used up. Errors: NotFound (there
    /// is no room in the block); as find().
    Result<void> rename_in_block(Entry& entry, std::string_view name, NodeKind kind);
    /// Takes the name of `entry` out.
    static void erase(Entry& entry);
    /// Lets the name of `entry` stand for another inode.
    void replace(Entry& entry, InodeNumber number, NodeKind kind) const;
    /// Fills a new block with "." and "..".
    void begin(Block& block, InodeNumber self, InodeNumber parent) const;

    /// The kind an entry tells, if it tells one.
    [[nodiscard]] std::optional<NodeKind> kind_of(const EntryHeader& header) const;

  private:
    Result<Block> open(FileBlock at);
    Result<void> check(const Entry& entry) const;
    Result<bool> step(Entry& entry) const;
    Result<Entry> first_in(FileBlock at);
    Result<Entry> find_room_beside(const Entry& beside, std::size_t name_bytes);
    Result<Entry> grow();
    [[nodiscard]] std::uint32_t blocks() const {
        return allocator_.geometry().blocks_for(inode_.bytes());
    }
    [[nodiscard]] std::uint8_t type_of(NodeKind kind) const;
    static bool has_room(const Entry& entry, std::size_t name_bytes);

    Allocator& allocator_;
    Inode& inode_;
    bool has_grown_ = false;
};

}  // namespace quire::fs::ext2
