// Shared memory that is found by a number: shmget(2), shmat(2), shmdt(2), shmctl(2).
//
//     key --> id --> Segment --node--> file without a name --> its pages
//                       ^                                        |
//                       '------ mapped(), unmapped() <------ regions of address spaces
//
// A segment is a file in memory with a record beside it: who made it, who may, who was there last.
// How often it is attached is how many regions show its pages; so fork, exit, exec and munmap need
// not know of it: the file's memory tells when a region comes or goes. A segment that was removed
// keeps its number until the last region has gone.
//
// An id is a place in the table and, above, a sequence number: an id that was given back does not
// soon mean another segment. (Linux: ipc/shm.c, ipc/util.c.) Locking: the kernel lock.
#pragma once

#include <array>
#include <cstdint>

#include "fs/credentials.h"
#include "fs/tmpfs.h"
#include "kernel/abi/ipc.h"
#include "kernel/base/result.h"
#include "mm/text_writer.h"

namespace quire::kernel {

/// Who and when, for the records.
class SharedMemoryHost {
  public:
    /// Of the process that runs; 0: none does.
    [[nodiscard]] virtual std::uint32_t process_id() = 0;
    /// Seconds since 1970.
    [[nodiscard]] virtual std::uint64_t seconds() = 0;

  protected:
    ~SharedMemoryHost() = default;
};

class SharedMemory {
  public:
    static constexpr std::uint32_t kMostSegments = 128;
    static constexpr std::uint32_t kPlaceBits = 15;
    static constexpr std::uint32_t kMostBytes = ~0U - (1U << 24);

    class Segment final : public fs::MappingWatcher {
      public:
        [[nodiscard]] bool exists() const { return static_cast<bool>(node_); }
        [[nodiscard]] const fs::NodeRef& node() const { return node_; }
        [[nodiscard]] std::uint32_t id() const { return id_; }
        [[nodiscard]] std::uint32_t bytes() const { return bytes_; }
        /// How many regions show it.
        [[nodiscard]] std::uint32_t attaches() const;
        [[nodiscard]] abi::SharedMemoryStatus status() const;
        [[nodiscard]] bool is_destroyed() const { return (mode_ & abi::kShmDestroyed) != 0; }
        /// Whether `who` may do what the nine bits of `flags` say, any class of them.
        [[nodiscard]] bool allows(const fs::Credentials& who, std::uint32_t flags) const;
        /// Whether `who` made it, owns it, or is root.
        [[nodiscard]] bool belongs_to(const fs::Credentials& who) const;

      private:
        friend class SharedMemory;
        void mapped() override;
        void unmapped() override;
        [[nodiscard]] mm::MemoryObject& object() const { return *node_->object(); }

        SharedMemory* table_ = nullptr;
        fs::NodeRef node_;
        std::uint32_t id_ = 0, key_ = 0, bytes_ = 0, mode_ = 0;
        std::uint32_t user_ = 0, group_ = 0, creator_user_ = 0, creator_group_ = 0;
        std::uint64_t attached_ = 0, detached_ = 0, changed_ = 0;
        std::uint32_t creator_ = 0, last_user_ = 0;
    };

    /// Segments are files of `files`. Both must stay.
    SharedMemory(fs::Tmpfs& files, SharedMemoryHost& host) : files_(files), host_(host) {}
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;
    /// Precondition: none is attached.
    ~SharedMemory();

    /// shmget: an id. `never_overcommits`: SHM_NORESERVE does not count. Errors: NotFound (no such
    /// key, and it is not to be made), AlreadyExists, InvalidArgument (size), AccessDenied, NoSpace
    /// (the table is full), OutOfMemory; nothing has changed then.
    Result<std::uint32_t> get(const fs::Credentials& who, std::uint32_t key, std::uint32_t bytes,
                              std::uint32_t flags, bool never_overcommits);

    /// The segment at this place of the table, or nullptr.
    [[nodiscard]] Segment* at(std::uint32_t place);
    /// The segment with this id, or nullptr.
    [[nodiscard]] Segment* find(std::uint32_t id);
    /// Whether there was one with this id whose place has another segment by now (EIDRM).
    [[nodiscard]] bool was_removed(std::uint32_t id);
    /// The segment whose pages `object` has, or nullptr.
    [[nodiscard]] Segment* of(const mm::MemoryObject* object);

    /// IPC_SET. Errors: InvalidArgument (an id of nobody).
    Result<void> change(Segment& segment, std::uint32_t user, std::uint32_t group,
                        std::uint32_t mode);
    /// IPC_RMID: it goes now, or with its last region; nobody finds it by its key from now on.
    void remove(Segment& segment);

    /// The highest place in use; 0 if none is.
    [[nodiscard]] std::uint32_t highest_place() const;
    [[nodiscard]] abi::SharedMemoryUse use() const;
    [[nodiscard]] static abi::SharedMemoryLimits limits();

    /// The whole of /proc/sysvipc/shm.
    void write(const mm::TextWriter& out) const;

    void check_invariants() const;

  private:
    Result<std::uint32_t> create(const fs::Credentials& who, std::uint32_t key, std::uint32_t bytes,
                                 std::uint32_t flags, bool never_overcommits);
    void release(Segment& segment);

    fs::Tmpfs& files_;
    SharedMemoryHost& host_;
    std::array<Segment, kMostSegments> segments_;
    std::uint32_t sequence_ = 0;
    std::uint32_t last_place_ = 0;
};

}  // namespace quire::kernel
