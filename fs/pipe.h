// Pipes: bytes that one process writes and another reads, in memory, in order.
//
//     slot     0          1          2     ...    15          each slot: a page, or none
//           +----------+----------+----------+ ... +----------+
//           |     #####|##########|###       |     |          |
//           +----------+----------+----------+ ... +----------+
//                 ^ first                ^ first + fill
//
// A ring of 64 KiB in 16 pages; a page is there only while it holds bytes, but for the one that the
// last bytes lay in: whoever sends a few at a time needs no new page each time. Writes of up to
// 4,096 bytes (PIPE_BUF) go in whole or wait; longer ones go in as far as there is room. Reading an
// empty pipe, writing a full one is TryAgain: the open file waits (fs/wait.h). Named pipes are the
// same, found by the node that has the name. pipe(7), fifo(7).
//
// Invariants: a slot has a page exactly if bytes of the ring lie in it, but the first slot of an
// empty ring may have one; readers and writers are the open files of each kind. Locking is the
// caller's.
#pragma once

#include <array>
#include <cstdint>

#include "fs/credentials.h"
#include "fs/node.h"
#include "kernel/base/intrusive_list.h"
#include "mm/object_cache.h"
#include "mm/user_memory.h"

namespace quire::fs {

class PipeSystem;

class Pipe final : public Node {
  public:
    static constexpr std::uint32_t kSlots = 16;
    static constexpr std::uint32_t kBytes = kSlots * mm::kPageSize;

    /// `name`: the node of a named pipe, or nullptr.
    Pipe(PipeSystem& system, const Node* name, const Attributes& attributes);
    ~Pipe();

    [[nodiscard]] const Node* name() const { return name_; }
    [[nodiscard]] std::uint32_t fill() const { return fill_; }
    [[nodiscard]] std::uint32_t readers() const { return readers_; }
    [[nodiscard]] std::uint32_t writers() const { return writers_; }
    /// How often it was opened so far; an opening that was closed again since counts too.
    [[nodiscard]] std::uint32_t reader_openings() const { return reader_openings_; }
    [[nodiscard]] std::uint32_t writer_openings() const { return writer_openings_; }

    Result<Attributes> attributes() override;
    Result<void> change(const AttributeChange& change) override;
    /// 0: no writer is left. Errors: TryAgain, BadAddress.
    Result<std::uint32_t> read(std::uint64_t, std::uint32_t bytes, ByteSink& to,
                               ReadAhead&) override;
    /// Errors: BrokenPipe, TryAgain, OutOfMemory, BadAddress.
    Result<std::uint32_t> write(std::uint64_t, std::uint32_t bytes, ByteSource& from) override;
    Result<void> opened(OpenMode mode) override;
    void closed(OpenMode mode) override;
    [[nodiscard]] Seeking seeking() const override { return Seeking::Refused; }
    [[nodiscard]] WaitQueue* changes() override { return &changes_; }
    [[nodiscard]] Readiness readiness() override;

    void check_invariants();

    ListHook system_hook;

  protected:
    void last_user_gone() override;

  private:
    // A piece of the ring within one page.
    struct Piece {
        std::uint32_t slot;
        std::uint32_t offset;
        std::uint32_t bytes;
    };
    [[nodiscard]] static Piece piece_at(std::uint32_t position, std::uint32_t bytes);
    [[nodiscard]] std::span<std::byte> bytes_of(const Piece& piece);
    [[nodiscard]] bool holds_bytes(std::uint32_t slot) const;
    Result<void> make_page(std::uint32_t slot);
    Result<void> fill_at(std::uint32_t position, std::uint32_t bytes, ByteSource& from);
    void consume(const Piece& piece);
    [[nodiscard]] bool has_page(std::uint32_t slot) const {
        return pages_[slot] != mm::FrameNumber();
    }
    void release_page(std::uint32_t slot);
    void release_unused_pages();

    PipeSystem& system_;
    const Node* name_;
    Attributes attributes_;
    std::array<mm::FrameNumber, kSlots> pages_;  // frame 0: none
    std::uint32_t first_ = 0;                    // below kBytes
    std::uint32_t fill_ = 0;
    std::uint32_t readers_ = 0;
    std::uint32_t writers_ = 0;
    std::uint32_t reader_openings_ = 0;
    std::uint32_t writer_openings_ = 0;
    WaitQueue changes_;
};

/// The file system that pipes belong to, which is never mounted.
class PipeSystem final : public FileSystem {
  public:
    /// Everything handed in must stay. Takes no memory.
    PipeSystem(mm::UserMemory& memory, mm::ObjectCache<Pipe>& cache, const TimeSource& time)
        : memory_(memory), cache_(cache), time_(time) {}

    /// A new pipe without a name. Errors: OutOfMemory.
    Result<NodeRef> create(const Credentials& who);
    /// The pipe behind the node of a named one, made now if nobody has it open.
    /// Errors: OutOfMemory.
    Result<NodeRef> named(const Node& name);

    [[nodiscard]] const char* type() const override { return "pipefs"; }
    [[nodiscard]] Result<NodeRef> root() override { return Error::NotFound; }
    [[nodiscard]] FileSystemFigures figures() override;
    [[nodiscard]] bool read_only() const override { return false; }
    Result<void> sync() override { return {}; }

    void check_invariants();

  private:
    friend class Pipe;
    Result<NodeRef> make(const Node* name, const Attributes& attributes);

    mm::UserMemory& memory_;
    mm::ObjectCache<Pipe>& cache_;
    const TimeSource& time_;
    IntrusiveList<Pipe, &Pipe::system_hook> pipes_;
    std::uint32_t next_number_ = 1;
};

}  // namespace quire::fs
