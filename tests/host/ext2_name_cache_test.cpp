// The cache of names alone, and what a file system finds with it after its names have changed.
#include "fs/ext2_name_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/host/ext2_disk.h"

namespace quire::test {
namespace {

using fs::ext2::InodeNumber;
using fs::ext2::NameCache;

constexpr InodeNumber kDirectory{12};
constexpr InodeNumber kOther{13};

TEST(NameCache, KnowsWhatWasAddedAndForgetsIt) {
    NameCache cache;
    EXPECT_FALSE(cache.find(kDirectory, "notes").has_value());
    cache.add(kDirectory, "notes", InodeNumber(17));
    EXPECT_EQ(cache.find(kDirectory, "notes"), InodeNumber(17));
    EXPECT_FALSE(cache.find(kOther, "notes").has_value());
    EXPECT_FALSE(cache.find(kDirectory, "note").has_value());
    cache.check_invariants();
    cache.forget(kOther, "notes");
    EXPECT_TRUE(cache.find(kDirectory, "notes").has_value());
    cache.forget(kDirectory, "notes");
    EXPECT_FALSE(cache.find(kDirectory, "notes").has_value());
    cache.check_invariants();
}

TEST(NameCache, TakesTheNewestOfTwoInOneSlot) {
    NameCache cache;
    cache.add(kDirectory, "a", InodeNumber(17));
    const InodeNumber same_slot(kDirectory.raw() + NameCache::kSlots);
    cache.add(same_slot, "a", InodeNumber(18));
    EXPECT_FALSE(cache.find(kDirectory, "a").has_value());
    EXPECT_EQ(cache.find(same_slot, "a"), InodeNumber(18));
    cache.forget(kDirectory, "a");
    EXPECT_EQ(cache.find(same_slot, "a"), InodeNumber(18));
    cache.check_invariants();
}

TEST(NameCache, KeepsNoLongNamesAndNoParents) {
    NameCache cache;
    const std::string longest(NameCache::kLongestKept, 'x');
    cache.add(kDirectory, longest, InodeNumber(17));
    EXPECT_EQ(cache.find(kDirectory, longest), InodeNumber(17));
    cache.add(kDirectory, longest + "y", InodeNumber(18));
    cache.add(kDirectory, "..", InodeNumber(19));
    EXPECT_FALSE(cache.find(kDirectory, longest + "y").has_value());
    EXPECT_FALSE(cache.find(kDirectory, "..").has_value());
    cache.check_invariants();
}

TEST(NameCache, RefusesNamesThatLeadNowhere) {
    NameCache cache;
    EXPECT_DEATH(cache.add(InodeNumber(), "a", InodeNumber(17)), "");
    EXPECT_DEATH(cache.add(kDirectory, "a", InodeNumber()), "");
}

class Ext2KnownNames : public testing::Test {
  protected:
    Ext2Disk m{Ext2Shape{}};

    std::string found(const std::string& path) {
        const Result<fs::NodeRef> node = m.find(path);
        if (!node.ok()) return error_name(node.error());
        return Ext2Disk::read(*node.value());
    }
    void TearDown() override { m.unmount(); }
};

// A directory that nobody can read any more, as the disk fails, is not asked.
TEST_F(Ext2KnownNames, AreFoundWithoutTheDirectory) {
    ASSERT_TRUE(m.make_directory("/d").ok());
    m.put("/d/a", "one");
    EXPECT_EQ(found("/d/a"), "one");
    ASSERT_TRUE(m.fs.sync().ok());
    (void)m.reclaim.drop_clean();
    m.disk.fail_all(drivers::BlockRequest::Kind::Read, true);
    EXPECT_TRUE(m.find("/d/a").ok());
    EXPECT_EQ(m.find("/d/b").error(), Error::IoError);
    m.disk.fail_all(drivers::BlockRequest::Kind::Read, false);
}

TEST_F(Ext2KnownNames, AreGoneWhenRemovedAndNewWhenMadeAgain) {
    m.put("/a", "one");
    EXPECT_EQ(found("/a"), "one");
    ASSERT_TRUE(m.remove("/a").ok());
    EXPECT_EQ(found("/a"), "NotFound");
    m.put("/other", "takes the inode");
    m.put("/a", "two");
    EXPECT_EQ(found("/a"), "two");
    m.fs.check_invariants();
}

TEST_F(Ext2KnownNames, FollowARename) {
    ASSERT_TRUE(m.make_directory("/d").ok());
    m.put("/a", "one");
    m.put("/d/b", "two");
    EXPECT_EQ(found("/a") + found("/d/b"), "onetwo");
    ASSERT_TRUE(m.rename("/a", "/d/b").ok());
    EXPECT_EQ(found("/a"), "NotFound");
    EXPECT_EQ(found("/d/b"), "one");
    ASSERT_TRUE(m.rename("/d/b", "/d/c").ok());
    EXPECT_EQ(found("/d/b"), "NotFound");
    EXPECT_EQ(found("/d/c"), "one");
    m.fs.check_invariants();
}

// The rename itself looks "lost+found" up, in the middle of giving that name to another node.
TEST_F(Ext2KnownNames, FollowARenameThatLooksItUp) {
    ASSERT_TRUE(m.remove_directory("/lost+found").ok());
    ASSERT_TRUE(m.make_directory("/d").ok());
    m.put("/lost+found", "old");
    m.put("/d/a", "new");
    EXPECT_EQ(found("/lost+found"), "old");
    ASSERT_TRUE(m.rename("/d/a", "/lost+found").ok());
    EXPECT_EQ(found("/lost+found"), "new");
    m.fs.check_invariants();
}

// The directory that gets the inode of another one has another parent.
TEST_F(Ext2KnownNames, DoNotOutliveTheirDirectory) {
    for (const char* path : {"/d", "/d/x", "/e"})
        ASSERT_TRUE(m.make_directory(path).ok());
    m.put("/d/x/a", "one");
    EXPECT_EQ(found("/d/x/a"), "one");
    const std::uint32_t number = m.attributes("/d/x").number;
    EXPECT_EQ(m.at("/d/x")->parent().value().get(), m.at("/d").get());
    ASSERT_TRUE(m.remove("/d/x/a").ok() && m.remove_directory("/d/x").ok());
    ASSERT_TRUE(m.fs.sync().ok());
    ASSERT_TRUE(m.make_directory("/e/y").ok());
    ASSERT_EQ(m.attributes("/e/y").number, number);
    EXPECT_EQ(found("/e/y/a"), "NotFound");
    EXPECT_EQ(m.at("/e/y")->parent().value().get(), m.at("/e").get());
    ASSERT_TRUE(m.rename("/e/y", "/d/y").ok());
    EXPECT_EQ(m.at("/d/y")->parent().value().get(), m.at("/d").get());
}

}  // namespace
}  // namespace quire::test
