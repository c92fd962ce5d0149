// From a node to a path: what /proc tells of files that somebody has open, mapped, or runs.
//
//     node 17 of ext2 on / --> /, /bin, /bin/sh (12), /etc, /etc/passwd (17)  -->  "/etc/passwd"
//
// Nothing remembers the names of nodes: what is kept of names (fs/ext2_name_cache.h) leads from a
// few of them to nodes, not back, and a file may have several, or none any more. So its number is
// looked for in the directories of its file system, one after the other; the first name that is
// found is told. That takes no memory but the path's own, and is right after each rename. O(names
// on the file system); for people, not for programs in a hurry.
#pragma once

#include <span>
#include <string_view>

#include "fs/file_layer.h"
#include "fs/node.h"

namespace quire::fs {

/// The path of `node` from the root of everything, in `room`, at most PathWalk::kLongestPath bytes.
/// May sleep. A node without users may be asked for, as long as it is there: one that only a
/// mapping keeps. Errors: NotFound (it has no name: deleted, a pipe), NameTooLong (no room), those
/// of reading directories.
Result<std::string_view> find_path(FileLayer& layer, Node& node, std::span<char> room);

}  // namespace quire::fs
