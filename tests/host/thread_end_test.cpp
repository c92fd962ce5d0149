// kernel/process/thread_end: who must end, and which status a process has then.
#include "kernel/process/thread_end.h"

#include <gtest/gtest.h>

#include "tests/host/process_world.h"
#include "tests/host/user_machine.h"

namespace quire::kernel {
namespace {

using test::CountingWaiter;

class ThreadEnd : public testing::Test {
  protected:
    ThreadEnd() {
        process.threads.push_back(leader);
        process.threads.push_back(second);
        process.threads.push_back(third);
    }
    ~ThreadEnd() override {
        while (process.threads.pop_front() != nullptr) {
        }
    }
    [[nodiscard]] bool nobody_must_end() const {
        return !must_end(leader) && !must_end(second) && !must_end(third);
    }

    Process process{10};
    Thread leader{10, &process}, second{11, &process}, third{12, &process};
};

TEST_F(ThreadEnd, NobodyMustAtFirst) {
    EXPECT_TRUE(nobody_must_end());
}

TEST_F(ThreadEnd, AllMustWithTheStatusOfTheFirst) {
    begin_end(second, 0x300);
    EXPECT_TRUE(must_end(leader) && must_end(second) && must_end(third));
    begin_end(third, 9);
    EXPECT_EQ(process.exit_status, 0x300U);
    note_exit(leader, 0x500);
    EXPECT_EQ(process.exit_status, 0x300U);
}

TEST_F(ThreadEnd, ALeadersOwnStatusIsKept) {
    note_exit(second, 0x100);
    EXPECT_EQ(process.exit_status, 0U);
    note_exit(leader, 0x200);
    note_exit(third, 0x300);
    EXPECT_EQ(process.exit_status, 0x200U);
    begin_end(third, 0x400);
    EXPECT_EQ(process.exit_status, 0x400U);
}

TEST_F(ThreadEnd, ASurvivorIsLeftAlone) {
    EXPECT_TRUE(begin_survival(second).ok());
    EXPECT_TRUE(must_end(leader) && must_end(third));
    EXPECT_FALSE(must_end(second));
    EXPECT_EQ(begin_survival(third).error(), Error::Interrupted);
    EXPECT_EQ(process.survivor, &second);
}

TEST_F(ThreadEnd, WhoMustEndAlreadyDecidesNothing) {
    ASSERT_TRUE(begin_survival(second).ok());
    begin_end(third, 9);
    EXPECT_FALSE(must_end(second));
    begin_end(second, 9);  // a signal that ends it, too
    EXPECT_TRUE(must_end(second));
    EXPECT_EQ(process.exit_status, 9U);
}

TEST_F(ThreadEnd, NobodySurvivesTheEndOfAll) {
    begin_end(leader, 9);
    EXPECT_EQ(begin_survival(second).error(), Error::Interrupted);
    EXPECT_EQ(process.survivor, nullptr);
}

TEST_F(ThreadEnd, MemoryIsSharedWithThreadsAndProcesses) {
    test::UserMachine machine;
    ProgramMemory memory(machine.memory, mm::UserPages::create(machine.memory).take(), {});
    process.memory = &memory;
    EXPECT_TRUE(shares_memory(leader));
    process.threads.remove(second);
    process.threads.remove(third);
    EXPECT_FALSE(shares_memory(leader));
    memory.users = 2;
    EXPECT_TRUE(shares_memory(leader));
    process.memory = nullptr;
}

TEST_F(ThreadEnd, TheCallerOfVforkIsToldOnce) {
    VforkWait wait;
    const CountingWaiter caller(wait.queue);
    second.vfork_caller = &wait;
    end_vfork(leader);
    EXPECT_FALSE(wait.is_over);
    end_vfork(second);
    end_vfork(second);
    EXPECT_TRUE(wait.is_over);
    EXPECT_EQ(caller.count, 1);
}

}  // namespace
}  // namespace quire::kernel
