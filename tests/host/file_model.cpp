#include "tests/host/file_model.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace quire::test {

using fs::NodeKind;

// --- Bytes ---

void SparseBytes::resize(std::uint64_t size) {
    if (size < size_) {
        pieces_.erase(pieces_.lower_bound((size + kPiece - 1) / kPiece), pieces_.end());
        const auto last = pieces_.find(size / kPiece);
        if (last != pieces_.end())
            std::fill(last->second.begin() + static_cast<std::ptrdiff_t>(size % kPiece),
                      last->second.end(), '\0');
    }
    size_ = size;
}

void SparseBytes::write(std::uint64_t at, std::string_view bytes) {
    size_ = std::max(size_, at + bytes.size());
    while (!bytes.empty()) {
        std::string& piece =
            pieces_.try_emplace(at / kPiece, static_cast<std::size_t>(kPiece), '\0').first->second;
        const auto first = static_cast<std::size_t>(at % kPiece);
        const std::size_t count = std::min(bytes.size(), piece.size() - first);
        piece.replace(first, count, bytes.substr(0, count));
        bytes.remove_prefix(count);
        at += count;
    }
}

std::string SparseBytes::read(std::uint64_t at, std::uint64_t count) const {
    if (at >= size_) return {};
    count = std::min(count, size_ - at);
    std::string bytes(static_cast<std::size_t>(count), '\0');
    for (auto piece = pieces_.lower_bound(at / kPiece); piece != pieces_.end(); ++piece) {
        const std::uint64_t start = piece->first * kPiece;
        if (start >= at + count) break;
        const std::uint64_t first = std::max(start, at);
        const std::uint64_t end = std::min(start + kPiece, at + count);
        bytes.replace(static_cast<std::size_t>(first - at), static_cast<std::size_t>(end - first),
                      piece->second, static_cast<std::size_t>(first - start),
                      static_cast<std::size_t>(end - first));
    }
    return bytes;
}

// --- Names ---

FileModel::FileModel() {
    auto root = std::make_unique<ModelNode>();
    root->id = next_id_++;
    root->kind = NodeKind::Directory;
    root->links = 2;
    nodes_[root->id] = std::move(root);
}

ModelNode* FileModel::find(ModelNode& directory, const std::string& name) {
    const auto found = directory.names.find(name);
    return found == directory.names.end() ? nullptr : found->second;
}

std::string FileModel::path(const ModelNode& node) {
    return node.id == kRoot ? "/" : paths(node).at(0);
}

std::vector<std::string> FileModel::paths(const ModelNode& node) {
    std::vector<std::string> found;
    for (const auto& [directory, name] : node.places) {
        const std::string before = directory == kRoot ? "" : path(*nodes_.at(directory));
        found.push_back(before + "/" + name);
    }
    return found;
}

void FileModel::add_name(ModelNode& directory, const std::string& name, ModelNode& node) {
    EXPECT_TRUE(directory.names.emplace(name, &node).second);
    node.places.emplace(directory.id, name);
    if (!node.is_directory()) {
        ++node.links;
        return;
    }
    node.parent = &directory;
    ++directory.links;  // its `..`
}

void FileModel::take_name(ModelNode& directory, const std::string& name) {
    ModelNode& node = *directory.names.at(name);
    directory.names.erase(name);
    node.places.erase({directory.id, name});
    if (!node.is_directory()) {
        --node.links;
        return;
    }
    node.parent = nullptr;
    --directory.links;
}

void FileModel::drop_if_unused(ModelNode& node) {
    if (node.places.empty() && node.opens == 0 && node.id != kRoot) nodes_.erase(node.id);
}

void FileModel::close(ModelNode& node) {
    --node.opens;
    drop_if_unused(node);
}

// --- Calls ---

Refusals FileModel::may_create(ModelNode& directory, const std::string& name) const {
    if (find(directory, name) != nullptr) return {Error::AlreadyExists};
    return {};
}

ModelNode& FileModel::create(ModelNode& directory, const std::string& name, NodeKind kind) {
    auto made = std::make_unique<ModelNode>();
    ModelNode& node = *made;
    node.id = next_id_++;
    node.kind = kind;
    if (node.is_directory()) node.links = 2;
    nodes_[node.id] = std::move(made);
    add_name(directory, name, node);
    return node;
}

Refusals FileModel::may_link(ModelNode& directory, const std::string& name) const {
    return may_create(directory, name);
}

void FileModel::link(ModelNode& directory, const std::string& name, ModelNode& node) {
    add_name(directory, name, node);
}

Refusals FileModel::may_remove(ModelNode& directory, const std::string& name,
                               bool as_directory) const {
    ModelNode* node = find(directory, name);
    if (node == nullptr) return {Error::NotFound};
    if (node->is_directory() != as_directory)
        return {as_directory ? Error::NotDirectory : Error::IsDirectory};
    if (!node->names.empty()) return {Error::NotEmpty};
    return {};
}

void FileModel::remove(ModelNode& directory, const std::string& name) {
    ModelNode& node = *directory.names.at(name);
    take_name(directory, name);
    if (node.is_directory()) node.links = 0;
    drop_if_unused(node);
}

Refusals FileModel::may_rename(ModelNode& from, const std::string& old_name, ModelNode& to,
                               const std::string& new_name, bool no_replace) const {
    ModelNode* moved = find(from, old_name);
    ModelNode* replaced = find(to, new_name);
    if (moved == nullptr) return {Error::NotFound};
    Refusals refusals;
    const auto lies_in = [](const ModelNode* inner, const ModelNode* outer) {
        while (inner != nullptr && inner != outer)
            inner = inner->parent;
        return inner == outer;
    };
    if (moved->is_directory() && lies_in(&to, moved)) refusals.push_back(Error::InvalidArgument);
    if (replaced != nullptr && no_replace) refusals.push_back(Error::AlreadyExists);
    if (replaced == nullptr || replaced == moved) return refusals;
    if (moved->is_directory() && !replaced->is_directory()) refusals.push_back(Error::NotDirectory);
    if (!moved->is_directory() && replaced->is_directory()) refusals.push_back(Error::IsDirectory);
    if (!replaced->names.empty()) refusals.push_back(Error::NotEmpty);
    return refusals;
}

void FileModel::rename(ModelNode& from, const std::string& old_name, ModelNode& to,
                       const std::string& new_name) {
    ModelNode& moved = *from.names.at(old_name);
    if (find(to, new_name) == &moved) return;
    if (find(to, new_name) != nullptr) remove(to, new_name);
    take_name(from, old_name);
    add_name(to, new_name, moved);
}

}  // namespace quire::test
