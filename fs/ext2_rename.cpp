// rename(2), so that a power cut leaves the old state or the new one.
//
// In one block both names change together. Elsewhere the new name is on the disk before the old one
// goes. What is replaced must not be without a name while it has links (fs/ext2_names.cpp), but
// must not lose them before the new name is there either:
//
//     in one block      exchange:  target --> new, source --> old;  then remove the source
//     in two blocks     the old one is kept as /lost+found/#17, until its inode has no links
//
// A directory has one name and tells its parent: three blocks change when it moves elsewhere. They
// are written at once, one after the other. Between them e2fsck -p finds a directory with two
// names, and asks (nothing is lost); without a journal there is no better way.
#include "fs/ext2.h"
#include "libc/format.h"

namespace quire::fs::ext2 {

/// A rename on its way.
struct Ext2Node::Move {
    Ext2Node& to;
    std::string_view new_name;
    Inode from_inode;
    Inode to_inode;
    Directory from;
    Directory target;
    Entry source;
    NodeRef moved;
    Inode inode;       // of what is moved
    Entry found = {};  // what is replaced, if something is
    NodeRef replaced = {};

    Move(Allocator& allocator, Ext2Node& its_to, std::string_view name, Inode from_parent,
         Inode to_parent, Entry entry, NodeRef node, Inode its_inode)
        : to(its_to),
          new_name(name),
          from_inode(std::move(from_parent)),
          to_inode(std::move(to_parent)),
          from(allocator, from_inode),
          target(allocator, to_inode),
          source(std::move(entry)),
          moved(std::move(node)),
          inode(std::move(its_inode)) {}

    [[nodiscard]] bool is_directory() const { return moved->kind() == NodeKind::Directory; }
    [[nodiscard]] bool in_one_block() const {
        return found.block.number() == source.block.number();
    }
    [[nodiscard]] Ext2Node& replaced_node() const { return static_cast<Ext2Node&>(*replaced); }
};

Result<void> Ext2Node::rename(std::string_view old_name, Node& new_parent,
                              std::string_view new_name, bool no_replace) {
    TRY(ext2_.begin_change());
    const Operation operation(volume());
    auto& to = static_cast<Ext2Node&>(new_parent);
    Inode from_inode = TRY(load_directory());
    Inode to_inode = TRY(to.load_directory());
    Entry source = TRY(Directory(allocator(), from_inode).find(old_name));
    NodeRef moved = TRY(ext2_.node(source.inode()));
    Inode inode = TRY(static_cast<Ext2Node&>(*moved).load());
    Move move(allocator(), to, new_name, std::move(from_inode), std::move(to_inode),
              std::move(source), std::move(moved), std::move(inode));
    if (move.is_directory() && this != &to) TRY(expect_not_below(to.number(), move.inode.number()));
    Result<Entry> found = move.target.find(new_name);
    if (!found.ok() && found.error() != Error::NotFound) return found.error();
    if (found.ok()) {
        if (no_replace) return Error::AlreadyExists;
        if (found.value().inode() == move.inode.number()) return {};
        move.found = found.take();
        TRY(check_replacement(move));
    } else if (move.is_directory() && this != &to && move.to_inode->links >= kMostLinks) {
        return Error::LinkLimit;
    }
    TRY(forget_index(move.from_inode));
    TRY(forget_index(move.to_inode));
    forget_name(old_name);
    to.forget_name(new_name);
    return move.replaced ? replace(move) : move_name(move);
}

Result<void> Ext2Node::check_replacement(Move& move) const {
    move.replaced = TRY(ext2_.node(move.found.inode()));
    const bool directory = move.replaced->kind() == NodeKind::Directory;
    if (move.is_directory() && !directory) return Error::NotDirectory;
    if (!move.is_directory() && directory) return Error::IsDirectory;
    if (!directory) return {};
    Inode inode = TRY(move.replaced_node().load());
    if (!TRY(Directory(allocator(), inode).is_empty())) return Error::NotEmpty;
    return {};
}

// The way up is as long as it is; one that goes in circles ends when it cannot be that long.
Result<void> Ext2Node::expect_not_below(InodeNumber start, InodeNumber above) const {
    InodeNumber number = start;
    for (std::uint32_t steps = 0; steps < allocator().geometry().inodes; ++steps) {
        if (number == above) return Error::InvalidArgument;
        if (number == kRootInode) return {};
        Inode inode = TRY(Inode::load(allocator().groups(), number));
        TRY(inode.check(volume()));
        if (!inode.is_directory())
            return volume().corrupted(number, {}, "a parent that is no directory");
        const Result<Entry> parent = Directory(allocator(), inode).find("..");
        if (!parent.ok() && parent.error() == Error::NotFound)
            return volume().corrupted(number, {}, "a directory without a parent");
        if (!parent.ok()) return parent.error();
        number = parent.value().inode();
    }
    return volume().corrupted(start, {}, "its parents are a circle");
}

// --- Nothing is replaced ---

Result<void> Ext2Node::move_name(Move& move) {
    if (this == &move.to) {
        const Result<void> renamed =
            move.from.rename_in_block(move.source, move.new_name, move.moved->kind());
        if (renamed.ok()) {
            // Who syncs the node has its name on the disk. That is all this order is for.
            (void)order_name(move.from_inode, move.source, move.inode);
            move.inode->changed = now();
            move.inode.set_dirty();
            note_names_changed(move.from_inode);
            return {};
        }
        if (renamed.error() != Error::NotFound) return renamed;
    }
    Entry room = TRY(move.target.find_room(move.new_name.size()));
    if (move.target.has_grown()) move.to.note_young();
    if (room.block.number() == move.source.block.number())
        return volume().corrupted(number_, DiskBlock(room.block.number()),
                                  "a block of two directories");
    TRY(move.to.add_name(move.to_inode, move.target, room, move.new_name, move.inode));
    if (move.is_directory()) {
        const Result<void> written = allocator().cache().write(room.block);
        if (!written.ok()) {
            Directory::erase(room);
            return written;
        }
    }
    return finish_move(move);
}

// --- Something is replaced ---

Result<void> Ext2Node::replace(Move& move) {
    const bool in_one_block = move.in_one_block();
    TRY(in_one_block ? replace_in_block(move) : replace_across(move));
    Inode gone = TRY(move.replaced_node().load());
    if (gone->links == 0) move.replaced_node().set_life(Life::Nameless);
    if (move.is_directory() && move.to_inode->links > 2) --move.to_inode->links;
    if (!in_one_block) return finish_move(move);
    note_names_changed(move.from_inode);
    return {};
}

Result<void> Ext2Node::replace_in_block(Move& move) {
    Inode gone = TRY(move.replaced_node().load());
    const NodeKind kind = move.moved->kind();
    const NodeKind gone_kind = move.replaced->kind();
    if (move.is_directory() || gone->links > 1) {
        TRY(drop_link(gone, move.found.block));
        move.target.replace(move.found, move.inode.number(), kind);
    } else {
        move.target.replace(move.found, move.inode.number(), kind);
        move.from.replace(move.source, gone.number(), gone_kind);
        Result<void> ordered = allocator().cache().write_before(move.source.block, gone.block());
        if (ordered.ok()) ordered = drop_link(gone, move.source.block);
        if (!ordered.ok()) {
            move.target.replace(move.found, gone.number(), gone_kind);
            move.from.replace(move.source, move.inode.number(), kind);
            return ordered;
        }
    }
    Directory::erase(move.source);
    (void)order_name(move.to_inode, move.found, move.inode);  // for who syncs the node
    move.inode->changed = now();
    move.inode.set_dirty();
    return {};
}

Result<void> Ext2Node::replace_across(Move& move) {
    BlockCache& cache = allocator().cache();
    Inode gone = TRY(move.replaced_node().load());
    const NodeKind kind = move.moved->kind();
    std::optional<Entry> kept;
    if (!move.is_directory() && gone->links == 1)
        kept = keep_in_lost_and_found(gone, move.found.block);
    if (!kept.has_value()) TRY(drop_link(gone, move.found.block));
    move.target.replace(move.found, move.inode.number(), kind);
    Result<void> ordered = move.to.order_name(move.to_inode, move.found, move.inode);
    if (kept.has_value()) {
        if (ordered.ok()) ordered = cache.write_before(move.found.block, gone.block());
        if (ordered.ok()) ordered = drop_link(gone, kept->block);
        if (!ordered.ok()) move.target.replace(move.found, gone.number(), move.replaced->kind());
        Directory::erase(*kept);
        return ordered;
    }
    // The link is gone already: there is no way back, and the name is there in any case.
    if (move.is_directory()) (void)cache.write(move.found.block);
    return {};
}

// A name as e2fsck gives them to inodes that have none, on the disk before `then`. It is taken away
// again soon, so the directory does not grow for it. Where it cannot be had, a power cut may leave
// the replaced file without a name, and who replaces it under the old name only.
std::optional<Entry> Ext2Node::keep_in_lost_and_found(const Inode& inode, const Block& then) {
    Result<NodeRef> root = ext2_.root();
    if (!root.ok()) return std::nullopt;
    Result<NodeRef> node = root.value()->look_up("lost+found");
    if (!node.ok()) return std::nullopt;
    Result<Inode> lost = static_cast<Ext2Node&>(*node.value()).load_directory();
    if (!lost.ok() || !forget_index(lost.value()).ok()) return std::nullopt;
    char text[16];
    const int bytes =
        snprintf(text, sizeof text, "#%u", static_cast<unsigned>(inode.number().raw()));
    const std::string_view name(text, static_cast<std::size_t>(bytes));
    Directory names(allocator(), lost.value());
    if (names.find(name).ok()) return std::nullopt;
    Result<Entry> room = names.find_old_room(name.size());
    if (!room.ok()) return std::nullopt;
    if (!names.insert(room.value(), name, inode.number(), inode.kind()).ok()) return std::nullopt;
    if (allocator().cache().write_before(room.value().block, then).ok()) return room.take();
    Directory::erase(room.value());
    return std::nullopt;
}

// --- The end of both, in two blocks ---

Result<void> Ext2Node::set_parent(Inode& directory, InodeNumber parent) const {
    Entry entry = TRY(Directory(allocator(), directory).find(".."));
    Directory(allocator(), directory).replace(entry, parent, NodeKind::Directory);
    return allocator().cache().write(entry.block);
}

// The new name is there; the old one goes. What of a directory cannot be written now stays dirty.
Result<void> Ext2Node::finish_move(Move& move) {
    BlockCache& cache = allocator().cache();
    move.inode->changed = now();
    move.inode.set_dirty();
    if (move.is_directory() && this != &move.to) {
        (void)set_parent(move.inode, move.to.number());
        if (move.from_inode->links > 2) --move.from_inode->links;
        ++move.to_inode->links;
    }
    // The new name of a directory is on the disk already; another node's is once its inode is.
    if (!move.is_directory()) (void)cache.write_before(move.inode.block(), move.source.block);
    Directory::erase(move.source);
    if (move.is_directory()) (void)cache.write(move.source.block);
    note_names_changed(move.from_inode);
    note_names_changed(move.to_inode);
    return {};
}

}  // namespace quire::fs::ext2
