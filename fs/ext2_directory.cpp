#include "fs/ext2_directory.h"

#include "libc/string.h"

namespace quire::fs::ext2 {

namespace {

// EntryHeader::kind, by its number on the disk; 0 tells nothing.
constexpr NodeKind kTypes[] = {
    NodeKind::File, NodeKind::Directory, NodeKind::CharacterDevice, NodeKind::BlockDevice,
    NodeKind::Pipe, NodeKind::Socket,    NodeKind::SymbolicLink,
};

std::uint32_t used_bytes(const EntryHeader& header) {
    return header.inode == 0 ? 0 : entry_bytes(header.name_bytes);
}

void write_name(const Entry& entry, std::string_view name) {
    memcpy(entry.block.bytes().data() + entry.offset + sizeof(EntryHeader), name.data(),
           name.size());
}

}  // namespace

// --- Walking ---

Result<Block> Directory::open(FileBlock at) {
    const BlockRun run = TRY(BlockMap(allocator_, inode_).find(at, 1));
    if (run.is_hole())
        return allocator_.volume().corrupted(inode_.number(), {}, "a directory with a hole");
    return allocator_.cache().get(run.first.raw());
}

Result<void> Directory::check(const Entry& entry) const {
    const EntryHeader& header = entry.header();
    const std::uint32_t left = allocator_.geometry().block_bytes - entry.offset;
    const char* wrong = nullptr;
    if (header.record_bytes < kSmallestEntry || header.record_bytes % 4 != 0) {
        wrong = "an entry of a wrong length";
    } else if (header.record_bytes > left) {
        wrong = "an entry that leaves its block";
    } else if (header.inode != 0 &&
               (header.name_bytes == 0 || entry_bytes(header.name_bytes) > header.record_bytes)) {
        wrong = "an entry that is shorter than its name";
    } else if (header.inode > allocator_.geometry().inodes) {
        wrong = "an entry for an inode that does not exist";
    } else if (!allocator_.geometry().file_types && header.kind != 0) {
        wrong = "an entry with too long a name";
    }
    if (wrong == nullptr) return {};
    return allocator_.volume().corrupted(inode_.number(), DiskBlock(entry.block.number()), wrong);
}

// The first entry of a block, of whatever kind, checked.
Result<Entry> Directory::first_in(FileBlock at) {
    Entry entry;
    entry.block = TRY(open(at));
    TRY(check(entry));
    return entry;
}

// On to the next entry of the block; says whether there is one.
Result<bool> Directory::step(Entry& entry) const {
    const std::uint32_t next = entry.offset + entry.header().record_bytes;
    const std::uint32_t end = allocator_.geometry().block_bytes;
    if (next == end) return false;
    entry.before = entry.offset;
    entry.offset = next;
    if (next > end - kSmallestEntry)
        return allocator_.volume().corrupted(inode_.number(), DiskBlock(entry.block.number()),
                                             "an entry that leaves its block");
    TRY(check(entry));
    return true;
}

Result<Entry> Directory::find(std::string_view name) {
    for (std::uint32_t at = 0; at < blocks(); ++at) {
        Entry entry = TRY(first_in(FileBlock(at)));
        do {
            if (entry.header().inode != 0 && entry.name() == name) return entry;
        } while (TRY(step(entry)));
    }
    return Error::NotFound;
}

// The way goes from the start of the block, as only what is found on it is an entry.
Result<Entry> Directory::next(std::uint64_t& position) {
    const std::uint32_t shift = allocator_.geometry().block_shift;
    while (position < inode_.bytes()) {
        const auto at = static_cast<std::uint32_t>(position >> shift);
        const std::uint64_t start = std::uint64_t{at} << shift;
        Entry entry = TRY(first_in(FileBlock(at)));
        do {
            if (start + entry.offset < position || entry.header().inode == 0) continue;
            position = start + entry.offset;
            return entry;
        } while (TRY(step(entry)));
        position = start + (1U << shift);
    }
    return Error::NotFound;
}

Result<bool> Directory::is_empty() {
    std::uint64_t position = 0;
    for (;; ++position) {
        const Result<Entry> entry = next(position);
        if (!entry.ok()) {
            if (entry.error() == Error::NotFound) return true;
            return entry.error();
        }
        const std::string_view name = entry.value().name();
        if (name != "." && name != "..") return false;
    }
}

// --- Room ---

bool Directory::has_room(const Entry& entry, std::size_t name_bytes) {
    const EntryHeader& header = entry.header();
    return header.record_bytes - used_bytes(header) >=
           entry_bytes(static_cast<std::uint32_t>(name_bytes));
}

Result<Entry> Directory::find_room(std::size_t name_bytes) {
    Result<Entry> room = find_old_room(name_bytes);
    if (room.ok() || room.error() != Error::NotFound) return room;
    return grow();
}

Result<Entry> Directory::find_old_room(std::size_t name_bytes) {
    for (std::uint32_t at = 0; at < blocks(); ++at) {
        Entry entry = TRY(first_in(FileBlock(at)));
        do {
            if (has_room(entry, name_bytes)) return entry;
        } while (TRY(step(entry)));
    }
    return Error::NotFound;
}

Result<Entry> Directory::find_room_beside(const Entry& beside, std::size_t name_bytes) {
    Entry entry;
    entry.block = TRY(allocator_.cache().get(beside.block.number()));
    TRY(check(entry));
    do {
        if (has_room(entry, name_bytes)) return entry;
    } while (TRY(step(entry)));
    return Error::NotFound;
}

// The new block is one entry without a name.
Result<Entry> Directory::grow() {
    const Geometry& geometry = allocator_.geometry();
    const std::uint64_t bytes = inode_.bytes() + geometry.block_bytes;
    if (bytes > ~0U || blocks() >= geometry.blocks) return Error::FileTooBig;
    const FileBlock at(blocks());
    BlockMap map(allocator_, inode_);
    const BlockRun last = TRY(map.find(FileBlock(at.raw() - 1), 1));
    if (!TRY(map.find(at, 1)).is_hole())
        return allocator_.volume().corrupted(inode_.number(), {}, "blocks behind its end");
    BlockRun run = TRY(allocator_.allocate_blocks(last.end(), 1));
    Result<Block> block = allocator_.cache().get_new(run.first.raw());
    Result<void> answer;
    if (block.ok()) {
        block.value().at<EntryHeader>(0)->record_bytes =
            static_cast<std::uint16_t>(geometry.block_bytes);
        answer = map.point(at, run, &block.value());
    } else {
        answer = block.error();
    }
    if (!answer.ok()) {
        allocator_.free_later(run);  // later, as it is dirty in the cache
        return answer.error();
    }
    inode_.set_bytes(bytes);
    inode_.set_dirty();
    has_grown_ = true;
    return Entry{block.take(), 0, 0};
}

// --- Changing ---

std::uint8_t Directory::type_of(NodeKind kind) const {
    if (!allocator_.geometry().file_types) return 0;
    for (std::size_t i = 0; i < std::size(kTypes); ++i)
        if (kTypes[i] == kind) return static_cast<std::uint8_t>(i + 1);
    return 0;
}

std::optional<NodeKind> Directory::kind_of(const EntryHeader& header) const {
    if (header.kind == 0 || header.kind > std::size(kTypes)) return std::nullopt;
    return kTypes[header.kind - 1];
}

Result<void> Directory::insert(Entry& room, std::string_view name, InodeNumber number,
                               NodeKind kind) const {
    TRY(check(room));
    EntryHeader& old = room.header();
    if (!has_room(room, name.size()))
        return allocator_.volume().corrupted(inode_.number(), DiskBlock(room.block.number()),
                                             "a block that is in use twice");
    const std::uint32_t used = used_bytes(old);
    const auto record = static_cast<std::uint16_t>(old.record_bytes - used);
    if (used != 0) {
        old.record_bytes = static_cast<std::uint16_t>(used);
        room.before = room.offset;
        room.offset += used;
    }
    room.header() = {number.raw(), record, static_cast<std::uint8_t>(name.size()), type_of(kind)};
    write_name(room, name);
    room.block.set_dirty();
    return {};
}

// In the place of the old name, if it fits there; else elsewhere in the block.
Result<void> Directory::rename_in_block(Entry& entry, std::string_view name, NodeKind kind) {
    TRY(check(entry));
    EntryHeader& header = entry.header();
    if (header.record_bytes >= entry_bytes(static_cast<std::uint32_t>(name.size()))) {
        header.name_bytes = static_cast<std::uint8_t>(name.size());
        write_name(entry, name);
        entry.block.set_dirty();
        return {};
    }
    Entry room = TRY(find_room_beside(entry, name.size()));
    const bool between = room.offset == entry.before && entry.before != entry.offset;
    TRY(insert(room, name, entry.inode(), kind));
    if (between) entry.before = room.offset;
    erase(entry);
    return {};
}

void Directory::erase(Entry& entry) {
    EntryHeader& header = entry.header();
    header.inode = 0;
    if (entry.before != entry.offset) {
        EntryHeader& before = *entry.block.at<EntryHeader>(entry.before);
        before.record_bytes = static_cast<std::uint16_t>(before.record_bytes + header.record_bytes);
    }
    entry.block.set_dirty();
}

void Directory::replace(Entry& entry, InodeNumber number, NodeKind kind) const {
    entry.header().inode = number.raw();
    entry.header().kind = type_of(kind);
    entry.block.set_dirty();
}

void Directory::begin(Block& block, InodeNumber self, InodeNumber parent) const {
    constexpr std::uint32_t kDot = kSmallestEntry;
    const std::uint8_t type = type_of(NodeKind::Directory);
    const auto rest = static_cast<std::uint16_t>(allocator_.geometry().block_bytes - kDot);
    *block.at<EntryHeader>(0) = {self.raw(), kDot, 1, type};
    *block.at<EntryHeader>(kDot) = {parent.raw(), rest, 2, type};
    memcpy(block.bytes().data() + sizeof(EntryHeader), ".", 1);
    memcpy(block.bytes().data() + kDot + sizeof(EntryHeader), "..", 2);
    block.set_dirty();
}

}  // namespace quire::fs::ext2
