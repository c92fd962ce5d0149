// The file calls of Linux as one process makes them: the file twin of mm/memory_calls.h.
//
//     int 0x80 --> kernel: copies paths in, results out --> FileCalls --> PathWalk, Node, OpenFile
//                  and turns an Error into its errno
//
// Here is what a process adds to files: its root and working directory, umask, credentials,
// descriptors, and the way it sleeps. Flags and modes are Linux's (kernel/abi/); what is refused is
// refused in Linux's order. Paths are in kernel memory, without a NUL. `at` is a directory's
// descriptor, or abi::kAtWorkingDirectory; only relative paths look at it.
//
// Errors of every call with a path, beside its own: NotFound, NotDirectory, AccessDenied,
// NameTooLong, LinkLoop (all of the walk, fs/path.h), BadDescriptor (`at`), OutOfMemory, IoError,
// Corrupted; of every call with a descriptor: BadDescriptor. Calls may sleep; when one fails
// nothing has changed, if nothing else is said. Locking is the caller's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "fs/credentials.h"
#include "fs/descriptor_table.h"
#include "fs/path.h"
#include "mm/memory_calls.h"

namespace quire::fs {

/// What processes made with CLONE_FS share.
struct FileView {
    NodeRef root;
    NodeRef directory;  // the working directory
    std::uint32_t umask = 022;
};

/// What stat(2) tells: the node, and st_dev of the file system it lies on.
struct Status {
    Attributes attributes;
    std::uint32_t device;
};

/// A time for utimensat: a given one, now, or none: unchanged.
struct TimeChange {
    enum class Kind : std::uint8_t { Given, Now, Omit };
    Kind kind = Kind::Now;
    Timestamp time = {};
};

struct PipeEnds {
    Descriptor read;
    Descriptor write;
};

class FileCalls {
  public:
    /// Everything handed in must stay.
    FileCalls(FileLayer& layer, FileView& view, DescriptorTable& table, const Credentials& who,
              const TimeSource& time, Sleeper& sleeper)
        : layer_(layer), view_(view), table_(table), who_(who), time_(time), sleeper_(sleeper) {}

    // --- Descriptors (fs/file_calls.cpp) ---

    /// open(2). O_CREAT with O_DIRECTORY is refused, as since Linux 6.4; O_PATH and O_TMPFILE are
    /// not known and ignored. Errors: TooManyFiles, AlreadyExists, IsDirectory, LinkLoop (a link at
    /// the end with O_NOFOLLOW), ReadOnly, NoSpace, NoDevice, Overflow (too large without
    /// O_LARGEFILE), Interrupted (a named pipe), TextBusy (to be written, and a program runs from
    /// it).
    Result<Descriptor> open(std::int32_t at, std::string_view path, std::uint32_t flags,
                            std::uint32_t mode);
    /// The same without a descriptor: for swapon, ...
    Result<FileRef> open_file(std::int32_t at, std::string_view path, std::uint32_t flags,
                              std::uint32_t mode);
    /// The file that execve is to run. Errors: AccessDenied (no regular file, or the caller may not
    /// execute it).
    Result<NodeRef> find_executable(std::int32_t at, std::string_view path, Attributes& attributes);
    Result<void> close(Descriptor descriptor) { return table_.close(descriptor); }
    /// pipe2: O_CLOEXEC, O_NONBLOCK. Errors: InvalidArgument (other flags), TooManyFiles.
    Result<PipeEnds> pipe(std::uint32_t flags);

    /// dup, and fcntl F_DUPFD. Errors: InvalidArgument (lowest is at or above the limit),
    /// TooManyFiles.
    Result<Descriptor> duplicate(Descriptor descriptor, Descriptor lowest = 0,
                                 bool close_on_exec = false);
    Result<Descriptor> dup2(Descriptor from, Descriptor to);
    /// Errors: InvalidArgument (the same descriptor, an unknown flag).
    Result<Descriptor> dup3(Descriptor from, Descriptor to, std::uint32_t flags);

    /// For whatever else is done with a descriptor: poll, ioctl, fcntl.
    [[nodiscard]] Result<FileRef> file(Descriptor descriptor) const {
        return table_.file(descriptor);
    }
    [[nodiscard]] DescriptorTable& descriptors() { return table_; }
    /// What mmap2 needs to know of a descriptor.
    Result<mm::MappableFile> mappable(Descriptor descriptor);

    // --- Bytes ---

    Result<std::uint32_t> read(Descriptor descriptor, std::uint32_t bytes, ByteSink& to);
    Result<std::uint32_t> pread(Descriptor descriptor, std::uint32_t bytes, std::int64_t offset,
                                ByteSink& to);
    WriteOutcome write(Descriptor descriptor, std::uint32_t bytes, ByteSource& from);
    WriteOutcome pwrite(Descriptor descriptor, std::uint32_t bytes, std::int64_t offset,
                        ByteSource& from);
    Result<std::uint64_t> lseek(Descriptor descriptor, std::int64_t offset, std::uint32_t whence);
    /// getdents64.
    Result<std::uint32_t> read_directory(Descriptor descriptor, std::uint32_t bytes, ByteSink& to);
    /// Errors: InvalidArgument (negative; not a file opened for writing), FileTooBig.
    Result<void> ftruncate(Descriptor descriptor, std::int64_t bytes);
    /// Errors: InvalidArgument (a pipe, a terminal).
    Result<void> fsync(Descriptor descriptor, bool data_only);

    // --- Names (fs/name_calls.cpp) ---

    Result<void> mkdir(std::int32_t at, std::string_view path, std::uint32_t mode);
    /// Errors: InvalidArgument (no such kind), NotPermitted (a directory; a device and not root).
    Result<void> mknod(std::int32_t at, std::string_view path, std::uint32_t mode,
                       std::uint32_t device);
    Result<void> symlink(std::string_view target, std::int32_t at, std::string_view path);
    /// Flags: AT_SYMLINK_FOLLOW. Errors: CrossDevice, NotPermitted (a directory), LinkLimit.
    Result<void> link(std::int32_t old_at, std::string_view old_path, std::int32_t new_at,
                      std::string_view new_path, std::uint32_t flags = 0);
    Result<void> unlink(std::int32_t at, std::string_view path);
    /// Errors: NotEmpty, Busy (a mount point, the root), InvalidArgument (".").
    Result<void> rmdir(std::int32_t at, std::string_view path);
    /// renameat2; flags: RENAME_NOREPLACE. Errors: CrossDevice, Busy, NotEmpty, IsDirectory,
    /// InvalidArgument (a directory into itself; other flags), AlreadyExists, LinkLimit.
    Result<void> rename(std::int32_t old_at, std::string_view old_path, std::int32_t new_at,
                        std::string_view new_path, std::uint32_t flags = 0);
    /// Into `room` as far as it goes. Errors: InvalidArgument (no link; no room at all).
    Result<std::uint32_t> readlink(std::int32_t at, std::string_view path, std::span<char> room);

    // --- Attributes (fs/attribute_calls.cpp) ---

    /// Flags: AT_SYMLINK_NOFOLLOW (lstat), AT_EMPTY_PATH (fstat of `at`).
    Result<Status> stat(std::int32_t at, std::string_view path, std::uint32_t flags = 0);
    Result<Status> fstat(Descriptor descriptor);
    /// faccessat2, by the real ids; flags: AT_SYMLINK_NOFOLLOW, AT_EACCESS. Errors:
    /// InvalidArgument, ReadOnly.
    Result<void> access(std::int32_t at, std::string_view path, std::uint32_t mode,
                        std::uint32_t flags = 0);
    /// Errors: NotPermitted (only the owner and root may), ReadOnly.
    Result<void> chmod(std::int32_t at, std::string_view path, std::uint32_t mode);
    Result<void> fchmod(Descriptor descriptor, std::uint32_t mode);
    /// ~0 for user or group: unchanged. Flags: AT_SYMLINK_NOFOLLOW. Errors: as chmod.
    Result<void> chown(std::int32_t at, std::string_view path, std::uint32_t user,
                       std::uint32_t group, std::uint32_t flags = 0);
    Result<void> fchown(Descriptor descriptor, std::uint32_t user, std::uint32_t group);
    /// utimensat. Errors: AccessDenied (now, and no right to write), NotPermitted (a given time,
    /// and neither owner nor root), ReadOnly.
    Result<void> utimes(std::int32_t at, std::string_view path, const TimeChange& accessed,
                        const TimeChange& modified, std::uint32_t flags = 0);
    Result<void> futimes(Descriptor descriptor, const TimeChange& accessed,
                         const TimeChange& modified);
    /// Errors: InvalidArgument (negative; no file), IsDirectory, ReadOnly, FileTooBig, TextBusy.
    Result<void> truncate(std::string_view path, std::int64_t bytes);

    // --- The process's view, and file systems (fs/view_calls.cpp) ---

    Result<void> chdir(std::string_view path);
    Result<void> fchdir(Descriptor descriptor);
    /// Errors: NotPermitted (not root).
    Result<void> chroot(std::string_view path);
    /// The working directory's path, somewhere in `room`, which should have 4,096 bytes. Errors:
    /// NotFound (it was removed, or is not below the root), NameTooLong (no room).
    Result<std::string_view> getcwd(std::span<char> room);
    /// Returns the umask before.
    std::uint32_t umask(std::uint32_t mask);

    struct MountFigures {
        FileSystemFigures figures;
        std::uint32_t device;
        bool read_only;
    };
    Result<MountFigures> statfs(std::string_view path);
    Result<MountFigures> fstatfs(Descriptor descriptor);
    /// Shows `system`, of the mount's `source`, at `path`. Errors: NotPermitted (not root), Busy.
    Result<void> mount(FileSystem& system, std::string_view source, std::string_view path);
    /// Errors: NotPermitted (not root), InvalidArgument (no mount point), Busy. Answers the file
    /// system, which is its owner's again.
    Result<FileSystem*> unmount(std::string_view path);
    Result<void> sync() { return layer_.mounts.sync(); }

  private:
    // Where relative paths begin.
    Result<NodeRef> start(std::int32_t at, std::string_view path) const;
    Result<NodeRef> find(std::int32_t at, std::string_view path, LastLink last);
    // The walk to the directory that is to hold a new name, which is none yet.
    Result<void> find_place(PathWalk& walk, std::string_view path, bool for_directory);
    Result<NodeRef> create(PathWalk& walk, NodeKind kind, std::uint32_t mode,
                           std::uint32_t device = 0, std::string_view target = {});

    Result<NodeRef> find_to_open(PathWalk& walk, std::string_view path, std::uint32_t flags,
                                 std::uint32_t mode, bool& created);
    Result<void> check_open(Node& node, std::uint32_t flags, bool created, bool slash);
    Result<NodeRef> bytes_of(const NodeRef& node);
    Result<void> wait_for_other_side(OpenFile& file);

    Result<void> check_rename(PathWalk& from, PathWalk& to, Node& moved, Node* replaced);
    Result<void> change_mode(Node& node, std::uint32_t mode);
    Result<void> change_owner(Node& node, std::uint32_t user, std::uint32_t group);
    Result<void> change_times(Node& node, const TimeChange& accessed, const TimeChange& modified);
    Result<void> check_growth(Node& file, std::uint64_t length) const;
    static Result<Status> status_of(Node& node);
    static MountFigures figures_of(Node& node);

    FileLayer& layer_;
    FileView& view_;
    DescriptorTable& table_;
    const Credentials& who_;
    const TimeSource& time_;
    Sleeper& sleeper_;
};

/// Errors: ReadOnly.
Result<void> check_writable(const Node& node);

/// Whether `name` may be taken out of `directory`, in the order of Linux's may_delete. Errors:
/// AccessDenied, NotPermitted (sticky), NotDirectory, IsDirectory; those of attributes().
Result<void> check_may_remove(const Credentials& who, Node& directory, Node& node,
                              bool as_directory);

}  // namespace quire::fs
