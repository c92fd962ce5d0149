// Names: what is made, linked, removed and renamed by path.
#include "fs/file_calls.h"
#include "kernel/abi/fcntl.h"
#include "kernel/abi/stat.h"

namespace quire::fs {

using namespace abi;

Result<void> check_writable(const Node& node) {
    if (node.file_system().read_only()) return Error::ReadOnly;
    return {};
}

Result<void> check_may_remove(const Credentials& who, Node& directory, Node& node,
                              bool as_directory) {
    const Attributes parent = TRY(directory.attributes());
    if (!may(who, parent, Wish::kWrite | Wish::kExecute)) return Error::AccessDenied;
    const Attributes attributes = TRY(node.attributes());
    if (!sticky_allows(who, parent, attributes)) return Error::NotPermitted;
    const bool is_directory = node.kind() == NodeKind::Directory;
    if (as_directory && !is_directory) return Error::NotDirectory;
    if (!as_directory && is_directory) return Error::IsDirectory;
    return {};
}

Result<NodeRef> FileCalls::start(std::int32_t at, std::string_view path) const {
    if (!path.empty() && path.front() == '/') return NodeRef(view_.root);
    if (at == kAtWorkingDirectory) return NodeRef(view_.directory);
    const FileRef file = TRY(table_.file(static_cast<Descriptor>(at)));
    if (file->node()->kind() != NodeKind::Directory) return Error::NotDirectory;
    return NodeRef(file->node());
}

Result<NodeRef> FileCalls::find(std::int32_t at, std::string_view path, LastLink last) {
    TRY(PathWalk::check(path));
    const NodeRef begin = TRY(start(at, path));
    PathWalk walk(layer_, who_, view_.root, begin);
    return walk.find(path, last);
}

// (Linux: filename_create.)
Result<void> FileCalls::find_place(PathWalk& walk, std::string_view path, bool for_directory) {
    TRY(walk.to_parent(path));
    if (walk.last() != PathWalk::Last::Name) return Error::AlreadyExists;
    const Result<NodeRef> found = walk.look_up_last();
    if (found.ok()) return Error::AlreadyExists;
    if (found.error() != Error::NotFound) return found.error();
    if (walk.has_slash() && !for_directory) return Error::NotFound;
    return {};
}

// Makes the last name of `walk`. In a directory with sgid a node gets the group of the directory,
// and a directory sgid too. (Linux: may_create, inode_init_owner.)
Result<NodeRef> FileCalls::create(PathWalk& walk, NodeKind kind, std::uint32_t mode,
                                  std::uint32_t device, std::string_view target) {
    Node& parent = *walk.directory();
    TRY(check_writable(parent));
    const Attributes attributes = TRY(parent.attributes());
    if (!may(who_, attributes, Wish::kWrite | Wish::kExecute)) return Error::AccessDenied;
    NewNode what;
    what.kind = kind;
    what.user = who_.user;
    what.group = who_.group;
    what.device = device;
    what.target = target;
    if (kind != NodeKind::SymbolicLink) mode &= ~view_.umask;
    if ((attributes.permissions & kModeSetGroup) != 0) {
        what.group = attributes.group;
        if (kind == NodeKind::Directory) mode |= kModeSetGroup;
    }
    what.permissions = static_cast<std::uint16_t>(mode & kModePermissions);
    return parent.create(walk.name(), what);
}

Result<void> FileCalls::mkdir(std::int32_t at, std::string_view path, std::uint32_t mode) {
    TRY(PathWalk::check(path));
    const NodeRef begin = TRY(start(at, path));
    PathWalk walk(layer_, who_, view_.root, begin);
    TRY(find_place(walk, path, true));
    TRY(create(walk, NodeKind::Directory, mode & (kModeSticky | 0777)));
    return {};
}

Result<void> FileCalls::mknod(std::int32_t at, std::string_view path, std::uint32_t mode,
                              std::uint32_t device) {
    const std::uint32_t format = mode & kModeKind;
    const auto kind = format == 0 ? NodeKind::File : static_cast<NodeKind>(format >> 12);
    switch (kind) {
    case NodeKind::File:
    case NodeKind::Pipe:
    case NodeKind::Socket:
    case NodeKind::CharacterDevice:
    case NodeKind::BlockDevice:
        break;
    case NodeKind::Directory:
        return Error::NotPermitted;
    default:
        return Error::InvalidArgument;
    }
    TRY(PathWalk::check(path));
    const NodeRef begin = TRY(start(at, path));
    PathWalk walk(layer_, who_, view_.root, begin);
    TRY(find_place(walk, path, false));
    const bool is_device = kind == NodeKind::CharacterDevice || kind == NodeKind::BlockDevice;
    if (is_device && !who_.is_root()) {
        TRY(check_may_change(who_, *walk.directory()));
        return Error::NotPermitted;
    }
    TRY(create(walk, kind, mode & kModePermissions, is_device ? device : 0));
    return {};
}

Result<void> FileCalls::symlink(std::string_view target, std::int32_t at, std::string_view path) {
    TRY(PathWalk::check(target));
    TRY(PathWalk::check(path));
    const NodeRef begin = TRY(start(at, path));
    PathWalk walk(layer_, who_, view_.root, begin);
    TRY(find_place(walk, path, false));
    TRY(create(walk, NodeKind::SymbolicLink, 0777, 0, target));
    return {};
}

Result<void> FileCalls::link(std::int32_t old_at, std::string_view old_path, std::int32_t new_at,
                             std::string_view new_path, std::uint32_t flags) {
    if ((flags & ~kAtFollow) != 0) return Error::InvalidArgument;
    const LastLink last = flags != 0 ? LastLink::Follow : LastLink::Keep;
    const NodeRef node = TRY(find(old_at, old_path, last));
    TRY(PathWalk::check(new_path));
    const NodeRef begin = TRY(start(new_at, new_path));
    PathWalk walk(layer_, who_, view_.root, begin);
    TRY(find_place(walk, new_path, false));
    Node& parent = *walk.directory();
    TRY(check_writable(parent));
    if (&parent.file_system() != &node->file_system()) return Error::CrossDevice;
    TRY(check_may_change(who_, parent));
    if (node->kind() == NodeKind::Directory) return Error::NotPermitted;
    return parent.link(walk.name(), *node);
}

Result<void> FileCalls::unlink(std::int32_t at, std::string_view path) {
    TRY(PathWalk::check(path));
    const NodeRef begin = TRY(start(at, path));
    PathWalk walk(layer_, who_, view_.root, begin);
    TRY(walk.to_parent(path));
    if (walk.last() != PathWalk::Last::Name) return Error::IsDirectory;
    TRY(check_writable(*walk.directory()));
    const NodeRef node = TRY(walk.look_up_last());
    const bool directory = node->kind() == NodeKind::Directory;
    if (walk.has_slash()) return directory ? Error::IsDirectory : Error::NotDirectory;
    TRY(check_may_remove(who_, *walk.directory(), *node, false));
    return walk.directory()->remove(walk.name(), false);
}

Result<void> FileCalls::rmdir(std::int32_t at, std::string_view path) {
    TRY(PathWalk::check(path));
    const NodeRef begin = TRY(start(at, path));
    PathWalk walk(layer_, who_, view_.root, begin);
    TRY(walk.to_parent(path));
    switch (walk.last()) {
    case PathWalk::Last::DotDot:
        return Error::NotEmpty;
    case PathWalk::Last::Dot:
        return Error::InvalidArgument;
    case PathWalk::Last::Root:
        return Error::Busy;
    case PathWalk::Last::Name:
        break;
    }
    TRY(check_writable(*walk.directory()));
    const NodeRef node = TRY(walk.look_up_last());
    // What is seen here may be the root of a mount: the name itself is a mount point then.
    const bool mounted = layer_.mounts.mount_of_root(*node) != nullptr;
    TRY(check_may_remove(who_, *walk.directory(), *node, true));
    if (mounted || node.get() == view_.root.get()) return Error::Busy;
    return walk.directory()->remove(walk.name(), true);
}

// (Linux: do_renameat2, vfs_rename.)
Result<void> FileCalls::rename(std::int32_t old_at, std::string_view old_path, std::int32_t new_at,
                               std::string_view new_path, std::uint32_t flags) {
    if ((flags & ~kRenameNoReplace) != 0) return Error::InvalidArgument;
    TRY(PathWalk::check(old_path));
    TRY(PathWalk::check(new_path));
    const NodeRef old_begin = TRY(start(old_at, old_path));
    PathWalk from(layer_, who_, view_.root, old_begin);
    TRY(from.to_parent(old_path));
    const NodeRef new_begin = TRY(start(new_at, new_path));
    PathWalk to(layer_, who_, view_.root, new_begin);
    TRY(to.to_parent(new_path));
    if (&from.directory()->file_system() != &to.directory()->file_system())
        return Error::CrossDevice;
    if (from.last() != PathWalk::Last::Name) return Error::Busy;
    const bool no_replace = flags != 0;
    if (to.last() != PathWalk::Last::Name) return no_replace ? Error::AlreadyExists : Error::Busy;
    TRY(check_writable(*from.directory()));
    const NodeRef moved = TRY(from.look_up_last());
    Result<NodeRef> found = to.look_up_last();
    if (!found.ok() && found.error() != Error::NotFound) return found.error();
    const NodeRef replaced = found.ok() ? found.take() : NodeRef();
    if (replaced && no_replace) return Error::AlreadyExists;
    TRY(check_rename(from, to, *moved, replaced.get()));
    return from.directory()->rename(from.name(), *to.directory(), to.name(), no_replace);
}

Result<void> FileCalls::check_rename(PathWalk& from, PathWalk& to, Node& moved, Node* replaced) {
    Node& old_parent = *from.directory();
    Node& new_parent = *to.directory();
    const bool directory = moved.kind() == NodeKind::Directory;
    if (!directory && (from.has_slash() || to.has_slash())) return Error::NotDirectory;
    const bool mount = layer_.mounts.mount_of_root(moved) != nullptr;
    if (directory && !mount && TRY(is_within(moved, to.directory()))) return Error::InvalidArgument;
    const bool replaces_directory = replaced != nullptr &&
                                    replaced->kind() == NodeKind::Directory &&
                                    layer_.mounts.mount_of_root(*replaced) == nullptr;
    if (replaces_directory && TRY(is_within(*replaced, from.directory()))) return Error::NotEmpty;
    if (replaced == &moved) return {};
    TRY(check_may_remove(who_, old_parent, moved, directory));
    if (replaced == nullptr) {
        TRY(check_may_change(who_, new_parent));
    } else {
        TRY(check_may_remove(who_, new_parent, *replaced, directory));
    }
    if (directory && &old_parent != &new_parent) {
        const Attributes attributes = TRY(moved.attributes());
        if (!may(who_, attributes, Wish::kWrite)) return Error::AccessDenied;
    }
    const bool onto_mount =
        replaced != nullptr && layer_.mounts.mount_of_root(*replaced) != nullptr;
    if (mount || onto_mount) return Error::Busy;
    return {};
}

Result<std::uint32_t> FileCalls::readlink(std::int32_t at, std::string_view path,
                                          std::span<char> room) {
    if (room.empty()) return Error::InvalidArgument;
    const NodeRef node = TRY(find(at, path, LastLink::Keep));
    if (node->kind() != NodeKind::SymbolicLink) return Error::InvalidArgument;
    return node->read_link(room);
}

}  // namespace quire::fs
