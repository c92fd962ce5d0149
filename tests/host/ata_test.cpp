// The ATA driver against a simulated channel: who is there, both ways of moving data, and every way
// in which a drive, a cable or a controller can fail.
#include <gtest/gtest.h>

#include "tests/host/ata_machine.h"

namespace quire::drivers {
namespace {

using test::AtaMachine;
using test::Sector;
using test::SimulatedAtaDrive;
using Kind = SimulatedAtaDrive::Kind;
using Transfer = AtaChannel::Transfer;

constexpr std::uint32_t kFrame = 16;

Sector marked(std::uint8_t mark) {
    Sector sector;
    for (std::size_t i = 0; i < sector.size(); ++i)
        sector[i] = static_cast<std::uint8_t>(mark + i * 3);
    return sector;
}

/// Both ways of moving data, chosen by the test's parameter.
class AtaTransfer : public ::testing::TestWithParam<Transfer> {
  protected:
    AtaTransfer() : machine(GetParam() == Transfer::Dma) {}
    ~AtaTransfer() override {
        EXPECT_EQ(machine.ide.violations, 0) << machine.ide.last_violation;
        machine.channel.check_invariants();
    }

    [[nodiscard]] Result<void> read(std::uint32_t first, std::uint32_t sectors,
                                    std::uint32_t piece = mm::kPageSize) {
        const auto pieces = AtaMachine::buffers(kFrame, sectors, piece);
        return machine.disk().read(SectorNumber(first), pieces);
    }
    [[nodiscard]] Result<void> write(std::uint32_t first, std::uint32_t sectors) {
        const auto pieces = AtaMachine::buffers(kFrame, sectors);
        return machine.disk().write(SectorNumber(first), pieces);
    }
    void expect_ram_holds(std::uint32_t first, std::uint32_t sectors) {
        for (std::uint32_t i = 0; i < sectors; ++i)
            ASSERT_EQ(AtaMachine::ram(kFrame, i), drive().content(first + i)) << "sector " << i;
    }
    SimulatedAtaDrive& drive() { return machine.ide.drives[0]; }

    AtaMachine machine;
};
INSTANTIATE_TEST_SUITE_P(Both, AtaTransfer, ::testing::Values(Transfer::Dma, Transfer::Pio),
                         [](const auto& tested) {
                             return tested.param == Transfer::Dma ? "Dma" : "Pio";
                         });

TEST_P(AtaTransfer, UsesWhatThereIs) {
    machine.disk();
    EXPECT_EQ(machine.channel.transfer(0), GetParam());
}

TEST_P(AtaTransfer, ReadsOneSector) {
    ASSERT_TRUE(read(1234, 1).ok());
    expect_ram_holds(1234, 1);
}

TEST_P(AtaTransfer, ReadsAllLengthsUpToACommandsLimit) {
    for (std::uint32_t sectors : {2U, 7U, 15U, 16U, 17U, 100U, 255U, 256U}) {
        ASSERT_TRUE(read(sectors, sectors).ok());
        expect_ram_holds(sectors, sectors);
    }
    EXPECT_EQ(machine.disk().statistics().commands, 8U);
}

TEST_P(AtaTransfer, ReadsIntoSmallPieces) {
    ASSERT_TRUE(read(99, 60, 512).ok());
    expect_ram_holds(99, 60);
}

TEST_P(AtaTransfer, SplitsWhatIsTooLong) {
    ASSERT_TRUE(read(5, 600).ok());
    expect_ram_holds(5, 600);
    EXPECT_EQ(machine.disk().statistics().commands, 3U);
}

TEST_P(AtaTransfer, WritesAndReadsBack) {
    for (std::uint32_t i = 0; i < 40; ++i)
        AtaMachine::fill(kFrame, i, marked(static_cast<std::uint8_t>(i)));
    ASSERT_TRUE(write(777, 40).ok());
    for (std::uint32_t i = 0; i < 40; ++i)
        ASSERT_EQ(drive().content(777 + i), marked(static_cast<std::uint8_t>(i)));
    EXPECT_EQ(drive().written.size(), 40U);
}

TEST_P(AtaTransfer, ReachesTheLastSectorAndNoFurther) {
    const auto end = static_cast<std::uint32_t>(drive().sectors);
    ASSERT_TRUE(read(end - 3, 3).ok());
    expect_ram_holds(end - 3, 3);
    const Result<void> past = read(end - 3, 4);
    ASSERT_FALSE(past.ok());
    EXPECT_EQ(past.error(), Error::BadAddress);
    EXPECT_EQ(read(0xFFFFFFFF, 2).error(), Error::BadAddress);
}

// Sector 2^28 needs a 48-bit command; so does a run that only ends behind it.
TEST_P(AtaTransfer, UsesLongAddressesWhereNeeded) {
    drive().sectors = (1ULL << 28) + 5000;
    ASSERT_TRUE(read((1U << 28) - 8, 8).ok());
    const std::uint8_t short_command = drive().commands.back();
    expect_ram_holds((1U << 28) - 8, 8);
    ASSERT_TRUE(read((1U << 28) - 4, 8).ok());
    expect_ram_holds((1U << 28) - 4, 8);
    EXPECT_NE(drive().commands.back(), short_command);
    ASSERT_TRUE(write((1U << 28) + 4000, 256).ok());
    EXPECT_EQ(drive().written.count((1ULL << 28) + 4000 + 255), 1U);
}

TEST_P(AtaTransfer, ADiskLargerThan32BitsIsSeenInPart) {
    drive().sectors = 1ULL << 33;
    EXPECT_EQ(machine.disk().sectors(), SectorCount(0xFFFFFFFF));
    ASSERT_TRUE(read(0xFFFFFFFE, 1).ok());
    expect_ram_holds(0xFFFFFFFE, 1);
}

TEST_P(AtaTransfer, FlushReachesTheDrive) {
    ASSERT_TRUE(machine.disk().flush().ok());
    EXPECT_EQ(drive().flushes, 1);
}

TEST_P(AtaTransfer, ADriveWithoutFlushIsNotAskedTo) {
    drive().has_flush = false;
    ASSERT_TRUE(machine.disk().flush().ok());
    EXPECT_EQ(std::count(drive().commands.begin(), drive().commands.end(), 0xE7), 0);
}

TEST_P(AtaTransfer, AFlushThatFailsIsReported) {
    drive().fail_flush = 2;
    EXPECT_EQ(machine.disk().flush().error(), Error::IoError);
    EXPECT_TRUE(machine.disk().flush().ok());
}

TEST_P(AtaTransfer, SlowDrivesAreWaitedFor) {
    drive().command_time = 20'000;
    drive().block_time = 3'000;
    ASSERT_TRUE(read(10, 64).ok());
    expect_ram_holds(10, 64);
    EXPECT_EQ(machine.channel.statistics().time_outs, 0U);
}

// --- Errors ---

TEST_P(AtaTransfer, AnErrorThatPassesIsRetried) {
    drive().bad_sectors[105] = 1;
    ASSERT_TRUE(read(100, 8).ok());
    expect_ram_holds(100, 8);
    EXPECT_EQ(machine.disk().statistics().resets, 1U);
    EXPECT_EQ(machine.disk().statistics().errors, 0U);
}

TEST_P(AtaTransfer, TheBadSectorIsFound) {
    drive().bad_sectors[105] = -1;
    const auto pieces = AtaMachine::buffers(kFrame, 8);
    BlockRequest request;
    request.first = SectorNumber(100);
    request.buffers = pieces;
    machine.disk().submit(request);
    machine.disk().wait(request);
    EXPECT_EQ(request.error, Error::IoError);
    EXPECT_EQ(request.bad_sector, SectorNumber(105));
    // The disk goes on.
    ASSERT_TRUE(read(200, 8).ok());
    expect_ram_holds(200, 8);
}

TEST_P(AtaTransfer, ABadSectorIsFoundWhenWriting) {
    drive().bad_sectors[50] = -1;
    const auto pieces = AtaMachine::buffers(kFrame, 16);
    BlockRequest request;
    request.kind = BlockRequest::Kind::Write;
    request.first = SectorNumber(40);
    request.buffers = pieces;
    machine.disk().submit(request);
    machine.disk().wait(request);
    EXPECT_EQ(request.error, Error::IoError);
    EXPECT_EQ(request.bad_sector, SectorNumber(50));
    EXPECT_EQ(drive().written.count(49), 1U);
}

TEST_P(AtaTransfer, EverySectorOfARunMayBeTheBadOne) {
    for (std::uint32_t bad = 300; bad < 320; ++bad) {
        drive().bad_sectors = {{bad, -1}};
        const auto pieces = AtaMachine::buffers(kFrame, 20);
        BlockRequest request;
        request.first = SectorNumber(300);
        request.buffers = pieces;
        machine.disk().submit(request);
        machine.disk().wait(request);
        ASSERT_EQ(request.error, Error::IoError);
        ASSERT_EQ(request.bad_sector, SectorNumber(bad));
    }
}

TEST_P(AtaTransfer, DeviceFaultIsAnError) {
    machine.disk();
    drive().faults = -1;
    EXPECT_EQ(read(0, 1).error(), Error::IoError);
}

TEST_P(AtaTransfer, ACommandThatNeverEndsIsRetried) {
    machine.disk();
    drive().hang = 1;
    ASSERT_TRUE(read(0, 4).ok());
    expect_ram_holds(0, 4);
    EXPECT_EQ(machine.channel.statistics().time_outs, 1U);
    EXPECT_GE(machine.ide.resets, 1);
}

TEST_P(AtaTransfer, ADriveThatIsSilentForEverTimesOut) {
    machine.disk();
    drive().hang = -1;
    EXPECT_EQ(read(0, 64).error(), Error::TimedOut);
    EXPECT_EQ(machine.channel.statistics().time_outs, 2U);
    EXPECT_FALSE(machine.disk().gone());
    drive().hang = 0;
    EXPECT_TRUE(read(0, 64).ok());
}

TEST_P(AtaTransfer, ADriveThatDoesNotComeBackIsGivenUp) {
    machine.disk();
    drive().hang = -1;
    drive().dead_after_reset = true;
    EXPECT_EQ(read(0, 64).error(), Error::IoError);
    EXPECT_TRUE(machine.disk().gone());
    const int sleeps = machine.sleeps;
    EXPECT_EQ(read(0, 64).error(), Error::IoError);
    EXPECT_EQ(machine.disk().flush().error(), Error::IoError);
    EXPECT_EQ(machine.sleeps, sleeps);
}

TEST_P(AtaTransfer, ALostInterruptIsNoticed) {
    machine.disk();
    drive().lose_interrupts = 1;
    ASSERT_TRUE(read(60, 32).ok());
    expect_ram_holds(60, 32);
    ASSERT_TRUE(write(60, 32).ok());
    EXPECT_EQ(machine.channel.statistics().lost_interrupts, 1U);
    EXPECT_EQ(machine.channel.statistics().time_outs, 0U);
}

// Without any interrupt a disk is slow and works.
TEST_P(AtaTransfer, WorksWithoutInterrupts) {
    machine.disk();
    drive().lose_interrupts = -1;
    for (std::uint32_t at = 0; at < 10; ++at) {
        ASSERT_TRUE(read(at, 20).ok());
        expect_ram_holds(at, 20);
    }
    ASSERT_TRUE(write(60, 32).ok());
    ASSERT_TRUE(machine.disk().flush().ok());
    const std::uint64_t before = machine.pit.ticks();
    ASSERT_TRUE(read(5, 200).ok());
    EXPECT_LT(machine.pit.ticks() - before, 40U);  // nobody is patient any more
    EXPECT_EQ(machine.disk().statistics().failed_commands, 0U);
}

TEST_P(AtaTransfer, SpuriousInterruptsChangeNothing) {
    machine.disk();
    machine.hardware.raise_spurious(machine.ide);
    drive().command_time = 3000;
    const auto pieces = AtaMachine::buffers(kFrame, 8);
    BlockRequest request;
    request.first = SectorNumber(8);
    request.buffers = pieces;
    machine.disk().submit(request);
    for (int i = 0; i < 5; ++i)
        machine.hardware.raise_spurious(machine.ide);
    EXPECT_FALSE(request.done);
    machine.disk().wait(request);
    EXPECT_EQ(request.error, std::nullopt);
    expect_ram_holds(8, 8);
    EXPECT_GE(machine.channel.statistics().spurious_interrupts, 6U);
}

TEST_P(AtaTransfer, BothDrivesTakeTurns) {
    machine.ide.drives[1].kind = Kind::Disk;
    machine.ide.drives[1].sectors = 5000;
    BlockQueue& first = machine.disk(0);
    BlockQueue& second = machine.disk(1);
    ASSERT_EQ(second.sectors(), SectorCount(5000));
    const auto pieces = AtaMachine::buffers(kFrame, 8);
    const auto others = AtaMachine::buffers(kFrame + 1, 8);
    std::array<BlockRequest, 10> requests;
    for (std::uint32_t i = 0; i < 10; ++i) {
        requests[i].first = SectorNumber(i * 100);
        requests[i].buffers = i % 2 == 0 ? pieces : others;
        (i % 2 == 0 ? first : second).submit(requests[i]);
    }
    for (std::uint32_t i = 10; i-- > 0;) {
        (i % 2 == 0 ? first : second).wait(requests[i]);
        EXPECT_EQ(requests[i].error, std::nullopt);
    }
    EXPECT_EQ(AtaMachine::ram(kFrame, 7), drive().content(807));
    EXPECT_EQ(AtaMachine::ram(kFrame + 1, 7), machine.ide.drives[1].content(907));
    EXPECT_EQ(second.read(SectorNumber(4999), AtaMachine::buffers(kFrame, 2)).error(),
              Error::BadAddress);
}

// One drive hangs; the other's requests are carried out all the same.
TEST_P(AtaTransfer, ADriveThatHangsDoesNotTakeTheOtherWithIt) {
    machine.ide.drives[1].kind = Kind::Disk;
    BlockQueue& first = machine.disk(0);
    BlockQueue& second = machine.disk(1);
    drive().hang = -1;
    const auto pieces = AtaMachine::buffers(kFrame, 8);
    const auto others = AtaMachine::buffers(kFrame + 1, 8);
    BlockRequest hangs;
    hangs.buffers = pieces;
    first.submit(hangs);
    EXPECT_TRUE(second.read(SectorNumber(70), others).ok());
    EXPECT_EQ(AtaMachine::ram(kFrame + 1, 0), machine.ide.drives[1].content(70));
    first.wait(hangs);
    EXPECT_EQ(hangs.error, Error::TimedOut);
}

TEST_P(AtaTransfer, ReadOnlyIsNotWritten) {
    BlockQueue& disk = machine.disk(0, BlockQueue::Access::ReadOnly);
    EXPECT_EQ(disk.write(SectorNumber(3), AtaMachine::buffers(kFrame, 1)).error(),
              Error::NotPermitted);
    EXPECT_TRUE(disk.read(SectorNumber(3), AtaMachine::buffers(kFrame, 1)).ok());
    EXPECT_TRUE(drive().written.empty());
}

// --- DMA only ---

class AtaDma : public AtaTransfer {};
INSTANTIATE_TEST_SUITE_P(Only, AtaDma, ::testing::Values(Transfer::Dma),
                         [](const auto&) { return "Dma"; });

TEST_P(AtaDma, OneBadTransferIsRetriedByDma) {
    machine.disk();
    drive().dma_errors = 1;
    ASSERT_TRUE(read(9, 9).ok());
    expect_ram_holds(9, 9);
    EXPECT_EQ(machine.channel.transfer(0), Transfer::Dma);
}

TEST_P(AtaDma, DmaThatFailsTwiceIsGivenUpForPio) {
    machine.disk();
    drive().dma_errors = -1;
    EXPECT_FALSE(read(9, 1).ok());
    EXPECT_EQ(machine.channel.transfer(0), Transfer::Pio);
    ASSERT_TRUE(read(9, 9).ok());
    expect_ram_holds(9, 9);
}

TEST_P(AtaDma, ALongRequestSurvivesTheChangeToPio) {
    machine.disk();
    drive().dma_errors = -1;
    ASSERT_TRUE(read(9, 90).ok());
    expect_ram_holds(9, 90);
    EXPECT_EQ(machine.channel.transfer(0), Transfer::Pio);
}

TEST_P(AtaDma, ErrorsOnTheCableCountAgainstDma) {
    machine.disk();
    drive().crc_errors = 2;
    ASSERT_TRUE(read(9, 90).ok());
    expect_ram_holds(9, 90);
    EXPECT_EQ(machine.channel.transfer(0), Transfer::Pio);
}

TEST_P(AtaDma, ADriveThatDoesNotKnowDmaAfterAllGoesOnByPio) {
    drive().dma_unknown = true;
    ASSERT_TRUE(read(9, 90).ok());
    expect_ram_holds(9, 90);
    EXPECT_EQ(machine.channel.transfer(0), Transfer::Pio);
}

// Aborted sectors of a drive whose DMA works say nothing about DMA.
TEST_P(AtaDma, BadSectorsDoNotCountAgainstDma) {
    ASSERT_TRUE(read(0, 8).ok());
    drive().bad_sectors[100] = -1;
    for (const std::uint8_t error : {std::uint8_t{0x40}, std::uint8_t{0x04}}) {
        drive().bad_sector_error = error;
        EXPECT_FALSE(read(96, 8).ok());
        EXPECT_FALSE(read(96, 8).ok());
        EXPECT_EQ(machine.channel.transfer(0), Transfer::Dma);
    }
}

TEST_P(AtaDma, ATransferThatEndsEarlyIsAnError) {
    machine.disk();
    drive().dma_short = 1;
    ASSERT_TRUE(read(0, 16).ok());
    expect_ram_holds(0, 16);
    EXPECT_EQ(machine.disk().statistics().failed_commands, 1U);
}

// Frames 14 to 17 lie side by side over the 64 KiB boundary at frame 16.
TEST_P(AtaDma, NoEntryCrosses64KiB) {
    const auto pieces = AtaMachine::buffers(14, 256);
    ASSERT_TRUE(machine.disk().read(SectorNumber(0), pieces).ok());
    for (std::uint32_t i = 0; i < 256; ++i)
        ASSERT_EQ(AtaMachine::ram(14, i), drive().content(i));
}

TEST_P(AtaDma, TheBiossChoiceOfNoDmaIsKept) {
    drive().dma_chosen = false;
    machine.disk();
    EXPECT_EQ(machine.channel.transfer(0), Transfer::Pio);
}

// --- PIO only ---

class AtaPio : public AtaTransfer {};
INSTANTIATE_TEST_SUITE_P(Only, AtaPio, ::testing::Values(Transfer::Pio),
                         [](const auto&) { return "Pio"; });

TEST_P(AtaPio, MovesBlocksOfManySectors) {
    ASSERT_TRUE(read(0, 64).ok());
    EXPECT_EQ(machine.channel.statistics().interrupts, 4U);
    EXPECT_EQ(drive().commands.back(), 0xC4);
}

TEST_P(AtaPio, MovesSingleSectorsWhereTheDriveHasNoBlocks) {
    drive().most_multiple = 0;
    ASSERT_TRUE(read(0, 8).ok());
    expect_ram_holds(0, 8);
    EXPECT_EQ(drive().commands.back(), 0x20);
}

TEST_P(AtaPio, MovesSingleSectorsWhereTheDriveRefusesBlocks) {
    drive().refuse_multiple = 1;
    ASSERT_TRUE(read(0, 8).ok());
    expect_ram_holds(0, 8);
    ASSERT_TRUE(write(0, 8).ok());
    EXPECT_EQ(drive().commands.back(), 0x30);
}

TEST_P(AtaPio, ADriveThatOffersNoDataIsRetried) {
    machine.disk();
    drive().missing_data = 1;
    ASSERT_TRUE(read(0, 40).ok());
    expect_ram_holds(0, 40);
    drive().missing_data = 1;
    ASSERT_TRUE(write(0, 40).ok());
    EXPECT_EQ(machine.disk().statistics().failed_commands, 2U);
}

TEST_P(AtaPio, ADriveThatNeverOffersDataIsAnError) {
    machine.disk();
    drive().missing_data = -1;
    EXPECT_EQ(read(0, 4).error(), Error::IoError);
    EXPECT_EQ(write(0, 4).error(), Error::TimedOut);
}

// A full cache: the first block of a write is taken a while after the command, without an
// interrupt.
TEST_P(AtaPio, ALateFirstBlockIsNoError) {
    machine.disk();
    drive().command_time = 100'000;
    ASSERT_TRUE(write(20, 40).ok());
    EXPECT_EQ(drive().written.size(), 40U);
    EXPECT_EQ(machine.disk().statistics().failed_commands, 0U);
    EXPECT_EQ(machine.channel.statistics().lost_interrupts, 0U);
}

// --- Who is there ---

TEST(AtaProbe, KnowsADiskByItsModel) {
    AtaMachine machine;
    machine.ide.drives[0].model = "QEMU HARDDISK";
    machine.ide.drives[0].sectors = 4321;
    machine.channel.find_drives();
    const AtaFinding& found = machine.channel.found(0);
    EXPECT_EQ(found.kind, AtaFinding::Kind::Disk);
    EXPECT_STREQ(found.identity.model.data(), "QEMU HARDDISK");
    EXPECT_EQ(found.identity.sectors, SectorCount(4321));
    EXPECT_EQ(machine.channel.found(1).kind, AtaFinding::Kind::Nothing);
    EXPECT_EQ(machine.ide.violations, 0) << machine.ide.last_violation;
}

TEST(AtaProbe, FindsNothingOnAFloatingBusAtOnce) {
    AtaMachine machine;
    machine.ide.floating = true;
    machine.channel.find_drives();
    EXPECT_EQ(machine.channel.found(0).kind, AtaFinding::Kind::Nothing);
    EXPECT_EQ(machine.channel.found(1).kind, AtaFinding::Kind::Nothing);
    EXPECT_LT(machine.hardware.now(), 1000U);
}

// Something answers on the ports that is no drive: it gets no command.
TEST(AtaProbe, GivesNoCommandToWhatIsNoDrive) {
    for (const int junk : {0x00, 0x50, 0x58, 0x7F, 0xFF}) {
        AtaMachine machine;
        machine.ide.junk = junk;
        machine.channel.find_drives();
        EXPECT_EQ(machine.channel.found(0).kind, AtaFinding::Kind::Nothing);
        EXPECT_EQ(machine.hardware.writes[0x1F7], 0) << junk;
    }
}

TEST(AtaProbe, FindsNothingWhereEverythingIsAbsent) {
    AtaMachine machine;
    machine.ide.drives[0].kind = Kind::Absent;
    machine.channel.find_drives();
    EXPECT_EQ(machine.channel.found(0).kind, AtaFinding::Kind::Nothing);
}

TEST(AtaProbe, FindsASlaveWithoutAMaster) {
    AtaMachine machine;
    machine.ide.drives[0].kind = Kind::Absent;
    machine.ide.drives[1].kind = Kind::Disk;
    machine.channel.find_drives();
    EXPECT_EQ(machine.channel.found(0).kind, AtaFinding::Kind::Nothing);
    EXPECT_EQ(machine.channel.found(1).kind, AtaFinding::Kind::Disk);
    EXPECT_TRUE(machine.disk(1).read(SectorNumber(7), AtaMachine::buffers(kFrame, 3)).ok());
    EXPECT_EQ(AtaMachine::ram(kFrame, 2), machine.ide.drives[1].content(9));
}

TEST(AtaProbe, NamesAPacketDriveAndLeavesItAlone) {
    AtaMachine machine;
    machine.ide.drives[1].kind = Kind::Packet;
    machine.ide.drives[1].model = "SOME DVD-ROM";
    machine.channel.find_drives();
    EXPECT_EQ(machine.channel.found(1).kind, AtaFinding::Kind::Packet);
    EXPECT_STREQ(machine.channel.found(1).identity.model.data(), "SOME DVD-ROM");
}

TEST(AtaProbe, AChannelThatIsBusyForEverCostsSeconds) {
    AtaMachine machine;
    machine.ide.stuck_busy = true;
    machine.channel.find_drives();
    EXPECT_EQ(machine.channel.found(0).kind, AtaFinding::Kind::Nothing);
    EXPECT_LT(machine.hardware.now(), 10'000'000U);
}

TEST(AtaProbe, ADriveThatHangsInIdentifyIsNotThere) {
    AtaMachine machine;
    machine.ide.drives[0].hang = -1;
    machine.channel.find_drives();
    EXPECT_EQ(machine.channel.found(0).kind, AtaFinding::Kind::Nothing);
}

TEST(AtaProbe, ADriveThatOffersNoIdentityIsNotThere) {
    AtaMachine machine;
    machine.ide.drives[0].missing_data = 1;
    machine.channel.find_drives();
    EXPECT_EQ(machine.channel.found(0).kind, AtaFinding::Kind::Nothing);
}

TEST(AtaProbe, RefusesDisksItCannotDrive) {
    for (const int why : {0, 1, 2}) {
        AtaMachine machine;
        SimulatedAtaDrive& drive = machine.ide.drives[0];
        drive.has_lba = why != 0;
        drive.sectors = why == 1 ? 0 : 1000;
        drive.sector_words = why == 2 ? 2048 : 256;
        machine.channel.find_drives();
        EXPECT_EQ(machine.channel.found(0).kind, AtaFinding::Kind::Nothing) << why;
    }
}

TEST(AtaProbe, LeavesInterruptsOnForDisks) {
    AtaMachine machine;
    machine.ide.drives[0].command_time = 100;
    ASSERT_TRUE(machine.disk().read(SectorNumber(0), AtaMachine::buffers(kFrame, 1)).ok());
    EXPECT_EQ(machine.channel.statistics().interrupts, 1U);
    EXPECT_EQ(machine.channel.statistics().spurious_interrupts, 0U);
    EXPECT_EQ(machine.channel.statistics().lost_interrupts, 0U);
}

// --- The words of IDENTIFY ---

TEST(AtaIdentity, WordsThatAreNotFilledInAreNotBelieved) {
    SimulatedAtaDrive drive;
    drive.kind = Kind::Disk;
    auto words = drive.identity();
    words[83] = 0xFFFF;
    auto identity = decode_ata_identity(words);
    ASSERT_TRUE(identity.ok());
    EXPECT_FALSE(identity.value().extended_addresses);
    EXPECT_FALSE(identity.value().flushes);
    words[106] = 0xFFFF;
    EXPECT_TRUE(decode_ata_identity(words).ok());
}

TEST(AtaIdentity, JunkInTheModelIsShownAsBlanks) {
    SimulatedAtaDrive drive;
    drive.kind = Kind::Disk;
    drive.model = std::string(
        "A\x01\xFF"
        "B\0C ",
        7);
    const auto identity = decode_ata_identity(drive.identity());
    EXPECT_STREQ(decode_ata_model(drive.identity()).data(), "A  B C");
    EXPECT_TRUE(identity.ok());
}

TEST(AtaIdentity, AnEmptyLongCountFallsBackToTheShortOne) {
    SimulatedAtaDrive drive;
    drive.kind = Kind::Disk;
    drive.sectors = 777;
    auto words = drive.identity();
    words[100] = 0;
    EXPECT_EQ(decode_ata_identity(words).value().sectors, SectorCount(777));
}

TEST(AtaIdentity, OddBlockSizesAreNotUsed) {
    SimulatedAtaDrive drive;
    drive.kind = Kind::Disk;
    drive.most_multiple = 12;
    EXPECT_EQ(decode_ata_identity(drive.identity()).value().most_multiple, 1);
}

}  // namespace
}  // namespace quire::drivers
