// Swap areas as mkswap makes them, and as nobody should; and the disk under them as pages.
#include "fs/swap_area.h"

#include <gtest/gtest.h>

#include <cstring>

#include "fs/disk_store.h"
#include "tests/host/disk_image.h"
#include "tests/host/user_machine.h"

namespace quire::test {
namespace {

constexpr std::uint32_t kSectorsPerPage = mm::kPageSize / drivers::kSectorSize;

class SwapAreaTest : public ::testing::Test {
  protected:
    static constexpr std::uint32_t kPages = 64;

    SwapAreaTest() {
        std::memcpy(disk.content().data() + mm::kPageSize - 10, "SWAPSPACE2", 10);
        header().version = 1;
        header().last_page = kPages - 1;
    }
    fs::SwapHeader& header() {
        return *reinterpret_cast<fs::SwapHeader*>(disk.content().data() + fs::SwapHeader::kOffset);
    }
    Result<void> read() { return area.read_header(frame.number()); }

    UserMachine machine;
    DiskImage disk{drivers::SectorCount(kPages * kSectorsPerPage)};
    fs::SwapArea area{disk};
    mm::OwnedFrame frame = machine.machine.frames.allocate().take();
};

TEST_F(SwapAreaTest, IsAsLargeAsItsHeaderSays) {
    ASSERT_TRUE(read().ok());
    EXPECT_EQ(area.size(), mm::PageCount(kPages));
    header().last_page = 1;
    ASSERT_TRUE(read().ok());
    EXPECT_EQ(area.size(), mm::PageCount(2));
}

TEST_F(SwapAreaTest, NeedsASignature) {
    disk.content()[mm::kPageSize - 1] = std::byte{'1'};
    EXPECT_EQ(read().error(), Error::InvalidArgument);
}

TEST_F(SwapAreaTest, OfAnotherVersionOrWithBadPagesIsRefused) {
    header().version = 2;
    EXPECT_EQ(read().error(), Error::NotSupported);
    header().version = 1;
    header().bad_pages = 1;
    EXPECT_EQ(read().error(), Error::NotSupported);
}

TEST_F(SwapAreaTest, MustFitOnItsDisk) {
    header().last_page = kPages;
    EXPECT_EQ(read().error(), Error::Corrupted);
    header().last_page = ~0U;
    EXPECT_EQ(read().error(), Error::Corrupted);
    header().last_page = 0;
    EXPECT_EQ(read().error(), Error::Corrupted);
}

TEST_F(SwapAreaTest, OnABrokenDiskIsAnError) {
    disk.fail_nth(DiskImage::Kind::Read, 1);
    EXPECT_EQ(read().error(), Error::IoError);
    EXPECT_TRUE(read().ok());
}

TEST_F(SwapAreaTest, TakesPagesAndGivesThemBack) {
    ASSERT_TRUE(read().ok());
    const mm::OwnedFrame second = machine.machine.frames.allocate().take();
    const mm::FrameNumber other = second.number();
    std::memset(mm::frame_bytes(frame.number()), 0x5A, mm::kPageSize);
    ASSERT_TRUE(area.store().write(kPages - 1, {{frame.number()}}).ok());
    std::memset(mm::frame_bytes(other), 0, mm::kPageSize);
    ASSERT_TRUE(area.store().read(kPages - 1, {{other}}).ok());
    EXPECT_EQ(std::memcmp(mm::frame_bytes(frame.number()), mm::frame_bytes(other), mm::kPageSize),
              0);
}

TEST_F(SwapAreaTest, SwapSpaceWorksOnIt) {
    ASSERT_TRUE(read().ok());
    mm::SwapSpace swap;
    std::vector<mm::SlotRecord> records(mm::SwapSpace::records_needed(area.size()));
    ASSERT_TRUE(swap.add_area(area.store(), area.size(), 0, records).ok());
    EXPECT_EQ(swap.statistics().total, mm::PageCount(kPages - 1));
}

// The last page of a disk of so many sectors is cut.
TEST_F(SwapAreaTest, WhatIsPastTheEndOfADiskReadsAsZeroes) {
    DiskImage odd{drivers::SectorCount(kSectorsPerPage + 3)};
    for (std::byte& byte : odd.content())
        byte = std::byte{0x77};
    fs::DiskStore store(odd);
    ASSERT_TRUE(store.read(1, {{frame.number()}}).ok());
    const std::byte* bytes = mm::frame_bytes(frame.number());
    EXPECT_EQ(bytes[3 * drivers::kSectorSize - 1], std::byte{0x77});
    for (std::uint32_t i = 3 * drivers::kSectorSize; i < mm::kPageSize; ++i)
        ASSERT_EQ(bytes[i], std::byte{0});
    ASSERT_TRUE(store.read(2, {{frame.number()}}).ok());
    EXPECT_EQ(bytes[0], std::byte{0});
    EXPECT_TRUE(store.write(1, {{frame.number()}}).ok());
}

TEST_F(SwapAreaTest, ARunIsOneRequestForSixteenPages) {
    fs::DiskStore store(disk);
    std::vector<mm::OwnedFrame> owned;
    std::vector<mm::FrameNumber> frames;
    for (int i = 0; i < 40; ++i) {
        owned.push_back(machine.machine.frames.allocate().take());
        frames.push_back(owned.back().number());
    }
    disk.start_log();
    ASSERT_TRUE(store.read(8, frames).ok());
    EXPECT_EQ(disk.log().size(), 3U);
}

}  // namespace
}  // namespace quire::test
