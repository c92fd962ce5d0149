// Flags of clone(2), and the descriptor of thread-local storage. (Linux: uapi/linux/sched.h,
// asm/ldt.h.)
#pragma once

#include <cstdint>

namespace quire::abi {

inline constexpr std::uint32_t kCloneSignal = 0xFF;  // what the parent gets at the end
inline constexpr std::uint32_t kCloneVm = 0x100;
inline constexpr std::uint32_t kCloneFs = 0x200;
inline constexpr std::uint32_t kCloneFiles = 0x400;
inline constexpr std::uint32_t kCloneSighand = 0x800;
inline constexpr std::uint32_t kClonePidfd = 0x1000;
inline constexpr std::uint32_t kCloneVfork = 0x4000;
inline constexpr std::uint32_t kCloneParent = 0x8000;
inline constexpr std::uint32_t kCloneThread = 0x10000;
inline constexpr std::uint32_t kCloneSysvsem = 0x40000;
inline constexpr std::uint32_t kCloneSettls = 0x80000;
inline constexpr std::uint32_t kCloneParentSettid = 0x100000;
inline constexpr std::uint32_t kCloneChildCleartid = 0x200000;
inline constexpr std::uint32_t kCloneDetached = 0x400000;
inline constexpr std::uint32_t kCloneUntraced = 0x800000;
inline constexpr std::uint32_t kCloneChildSettid = 0x1000000;
inline constexpr std::uint32_t kCloneNewSpaces = 0x7E020000;  // all of CLONE_NEW...

/// struct user_desc
struct UserDescriptor {
    std::uint32_t entry;
    std::uint32_t base;
    std::uint32_t limit;
    std::uint32_t flags;
};
inline constexpr std::uint32_t kDescriptorAnyEntry = ~0U;
inline constexpr std::uint32_t kDescriptor32Bit = 1U << 0;
inline constexpr std::uint32_t kDescriptorContents = 3U << 1;  // 0 data, 1 grows down, 2, 3 code
inline constexpr std::uint32_t kDescriptorReadOnly = 1U << 3;
inline constexpr std::uint32_t kDescriptorLimitInPages = 1U << 4;
inline constexpr std::uint32_t kDescriptorAbsent = 1U << 5;
inline constexpr std::uint32_t kDescriptorUseable = 1U << 6;

}  // namespace quire::abi
