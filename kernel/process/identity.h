// Who a process is: the rules by which it changes its user and group ids. credentials(7).
//
//     real        who started it            setuid(2) of root sets all three,
//     effective   whom it may act as        everybody else goes back and forth
//     saved       whom it may become again  between those it has
//
// kUnchanged leaves an id as it is where the call knows of it. Each checks first: nothing has
// changed after an error. A process whose effective ids change is not dumpable from then on.
// Errors: NotPermitted (EPERM), InvalidArgument (kUnchanged where an id must be).
// (Linux: kernel/sys.c, kernel/groups.c.) Locking is the caller's.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/base/result.h"
#include "kernel/process/process.h"

namespace quire::kernel {

inline constexpr std::uint32_t kUnchanged = ~0U;

/// An id of 16 bits that an older program hands in: its 0xFFFF is kUnchanged.
constexpr std::uint32_t widened_id(std::uint32_t id) {
    constexpr std::uint32_t kUnchanged16 = 0xFFFF;
    return (id & kUnchanged16) == kUnchanged16 ? kUnchanged : id & kUnchanged16;
}
/// An id as an older program is told it: 65534 where 16 bits are not enough.
constexpr std::uint32_t narrowed_id(std::uint32_t id) {
    constexpr std::uint32_t kMost16 = 0xFFFF;
    constexpr std::uint32_t kDoesNotFit = 65534;
    return id > kMost16 ? kDoesNotFit : id;
}

/// The three ids of a kind, as getresuid(2) tells them.
struct IdSet {
    std::uint32_t real, effective, saved;
    constexpr bool operator==(const IdSet&) const = default;
    [[nodiscard]] constexpr bool has(std::uint32_t id) const {
        return id == real || id == effective || id == saved;
    }
};

[[nodiscard]] IdSet user_ids(const Process& process);
[[nodiscard]] IdSet group_ids(const Process& process);

/// setuid(2), setgid(2).
Result<void> set_user(Process& process, std::uint32_t id);
Result<void> set_group(Process& process, std::uint32_t id);
/// setreuid(2), setregid(2).
Result<void> set_users(Process& process, std::uint32_t real, std::uint32_t effective);
Result<void> set_groups(Process& process, std::uint32_t real, std::uint32_t effective);
/// setresuid(2), setresgid(2).
Result<void> set_users(Process& process, const IdSet& wanted);
Result<void> set_groups(Process& process, const IdSet& wanted);
/// setgroups(2): supplementary ones. Errors: InvalidArgument (more than kMostGroups).
Result<void> set_supplementary(Process& process, std::span<const std::uint32_t> groups);

/// Whether `who` may do to `whom` what its own user may: the real id of one is the other's.
[[nodiscard]] bool is_own(const Process& who, const Process& whom);

/// Whether `who`, with the user and group that count, may look into the memory of `whom`: its own,
/// root's, or one that may be dumped and has only these ids. (Linux: ptrace_may_access.)
[[nodiscard]] bool may_trace(const Process& who, std::uint32_t user, std::uint32_t group,
                             const Process& whom);

}  // namespace quire::kernel
