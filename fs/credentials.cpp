#include "fs/credentials.h"

#include "kernel/abi/stat.h"

namespace quire::fs {

bool may(const Credentials& who, const Attributes& node, std::uint32_t wish) {
    std::uint32_t bits = node.permissions;
    if (who.user == node.user) {
        bits >>= 6;
    } else if (who.in_group(node.group)) {
        bits >>= 3;
    }
    if ((wish & ~bits & 7) == 0) return true;
    if (!who.is_root()) return false;
    if (node.kind == NodeKind::Directory || (wish & Wish::kExecute) == 0) return true;
    return (node.permissions & 0111) != 0;
}

Result<void> check_may_change(const Credentials& who, Node& directory) {
    const Attributes attributes = TRY(directory.attributes());
    if (!may(who, attributes, Wish::kWrite | Wish::kExecute)) return Error::AccessDenied;
    return {};
}

bool sticky_allows(const Credentials& who, const Attributes& directory, const Attributes& node) {
    if ((directory.permissions & abi::kModeSticky) == 0) return true;
    return who.owns(node) || who.user == directory.user;
}

std::uint16_t without_privileges(std::uint16_t permissions) {
    std::uint32_t kept = permissions & ~abi::kModeSetUser;
    if ((kept & abi::kModeGroupExecute) != 0) kept &= ~abi::kModeSetGroup;
    return static_cast<std::uint16_t>(kept);
}

}  // namespace quire::fs
