// Who asks, and whether they may: users, groups, the nine permission bits, and how large files get.
//
//     permissions   owner rwx | group rwx | others rwx
//                   the first of the three classes that fits the asker decides, and no other
//
// User 0 may read and write everything, search every directory, and execute what anybody may
// execute. (Linux: fs/namei.c, generic_permission.)
#pragma once

#include <array>
#include <cstdint>

#include "fs/node.h"

namespace quire::fs {

struct Credentials {
    static constexpr std::uint32_t kMostGroups = 32;
    static constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

    std::uint32_t user = 0;  // effective: these decide
    std::uint32_t group = 0;
    std::uint32_t real_user = 0;  // access(2) asks with these
    std::uint32_t real_group = 0;
    std::array<std::uint32_t, kMostGroups> groups{};  // supplementary
    std::uint32_t group_count = 0;
    std::uint64_t most_file_bytes = kNoLimit;  // no file is made larger (RLIMIT_FSIZE)

    [[nodiscard]] bool is_root() const { return user == 0; }
    [[nodiscard]] bool in_group(std::uint32_t wanted) const {
        for (std::uint32_t i = 0; i < group_count; ++i)
            if (groups[i] == wanted) return true;
        return group == wanted;
    }
    /// Who owns a node may change what it says of itself.
    [[nodiscard]] bool owns(const Attributes& node) const { return is_root() || user == node.user; }
};

/// What is to be done with a node: the bits of one permission class, and of access(2). With a
/// directory, Execute is to search it.
struct Wish {
    static constexpr std::uint32_t kExecute = 1;
    static constexpr std::uint32_t kWrite = 2;
    static constexpr std::uint32_t kRead = 4;
};

/// Whether `who` may do all of `wish` with the node.
bool may(const Credentials& who, const Attributes& node, std::uint32_t wish);

/// may() for a name that is made or removed in `directory`.
/// Errors: AccessDenied; those of attributes().
Result<void> check_may_change(const Credentials& who, Node& directory);

/// Whether the name of `node` may be taken out of `directory`, as far as the sticky bit goes: in a
/// directory that has it, only by the owner of either.
bool sticky_allows(const Credentials& who, const Attributes& directory, const Attributes& node);

/// The permissions a file keeps when somebody but root writes to it or it changes hands: no suid,
/// and no sgid where the group may execute.
std::uint16_t without_privileges(std::uint16_t permissions);

}  // namespace quire::fs
