// The answers of nodes that have not got an operation.
#include "fs/node.h"

namespace quire::fs {

Result<NodeRef> Node::look_up(std::string_view) {
    return Error::NotDirectory;
}

Result<NodeRef> Node::create(std::string_view, const NewNode&) {
    return kind() == NodeKind::Directory ? Error::NotPermitted : Error::NotDirectory;
}

Result<void> Node::link(std::string_view, Node&) {
    return kind() == NodeKind::Directory ? Error::NotPermitted : Error::NotDirectory;
}

Result<void> Node::remove(std::string_view, bool) {
    return kind() == NodeKind::Directory ? Error::NotPermitted : Error::NotDirectory;
}

Result<void> Node::rename(std::string_view, Node&, std::string_view, bool) {
    return kind() == NodeKind::Directory ? Error::NotPermitted : Error::NotDirectory;
}

Result<void> Node::read_directory(std::uint64_t&, DirectoryVisitor&) {
    return Error::NotDirectory;
}

Result<NodeRef> Node::parent() {
    return kind() == NodeKind::Directory ? look_up("..") : Error::NotDirectory;
}

Result<std::uint32_t> Node::read_link(std::span<char>) {
    return Error::InvalidArgument;
}

Result<std::uint32_t> Node::read(std::uint64_t, std::uint32_t, ByteSink&, ReadAhead&) {
    return kind() == NodeKind::Directory ? Error::IsDirectory : Error::InvalidArgument;
}

Result<std::uint32_t> Node::write(std::uint64_t, std::uint32_t, ByteSource&) {
    return kind() == NodeKind::Directory ? Error::IsDirectory : Error::InvalidArgument;
}

Result<void> Node::resize(std::uint64_t) {
    return kind() == NodeKind::Directory ? Error::IsDirectory : Error::InvalidArgument;
}

Result<void> Node::sync(bool) {
    return {};
}

Result<std::uint64_t> Node::end() {
    return TRY(attributes()).bytes;
}

}  // namespace quire::fs
