// Random file calls on a tmpfs against a tree of maps and strings: names, links, contents, errno
// values. A seed that fails is printed, and can be given back (tests/host/seed.h).
#include <algorithm>
#include <memory>
#include <set>

#include "tests/host/file_machine.h"
#include "tests/host/seed.h"

namespace quire::fs {
namespace {

using namespace abi;
using test::FileTest;
using test::Random;

/// A file system as simple as can be, with the errno values of Linux.
class Tree {
  public:
    struct Node {
        NodeKind kind;
        std::string text;  // of a file, or the target of a link
        std::map<std::string, std::shared_ptr<Node>> names;
        Node* parent = nullptr;
        std::uint32_t links = 0;
    };
    using Ref = std::shared_ptr<Node>;

    Tree() : root_(std::make_shared<Node>(Node{NodeKind::Directory, {}, {}, nullptr, 0})) {
        root_->parent = root_.get();
    }
    [[nodiscard]] const Ref& root() const { return root_; }

    struct Place {
        std::string error = "OK";
        Node* parent = nullptr;
        std::string name;  // empty: the root itself
    };

    /// Where the last name of a path belongs. Paths here have no `.`, `..` and slashes at the end.
    Place find_place(const std::string& path) {
        int links = 0;
        return walk(*root_, path, links);
    }
    /// The node, or null and why.
    std::pair<Ref, std::string> find(const std::string& path, bool follow) {
        int links = 0;
        return find_from(*root_, path, follow, links);
    }

    std::string make(const std::string& path, NodeKind kind, const std::string& text) {
        const Place place = find_place(path);
        if (place.error != "OK") return place.error;
        if (place.parent->names.count(place.name) != 0) return "EEXIST";
        add(*place.parent, place.name,
            std::make_shared<Node>(Node{kind, text, {}, place.parent, 0}));
        return "OK";
    }
    std::string write(const std::string& path, const std::string& text) {
        int links = 0;
        return write_from(*root_, path, text, links);
    }
    std::string link(const std::string& from, const std::string& to) {
        const auto [node, error] = find(from, false);
        if (node == nullptr) return error;
        const Place place = find_place(to);
        if (place.error != "OK") return place.error;
        if (place.parent->names.count(place.name) != 0) return "EEXIST";
        if (node->kind == NodeKind::Directory) return "EPERM";
        add(*place.parent, place.name, node);
        return "OK";
    }
    std::string remove(const std::string& path, bool directory) {
        const Place place = find_place(path);
        if (place.error != "OK") return place.error;
        const auto at = place.parent->names.find(place.name);
        if (at == place.parent->names.end()) return "ENOENT";
        const bool is = at->second->kind == NodeKind::Directory;
        if (directory && !is) return "ENOTDIR";
        if (!directory && is) return "EISDIR";
        if (is && !at->second->names.empty()) return "ENOTEMPTY";
        --at->second->links;
        place.parent->names.erase(at);
        return "OK";
    }
    std::string rename(const std::string& from, const std::string& to) {
        const Place old_place = find_place(from);
        if (old_place.error != "OK") return old_place.error;
        const Place new_place = find_place(to);
        if (new_place.error != "OK") return new_place.error;
        const auto at = old_place.parent->names.find(old_place.name);
        if (at == old_place.parent->names.end()) return "ENOENT";
        const Ref moved = at->second;
        const bool directory = moved->kind == NodeKind::Directory;
        if (directory && is_within(*moved, new_place.parent)) return "EINVAL";
        const auto target = new_place.parent->names.find(new_place.name);
        if (target != new_place.parent->names.end()) {
            const Ref replaced = target->second;
            const bool onto = replaced->kind == NodeKind::Directory;
            if (onto && is_within(*replaced, old_place.parent)) return "ENOTEMPTY";
            if (replaced == moved) return "OK";
            if (directory && !onto) return "ENOTDIR";
            if (!directory && onto) return "EISDIR";
            if (onto && !replaced->names.empty()) return "ENOTEMPTY";
            --replaced->links;
            new_place.parent->names.erase(target);
        }
        old_place.parent->names.erase(old_place.name);
        --moved->links;
        add(*new_place.parent, new_place.name, moved);
        return "OK";
    }

  private:
    static void add(Node& parent, const std::string& name, const Ref& node) {
        parent.names[name] = node;
        node->parent = &parent;  // means something for directories only
        ++node->links;
    }
    bool is_within(const Node& ancestor, const Node* node) {
        for (;; node = node->parent) {
            if (node == &ancestor) return true;
            if (node == root_.get()) return false;
        }
    }
    Place walk(Node& start, const std::string& path, int& links) {
        Node* at = !path.empty() && path[0] == '/' ? root_.get() : &start;
        std::size_t from = path.find_first_not_of('/');
        for (;;) {
            const std::size_t end = path.find('/', from);
            const std::string name = path.substr(from, end - from);
            if (end == std::string::npos) return {"OK", at, name};
            const auto found = at->names.find(name);
            if (found == at->names.end()) return {"ENOENT", nullptr, {}};
            Ref node = found->second;
            if (node->kind == NodeKind::SymbolicLink) {
                if (++links > 40) return {"ELOOP", nullptr, {}};
                auto [target, error] = find_from(*at, node->text, true, links);
                if (target == nullptr) return {error, nullptr, {}};
                node = target;
            }
            if (node->kind != NodeKind::Directory) return {"ENOTDIR", nullptr, {}};
            at = node.get();
            from = path.find_first_not_of('/', end);
        }
    }
    std::pair<Ref, std::string> find_from(Node& start, const std::string& path, bool follow,
                                          int& links) {
        const Place place = walk(start, path, links);
        if (place.error != "OK") return {nullptr, place.error};
        const auto found = place.parent->names.find(place.name);
        if (found == place.parent->names.end()) return {nullptr, "ENOENT"};
        if (found->second->kind != NodeKind::SymbolicLink || !follow) return {found->second, "OK"};
        if (++links > 40) return {nullptr, "ELOOP"};
        return find_from(*place.parent, found->second->text, true, links);
    }
    std::string write_from(Node& start, const std::string& path, const std::string& text,
                           int& links) {
        const Place place = walk(start, path, links);
        if (place.error != "OK") return place.error;
        const auto found = place.parent->names.find(place.name);
        if (found == place.parent->names.end()) {
            add(*place.parent, place.name,
                std::make_shared<Node>(Node{NodeKind::File, text, {}, place.parent, 0}));
            return "OK";
        }
        if (found->second->kind == NodeKind::Directory) return "EISDIR";
        if (found->second->kind == NodeKind::SymbolicLink) {
            if (++links > 40) return "ELOOP";
            return write_from(*place.parent, found->second->text, text, links);
        }
        found->second->text = text;
        return "OK";
    }

    Ref root_;
};

class FileModel : public FileTest {
  protected:
    /// A path of up to four names out of a few, so that they meet.
    std::string path() {
        std::string result;
        for (std::size_t names = 1 + random.below(4); names != 0; --names) {
            result += random.below(8) == 0 ? "//" : "/";
            result += static_cast<char>('a' + random.below(4));
            if (random.below(6) == 0) result += std::string(40, 'x');
        }
        return result;
    }
    /// So short that forty of them fit into a path: a circle is then always ELOOP (fs/path.h).
    std::string target() {
        for (;;) {
            const std::string whole = path();
            if (whole.size() <= 90) return random.below(2) == 0 ? whole : whole.substr(1);
        }
    }

    std::string write_file(const std::string& where, const std::string& text) {
        const std::string opened =
            p.open(where, kOpenCreate | kOpenWriteOnly | kOpenTruncate, 0644);
        if (opened != "OK") return opened;
        EXPECT_EQ(p.write(p.last, text), std::to_string(text.size()));
        EXPECT_TRUE(p.calls.close(p.last).ok());
        return "OK";
    }
    void step() {
        const std::string a = path();
        const std::string b = path();
        switch (random.below(9)) {
        case 0:
        case 1:
            ASSERT_EQ(p.mkdir(a), tree.make(a, NodeKind::Directory, "")) << "mkdir " << a;
            break;
        case 2: {
            const std::string text(random.below(3) * 3000 + random.below(10),
                                   static_cast<char>('A' + random.below(26)));
            ASSERT_EQ(write_file(a, text), tree.write(a, text)) << "write " << a;
            break;
        }
        case 3: {
            std::string to = target();
            while (!to.empty() && to[0] == '/' && to.size() > 1 && to[1] == '/')
                to.erase(0, 1);
            ASSERT_EQ(p.symlink(to, a), tree.make(a, NodeKind::SymbolicLink, to))
                << "symlink " << a;
            break;
        }
        case 4:
            ASSERT_EQ(p.link(a, b), tree.link(a, b)) << "link " << a << " " << b;
            break;
        case 5:
            ASSERT_EQ(p.unlink(a), tree.remove(a, false)) << "unlink " << a;
            break;
        case 6:
            ASSERT_EQ(p.rmdir(a), tree.remove(a, true)) << "rmdir " << a;
            break;
        case 7:
            ASSERT_EQ(p.rename(a, b), tree.rename(a, b)) << "rename " << a << " " << b;
            break;
        case 8:
            ASSERT_EQ(p.stat(a), tree.find(a, true).second) << "stat " << a;
            break;
        }
    }
    void compare(const Tree::Node& node, const std::string& where) {
        const std::string here = where.empty() ? "/" : where;
        const auto names = p.list(here);
        ASSERT_EQ(names.size(), node.names.size()) << here;
        for (const auto& [name, child] : node.names) {
            const std::string below = where + "/" + name;
            ASSERT_EQ(names.count(name), 1U) << below;
            ASSERT_EQ(names.at(name), child->kind) << below;
            const Attributes attributes = p.attributes(below);
            switch (child->kind) {
            case NodeKind::Directory:
                compare(*child, below);
                break;
            case NodeKind::SymbolicLink:
                ASSERT_EQ(p.readlink(below), child->text);
                ASSERT_EQ(attributes.links, child->links) << below;
                break;
            default:
                ASSERT_EQ(p.get(below), child->text) << below;
                ASSERT_EQ(attributes.links, child->links) << below;
            }
        }
    }

    Tree tree;
    Random random{test::seed()};
};

TEST_F(FileModel, AgreesWithATreeInMemory) {
    for (int round = 0; round < 40; ++round) {
        for (int i = 0; i < 100; ++i) {
            step();
            if (HasFatalFailure()) return;
        }
        world.check();
        compare(*tree.root(), "");
        if (HasFatalFailure()) return;
    }
}

// The same, while every so-manieth allocation fails: a call that says ENOMEM has done nothing.
TEST_F(FileModel, AgreesWhenMemoryIsShort) {
    std::uint32_t failures = 0;
    for (int i = 0; i < 2000; ++i) {
        const std::string a = path();
        const std::string b = path();
        const std::string to = target();
        world.machine.machine.injector.fail_nth(1 + static_cast<std::uint32_t>(random.below(3)));
        const std::size_t what = random.below(4);
        std::string result;
        if (what == 0) result = p.mkdir(a);
        if (what == 1) result = p.symlink(to, a);
        if (what == 2) result = p.link(a, b);
        if (what == 3) result = p.rename(a, b);
        world.machine.machine.injector.fail_nth(0);
        if (i % 7 == 0) {
            world.machine.slabs.reclaim();  // so that slabs must be made again
        }
        if (result == "ENOMEM") {
            ++failures;
            continue;
        }
        std::string expected;
        if (what == 0) expected = tree.make(a, NodeKind::Directory, "");
        if (what == 1) expected = tree.make(a, NodeKind::SymbolicLink, to);
        if (what == 2) expected = tree.link(a, b);
        if (what == 3) expected = tree.rename(a, b);
        ASSERT_EQ(result, expected) << what << " " << a << " " << b;
    }
    EXPECT_GT(failures, 0U);
    world.check();
    compare(*tree.root(), "");
}

}  // namespace
}  // namespace quire::fs
