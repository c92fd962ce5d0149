// Files on ext2: their bytes, holes and sizes, in all block sizes, as mke2fs, e2fsck and debugfs
// see them.
#include <algorithm>
#include <sstream>

#include "mm/object_pages.h"
#include "tests/host/ext2_disk.h"

namespace quire::test {
namespace {

using fs::NodeKind;

// RAM is one for all: who wants another disk does not take the fixture that has one.
class Ext2Shapes : public testing::TestWithParam<std::uint32_t> {
  protected:
    static Ext2Shape shape(std::uint32_t mebibytes) {
        return {.block_size = GetParam(), .blocks = (mebibytes << 20) / GetParam(), .nodes = 128};
    }
};
INSTANTIATE_TEST_SUITE_P(BlockSizes, Ext2Shapes, testing::Values(1024, 2048, 4096));

class Ext2Files : public Ext2Shapes {
  protected:
    Ext2Disk m{shape(8)};
};
INSTANTIATE_TEST_SUITE_P(BlockSizes, Ext2Files, testing::Values(1024, 2048, 4096));

TEST_P(Ext2Files, MountsWhatMke2fsMade) {
    EXPECT_EQ(m.names("/"), (std::map<std::string, NodeKind>{{".", NodeKind::Directory},
                                                             {"..", NodeKind::Directory},
                                                             {"lost+found", NodeKind::Directory}}));
    m.judge();
}

TEST_P(Ext2Files, KeepsTheBytesOfASmallFile) {
    m.put("/a", "hello");
    m.remount();
    EXPECT_EQ(m.get("/a"), "hello");
    EXPECT_EQ(m.judge()["/a"].bytes, "hello");
}

TEST_P(Ext2Files, KeepsABigFileWithDoubleIndirectBlocks) {
    const std::string bytes = pattern(2'500'000);
    m.put("/big", bytes);
    m.remount();
    EXPECT_TRUE(m.get("/big") == bytes);
    EXPECT_TRUE(m.judge()["/big"].bytes == bytes);
}

// What finding a page needs may be missing for a while: the page is not lost, and nobody is told
// so.
TEST_P(Ext2Files, APageThatCannotBeFoundForLackOfMemoryIsNotLost) {
    m.put("/big", pattern(500'000));
    m.remount();
    const fs::NodeRef node = m.at("/big");
    mm::MemoryObject& object = *node->object();
    mm::FailureInjector& injector = m.machine.machine.frames.injector();
    bool done = false;
    std::uint32_t failures = 0;
    for (std::uint32_t n = 1; !done; ++n) {
        (void)m.reclaim.drop_clean();
        injector.fail_nth(n);
        const auto page = mm::fetch_page(m.machine.memory, object, 100, mm::PageCount(1));
        done = page.ok() && injector.armed();
        injector.fail_nth(0);
        if (page.ok()) continue;
        ++failures;
        EXPECT_EQ(page.error(), Error::OutOfMemory) << "failure " << n;
    }
    EXPECT_GT(failures, 1U);
}

TEST_P(Ext2Files, WritesInPiecesAtOddPlaces) {
    std::string expected(200'000, '\0');
    for (unsigned i = 0; i < 60; ++i) {
        const std::size_t place = i * 7919 % 190'000;
        const std::string piece = pattern(37 + i * 97, i + 1);
        expected.replace(place, piece.size(), piece);
        m.put("/f", piece, place);
        if (i % 7 == 0) {
            ASSERT_TRUE(m.sync("/f").ok());
        }
    }
    expected.resize(static_cast<std::size_t>(m.attributes("/f").bytes));
    EXPECT_TRUE(m.get("/f") == expected);
    EXPECT_TRUE(m.judge()["/f"].bytes == expected);
}

TEST_P(Ext2Files, KeepsHolesInAllTreesOfPointers) {
    const std::uint64_t block = GetParam();
    const std::uint64_t pointers = block / 4;
    const std::uint64_t places[] = {0, 12 * block + 5, (12 + pointers + 3) * block,
                                    (12 + pointers + pointers * pointers + 1) * block};
    const bool fits = GetParam() == 1024;  // the others have too long a file for a string
    for (unsigned i = 0; i < (fits ? 4U : 3U); ++i)
        m.put("/holes", "x" + std::to_string(i), places[i]);
    m.remount();
    const std::string bytes = m.get("/holes");
    for (unsigned i = 0; i < (fits ? 4U : 3U); ++i)
        EXPECT_EQ(bytes.substr(static_cast<std::size_t>(places[i]), 2), "x" + std::to_string(i));
    EXPECT_EQ(bytes.size() - static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\0')),
              fits ? 8U : 6U);
    // One block each, and the tables on the way to them.
    EXPECT_EQ(m.attributes("/holes").half_kib, (fits ? 10 : 6) * block / 512);
    EXPECT_TRUE(m.judge()["/holes"].bytes == bytes);
}

TEST_P(Ext2Files, ReachesATripleIndirectBlockAndTruncatesIt) {
    const std::uint64_t block = GetParam();
    const std::uint64_t pointers = block / 4;
    const std::uint64_t place = (12 + pointers + pointers * pointers) * block + 77;
    const fs::FileSystemFigures before = m.fs.figures();
    m.put("/far", "end", place);
    ASSERT_TRUE(m.fs.sync().ok());
    EXPECT_EQ(m.attributes("/far").half_kib, 4 * block / 512);
    EXPECT_EQ(m.attributes("/far").bytes, place + 3);
    ASSERT_TRUE(m.at("/far")->resize(1).ok());
    EXPECT_EQ(m.attributes("/far").half_kib, 0U);
    ASSERT_TRUE(m.fs.sync().ok());
    EXPECT_EQ(m.fs.figures().free_blocks, before.free_blocks);
    m.judge();
}

TEST_P(Ext2Files, MarksTheSuperBlockBeforeAFileOf2GiB) {
    m.put("/large", "end", (std::uint64_t{1} << 31) + 5);
    m.unmount();
    const std::string features = debugfs(m.disk.content(), "features");
    EXPECT_NE(features.find("large_file"), std::string::npos) << features;
    EXPECT_EQ(check_ext2(m.disk.content()).code, 0);
}

TEST_P(Ext2Files, TruncatesInTheMiddleOfABlockAndGrowsWithZeroes) {
    const std::string bytes = pattern(300'000);
    m.put("/t", bytes);
    ASSERT_TRUE(m.at("/t")->resize(70'001).ok());
    ASSERT_TRUE(m.at("/t")->resize(140'000).ok());
    std::string expected = bytes.substr(0, 70'001);
    expected.resize(140'000);
    EXPECT_TRUE(m.get("/t") == expected);
    m.remount();
    EXPECT_TRUE(m.get("/t") == expected);
    EXPECT_TRUE(m.judge()["/t"].bytes == expected);
}

// A program may store behind the end, in a mapping of the last page.
TEST_P(Ext2Files, ForgetsWhatIsStoredBehindTheEnd) {
    m.put("/f", "abc");
    const fs::NodeRef node = m.at("/f");
    mm::MemoryObject& pages = *node->object();
    std::memset(mm::frame_bytes(pages.entry(0).frame()) + 3, 'x', 100);
    pages.set_dirty(m.machine.machine.table, 0);
    ASSERT_TRUE(node->sync(false).ok());
    m.reclaim.drop_clean();
    ASSERT_TRUE(node->resize(6).ok());
    EXPECT_EQ(Ext2Disk::read(*node), std::string("abc\0\0\0", 6));
    const std::string stored = "abcx";
    const auto* bytes = reinterpret_cast<const char*>(m.disk.content().data());
    EXPECT_EQ(std::search(bytes, bytes + m.disk.content().size(), stored.begin(), stored.end()),
              bytes + m.disk.content().size());
}

TEST_P(Ext2Files, TakesNoBlockForAStoreThatCannotBeWritten) {
    ASSERT_TRUE(m.create("/f").ok());
    const fs::NodeRef node = m.at("/f");
    ASSERT_TRUE(node->resize(4096).ok());
    Ext2Disk::read(*node);
    ASSERT_TRUE(m.fs.sync().ok());
    const std::uint64_t free = m.fs.figures().free_blocks;
    mm::MemoryObject& pages = *node->object();
    std::memset(mm::frame_bytes(pages.entry(0).frame()), 'x', 4096);
    pages.set_dirty(m.machine.machine.table, 0);
    m.disk.fail_all(DiskImage::Kind::Write, true);
    EXPECT_EQ(node->sync(false).error(), Error::IoError);
    EXPECT_EQ(m.fs.figures().free_blocks, free);
    m.disk.fail_all(DiskImage::Kind::Write, false);
    EXPECT_TRUE(node->sync(false).ok());
    EXPECT_EQ(m.fs.figures().free_blocks, free - 4096 / GetParam());
}

TEST_P(Ext2Files, GivesBackWhatWasPromisedPastANewEnd) {
    const std::uint64_t free = m.fs.figures().free_blocks;
    m.put("/f", pattern(50'000));
    EXPECT_EQ(m.fs.figures().free_blocks, free - m.attributes("/f").half_kib * 512 / GetParam());
    ASSERT_TRUE(m.at("/f")->resize(1).ok());
    EXPECT_EQ(m.attributes("/f").half_kib, GetParam() / 512);
    EXPECT_EQ(m.fs.figures().free_blocks, free - 1);
    m.judge();
}

TEST_P(Ext2Files, ShrinksStepByStepToNothing) {
    const fs::FileSystemFigures before = m.fs.figures();
    const std::string bytes = pattern(1'300'000);
    m.put("/t", bytes);
    for (std::size_t size = bytes.size(); size != 0; size = size * 3 / 4) {
        ASSERT_TRUE(m.at("/t")->resize(size).ok());
        m.remount();
        EXPECT_TRUE(m.get("/t") == bytes.substr(0, size)) << size;
    }
    ASSERT_TRUE(m.at("/t")->resize(0).ok());
    ASSERT_TRUE(m.fs.sync().ok());
    EXPECT_EQ(m.fs.figures().free_blocks, before.free_blocks);
    EXPECT_EQ(m.attributes("/t").half_kib, 0U);
    m.judge();
}

TEST_P(Ext2Files, FreesWhatAFileHadWhenItsLastNameGoes) {
    const fs::FileSystemFigures before = m.fs.figures();
    m.put("/f", pattern(700'000));
    ASSERT_TRUE(m.fs.sync().ok());
    ASSERT_TRUE(m.remove("/f").ok());
    EXPECT_EQ(m.find("/f").error(), Error::NotFound);
    EXPECT_EQ(m.fs.figures().free_blocks, before.free_blocks);
    EXPECT_EQ(m.fs.figures().free_nodes, before.free_nodes);
    m.judge();
    m.mount();
    EXPECT_EQ(m.fs.figures().free_blocks, before.free_blocks);
}

TEST_P(Ext2Files, KeepsAnOpenFileWithoutANameUntilItsLastUse) {
    const fs::FileSystemFigures before = m.fs.figures();
    m.put("/f", "still here");
    {
        const fs::NodeRef open = m.at("/f");
        ASSERT_TRUE(m.remove("/f").ok());
        ASSERT_TRUE(m.fs.sync().ok());
        EXPECT_EQ(Ext2Disk::read(*open), "still here");
        EXPECT_EQ(open->attributes().take().links, 0U);
        ASSERT_TRUE(Ext2Disk::write(*open, 10, ", and longer").ok());
        EXPECT_EQ(Ext2Disk::read(*open), "still here, and longer");
        EXPECT_LT(m.fs.figures().free_nodes, before.free_nodes);
    }
    EXPECT_EQ(m.fs.figures().free_nodes, before.free_nodes);
    EXPECT_EQ(m.fs.figures().free_blocks, before.free_blocks);
    m.judge();
}

TEST_P(Ext2Files, SaysNoSpaceAndWritesWhatFits) {
    const std::uint64_t free = m.fs.figures().free_blocks * GetParam();
    const std::string bytes = pattern(100'000);
    std::uint64_t done = 0;
    ASSERT_TRUE(m.create("/full").ok());
    Result<std::uint32_t> count = 1U;
    while (count.ok() && count.value() != 0) {
        count = Ext2Disk::write(*m.at("/full"), done, bytes);
        if (count.ok()) done += count.value();
    }
    EXPECT_EQ(count.error(), Error::NoSpace);
    EXPECT_GT(done, free - free / 50 - 8192);
    EXPECT_LE(m.fs.figures().free_blocks, 1U);  // a table that leads nowhere yet
    EXPECT_TRUE(m.fs.sync().ok());
    ASSERT_TRUE(m.remove("/full").ok());
    EXPECT_TRUE(m.create("/again").ok());
    m.put("/again", bytes);
    EXPECT_TRUE(m.judge()["/again"].bytes == bytes);
}

TEST_P(Ext2Shapes, KeepsReservedBlocksFromThoseWhoMayNotHaveThem) {
    DiskBytes content = make_ext2(shape(8));
    const std::uint32_t reserved = 100;
    std::memcpy(&content[1024 + 8], &reserved, 4);
    Ext2Disk small(content);
    small.fs.allow_reserved(false);
    const fs::NodeRef node = small.create("/f").take();
    std::uint64_t done = 0;
    for (;;) {
        const Result<std::uint32_t> count = Ext2Disk::write(*node, done, std::string(65'536, 'x'));
        if (!count.ok()) break;
        done += count.value();
    }
    EXPECT_EQ(small.fs.figures().free_blocks, 100U);
    EXPECT_EQ(small.fs.figures().available_blocks, 0U);
    small.fs.allow_reserved(true);
    EXPECT_TRUE(Ext2Disk::write(*node, done, "more").ok());
}

TEST_P(Ext2Shapes, WritesMoreThanRamHolds) {
    // 20 MiB of disk for 16 MiB of RAM: pages are written and evicted on the way.
    Ext2Disk big(shape(24));
    const std::string piece = pattern(65'536);
    ASSERT_TRUE(big.create("/f").ok());
    const fs::NodeRef node = big.at("/f");
    for (unsigned i = 0; i < 320; ++i)
        ASSERT_EQ(Ext2Disk::write(*node, i * piece.size(), piece).take(), piece.size()) << i;
    std::string back(piece.size(), '\0');
    for (unsigned i = 0; i < 320; i += 31) {
        fs::MemorySink sink(std::as_writable_bytes(std::span(back)));
        fs::ReadAhead ahead;
        ASSERT_TRUE(node->read(i * piece.size(), 65'536, sink, ahead).ok());
        EXPECT_TRUE(back == piece) << i;
    }
}

TEST_P(Ext2Files, LaysAFileDownInARow) {
    m.put("/f", pattern(12 * GetParam()));
    ASSERT_TRUE(m.fs.sync().ok());
    m.unmount();
    const std::string blocks = debugfs(m.disk.content(), "blocks /f");
    std::istringstream words(blocks.substr(blocks.find("/f\n") + 3));
    std::uint32_t previous = 0;
    unsigned count = 0;
    for (std::uint32_t block = 0; words >> block; previous = block, ++count)
        if (previous != 0) {
            EXPECT_EQ(block, previous + 1) << blocks;
        }
    EXPECT_EQ(count, 12U) << blocks;
}

}  // namespace
}  // namespace quire::test
