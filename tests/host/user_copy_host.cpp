// kernel/process/user_copy.h on the host: what kernel/user_copy.cpp does with a CPU, page by page.
#include "tests/host/user_copy_host.h"

#include <algorithm>
#include <cstring>

#include "kernel/process/user_copy.h"
#include "mm/layout.h"
#include "mm/physical_window.h"

namespace quire::test {

namespace {

UserCopies* copies = nullptr;

constexpr std::uint32_t kUserEnd = mm::start_of(mm::kFirstKernelPage).raw();

bool is_in_user_space(mm::VirtAddr address, std::uint32_t bytes) {
    return address.raw() < kUserEnd && bytes <= kUserEnd - address.raw();
}

// Calls move(byte in RAM, bytes done, size) for each piece of the range that lies in one page.
template <typename Move>
Result<void> for_each_piece(mm::VirtAddr address, std::uint32_t bytes, mm::Access access,
                            Move move) {
    if (bytes == 0) return {};
    EXPECT_NE(copies, nullptr) << "no program runs";
    if (copies == nullptr || !is_in_user_space(address, bytes)) return Error::BadAddress;
    for (std::uint32_t done = 0; done < bytes;) {
        const mm::VirtAddr at = address + done;
        const std::uint32_t in_page = mm::kPageSize - mm::offset_in_page(at);
        const std::uint32_t size = copies->take(std::min(in_page, bytes - done));
        std::byte* const in_ram = size == 0 ? nullptr : copies->reach(at, access);
        if (in_ram == nullptr) return Error::BadAddress;
        move(in_ram, done, size);
        done += size;
    }
    return {};
}

}  // namespace

UserCopies::UserCopies(UserMachine& machine) : machine_(machine), before_(copies) {
    copies = this;
}

UserCopies::~UserCopies() {
    copies = before_;
}

std::uint32_t UserCopies::take(std::uint32_t bytes) {
    const std::uint32_t taken = std::min(bytes, left_);
    if (left_ != ~0U) left_ -= taken;
    return taken;
}

std::byte* UserCopies::reach(mm::VirtAddr address, mm::Access access) {
    constexpr int kMostFaults = 8;
    mm::AddressSpace* const space = loaded_space();
    if (space == nullptr) return nullptr;
    for (int i = 0; i < kMostFaults; ++i) {
        std::uint32_t physical = 0;
        const auto fault =
            machine_.machine.mmu.translate(address, access, mm::Ring::Kernel, physical);
        if (!fault.has_value()) return phys_window + physical;
        if (!mm::is_resolved(space->handle(*fault))) return nullptr;
    }
    ADD_FAILURE() << "faults for ever";
    return nullptr;
}

mm::AddressSpace* UserCopies::loaded_space() {
    for (mm::SpaceNode& node : machine_.memory.spaces()) {
        if (machine_.memory.is_loaded(node.space.pages().directory().frame())) return &node.space;
    }
    return nullptr;
}

}  // namespace quire::test

namespace quire::user {

using test::for_each_piece;

Result<void> copy_from(void* to, mm::VirtAddr from, std::uint32_t bytes) {
    return for_each_piece(from, bytes, mm::Access::Read,
                          [to](const std::byte* piece, std::uint32_t done, std::uint32_t size) {
                              std::memcpy(static_cast<std::byte*>(to) + done, piece, size);
                          });
}

Result<void> copy_to(mm::VirtAddr to, const void* from, std::uint32_t bytes) {
    return for_each_piece(to, bytes, mm::Access::Write,
                          [from](std::byte* piece, std::uint32_t done, std::uint32_t size) {
                              std::memcpy(piece, static_cast<const std::byte*>(from) + done, size);
                          });
}

Result<void> clear(mm::VirtAddr to, std::uint32_t bytes) {
    return for_each_piece(
        to, bytes, mm::Access::Write,
        [](std::byte* piece, std::uint32_t, std::uint32_t size) { std::memset(piece, 0, size); });
}

Result<std::uint32_t> compare_exchange(mm::VirtAddr at, std::uint32_t expected,
                                       std::uint32_t wanted) {
    std::uint32_t found = 0;
    TRY(for_each_piece(at, sizeof found, mm::Access::Write,
                       [&](std::byte* piece, std::uint32_t, std::uint32_t) {
                           std::memcpy(&found, piece, sizeof found);
                           if (found == expected) std::memcpy(piece, &wanted, sizeof wanted);
                       }));
    return found;
}

Result<std::uint32_t> copy_string_from(std::span<char> room, mm::VirtAddr from) {
    for (std::uint32_t length = 0; length < room.size(); ++length) {
        TRY(copy_from(&room[length], from + length, 1));
        if (room[length] == '\0') return length;
    }
    return Error::NameTooLong;
}

}  // namespace quire::user
