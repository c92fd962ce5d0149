// Which file system is to be seen at which directory.
//
//     /            ext2 root          mounted: (nothing covered)
//     /tmp   --->  tmpfs root         mounted: covers the node `tmp` of ext2
//     /tmp/x --->  another root       mounted: covers the node `x` of the tmpfs
//
// The one idea: a file system is mounted at most once, so that a node says by itself in which mount
// it lies; a path walk needs nodes and nothing else. Downwards, a covered node is replaced by the
// root that covers it; upwards, a root by the node it covers. Mounts may be stacked: a root may be
// covered in turn.
//
// Invariants: a mount holds its root and what it covers; no node is covered twice; all but the
// first cover a directory of another mounted file system. Locking is the caller's.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "fs/node.h"
#include "kernel/base/intrusive_list.h"
#include "mm/object_cache.h"

namespace quire::fs {

struct Mount {
    Mount(FileSystem& system, NodeRef its_root, NodeRef on, std::string_view from);

    FileSystem& file_system;
    NodeRef root;
    NodeRef covered;              // nothing: the root of everything
    std::array<char, 32> source;  // "/dev/hda1", cut if longer: first column of /proc/mounts
    ListHook hook;
};

class MountTable {
  public:
    /// A table without mounts. Takes no memory. Precondition: `cache` stays.
    explicit MountTable(mm::ObjectCache<Mount>& cache) : cache_(cache) {}
    MountTable(const MountTable&) = delete;
    MountTable& operator=(const MountTable&) = delete;
    /// Precondition: nothing is mounted.
    ~MountTable() = default;

    /// Mounts `system` on the directory `on`, or, the first time, as the root of everything (`on`
    /// is then empty). It must stay until it is unmounted, and gets a device number if it has none.
    /// Errors: Busy (it is mounted, or `on` is covered already), NotDirectory, OutOfMemory, those
    /// of root(); nothing has changed then.
    Result<void> mount(FileSystem& system, NodeRef on, std::string_view source);

    /// Takes out the mount whose root this is, and syncs it. The file system is its owner's again.
    /// Errors: InvalidArgument (no root of a mount); Busy (somebody uses a node, also by another
    /// mount on it); nothing has changed then. IoError of sync(): still mounted.
    Result<void> unmount(Node& root);

    /// The root of everything. Precondition: something is mounted.
    [[nodiscard]] const NodeRef& root();

    /// What is to be seen in the place of `node`: the root mounted on it, or itself.
    [[nodiscard]] NodeRef seen_at(NodeRef node);
    /// The mount whose root `node` is, or nullptr.
    [[nodiscard]] Mount* mount_of_root(const Node& node);
    /// Whether a mount stands on `node`.
    [[nodiscard]] bool is_covered(const Node& node) { return covering(node) != nullptr; }

    /// sync(2): writes everything of all file systems. Errors: the first; the others are written.
    Result<void> sync();

    /// Calls visit(mount) for each mount, oldest first.
    template <typename Visitor>
    void walk(Visitor visit) {
        for (Mount& mount : mounts_)
            visit(mount);
    }

    /// O(mounts^2).
    void check_invariants();

  private:
    [[nodiscard]] Mount* covering(const Node& node);
    [[nodiscard]] Mount* mount_of(const FileSystem& system);

    mm::ObjectCache<Mount>& cache_;
    IntrusiveList<Mount, &Mount::hook> mounts_;
    std::uint32_t next_device_ = 1;  // of those without a disk: 0:1, 0:2, ...
};

}  // namespace quire::fs
