#include "fs/tmpfs.h"

#include "fs/file_layer.h"
#include "kernel/abi/stat.h"
#include "libc/string.h"

namespace quire::fs {

Tmpfs::~Tmpfs() {
    if (root_ != nullptr) {
        root_->clear();
        root_->drop_link();
        root_->drop_link();
    }
    ASSERT(nodes_.empty());
}

Result<NodeRef> Tmpfs::root() {
    if (root_ == nullptr) {
        NewNode what;
        what.kind = NodeKind::Directory;
        what.permissions = options_.permissions;
        what.user = options_.user;
        what.group = options_.group;
        root_ = static_cast<TmpfsDirectory*>(TRY(make_node(what)));
        root_->set_parent(*root_);
        root_->add_link();
        root_->add_link();
    }
    return NodeRef(*root_);
}

bool Tmpfs::busy() {
    if (uses() > 1) return true;
    for (TmpfsNode& node : nodes_)
        if (node.kind() == NodeKind::File && static_cast<TmpfsFile&>(node).is_mapped()) return true;
    return false;
}

void Tmpfs::count_pages() {
    for (TmpfsNode& node : nodes_)
        if (node.kind() == NodeKind::File) static_cast<TmpfsFile&>(node).count_pages();
}

FileSystemFigures Tmpfs::figures() {
    count_pages();
    FileSystemFigures figures;
    figures.magic = abi::kTmpfsMagic;
    figures.blocks = options_.pages;
    if (used_pages_ < options_.pages) figures.free_blocks = options_.pages - used_pages_;
    figures.available_blocks = figures.free_blocks;
    figures.nodes = options_.nodes;
    if (node_count_ < options_.nodes) figures.free_nodes = options_.nodes - node_count_;
    return figures;
}

Result<NodeRef> Tmpfs::create_unnamed(std::uint64_t bytes, const Credentials& who,
                                      Promise promise) {
    NewNode what;
    what.kind = NodeKind::File;
    what.permissions = 0777;
    what.user = who.user;
    what.group = who.group;
    auto& file = *static_cast<TmpfsFile*>(TRY(make_node(what)));
    const NodeRef node(file);
    if (promise == Promise::Size) file.promise_size();
    TRY(file.resize(bytes));
    return node;
}

// A node without a name and without users: the caller gives it one of them.
Result<TmpfsNode*> Tmpfs::make_node(const NewNode& what) {
    if (options_.nodes != 0 && node_count_ >= options_.nodes) return Error::NoSpace;
    switch (what.kind) {
    case NodeKind::Directory:
        return TRY(parts_.caches.directories.allocate(*this, what));
    case NodeKind::File:
        return TRY(parts_.caches.files.allocate(*this, what));
    case NodeKind::SymbolicLink: {
        if (what.target.size() > mm::kPageSize) return Error::NameTooLong;
        mm::OwnedFrame room;
        if (what.target.size() > TmpfsLink::kShort)
            room = TRY(FileLayer::take_frame_from(parts_.memory));
        return TRY(parts_.caches.links.allocate(*this, what, std::move(room)));
    }
    default:
        return TRY(parts_.caches.nodes.allocate(*this, what));
    }
}

Result<TmpfsEntry*> Tmpfs::make_entry(TmpfsDirectory& directory, std::string_view name) {
    TmpfsEntry* entry = TRY(parts_.caches.entries.allocate());
    char* text = entry->short_name.data();
    if (name.size() > TmpfsEntry::kShort) {
        const Result<TmpfsLongName*> room = parts_.caches.long_names.allocate();
        if (!room.ok()) {
            parts_.caches.entries.release(entry);
            return room.error();
        }
        entry->long_name = room.value();
        text = entry->long_name->text.data();
    }
    memcpy(text, name.data(), name.size());
    entry->length = static_cast<std::uint32_t>(name.size());
    entry->directory = &directory;
    return entry;
}

void Tmpfs::free_entry(TmpfsEntry* entry) {
    if (entry->long_name != nullptr) parts_.caches.long_names.release(entry->long_name);
    parts_.caches.entries.release(entry);
}

TmpfsEntry* Tmpfs::find(const TmpfsDirectory& directory, std::string_view name) {
    for (TmpfsEntry& entry : bucket_of(directory, name))
        if (entry.directory == &directory && entry.name() == name) return &entry;
    return nullptr;
}

// FNV-1a, begun with the directory's number.
Tmpfs::Bucket& Tmpfs::bucket_of(const TmpfsDirectory& directory, std::string_view name) {
    std::uint32_t hash = 2166136261U ^ directory.number();
    for (const char character : name)
        hash = (hash ^ static_cast<unsigned char>(character)) * 16777619U;
    return buckets_[(hash ^ hash >> 16) % kBuckets];
}

void Tmpfs::check_invariants() {
    nodes_.check_invariants();
    std::uint32_t nodes = 0;
    std::uint32_t names = 0;
    for (TmpfsNode& node : nodes_) {
        ++nodes;
        const bool mapped =
            node.kind() == NodeKind::File && static_cast<TmpfsFile&>(node).is_mapped();
        ASSERT(&node.file_system() == this);
        ASSERT(node.links() != 0 || node.users() != 0 || mapped);
        if (node.kind() != NodeKind::Directory) continue;
        auto& directory = static_cast<TmpfsDirectory&>(node);
        directory.check_invariants();
        directory.walk([&](TmpfsEntry& entry) {
            ++names;
            ASSERT(find(directory, entry.name()) == &entry);
        });
    }
    ASSERT(nodes == node_count_);
    for (Bucket& bucket : buckets_) {
        bucket.check_invariants();
        for (TmpfsEntry& entry : bucket) {
            --names;
            ASSERT(&bucket_of(*entry.directory, entry.name()) == &bucket);
        }
    }
    ASSERT(names == 0);
}

}  // namespace quire::fs
