// Where the bytes of a read(2) go, and where those of a write(2) come from.
//
// A file system never knows whether a program waits at the other end or the kernel: it hands pieces
// over in order, and is told when one cannot be taken (a program's bad pointer: BadAddress).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/result.h"

namespace quire::fs {

/// Takes bytes, one piece after the other.
class ByteSink {
  public:
    /// Takes the whole of `piece`, which follows what came before. May sleep (a program's page may
    /// have to be brought in). Errors: BadAddress; a part of it may have been written then, and the
    /// next piece goes to the same place.
    virtual Result<void> take(std::span<const std::byte> piece) = 0;
    /// How long a piece may be of which all or nothing can be taken, as far as that is known: where
    /// a piece was too long, a shorter one may do. 0: none.
    virtual std::uint32_t reach() { return UINT32_MAX; }

  protected:
    ~ByteSink() = default;
};

/// Gives bytes, one piece after the other.
class ByteSource {
  public:
    /// Fills the whole of `piece` with what comes next. May sleep. Errors: BadAddress; the piece
    /// may have been filled in part then, and the next one begins with the same bytes.
    virtual Result<void> give(std::span<std::byte> piece) = 0;
    /// As of a sink.
    virtual std::uint32_t reach() { return UINT32_MAX; }

  protected:
    ~ByteSource() = default;
};

/// A sink into memory of the kernel. Precondition of take(): there is room.
class MemorySink final : public ByteSink {
  public:
    explicit MemorySink(std::span<std::byte> room) : room_(room) {}
    Result<void> take(std::span<const std::byte> piece) override;

  private:
    std::span<std::byte> room_;
};

/// A source out of memory of the kernel. Precondition of give(): there is as much left.
class MemorySource final : public ByteSource {
  public:
    explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}
    Result<void> give(std::span<std::byte> piece) override;

  private:
    std::span<const std::byte> bytes_;
};

}  // namespace quire::fs
