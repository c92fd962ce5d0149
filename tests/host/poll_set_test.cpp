// Waiting for several files at once.
#include "kernel/process/poll_set.h"

#include <gtest/gtest.h>

#include "tests/host/file_machine.h"

namespace quire::test {
namespace {

using kernel::PollSet;
using namespace abi;

class Poll : public FileTest {
  protected:
    struct Alarm final : fs::Waiter {
        void wake() override { ++rung; }
        int rung = 0;
    };
    fs::FileRef file(fs::Descriptor descriptor) { return p.calls.file(descriptor).take(); }
    std::uint16_t found(PollSet& which, unsigned index) {
        unsigned at = 0;
        std::uint16_t result = 0;
        EXPECT_TRUE(which
                        .for_each([&](PollSet::Entry& entry) -> Result<void> {
                            if (at++ == index) result = entry.found;
                            return {};
                        })
                        .ok());
        return result;
    }
    fs::PipeEnds ends = p.calls.pipe(0).take();
    PollSet set{world.machine.memory};
};

TEST_F(Poll, TellsWhatWasAskedFor) {
    ASSERT_TRUE(set.add(0, kPollIn, file(ends.read)).ok());
    ASSERT_TRUE(set.add(1, kPollOut, file(ends.write)).ok());
    ASSERT_TRUE(set.add(1, kPollIn, file(ends.write)).ok());
    EXPECT_EQ(set.look(), 1U);
    EXPECT_EQ(found(set, 1), kPollOut);
    ASSERT_EQ(p.write(ends.write, "x"), "1");
    EXPECT_EQ(set.look(), 2U);
    EXPECT_EQ(found(set, 0), kPollIn);
    EXPECT_EQ(found(set, 2), 0);
}

TEST_F(Poll, TellsOfClosedPipesUnasked) {
    ASSERT_TRUE(set.add(0, 0, file(ends.read)).ok());
    EXPECT_EQ(set.look(), 0U);
    ASSERT_TRUE(p.calls.close(ends.write).ok());
    EXPECT_EQ(set.look(), 1U);
    EXPECT_EQ(found(set, 0), kPollHangUp);
}

TEST_F(Poll, ADescriptorThatIsNotOpenIsInvalidANegativeOneNothing) {
    ASSERT_TRUE(set.add(7, kPollIn, {}).ok());
    ASSERT_TRUE(set.add(-1, kPollIn, {}).ok());
    EXPECT_EQ(set.look(), 1U);
    EXPECT_EQ(found(set, 0), kPollInvalid);
    EXPECT_EQ(found(set, 1), 0);
}

TEST_F(Poll, AnyOfTheFilesWakesTheSleeper) {
    const fs::PipeEnds other = p.calls.pipe(0).take();
    ASSERT_TRUE(set.add(0, kPollIn, file(ends.read)).ok());
    ASSERT_TRUE(set.add(1, kPollIn, file(other.read)).ok());
    Alarm alarm;
    set.changes().add(alarm);
    ASSERT_EQ(p.write(other.write, "x"), "1");
    EXPECT_EQ(alarm.rung, 1);
    ASSERT_EQ(p.write(ends.write, "x"), "1");
    EXPECT_EQ(alarm.rung, 2);
    set.changes().remove(alarm);
}

TEST_F(Poll, ManyEntriesTakeFramesAndGiveThemBack) {
    world.machine.slabs.reclaim();
    const std::uint32_t used = world.machine.machine.used_frames();
    {
        PollSet many(world.machine.memory);
        for (unsigned i = 0; i < 1000; ++i)
            ASSERT_TRUE(many.add(static_cast<std::int32_t>(i), kPollIn, file(ends.read)).ok());
        ASSERT_TRUE(p.calls.close(ends.read).ok());
        EXPECT_EQ(many.look(), 0U);
        ASSERT_EQ(p.write(ends.write, "x"), "1") << "the set still holds the reading side";
        EXPECT_EQ(many.look(), 1000U);
    }
    world.machine.slabs.reclaim();
    EXPECT_LE(world.machine.machine.used_frames(), used + 1);
    EXPECT_EQ(p.write(ends.write, "x"), "EPIPE");
}

TEST_F(Poll, NoMemoryIsTold) {
    world.machine.machine.injector.fail_nth(1);
    EXPECT_EQ(answer(set.add(0, kPollIn, file(ends.read))), "ENOMEM");
    world.machine.machine.injector.fail_nth(0);
    EXPECT_EQ(set.look(), 0U);
}

}  // namespace
}  // namespace quire::test
