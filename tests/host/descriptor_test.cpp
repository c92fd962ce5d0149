// fs/descriptor_table: the numbers of open files, and dup, close-on-exec and fork.
#include "fs/descriptor_table.h"

#include "tests/host/file_machine.h"

namespace quire::fs {
namespace {

using namespace abi;
using test::answer;
using test::FileTest;

class Descriptors : public FileTest {
  protected:
    Descriptors() { p.put("/f", "0123456789"); }
    Descriptor open(std::uint32_t flags = kOpenReadWrite) {
        EXPECT_EQ(p.open("/f", flags), "OK");
        return p.last;
    }
    std::string close(Descriptor descriptor) { return answer(p.calls.close(descriptor)); }
    std::string dup(Descriptor descriptor, Descriptor lowest = 0) {
        const auto copy = p.calls.duplicate(descriptor, lowest);
        return copy.ok() ? std::to_string(copy.value()) : answer(copy);
    }
    std::string dup2(Descriptor from, Descriptor to) {
        const auto copy = p.calls.dup2(from, to);
        return copy.ok() ? std::to_string(copy.value()) : answer(copy);
    }
};

TEST_F(Descriptors, TheLowestFreeOneIsGivenOut) {
    for (Descriptor expected = 0; expected < 70; ++expected)
        EXPECT_EQ(open(), expected);
    EXPECT_EQ(close(5), "OK");
    EXPECT_EQ(close(66), "OK");
    EXPECT_EQ(close(5), "EBADF");
    EXPECT_EQ(open(), 5U);
    EXPECT_EQ(open(), 66U);
    EXPECT_EQ(open(), 70U);
    p.table.check_invariants();
}

TEST_F(Descriptors, WhatIsNoneIsRefused) {
    EXPECT_EQ(close(0), "EBADF");
    EXPECT_EQ(close(1023), "EBADF");
    EXPECT_EQ(close(1024), "EBADF");
    EXPECT_EQ(close(~0U), "EBADF");
    EXPECT_EQ(dup(999), "EBADF");
    EXPECT_EQ(dup2(999, 999), "EBADF");
    EXPECT_EQ(dup2(999, 3), "EBADF");
    EXPECT_EQ(answer(p.calls.fstat(999)), "EBADF");
}

TEST_F(Descriptors, DuplicatesAsLinuxDoes) {
    const Descriptor f = open();
    EXPECT_EQ(dup(f), "1");
    EXPECT_EQ(dup(f, 100), "100");
    EXPECT_EQ(dup(f, 100), "101");
    EXPECT_EQ(dup(f, 1024), "EINVAL");
    EXPECT_EQ(dup2(f, f), "0");
    EXPECT_EQ(dup2(f, 7), "7");
    EXPECT_EQ(dup2(f, 1024), "EBADF");
    EXPECT_EQ(dup2(f, ~0U), "EBADF");
    EXPECT_EQ(answer(p.calls.dup3(f, f, 0)), "EINVAL");
    EXPECT_EQ(answer(p.calls.dup3(f, 8, kOpenAppend)), "EINVAL");
    EXPECT_EQ(answer(p.calls.dup3(999, 999, 0)), "EINVAL");
    EXPECT_EQ(answer(p.calls.dup3(999, 1024, 0)), "EBADF");
    EXPECT_EQ(answer(p.calls.dup3(f, 8, kOpenCloseOnExec)), "OK");
    EXPECT_TRUE(p.table.closes_on_exec(8).value());
    EXPECT_EQ(dup2(f, 8), "8");  // the flag is the descriptor's, and starts anew
    EXPECT_FALSE(p.table.closes_on_exec(8).value());
}

TEST_F(Descriptors, Dup2ClosesWhatWasThere) {
    const Descriptor f = open();
    const PipeEnds pipe = p.calls.pipe(0).value();
    EXPECT_EQ(dup2(f, pipe.write), std::to_string(pipe.write));
    EXPECT_EQ(p.read(pipe.read), "");  // no writer is left
}

TEST_F(Descriptors, ExecClosesTheMarkedOnes) {
    const Descriptor stays = open();
    const Descriptor goes = open(kOpenCloseOnExec);
    const Descriptor far = p.calls.duplicate(stays, 500, true).value();
    EXPECT_TRUE(p.table.set_close_on_exec(stays, true).ok());
    EXPECT_TRUE(p.table.set_close_on_exec(stays, false).ok());
    EXPECT_EQ(answer(p.table.set_close_on_exec(999, true)), "EBADF");
    EXPECT_EQ(answer(p.table.closes_on_exec(999)), "EBADF");
    p.table.close_on_exec();
    EXPECT_EQ(close(goes), "EBADF");
    EXPECT_EQ(close(far), "EBADF");
    EXPECT_EQ(p.read(stays, 2), "01");
    EXPECT_EQ(p.table.count(), 1U);
}

TEST_F(Descriptors, AChildSharesOffsetsButNotTheTable) {
    const Descriptor f = open();
    ASSERT_TRUE(p.calls.duplicate(f, 200, true).ok());
    test::TestProcess child(world);
    ASSERT_TRUE(child.table.copy_from(p.table).ok());
    EXPECT_EQ(child.read(f, 3), "012");
    EXPECT_EQ(p.read(f, 3), "345");
    EXPECT_TRUE(child.table.closes_on_exec(200).value());
    EXPECT_EQ(close(f), "OK");
    EXPECT_EQ(child.read(f, 3), "678");
    EXPECT_EQ(p.read(f), "EBADF");
    child.table.check_invariants();
}

TEST_F(Descriptors, RunOutAtTheLimit) {
    for (Descriptor expected = 0; expected < DescriptorTable::kMost; ++expected)
        ASSERT_EQ(open(), expected);
    EXPECT_EQ(p.open("/f"), "EMFILE");
    EXPECT_EQ(p.open("/missing"), "EMFILE");  // before the path is looked at
    EXPECT_EQ(p.open(""), "ENOENT");          // but not before it is read
    EXPECT_EQ(p.open("/new", kOpenCreate), "EMFILE");
    EXPECT_EQ(p.stat("/new"), "ENOENT");
    EXPECT_EQ(dup(3), "EMFILE");
    EXPECT_EQ(dup2(3, 4), "4");
    EXPECT_EQ(answer(p.calls.pipe(0)), "EMFILE");
    EXPECT_EQ(close(77), "OK");
    EXPECT_EQ(answer(p.calls.pipe(0)), "EMFILE");  // one is not enough, and is given back
    EXPECT_EQ(open(), 77U);
    p.table.check_invariants();
}

TEST_F(Descriptors, TheLimitMayBeLowered) {
    for (int i = 0; i < 10; ++i)
        open();
    p.table.set_limit(8);
    EXPECT_EQ(p.open("/f"), "EMFILE");
    EXPECT_EQ(dup2(1, 8), "EBADF");
    EXPECT_EQ(dup(1, 8), "EINVAL");
    EXPECT_EQ(p.read(9, 1), "0");  // those in use stay
    EXPECT_EQ(close(9), "OK");
    EXPECT_EQ(close(2), "OK");
    EXPECT_EQ(open(), 2U);
    p.table.set_limit(0);
    EXPECT_EQ(p.open("/f"), "EMFILE");
}

// A descriptor that a call under way has reserved is nobody's yet.
TEST_F(Descriptors, AReservedOneIsNotThere) {
    const Descriptor reserved = p.table.reserve().value();
    EXPECT_EQ(close(reserved), "EBADF");
    EXPECT_EQ(p.read(reserved), "EBADF");
    const Descriptor f = open();
    EXPECT_EQ(f, reserved + 1);
    EXPECT_EQ(dup2(f, reserved), "EBUSY");
    p.table.cancel(reserved);
    EXPECT_EQ(open(), reserved);
}

TEST_F(Descriptors, ForkFailsWithoutATraceWhenMemoryIsOut) {
    const Descriptor f = open();
    ASSERT_TRUE(p.calls.duplicate(f, 100).ok());
    ASSERT_TRUE(p.calls.duplicate(f, 1000).ok());
    // A slab holds several blocks: fill it up, so that each block needs memory.
    std::uint32_t failures = 0;
    for (std::uint32_t n = 1;; ++n) {
        test::TestProcess child(world);
        world.machine.slabs.reclaim();
        const std::uint32_t live = world.live_objects();
        world.machine.machine.injector.fail_nth(n);
        const auto result = child.table.copy_from(p.table);
        world.machine.machine.injector.fail_nth(0);
        child.table.check_invariants();
        if (result.ok()) break;
        ++failures;
        EXPECT_EQ(answer(result), "ENOMEM");
        EXPECT_EQ(child.table.count(), 0U);
        EXPECT_EQ(world.live_objects(), live);
    }
    EXPECT_GE(failures, 3U);
    EXPECT_EQ(p.table.count(), 3U);
}

}  // namespace
}  // namespace quire::fs
