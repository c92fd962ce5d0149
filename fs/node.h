// What the file layer asks of a file system: a node is a file, a directory, a symbolic link or a
// device as long as somebody uses it (Unix: the inode in memory; vnode).
//
//     path walk ----> NodeRef ----> Node (abstract) <---- Ext2Node, TmpfsNode, ProcNode, ...
//     open file ------'   counts        |
//                                       +---- object(): its pages, for mmap and the page cache
//
// A file system makes Node objects and keeps them; a NodeRef counts a user. When the last one goes,
// last_user_gone() is called: the file system may keep the node for the next look-up, write it
// back, or, if no name is left, free what it has on the disk.
//
// A node does what it is told: permissions, mount points, `.`/`..` in paths, trailing slashes,
// symbolic links in the middle and open modes are the file layer's affair (fs/path.h). Names are
// 1 to 255 bytes without '/' and NUL, and are neither "." nor "..". Locking is the caller's: one
// operation at a time on one file system.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "fs/bytes.h"
#include "fs/object_io.h"
#include "fs/wait.h"
#include "kernel/base/result.h"
#include "mm/memory_object.h"

namespace quire::fs {

class FileSystem;
class Node;
class Terminal;

/// S_IFMT >> 12, as in st_mode and in the inodes of ext2.
enum class NodeKind : std::uint8_t {
    Pipe = 1,
    CharacterDevice = 2,
    Directory = 4,
    BlockDevice = 6,
    File = 8,
    SymbolicLink = 10,
    Socket = 12,
};

struct Timestamp {
    std::uint32_t seconds = 0;  // since 1970-01-01 00:00 UTC
    std::uint32_t nanoseconds = 0;
    constexpr auto operator<=>(const Timestamp&) const = default;
};

/// The time of day, for file systems: the RTC in the kernel, a number in tests.
class TimeSource {
  public:
    [[nodiscard]] virtual Timestamp now() const = 0;

  protected:
    ~TimeSource() = default;
};

/// What stat(2) tells of a node. The device it lies on is its FileSystem's.
struct Attributes {
    NodeKind kind = NodeKind::File;
    std::uint16_t permissions = 0;  // rwx and suid, sgid, sticky: 12 bits
    std::uint32_t number = 0;       // inode number
    std::uint32_t links = 0;
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    std::uint64_t bytes = 0;
    std::uint64_t half_kib = 0;  // 512-byte units on the disk
    std::uint32_t block_size = 4096;
    std::uint32_t device = 0;  // what a device node stands for: major << 8 | minor
    Timestamp accessed;
    Timestamp modified;
    Timestamp changed;
};

/// What chmod, chown and utimes change; absent is unchanged. `changed` is set to now by the node.
struct AttributeChange {
    std::optional<std::uint16_t> permissions;
    std::optional<std::uint32_t> user;
    std::optional<std::uint32_t> group;
    std::optional<Timestamp> accessed;
    std::optional<Timestamp> modified;
};

/// What a new node is to be.
struct NewNode {
    NodeKind kind = NodeKind::File;
    std::uint16_t permissions = 0;
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    std::uint32_t device = 0;      // device nodes
    std::string_view target = {};  // symbolic links
};

/// One name in a directory.
struct DirectoryEntry {
    std::string_view name;  // valid during the visit
    std::uint32_t number;   // inode number
    NodeKind kind;
};

class DirectoryVisitor {
  public:
    /// Says whether there was room for it; if not, the entry is visited again by the next call.
    virtual bool visit(const DirectoryEntry& entry) = 0;

  protected:
    ~DirectoryVisitor() = default;
};

/// What a file is opened for.
struct OpenMode {
    bool read = false;
    bool write = false;
};

/// What lseek(2) does: moves the offset; answers 0, as nobody looks at it; is refused.
enum class Seeking : std::uint8_t { Free, Ignored, Refused };

/// A counted use of a node.
class NodeRef {
  public:
    NodeRef() = default;
    explicit NodeRef(Node& node);
    NodeRef(const NodeRef& other);
    NodeRef(NodeRef&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    NodeRef& operator=(NodeRef other) noexcept {
        std::swap(node_, other.node_);
        return *this;
    }
    ~NodeRef();

    [[nodiscard]] Node* get() const { return node_; }
    [[nodiscard]] Node& operator*() const { return *node_; }
    [[nodiscard]] Node* operator->() const { return node_; }
    explicit operator bool() const { return node_ != nullptr; }

  private:
    Node* node_ = nullptr;
};

class Node : public mm::ObjectOwner {
  public:
    Node(FileSystem& file_system, NodeKind kind) : file_system_(file_system), kind_(kind) {}
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    [[nodiscard]] FileSystem& file_system() const { return file_system_; }
    [[nodiscard]] NodeKind kind() const { return kind_; }

    // Every operation may sleep. Those a kind of node has not got keep the answer given here.
    // "Nothing has changed" holds after every error, if nothing else is said. Errors of all:
    // IoError, OutOfMemory, Corrupted (the disk holds nonsense; the file system says so in the log
    // and goes on), and of those that change anything ReadOnly, NoSpace.

    [[nodiscard]] virtual Result<Attributes> attributes() = 0;
    virtual Result<void> change(const AttributeChange& change) = 0;

    // --- Directories ---

    /// The node called `name`. Errors: NotFound.
    virtual Result<NodeRef> look_up(std::string_view name);
    /// Makes a node and its name. Errors: AlreadyExists, LinkLimit (a directory's), NotPermitted.
    virtual Result<NodeRef> create(std::string_view name, const NewNode& what);
    /// One more name for `node`, of this file system and no directory.
    /// Errors: AlreadyExists, LinkLimit.
    virtual Result<void> link(std::string_view name, Node& node);
    /// Takes a name away: that of a directory if `directory` (rmdir), else of anything but one.
    /// Errors: NotFound, IsDirectory, NotDirectory, NotEmpty.
    virtual Result<void> remove(std::string_view name, bool directory);
    /// Gives the node called `old_name` here the name `new_name` in `new_parent`, of the same file
    /// system, in the place of what has that name (rename(2) says what may replace what). Names of
    /// one and the same node: nothing is done. Errors: NotFound; NotDirectory, IsDirectory,
    /// NotEmpty; InvalidArgument (a directory into one below itself); LinkLimit; AlreadyExists (if
    /// `no_replace`).
    virtual Result<void> rename(std::string_view old_name, Node& new_parent,
                                std::string_view new_name, bool no_replace);
    /// Visits the entries from `position` on (0: the first; `.` and `..` are among them), until the
    /// visitor refuses one; `position` is then that one's. Names made or removed meanwhile may be
    /// visited or not, all others exactly once.
    virtual Result<void> read_directory(std::uint64_t& position, DirectoryVisitor& visitor);

    /// The directory this one lies in; that of a file system's root is itself. If nothing else is
    /// said, what look_up() finds for "..": only from here is it asked for that name.
    /// Errors: NotDirectory; NotFound (this one was removed).
    virtual Result<NodeRef> parent();

    // --- Symbolic links ---

    /// The target, into `room` as far as it fits; returns its bytes.
    virtual Result<std::uint32_t> read_link(std::span<char> room);
    /// The node a link leads to whatever its text says, though that may have no name at all: those
    /// of /proc/PID/fd. Empty: the link is followed by its text. proc(5).
    virtual Result<NodeRef> leads_to() { return NodeRef(); }

    // --- Bytes ---

    /// As read(2) and write(2) at an offset. Pipes and terminals do not look at the offset.
    virtual Result<std::uint32_t> read(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                                       ReadAhead& ahead);
    virtual Result<std::uint32_t> write(std::uint64_t offset, std::uint32_t bytes,
                                        ByteSource& from);
    /// truncate(2), both ways. Errors: FileTooBig.
    virtual Result<void> resize(std::uint64_t bytes);
    /// Everything of this node is on the disk when this returns: fsync, fdatasync (`data_only`).
    virtual Result<void> sync(bool data_only);
    /// Its pages, or nullptr: cannot be mapped.
    [[nodiscard]] virtual mm::MemoryObject* object() { return nullptr; }
    /// Whether a map of it is anonymous memory: /dev/zero.
    [[nodiscard]] virtual bool maps_zeroes() const { return false; }

    // --- As an open file has it (fs/open_file.h) ---

    /// A file was opened, or closed for the last time. Errors of opened(): the opening fails with
    /// it, and closed() is not called.
    virtual Result<void> opened(OpenMode) { return {}; }
    virtual void closed(OpenMode) {}
    /// Where SEEK_END counts from, and O_APPEND writes: the size, if nothing else is said.
    virtual Result<std::uint64_t> end();
    [[nodiscard]] virtual Seeking seeking() const { return Seeking::Free; }
    /// read() and write() answer TryAgain where somebody else must act first; changes() is woken
    /// when that, or readiness(), may have changed. nullptr: never has to wait.
    [[nodiscard]] virtual WaitQueue* changes() { return nullptr; }
    [[nodiscard]] virtual Readiness readiness() { return {.readable = true, .writable = true}; }
    /// The terminal behind it, or nullptr.
    [[nodiscard]] virtual Terminal* terminal() { return nullptr; }

    // --- Users ---

    /// NodeRef does these.
    inline void add_user();
    inline void drop_user();
    [[nodiscard]] std::uint32_t users() const { return users_; }

    // A file is either written or run as a program, never both at a time. Each add is followed by
    // a drop. Errors: TextBusy (it is used in the other way).
    inline Result<void> add_writer();
    void drop_writer() { --writers_; }
    inline Result<void> add_runner();
    void drop_runner() { ++writers_; }
    [[nodiscard]] bool is_run() const { return writers_ < 0; }

  protected:
    ~Node() = default;
    /// The last NodeRef has gone. May destroy the node.
    virtual void last_user_gone() = 0;

  private:
    FileSystem& file_system_;
    std::uint32_t users_ = 0;
    std::int32_t writers_ = 0;  // negative: so many programs run from it
    NodeKind kind_;
};

/// What statfs(2) tells.
struct FileSystemFigures {
    std::uint32_t magic = 0;  // EXT2_SUPER_MAGIC, TMPFS_MAGIC, ...
    std::uint32_t block_size = 4096;
    std::uint64_t blocks = 0;
    std::uint64_t free_blocks = 0;
    std::uint64_t available_blocks = 0;  // to users other than root
    std::uint64_t nodes = 0;
    std::uint64_t free_nodes = 0;
    std::uint32_t longest_name = 255;
};

class FileSystem {
  public:
    /// "ext2", "tmpfs", "proc": as /proc/mounts has it.
    [[nodiscard]] virtual const char* type() const = 0;
    [[nodiscard]] virtual Result<NodeRef> root() = 0;
    [[nodiscard]] virtual FileSystemFigures figures() = 0;
    [[nodiscard]] virtual bool read_only() const = 0;
    /// Everything changed so far is on the disk when this returns: sync(2). Errors: the first.
    virtual Result<void> sync() = 0;
    /// Whether somebody beside the mount, which holds the root, uses a node of it or maps its
    /// pages: it cannot be unmounted then.
    [[nodiscard]] virtual bool busy() { return uses_ > 1; }
    /// How many users its nodes have, all together.
    [[nodiscard]] std::uint32_t uses() const { return uses_; }

    /// st_dev of its nodes.
    [[nodiscard]] std::uint32_t device() const { return device_; }
    void set_device(std::uint32_t device) { device_ = device; }

    /// For Node: one of its nodes has a user more, or one less.
    void add_use() { ++uses_; }
    void drop_use() { --uses_; }

  protected:
    ~FileSystem() = default;

  private:
    std::uint32_t device_ = 0;
    std::uint32_t uses_ = 0;
};

inline void Node::add_user() {
    ++users_;
    file_system_.add_use();
}
inline void Node::drop_user() {
    ASSERT(users_ != 0);
    file_system_.drop_use();
    if (--users_ == 0) last_user_gone();
}

inline Result<void> Node::add_writer() {
    if (writers_ < 0) return Error::TextBusy;
    ++writers_;
    return {};
}
inline Result<void> Node::add_runner() {
    if (writers_ > 0) return Error::TextBusy;
    if (writers_ == 0 && object() != nullptr && object()->is_mapped_by_writer())
        return Error::TextBusy;
    --writers_;
    return {};
}

inline NodeRef::NodeRef(Node& node) : node_(&node) {
    node.add_user();
}
inline NodeRef::NodeRef(const NodeRef& other) : node_(other.node_) {
    if (node_ != nullptr) node_->add_user();
}
inline NodeRef::~NodeRef() {
    // clang-tidy 14 believes that a Result which holds an Error still destroys its NodeRef.
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult)
    if (node_ != nullptr) node_->drop_user();
}

}  // namespace quire::fs
