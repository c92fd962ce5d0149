// The order of writes: after each of them the power may go. What is left is repaired by e2fsck -p,
// which asks nobody, and what was fsynced before is there.
#include <functional>
#include <vector>

#include "tests/host/ext2_disk.h"

namespace quire::test {
namespace {

class Ext2Order : public testing::Test {
  protected:
    /// What must be read back if the power goes after `from` entries of the log or later, but not
    /// after `until`: one of `texts`; in one of the files of `paths`.
    struct Promise {
        std::size_t from;
        std::vector<std::string> paths;
        std::vector<std::string> texts;
        std::size_t until = ~std::size_t{0};
    };

    void begin() {
        ASSERT_TRUE(m.fs.sync().ok());
        m.disk.start_log();
    }
    void fsync(const std::string& path) {
        ASSERT_TRUE(m.sync(path).ok());
        promises.push_back({m.disk.log().size(), {path}, {m.get(path)}});
    }
    /// From now on another one of these may hold what was promised last.
    void or_else(std::vector<std::string> paths, std::vector<std::string> texts) {
        promises.back().until = m.disk.log().size();
        promises.push_back({m.disk.log().size(), std::move(paths), std::move(texts)});
    }
    void check_every_cut() {
        const std::size_t end = m.disk.log().size();
        EXPECT_GT(end, 2U);
        for (std::size_t cut = 0; cut <= end && !HasFailure(); ++cut) {
            if (cut != 0 && m.disk.log()[cut - 1].kind != DiskImage::Kind::Write) continue;
            DiskBytes left = m.disk.cut(cut, CutLoss::Nothing);
            const ToolRun run = repair_ext2(left);
            EXPECT_LE(run.code, 1) << "after " << cut << " of " << end << ":\n" << run.output;
            check_promises(cut, read_back(left));
        }
    }
    void check_promises(std::size_t cut, const std::map<std::string, NodeOnDisk>& tree) {
        for (const Promise& promise : promises) {
            if (cut < promise.from || cut >= promise.until) continue;
            bool kept = false;
            for (const std::string& path : promise.paths)
                for (const std::string& text : promise.texts)
                    kept = kept || (tree.contains(path) && tree.at(path).bytes == text);
            EXPECT_TRUE(kept) << promise.paths[0] << " is lost after " << cut;
        }
    }

    Ext2Disk m{Ext2Shape{.blocks = 1024, .nodes = 128}};
    std::vector<Promise> promises;
};

TEST_F(Ext2Order, KeepsNewFilesInNewDirectories) {
    begin();
    ASSERT_TRUE(m.make_directory("/a").ok());
    ASSERT_TRUE(m.make_directory("/a/b").ok());
    m.put("/a/b/f", pattern(30'000));
    m.put("/a/other", pattern(3000));
    fsync("/a/b/f");
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

// The inode of the directory is in another block than that of the file.
TEST_F(Ext2Order, KeepsAFileFarFromItsNewDirectory) {
    begin();
    ASSERT_TRUE(m.make_directory("/a").ok());
    for (unsigned i = 0; i < 12; ++i)
        m.put("/a/f" + std::to_string(i), std::to_string(i));
    fsync("/a/f11");
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

TEST_F(Ext2Order, KeepsFilesInADirectoryThatGrows) {
    ASSERT_TRUE(m.make_directory("/d").ok());
    begin();
    for (unsigned i = 0; i < 20; ++i) {
        const std::string path = "/d/" + std::string(150, 'n') + std::to_string(i);
        m.put(path, std::to_string(i));
        if (i % 6 == 5) fsync(path);
    }
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

TEST_F(Ext2Order, GrowsAndCutsAFile) {
    m.put("/f", pattern(10'000, 1));
    begin();
    fsync("/f");
    m.put("/f", pattern(90'000, 2), 10'000);
    or_else({"/f"}, {m.get("/f")});
    promises.pop_back();  // until the next fsync its end is anywhere
    fsync("/f");
    promises.back().until = m.disk.log().size() + 1;
    ASSERT_TRUE(m.at("/f")->resize(20'000).ok());
    fsync("/f");
    m.put("/g", pattern(90'000, 3));
    fsync("/g");
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

TEST_F(Ext2Order, RemovesFilesAndUsesTheirBlocksAgain) {
    for (unsigned i = 0; i < 8; ++i)
        m.put("/old" + std::to_string(i), pattern(60'000, i));
    m.put("/stays", pattern(5000));
    begin();
    fsync("/stays");
    for (unsigned i = 0; i < 8; ++i)
        ASSERT_TRUE(m.remove("/old" + std::to_string(i)).ok());
    for (unsigned i = 0; i < 10; ++i) {
        m.put("/new" + std::to_string(i), pattern(60'000, 100 + i));
        if (i % 4 == 3) fsync("/new" + std::to_string(i));
    }
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

// A new name is waiting for its inode, in the same blocks as a name that goes.
TEST_F(Ext2Order, RemovesAFileBesideANewOne) {
    m.put("/old", pattern(3000));
    begin();
    m.put("/new", pattern(2000));
    ASSERT_TRUE(m.remove("/old").ok());
    m.put("/newer", pattern(1000));
    fsync("/newer");
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

TEST_F(Ext2Order, KeepsWhatIsAppendedThroughATableThatWasThere) {
    m.put("/f", pattern(30'000, 1));
    begin();
    fsync("/f");
    for (unsigned i = 0; i < 3; ++i) {
        promises.back().until = m.disk.log().size() + 1;
        m.put("/f", pattern(20'000, i), 30'000 + i * 20'000);
        fsync("/f");
    }
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

// The disk is full of what would be wrong pointers.
TEST_F(Ext2Order, PointsToNoTableThatIsNotThereYet) {
    m.put("/junk", std::string(std::size_t{900} * 1024, '\xF7'));
    ASSERT_TRUE(m.fs.sync().ok());
    ASSERT_TRUE(m.remove("/junk").ok());
    m.put("/f", "first", (12 + 256) * 1024);
    begin();
    m.put("/f", "second", (12 + 256 + 256) * 1024);
    m.put("/f", "third", (12 + 256 + 512) * 1024);
    fsync("/f");
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

TEST_F(Ext2Order, LeavesAnOpenFileWithoutANameToTheRepair) {
    m.put("/f", pattern(60'000));
    begin();
    const fs::NodeRef open = m.at("/f");
    ASSERT_TRUE(m.remove("/f").ok());
    ASSERT_TRUE(Ext2Disk::write(*open, 60'000, pattern(10'000)).ok());
    ASSERT_TRUE(open->sync(false).ok());
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

TEST_F(Ext2Order, ReplacesAFileByAnotherOfTheSameBlock) {
    m.put("/f", "old");
    begin();
    fsync("/f");
    m.put("/f.new", "new");
    fsync("/f.new");
    or_else({"/f.new", "/f"}, {"new"});
    promises[0].texts.push_back("new");
    ASSERT_TRUE(m.rename("/f.new", "/f").ok());
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

TEST_F(Ext2Order, ReplacesAFileOfAnotherDirectory) {
    ASSERT_TRUE(m.make_directory("/d").ok());
    m.put("/d/f", "old");
    begin();
    fsync("/d/f");
    m.put("/f.new", "new");
    fsync("/f.new");
    or_else({"/f.new", "/d/f"}, {"new"});
    promises[0].texts.push_back("new");
    ASSERT_TRUE(m.rename("/f.new", "/d/f").ok());
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

TEST_F(Ext2Order, MovesALinkFromNameToName) {
    ASSERT_TRUE(m.make_directory("/a").ok());
    ASSERT_TRUE(m.make_directory("/b").ok());
    m.put("/a/f", "one");
    begin();
    fsync("/a/f");
    promises.back().paths = {"/a/f", "/b/g", "/h"};
    ASSERT_TRUE(m.link("/a/f", "/b/g").ok());
    ASSERT_TRUE(m.remove("/a/f").ok());
    ASSERT_TRUE(m.rename("/b/g", "/h").ok());
    ASSERT_TRUE(m.link("/h", "/a/f").ok());
    ASSERT_TRUE(m.remove("/h").ok());
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

TEST_F(Ext2Order, RemovesDirectoriesAndMakesOthers) {
    for (const char* path : {"/a", "/a/b", "/a/b/c"})
        ASSERT_TRUE(m.make_directory(path).ok());
    begin();
    for (const char* path : {"/a/b/c", "/a/b", "/a"})
        ASSERT_TRUE(m.remove_directory(path).ok());
    ASSERT_TRUE(m.make_directory("/x").ok());
    m.put("/x/f", "text");
    ASSERT_TRUE(m.make_link("/x/l", std::string(100, 't')).ok());
    fsync("/x/f");
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

TEST_F(Ext2Order, RenamesADirectoryWithinItsBlock) {
    ASSERT_TRUE(m.make_directory("/a").ok());
    m.put("/a/f", "text");
    begin();
    fsync("/a/f");
    promises.back().paths.push_back("/a-longer-name/f");
    ASSERT_TRUE(m.rename("/a", "/a-longer-name").ok());
    ASSERT_TRUE(m.fs.sync().ok());
    check_every_cut();
}

// The one case that e2fsck asks about: a directory with two names, or whose parent is another. It
// loses nothing (docs/ext2.md).
TEST_F(Ext2Order, MovesADirectoryWithoutLosingIt) {
    ASSERT_TRUE(m.make_directory("/a").ok());
    ASSERT_TRUE(m.make_directory("/b").ok());
    ASSERT_TRUE(m.make_directory("/a/d").ok());
    m.put("/a/d/f", "text");
    begin();
    fsync("/a/d/f");
    promises.back().paths.push_back("/b/d/f");
    ASSERT_TRUE(m.rename("/a/d", "/b/d").ok());
    ASSERT_TRUE(m.fs.sync().ok());
    const std::size_t end = m.disk.log().size();
    std::size_t asks = 0;
    for (std::size_t cut = 0; cut <= end; ++cut) {
        DiskBytes left = m.disk.cut(cut, CutLoss::Nothing);
        if (repair_ext2(left).code > 1) {
            ++asks;
            EXPECT_LE(repair_ext2(left, true).code, 1);
        }
        check_promises(cut, read_back(left));
    }
    EXPECT_LE(asks, 2U);
}

// Nobody sees what was in a block before: data is on the disk before a pointer to it.
TEST_F(Ext2Order, ShowsNoBytesOfOthers) {
    std::string secret(std::size_t{900} * 1024, 'S');
    m.put("/secret", secret);
    ASSERT_TRUE(m.fs.sync().ok());
    ASSERT_TRUE(m.remove("/secret").ok());
    begin();
    for (unsigned i = 0; i < 6; ++i)
        m.put("/f" + std::to_string(i), pattern(50'000));
    ASSERT_TRUE(m.sync("/f2").ok());
    ASSERT_TRUE(m.fs.sync().ok());
    for (std::size_t cut = 0; cut <= m.disk.log().size(); ++cut) {
        DiskBytes left = m.disk.cut(cut, CutLoss::Nothing);
        EXPECT_LE(repair_ext2(left).code, 1);
        for (const auto& [path, node] : read_back(left))
            EXPECT_EQ(node.bytes.find("SSSS"), std::string::npos) << path << " after " << cut;
    }
}

}  // namespace
}  // namespace quire::test
