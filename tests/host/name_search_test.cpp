// fs/name_search: the way back from a node to its path.
#include "fs/name_search.h"

#include "tests/host/file_machine.h"

namespace quire::fs {
namespace {

using test::answer;
using test::FileTest;

class NameSearch : public FileTest {
  protected:
    NodeRef node(std::string_view path) {
        EXPECT_EQ(p.open(path), "OK");
        const NodeRef found = p.calls.file(p.last).value()->node();
        EXPECT_TRUE(p.calls.close(p.last).ok());
        return found;
    }
    std::string find(const NodeRef& wanted, std::size_t bytes = 4096) {
        std::vector<char> room(bytes);
        const auto path = find_path(world.layer, *wanted, room);
        return path.ok() ? std::string(path.value()) : answer(path);
    }
    std::string find(std::string_view path) { return find(node(path)); }
};

TEST_F(NameSearch, FindsFilesAtEveryDepth) {
    p.mkdir("/a");
    p.mkdir("/a/b");
    p.mkdir("/c");
    p.mkdir("/c/d");
    p.put("/first", "");
    p.put("/a/b/deep", "");
    p.put("/a/after", "");
    p.put("/c/d/last", "");
    for (const char* path : {"/first", "/a/b/deep", "/a/after", "/c/d/last"})
        EXPECT_EQ(find(path), path);
}

TEST_F(NameSearch, KnowsDirectories) {
    p.mkdir("/a");
    p.mkdir("/a/b");
    EXPECT_EQ(find("/a/b"), "/a/b");
    EXPECT_EQ(find("/"), "/");
}

TEST_F(NameSearch, FollowsARename) {
    p.mkdir("/a");
    p.put("/old", "");
    const NodeRef file = node("/old");
    EXPECT_EQ(p.rename("/old", "/a/new"), "OK");
    EXPECT_EQ(find(file), "/a/new");
}

TEST_F(NameSearch, TellsOneOfSeveralNames) {
    p.put("/x", "");
    EXPECT_EQ(p.link("/x", "/y"), "OK");
    const NodeRef file = node("/x");
    EXPECT_EQ(p.unlink("/x"), "OK");
    EXPECT_EQ(find(file), "/y");
}

TEST_F(NameSearch, WhatWasDeletedHasNoName) {
    p.put("/gone", "");
    const NodeRef file = node("/gone");
    EXPECT_EQ(p.unlink("/gone"), "OK");
    EXPECT_EQ(find(file), "ENOENT");
}

TEST_F(NameSearch, APipeHasNoName) {
    const PipeEnds ends = p.calls.pipe(0).value();
    EXPECT_EQ(find(p.calls.file(ends.read).value()->node()), "ENOENT");
}

TEST_F(NameSearch, StaysOnTheFileSystemOfTheNode) {
    Tmpfs other(world.parts(), {.permissions = 0755});
    p.mkdir("/m");
    p.mkdir("/m/n");
    ASSERT_TRUE(world.mounts.mount(other, node("/m/n"), "other").ok());
    p.put("/m/n/file", "");
    p.put("/file", "");
    EXPECT_EQ(find("/m/n/file"), "/m/n/file");
    EXPECT_EQ(find("/file"), "/file");
    EXPECT_EQ(find("/m/n"), "/m/n");
    NodeRef root = node("/m/n");
    Node& there = *root;
    root = {};
    EXPECT_TRUE(world.mounts.unmount(there).ok());
}

TEST_F(NameSearch, NeedsRoomForThePathAndForThoseOnTheWay) {
    p.mkdir("/directory");
    p.put("/directory/file", "");
    const NodeRef file = node("/directory/file");
    EXPECT_EQ(find(file, 15), "/directory/file");
    EXPECT_EQ(find(file, 14), "ENAMETOOLONG");
}

}  // namespace
}  // namespace quire::fs
