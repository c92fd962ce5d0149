// The disk in host memory, and the tools that judge what stands on it.
#include "tests/host/disk_image.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "mm/physical_window.h"
#include "tests/host/ext2_tools.h"
#include "tests/host/machine_host.h"

namespace quire::test {
namespace {

using drivers::BlockBuffer;
using drivers::BlockRequest;
using drivers::SectorCount;
using drivers::SectorNumber;
using Kind = BlockRequest::Kind;

class DiskImageTest : public testing::Test {
  protected:
    DiskImageTest() { reset_host_ram(); }

    static BlockBuffer frame(std::uint32_t number, std::uint32_t bytes = 512) {
        return {mm::PhysAddr(number * mm::kPageSize), bytes};
    }
    static unsigned ram(std::uint32_t number) {
        return std::to_integer<unsigned>(mm::frame_bytes(mm::FrameNumber(number))[0]);
    }
    static void set_ram(std::uint32_t number, int value) {
        std::memset(mm::frame_bytes(mm::FrameNumber(number)), value, mm::kPageSize);
    }
    unsigned on_disk(std::uint32_t sector) { return first_byte(disk.content(), sector); }
    static unsigned first_byte(const DiskBytes& content, std::uint32_t sector) {
        return std::to_integer<unsigned>(content[std::size_t{sector} * 512]);
    }
    bool write(std::uint32_t sector, int value, std::uint32_t sectors = 1) {
        set_ram(1, value);
        const BlockBuffer buffer = frame(1, sectors * 512);
        return disk.write(SectorNumber(sector), {&buffer, 1}).ok();
    }
    bool read(std::uint32_t sector) {
        const BlockBuffer buffer = frame(1);
        return disk.read(SectorNumber(sector), {&buffer, 1}).ok();
    }

    DiskImage disk{SectorCount(64)};
};

TEST_F(DiskImageTest, KeepsWhatIsWritten) {
    EXPECT_TRUE(write(5, 0x11, 2));
    EXPECT_EQ(on_disk(4), 0U);
    EXPECT_EQ(on_disk(5), 0x11U);
    EXPECT_EQ(on_disk(6), 0x11U);
    EXPECT_EQ(on_disk(7), 0U);
    set_ram(1, 0);
    EXPECT_TRUE(read(6));
    EXPECT_EQ(ram(1), 0x11U);
}

TEST_F(DiskImageTest, SpreadsARunOverItsBuffers) {
    for (std::uint32_t i = 0; i < 3; ++i)
        set_ram(1 + i, static_cast<int>(0x21 + i));
    const BlockBuffer buffers[] = {frame(1), frame(2, 1024), frame(3)};
    EXPECT_TRUE(disk.write(SectorNumber(8), buffers).ok());
    EXPECT_EQ(on_disk(8), 0x21U);
    EXPECT_EQ(on_disk(10), 0x22U);
    EXPECT_EQ(on_disk(11), 0x23U);
}

TEST_F(DiskImageTest, DoesNothingBeforeSomebodyWaits) {
    const BlockBuffer buffer = frame(1);
    set_ram(1, 0x33);
    BlockRequest request;
    request.buffers = {&buffer, 1};
    disk.submit(request);
    EXPECT_FALSE(request.done);
    EXPECT_EQ(ram(1), DiskImage::kJunk);
    disk.wait(request);
    EXPECT_TRUE(request.done);
    EXPECT_EQ(ram(1), 0U);
}

TEST_F(DiskImageTest, FailsTheNthOfAKind) {
    disk.fail_nth(Kind::Write, 2);
    EXPECT_TRUE(write(1, 0x11));
    EXPECT_TRUE(read(1));
    EXPECT_FALSE(write(2, 0x22, 2));
    EXPECT_EQ(on_disk(2), 0x22U);  // the first half of it
    EXPECT_EQ(on_disk(3), 0U);
    EXPECT_TRUE(write(3, 0x33));
    disk.fail_nth(Kind::Flush, 1);
    EXPECT_EQ(disk.flush().error(), Error::IoError);
    EXPECT_TRUE(disk.flush().ok());
}

TEST_F(DiskImageTest, FailsABadSector) {
    disk.fail_sector(SectorNumber(9));
    disk.set_failed_write(FailedWrite::ChangesNothing);
    EXPECT_TRUE(write(7, 0x11, 2));
    EXPECT_FALSE(write(8, 0x22, 2));
    EXPECT_EQ(on_disk(8), 0x11U);
    EXPECT_FALSE(read(9));
    EXPECT_EQ(ram(1), DiskImage::kJunk);
    EXPECT_TRUE(read(10));
}

TEST_F(DiskImageTest, RefusesToWriteWhatIsReadOnly) {
    disk.set_read_only(true);
    const BlockBuffer buffer = frame(1);
    EXPECT_EQ(disk.write(SectorNumber(0), {&buffer, 1}).error(), Error::NotPermitted);
    EXPECT_TRUE(read(0));
}

TEST_F(DiskImageTest, CallsAnAccessOutsideAFailure) {
    EXPECT_NONFATAL_FAILURE((void)read(64), "an access outside");
    EXPECT_NONFATAL_FAILURE((void)write(63, 1, 2), "an access outside");
    EXPECT_NONFATAL_FAILURE((void)read(0xFFFFFFFF), "an access outside");
    const BlockBuffer crosses = {mm::PhysAddr(2 * mm::kPageSize - 512), 1024};
    EXPECT_NONFATAL_FAILURE((void)disk.read(SectorNumber(0), {&crosses, 1}), "an access outside");
    const BlockBuffer odd = {mm::PhysAddr(mm::kPageSize + 4), 512};
    EXPECT_NONFATAL_FAILURE((void)disk.read(SectorNumber(0), {&odd, 1}), "an access outside");
}

TEST_F(DiskImageTest, ShufflesWhatMayBeShuffled) {
    bool changed = false;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        DiskImage shuffled{SectorCount(64)};
        shuffled.shuffle(seed);
        shuffled.start_log();
        BlockBuffer buffers[8];
        BlockRequest requests[8];
        for (std::uint32_t i = 0; i < 8; ++i) {
            set_ram(1 + i, static_cast<int>(1 + i));
            buffers[i] = frame(1 + i);
            requests[i].kind = i == 6 ? Kind::Flush : Kind::Write;
            // The first two overlap, so the second comes later.
            requests[i].first = SectorNumber(i < 2 ? 0 : i);
            if (i != 6) requests[i].buffers = {&buffers[i], 1};
            shuffled.submit(requests[i]);
        }
        for (BlockRequest& request : requests)
            shuffled.wait(request);
        EXPECT_EQ(first_byte(shuffled.content(), 0), 2U);
        std::size_t flush = 0;
        for (std::size_t i = 0; i < shuffled.log().size(); ++i)
            if (shuffled.log()[i].kind == Kind::Flush) flush = i;
        EXPECT_GE(flush, 6U);
        changed |= shuffled.log()[0].first != SectorNumber(0);
    }
    EXPECT_TRUE(changed);
}

// --- Power cuts ---

TEST_F(DiskImageTest, KnowsWhatEveryCutLeaves) {
    EXPECT_TRUE(write(1, 0x01));
    disk.start_log();
    EXPECT_TRUE(write(1, 0x11));
    EXPECT_TRUE(write(2, 0x22));
    ASSERT_EQ(disk.log().size(), 2U);
    EXPECT_EQ(first_byte(disk.cut(0, CutLoss::Nothing), 1), 0x01U);
    EXPECT_EQ(first_byte(disk.cut(1, CutLoss::Nothing), 1), 0x11U);
    EXPECT_EQ(first_byte(disk.cut(1, CutLoss::Nothing), 2), 0U);
    EXPECT_EQ(disk.cut(2, CutLoss::Nothing), disk.content());
}

TEST_F(DiskImageTest, TearsTheLastWrite) {
    disk.start_log();
    EXPECT_TRUE(write(1, 0x11, 2));
    EXPECT_TRUE(write(4, 0x44, 4));
    unsigned seen = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const DiskBytes left = disk.cut(2, CutLoss::TornLast, seed);
        EXPECT_EQ(first_byte(left, 2), 0x11U);
        EXPECT_EQ(first_byte(left, 7), 0U);  // never whole
        unsigned arrived = 0;
        while (first_byte(left, 4 + arrived) != 0)
            ++arrived;
        seen |= 1U << arrived;
    }
    EXPECT_EQ(seen, 0b1111U);
}

TEST_F(DiskImageTest, LosesOnlyWhatWasNotFlushed) {
    disk.start_log();
    EXPECT_TRUE(write(1, 0x11));
    EXPECT_TRUE(disk.flush().ok());
    EXPECT_TRUE(write(2, 0x22));
    EXPECT_TRUE(write(3, 0x33));
    unsigned seen = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const DiskBytes left = disk.cut(4, CutLoss::Unflushed, seed);
        EXPECT_EQ(first_byte(left, 1), 0x11U);
        seen |= 1U << ((first_byte(left, 2) != 0 ? 1 : 0) + (first_byte(left, 3) != 0 ? 2 : 0));
    }
    EXPECT_EQ(seen, 0b1111U);
}

// --- The tools ---

TEST(Ext2Tools, MakesTheSameCleanFileSystemEachTime) {
    for (const std::uint32_t block_size : {1024U, 2048U, 4096U}) {
        const DiskBytes content = make_ext2({.block_size = block_size, .blocks = 512});
        ASSERT_EQ(content.size(), std::size_t{block_size} * 512);
        EXPECT_EQ(content, make_ext2({.block_size = block_size, .blocks = 512}));
        EXPECT_EQ(check_ext2(content).code, 0);
    }
    EXPECT_EQ(check_ext2(make_ext2({.revision = 0})).code, 0);
}

TEST(Ext2Tools, ReadsBackATree) {
    const ScratchFolder folder;
    const std::string root = folder.path("tree");
    std::filesystem::create_directories(root + "/a/b");
    std::ofstream(root + "/a/b/file") << std::string(70'000, 'x');
    std::filesystem::create_hard_link(root + "/a/b/file", root + "/second");
    std::filesystem::create_symlink("a/b", root + "/short");
    std::filesystem::create_symlink(std::string(100, 'l'), root + "/long");
    std::filesystem::permissions(root + "/second", std::filesystem::perms(0640));

    const auto tree = read_back(make_ext2({.tree = root}));

    EXPECT_EQ(tree.count("/lost+found"), 1U);
    ASSERT_EQ(tree.count("/a/b/file"), 1U);
    EXPECT_EQ(tree.at("/a/b/file").bytes, std::string(70'000, 'x'));
    EXPECT_EQ(tree.at("/a/b/file").links, 2U);
    EXPECT_EQ(tree.at("/a/b/file").permissions, 0640U);
    EXPECT_EQ(tree.at("/a/b/file").number, tree.at("/second").number);
    EXPECT_EQ(tree.at("/short").bytes, "a/b");
    EXPECT_EQ(tree.at("/long").bytes, std::string(100, 'l'));
    EXPECT_EQ(tree.at("/a").links, 3U);
}

TEST(Ext2Tools, SeesDamageAndRepairsIt) {
    DiskBytes content = make_ext2({});
    (void)debugfs(content, "sif / links_count 7\n", true);
    EXPECT_EQ(check_ext2(content).code, 4);
    EXPECT_EQ(repair_ext2(content).code, 1);
    EXPECT_EQ(check_ext2(content).code, 0);
    (void)debugfs(content, "sif / mode 0100644\n", true);  // the root a file: nobody may guess
    EXPECT_EQ(repair_ext2(content).code, 4);
}

TEST(Ext2Tools, AMissingToolIsAFailure) {
    EXPECT_NONFATAL_FAILURE((void)run_tool({"no-such-tool"}), "there is no no-such-tool");
}

}  // namespace
}  // namespace quire::test
