// Names in a tmpfs: made, linked, removed, renamed, listed.
#include "fs/tmpfs.h"

namespace quire::fs {

namespace {

// What a name adds to the size of its directory, as stat(2) on Linux shows it.
constexpr std::uint32_t kBytesPerName = 20;

}  // namespace

Result<Attributes> TmpfsDirectory::attributes() {
    Attributes result = attributes_;
    result.bytes = std::uint64_t{entry_count_ + 2} * kBytesPerName;
    return result;
}

Result<NodeRef> TmpfsDirectory::look_up(std::string_view name) {
    const TmpfsEntry* entry = system_.find(*this, name);
    if (entry == nullptr) return Error::NotFound;
    return NodeRef(*entry->node);
}

Result<NodeRef> TmpfsDirectory::create(std::string_view name, const NewNode& what) {
    if (parent_ == nullptr) return Error::NotFound;
    if (system_.find(*this, name) != nullptr) return Error::AlreadyExists;
    TmpfsEntry* entry = TRY(system_.make_entry(*this, name));
    const Result<TmpfsNode*> node = system_.make_node(what);
    if (!node.ok()) {
        system_.free_entry(entry);
        return node.error();
    }
    insert(*entry, *node.value());
    adopt(*node.value());
    return NodeRef(*node.value());
}

Result<void> TmpfsDirectory::link(std::string_view name, Node& node) {
    ASSERT(&node.file_system() == &system_ && node.kind() != NodeKind::Directory);
    if (parent_ == nullptr) return Error::NotFound;
    if (system_.find(*this, name) != nullptr) return Error::AlreadyExists;
    auto& target = static_cast<TmpfsNode&>(node);
    if (target.links() == 0) return Error::NotFound;
    insert(*TRY(system_.make_entry(*this, name)), target);
    return {};
}

Result<void> TmpfsDirectory::remove(std::string_view name, bool directory) {
    TmpfsEntry* entry = system_.find(*this, name);
    if (entry == nullptr) return Error::NotFound;
    TmpfsNode& node = *entry->node;
    const bool is_directory = node.kind() == NodeKind::Directory;
    if (directory && !is_directory) return Error::NotDirectory;
    if (!directory && is_directory) return Error::IsDirectory;
    if (is_directory && !static_cast<TmpfsDirectory&>(node).empty()) return Error::NotEmpty;
    take_out(*entry);
    disown(node);
    node.drop_link();
    return {};
}

// (rename(2); Linux: simple_rename.)
Result<void> TmpfsDirectory::rename(std::string_view old_name, Node& new_parent,
                                    std::string_view new_name, bool no_replace) {
    ASSERT(&new_parent.file_system() == &system_);
    auto& to = static_cast<TmpfsDirectory&>(new_parent);
    TmpfsEntry* entry = system_.find(*this, old_name);
    if (entry == nullptr || to.parent_ == nullptr) return Error::NotFound;
    TmpfsNode& moved = *entry->node;
    if (to.is_below(moved)) return Error::InvalidArgument;
    TmpfsEntry* target = system_.find(to, new_name);
    if (target != nullptr) {
        if (no_replace) return Error::AlreadyExists;
        if (target->node == &moved) return {};
        TRY(check_replace(moved, *target->node));
    }
    TmpfsEntry* place = TRY(system_.make_entry(to, new_name));
    if (target != nullptr) {
        TmpfsNode& replaced = *target->node;
        to.take_out(*target);
        to.disown(replaced);
        replaced.drop_link();
    }
    take_out(*entry);
    disown(moved);
    to.insert(*place, moved);
    to.adopt(moved);
    moved.drop_link();  // that of the name before
    return {};
}

Result<void> TmpfsDirectory::check_replace(const TmpfsNode& moved, TmpfsNode& replaced) const {
    const bool directory = replaced.kind() == NodeKind::Directory;
    if (moved.kind() == NodeKind::Directory && !directory) return Error::NotDirectory;
    if (moved.kind() != NodeKind::Directory && directory) return Error::IsDirectory;
    if (directory && !static_cast<TmpfsDirectory&>(replaced).empty()) return Error::NotEmpty;
    return {};
}

Result<void> TmpfsDirectory::read_directory(std::uint64_t& position, DirectoryVisitor& visitor) {
    if (parent_ == nullptr) return Error::NotFound;
    note_read();
    if (position == 0) {
        if (!visitor.visit({".", number(), NodeKind::Directory})) return {};
        position = 1;
    }
    if (position == 1) {
        if (!visitor.visit({"..", parent_->number(), NodeKind::Directory})) return {};
        position = 2;
    }
    for (auto at = first_at(position); at != entries_.end(); ++at) {
        position = at->cookie;
        if (!visitor.visit({at->name(), at->node->number(), at->node->kind()})) {
            next_to_visit_ = &*at;
            return {};
        }
    }
    position = next_cookie_;
    return {};
}

TmpfsDirectory::Entries::Iterator TmpfsDirectory::first_at(std::uint64_t position) {
    if (next_to_visit_ != nullptr && next_to_visit_->cookie == position)
        return Entries::Iterator(&next_to_visit_->directory_hook);
    auto at = entries_.begin();
    while (at != entries_.end() && at->cookie < position)
        ++at;
    return at;
}

Result<NodeRef> TmpfsDirectory::parent() {
    if (parent_ == nullptr) return Error::NotFound;
    return NodeRef(*parent_);
}

// Depth first, without a stack: down into a directory that is not empty, up again when it is.
void TmpfsDirectory::clear() {
    TmpfsDirectory* at = this;
    while (at != this || !at->empty()) {
        if (at->empty()) {
            at = at->parent_;
            continue;
        }
        TmpfsEntry& entry = *at->entries_.front();
        TmpfsNode& node = *entry.node;
        if (node.kind() == NodeKind::Directory && !static_cast<TmpfsDirectory&>(node).empty()) {
            at = static_cast<TmpfsDirectory*>(&node);
            continue;
        }
        at->take_out(entry);
        at->disown(node);
        node.drop_link();
    }
}

void TmpfsDirectory::insert(TmpfsEntry& entry, TmpfsNode& node) {
    entry.node = &node;
    entry.cookie = next_cookie_++;
    entries_.push_back(entry);
    system_.bucket_of(*this, entry.name()).push_front(entry);
    ++entry_count_;
    node.add_link();
    note_change();
}

void TmpfsDirectory::take_out(TmpfsEntry& entry) {
    if (next_to_visit_ == &entry) next_to_visit_ = nullptr;
    entry.directory_hook.unlink();
    entry.hash_hook.unlink();
    --entry_count_;
    system_.free_entry(&entry);
    note_change();
}

void TmpfsDirectory::adopt(TmpfsNode& node) {
    if (node.kind() != NodeKind::Directory) return;
    static_cast<TmpfsDirectory&>(node).parent_ = this;
    node.add_link();  // its `.`
    add_link();       // its `..`
}

void TmpfsDirectory::disown(TmpfsNode& node) {
    if (node.kind() != NodeKind::Directory) return;
    static_cast<TmpfsDirectory&>(node).parent_ = nullptr;
    node.drop_link();
    drop_link();
}

bool TmpfsDirectory::is_below(const TmpfsNode& ancestor) const {
    for (const TmpfsDirectory* at = this;; at = at->parent_) {
        if (at == &ancestor) return true;
        if (at->parent_ == at || at->parent_ == nullptr) return false;
    }
}

void TmpfsDirectory::destroy() {
    ASSERT(empty());
    system_.parts_.caches.directories.release(this);
}

void TmpfsDirectory::check_invariants() {
    entries_.check_invariants();
    std::uint32_t entries = 0;
    std::uint32_t directories = 0;
    std::uint64_t last = 1;
    for (TmpfsEntry& entry : entries_) {
        ++entries;
        ASSERT(entry.directory == this && entry.cookie > last && entry.cookie < next_cookie_);
        ASSERT(entry.node->links() != 0 && entry.length != 0);
        last = entry.cookie;
        if (entry.node->kind() != NodeKind::Directory) continue;
        ++directories;
        ASSERT(static_cast<TmpfsDirectory*>(entry.node)->parent_ == this);
    }
    ASSERT(entries == entry_count_);
    ASSERT(parent_ == nullptr ? links() == 0 && empty() : links() == 2 + directories);
}

}  // namespace quire::fs
