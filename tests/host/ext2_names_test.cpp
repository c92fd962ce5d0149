// Names on ext2: directories, links, removing, renaming in all its cases; other kinds of nodes.
#include <vector>

#include "tests/host/ext2_disk.h"

namespace quire::test {
namespace {

using fs::NodeKind;

class Ext2Names : public testing::TestWithParam<std::uint32_t> {
  protected:
    Ext2Disk m{
        Ext2Shape{.block_size = GetParam(), .blocks = (4U << 20) / GetParam(), .nodes = 512}};
};
INSTANTIATE_TEST_SUITE_P(BlockSizes, Ext2Names, testing::Values(1024, 2048, 4096));

TEST_P(Ext2Names, MakesDirectoriesInDirectories) {
    for (const char* path : {"/a", "/a/b", "/a/b/c", "/d"})
        ASSERT_TRUE(m.make_directory(path).ok());
    EXPECT_EQ(m.attributes("/a").links, 3U);
    EXPECT_EQ(m.attributes("/a/b/c").links, 2U);
    EXPECT_EQ(m.attributes("/").links, 5U);
    auto tree = m.judge();
    EXPECT_EQ(tree["/a/b/c"].kind, 4U);
    EXPECT_EQ(tree["/a/b/c"].permissions, 0755U);
}

TEST_P(Ext2Names, GrowsADirectoryAndFindsEveryName) {
    const auto name = [](unsigned i) { return "/d/a-rather-long-name-" + std::to_string(i); };
    ASSERT_TRUE(m.make_directory("/d").ok());
    for (unsigned i = 0; i < 300; ++i)
        ASSERT_TRUE(m.create(name(i)).ok()) << i;
    EXPECT_GT(m.attributes("/d").bytes, 2 * GetParam());
    EXPECT_EQ(m.names("/d").size(), 302U);
    for (unsigned i = 0; i < 300; i += 2)
        ASSERT_TRUE(m.remove(name(i)).ok()) << i;
    m.remount();
    for (unsigned i = 0; i < 300; ++i)
        EXPECT_EQ(m.find(name(i)).ok(), i % 2 == 1) << i;
    const std::uint64_t bytes = m.attributes("/d").bytes;
    for (unsigned i = 0; i < 300; i += 2)
        ASSERT_TRUE(m.create(name(i)).ok()) << i;
    EXPECT_EQ(m.attributes("/d").bytes, bytes);
    EXPECT_EQ(m.judge().size(), 3U + 300U);
}

TEST_P(Ext2Names, MakesOneRoomOfTwo) {
    struct Order final : fs::DirectoryVisitor {
        bool visit(const fs::DirectoryEntry& entry) override {
            names.emplace_back(entry.name);
            return true;
        }
        std::vector<std::string> names;
    } order;
    ASSERT_TRUE(m.make_directory("/d").ok());
    const std::string name(99, 'n');
    for (unsigned i = 0; i < 5; ++i)
        ASSERT_TRUE(m.create("/d/" + name + std::to_string(i)).ok());
    ASSERT_TRUE(m.remove("/d/" + name + "2").ok());
    ASSERT_TRUE(m.remove("/d/" + name + "3").ok());
    const std::string longer(200, 'm');
    ASSERT_TRUE(m.create("/d/" + longer).ok());
    std::uint64_t position = 0;
    ASSERT_TRUE(m.at("/d")->read_directory(position, order).ok());
    EXPECT_EQ(order.names,
              (std::vector<std::string>{".", "..", name + "0", name + "1", longer, name + "4"}));
    m.judge();
}

TEST_P(Ext2Names, ReadsADirectoryEntryByEntryWhileItChanges) {
    struct One final : fs::DirectoryVisitor {
        bool visit(const fs::DirectoryEntry& entry) override {
            if (!name.empty()) return false;
            name = entry.name;
            return true;
        }
        std::string name;
    };
    for (unsigned i = 0; i < 100; ++i)
        ASSERT_TRUE(m.create("/stays" + std::to_string(i)).ok());
    for (unsigned i = 0; i < 100; ++i)
        ASSERT_TRUE(m.create("/goes" + std::to_string(i)).ok());
    std::map<std::string, unsigned> seen;
    std::uint64_t position = 0;
    const fs::NodeRef root = m.at("/");
    for (unsigned i = 0;; ++i) {
        One one;
        ASSERT_TRUE(root->read_directory(position, one).ok());
        if (one.name.empty()) break;
        ++seen[one.name];
        if (i < 100) {
            ASSERT_TRUE(m.remove("/goes" + std::to_string(i)).ok());
        }
    }
    for (unsigned i = 0; i < 100; ++i)
        EXPECT_EQ(seen["stays" + std::to_string(i)], 1U) << i;
}

TEST_P(Ext2Names, TakesTheLongestNameAndEveryByte) {
    const std::string longest(255, 'n');
    ASSERT_TRUE(m.create("/" + longest).ok());
    ASSERT_TRUE(m.create("/\xC3\xA4 \x01").ok());
    m.remount();
    EXPECT_TRUE(m.find("/" + longest).ok());
    EXPECT_TRUE(m.find("/\xC3\xA4 \x01").ok());
    m.unmount();
    EXPECT_EQ(check_ext2(m.disk.content()).code, 0);
}

TEST_P(Ext2Names, RefusesWhatNamesCannotDo) {
    ASSERT_TRUE(m.make_directory("/d").ok());
    m.put("/d/f", "x");
    EXPECT_EQ(m.create("/d").error(), Error::AlreadyExists);
    EXPECT_EQ(m.remove("/none").error(), Error::NotFound);
    EXPECT_EQ(m.remove("/d").error(), Error::IsDirectory);
    EXPECT_EQ(m.remove_directory("/d/f").error(), Error::NotDirectory);
    EXPECT_EQ(m.remove_directory("/d").error(), Error::NotEmpty);
    EXPECT_EQ(m.link("/d", "/e").error(), Error::NotPermitted);
    EXPECT_EQ(m.link("/d/f", "/d").error(), Error::AlreadyExists);
    EXPECT_EQ(m.at("/d/f")->look_up("x").error(), Error::NotDirectory);
    EXPECT_EQ(m.at("/d")->resize(0).error(), Error::IsDirectory);
    EXPECT_EQ(Ext2Disk::write(*m.at("/d"), 0, "x").error(), Error::IsDirectory);
    m.judge();
}

TEST_P(Ext2Names, LetsNothingBeMadeInADirectoryThatIsGone) {
    ASSERT_TRUE(m.make_directory("/d").ok());
    {
        const fs::NodeRef open = m.at("/d");
        ASSERT_TRUE(m.remove_directory("/d").ok());
        EXPECT_EQ(open->create("f", {}).error(), Error::NotFound);
        EXPECT_EQ(open->look_up("f").error(), Error::NotFound);
    }
    m.judge();
}

TEST_P(Ext2Names, CountsHardLinks) {
    m.put("/f", "one file");
    ASSERT_TRUE(m.make_directory("/d").ok());
    ASSERT_TRUE(m.link("/f", "/d/g").ok());
    EXPECT_EQ(m.attributes("/f").links, 2U);
    EXPECT_EQ(m.attributes("/f").number, m.attributes("/d/g").number);
    ASSERT_TRUE(m.remove("/f").ok());
    EXPECT_EQ(m.get("/d/g"), "one file");
    EXPECT_EQ(m.judge()["/d/g"].links, 1U);
}

TEST_P(Ext2Names, StopsAtTheMostLinks) {
    m.put("/f", "x");
    m.unmount();
    debugfs(m.disk.content(), "sif /f links_count 32000", true);
    m.mount();
    EXPECT_EQ(m.link("/f", "/g").error(), Error::LinkLimit);
}

TEST_P(Ext2Names, KeepsShortAndLongSymbolicLinks) {
    const std::string targets[] = {"x", std::string(59, 's'), std::string(60, 'l'),
                                   std::string(GetParam() - 1, 'L')};
    for (unsigned i = 0; i < 4; ++i)
        ASSERT_TRUE(m.make_link("/l" + std::to_string(i), targets[i]).ok());
    EXPECT_EQ(m.make_link("/no", std::string(GetParam(), 'n')).error(), Error::NameTooLong);
    m.remount();
    for (unsigned i = 0; i < 4; ++i) {
        char text[5000];
        const auto bytes = m.at("/l" + std::to_string(i))->read_link(text).take();
        EXPECT_EQ(std::string_view(text, bytes), targets[i]);
        EXPECT_EQ(m.attributes("/l" + std::to_string(i)).half_kib, i < 2 ? 0 : GetParam() / 512);
    }
    char few[3];
    EXPECT_EQ(m.at("/l1")->read_link(few).take(), 3U);
    auto tree = m.judge();
    EXPECT_EQ(tree["/l1"].bytes, targets[1]);
    EXPECT_EQ(tree["/l3"].bytes, targets[3]);
    m.mount();
    const std::uint64_t free = m.fs.figures().free_blocks;
    for (unsigned i = 0; i < 4; ++i)
        ASSERT_TRUE(m.remove("/l" + std::to_string(i)).ok());
    EXPECT_EQ(m.fs.figures().free_blocks, free + 2);
    m.judge();
}

TEST_P(Ext2Names, MakesDevicesPipesAndSockets) {
    const auto make = [&](const char* path, NodeKind kind, std::uint32_t device) {
        ASSERT_TRUE(m.create(path, {.kind = kind, .permissions = 0600, .device = device}).ok());
    };
    make("/tty", NodeKind::CharacterDevice, 0x0501);
    make("/disk", NodeKind::BlockDevice, 0x10302);
    make("/pipe", NodeKind::Pipe, 0);
    make("/socket", NodeKind::Socket, 0);
    m.remount();
    EXPECT_EQ(m.attributes("/tty").device, 0x0501U);
    EXPECT_EQ(m.attributes("/disk").device, 0x10302U);
    EXPECT_EQ(m.at("/tty")->kind(), NodeKind::CharacterDevice);
    auto tree = m.judge();
    EXPECT_EQ(tree["/pipe"].kind, 1U);
    EXPECT_EQ(tree["/socket"].kind, 12U);
    m.mount();
    ASSERT_TRUE(m.remove("/tty").ok());
    ASSERT_TRUE(m.remove("/disk").ok());
    m.judge();
}

TEST_P(Ext2Names, KeepsOwnersPermissionsAndTimes) {
    m.put("/f", "x");
    fs::AttributeChange change;
    change.permissions = 04751;
    change.user = 70'000;
    change.group = 100'001;
    change.modified = fs::Timestamp{1'000'000'000, 0};
    change.accessed = fs::Timestamp{1'100'000'000, 0};
    ASSERT_TRUE(m.at("/f")->change(change).ok());
    m.remount();
    const fs::Attributes now = m.attributes("/f");
    EXPECT_EQ(now.permissions, 04751);
    EXPECT_EQ(now.user, 70'000U);
    EXPECT_EQ(now.group, 100'001U);
    EXPECT_EQ(now.modified.seconds, 1'000'000'000U);
    EXPECT_EQ(now.accessed.seconds, 1'100'000'000U);
    auto tree = m.judge();
    EXPECT_EQ(tree["/f"].user, 70'000U);
    EXPECT_EQ(tree["/f"].group, 100'001U);
}

TEST_P(Ext2Names, NotesTheFirstReadAfterAChange) {
    m.put("/f", "x");
    const fs::Attributes before = m.attributes("/f");
    m.get("/f");
    const fs::Attributes after = m.attributes("/f");
    EXPECT_GT(after.accessed, before.modified);
    m.get("/f");
    EXPECT_EQ(m.attributes("/f").accessed, after.accessed);
    m.put("/f", "y");
    EXPECT_GT(m.attributes("/f").modified, after.accessed);
    EXPECT_EQ(m.attributes("/f").modified, m.attributes("/f").changed);
}

// --- Rename ---

TEST_P(Ext2Names, RenamesInPlaceInItsBlockAndElsewhere) {
    m.put("/a", "bytes");
    ASSERT_TRUE(m.make_directory("/d").ok());
    ASSERT_TRUE(m.rename("/a", "/b").ok());
    ASSERT_TRUE(m.rename("/b", "/a-name-too-long-for-the-old-place").ok());
    ASSERT_TRUE(m.rename("/a-name-too-long-for-the-old-place", "/d/c").ok());
    EXPECT_EQ(m.names("/").count("b"), 0U);
    auto tree = m.judge();
    EXPECT_EQ(tree["/d/c"].bytes, "bytes");
    EXPECT_EQ(tree.size(), 4U);
}

TEST_P(Ext2Names, ReplacesAFileInTheSameBlock) {
    const std::uint64_t nodes = m.fs.figures().free_nodes;
    m.put("/new", "new bytes");
    m.put("/old", "old bytes");
    ASSERT_TRUE(m.rename("/new", "/old").ok());
    EXPECT_EQ(m.fs.figures().free_nodes, nodes - 1);
    auto tree = m.judge();
    EXPECT_EQ(tree["/old"].bytes, "new bytes");
    EXPECT_EQ(tree.count("/new"), 0U);
}

TEST_P(Ext2Names, ReplacesAFileInAnotherDirectory) {
    ASSERT_TRUE(m.make_directory("/d").ok());
    m.put("/new", "new bytes");
    m.put("/d/old", "old bytes");
    ASSERT_TRUE(m.rename("/new", "/d/old").ok());
    EXPECT_EQ(m.names("/lost+found").size(), 2U);
    auto tree = m.judge();
    EXPECT_EQ(tree["/d/old"].bytes, "new bytes");
    EXPECT_EQ(tree.size(), 4U);
}

TEST_P(Ext2Names, ReplacesOneOfManyLinksAndAnOpenFile) {
    m.put("/new", "new");
    m.put("/old", "old");
    ASSERT_TRUE(m.link("/old", "/other").ok());
    ASSERT_TRUE(m.rename("/new", "/old").ok());
    EXPECT_EQ(m.attributes("/other").links, 1U);
    {
        const fs::NodeRef open = m.at("/other");
        ASSERT_TRUE(m.rename("/old", "/other").ok());
        EXPECT_EQ(Ext2Disk::read(*open), "old");
    }
    EXPECT_EQ(m.judge()["/other"].bytes, "new");
}

TEST_P(Ext2Names, DoesNothingForTwoNamesOfOneFile) {
    m.put("/a", "x");
    ASSERT_TRUE(m.link("/a", "/b").ok());
    ASSERT_TRUE(m.rename("/a", "/b").ok());
    EXPECT_EQ(m.attributes("/a").links, 2U);
    EXPECT_EQ(m.judge().size(), 4U);
}

TEST_P(Ext2Names, MovesADirectoryWithAllThatIsInIt) {
    ASSERT_TRUE(m.make_directory("/a").ok());
    ASSERT_TRUE(m.make_directory("/a/b").ok());
    ASSERT_TRUE(m.make_directory("/c").ok());
    m.put("/a/b/f", "deep");
    ASSERT_TRUE(m.rename("/a/b", "/c/d").ok());
    EXPECT_EQ(m.attributes("/a").links, 2U);
    EXPECT_EQ(m.attributes("/c").links, 3U);
    EXPECT_EQ(m.judge()["/c/d/f"].bytes, "deep");
}

TEST_P(Ext2Names, ReplacesAnEmptyDirectoryOnly) {
    for (const char* path : {"/a", "/a/b", "/empty", "/full", "/full/x"})
        ASSERT_TRUE(m.make_directory(path).ok());
    m.put("/file", "x");
    EXPECT_EQ(m.rename("/a/b", "/full").error(), Error::NotEmpty);
    EXPECT_EQ(m.rename("/a/b", "/file").error(), Error::NotDirectory);
    EXPECT_EQ(m.rename("/file", "/empty").error(), Error::IsDirectory);
    EXPECT_EQ(m.rename("/a/b", "/empty", true).error(), Error::AlreadyExists);
    ASSERT_TRUE(m.rename("/a/b", "/empty").ok());
    EXPECT_EQ(m.attributes("/").links, 6U);
    ASSERT_TRUE(m.rename("/a", "/empty").ok());
    EXPECT_EQ(m.attributes("/").links, 5U);
    m.judge();
}

TEST_P(Ext2Names, DoesNotMoveADirectoryBelowItself) {
    for (const char* path : {"/a", "/a/b", "/a/b/c"})
        ASSERT_TRUE(m.make_directory(path).ok());
    EXPECT_EQ(m.rename("/a", "/a/b/c/d").error(), Error::InvalidArgument);
    EXPECT_EQ(m.rename("/a", "/a/d").error(), Error::InvalidArgument);
    EXPECT_EQ(m.rename("/none", "/a/d").error(), Error::NotFound);
    m.judge();
}

TEST_P(Ext2Names, RenamesInADirectoryOfManyBlocks) {
    const auto name = [](unsigned i) {
        return "/d/" + std::string(180, 'n') + std::to_string(1000 + i);
    };
    ASSERT_TRUE(m.make_directory("/d").ok());
    for (unsigned i = 0; i < 60; ++i)
        m.put(name(i), std::to_string(i));
    ASSERT_TRUE(m.rename(name(0), name(59)).ok());
    ASSERT_TRUE(m.rename(name(1), "/d/" + std::string(250, 'x')).ok());
    EXPECT_EQ(m.get(name(59)), "0");
    auto tree = m.judge();
    EXPECT_EQ(tree["/d/" + std::string(250, 'x')].bytes, "1");
    EXPECT_EQ(tree.size(), 3U + 59U);
}

}  // namespace
}  // namespace quire::test
