#include "fs/path.h"

#include "libc/string.h"
#include "mm/physical_window.h"

namespace quire::fs {

namespace {

// No path that fits into kLongestPath has more names. A damaged disk may have circles.
constexpr std::uint32_t kDeepest = 1U << 16;

std::string_view without_slashes(std::string_view text) {
    while (!text.empty() && text.front() == '/')
        text.remove_prefix(1);
    return text;
}

// Finds the name by which a directory is known to its parent.
class NameFinder final : public DirectoryVisitor {
  public:
    NameFinder(std::uint32_t number, std::span<char> room) : number_(number), room_(room) {}

    bool visit(const DirectoryEntry& entry) override {
        if (found) return false;
        if (entry.number != number_ || entry.name == "." || entry.name == "..") return true;
        found = true;
        length = entry.name.size();
        // The name goes to the end of the room, where a path grows towards the front.
        if (length < room_.size())
            memcpy(room_.data() + room_.size() - length, entry.name.data(), length);
        return true;
    }

    bool found = false;
    std::size_t length = 0;

  private:
    std::uint32_t number_;
    std::span<char> room_;
};

// Puts '/' and the name of `node` in `parent` at the end of `room`; answers what is left of it.
Result<std::span<char>> put_name(Node& parent, Node& node, std::span<char> room) {
    const Attributes attributes = TRY(node.attributes());
    NameFinder finder(attributes.number, room);
    std::uint64_t position = 0;
    TRY(parent.read_directory(position, finder));
    if (!finder.found) return Error::NotFound;
    if (finder.length >= room.size()) return Error::NameTooLong;
    const std::span<char> left = room.first(room.size() - finder.length);
    left.back() = '/';
    return left.first(left.size() - 1);
}

}  // namespace

Result<void> PathWalk::check(std::string_view path) {
    if (path.empty()) return Error::NotFound;
    if (path.size() > kLongestPath) return Error::NameTooLong;
    return {};
}

Result<void> PathWalk::to_parent(std::string_view path) {
    TRY(check(path));
    rest_ = path;
    return walk();
}

Result<NodeRef> PathWalk::look_up_last() {
    if (last_ == Last::Root) return layer_.mounts.seen_at(directory_);
    return step(name_);
}

Result<NodeRef> PathWalk::follow(Node& link) {
    NodeRef there = TRY(enter(link, slash_ ? "/" : ""));
    if (!there) TRY(walk());
    return there;
}

Result<NodeRef> PathWalk::find(std::string_view path, LastLink last) {
    TRY(to_parent(path));
    for (;;) {
        NodeRef node = TRY(look_up_last());
        const bool follows = last == LastLink::Follow || slash_;
        if (node->kind() == NodeKind::SymbolicLink && follows) {
            node = TRY(follow(*node));
            if (!node) continue;
        }
        if (slash_ && node->kind() != NodeKind::Directory) return Error::NotDirectory;
        return node;
    }
}

// Walks rest_ up to its last name, which goes to name_.
Result<void> PathWalk::walk() {
    if (rest_.front() == '/') directory_ = root_;
    for (;;) {
        rest_ = without_slashes(rest_);
        if (rest_.empty()) {
            last_ = Last::Root;
            name_ = {};
            slash_ = false;
            return {};
        }
        TRY(check_search());
        const std::string_view name = take_name();
        if (without_slashes(rest_).empty()) {
            name_ = name;
            slash_ = !rest_.empty();
            last_ = name == "." ? Last::Dot : name == ".." ? Last::DotDot : Last::Name;
            return {};
        }
        NodeRef next = TRY(step(name));
        if (next->kind() == NodeKind::SymbolicLink) {
            next = TRY(enter(*next, rest_));
            if (!next) {
                if (rest_.front() == '/') directory_ = root_;
                continue;
            }
        }
        if (next->kind() != NodeKind::Directory) return Error::NotDirectory;
        directory_ = std::move(next);
    }
}

std::string_view PathWalk::take_name() {
    std::size_t length = rest_.find('/');
    if (length == std::string_view::npos) length = rest_.size();
    const std::string_view name(rest_.data(), length);
    rest_.remove_prefix(length);
    return name;
}

Result<NodeRef> PathWalk::step(std::string_view name) {
    if (name == ".") return directory_;
    if (name == "..") return up();
    if (name.size() > kLongestName) return Error::NameTooLong;
    NodeRef node = TRY(directory_->look_up(name));
    return layer_.mounts.seen_at(std::move(node));
}

Result<NodeRef> PathWalk::up() {
    NodeRef node = directory_;
    for (;;) {
        if (node.get() == root_.get()) return node;
        const Mount* mount = layer_.mounts.mount_of_root(*node);
        if (mount == nullptr || !mount->covered) break;
        node = mount->covered;
    }
    NodeRef parent = TRY(node->parent());
    return layer_.mounts.seen_at(std::move(parent));
}

Result<void> PathWalk::check_search() {
    if (directory_->kind() != NodeKind::Directory) return Error::NotDirectory;
    if (who_.is_root()) return {};
    const Attributes attributes = TRY(directory_->attributes());
    if (!may(who_, attributes, Wish::kExecute)) return Error::AccessDenied;
    return {};
}

// The node it leads to; empty: its target is in front of `rest` now, and both are still to walk.
Result<NodeRef> PathWalk::enter(Node& link, std::string_view rest) {
    if (links_ == kMostLinks) return Error::LinkLoop;
    ++links_;
    NodeRef there = TRY(link.leads_to());
    if (!there) TRY(put_target_before(link, rest));
    return there;
}

// `rest` may lie in the frame that the new text goes to: it is moved to the end first.
Result<void> PathWalk::put_target_before(Node& link, std::string_view rest) {
    if (text_.empty()) text_ = TRY(layer_.take_frame());
    auto* text = reinterpret_cast<char*>(mm::frame_bytes(text_.number()));
    ASSERT(rest.size() <= kLongestPath);
    const std::size_t room = mm::kPageSize - rest.size();
    memmove(text + room, rest.data(), rest.size());
    const std::uint32_t length = TRY(link.read_link({text, room}));
    // A target that fills the room may have been cut, and would be too long in any case.
    if (length == room) return Error::NameTooLong;
    if (length == 0) return Error::NotFound;
    memmove(text + length, text + room, rest.size());
    rest_ = {text, length + rest.size()};
    return {};
}

Result<std::string_view> path_of(FileLayer& layer, const NodeRef& root, NodeRef directory,
                                 std::span<char> room) {
    std::span<char> left = room;
    while (directory.get() != root.get()) {
        const Mount* mount = layer.mounts.mount_of_root(*directory);
        if (mount != nullptr) {
            if (!mount->covered) return Error::NotFound;
            directory = mount->covered;
            continue;
        }
        NodeRef parent = TRY(directory->parent());
        if (parent.get() == directory.get()) return Error::NotFound;
        left = TRY(put_name(*parent, *directory, left));
        directory = std::move(parent);
    }
    if (left.size() == room.size()) {
        if (left.empty()) return Error::NameTooLong;
        left.back() = '/';
        left = left.first(left.size() - 1);
    }
    const std::size_t length = room.size() - left.size();
    if (length > PathWalk::kLongestPath) return Error::NameTooLong;
    return std::string_view(room.data() + left.size(), length);
}

Result<bool> is_within(const Node& ancestor, NodeRef node) {
    for (std::uint32_t depth = 0; depth < kDeepest; ++depth) {
        if (node.get() == &ancestor) return true;
        NodeRef parent = TRY(node->parent());
        if (parent.get() == node.get()) return false;
        node = std::move(parent);
    }
    return Error::Corrupted;
}

}  // namespace quire::fs
