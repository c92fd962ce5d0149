// The write-back daemon: by age, by pressure, by writers, by sync; errors once to each holder.
#include "fs/write_back_daemon.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "fs/block_cache.h"
#include "fs/write_errors.h"
#include "tests/host/disk_image.h"
#include "tests/host/fault_machine.h"

namespace quire::fs {
namespace {

using mm::PageCount;

class Daemon : public test::FaultMachine {
  protected:
    static constexpr PageCount kRam{200};  // background 20 pages, writers 40
    static constexpr mm::PageNumber kMap{0x20000};

    void make_dirty(mm::MemoryObject& object, std::uint32_t first, std::uint32_t count) {
        for (std::uint32_t index = first; index < first + count; ++index) {
            ASSERT_TRUE(mm::fetch_page(machine.memory, object, index, PageCount(1)).ok());
            mm::frame_bytes(object.entry(index).frame())[0] = std::byte{0x5A};
            object.set_dirty(machine.machine.table, index);
        }
        disk.forget_calls();
        other_disk.forget_calls();
    }
    // All that is due at `now`; answers the number of steps.
    std::uint32_t run(std::uint32_t now) {
        std::uint32_t steps = 1;
        while (daemon.step(now)) {
            ++steps;
            if (steps > 10000) {
                ADD_FAILURE() << "steps for ever";
                break;
            }
        }
        machine.objects.check_invariants();
        return steps;
    }
    void run_until(std::uint32_t end) {
        for (; now_ <= end; ++now_)
            run(now_);
    }

    test::MemoryStore other_disk{256};
    test::PagedObject other{machine, mm::MemoryObject::Kind::File, &other_disk, 256};
    WriteBackDaemon daemon{machine.memory, machine.objects, kRam};
    std::uint32_t now_ = 0;
};

TEST_F(Daemon, WritesWhatHasBeenDirtyForThirtySeconds) {
    run_until(100);
    make_dirty(file, 3, 2);
    run_until(130);
    EXPECT_EQ(disk.writes(), 0U);
    run_until(136);
    EXPECT_EQ(
        disk.calls(),
        (std::vector<test::MemoryStore::Call>{{test::MemoryStore::Direction::Write, 3, 2, false}}));
    EXPECT_EQ(file.dirty_pages(), 0U);
    EXPECT_EQ(daemon.statistics().by_daemon.pages, 2U);
}

TEST_F(Daemon, WhatWasWrittenMeanwhileIsYoungAgain) {
    make_dirty(file, 3, 1);
    run_until(20);
    EXPECT_TRUE(mm::write_back(machine.memory, file, 0, 64).ok());
    run_until(26);
    make_dirty(file, 3, 1);
    run_until(55);
    EXPECT_EQ(disk.writes(), 0U);
    run_until(62);
    EXPECT_EQ(disk.writes(), 1U);
}

TEST_F(Daemon, AFileThatIsAlwaysDirtyIsWrittenEachThirtySeconds) {
    for (std::uint32_t now = 0; now <= 140; ++now) {
        mm::frame_bytes(mm::fetch_page(machine.memory, file, 1, PageCount(1)).take().frame)[0] =
            std::byte{7};
        file.set_dirty(machine.machine.table, 1);
        run_until(now);
    }
    EXPECT_EQ(disk.writes(), 4U);
}

TEST_F(Daemon, WritesWhatProgramsStoredIntoAMapping) {
    mm::RegionTraits traits = shared_map();
    traits.advice = mm::Advice::Random;
    add(kMap, 64, traits, &file);
    EXPECT_TRUE(write(kMap + PageCount(9), 42));
    EXPECT_EQ(file.dirty_pages(), 0U);  // only the PTE knows
    run_until(36);
    EXPECT_EQ(disk.page(9)[0], std::byte{42});
    machine.check();
}

TEST_F(Daemon, PressureMakesItWriteAtOnceAndNoMoreThanNeeded) {
    run_until(1);
    make_dirty(other, 0, 20);
    run(1);
    EXPECT_EQ(other_disk.writes(), 0U);
    make_dirty(other, 20, 30);
    run(1);
    EXPECT_LE(machine.objects.dirty_file_pages(), 20U);
    EXPECT_GT(machine.objects.dirty_file_pages(), 0U);
}

TEST_F(Daemon, AStepIsShort) {
    make_dirty(other, 0, 200);
    while (daemon.step(1)) {
        EXPECT_LE(other_disk.pages_written(), mm::kMostInRun);
        other_disk.forget_calls();
    }
}

TEST_F(Daemon, GoesRoundAllObjects) {
    std::array<std::optional<test::PagedObject>, 70> objects;
    for (auto& object : objects) {
        object.emplace(machine, mm::MemoryObject::Kind::File, &other_disk, 4);
        make_dirty(*object, 1, 1);
    }
    run(1);
    EXPECT_LE(machine.objects.dirty_file_pages(), 20U);
    objects[5].reset();  // between two passes; one may go between two steps, too
    daemon.step(5);
    objects[6].reset();
    run_until(40);
    EXPECT_EQ(machine.objects.dirty_file_pages(), 0U);
}

TEST_F(Daemon, WritersWriteWhenTooMuchIsDirty) {
    make_dirty(other, 0, 40);
    daemon.throttle();
    EXPECT_EQ(other_disk.writes(), 0U);
    make_dirty(other, 40, 1);
    daemon.throttle();
    EXPECT_EQ(other_disk.writes(), 1U);
    EXPECT_LE(machine.objects.dirty_file_pages(), 40U);
    EXPECT_EQ(daemon.statistics().by_writers.pages, 16U);
}

TEST_F(Daemon, SharedMemoryIsNotItsAffair) {
    for (std::uint32_t index = 0; index < 50; ++index) {
        EXPECT_TRUE(mm::fetch_page(machine.memory, shared, index).ok());
        shared.set_dirty(machine.machine.table, index);
    }
    EXPECT_EQ(machine.objects.dirty_file_pages(), 0U);
    run_until(40);
    daemon.throttle();
    EXPECT_TRUE(daemon.sync_all().ok());
    EXPECT_EQ(shared.dirty_pages(), 50U);
}

TEST_F(Daemon, GivesUpUntilTheNextVisitWhenTheDiskIsBroken) {
    make_dirty(other, 0, 50);
    other_disk.fail_writes(true);
    run(1);
    EXPECT_EQ(daemon.statistics().in_vain, 1U);
    other_disk.forget_calls();
    EXPECT_EQ(run(2), 1U);
    daemon.throttle();
    EXPECT_EQ(other_disk.writes(), 0U);
    other_disk.fail_writes(false);
    run(6);
    EXPECT_LE(machine.objects.dirty_file_pages(), 20U);
    make_dirty(other, 60, 60);
    daemon.throttle();
    EXPECT_LE(machine.objects.dirty_file_pages(), 40U);
}

TEST_F(Daemon, OnlyVisitsMakeAnObjectOld) {
    test::PagedObject late(machine, mm::MemoryObject::Kind::File, &other_disk, 256);
    make_dirty(late, 200, 1);
    for (int pass = 0; pass < 20; ++pass) {
        make_dirty(other, 0, 50);
        run(1);  // under pressure, until that is over
    }
    EXPECT_GE(daemon.statistics().passes, 20U);
    EXPECT_EQ(late.dirty_pages(), 1U);
}

TEST_F(Daemon, WhatIsOldAndFailedIsTriedAtTheNextVisit) {
    make_dirty(file, 1, 1);
    disk.fail_writes(true);
    run_until(35);
    EXPECT_EQ(disk.writes(), 1U);
    run_until(39);
    EXPECT_EQ(disk.writes(), 1U);
    disk.fail_writes(false);
    run_until(45);
    EXPECT_EQ(disk.writes(), 2U);
    EXPECT_EQ(file.dirty_pages(), 0U);
}

TEST_F(Daemon, SyncWritesEverything) {
    make_dirty(file, 1, 10);
    make_dirty(other, 100, 100);
    EXPECT_TRUE(daemon.sync_all().ok());
    EXPECT_EQ(machine.objects.dirty_file_pages(), 0U);
    EXPECT_EQ(daemon.statistics().by_sync.pages, 110U);
    make_dirty(file, 1, 2);
    make_dirty(other, 0, 1);
    disk.fail_page(1);
    EXPECT_EQ(daemon.sync_all().error(), Error::IoError);
    EXPECT_EQ(machine.objects.dirty_file_pages(), 1U);
}

TEST_F(Daemon, KeepsTheOrderOfMetadata) {
    test::DiskImage image(drivers::SectorCount(64));
    image.start_log();
    BlockCache cache(machine.memory, machine.objects, image, 1024);
    {
        Block late = cache.get(1).take();
        Block early = cache.get(20).take();
        early.set_dirty();
        EXPECT_TRUE(cache.write_before(early, late).ok());
        late.set_dirty();
    }
    run_until(36);
    ASSERT_EQ(image.count(drivers::BlockRequest::Kind::Write), 2U);
    EXPECT_EQ(image.log()[image.log().size() - 2].first, drivers::SectorNumber(40));
    EXPECT_EQ(cache.dirty_blocks(), 0U);
}

// A file system that writes a file's page may have to change metadata for it.
TEST_F(Daemon, SyncWritesWhatTheWritesMadeDirty) {
    test::DiskImage image(drivers::SectorCount(64));
    BlockCache cache(machine.memory, machine.objects, image, 1024);
    class Store final : public mm::BackingStore {
      public:
        explicit Store(BlockCache& its_cache) : cache(its_cache) {}
        Result<void> read(std::uint32_t, std::span<const mm::FrameNumber>) override { return {}; }
        Result<void> write(std::uint32_t, std::span<const mm::FrameNumber>) override {
            Block block = TRY(cache.get(7));
            block.set_dirty();
            return {};
        }
        BlockCache& cache;
    } store(cache);
    test::PagedObject late(machine, mm::MemoryObject::Kind::File, &store, 4);
    make_dirty(late, 1, 1);
    EXPECT_TRUE(daemon.sync_all().ok());
    EXPECT_EQ(machine.objects.dirty_file_pages(), 0U);
    EXPECT_EQ(image.count(drivers::BlockRequest::Kind::Write), 1U);
}

// --- Errors ---

TEST_F(Daemon, EachHolderSeesAnErrorOnce) {
    SeenErrors first(file);
    SeenErrors second(file);
    make_dirty(file, 1, 1);
    disk.fail_nth_write(1);
    EXPECT_EQ(mm::write_back(machine.memory, file, 0, 64).error(), Error::IoError);
    EXPECT_TRUE(mm::write_back(machine.memory, file, 0, 64).ok());
    EXPECT_EQ(first.check(file).error(), Error::IoError);
    EXPECT_TRUE(first.check(file).ok());
    EXPECT_EQ(second.check(file).error(), Error::IoError);
    EXPECT_TRUE(second.check(file).ok());
}

TEST_F(Daemon, AnErrorAfterOneThatWasToldIsANewOne) {
    SeenErrors first(file);
    SeenErrors second(file);
    for (const bool old : {false, true}) {
        make_dirty(file, 1, 1);
        disk.fail_nth_write(1);
        EXPECT_FALSE(daemon.sync_all().ok()) << old;
        for (SeenErrors* holder : {&first, &second}) {
            EXPECT_FALSE(holder->check(file).ok()) << old;
            EXPECT_TRUE(holder->check(file).ok());
        }
    }
}

TEST_F(Daemon, WhoOpensLaterIsToldOnlyWhatNobodyWas) {
    make_dirty(file, 1, 1);
    disk.fail_nth_write(1);
    EXPECT_FALSE(daemon.sync_all().ok());
    SeenErrors before(file);
    EXPECT_EQ(before.check(file).error(), Error::IoError);
    SeenErrors after(file);
    EXPECT_TRUE(after.check(file).ok());
    EXPECT_TRUE(SeenErrors(other).check(other).ok());
}

TEST(WriteErrors, NumbersGoRound) {
    mm::WriteErrors errors;
    mm::WriteErrors::Mark mark = errors.begin();
    for (std::uint32_t i = 0; i < (1U << 23) + 2; ++i) {
        errors.record(Error::NoSpace);
        ASSERT_FALSE(errors.check(mark).ok());
        ASSERT_TRUE(errors.check(mark).ok());
    }
}

// Error 0 is an error, too.
TEST(WriteErrors, EveryErrorIsTold) {
    mm::WriteErrors errors;
    mm::WriteErrors::Mark mark = errors.begin();
    errors.record(Error::OutOfMemory);
    EXPECT_EQ(errors.check(mark).error(), Error::OutOfMemory);
}

TEST(WriteErrors, TellsTheLastOne) {
    mm::WriteErrors errors;
    mm::WriteErrors::Mark mark = errors.begin();
    errors.record(Error::NoSpace);
    errors.record(Error::IoError);
    EXPECT_EQ(errors.check(mark).error(), Error::IoError);
    EXPECT_TRUE(errors.check(mark).ok());
}

}  // namespace
}  // namespace quire::fs
