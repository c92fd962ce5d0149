// A file system in memory: /tmp, /dev, and the shared memory of programs.
//
//     TmpfsDirectory --entries--> TmpfsEntry "a" --> TmpfsFile ---> MemoryObject (pages; swap)
//                                 TmpfsEntry "b" --> TmpfsLink, TmpfsDirectory, TmpfsNode (a
//                                 device)
//
// Nodes, names and directories are slab objects, which stay in RAM. What files hold are pages of
// shared memory (mm/memory_object.h), read and written through fs/object_io.h like any file's, and
// reclaim sends them to swap: nothing here is a disk, and nothing must be. A file without a name is
// what memfd_create(2) and mmap(2) of shared anonymous memory want.
//
// A node lives as long as it has a name, a user, or, for a file, a mapping of its pages.
//
// Limits: `pages` of data at most, `nodes` at most. Pages that a program makes by storing into a
// mapping of a hole are counted, but not refused. tmpfs(5). Each page is charged to the commit
// account as well (Linux: shmem_acct_block), but for files that were promised their whole size.
//
// Invariants: each name is in the list of its directory and found by its hash; links of a node are
// its names (and `.` and `..` of directories). Locking is the caller's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "fs/tmpfs_node.h"
#include "kernel/base/intrusive_list.h"
#include "mm/object_cache.h"

namespace quire::fs {

/// Where the parts of all tmpfs come from.
struct TmpfsCaches {
    explicit TmpfsCaches(mm::SlabRegistry& slabs)
        : nodes(slabs, "tmpfs_node"),
          directories(slabs, "tmpfs_directory"),
          files(slabs, "tmpfs_file"),
          links(slabs, "tmpfs_link"),
          entries(slabs, "tmpfs_entry"),
          long_names(slabs, "tmpfs_long_name") {}

    mm::ObjectCache<TmpfsSpecial> nodes;
    mm::ObjectCache<TmpfsDirectory> directories;
    mm::ObjectCache<TmpfsFile> files;
    mm::ObjectCache<TmpfsLink> links;
    mm::ObjectCache<TmpfsEntry> entries;
    mm::ObjectCache<TmpfsLongName> long_names;
};

class Tmpfs final : public FileSystem {
  public:
    struct Options {
        const char* type = "tmpfs";         // must stay
        std::uint32_t pages = 0;            // of data; 0: no limit
        std::uint32_t nodes = 0;            // 0: no limit
        std::uint16_t permissions = 01777;  // of the root
        std::uint32_t user = 0;
        std::uint32_t group = 0;
    };
    struct Parts {
        mm::UserMemory& memory;
        mm::ObjectRegistry& objects;
        TmpfsCaches& caches;
        const TimeSource& time;
    };

    /// An empty file system. Takes no memory; everything handed in must stay.
    Tmpfs(const Parts& parts, const Options& options) : parts_(parts), options_(options) {}
    /// Throws all files away. Precondition: not mounted, and no node is used or mapped.
    ~Tmpfs();

    [[nodiscard]] const char* type() const override { return options_.type; }
    /// Made at the first call. Errors: OutOfMemory.
    [[nodiscard]] Result<NodeRef> root() override;
    [[nodiscard]] FileSystemFigures figures() override;
    [[nodiscard]] bool read_only() const override { return read_only_; }
    /// As a mount with `-o remount,ro` or `rw`.
    void set_read_only(bool read_only) { read_only_ = read_only; }
    Result<void> sync() override { return {}; }
    [[nodiscard]] bool busy() override;

    /// What an unnamed file charges to the commit account: its whole size, from the start, or, as
    /// files with names do, each page that there is.
    enum class Promise : std::uint8_t { Size, Pages };

    /// A file of `bytes` zeroes that has no name: it goes with its last user and mapping.
    /// Errors: OutOfMemory (the commit account, too), FileTooBig.
    Result<NodeRef> create_unnamed(std::uint64_t bytes, const Credentials& who, Promise promise);

    /// Brings used_pages(), and what the commit account knows of them, up to date. O(nodes).
    void count_pages();

    /// Pages of data, in RAM or swapped out, as of the last call that could make some.
    [[nodiscard]] std::uint32_t used_pages() const { return used_pages_; }
    [[nodiscard]] std::uint32_t node_count() const { return node_count_; }

    void check_invariants();

  private:
    friend class TmpfsNode;
    friend class TmpfsSpecial;
    friend class TmpfsDirectory;
    friend class TmpfsFile;
    friend class TmpfsLink;

    using Bucket = IntrusiveList<TmpfsEntry, &TmpfsEntry::hash_hook>;
    static constexpr std::uint32_t kBuckets = 128;

    Result<TmpfsNode*> make_node(const NewNode& what);
    Result<TmpfsEntry*> make_entry(TmpfsDirectory& directory, std::string_view name);
    void free_entry(TmpfsEntry* entry);
    [[nodiscard]] TmpfsEntry* find(const TmpfsDirectory& directory, std::string_view name);
    [[nodiscard]] Bucket& bucket_of(const TmpfsDirectory& directory, std::string_view name);
    [[nodiscard]] Timestamp now() const { return parts_.time.now(); }

    Parts parts_;
    Options options_;
    TmpfsDirectory* root_ = nullptr;
    IntrusiveList<TmpfsNode, &TmpfsNode::list_hook> nodes_;
    std::array<Bucket, kBuckets> buckets_;
    std::uint32_t node_count_ = 0;
    std::uint32_t next_number_ = 1;
    std::uint32_t used_pages_ = 0;
    bool read_only_ = false;
};

}  // namespace quire::fs
