#include "fs/ext2.h"

#include "kernel/base/log.h"
#include "mm/physical_window.h"

namespace quire::fs {

using ext2::Inode;
using ext2::Operation;
using Life = ext2::Ext2Node::Life;

namespace {

constexpr std::uint32_t kMagicForStatfs = 0xEF53;
// Frames that one operation needs at most, between two times that it makes room.
constexpr mm::PageCount kFramesToChange{32};

}  // namespace

Ext2::Ext2(const Parts& parts) : parts_(parts), nodes_(parts.slabs, "ext2 node") {}

Ext2::~Ext2() {
    while (Ext2Node* node = idle_.front())
        destroy(*node);
}

// --- Mounting ---

Result<ext2::Geometry> Ext2::look_at(drivers::BlockDevice& device) {
    const auto sectors = static_cast<std::uint64_t>(device.sectors().raw());
    const drivers::SectorNumber first(ext2::kSuperBlockByte / drivers::kSectorSize);
    if (sectors < first.raw() + sizeof(ext2::SuperBlock) / drivers::kSectorSize) {
        log(LogLevel::Error, "ext2", "%s: too small", device.name());
        return Error::Corrupted;
    }
    TRY(parts_.memory.room().make_room(kFramesToChange));
    const mm::OwnedFrame frame = TRY(parts_.memory.frames().allocate());
    const drivers::BlockBuffer buffer{mm::start_of(frame.number()), sizeof(ext2::SuperBlock)};
    TRY(device.read(first, {&buffer, 1}));
    const auto& super = *reinterpret_cast<ext2::SuperBlock*>(mm::frame_bytes(frame.number()));
    return ext2::read_geometry(super, sectors * drivers::kSectorSize, device.name());
}

Result<void> Ext2::begin() {
    TRY(mounted_->allocator.begin());
    const NodeRef top = TRY(root());
    if (top->kind() != NodeKind::Directory)
        return mounted_->volume.corrupted(ext2::kRootInode, {}, "the root is no directory");
    return mounted_->volume.mark_mounted();
}

Result<void> Ext2::mount(drivers::BlockDevice& device, Access access) {
    ASSERT(!is_mounted());
    const ext2::Geometry geometry = TRY(look_at(device));
    const bool read_only =
        access == Access::ReadOnly || device.read_only() || geometry.must_be_read_only;
    mounted_.emplace(parts_, device, geometry, read_only);
    const Result<void> begun = begin();
    if (begun.ok()) return begun;
    while (Ext2Node* node = idle_.front())
        destroy(*node);
    mounted_.reset();
    return begun;
}

Result<void> Ext2::unmount() {
    for (Bucket& bucket : buckets_)
        for (const Ext2Node& node : bucket)
            if (node.is_used()) return Error::Busy;
    TRY(sync());
    TRY(mounted_->volume.mark_unmounted());
    while (Ext2Node* node = idle_.front())
        destroy(*node);
    mounted_.reset();
    return {};
}

Result<NodeRef> Ext2::root() {
    return node(ext2::kRootInode);
}

FileSystemFigures Ext2::figures() {
    const ext2::Geometry& geometry = mounted_->volume.geometry();
    const ext2::Allocator& allocator = mounted_->allocator;
    FileSystemFigures figures;
    figures.magic = kMagicForStatfs;
    figures.block_size = geometry.block_bytes;
    figures.blocks = geometry.blocks;
    figures.free_blocks = allocator.free_blocks();
    if (figures.free_blocks > geometry.reserved_blocks)
        figures.available_blocks = figures.free_blocks - geometry.reserved_blocks;
    figures.nodes = geometry.inodes;
    figures.free_nodes = allocator.free_inodes();
    figures.longest_name = ext2::kLongestName;
    return figures;
}

// --- Writing everything ---

Result<void> Ext2::write_all_pages() {
    Result<void> answer;
    for (Bucket& bucket : buckets_) {
        for (Ext2Node& node : bucket) {
            const Result<void> written = node.write_pages();
            if (answer.ok()) answer = written;
        }
    }
    return answer;
}

// Twice: what waited to be free is free after the first time, and the second one writes that.
Result<void> Ext2::sync() {
    ext2::Allocator& allocator = mounted_->allocator;
    if (!mounted_->volume.is_writable()) return {};
    TRY(parts_.memory.room().make_room(kFramesToChange));
    const Result<void> pages = write_all_pages();
    const Operation operation(mounted_->volume);
    TRY(allocator.settle());
    TRY(mounted_->volume.update_super(allocator.free_blocks(), allocator.free_inodes()));
    TRY(mounted_->cache.write_all());
    TRY(mounted_->cache.device().flush());
    return pages;
}

Result<void> Ext2::begin_change() {
    if (read_only()) return Error::ReadOnly;
    trim();
    return parts_.memory.room().make_room(kFramesToChange);
}

// --- Nodes ---

ext2::Ext2Node* Ext2::find(InodeNumber number) {
    for (Ext2Node& node : bucket_of(number))
        if (node.number() == number) return &node;
    return nullptr;
}

Result<NodeRef> Ext2::node(InodeNumber number) {
    ext2::Volume& volume = mounted_->volume;
    if (Ext2Node* known = find(number)) {
        if (known->life() != Life::Named)
            return volume.corrupted(number, {}, "a name of an inode that is free");
        if (known->idle_hook.is_linked()) {
            known->idle_hook.unlink();
            --idle_count_;
        }
        return NodeRef(*known);
    }
    if (number.raw() < volume.geometry().first_inode && number != ext2::kRootInode)
        return volume.corrupted(number, {}, "a name of an inode that is reserved");
    const Inode inode = TRY(Inode::load(mounted_->groups, number));
    TRY(inode.check(volume));
    NodeRef made = TRY(new_node(number, inode.kind(), inode.bytes()));
    static_cast<Ext2Node&>(*made).set_life(Life::Named);
    return made;
}

Result<NodeRef> Ext2::new_node(InodeNumber number, NodeKind kind, std::uint64_t bytes) {
    Ext2Node* node = TRY(nodes_.allocate(*this, number, kind, bytes));
    bucket_of(number).push_back(*node);
    return NodeRef(*node);
}

void Ext2::unused(Ext2Node& node) {
    if (node.life() == Life::Named) {
        idle_.push_back(node);
        ++idle_count_;
        return;
    }
    node.drop_pages();
    if (node.life() == Life::Nameless && !read_only()) {
        const Operation operation(mounted_->volume);
        if (!node.free_on_disk().ok()) {
            log(LogLevel::Error, "ext2", "%s: inode %u cannot be freed", mounted_->volume.name(),
                static_cast<unsigned>(node.number().raw()));
            mounted_->volume.note_damage();
        }
    }
    destroy(node);
}

void Ext2::destroy(Ext2Node& node) {
    if (node.idle_hook.is_linked()) {
        node.idle_hook.unlink();
        --idle_count_;
    }
    node.drop_pages();
    node.table_hook.unlink();
    nodes_.release(&node);
}

// Nobody will remember that a directory is young: its way goes to the disk now.
Result<void> Ext2::let_go(Ext2Node& node) {
    TRY(node.write_pages());
    if (node.is_young()) {
        const Inode inode = TRY(Inode::load(mounted_->groups, node.number()));
        TRY(mounted_->cache.write(inode.block()));
    }
    destroy(node);
    return {};
}

// What cannot be written stays, and is tried again when the others had their turn.
void Ext2::trim() {
    for (std::uint32_t tries = 0; idle_count_ > kMostIdle && tries < kMostIdle; ++tries) {
        Ext2Node& oldest = *idle_.front();
        if (let_go(oldest).ok()) continue;
        oldest.idle_hook.unlink();
        idle_.push_back(oldest);
    }
}

// What the cache of names says, the directories say. Disks may fail meanwhile.
void Ext2::check_names() {
    mounted_->names.check_invariants();
    mounted_->names.walk([this](InodeNumber directory, std::string_view name, InodeNumber inode) {
        Result<Inode> loaded = Inode::load(mounted_->groups, directory);
        if (!loaded.ok()) return;
        const Result<ext2::Entry> entry =
            ext2::Directory(mounted_->allocator, loaded.value()).find(name);
        ASSERT(entry.ok() ? entry.value().inode() == inode : entry.error() != Error::NotFound);
    });
}

void Ext2::check_invariants() {
    std::uint32_t idle = 0;
    for (Bucket& bucket : buckets_) {
        bucket.check_invariants();
        for (Ext2Node& node : bucket) {
            ASSERT(find(node.number()) == &node);
            ASSERT(node.idle_hook.is_linked() == !node.is_used());
            if (node.idle_hook.is_linked()) ++idle;
            if (mm::MemoryObject* object = node.object())
                object->check_invariants(parts_.memory.records());
        }
    }
    ASSERT(idle == idle_count_);
    if (!is_mounted()) return;
    mounted_->cache.check_invariants();
    mounted_->allocator.check_invariants();
    check_names();
}

}  // namespace quire::fs
