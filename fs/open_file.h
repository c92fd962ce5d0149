// An open file, what a descriptor stands for: a node, an offset, and what it was opened for
// (POSIX: open file description).
//
//     process A  descriptor 3 --+
//     process A  descriptor 7 --+--> OpenFile {offset, flags} --> node (names, stat, permissions)
//     process B  descriptor 3 --+             (fork, dup: one offset)  '-> io (where the bytes are)
//
// `node` and `io` are the same but for device nodes, whose bytes are the device's, and for named
// pipes. Here, and only here, a caller waits for somebody else: as long as the node says TryAgain,
// unless the file is non-blocking (fs/wait.h). read(2), write(2), lseek(2), getdents64(2).
//
// Invariant: an open file has users, and io was told opened() once. Locking is the caller's; a
// caller who sleeps in here holds a FileRef.
#pragma once

#include <cstdint>
#include <utility>

#include "fs/bytes.h"
#include "fs/credentials.h"
#include "fs/file_layer.h"
#include "fs/node.h"
#include "kernel/abi/fcntl.h"

namespace quire::fs {

/// What became of a write: the count or the error, and whether SIGPIPE is due. Both can be: bytes
/// were taken before the last reader went. Or whether SIGXFSZ is: the writer may not make a file as
/// large as that.
struct WriteOutcome {
    Result<std::uint32_t> result;
    bool broken_pipe = false;
    bool over_limit = false;
};

/// A counted use of an open file.
class FileRef {
  public:
    FileRef() = default;
    explicit FileRef(OpenFile& file);
    FileRef(const FileRef& other);
    FileRef(FileRef&& other) noexcept : file_(std::exchange(other.file_, nullptr)) {}
    FileRef& operator=(FileRef other) noexcept {
        std::swap(file_, other.file_);
        return *this;
    }
    ~FileRef();

    [[nodiscard]] OpenFile* get() const { return file_; }
    [[nodiscard]] OpenFile& operator*() const { return *file_; }
    [[nodiscard]] OpenFile* operator->() const { return file_; }
    explicit operator bool() const { return file_ != nullptr; }

  private:
    OpenFile* file_ = nullptr;
};

class OpenFile {
  public:
    /// What read(2) and write(2) move at most (Linux: MAX_RW_COUNT).
    static constexpr std::uint32_t kMostBytes = 0x7FFFF000;
    /// How large files may be that were opened without O_LARGEFILE.
    static constexpr std::uint64_t kMostWithoutLargeFile = 0x7FFFFFFF;

    /// `flags` as of open(2). Says opened() to `io`. Errors: OutOfMemory, those of opened();
    /// TextBusy (to be written, and a program runs from it).
    static Result<FileRef> create(FileLayer& layer, NodeRef node, NodeRef io, std::uint32_t flags);
    OpenFile(FileLayer& layer, NodeRef node, NodeRef io, std::uint32_t flags);

    [[nodiscard]] const NodeRef& node() const { return node_; }
    [[nodiscard]] const NodeRef& io() const { return io_; }
    [[nodiscard]] OpenMode mode() const { return mode_of(flags_); }
    [[nodiscard]] std::uint32_t flags() const { return flags_; }
    [[nodiscard]] std::uint64_t offset() const { return offset_; }
    /// Mode 3 is neither: such a file is good for ioctl only.
    [[nodiscard]] static OpenMode mode_of(std::uint32_t flags) {
        const std::uint32_t mode = flags & abi::kOpenAccessMode;
        return {.read = mode == abi::kOpenReadOnly || mode == abi::kOpenReadWrite,
                .write = mode == abi::kOpenWriteOnly || mode == abi::kOpenReadWrite};
    }
    /// fcntl F_SETFL: O_APPEND, O_NONBLOCK, O_ASYNC, O_DIRECT, O_NOATIME; others stay.
    void set_status_flags(std::uint32_t flags);
    [[nodiscard]] ReadAhead& read_ahead() { return ahead_; }

    /// Up to `bytes` bytes from the offset on, which moves. 0: the end. May sleep.
    /// Errors: BadDescriptor (not opened for reading), IsDirectory, InvalidArgument; TryAgain (non-
    /// blocking); Interrupted; BadAddress; IoError, OutOfMemory.
    Result<std::uint32_t> read(std::uint32_t bytes, ByteSink& to, Sleeper& sleeper);
    /// The same at `offset`, and the file's own stays. NotSeekable: a pipe, a terminal.
    Result<std::uint32_t> read_at(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                                  Sleeper& sleeper);

    /// Writes at the offset, which moves, or at the end with O_APPEND. A file that `who`, not root,
    /// writes to loses suid and sgid. May sleep. Errors: as read(); FileTooBig; NoSpace, ReadOnly;
    /// BrokenPipe.
    WriteOutcome write(std::uint32_t bytes, ByteSource& from, Sleeper& sleeper,
                       const Credentials& who);
    /// The same at `offset`; with O_APPEND at the end all the same, as on Linux.
    WriteOutcome write_at(std::uint64_t offset, std::uint32_t bytes, ByteSource& from,
                          Sleeper& sleeper, const Credentials& who);

    /// lseek(2); `whence` is the abi's. All of a file is data to SEEK_DATA and SEEK_HOLE.
    /// Errors: NotSeekable; InvalidArgument; NoDevice (data or hole past the end).
    Result<std::uint64_t> seek(std::int64_t offset, std::uint32_t whence);

    /// getdents64(2): whole abi::DirectoryEntry64 as far as `bytes` go. 0: the end.
    /// Errors: NotDirectory; InvalidArgument (not even one fits); BadAddress; NotFound (removed).
    Result<std::uint32_t> read_directory(std::uint32_t bytes, ByteSink& to);

    /// poll(2): of what the file was opened for.
    [[nodiscard]] Readiness readiness() const;

    void check_invariants() const;

  private:
    friend class FileRef;

    void last_user_gone();
    Result<void> tell_opened();
    [[nodiscard]] bool writes_a_file() const;
    [[nodiscard]] bool blocks() const;
    Result<std::uint32_t> transfer_in(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                                      Sleeper& sleeper);
    Result<std::uint32_t> prepare_write(std::uint64_t& offset, std::uint32_t bytes,
                                        const Credentials& who);
    WriteOutcome transfer_out(std::uint64_t& offset, std::uint32_t bytes, ByteSource& from,
                              Sleeper& sleeper, const Credentials& who);
    Result<std::uint64_t> seek_target(std::int64_t offset, std::uint32_t whence);

    FileLayer& layer_;
    NodeRef node_;
    NodeRef io_;
    std::uint64_t offset_ = 0;
    ReadAhead ahead_;
    std::uint32_t flags_;
    std::uint32_t users_ = 0;
};

/// Takes suid and sgid from a file that `who` changes, unless that is root. Errors: those of
/// attributes() and change().
Result<void> drop_privileges(Node& node, const Credentials& who);

inline FileRef::FileRef(OpenFile& file) : file_(&file) {
    ++file.users_;
}
inline FileRef::FileRef(const FileRef& other) : file_(other.file_) {
    if (file_ != nullptr) ++file_->users_;
}
inline FileRef::~FileRef() {
    if (file_ != nullptr && --file_->users_ == 0) file_->last_user_gone();
}

}  // namespace quire::fs
