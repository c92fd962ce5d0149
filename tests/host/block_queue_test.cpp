// The queue before a disk: order, joining, fairness, flushes, and what becomes of errors.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>

#include "drivers/block_queue.h"
#include "drivers/partition.h"
#include "drivers/ram_disk.h"
#include "tests/host/machine_host.h"
#include "tests/host/seed.h"
#include "tests/host/simulated_hardware.h"

namespace quire::drivers {
namespace {

using Kind = BlockRequest::Kind;

constexpr std::uint32_t kSectors = 4096;

/// A driver over sectors of one word each. A command ends when the test, or whoever waits, says so.
class FakeDriver final : public DiskDriver, public DiskWaiter {
  public:
    struct Command {
        DiskCommand::Kind kind;
        std::uint32_t first;
        std::uint32_t count;
        bool operator==(const Command&) const = default;
    };

    std::vector<Command> log;
    std::vector<std::uint32_t> words = std::vector<std::uint32_t>(kSectors, 0);
    std::map<std::uint32_t, int> bad;              // fails that many more times; -1: for ever
    std::deque<std::optional<Error>> next_errors;  // of the next commands, whatever they are
    bool reset_fails = false;
    std::size_t most_pieces = 0;

    void start(const DiskCommand& command, DiskListener& listener) override {
        ASSERT_EQ(listener_, nullptr) << "a command before the last has ended";
        command_ = command;
        listener_ = &listener;
        log.push_back({command.kind, command.first.raw(), command.count.raw()});
        if (command.kind == DiskCommand::Kind::Reset || command.kind == DiskCommand::Kind::Flush)
            return;
        ASSERT_GE(command.count.raw(), 1U);
        ASSERT_LE(command.count.raw(), kMostSectors.raw());
        ASSERT_LE(command.pieces.size(), kMostPieces);
        std::uint32_t bytes = 0;
        for (const BlockBuffer& piece : command.pieces)
            bytes += piece.bytes;
        ASSERT_EQ(bytes, command.count.raw() * kSectorSize);
        ASSERT_LE(command.first.raw() + command.count.raw(), kSectors);
    }
    /// Ends the command under way.
    void end() {
        ASSERT_NE(listener_, nullptr);
        const std::optional<Error> error = carry_out();
        std::exchange(listener_, nullptr)->command_ended(error);
    }
    [[nodiscard]] bool busy() const { return listener_ != nullptr; }
    void poll() override {
        if (busy()) end();
    }
    void sleep() override {}

    /// The reads and writes among the commands.
    [[nodiscard]] std::vector<std::uint32_t> places() const {
        std::vector<std::uint32_t> firsts;
        for (const Command& command : log) {
            if (command.kind != DiskCommand::Kind::Reset) firsts.push_back(command.first);
        }
        return firsts;
    }

  private:
    std::optional<Error> carry_out() {
        if (command_.kind == DiskCommand::Kind::Reset) {
            return reset_fails ? std::optional(Error::TimedOut) : std::nullopt;
        }
        if (!next_errors.empty()) {
            const auto error = next_errors.front();
            next_errors.pop_front();
            if (error.has_value()) return error;
        }
        std::uint32_t sector = command_.first.raw();
        for (const BlockBuffer& piece : command_.pieces) {
            for (std::uint32_t at = 0; at < piece.bytes; at += kSectorSize, ++sector) {
                const auto found = bad.find(sector);
                if (found != bad.end() && found->second != 0) {
                    if (found->second > 0) --found->second;
                    return Error::IoError;
                }
                std::byte* ram = phys_window + piece.address.raw() + at;
                if (command_.kind == DiskCommand::Kind::Read) {
                    std::memcpy(ram, &words[sector], sizeof(std::uint32_t));
                } else {
                    std::memcpy(&words[sector], ram, sizeof(std::uint32_t));
                }
            }
        }
        return std::nullopt;
    }

    DiskCommand command_;
    DiskListener* listener_ = nullptr;
};

/// A request with its buffers, in sectors of one word.
struct Job {
    BlockRequest request;
    std::vector<BlockBuffer> buffers;
    std::uint32_t ram = 0;

    Job(Kind kind, std::uint32_t first, std::uint32_t sectors, std::uint32_t ram_at,
        std::uint32_t piece = mm::kPageSize)
        : ram(ram_at) {
        request.kind = kind;
        request.first = SectorNumber(first);
        std::uint32_t at = ram_at;
        for (std::uint32_t left = sectors * kSectorSize; left != 0;) {
            const std::uint32_t room = mm::kPageSize - at % mm::kPageSize;
            const std::uint32_t bytes = std::min({left, piece, room});
            buffers.push_back({mm::PhysAddr(at), bytes});
            at += bytes;
            left -= bytes;
        }
        request.buffers = buffers;
    }
    [[nodiscard]] std::uint32_t word(std::uint32_t sector) const {
        std::uint32_t value = 0;
        std::memcpy(&value, phys_window + ram + sector * kSectorSize, sizeof value);
        return value;
    }
    void set_word(std::uint32_t sector, std::uint32_t value) const {
        std::memcpy(phys_window + ram + sector * kSectorSize, &value, sizeof value);
    }
};

class BlockQueueTest : public ::testing::Test {
  protected:
    BlockQueueTest() {
        test::reset_host_ram();
        for (std::uint32_t i = 0; i < kSectors; ++i)
            driver.words[i] = i + 1000;
    }
    ~BlockQueueTest() override { queue.check_invariants(); }

    Job& job(Kind kind, std::uint32_t first, std::uint32_t sectors,
             std::uint32_t piece = mm::kPageSize) {
        const std::uint32_t bytes =
            (sectors * kSectorSize + mm::kPageSize - 1) & ~(mm::kPageSize - 1);
        jobs.push_back(std::make_unique<Job>(kind, first, sectors, next_ram, piece));
        next_ram += bytes;
        EXPECT_LT(next_ram, test::kHostFrames.raw() * mm::kPageSize);
        return *jobs.back();
    }
    Job& submit(Kind kind, std::uint32_t first, std::uint32_t sectors,
                std::uint32_t piece = mm::kPageSize) {
        Job& made = job(kind, first, sectors, piece);
        queue.submit(made.request);
        queue.check_invariants();
        return made;
    }
    void finish_all() {
        while (driver.busy()) {
            driver.end();
            queue.check_invariants();
        }
    }

    test::SimulatedHardware hardware;
    FakeDriver driver;
    BlockQueue queue{hardware, driver, driver, {.name = "hda", .sectors = SectorCount(kSectors)}};
    std::vector<std::unique_ptr<Job>> jobs;
    std::uint32_t next_ram = 64 * mm::kPageSize;
};

using Places = std::vector<std::uint32_t>;

TEST_F(BlockQueueTest, CarriesOutARequest) {
    Job& read = submit(Kind::Read, 10, 3);
    EXPECT_FALSE(read.request.done);
    queue.wait(read.request);
    EXPECT_TRUE(read.request.done);
    EXPECT_EQ(read.request.error, std::nullopt);
    EXPECT_EQ(read.word(0), 1010U);
    EXPECT_EQ(read.word(2), 1012U);
}

TEST_F(BlockQueueTest, RefusesWhatLiesPastTheEnd) {
    for (const auto& [first, sectors] : {std::pair{kSectors, 1U}, {kSectors - 1, 2U}, {~0U, 2U}}) {
        Job& read = submit(Kind::Read, first, sectors);
        EXPECT_TRUE(read.request.done);
        EXPECT_EQ(read.request.error, Error::BadAddress);
        EXPECT_EQ(read.request.bad_sector, SectorNumber(first));
    }
    EXPECT_TRUE(driver.log.empty());
    EXPECT_EQ(queue.statistics().refused, 3U);
}

TEST_F(BlockQueueTest, ARequestCanBeMadeAgain) {
    Job& read = submit(Kind::Read, kSectors, 1);
    EXPECT_EQ(read.request.error, Error::BadAddress);
    read.request.first = SectorNumber(5);
    queue.submit(read.request);
    EXPECT_FALSE(read.request.done);
    queue.wait(read.request);
    EXPECT_EQ(read.request.error, std::nullopt);
    EXPECT_EQ(read.word(0), 1005U);
}

TEST_F(BlockQueueTest, NothingIsDoneAtOnceWhenNothingIsAsked) {
    Job& read = submit(Kind::Read, 7, 0);
    EXPECT_TRUE(read.request.done);
    EXPECT_EQ(read.request.error, std::nullopt);
    EXPECT_TRUE(driver.log.empty());
}

// --- Order ---

TEST_F(BlockQueueTest, GoesUpAndStartsOverAtTheLowest) {
    submit(Kind::Read, 100, 1);  // under way at once
    for (std::uint32_t at : {50U, 300U, 20U, 200U})
        submit(Kind::Read, at, 1);
    finish_all();
    EXPECT_EQ(driver.places(), (Places{100, 200, 300, 20, 50}));
}

TEST_F(BlockQueueTest, JoinsNeighboursInAnyOrderOfArrival) {
    submit(Kind::Read, 1000, 1);
    Job& c = submit(Kind::Read, 16, 8);
    Job& a = submit(Kind::Read, 0, 8);
    Job& b = submit(Kind::Read, 8, 8);
    finish_all();
    ASSERT_EQ(driver.log.size(), 2U);
    EXPECT_EQ(driver.log[1], (FakeDriver::Command{DiskCommand::Kind::Read, 0, 24}));
    EXPECT_EQ(queue.statistics().merged, 2U);
    EXPECT_EQ(a.word(7), 1007U);
    EXPECT_EQ(b.word(0), 1008U);
    EXPECT_EQ(c.word(7), 1023U);
}

TEST_F(BlockQueueTest, JoinsNoGapsNoKindsAndNoCopies) {
    submit(Kind::Read, 1000, 1);
    submit(Kind::Read, 0, 8);
    submit(Kind::Read, 9, 8);    // a gap
    submit(Kind::Write, 17, 8);  // another kind
    submit(Kind::Read, 25, 8);
    submit(Kind::Read, 25, 8);  // the same again
    finish_all();
    EXPECT_EQ(driver.log.size(), 6U);
    EXPECT_EQ(queue.statistics().merged, 0U);
}

TEST_F(BlockQueueTest, JoinsUpToTheSectorsOfOneCommand) {
    submit(Kind::Read, 3000, 1);
    for (std::uint32_t i = 0; i < 3; ++i)
        submit(Kind::Read, i * 100, 100);
    finish_all();
    EXPECT_EQ(driver.log[1], (FakeDriver::Command{DiskCommand::Kind::Read, 0, 200}));
    EXPECT_EQ(driver.log[2], (FakeDriver::Command{DiskCommand::Kind::Read, 200, 100}));
}

TEST_F(BlockQueueTest, JoinsUpToThePiecesOfOneCommand) {
    submit(Kind::Read, 3000, 1);
    submit(Kind::Read, 0, 100, kSectorSize);
    submit(Kind::Read, 100, 28, kSectorSize);
    submit(Kind::Read, 128, 1, kSectorSize);
    finish_all();
    EXPECT_EQ(driver.log[1], (FakeDriver::Command{DiskCommand::Kind::Read, 0, 128}));
    EXPECT_EQ(driver.log[2], (FakeDriver::Command{DiskCommand::Kind::Read, 128, 1}));
}

TEST_F(BlockQueueTest, SplitsWhatHasTooManyPieces) {
    Job& read = submit(Kind::Read, 5, 300, kSectorSize);
    finish_all();
    EXPECT_EQ(driver.places(), (Places{5, 133, 261}));
    for (std::uint32_t i = 0; i < 300; ++i)
        ASSERT_EQ(read.word(i), 1005 + i);
}

TEST_F(BlockQueueTest, SplitsWhatIsLongerThanACommand) {
    Job& read = submit(Kind::Read, 5, 600);
    EXPECT_FALSE(read.request.done);
    driver.end();
    driver.end();
    EXPECT_FALSE(read.request.done);
    driver.end();
    EXPECT_TRUE(read.request.done);
    EXPECT_EQ(driver.places(), (Places{5, 261, 517}));
    EXPECT_EQ(read.word(599), 1604U);
}

// Requests ahead of the arm come in all the time; the one behind it is reached all the same.
TEST_F(BlockQueueTest, NobodyIsOvertakenByMoreThanARound) {
    submit(Kind::Read, 100, 1);
    Job& behind = submit(Kind::Read, 50, 1);
    std::uint32_t overtakers = 0;
    for (std::uint32_t at = 200; !behind.request.done; at += 2) {
        ASSERT_LT(overtakers, BlockQueue::kRoundLimit);
        submit(Kind::Read, at, 1);
        submit(Kind::Read, at + 1000, 1);
        driver.end();
        ++overtakers;
    }
    finish_all();
}

TEST_F(BlockQueueTest, ReadsSeeTheWritesSubmittedBefore) {
    submit(Kind::Read, 1000, 1);  // keeps the disk busy
    Job& write = job(Kind::Write, 500, 4);
    write.set_word(2, 77);
    queue.submit(write.request);
    Job& read = submit(Kind::Read, 502, 1);
    Job& late = job(Kind::Write, 502, 1);
    late.set_word(0, 88);
    queue.submit(late.request);
    Job& last = submit(Kind::Read, 502, 1);
    finish_all();
    EXPECT_EQ(read.word(0), 77U);
    EXPECT_EQ(last.word(0), 88U);
    EXPECT_EQ(driver.words[502], 88U);
}

TEST_F(BlockQueueTest, AWriteUnderWayIsNotOvertaken) {
    Job& write = job(Kind::Write, 10, 1);
    write.set_word(0, 5);
    queue.submit(write.request);
    Job& read = submit(Kind::Read, 10, 1);
    finish_all();
    EXPECT_EQ(read.word(0), 5U);
}

TEST_F(BlockQueueTest, AFlushComesAfterTheWritesBeforeIt) {
    submit(Kind::Write, 900, 1);
    submit(Kind::Write, 100, 1);
    Job& flush = submit(Kind::Flush, 0, 0);
    submit(Kind::Write, 1, 1);
    finish_all();
    ASSERT_EQ(driver.log.size(), 4U);
    EXPECT_EQ(driver.log[2].kind, DiskCommand::Kind::Flush);
    EXPECT_EQ(driver.log[3].first, 1U);
    EXPECT_TRUE(flush.request.done);
}

TEST_F(BlockQueueTest, FlushesThatFollowEachOtherAreOne) {
    submit(Kind::Write, 900, 1);
    Job& first = submit(Kind::Flush, 0, 0);
    Job& second = submit(Kind::Flush, 0, 0);
    finish_all();
    EXPECT_EQ(driver.log.size(), 2U);
    EXPECT_TRUE(first.request.done && second.request.done);
}

// --- Errors ---

TEST_F(BlockQueueTest, AFailedCommandIsTriedAgainAfterAReset) {
    driver.next_errors = {Error::IoError};
    Job& read = submit(Kind::Read, 10, 4);
    finish_all();
    EXPECT_EQ(read.request.error, std::nullopt);
    ASSERT_EQ(driver.log.size(), 3U);
    EXPECT_EQ(driver.log[1].kind, DiskCommand::Kind::Reset);
    EXPECT_EQ(driver.log[2], driver.log[0]);
    EXPECT_EQ(queue.statistics().errors, 0U);
}

TEST_F(BlockQueueTest, FindsTheBadSectorOfAJoinedCommand) {
    submit(Kind::Read, 1000, 1);
    Job& a = submit(Kind::Read, 0, 8);
    Job& b = submit(Kind::Read, 8, 8);
    Job& c = submit(Kind::Read, 16, 8);
    driver.bad[11] = -1;
    finish_all();
    EXPECT_EQ(a.request.error, std::nullopt);
    EXPECT_EQ(a.word(7), 1007U);
    EXPECT_EQ(b.request.error, Error::IoError);
    EXPECT_EQ(b.request.bad_sector, SectorNumber(11));
    EXPECT_EQ(c.request.error, std::nullopt);
    EXPECT_EQ(c.word(0), 1016U);
    EXPECT_EQ(queue.statistics().errors, 1U);
    // What is behind the bad request goes together again.
    EXPECT_EQ(driver.log.back(), (FakeDriver::Command{DiskCommand::Kind::Read, 16, 8}));
}

TEST_F(BlockQueueTest, EachOfManyBadSectorsIsFound) {
    submit(Kind::Read, 1000, 1);
    Job& a = submit(Kind::Read, 0, 8);
    Job& b = submit(Kind::Read, 8, 8);
    driver.bad[0] = driver.bad[15] = -1;
    finish_all();
    EXPECT_EQ(a.request.bad_sector, SectorNumber(0));
    EXPECT_EQ(b.request.bad_sector, SectorNumber(15));
}

TEST_F(BlockQueueTest, ASectorThatFailsOnceInTheSearchIsNotBad) {
    driver.bad[3] = 3;  // the command, its second try, and one of the search
    Job& read = submit(Kind::Read, 0, 8);
    finish_all();
    EXPECT_EQ(read.request.error, std::nullopt);
    EXPECT_EQ(read.word(3), 1003U);
}

TEST_F(BlockQueueTest, TheSearchGoesOnInALongRequest) {
    driver.bad[400] = -1;
    Job& read = submit(Kind::Read, 0, 600);
    Job& next = submit(Kind::Read, 700, 2);
    finish_all();
    EXPECT_EQ(read.request.bad_sector, SectorNumber(400));
    EXPECT_EQ(next.request.error, std::nullopt);
    EXPECT_EQ(next.word(1), 1701U);
}

TEST_F(BlockQueueTest, SilenceIsNotSearched) {
    driver.next_errors = {Error::TimedOut, Error::TimedOut};
    Job& read = submit(Kind::Read, 0, 8);
    finish_all();
    EXPECT_EQ(read.request.error, Error::TimedOut);
    const auto resets =
        std::count_if(driver.log.begin(), driver.log.end(),
                      [](const auto& command) { return command.kind == DiskCommand::Kind::Reset; });
    EXPECT_EQ(driver.log.size(), 4U);
    EXPECT_EQ(resets, 2);
}

TEST_F(BlockQueueTest, AFailedFlushFailsAllThatWentTogether) {
    submit(Kind::Write, 900, 1);
    Job& first = submit(Kind::Flush, 0, 0);
    Job& second = submit(Kind::Flush, 0, 0);
    driver.end();
    driver.next_errors = {Error::IoError, Error::IoError};
    finish_all();
    EXPECT_EQ(first.request.error, Error::IoError);
    EXPECT_EQ(second.request.error, Error::IoError);
}

TEST_F(BlockQueueTest, AllFailsWhenTheDriveDoesNotComeBack) {
    driver.reset_fails = true;
    driver.next_errors = {Error::TimedOut};
    Job& a = submit(Kind::Read, 0, 8);
    Job& b = submit(Kind::Read, 20, 8);
    Job& c = submit(Kind::Flush, 0, 0);
    Job& d = submit(Kind::Write, 30, 8);
    finish_all();
    for (Job* lost : {&a, &b, &c, &d})
        EXPECT_EQ(lost->request.error, Error::IoError);
    EXPECT_TRUE(queue.gone());
    Job& late = submit(Kind::Read, 0, 1);
    EXPECT_EQ(late.request.error, Error::IoError);
    EXPECT_FALSE(driver.busy());
}

using BlockQueueDeathTest = BlockQueueTest;
TEST_F(BlockQueueDeathTest, PiecesMustBeWholeSectorsInOneFrame) {
    for (const BlockBuffer& buffer :
         {BlockBuffer{mm::PhysAddr(0x10000), 100}, BlockBuffer{mm::PhysAddr(0x10100), 512},
          BlockBuffer{mm::PhysAddr(0x10E00), 1024}}) {
        BlockRequest request;
        request.buffers = std::span(&buffer, 1);
        EXPECT_DEATH(queue.submit(request), "well_formed");
    }
}

// --- Against a model ---

/// What a sector must hold, and which write put it there.
struct Expected {
    std::uint32_t word = 0;
    const Job* writer = nullptr;

    // What a write that failed has left is not known.
    [[nodiscard]] bool is_known() const {
        return writer == nullptr || !writer->request.error.has_value();
    }
};

// Whatever is submitted, in whatever order it comes and whatever fails: a read that succeeds saw
// exactly the writes that were submitted before it, an error names a bad sector, everything ends.
TEST_F(BlockQueueTest, KeepsItsPromisesInRandomOrder) {
    test::Random random(test::seed());
    const auto below = [&random](std::uint32_t limit) {
        return static_cast<std::uint32_t>(random.below(limit));
    };
    for (int round = 0; round < 200; ++round) {
        jobs.clear();
        next_ram = 64 * mm::kPageSize;
        driver.bad.clear();
        for (std::uint32_t i = below(5); i > 0; --i)
            driver.bad[below(100)] = below(3) == 0 ? -1 : static_cast<int>(below(5));
        const std::map<std::uint32_t, int> bad = driver.bad;
        std::vector<Expected> model;
        for (std::uint32_t word : driver.words)
            model.push_back({word, nullptr});
        std::vector<std::pair<Job*, std::vector<Expected>>> reads;
        std::uint32_t writes = 0;
        for (int step = 0; step < 200; ++step) {
            const std::uint32_t first = below(90);
            const std::uint32_t sectors = 1 + below(9);
            const std::uint32_t choice = below(10);
            if (choice < 4) {
                Job& read = submit(Kind::Read, first, sectors, kSectorSize << below(4));
                reads.emplace_back(&read, std::vector<Expected>());
                for (std::uint32_t i = 0; i < sectors; ++i)
                    reads.back().second.push_back(model[first + i]);
            } else if (choice < 7) {
                Job& write = job(Kind::Write, first, sectors);
                for (std::uint32_t i = 0; i < sectors; ++i) {
                    write.set_word(i, ++writes);
                    model[first + i] = {writes, &write};
                }
                queue.submit(write.request);
            } else if (choice == 7) {
                submit(Kind::Flush, 0, 0);
            } else if (driver.busy()) {
                driver.end();
            }
            queue.check_invariants();
        }
        finish_all();
        for (const auto& made : jobs) {
            const BlockRequest& request = made->request;
            ASSERT_TRUE(request.done);
            if (!request.error.has_value()) continue;
            ASSERT_EQ(request.error, Error::IoError);
            ASSERT_EQ(bad.count(request.bad_sector.raw()), 1U);
            ASSERT_GE(request.bad_sector, request.first);
            ASSERT_LT(request.bad_sector, request.first + request.length);
        }
        for (const auto& [read, expected] : reads) {
            if (read->request.error.has_value()) continue;
            for (std::uint32_t i = 0; i < expected.size(); ++i) {
                if (!expected[i].is_known()) continue;
                ASSERT_EQ(read->word(i), expected[i].word) << "round " << round;
            }
        }
        for (std::uint32_t i = 0; i < kSectors; ++i) {
            if (!model[i].is_known()) continue;
            ASSERT_EQ(driver.words[i], model[i].word) << "sector " << i;
        }
    }
}

// --- Partitions ---

TEST_F(BlockQueueTest, APartitionIsAPartOfItsDisk) {
    Partition partition(queue, "hda1", {SectorNumber(100), SectorCount(50)});
    Job& read = job(Kind::Read, 49, 1);
    partition.submit(read.request);
    partition.wait(read.request);
    EXPECT_EQ(read.request.error, std::nullopt);
    EXPECT_EQ(read.word(0), 1149U);
    EXPECT_EQ(read.request.first, SectorNumber(49));
    EXPECT_EQ(partition.sectors(), SectorCount(50));
}

TEST_F(BlockQueueTest, APartitionEndsWhereItEnds) {
    Partition partition(queue, "hda1", {SectorNumber(100), SectorCount(50)});
    for (const auto& [first, sectors] : {std::pair{50U, 1U}, {49U, 2U}, {~0U - 99, 1U}}) {
        Job& read = job(Kind::Write, first, sectors);
        partition.submit(read.request);
        EXPECT_TRUE(read.request.done);
        EXPECT_EQ(read.request.error, Error::BadAddress);
        EXPECT_EQ(read.request.bad_sector, SectorNumber(first));
    }
    EXPECT_TRUE(driver.log.empty());
}

TEST_F(BlockQueueTest, BadSectorsAreCountedFromThePartitionsStart) {
    Partition partition(queue, "hda1", {SectorNumber(100), SectorCount(50)});
    driver.bad[123] = -1;
    Job& read = job(Kind::Read, 20, 8);
    partition.submit(read.request);
    finish_all();
    EXPECT_EQ(read.request.error, Error::IoError);
    EXPECT_EQ(read.request.bad_sector, SectorNumber(23));
}

// The same request, first to a partition and then to the disk.
TEST_F(BlockQueueTest, APartitionLeavesNothingBehindInARequest) {
    Partition partition(queue, "hda1", {SectorNumber(100), SectorCount(50)});
    Job& read = job(Kind::Read, 3, 1);
    partition.submit(read.request);
    finish_all();
    EXPECT_EQ(read.word(0), 1103U);
    queue.submit(read.request);
    finish_all();
    EXPECT_EQ(read.word(0), 1003U);
}

TEST_F(BlockQueueTest, NeighboursInTwoPartitionsAreJoinedRightly) {
    Partition low(queue, "hda1", {SectorNumber(100), SectorCount(50)});
    Partition high(queue, "hda2", {SectorNumber(150), SectorCount(50)});
    submit(Kind::Read, 1000, 1);
    Job& first = job(Kind::Read, 48, 2);
    Job& second = job(Kind::Read, 0, 2);
    high.submit(second.request);
    low.submit(first.request);
    finish_all();
    EXPECT_EQ(driver.log.back(), (FakeDriver::Command{DiskCommand::Kind::Read, 148, 4}));
    EXPECT_EQ(first.word(1), 1149U);
    EXPECT_EQ(second.word(0), 1150U);
}

// --- RAM disk ---

TEST(RamDisk, KeepsWhatIsWritten) {
    test::reset_host_ram();
    std::vector<std::byte> storage(64 * kSectorSize);
    RamDisk disk("ram0", storage);
    EXPECT_EQ(disk.sectors(), SectorCount(64));
    Job write(Kind::Write, 10, 20, 0x10000);
    for (std::uint32_t i = 0; i < 20; ++i)
        write.set_word(i, i + 1);
    disk.submit(write.request);
    EXPECT_TRUE(write.request.done);
    Job read(Kind::Read, 29, 1, 0x20000);
    EXPECT_TRUE(disk.read(SectorNumber(29), read.buffers).ok());
    EXPECT_EQ(read.word(0), 20U);
    EXPECT_TRUE(disk.flush().ok());
}

TEST(RamDisk, EndsWhereItEndsAndMayHavePartitions) {
    test::reset_host_ram();
    std::vector<std::byte> storage(64 * kSectorSize);
    RamDisk disk("ram0", storage);
    Job job(Kind::Write, 63, 2, 0x10000);
    disk.submit(job.request);
    EXPECT_EQ(job.request.error, Error::BadAddress);
    Partition partition(disk, "ram0p1", {SectorNumber(60), SectorCount(4)});
    Job write(Kind::Write, 3, 1, 0x10000);
    write.set_word(0, 9);
    partition.submit(write.request);
    EXPECT_EQ(storage[63 * kSectorSize], std::byte{9});
    EXPECT_EQ(partition.read(SectorNumber(4), write.buffers).error(), Error::BadAddress);
}

}  // namespace
}  // namespace quire::drivers
