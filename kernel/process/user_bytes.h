// Bytes between the file layer and a program's memory: one buffer, or the many of readv(2).
//
//     file layer --piece, piece, ...--> UserSink   --> buffer
//                                       UserVector --> buffer, buffer, buffer ...
//
// A bad pointer is found when it is reached; what was moved before stays moved (fs/bytes.h).
#pragma once

#include <cstdint>

#include "fs/bytes.h"
#include "kernel/process/user_copy.h"

namespace quire::kernel {

/// Whether all of a buffer lies in user space; not whether anything is there. Linux asks that
/// before it reads or writes. Errors: BadAddress.
Result<void> check_buffer(mm::VirtAddr start, std::uint32_t bytes);

class UserSink final : public fs::ByteSink {
  public:
    explicit UserSink(mm::VirtAddr start) : at_(start) {}
    Result<void> take(std::span<const std::byte> piece) override;
    std::uint32_t reach() override;

  private:
    mm::VirtAddr at_;
};

class UserSource final : public fs::ByteSource {
  public:
    explicit UserSource(mm::VirtAddr start) : at_(start) {}
    Result<void> give(std::span<std::byte> piece) override;
    std::uint32_t reach() override;

  private:
    mm::VirtAddr at_;
};

/// struct iovec
struct UserBuffer {
    mm::VirtAddr start;
    std::uint32_t bytes;
};

/// The buffers of readv(2) or writev(2), one after the other.
class UserVector final : public fs::ByteSink, public fs::ByteSource {
  public:
    static constexpr std::uint32_t kMostBuffers = 1024;  // UIO_MAXIOV

    /// Looks at all buffers of the array. Errors: InvalidArgument (too many; a negative length),
    /// BadAddress (the array; a buffer that is not in user space).
    static Result<UserVector> create(mm::VirtAddr array, std::uint32_t count);

    /// Of all buffers together, as far as one call moves.
    [[nodiscard]] std::uint32_t bytes() const { return bytes_; }

    Result<void> take(std::span<const std::byte> piece) override;
    Result<void> give(std::span<std::byte> piece) override;
    std::uint32_t reach() override;

  private:
    explicit UserVector(mm::VirtAddr array) : next_(array) {}
    Result<void> take_all(std::span<const std::byte> piece);
    Result<void> give_all(std::span<std::byte> piece);
    // Makes the next buffer the current one if that is used up. Precondition: there is one.
    Result<void> find_buffer();
    // What is left of the current buffer, which is not empty, up to `most` bytes of it.
    Result<UserBuffer> part(std::size_t most);

    mm::VirtAddr next_;  // the buffer after the current one
    UserBuffer current_{};
    std::uint32_t bytes_ = 0;
};

}  // namespace quire::kernel
