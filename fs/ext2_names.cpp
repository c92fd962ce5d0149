// Names: looking them up, making them, taking them away; and in which order that reaches the disk.
//
//     new name:      directory ---> inode      the name is on the disk before the inode has a link
//     name removed:  inode ---> directory      the inode has lost the link before the name goes
//
// So at any time an inode with links has a name on the disk. e2fsck -p can live with a name that
// leads to an inode without links (it takes the name away) and with too few links or too many (it
// counts them), but not with an inode that has links and no name: there it gives up and asks.
//
// Before an inode with links come also the inodes of new directories on the way to it, and the
// blocks that it points to. So whoever writes one inode has all that is needed to find it.
#include "fs/ext2.h"
#include "libc/string.h"

namespace quire::fs::ext2 {

// --- Looking ---

Result<Inode> Ext2Node::load_directory() const {
    if (kind() != NodeKind::Directory) return Error::NotDirectory;
    if (life_ != Life::Named) return Error::NotFound;
    return load();
}

// A change in the middle may yet give a name to another inode: what it looks up is not kept.
Result<NodeRef> Ext2Node::look_up(std::string_view name) {
    const bool keep = !volume().in_operation();
    if (keep) ext2_.trim();
    NameCache& known = ext2_.mounted_->names;
    if (const std::optional<InodeNumber> number = known.find(number_, name))
        return ext2_.node(*number);
    Inode inode = TRY(load_directory());
    const InodeNumber number = TRY(Directory(allocator(), inode).find(name)).inode();
    if (keep) known.add(number_, name, number);
    return ext2_.node(number);
}

void Ext2Node::forget_name(std::string_view name) const {
    ext2_.mounted_->names.forget(number_, name);
}

Result<void> Ext2Node::read_directory(std::uint64_t& position, DirectoryVisitor& visitor) {
    if (kind() != NodeKind::Directory) return Error::NotDirectory;
    if (life_ != Life::Named) return {};
    Inode inode = TRY(load());
    Directory names(allocator(), inode);
    for (;;) {
        const Result<Entry> entry = names.next(position);
        if (!entry.ok() && entry.error() == Error::NotFound) break;
        if (!entry.ok()) return entry.error();
        const EntryHeader& header = entry.value().header();
        std::optional<NodeKind> its_kind = names.kind_of(header);
        if (!its_kind.has_value())
            its_kind = TRY(Inode::load(allocator().groups(), entry.value().inode())).kind();
        if (!visitor.visit({entry.value().name(), header.inode, *its_kind})) break;
        position += header.record_bytes;
    }
    note_read();
    return {};
}

// --- What all changes have in common ---

// An index that others made would not know of our changes: from now on there is none.
Result<void> Ext2Node::forget_index(Inode& inode) const {
    if ((inode->flags & kFlagIndex) == 0) return {};
    inode->flags &= ~kFlagIndex;
    inode.set_dirty();
    return allocator().cache().write(inode.block());
}

void Ext2Node::note_names_changed(Inode& inode) const {
    inode->modified = inode->changed = now();
    inode.set_dirty();
}

// Room for a name that is not there yet.
Result<Entry> Ext2Node::room_for(Directory& names, std::string_view name) {
    const Result<Entry> there = names.find(name);
    if (there.ok()) return Error::AlreadyExists;
    if (there.error() != Error::NotFound) return there.error();
    Result<Entry> room = names.find_room(name.size());
    if (names.has_grown()) note_young();
    return room;
}

// This directory has got a name for `inode`, which has not got the link yet.
Result<void> Ext2Node::order_name(const Inode& parent, const Entry& entry,
                                  const Inode& inode) const {
    BlockCache& cache = allocator().cache();
    TRY(cache.write_before(entry.block, inode.block()));
    if (is_young()) TRY(cache.write_before(parent.block(), inode.block()));
    return {};
}

Result<void> Ext2Node::add_name(Inode& parent, const Directory& names, Entry& room,
                                std::string_view name, const Inode& inode) {
    TRY(names.insert(room, name, inode.number(), inode.kind()));
    const Result<void> ordered = order_name(parent, room, inode);
    if (!ordered.ok()) Directory::erase(room);
    return ordered;
}

// The inode loses a link, and is written before `name`, the block that loses the name after this.
// A directory has lost its only name.
Result<void> Ext2Node::drop_link(Inode& inode, const Block& name) const {
    const DiskInode before = *inode;
    inode->links =
        inode.is_directory() ? std::uint16_t{0} : static_cast<std::uint16_t>(inode->links - 1);
    inode->changed = now();
    if (inode->links == 0) inode->deleted = volume().deletion_time();
    inode.set_dirty();
    const Result<void> ordered = allocator().cache().write_before(inode.block(), name);
    if (!ordered.ok()) {
        *inode = before;
        inode.set_dirty();
    }
    return ordered;
}

// --- Making ---

Result<NodeRef> Ext2Node::create(std::string_view name, const NewNode& what) {
    TRY(ext2_.begin_change());
    const Operation operation(volume());
    Inode parent = TRY(load_directory());
    Directory names(allocator(), parent);
    const bool directory = what.kind == NodeKind::Directory;
    if (what.kind == NodeKind::SymbolicLink &&
        (what.target.empty() || what.target.size() >= allocator().geometry().block_bytes))
        return what.target.empty() ? Error::NotFound : Error::NameTooLong;
    TRY(forget_index(parent));
    Entry room = TRY(room_for(names, name));
    if (directory && parent->links >= kMostLinks) return Error::LinkLimit;
    const InodeNumber number = TRY(allocator().allocate_inode(number_, directory));
    Result<NodeRef> made = make(parent, names, room, name, number, what);
    if (!made.ok()) allocator().free_inode_later(number, directory);
    return made;
}

Result<NodeRef> Ext2Node::make(Inode& parent, Directory& names, Entry& room, std::string_view name,
                               InodeNumber number, const NewNode& what) {
    Inode inode = TRY(Inode::load(allocator().groups(), number));
    if (inode->links != 0 || ext2_.find(number) != nullptr)
        return volume().corrupted(number, {}, "an inode in use that is marked as free");
    NodeRef made = TRY(ext2_.new_node(number, what.kind, 0));
    BlockRun run;
    const Block content = TRY(make_content(inode, what, names, run));
    Result<void> answer = names.insert(room, name, number, what.kind);
    if (answer.ok()) {
        answer = order_name(parent, room, inode);
        if (answer.ok() && content.valid())
            answer = allocator().cache().write_before(content, inode.block());
        if (!answer.ok()) Directory::erase(room);
    }
    if (!answer.ok()) {
        if (content.valid()) allocator().free_later(run);
        return answer.error();
    }
    fill(inode, what, run);
    if (what.kind == NodeKind::Directory) ++parent->links;
    note_names_changed(parent);
    auto& node = static_cast<Ext2Node&>(*made);
    node.set_life(Life::Named);
    if (what.kind == NodeKind::Directory) node.note_young();
    return made;
}

// The first block of a directory, or the text of a long link; or nothing.
Result<Block> Ext2Node::make_content(Inode& inode, const NewNode& what, const Directory& names,
                                     BlockRun& run) {
    const bool directory = what.kind == NodeKind::Directory;
    const bool long_link =
        what.kind == NodeKind::SymbolicLink && what.target.size() >= Inode::kShortLink;
    if (!directory && !long_link) return Block();
    const Geometry& geometry = allocator().geometry();
    const std::uint32_t group = geometry.group_of(inode.number());
    run = TRY(allocator().allocate_blocks(geometry.first_block_of(group), 1));
    Result<Block> block = allocator().cache().get_new(run.first.raw());
    if (!block.ok()) {
        allocator().free_later(run);
        return block;
    }
    if (directory) {
        names.begin(block.value(), inode.number(), number_);
    } else {
        memcpy(block.value().bytes().data(), what.target.data(), what.target.size());
    }
    return block;
}

void Ext2Node::fill(Inode& inode, const NewNode& what, BlockRun content) const {
    const Geometry& geometry = allocator().geometry();
    const std::uint32_t generation = inode->generation + 1;
    memset(&*inode, 0, geometry.inode_bytes);
    inode->mode = static_cast<std::uint16_t>(static_cast<unsigned>(what.kind) << 12);
    inode.set_permissions(what.permissions);
    inode.set_owner(what.user, what.group);
    inode->accessed = inode->modified = inode->changed = now();
    inode->generation = generation;
    inode->links = what.kind == NodeKind::Directory ? 2 : 1;
    if (content.count != 0) {
        inode->pointers[0] = content.first.raw();
        inode->sectors = geometry.sectors_per_block();
    }
    if (what.kind == NodeKind::Directory) inode.set_bytes(geometry.block_bytes);
    if (what.kind == NodeKind::SymbolicLink) {
        inode.set_bytes(what.target.size());
        if (content.count == 0) memcpy(inode.short_text(), what.target.data(), what.target.size());
    }
    if (what.kind == NodeKind::BlockDevice || what.kind == NodeKind::CharacterDevice)
        inode.set_device(what.device);
    inode.set_dirty();
}

Result<void> Ext2Node::link(std::string_view name, Node& node) {
    TRY(ext2_.begin_change());
    const Operation operation(volume());
    Inode parent = TRY(load_directory());
    auto& other = static_cast<Ext2Node&>(node);
    if (other.kind() == NodeKind::Directory) return Error::NotPermitted;
    if (other.life() != Life::Named) return Error::NotFound;
    Inode inode = TRY(other.load());
    if (inode->links >= kMostLinks) return Error::LinkLimit;
    Directory names(allocator(), parent);
    TRY(forget_index(parent));
    Entry room = TRY(room_for(names, name));
    TRY(add_name(parent, names, room, name, inode));
    ++inode->links;
    inode->changed = now();
    inode.set_dirty();
    note_names_changed(parent);
    return {};
}

// --- Removing ---

Result<void> Ext2Node::remove(std::string_view name, bool directory) {
    TRY(ext2_.begin_change());
    const Operation operation(volume());
    Inode parent = TRY(load_directory());
    NodeRef child;  // goes last: that may free it
    Directory names(allocator(), parent);
    Entry entry = TRY(names.find(name));
    child = TRY(ext2_.node(entry.inode()));
    auto& node = static_cast<Ext2Node&>(*child);
    Inode inode = TRY(node.load());
    if (directory != (node.kind() == NodeKind::Directory))
        return directory ? Error::NotDirectory : Error::IsDirectory;
    if (directory && !TRY(Directory(allocator(), inode).is_empty())) return Error::NotEmpty;
    TRY(forget_index(parent));
    forget_name(name);
    TRY(drop_link(inode, entry.block));
    Directory::erase(entry);
    if (inode->links == 0) node.set_life(Life::Nameless);
    if (directory && parent->links > 2) --parent->links;
    note_names_changed(parent);
    return {};
}

}  // namespace quire::fs::ext2
