// From a path to a node: the walk, name by name.
//
//     /usr/lib/x/     root --look_up("usr")--> node --look_up("lib")--> node      last: "x", slash
//
// to_parent() walks to the directory that holds the last name and leaves that name untouched, as
// what comes next depends on the call: open looks it up or makes it, unlink removes it, stat
// follows it. find() is for those who want the node and nothing else.
//
// A symbolic link in the way is replaced by its target: the text still to walk becomes target, '/',
// rest, in a frame of its own, which is taken when the first link is met. As in POSIX, that text
// may have 4,095 bytes at most (on Linux each target may): a circle of links that makes it longer
// and longer is NameTooLong where Linux says ELOOP. A link of /proc may lead to its node directly.
//
// `..` asks the directory for its parent (Node::parent), at the root of a mount that of the
// directory it covers; it never leads out of the process's root. A file system may remember where
// names lead to (fs/ext2_name_cache.h); the walk itself does not. path_resolution(7).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "fs/credentials.h"
#include "fs/file_layer.h"
#include "fs/node.h"
#include "mm/owned_frame.h"

namespace quire::fs {

/// What becomes of a symbolic link at the end of a path.
enum class LastLink : std::uint8_t { Follow, Keep };

class PathWalk {
  public:
    static constexpr std::uint32_t kLongestPath = 4095;
    static constexpr std::uint32_t kLongestName = 255;
    static constexpr std::uint32_t kMostLinks = 40;

    /// What the last name is. Root: there is none, the path is all slashes.
    enum class Last : std::uint8_t { Name, Dot, DotDot, Root };

    /// Relative paths begin at `start`. Everything handed in must stay; takes no memory.
    PathWalk(FileLayer& layer, const Credentials& who, const NodeRef& root, NodeRef start)
        : layer_(layer), who_(who), root_(root), directory_(std::move(start)) {}

    /// Errors: NotFound (the empty path), NameTooLong.
    static Result<void> check(std::string_view path);

    /// Walks to the directory of the last name. `path` must stay as long as this. May sleep.
    /// Errors: those of check(); NotFound, NotDirectory, AccessDenied (a directory in the way may
    /// not be searched), NameTooLong, LinkLoop, OutOfMemory, IoError, Corrupted.
    Result<void> to_parent(std::string_view path);

    // After to_parent():
    [[nodiscard]] const NodeRef& directory() const { return directory_; }
    [[nodiscard]] Last last() const { return last_; }
    /// The last name; empty for Last::Root.
    [[nodiscard]] std::string_view name() const { return name_; }
    /// Whether slashes follow it: what it names must be a directory.
    [[nodiscard]] bool has_slash() const { return slash_; }

    /// What the last name stands for, a link not followed. Errors: NotFound, NameTooLong, ...
    Result<NodeRef> look_up_last();
    /// The node that `link`, which the last name stands for, leads to by itself; empty: its target
    /// is walked, as to_parent(), and there is another last name.
    Result<NodeRef> follow(Node& link);

    /// The whole path's node. After slashes a link is followed all the same. May sleep.
    /// Errors: as to_parent(); NotDirectory also if slashes follow what is none.
    Result<NodeRef> find(std::string_view path, LastLink last);

  private:
    Result<void> walk();
    Result<NodeRef> step(std::string_view name);
    Result<NodeRef> up();
    Result<void> check_search();
    Result<NodeRef> enter(Node& link, std::string_view rest);
    Result<void> put_target_before(Node& link, std::string_view rest);
    std::string_view take_name();

    FileLayer& layer_;
    const Credentials& who_;
    const NodeRef& root_;
    NodeRef directory_;
    std::string_view rest_;  // still to walk
    std::string_view name_;
    mm::OwnedFrame text_;  // what `rest_` and `name_` lie in, once a link was met
    std::uint32_t links_ = 0;
    Last last_ = Last::Root;
    bool slash_ = false;
};

/// The path from `root` to `directory`, at the end of `room`; at most kLongestPath bytes. May
/// sleep. Errors: NotFound (it was removed, or is not below `root`), NameTooLong (no room).
Result<std::string_view> path_of(FileLayer& layer, const NodeRef& root, NodeRef directory,
                                 std::span<char> room);

/// Whether `node` is `ancestor` or lies below it, both of one file system. May sleep.
Result<bool> is_within(const Node& ancestor, NodeRef node);

}  // namespace quire::fs
