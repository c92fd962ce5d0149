#include "fs/name_search.h"

#include "fs/mount_table.h"
#include "fs/path.h"
#include "libc/string.h"

namespace quire::fs {

namespace {

bool is_dots(std::string_view name) {
    return name == "." || name == "..";
}

// A path that grows and shrinks by names.
class GrowingPath {
  public:
    explicit GrowingPath(std::span<char> room) : room_(room) {}
    [[nodiscard]] std::string_view text() const { return {room_.data(), length_}; }

    Result<void> push(std::string_view name) {
        if (name.size() + 1 > room_.size() - length_) return Error::NameTooLong;
        room_[length_++] = '/';
        memcpy(room_.data() + length_, name.data(), name.size());
        length_ += name.size();
        return {};
    }
    void pop() {
        while (room_[--length_] != '/') {
        }
    }
    /// Precondition: `path` begins with '/', and lies in the room or elsewhere.
    void begin(std::string_view path) {
        length_ = path == "/" ? 0 : path.size();
        memmove(room_.data(), path.data(), length_);
    }

  private:
    std::span<char> room_;
    std::size_t length_ = 0;
};

// Stops at the node that is looked for, or at the next directory.
class Look final : public DirectoryVisitor {
  public:
    Look(std::uint32_t wanted, GrowingPath& path) : wanted_(wanted), path_(path) {}
    bool visit(const DirectoryEntry& entry) override {
        if (is_dots(entry.name)) return true;
        found_ = entry.number == wanted_;
        if (!found_ && entry.kind != NodeKind::Directory) return true;
        name_bytes = entry.name.size();
        pushed = path_.push(entry.name);
        stopped = true;
        return false;
    }
    [[nodiscard]] bool found() const { return found_; }
    bool stopped = false;
    std::size_t name_bytes = 0;
    Result<void> pushed;

  private:
    std::uint32_t wanted_;
    GrowingPath& path_;
    bool found_ = false;
};

// Goes to the entry after that of directory `number`.
class Pass final : public DirectoryVisitor {
  public:
    explicit Pass(std::uint32_t number) : number_(number) {}
    bool visit(const DirectoryEntry& entry) override {
        if (passed_) return false;
        passed_ = entry.number == number_ && !is_dots(entry.name);
        return true;
    }

  private:
    std::uint32_t number_;
    bool passed_ = false;
};

// Back from `directory` to its parent, behind its own entry there.
Result<void> go_up(NodeRef& directory, std::uint64_t& position, GrowingPath& path) {
    Pass pass(TRY(directory->attributes()).number);
    directory = TRY(directory->parent());
    position = 0;
    path.pop();
    return directory->read_directory(position, pass);
}

// Depth first, from the root of a file system; `path` is the root's.
Result<void> search(NodeRef root, std::uint32_t wanted, GrowingPath& path) {
    NodeRef directory = root;
    std::uint64_t position = 0;
    for (;;) {
        Look look(wanted, path);
        TRY(directory->read_directory(position, look));
        TRY(look.pushed);
        if (look.found()) return {};
        if (look.stopped) {
            const std::string_view text = path.text();
            directory = TRY(directory->look_up(text.substr(text.size() - look.name_bytes)));
            position = 0;
        } else if (directory.get() == root.get()) {
            return Error::NotFound;
        } else {
            TRY(go_up(directory, position, path));
        }
    }
}

}  // namespace

// A file without a name is not looked for: that would go through all directories for nothing.
Result<std::string_view> find_path(FileLayer& layer, Node& node, std::span<char> room) {
    const Attributes attributes = TRY(node.attributes());
    if (attributes.links == 0) return Error::NotFound;
    if (node.kind() == NodeKind::Directory)
        return path_of(layer, layer.mounts.root(), NodeRef(node), room);
    NodeRef root;
    layer.mounts.walk([&](const Mount& mount) {
        if (&mount.file_system == &node.file_system()) root = mount.root;
    });
    if (!root) return Error::NotFound;
    GrowingPath path(room);
    path.begin(TRY(path_of(layer, layer.mounts.root(), root, room)));
    TRY(search(root, attributes.number, path));
    return path.text();
}

}  // namespace quire::fs
