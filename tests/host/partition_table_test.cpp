// Partition tables: what a good one says, and what a wrong or hostile one may not do.
#include <gtest/gtest.h>

#include <vector>

#include "drivers/partition_table.h"
#include "drivers/ram_disk.h"
#include "mm/physical_window.h"
#include "tests/host/machine_host.h"
#include "tests/host/seed.h"

namespace quire::drivers {
namespace {

constexpr std::uint32_t kSectors = 10'000;
constexpr BlockBuffer kBuffer{mm::PhysAddr(0x5000), kSectorSize};

/// A RAM disk one sector of which may be unreadable.
class OddDisk final : public BlockDevice {
  public:
    explicit OddDisk(std::span<std::byte> storage) : disk_("hda", storage) {}
    std::uint32_t bad = ~0U;
    std::uint32_t sectors_said = kSectors;  // those that are not there repeat those that are
    int reads = 0;

    void submit(BlockRequest& request) override {
        ++reads;
        EXPECT_EQ(request.kind, BlockRequest::Kind::Read);
        if (request.first == SectorNumber(bad)) {
            request.finish(Error::IoError, request.first);
        } else {
            const SectorNumber asked = request.first;
            request.first = SectorNumber(asked.raw() % kSectors);
            disk_.submit(request);
            request.first = asked;
        }
    }
    void wait(BlockRequest&) override {}
    [[nodiscard]] SectorCount sectors() const override { return SectorCount(sectors_said); }
    [[nodiscard]] bool read_only() const override { return true; }
    [[nodiscard]] const char* name() const override { return "hda"; }

  private:
    RamDisk disk_;
};

class PartitionTableTest : public ::testing::Test {
  protected:
    PartitionTableTest() { test::reset_host_ram(); }

    /// Writes entry `slot` of the table in `sector`, and its signature.
    void put(std::uint32_t sector, unsigned slot, std::uint8_t type, std::uint32_t first,
             std::uint32_t count, std::uint8_t flag = 0) {
        std::byte* entry = at(sector) + 446 + 16 * slot;
        entry[0] = std::byte{flag};
        entry[4] = std::byte{type};
        for (unsigned i = 0; i < 4; ++i) {
            entry[8 + i] = static_cast<std::byte>(first >> 8 * i);
            entry[12 + i] = static_cast<std::byte>(count >> 8 * i);
        }
        at(sector)[510] = std::byte{0x55};
        at(sector)[511] = std::byte{0xAA};
    }
    /// Three logical partitions: tables at 1000, 2000, 3000.
    void put_chain() {
        put(0, 3, 0x0F, 1000, 5000);
        put(1000, 0, 0x83, 10, 500);
        put(1000, 1, 0x05, 1000, 1000);
        put(2000, 0, 0x82, 20, 600);
        put(2000, 1, 0x05, 2000, 1000);
        put(3000, 0, 0x83, 30, 700);
    }
    std::byte* at(std::uint32_t sector) { return storage.data() + sector * kSectorSize; }

    /// "number:first+count" of each partition.
    std::vector<std::string> read() {
        const Result<void> result = table.read(disk, kBuffer);
        EXPECT_TRUE(result.ok());
        table.check_invariants(disk);
        std::vector<std::string> found;
        for (const PartitionEntry& entry : table.entries()) {
            found.push_back(std::to_string(entry.number) + ":" +
                            std::to_string(entry.place.first.raw()) + "+" +
                            std::to_string(entry.place.count.raw()));
        }
        return found;
    }

    std::vector<std::byte> storage = std::vector<std::byte>(kSectors * kSectorSize);
    OddDisk disk{storage};
    PartitionTable table;
};

using Names = std::vector<std::string>;

TEST_F(PartitionTableTest, ReadsPrimaryPartitions) {
    put(0, 0, 0x83, 2048, 4000, 0x80);
    put(0, 1, 0x82, 6048, kSectors - 6048);
    EXPECT_EQ(read(), (Names{"1:2048+4000", "2:6048+3952"}));
    EXPECT_TRUE(table.entries()[0].active);
    EXPECT_FALSE(table.entries()[1].active);
    EXPECT_EQ(table.entries()[1].type, 0x82);
}

TEST_F(PartitionTableTest, NumbersStayWithTheSlots) {
    put(0, 2, 0x83, 100, 10);
    put(0, 0, 0x83, 200, 10);
    EXPECT_EQ(read(), (Names{"1:200+10", "3:100+10"}));
}

TEST_F(PartitionTableTest, ADiskWithoutATableHasNone) {
    EXPECT_EQ(read(), Names{});
}

TEST_F(PartitionTableTest, ABootSectorOfAFileSystemIsNoTable) {
    put(0, 0, 0x83, 100, 10);
    put(0, 1, 0x83, 200, 10, 0x66);
    EXPECT_EQ(read(), Names{});
}

TEST_F(PartitionTableTest, ADiskThatCannotBeReadIsAnError) {
    disk.bad = 0;
    EXPECT_EQ(table.read(disk, kBuffer).error(), Error::IoError);
    EXPECT_TRUE(table.entries().empty());
}

TEST_F(PartitionTableTest, WhatGoesPastTheEndIsLeftOut) {
    put(0, 0, 0x83, 9000, 1001);
    put(0, 1, 0x83, kSectors, 1);
    put(0, 2, 0x83, 0xFFFFFFFF, 2);
    put(0, 3, 0x83, 9000, 1000);
    EXPECT_EQ(read(), (Names{"4:9000+1000"}));
}

TEST_F(PartitionTableTest, WhatOverlapsIsLeftOut) {
    put(0, 0, 0x83, 100, 100);
    put(0, 1, 0x83, 199, 10);
    put(0, 2, 0x83, 50, 51);
    put(0, 3, 0x83, 200, 10);
    EXPECT_EQ(read(), (Names{"1:100+100", "4:200+10"}));
}

TEST_F(PartitionTableTest, NoPartitionHoldsTheTable) {
    put(0, 0, 0x83, 0, 100);
    EXPECT_EQ(read(), Names{});
}

TEST_F(PartitionTableTest, AGuidTableIsNotRead) {
    put(0, 0, 0xEE, 1, kSectors - 1);
    EXPECT_EQ(read(), Names{});
}

TEST_F(PartitionTableTest, ReadsLogicalPartitions) {
    put_chain();
    put(0, 0, 0x83, 100, 10);
    EXPECT_EQ(read(), (Names{"1:100+10", "5:1010+500", "6:2020+600", "7:3030+700"}));
}

TEST_F(PartitionTableTest, AnEmptyTableInTheChainHasNoNumber) {
    put_chain();
    put(2000, 0, 0, 0, 0);
    EXPECT_EQ(read(), (Names{"5:1010+500", "6:3030+700"}));
}

TEST_F(PartitionTableTest, AChainThatTurnsBackEnds) {
    put_chain();
    put(3000, 1, 0x05, 1000, 1000);
    EXPECT_EQ(read().size(), 3U);
    put(3000, 1, 0x05, 2000, 1000);  // to itself
    EXPECT_EQ(read().size(), 3U);
    put(3000, 1, 0x05, 0, 1000);  // to the beginning
    EXPECT_EQ(read().size(), 3U);
    EXPECT_EQ(disk.reads, 3 * 4);
}

TEST_F(PartitionTableTest, AChainDoesNotLeaveTheExtendedPartition) {
    put_chain();
    put(9000, 0, 0x83, 10, 10);
    put(3000, 1, 0x05, 8000, 100);
    EXPECT_EQ(read().size(), 3U);
    put(3000, 1, 0x05, 0xFFFFFFFF, 100);
    EXPECT_EQ(read().size(), 3U);
}

TEST_F(PartitionTableTest, AChainDoesNotRunIntoAPartition) {
    put_chain();
    put(1000, 0, 0x83, 10, 995);  // covers the table at 2000
    EXPECT_EQ(read(), (Names{"5:1010+995"}));
}

TEST_F(PartitionTableTest, ALogicalPartitionStaysInTheExtendedOneBehindItsTable) {
    put_chain();
    put(1000, 0, 0x83, 0, 500);      // holds its own table
    put(2000, 0, 0x83, 3500, 1000);  // one sector too many is 501
    put(3000, 0, 0x83, 0xFFFFF800, 100);
    EXPECT_EQ(read(), Names{});
    put(2000, 0, 0x83, 3500, 500);
    EXPECT_EQ(read(), (Names{"6:5500+500"}));
}

// On a disk of 2 TiB a sum of two places may pass 2^32.
TEST_F(PartitionTableTest, PlacesDoNotWrapAround) {
    disk.sectors_said = 0xFFFFFFFF;
    constexpr std::uint32_t kFar = 3'000'000'000;  // repeats sector 0
    put(0, 0, 0x05, 1, 0xFFFFFFF0);
    put(1, 1, 0x05, kFar + 6, 100);  // the table in sector kFar + 7
    put(7, 0, 0x83, 2'000'000'000, 100);
    EXPECT_EQ(read(), Names{});
    put(7, 0, 0x83, 1'000'000'000, 100);
    EXPECT_EQ(read(), (Names{"5:4000000007+100"}));
}

TEST_F(PartitionTableTest, ATableOfTheChainThatCannotBeReadEndsIt) {
    put_chain();
    disk.bad = 2000;
    EXPECT_EQ(read(), (Names{"5:1010+500"}));
}

TEST_F(PartitionTableTest, ATableOfTheChainWithoutSignatureEndsIt) {
    put_chain();
    at(2000)[510] = std::byte{0};
    EXPECT_EQ(read(), (Names{"5:1010+500"}));
}

TEST_F(PartitionTableTest, APrimaryOverTheExtendedOneIsLeftOut) {
    put_chain();
    put(0, 0, 0x83, 900, 200);
    EXPECT_EQ(read(), (Names{"1:900+200"}));  // it came first: the extended one is left out
    put(0, 3, 0x83, 900, 200);
    put(0, 0, 0x0F, 1000, 5000);
    EXPECT_EQ(read(), (Names{"5:1010+500", "6:2020+600", "7:3030+700"}));
}

TEST_F(PartitionTableTest, ASecondExtendedPartitionIsLeftOut) {
    put_chain();
    put(0, 2, 0x05, 7000, 1000);
    put(7000, 0, 0x83, 1, 10);
    EXPECT_EQ(read(), (Names{"5:7001+10"}));  // slot 3 comes before slot 4
}

TEST_F(PartitionTableTest, AtMostSixteenAreKept) {
    put(0, 0, 0x05, 100, 9000);
    for (std::uint32_t i = 0; i < 30; ++i) {
        put(100 + i * 100, 0, 0x83, 1, 50);
        put(100 + i * 100, 1, 0x05, (i + 1) * 100, 100);
    }
    EXPECT_EQ(read().size(), PartitionTable::kMost);
    EXPECT_LE(disk.reads, 1 + static_cast<int>(PartitionTable::kMost));
}

// A long chain of empty tables is not followed for ever.
TEST_F(PartitionTableTest, AChainOfEmptyTablesEnds) {
    put(0, 0, 0x05, 1, 9000);
    for (std::uint32_t i = 0; i < 8000; ++i)
        put(1 + i, 1, 0x05, i + 1, 100);
    EXPECT_EQ(read(), Names{});
    EXPECT_LE(disk.reads, 1 + static_cast<int>(PartitionTable::kMost));
}

// Junk in place of tables: never outside the disk, never overlapping, never endless.
TEST_F(PartitionTableTest, JunkIsHarmless) {
    test::Random random(test::seed());
    const auto below = [&random](std::uint32_t limit) {
        return static_cast<std::uint32_t>(random.below(limit));
    };
    constexpr std::uint8_t kTypes[] = {0x83, 0x82, 0x05, 0x0F, 0, 0x85};
    constexpr std::uint32_t kTables = 40;
    for (int round = 0; round < 3000; ++round) {
        for (std::uint32_t sector = 0; sector < kTables; ++sector) {
            for (unsigned slot = 0; slot < 4; ++slot) {
                const bool wild = below(10) == 0;
                put(sector, slot, kTypes[below(6)],
                    wild ? static_cast<std::uint32_t>(~0U - below(50)) : below(kTables),
                    wild ? ~0U - below(20'000) : below(kSectors), below(30) == 0 ? 0x80 : 0);
            }
        }
        disk.reads = 0;
        read();  // checks the invariants
        ASSERT_LE(disk.reads, 1 + static_cast<int>(PartitionTable::kMost));
    }
}

}  // namespace
}  // namespace quire::drivers
