// Page faults on the simulated MMU: what a program reads and writes, and which frames that takes.
#include "tests/host/fault_machine.h"

namespace quire::mm {
namespace {

constexpr PageNumber kPage{0x08048};

class AnonymousFault : public test::FaultMachine {};

TEST_F(AnonymousFault, AReadMapsTheZeroFrame) {
    add(kPage, 4, read_write());
    EXPECT_EQ(read(kPage), 0U);
    EXPECT_EQ(outcome(), FaultOutcome::Resolved);
    EXPECT_TRUE(machine.pages.is_zero(entry(kPage)));
    EXPECT_EQ(statistics().zero_mapped, 1U);
}

TEST_F(AnonymousFault, AWriteGetsAFrameOfItsOwnInOneFault) {
    add(kPage, 4, read_write());
    EXPECT_TRUE(write(kPage, 7));
    EXPECT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(read(kPage), 7U);
    EXPECT_EQ(read(kPage + PageCount(1)), 0U);
    EXPECT_EQ(statistics().zero_filled, 1U);
}

TEST_F(AnonymousFault, AWriteAfterAReadLeavesTheZeroFrameAlone) {
    add(kPage, 4, read_write());
    EXPECT_EQ(read(kPage), 0U);
    EXPECT_EQ(read(kPage + PageCount(1)), 0U);
    EXPECT_TRUE(write(kPage, 7));
    EXPECT_EQ(read(kPage), 7U);
    EXPECT_EQ(read(kPage + PageCount(1)), 0U);
}

TEST_F(AnonymousFault, AForkedPageIsCopiedForTheFirstAndTakenOverByTheLast) {
    add(kPage, 4, read_write());
    EXPECT_TRUE(write(kPage, 7));
    auto child = fork();
    load(*child);
    EXPECT_EQ(read(kPage), 7U);
    EXPECT_TRUE(write(kPage, 8));
    EXPECT_EQ(statistics().copied, 1U);
    load(*space);
    EXPECT_EQ(read(kPage), 7U);
    EXPECT_TRUE(write(kPage, 9));
    EXPECT_EQ(statistics().copied, 1U);
    EXPECT_EQ(statistics().taken_over, 1U);
    load(*child);
    EXPECT_EQ(read(kPage), 8U);
    machine.check();
    end(child);
}

}  // namespace
}  // namespace quire::mm
