// The judges of what we write to a disk: mke2fs, e2fsck and debugfs, run on a DiskImage's content.
//
// They are programs of e2fsprogs, which shares nothing with fs/ext2. Without them the tests cannot
// say anything, so a missing one fails the running test and says how to get it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/host/disk_image.h"

namespace quire::test {

/// How a program ended, and all it said.
struct ToolRun {
    int code = -1;  // -1: it could not be run, or a signal ended it
    std::string output;
};

/// Runs a program of this machine with these words, and `input` to read.
ToolRun run_tool(const std::vector<std::string>& words, const std::string& input = {});

/// A folder for files between us and the tools; it goes when this goes.
class ScratchFolder {
  public:
    ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder();
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

  private:
    std::string folder_;
};

/// What mke2fs is to make.
struct Ext2Shape {
    std::uint32_t block_size = 1024;
    std::uint32_t blocks = 1024;
    std::uint32_t nodes = 128;
    std::uint32_t blocks_per_group = 0;  // 0: as mke2fs likes; else a multiple of 8
    std::uint32_t node_bytes = 128;      // of an inode on the disk
    std::uint32_t revision = 1;
    std::string features = "filetype,sparse_super";
    std::string tree = {};  // a folder of this machine, copied in
};

/// A file system fresh from mke2fs, the same bytes for the same shape; its root is nobody's but
/// root's, without reserved blocks. Empty, and the running test has failed, if mke2fs refuses.
DiskBytes make_ext2(const Ext2Shape& shape);

/// e2fsck -fn: 0 and nothing to complain about if the file system is whole. Changes nothing.
ToolRun check_ext2(const DiskBytes& content);

/// e2fsck -fp: repairs what it is safe to repair unasked (code 0 or 1), and gives up (code 4) where
/// somebody would have to be asked. `everything`: -fy, which always goes on.
ToolRun repair_ext2(DiskBytes& content, bool everything = false);

/// The answers of debugfs to these commands, one a line. `writes`: debugfs -w, whose changes are in
/// `content` afterwards.
std::string debugfs(DiskBytes& content, const std::string& commands, bool writes = false);

/// A node as debugfs sees it.
struct NodeOnDisk {
    std::uint32_t number = 0;
    std::uint32_t kind = 0;         // as fs::NodeKind
    std::uint32_t permissions = 0;  // 12 bits
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    std::uint32_t links = 0;
    std::uint64_t half_kib = 0;  // blocks of 512 bytes
    std::string bytes = {};      // of a file; the target of a symbolic link
};

/// The whole tree by path ("/a/b"), the root as "/". Names have no blanks and no slashes.
std::map<std::string, NodeOnDisk> read_back(const DiskBytes& content);

}  // namespace quire::test
