// The kernel's half of kernel/process/user_copy.h: copies with the exception table under them.
#include "kernel/process/user_copy.h"

#include "cpu/fault_fixup.h"
#include "mm/layout.h"

namespace quire::user {
namespace {

constexpr std::uint32_t kUserEnd = mm::start_of(mm::kFirstKernelPage).raw();

// Most strings end soon: so many bytes are copied before a look at them. A divisor of a page.
constexpr std::uint32_t kStringPiece = 64;

bool is_user_range(mm::VirtAddr start, std::uint32_t bytes) {
    return bytes <= kUserEnd && start.raw() <= kUserEnd - bytes;
}

}  // namespace

Result<void> copy_from(void* to, mm::VirtAddr from, std::uint32_t bytes) {
    if (!is_user_range(from, bytes)) return Error::BadAddress;
    if (cpu::try_copy(to, reinterpret_cast<const void*>(from.raw()), bytes) != 0)
        return Error::BadAddress;
    return {};
}

Result<void> copy_to(mm::VirtAddr to, const void* from, std::uint32_t bytes) {
    if (!is_user_range(to, bytes)) return Error::BadAddress;
    if (cpu::try_copy(reinterpret_cast<void*>(to.raw()), from, bytes) != 0)
        return Error::BadAddress;
    return {};
}

Result<void> clear(mm::VirtAddr to, std::uint32_t bytes) {
    if (!is_user_range(to, bytes)) return Error::BadAddress;
    if (cpu::try_clear(reinterpret_cast<void*>(to.raw()), bytes) != 0) return Error::BadAddress;
    return {};
}

Result<std::uint32_t> compare_exchange(mm::VirtAddr at, std::uint32_t expected,
                                       std::uint32_t wanted) {
    if (!is_user_range(at, sizeof(std::uint32_t))) return Error::BadAddress;
    const auto found = cpu::try_compare_exchange(at.raw(), expected, wanted);
    if (!found.has_value()) return Error::BadAddress;
    return *found;
}

// Piece by piece, none across the end of a page: so nothing is asked for in the page behind the one
// where the string ends.
Result<std::uint32_t> copy_string_from(std::span<char> room, mm::VirtAddr from) {
    const auto size = static_cast<std::uint32_t>(room.size());
    for (std::uint32_t done = 0; done < size;) {
        const std::uint32_t start = from.raw() + done;
        const std::uint32_t to_piece_end = kStringPiece - start % kStringPiece;
        const std::uint32_t bytes = to_piece_end < size - done ? to_piece_end : size - done;
        TRY(copy_from(room.data() + done, mm::VirtAddr(start), bytes));
        for (std::uint32_t i = 0; i < bytes; ++i)
            if (room[done + i] == '\0') return done + i;
        done += bytes;
    }
    return Error::NameTooLong;
}

}  // namespace quire::user
