// ext2, revision 0 and 1: a mounted disk, its nodes in memory, mount and sync (docs/ext2.md).
//
//     Ext2 (FileSystem)
//      |-- nodes by inode number: used ones, and idle ones that wait for the next look-up
//      '-- mounted: BlockCache -- Volume -- Groups -- Allocator      one layer on the other
//                   NameCache: where the names looked up last lead to
//
// The file system promises: what was fsynced survives a power cut; a power cut between any two
// writes leaves what e2fsck -p repairs; nonsense on the disk is Error::Corrupted and a line in the
// log, never more. Locking is the caller's.
#pragma once

#include <array>
#include <optional>

#include "fs/block_cache.h"
#include "fs/ext2_allocator.h"
#include "fs/ext2_name_cache.h"
#include "fs/ext2_node.h"
#include "fs/node.h"
#include "mm/object_cache.h"

namespace quire::fs {

class Ext2 final : public FileSystem {
  public:
    struct Parts {
        mm::UserMemory& memory;
        mm::ObjectRegistry& objects;
        mm::SlabRegistry& slabs;
        const TimeSource& time;
    };
    enum class Access : std::uint8_t { ReadWrite, ReadOnly };

    /// Not mounted. Everything handed in must stay. Takes no memory.
    explicit Ext2(const Parts& parts);
    Ext2(const Ext2&) = delete;
    Ext2& operator=(const Ext2&) = delete;
    /// What is still mounted is let go of as it is: nothing is written. Precondition: no node is
    /// used.
    ~Ext2();

    /// Mounts what is on `device`, which stays. A device, or a disk with features, that must not be
    /// written, is mounted read-only, whatever `access` says. Precondition: not mounted.
    /// Errors: Corrupted, NotSupported (the log says why); IoError, OutOfMemory.
    Result<void> mount(drivers::BlockDevice& device, Access access);
    /// Writes everything, and lets go of the device. Errors: Busy (a node is used); those of
    /// sync(), and it is still mounted then.
    Result<void> unmount();
    [[nodiscard]] bool is_mounted() const { return mounted_.has_value(); }

    [[nodiscard]] const char* type() const override { return "ext2"; }
    [[nodiscard]] Result<NodeRef> root() override;
    [[nodiscard]] FileSystemFigures figures() override;
    [[nodiscard]] bool read_only() const override { return mounted_->volume.read_only(); }
    Result<void> sync() override;

    /// Whether the blocks that are reserved for root may be used by who writes next.
    void allow_reserved(bool allowed) { mounted_->allocator.allow_reserved(allowed); }

    /// Counts everything anew. O(disk).
    void check_invariants();

  private:
    friend class ext2::Ext2Node;
    using Ext2Node = ext2::Ext2Node;
    using InodeNumber = ext2::InodeNumber;
    using Bucket = IntrusiveList<Ext2Node, &Ext2Node::table_hook>;

    static constexpr std::uint32_t kBuckets = 64;
    static constexpr std::uint32_t kMostIdle = 256;

    struct Mounted {
        Mounted(const Parts& parts, drivers::BlockDevice& device, const ext2::Geometry& geometry,
                bool read_only)
            : cache(parts.memory, parts.objects, device, geometry.block_bytes),
              volume(cache, geometry, parts.time, read_only),
              groups(volume),
              allocator(groups) {}
        BlockCache cache;
        ext2::Volume volume;
        ext2::Groups groups;
        ext2::Allocator allocator;
        ext2::NameCache names;
    };

    [[nodiscard]] Bucket& bucket_of(InodeNumber number) {
        return buckets_[number.raw() % kBuckets];
    }
    Result<ext2::Geometry> look_at(drivers::BlockDevice& device);
    Result<void> begin();

    Ext2Node* find(InodeNumber number);
    /// The node of an inode that a name leads to. Errors: Corrupted, NotSupported; IoError,
    /// OutOfMemory.
    Result<NodeRef> node(InodeNumber number);
    /// An unborn node. Precondition: there is none of this number. Errors: OutOfMemory.
    Result<NodeRef> new_node(InodeNumber number, NodeKind kind, std::uint64_t bytes);
    void unused(Ext2Node& node);
    void destroy(Ext2Node& node);
    /// Lets go of idle nodes that are too many.
    void trim();
    Result<void> let_go(Ext2Node& node);
    /// What comes before each operation that changes something: there is room in RAM for all it
    /// needs. Errors: ReadOnly, OutOfMemory.
    Result<void> begin_change();
    Result<void> write_all_pages();
    void check_names();

    Parts parts_;
    mm::ObjectCache<Ext2Node> nodes_;
    std::array<Bucket, kBuckets> buckets_;
    IntrusiveList<Ext2Node, &Ext2Node::idle_hook> idle_;  // the longest idle first
    std::uint32_t idle_count_ = 0;
    std::optional<Mounted> mounted_;
};

}  // namespace quire::fs
