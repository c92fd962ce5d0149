// What a process sees: working directory, root, umask; and the file systems that are mounted.
#include "fs/file_calls.h"
#include "kernel/abi/fcntl.h"

namespace quire::fs {

using namespace abi;

namespace {

Result<void> check_enter(const Credentials& who, Node& node) {
    if (node.kind() != NodeKind::Directory) return Error::NotDirectory;
    const Attributes attributes = TRY(node.attributes());
    if (!may(who, attributes, Wish::kExecute)) return Error::AccessDenied;
    return {};
}

}  // namespace

Result<void> FileCalls::chdir(std::string_view path) {
    NodeRef node = TRY(find(kAtWorkingDirectory, path, LastLink::Follow));
    TRY(check_enter(who_, *node));
    view_.directory = std::move(node);
    return {};
}

Result<void> FileCalls::fchdir(Descriptor descriptor) {
    const FileRef file = TRY(table_.file(descriptor));
    TRY(check_enter(who_, *file->node()));
    view_.directory = file->node();
    return {};
}

Result<void> FileCalls::chroot(std::string_view path) {
    NodeRef node = TRY(find(kAtWorkingDirectory, path, LastLink::Follow));
    TRY(check_enter(who_, *node));
    if (!who_.is_root()) return Error::NotPermitted;
    view_.root = std::move(node);
    return {};
}

Result<std::string_view> FileCalls::getcwd(std::span<char> room) {
    return path_of(layer_, view_.root, view_.directory, room);
}

std::uint32_t FileCalls::umask(std::uint32_t mask) {
    return std::exchange(view_.umask, mask & 0777);
}

FileCalls::MountFigures FileCalls::figures_of(Node& node) {
    FileSystem& system = node.file_system();
    return {system.figures(), system.device(), system.read_only()};
}

Result<FileCalls::MountFigures> FileCalls::statfs(std::string_view path) {
    const NodeRef node = TRY(find(kAtWorkingDirectory, path, LastLink::Follow));
    return figures_of(*node);
}

Result<FileCalls::MountFigures> FileCalls::fstatfs(Descriptor descriptor) {
    const FileRef file = TRY(table_.file(descriptor));
    return figures_of(*file->node());
}

Result<void> FileCalls::mount(FileSystem& system, std::string_view source, std::string_view path) {
    NodeRef node = TRY(find(kAtWorkingDirectory, path, LastLink::Follow));
    if (!who_.is_root()) return Error::NotPermitted;
    return layer_.mounts.mount(system, std::move(node), source);
}

Result<FileSystem*> FileCalls::unmount(std::string_view path) {
    FileSystem* system = nullptr;
    Node* root = nullptr;
    {
        const NodeRef node = TRY(find(kAtWorkingDirectory, path, LastLink::Follow));
        if (!who_.is_root()) return Error::NotPermitted;
        system = &node->file_system();
        root = node.get();
        if (layer_.mounts.mount_of_root(*root) == nullptr) return Error::InvalidArgument;
    }
    // No use of the walk's own is left: a use now is somebody else's. The mount keeps the root.
    TRY(layer_.mounts.unmount(*root));
    return system;
}

}  // namespace quire::fs
