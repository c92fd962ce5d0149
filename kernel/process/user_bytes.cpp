#include "kernel/process/user_bytes.h"

#include "fs/open_file.h"
#include "mm/layout.h"

namespace quire::kernel {

namespace {

// A hole can only begin where a page does.
std::uint32_t to_end_of_page(mm::VirtAddr at) {
    return mm::kPageSize - at.raw() % mm::kPageSize;
}

}  // namespace

Result<void> check_buffer(mm::VirtAddr start, std::uint32_t bytes) {
    constexpr std::uint32_t kEnd = mm::start_of(mm::kFirstKernelPage).raw();
    if (bytes > kEnd || start.raw() > kEnd - bytes) return Error::BadAddress;
    return {};
}

Result<void> UserSink::take(std::span<const std::byte> piece) {
    const auto size = static_cast<std::uint32_t>(piece.size());
    TRY(user::copy_to(at_, piece.data(), size));
    at_ += size;
    return {};
}

std::uint32_t UserSink::reach() {
    return to_end_of_page(at_);
}

Result<void> UserSource::give(std::span<std::byte> piece) {
    const auto size = static_cast<std::uint32_t>(piece.size());
    TRY(user::copy_from(piece.data(), at_, size));
    at_ += size;
    return {};
}

std::uint32_t UserSource::reach() {
    return to_end_of_page(at_);
}

// (Linux: import_iovec.)
Result<UserVector> UserVector::create(mm::VirtAddr array, std::uint32_t count) {
    constexpr std::uint32_t kMostLength = 0x7FFFFFFF;
    if (count > kMostBuffers) return Error::InvalidArgument;
    UserVector vector(array);
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto buffer = TRY(user::read<UserBuffer>(array + i * sizeof(UserBuffer)));
        if (buffer.bytes > kMostLength) return Error::InvalidArgument;
        TRY(check_buffer(buffer.start, buffer.bytes));
        const std::uint32_t left = fs::OpenFile::kMostBytes - vector.bytes_;
        vector.bytes_ += buffer.bytes < left ? buffer.bytes : left;
    }
    return vector;
}

Result<void> UserVector::find_buffer() {
    while (current_.bytes == 0) {
        current_ = TRY(user::read<UserBuffer>(next_));
        next_ += sizeof(UserBuffer);
    }
    return {};
}

Result<UserBuffer> UserVector::part(std::size_t most) {
    TRY(find_buffer());
    const auto size = most < current_.bytes ? static_cast<std::uint32_t>(most) : current_.bytes;
    const UserBuffer part{current_.start, size};
    current_ = {current_.start + size, current_.bytes - size};
    return part;
}

Result<void> UserVector::take_all(std::span<const std::byte> piece) {
    while (!piece.empty()) {
        const UserBuffer to = TRY(part(piece.size()));
        TRY(user::copy_to(to.start, piece.data(), to.bytes));
        piece = piece.subspan(to.bytes);
    }
    return {};
}

Result<void> UserVector::give_all(std::span<std::byte> piece) {
    while (!piece.empty()) {
        const UserBuffer from = TRY(part(piece.size()));
        TRY(user::copy_from(piece.data(), from.start, from.bytes));
        piece = piece.subspan(from.bytes);
    }
    return {};
}

Result<void> UserVector::take(std::span<const std::byte> piece) {
    const UserVector before = *this;
    const Result<void> taken = take_all(piece);
    if (!taken.ok()) *this = before;
    return taken;
}

Result<void> UserVector::give(std::span<std::byte> piece) {
    const UserVector before = *this;
    const Result<void> given = give_all(piece);
    if (!given.ok()) *this = before;
    return given;
}

std::uint32_t UserVector::reach() {
    if (!find_buffer().ok()) return 0;
    const std::uint32_t page = to_end_of_page(current_.start);
    return current_.bytes < page ? current_.bytes : page;
}

}  // namespace quire::kernel
