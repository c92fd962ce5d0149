// BlockCache: blocks in RAM, dirt by block, orders, and what reclaim may do with them.
#include "fs/block_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "mm/reclaim.h"
#include "mm/write_back.h"
#include "tests/host/disk_image.h"
#include "tests/host/user_machine.h"

namespace quire::fs {
namespace {

using Kind = drivers::BlockRequest::Kind;
using drivers::SectorCount;
using drivers::SectorNumber;

// A disk that lets something happen while a request is under way.
class RacingDisk final : public drivers::BlockDevice {
  public:
    explicit RacingDisk(drivers::BlockDevice& disk) : disk_(disk) {}
    void submit(drivers::BlockRequest& request) override { disk_.submit(request); }
    void wait(drivers::BlockRequest& request) override {
        if (request.kind == Kind::Write && meanwhile) std::exchange(meanwhile, nullptr)();
        disk_.wait(request);
    }
    [[nodiscard]] SectorCount sectors() const override { return disk_.sectors(); }
    [[nodiscard]] bool read_only() const override { return disk_.read_only(); }
    [[nodiscard]] const char* name() const override { return disk_.name(); }

    std::function<void()> meanwhile;  // once, in the next write

  private:
    drivers::BlockDevice& disk_;
};

class Blocks : public testing::Test {
  protected:
    static constexpr std::uint32_t kSectors = 2048;  // 1 MiB

    Blocks() {
        for (std::uint32_t sector = 0; sector < kSectors; ++sector)
            disk.sector(SectorNumber(sector))[0] = std::byte{content_of(sector)};
        disk.start_log();
    }
    ~Blocks() override {
        if (cache) cache->check_invariants();
        cache.reset();
        machine.check();
    }

    static std::uint8_t content_of(std::uint32_t sector) {
        return static_cast<std::uint8_t>(sector * 7 + 1);
    }
    BlockCache& start(std::uint32_t block_size) {
        cache.emplace(machine.memory, machine.objects, racing, block_size);
        return *cache;
    }
    Block get(std::uint32_t number) { return cache->get(number).take(); }
    static unsigned first_byte(const Block& block) {
        return std::to_integer<unsigned>(block.bytes()[0]);
    }
    // Changes a block, and nothing else.
    void put(std::uint32_t number, unsigned value) {
        Block block = get(number);
        block.bytes()[0] = std::byte{static_cast<unsigned char>(value)};
        block.set_dirty();
    }
    // An order as file systems make it: said before the second one is changed.
    Result<void> put_in_order(std::uint32_t first, std::uint32_t then, unsigned value) {
        const Block before = get(first);
        Block after = get(then);
        TRY(cache->write_before(before, after));
        after.bytes()[0] = std::byte{static_cast<unsigned char>(value)};
        after.set_dirty();
        return {};
    }
    unsigned on_disk(std::uint32_t number) {
        return std::to_integer<unsigned>(
            disk.sector(SectorNumber(number * (cache->block_size() / 512)))[0]);
    }
    struct Written {
        std::uint32_t first;  // block
        std::uint32_t count;
        bool operator==(const Written&) const = default;
    };
    // Every write since start_log(), in blocks.
    std::vector<Written> writes() {
        const std::uint32_t sectors = cache->block_size() / 512;
        std::vector<Written> result;
        for (const test::DiskImage::Access& access : disk.log())
            if (access.kind == Kind::Write)
                result.push_back({access.first.raw() / sectors, access.sectors.raw() / sectors});
        return result;
    }
    std::uint32_t reads() { return disk.count(Kind::Read); }
    bool in_ram(std::uint32_t page) { return cache->object().entry(page).is_frame(); }

    test::UserMachine machine;
    test::DiskImage disk{SectorCount(kSectors)};
    RacingDisk racing{disk};
    mm::Reclaim reclaim{
        machine.memory, machine.slabs, {mm::PageCount(2), mm::PageCount(2), mm::PageCount(2)}};
    std::optional<BlockCache> cache;
};

TEST_F(Blocks, CountsWholeBlocks) {
    EXPECT_EQ(start(1024).blocks(), 1024U);
    EXPECT_EQ(start(4096).blocks(), 256U);
    test::DiskImage odd(SectorCount(13));
    const BlockCache other(machine.memory, machine.objects, odd, 2048);
    EXPECT_EQ(other.blocks(), 3U);
    EXPECT_EQ(other.block_size(), 2048U);
}

TEST_F(Blocks, ReadsABlockOfEachSize) {
    for (const std::uint32_t size : {1024U, 2048U, 4096U}) {
        start(size);
        for (const std::uint32_t number : {0U, 1U, 3U, 7U, cache->blocks() - 1}) {
            const Block block = get(number);
            EXPECT_EQ(block.number(), number);
            EXPECT_EQ(block.bytes().size(), size);
            EXPECT_EQ(first_byte(block), content_of(number * (size / 512)));
        }
        cache->check_invariants();
    }
}

TEST_F(Blocks, ReadsNeighboursAlongAndNothingTwice) {
    start(1024);
    EXPECT_TRUE(get(5).valid());
    EXPECT_EQ(reads(), 1U);
    for (std::uint32_t number = 0; number < 16; ++number)
        EXPECT_EQ(first_byte(get(number)), content_of(2 * number));
    EXPECT_EQ(reads(), 1U);
}

TEST_F(Blocks, ReadsADiskThatEndsWithinAPage) {
    test::DiskImage odd(SectorCount(11));
    odd.sector(SectorNumber(8))[0] = std::byte{88};
    BlockCache other(machine.memory, machine.objects, odd, 1024);
    EXPECT_EQ(first_byte(other.get(4).take()), 88U);
    const std::byte* page = mm::frame_bytes(other.object().entry(1).frame());
    EXPECT_EQ(std::count(page + 1, page + 4096, std::byte{}), 4095);
    EXPECT_EQ(other.get(5).error(), Error::BadAddress);
    EXPECT_EQ(other.get_new(5).error(), Error::BadAddress);
}

TEST_F(Blocks, WritesOnlyWhatIsDirty) {
    start(1024);
    put(8, 200);
    put(10, 201);
    for (std::uint32_t sector = 16; sector < 24; ++sector)
        disk.sector(SectorNumber(sector))[0] = std::byte{99};  // a file's data, by another way
    EXPECT_EQ(cache->dirty_blocks(), 2U);
    EXPECT_TRUE(cache->write_all().ok());
    EXPECT_EQ(on_disk(8), 200U);
    EXPECT_EQ(on_disk(9), 99U);
    EXPECT_EQ(on_disk(10), 201U);
    EXPECT_EQ(on_disk(11), 99U);
    EXPECT_EQ(cache->dirty_blocks(), 0U);
    EXPECT_EQ(cache->object().dirty_pages(), 0U);
}

TEST_F(Blocks, DirtyNeighboursGoInOneWrite) {
    start(1024);
    for (const std::uint32_t number : {6U, 7U, 8U, 9U, 12U})
        put(number, 50 + number);
    EXPECT_TRUE(cache->write_all().ok());
    EXPECT_EQ(writes(), (std::vector<Written>{{6, 4}, {12, 1}}));
}

TEST_F(Blocks, AWriteNamesSixteenPagesAtMost) {
    start(4096);
    for (std::uint32_t number = 100; number < 140; ++number)
        put(number, number);
    EXPECT_TRUE(cache->write(get(120)).ok());
    EXPECT_EQ(writes(), (std::vector<Written>{{120, 16}}));
    EXPECT_TRUE(cache->write_all().ok());
    EXPECT_EQ(writes(), (std::vector<Written>{{120, 16}, {100, 16}, {116, 4}, {136, 4}}));
    for (std::uint32_t number = 100; number < 140; ++number)
        EXPECT_EQ(on_disk(number), number);
}

TEST_F(Blocks, WriteOfACleanBlockDoesNothing) {
    start(1024);
    put(8, 200);
    EXPECT_TRUE(cache->write(get(9)).ok());
    EXPECT_TRUE(writes().empty());
}

TEST_F(Blocks, ANewBlockIsZeroesAndDirty) {
    for (const std::uint32_t size : {1024U, 4096U}) {
        start(size);
        const Block block = cache->get_new(9).take();
        EXPECT_TRUE(
            std::ranges::all_of(block.bytes(), [](std::byte b) { return b == std::byte{}; }));
        EXPECT_EQ(cache->dirty_blocks(), 1U);
        EXPECT_EQ(first_byte(get(8)), content_of(8 * (size / 512)));  // what the disk holds
        cache->check_invariants();
    }
}

TEST_F(Blocks, ANewBlockOfAWholePageReadsNothing) {
    start(4096);
    EXPECT_TRUE(cache->get_new(9).ok());
    EXPECT_EQ(reads(), 0U);
}

TEST_F(Blocks, UsersNestAndMove) {
    start(1024);
    Block first = get(8);
    Block second = get(8);
    Block third = std::move(first);
    EXPECT_FALSE(first.valid());
    EXPECT_EQ(third.bytes().data(), second.bytes().data());
    second = get(40);
    second = std::move(third);
    EXPECT_EQ(second.number(), 8U);
    cache->check_invariants();
    EXPECT_EQ(reclaim.drop_clean().raw() != 0, true);
    EXPECT_TRUE(in_ram(2));
    second = Block();
    EXPECT_NE(reclaim.drop_clean(), mm::PageCount());
    EXPECT_FALSE(in_ram(2));
}

TEST_F(Blocks, OrdersAreKept) {
    start(1024);
    put(100, 1);
    EXPECT_TRUE(put_in_order(100, 5, 2).ok());
    EXPECT_TRUE(put_in_order(5, 50, 3).ok());
    EXPECT_EQ(cache->orders(), 2U);
    EXPECT_TRUE(cache->write_all().ok());
    EXPECT_EQ(writes(), (std::vector<Written>{{100, 1}, {5, 1}, {50, 1}}));
    EXPECT_EQ(cache->orders(), 0U);
}

TEST_F(Blocks, ANeighbourThatMustWaitIsNotTakenAlong) {
    start(1024);
    put(8, 1);
    put(9, 2);
    EXPECT_TRUE(put_in_order(9, 10, 3).ok());
    EXPECT_TRUE(cache->write(get(8)).ok());
    EXPECT_EQ(writes(), (std::vector<Written>{{8, 2}}));
    EXPECT_TRUE(cache->write(get(10)).ok());
    EXPECT_EQ(writes(), (std::vector<Written>{{8, 2}, {10, 1}}));
}

TEST_F(Blocks, ABlockThatIsCleanNeedsNoOrder) {
    start(1024);
    EXPECT_TRUE(put_in_order(100, 5, 2).ok());
    EXPECT_EQ(cache->orders(), 0U);
    put(5, 1);
    EXPECT_TRUE(put_in_order(5, 5, 2).ok());
    EXPECT_EQ(cache->orders(), 0U);
}

TEST_F(Blocks, AnOrderIsKeptOnce) {
    start(1024);
    put(100, 1);
    EXPECT_TRUE(put_in_order(100, 5, 2).ok());
    EXPECT_TRUE(put_in_order(100, 5, 3).ok());
    EXPECT_EQ(cache->orders(), 1U);
}

TEST_F(Blocks, ACircleIsBrokenByAWrite) {
    start(1024);
    put(1, 11);
    EXPECT_TRUE(put_in_order(1, 50, 12).ok());
    EXPECT_TRUE(put_in_order(50, 100, 13).ok());
    EXPECT_TRUE(writes().empty());
    EXPECT_TRUE(put_in_order(100, 1, 14).ok());  // what 1 held until now goes first
    EXPECT_EQ(writes(), (std::vector<Written>{{1, 1}, {50, 1}, {100, 1}}));
    EXPECT_EQ(on_disk(1), 11U);
    EXPECT_EQ(cache->orders(), 0U);
    EXPECT_EQ(cache->dirty_blocks(), 1U);
}

// Two blocks a layer, each before both of the next: 2^15 ways lead from the first to the last.
TEST_F(Blocks, ACircleIsFoundAmongManyWays) {
    start(1024);
    constexpr std::uint32_t kLayers = 15;
    put(0, 1);
    put(1, 1);
    for (std::uint32_t block = 0; block < 2 * kLayers; ++block)
        for (const std::uint32_t next : {2U, 3U})
            EXPECT_TRUE(put_in_order(block, block / 2 * 2 + next, 2).ok());
    EXPECT_EQ(cache->orders(), 4 * kLayers);
    EXPECT_TRUE(put_in_order(0, 2 * kLayers + 1, 3).ok());
    EXPECT_TRUE(writes().empty());
    EXPECT_TRUE(put_in_order(2 * kLayers, 0, 4).ok());
    EXPECT_FALSE(writes().empty());
}

TEST_F(Blocks, ABlockThatIsUsedAgainIsYoungForThePolicy) {
    start(1024);
    const mm::FrameNumber frame = (get(8), cache->object().entry(2).frame());
    EXPECT_FALSE(machine.machine.table.has(frame, mm::FrameFlag::Young));
    get(9);
    EXPECT_TRUE(machine.machine.table.has(frame, mm::FrameFlag::Young));
}

TEST_F(Blocks, AnOrderTooManyIsKeptByAWrite) {
    start(4096);
    for (std::uint32_t i = 0; i <= BlockCache::kMostOrders / 4; ++i)
        put(2 * i, 1);
    std::uint32_t made = 0;
    for (std::uint32_t i = 0; made < BlockCache::kMostOrders; ++i)
        for (std::uint32_t j = 0; j < 4 && made < BlockCache::kMostOrders; ++j, ++made)
            EXPECT_TRUE(put_in_order(2 * i, 101 + 2 * j, 2).ok());
    EXPECT_EQ(cache->orders(), BlockCache::kMostOrders);
    EXPECT_TRUE(writes().empty());
    put(200, 3);
    EXPECT_TRUE(put_in_order(200, 101, 4).ok());
    EXPECT_EQ(writes(), (std::vector<Written>{{200, 1}}));
    EXPECT_EQ(cache->orders(), BlockCache::kMostOrders);
    EXPECT_TRUE(cache->write_all().ok());
    EXPECT_EQ(cache->dirty_blocks(), 0U);
}

TEST_F(Blocks, WhatIsForgottenIsNotWritten) {
    start(1024);
    for (const std::uint32_t number : {7U, 8U, 9U, 20U, 21U})
        put(number, number);
    EXPECT_TRUE(put_in_order(8, 30, 1).ok());
    EXPECT_TRUE(put_in_order(30, 20, 2).ok());
    EXPECT_TRUE(put_in_order(7, 30, 2).ok());
    cache->forget(8, 13);
    cache->check_invariants();
    EXPECT_EQ(cache->dirty_blocks(), 3U);
    EXPECT_EQ(cache->orders(), 1U);
    EXPECT_TRUE(cache->write_all().ok());
    EXPECT_EQ(writes(), (std::vector<Written>{{7, 1}, {21, 1}, {30, 1}}));
}

TEST_F(Blocks, ReclaimEvictsWhatIsCleanAndUnused) {
    start(1024);
    const Block used = get(8);
    put(20, 1);
    EXPECT_NE(reclaim.drop_clean(), mm::PageCount());
    EXPECT_TRUE(in_ram(2));
    EXPECT_TRUE(in_ram(5));
    EXPECT_FALSE(in_ram(1));
    EXPECT_EQ(first_byte(used), content_of(16));
}

TEST_F(Blocks, WhereThereIsNoRoomForNeighboursAPageComesAlone) {
    start(4096);
    machine.room.leave_to(reclaim);
    std::vector<mm::OwnedFrame> ballast;
    const mm::PageCount left = reclaim.marks().min + mm::frames_to_fetch(mm::PageCount(1));
    while (machine.machine.frames.free_frames() > left)
        ballast.push_back(machine.machine.frames.allocate().take());
    EXPECT_EQ(first_byte(get(5)), content_of(40));
    EXPECT_TRUE(in_ram(5));
    EXPECT_FALSE(in_ram(4));
}

// Makes reclaim take all it can get.
TEST_F(Blocks, ReclaimCleansInOrderAndEvicts) {
    start(1024);
    put(100, 1);
    EXPECT_TRUE(put_in_order(100, 5, 2).ok());
    const Block used = get(40);
    reclaim.set_marks({mm::PageCount(), mm::PageCount(), mm::PageCount()});
    const mm::PageCount all = machine.machine.frames.statistics().managed;
    EXPECT_FALSE(reclaim.make_room(all).ok());
    EXPECT_EQ(writes(), (std::vector<Written>{{100, 1}, {5, 1}}));
    EXPECT_FALSE(in_ram(1));
    EXPECT_FALSE(in_ram(25));
    EXPECT_TRUE(in_ram(10));
    EXPECT_EQ(reclaim.statistics().put_back, 1U);
    cache->check_invariants();
}

TEST_F(Blocks, WhatCannotBeWrittenStaysDirtyAndSoDoesWhatWaitsForIt) {
    start(1024);
    put(100, 1);
    EXPECT_TRUE(put_in_order(100, 5, 2).ok());
    put(60, 3);
    disk.fail_sector(SectorNumber(200));
    EXPECT_EQ(cache->write_all().error(), Error::IoError);
    EXPECT_EQ(on_disk(5), content_of(10));
    EXPECT_EQ(on_disk(60), 3U);
    EXPECT_EQ(cache->dirty_blocks(), 2U);
    EXPECT_EQ(cache->orders(), 1U);
    cache->check_invariants();
    disk.fail_sector(std::nullopt);
    EXPECT_TRUE(cache->write_all().ok());
    EXPECT_EQ(on_disk(100), 1U);
    EXPECT_EQ(on_disk(5), 2U);
}

TEST_F(Blocks, ABadSectorCostsOneBlock) {
    start(1024);
    for (std::uint32_t number = 8; number < 16; ++number)
        put(number, number);
    disk.set_failed_write(test::FailedWrite::ChangesNothing);
    disk.fail_sector(SectorNumber(23));
    EXPECT_TRUE(cache->write(get(9)).ok());
    EXPECT_EQ(cache->dirty_blocks(), 1U);
    EXPECT_EQ(cache->write(get(11)).error(), Error::IoError);
    for (std::uint32_t number = 8; number < 16; ++number)
        EXPECT_EQ(on_disk(number) == number, number != 11);
    disk.fail_sector(SectorNumber(31));
    for (std::uint32_t number = 12; number < 16; ++number)
        put(number, number + 1);
    EXPECT_TRUE(cache->write(get(13)).ok());  // though the last one of the run fails
    EXPECT_EQ(cache->dirty_blocks(), 1U);
}

TEST_F(Blocks, ReclaimKeepsWhatCannotBeWritten) {
    start(1024);
    put(100, 1);
    EXPECT_TRUE(put_in_order(100, 5, 2).ok());
    disk.fail_sector(SectorNumber(200));
    reclaim.set_marks({mm::PageCount(), mm::PageCount(), mm::PageCount()});
    EXPECT_FALSE(reclaim.make_room(machine.machine.frames.statistics().managed).ok());
    EXPECT_TRUE(in_ram(1));
    EXPECT_TRUE(in_ram(25));
    EXPECT_EQ(cache->dirty_blocks(), 2U);
    disk.fail_sector(std::nullopt);
    EXPECT_TRUE(cache->write_all().ok());
    EXPECT_EQ(on_disk(5), 2U);
}

TEST_F(Blocks, AReadThatFailsChangesNothing) {
    start(1024);
    disk.fail_sector(SectorNumber(16));
    EXPECT_EQ(cache->get(8).error(), Error::IoError);
    EXPECT_EQ(cache->get_new(8).error(), Error::IoError);
    EXPECT_FALSE(in_ram(2));
    cache->check_invariants();
    EXPECT_TRUE(cache->get(4).ok());  // a neighbour
}

TEST_F(Blocks, EveryAllocationThatFailsLeavesEverythingAsItWas) {
    for (const std::uint32_t size : {1024U, 4096U}) {
        start(size);
        std::uint32_t failures = 0;
        for (const bool fresh : {false, true}) {
            for (std::uint32_t n = 1;; ++n) {
                machine.slabs.reclaim();
                const std::uint32_t used = machine.machine.used_frames();
                machine.machine.injector.fail_nth(n);
                const Result<Block> block = fresh ? cache->get_new(200) : cache->get(100);
                const bool over = machine.machine.injector.armed();
                machine.machine.injector.fail_nth(0);
                cache->check_invariants();
                if (over) break;
                ++failures;
                if (block.ok()) continue;  // without its neighbours
                EXPECT_EQ(block.error(), Error::OutOfMemory);
                machine.slabs.reclaim();
                EXPECT_EQ(machine.machine.used_frames(), used);
                EXPECT_EQ(cache->dirty_blocks(), 0U);
            }
        }
        EXPECT_GE(failures, 4U);
    }
}

// --- While a write is under way ---

TEST_F(Blocks, WhatIsUnderWayStaysInRam) {
    start(1024);
    put(8, 1);
    racing.meanwhile = [&] {
        reclaim.drop_clean();
        EXPECT_TRUE(in_ram(2));
    };
    EXPECT_TRUE(cache->write_all().ok());
    reclaim.drop_clean();
    EXPECT_FALSE(in_ram(2));
}

TEST_F(Blocks, ReclaimIsToldThatAWriteIsUnderWay) {
    start(1024);
    put(100, 1);
    EXPECT_TRUE(put_in_order(100, 5, 2).ok());
    racing.meanwhile = [&] {
        EXPECT_EQ(mm::write_back(machine.memory, cache->object(), 0, 100).error(), Error::Busy);
        EXPECT_EQ(on_disk(5), content_of(10));
    };
    EXPECT_TRUE(cache->write(get(100)).ok());
    EXPECT_EQ(cache->dirty_blocks(), 1U);
    mm::WriteErrors::Mark mark = 0;
    EXPECT_TRUE(cache->object().write_errors().check(mark).ok());  // no error of the disk
}

TEST_F(Blocks, AChangeMeanwhileIsWrittenLater) {
    start(1024);
    put(8, 1);
    racing.meanwhile = [&] { put(8, 2); };
    EXPECT_TRUE(cache->write(get(8)).ok());
    EXPECT_TRUE(cache->write_all().ok());
    EXPECT_EQ(cache->dirty_blocks(), 0U);
    EXPECT_EQ(on_disk(8), 2U);
}

TEST_F(Blocks, AnOrderThatIsGivenMeanwhileHoldsUntilTheWriteIsDone) {
    start(1024);
    put(8, 1);
    racing.meanwhile = [&] {
        EXPECT_TRUE(put_in_order(8, 50, 2).ok());
        EXPECT_EQ(cache->orders(), 1U);
        cache->check_invariants();
    };
    EXPECT_TRUE(cache->write(get(8)).ok());
    EXPECT_EQ(cache->orders(), 0U);
}

TEST_F(Blocks, AnOrderAboutAChangeMeanwhileOutlivesTheWrite) {
    start(1024);
    const Block then = get(51);  // no read meanwhile, which would see to it that the write is done
    put(8, 3);
    racing.meanwhile = [&] {
        put(8, 4);
        EXPECT_TRUE(put_in_order(8, 51, 5).ok());
        disk.fail_nth(Kind::Write, 2);  // the one for the change
    };
    EXPECT_EQ(cache->write(get(8)).error(), Error::IoError);
    EXPECT_EQ(cache->orders(), 1U);
    EXPECT_TRUE(cache->write(get(51)).ok());
    EXPECT_EQ(on_disk(8), 4U);
}

TEST_F(Blocks, AnOrderThatWouldHaveToWriteMeanwhileIsRefused) {
    start(1024);
    put(8, 1);
    EXPECT_TRUE(put_in_order(8, 50, 2).ok());
    racing.meanwhile = [&] { EXPECT_EQ(put_in_order(50, 8, 2).error(), Error::Busy); };
    EXPECT_TRUE(cache->write(get(8)).ok());
}

}  // namespace
}  // namespace quire::fs
