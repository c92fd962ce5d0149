#include "fs/mount_table.h"

#include "libc/string.h"

namespace quire::fs {

Mount::Mount(FileSystem& system, NodeRef its_root, NodeRef on, std::string_view from)
    : file_system(system), root(std::move(its_root)), covered(std::move(on)), source() {
    const std::size_t room = source.size() - 1;
    memcpy(source.data(), from.data(), from.size() < room ? from.size() : room);
}

Result<void> MountTable::mount(FileSystem& system, NodeRef on, std::string_view source) {
    ASSERT(static_cast<bool>(on) != mounts_.empty());
    if (mount_of(system) != nullptr) return Error::Busy;
    if (on && on->kind() != NodeKind::Directory) return Error::NotDirectory;
    if (on && is_covered(*on)) return Error::Busy;
    NodeRef root = TRY(system.root());
    if (system.device() == 0) system.set_device(next_device_++);
    mounts_.push_back(*TRY(cache_.allocate(system, std::move(root), std::move(on), source)));
    return {};
}

Result<void> MountTable::unmount(Node& root) {
    Mount* mount = mount_of_root(root);
    if (mount == nullptr) return Error::InvalidArgument;
    if (mount->file_system.busy()) return Error::Busy;
    TRY(mount->file_system.sync());
    mounts_.remove(*mount);
    cache_.release(mount);
    return {};
}

const NodeRef& MountTable::root() {
    ASSERT(!mounts_.empty());
    return mounts_.front()->root;
}

NodeRef MountTable::seen_at(NodeRef node) {
    while (Mount* mount = covering(*node))
        node = mount->root;
    return node;
}

Mount* MountTable::mount_of_root(const Node& node) {
    Mount* mount = mount_of(node.file_system());
    return mount != nullptr && mount->root.get() == &node ? mount : nullptr;
}

Result<void> MountTable::sync() {
    Result<void> result;
    for (Mount& mount : mounts_) {
        const Result<void> synced = mount.file_system.sync();
        if (result.ok() && !synced.ok()) result = synced;
    }
    return result;
}

Mount* MountTable::covering(const Node& node) {
    for (Mount& mount : mounts_)
        if (mount.covered.get() == &node) return &mount;
    return nullptr;
}

Mount* MountTable::mount_of(const FileSystem& system) {
    for (Mount& mount : mounts_)
        if (&mount.file_system == &system) return &mount;
    return nullptr;
}

void MountTable::check_invariants() {
    mounts_.check_invariants();
    for (Mount& mount : mounts_) {
        ASSERT(mount_of(mount.file_system) == &mount);
        ASSERT(&mount.root->file_system() == &mount.file_system);
        ASSERT(mount.file_system.device() != 0);
        if (&mount == mounts_.front()) {
            ASSERT(!mount.covered);
            continue;
        }
        ASSERT(mount.covered->kind() == NodeKind::Directory);
        ASSERT(covering(*mount.covered) == &mount);
        ASSERT(mount_of(mount.covered->file_system()) != nullptr);
    }
}

}  // namespace quire::fs
