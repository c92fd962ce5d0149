// Attributes: stat, access, chmod, chown, utimes, truncate.
#include "fs/file_calls.h"
#include "kernel/abi/fcntl.h"
#include "kernel/abi/stat.h"

namespace quire::fs {

using namespace abi;

namespace {

constexpr std::uint32_t kUnchanged = ~0U;

LastLink last_link_of(std::uint32_t flags) {
    return (flags & kAtNoFollow) != 0 ? LastLink::Keep : LastLink::Follow;
}

std::optional<Timestamp> time_of(const TimeChange& change, Timestamp now) {
    switch (change.kind) {
    case TimeChange::Kind::Given:
        return change.time;
    case TimeChange::Kind::Now:
        return now;
    case TimeChange::Kind::Omit:
        return std::nullopt;
    }
    ASSERT_UNREACHABLE();
}

}  // namespace

Result<Status> FileCalls::status_of(Node& node) {
    return Status{TRY(node.attributes()), node.file_system().device()};
}

Result<Status> FileCalls::stat(std::int32_t at, std::string_view path, std::uint32_t flags) {
    if ((flags & ~(kAtNoFollow | kAtEmptyPath)) != 0) return Error::InvalidArgument;
    if (path.empty() && (flags & kAtEmptyPath) != 0) {
        if (at == kAtWorkingDirectory) return status_of(*view_.directory);
        return fstat(static_cast<Descriptor>(at));
    }
    const NodeRef node = TRY(find(at, path, last_link_of(flags)));
    return status_of(*node);
}

Result<Status> FileCalls::fstat(Descriptor descriptor) {
    const FileRef file = TRY(table_.file(descriptor));
    return status_of(*file->node());
}

Result<void> FileCalls::access(std::int32_t at, std::string_view path, std::uint32_t mode,
                               std::uint32_t flags) {
    if (mode > 7 || (flags & ~(kAtNoFollow | kAtEffectiveIds)) != 0) return Error::InvalidArgument;
    Credentials asks = who_;
    if ((flags & kAtEffectiveIds) == 0) {
        asks.user = who_.real_user;
        asks.group = who_.real_group;
    }
    TRY(PathWalk::check(path));
    const NodeRef begin = TRY(start(at, path));
    PathWalk walk(layer_, asks, view_.root, begin);
    const NodeRef node = TRY(walk.find(path, last_link_of(flags)));
    const bool device = node->kind() != NodeKind::File && node->kind() != NodeKind::Directory;
    if ((mode & kAccessWrite) != 0 && !device) TRY(check_writable(*node));
    const Attributes attributes = TRY(node->attributes());
    if (!may(asks, attributes, mode)) return Error::AccessDenied;
    return {};
}

Result<void> FileCalls::chmod(std::int32_t at, std::string_view path, std::uint32_t mode) {
    const NodeRef node = TRY(find(at, path, LastLink::Follow));
    return change_mode(*node, mode);
}

Result<void> FileCalls::fchmod(Descriptor descriptor, std::uint32_t mode) {
    const FileRef file = TRY(table_.file(descriptor));
    return change_mode(*file->node(), mode);
}

// Who is not in the group of a file cannot make it sgid. (Linux: setattr_prepare.)
Result<void> FileCalls::change_mode(Node& node, std::uint32_t mode) {
    TRY(check_writable(node));
    const Attributes attributes = TRY(node.attributes());
    if (!who_.owns(attributes)) return Error::NotPermitted;
    mode &= kModePermissions;
    if (!who_.is_root() && !who_.in_group(attributes.group)) mode &= ~kModeSetGroup;
    AttributeChange change;
    change.permissions = static_cast<std::uint16_t>(mode);
    return node.change(change);
}

Result<void> FileCalls::chown(std::int32_t at, std::string_view path, std::uint32_t user,
                              std::uint32_t group, std::uint32_t flags) {
    if ((flags & ~(kAtNoFollow | kAtEmptyPath)) != 0) return Error::InvalidArgument;
    if (path.empty() && (flags & kAtEmptyPath) != 0)
        return fchown(static_cast<Descriptor>(at), user, group);
    const NodeRef node = TRY(find(at, path, last_link_of(flags)));
    return change_owner(*node, user, group);
}

Result<void> FileCalls::fchown(Descriptor descriptor, std::uint32_t user, std::uint32_t group) {
    const FileRef file = TRY(table_.file(descriptor));
    return change_owner(*file->node(), user, group);
}

// Only root gives files away; the owner may give one to another group of his own. What changes
// hands loses suid and sgid.
Result<void> FileCalls::change_owner(Node& node, std::uint32_t user, std::uint32_t group) {
    TRY(check_writable(node));
    const Attributes attributes = TRY(node.attributes());
    AttributeChange change;
    if (user != kUnchanged) {
        const bool same = user == attributes.user && who_.user == attributes.user;
        if (!who_.is_root() && !same) return Error::NotPermitted;
        change.user = user;
    }
    if (group != kUnchanged) {
        const bool own =
            who_.user == attributes.user && (who_.in_group(group) || group == attributes.group);
        if (!who_.is_root() && !own) return Error::NotPermitted;
        change.group = group;
    }
    if (node.kind() != NodeKind::Directory)
        change.permissions = without_privileges(attributes.permissions);
    return node.change(change);
}

Result<void> FileCalls::utimes(std::int32_t at, std::string_view path, const TimeChange& accessed,
                               const TimeChange& modified, std::uint32_t flags) {
    if ((flags & ~kAtNoFollow) != 0) return Error::InvalidArgument;
    const NodeRef node = TRY(find(at, path, last_link_of(flags)));
    return change_times(*node, accessed, modified);
}

Result<void> FileCalls::futimes(Descriptor descriptor, const TimeChange& accessed,
                                const TimeChange& modified) {
    const FileRef file = TRY(table_.file(descriptor));
    return change_times(*file->node(), accessed, modified);
}

Result<void> FileCalls::change_times(Node& node, const TimeChange& accessed,
                                     const TimeChange& modified) {
    using Kind = TimeChange::Kind;
    if (accessed.kind == Kind::Omit && modified.kind == Kind::Omit) return {};
    TRY(check_writable(node));
    const Attributes attributes = TRY(node.attributes());
    const bool both_now = accessed.kind == Kind::Now && modified.kind == Kind::Now;
    if (!who_.owns(attributes)) {
        if (!both_now) return Error::NotPermitted;
        if (!may(who_, attributes, Wish::kWrite)) return Error::AccessDenied;
    }
    const Timestamp now = time_.now();
    AttributeChange change;
    change.accessed = time_of(accessed, now);
    change.modified = time_of(modified, now);
    return node.change(change);
}

Result<void> FileCalls::truncate(std::string_view path, std::int64_t bytes) {
    if (bytes < 0) return Error::InvalidArgument;
    const NodeRef node = TRY(find(kAtWorkingDirectory, path, LastLink::Follow));
    if (node->kind() == NodeKind::Directory) return Error::IsDirectory;
    if (node->kind() != NodeKind::File) return Error::InvalidArgument;
    TRY(check_writable(*node));
    const Attributes attributes = TRY(node->attributes());
    if (!may(who_, attributes, Wish::kWrite)) return Error::AccessDenied;
    if (node->is_run()) return Error::TextBusy;
    TRY(check_growth(*node, static_cast<std::uint64_t>(bytes)));
    TRY(drop_privileges(*node, who_));
    return node->resize(static_cast<std::uint64_t>(bytes));
}

}  // namespace quire::fs
