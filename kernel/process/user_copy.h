// The kernel's only way to a program's memory: copies that can fail.
//
// Addresses come from programs and may be anything. A copy checks the range first (user space only,
// no wrap), then does it, and page faults on the way are answered as the program's own would be:
// pages are brought in, copied, zeroed. What cannot be is BadAddress, and the kernel goes on.
//
// The address space is the one that is loaded. Copies may sleep. A copy that fails may have moved
// a part. kernel/user_copy.cpp has it for the kernel, tests/host/user_copy_host.cpp for the
// simulated MMU: the seam is the same kind as mm/machine.h.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include "kernel/base/result.h"
#include "mm/types.h"

namespace quire::user {

/// Errors of all: BadAddress. `bytes` may be 0; the address is not looked at then.
Result<void> copy_from(void* to, mm::VirtAddr from, std::uint32_t bytes);
Result<void> copy_to(mm::VirtAddr to, const void* from, std::uint32_t bytes);
Result<void> clear(mm::VirtAddr to, std::uint32_t bytes);

/// In one step: if the word at `at` is `expected`, it becomes `wanted`. Returns what it was. No
/// instruction of a program comes between. Errors: BadAddress (also: not writable).
Result<std::uint32_t> compare_exchange(mm::VirtAddr at, std::uint32_t expected,
                                       std::uint32_t wanted);

/// A string without its NUL, at the start of `room`; returns its length.
/// Errors: BadAddress; NameTooLong (no NUL in room.size() bytes).
Result<std::uint32_t> copy_string_from(std::span<char> room, mm::VirtAddr from);

/// A structure or number. Errors: BadAddress.
template <typename T>
Result<T> read(mm::VirtAddr from) {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    TRY(copy_from(&value, from, sizeof(T)));
    return value;
}
template <typename T>
Result<void> write(mm::VirtAddr to, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    return copy_to(to, &value, sizeof(T));
}

}  // namespace quire::user
