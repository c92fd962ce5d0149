// Who runs next (kernel/process/scheduler.h), without a CPU: next() says who would.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <random>
#include <vector>

#include "kernel/process/scheduler.h"
#include "tests/host/seed.h"

namespace quire::test {
namespace {

using kernel::Process;
using kernel::Scheduler;
using kernel::Thread;
using kernel::ThreadState;

// Threads of a process each, ended when the test is over.
class SchedulerTest : public testing::Test {
  protected:
    Thread& make(std::int32_t nice = 0) {
        const auto id = static_cast<kernel::ProcessId>(threads_.size() + 1);
        Process& process = processes_.emplace_back(id);
        process.nice = nice;
        Thread& thread = threads_.emplace_back(id, &process);
        scheduler.add(thread);
        return thread;
    }
    void TearDown() override {
        scheduler.check_invariants();
        while (scheduler.next() != nullptr)
            scheduler.end_current();
        for (Thread& thread : threads_)
            scheduler.remove(thread);
        EXPECT_EQ(scheduler.thread_count(), 0U);
    }
    void sleep_current(ThreadState state = ThreadState::Sleeping) {
        scheduler.prepare_to_sleep();
        EXPECT_TRUE(scheduler.sleep(state));
    }
    void ticks(std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i)
            scheduler.tick();
    }

    Scheduler scheduler;

  private:
    std::deque<Process> processes_;
    std::deque<Thread> threads_;
};

TEST_F(SchedulerTest, NobodyRunsWhereNobodyIs) {
    EXPECT_EQ(scheduler.next(), nullptr);
    EXPECT_EQ(scheduler.current(), nullptr);
    scheduler.tick();
    EXPECT_FALSE(scheduler.must_switch());
}

TEST_F(SchedulerTest, TheFirstToComeRunsFirst) {
    Thread& a = make();
    Thread& b = make();
    EXPECT_EQ(scheduler.next(), &a);
    EXPECT_EQ(scheduler.next(), &a) << "it has its slice, and nobody was woken";
    scheduler.yield();
    EXPECT_TRUE(scheduler.must_switch());
    EXPECT_EQ(scheduler.next(), &b);
    EXPECT_FALSE(scheduler.must_switch());
}

TEST_F(SchedulerTest, WhoYieldsAndWhoIsInterruptedHasToLook) {
    Thread& a = make();
    Thread& b = make();
    a.must_look = b.must_look = false;
    EXPECT_EQ(scheduler.next(), &a);
    scheduler.yield();
    EXPECT_TRUE(a.must_look);
    EXPECT_FALSE(b.must_look);
    EXPECT_EQ(scheduler.next(), &b);
    scheduler.prepare_to_sleep();
    EXPECT_TRUE(scheduler.sleep(ThreadState::Waiting));
    scheduler.next();
    scheduler.interrupt(b);
    EXPECT_EQ(b.state, ThreadState::Waiting);
    EXPECT_TRUE(b.must_look) << "when it has what it waits for";
    scheduler.wake(b);
}

TEST_F(SchedulerTest, ASliceOverIsAnothersTurn) {
    Thread& a = make();
    Thread& b = make();
    EXPECT_EQ(scheduler.next(), &a);
    ticks(Scheduler::slice_of(0) - 1);
    EXPECT_FALSE(scheduler.must_switch());
    ticks(1);
    EXPECT_TRUE(scheduler.must_switch());
    EXPECT_EQ(scheduler.next(), &b);
    EXPECT_EQ(a.slice, Scheduler::slice_of(0)) << "a new one, for its next turn";
}

TEST_F(SchedulerTest, WhoSleptRunsBeforeWhoComputes) {
    Thread& a = make();
    Thread& b = make();
    Thread& c = make();
    EXPECT_EQ(scheduler.next(), &a);
    sleep_current();
    EXPECT_EQ(scheduler.next(), &b);
    scheduler.wake(a);
    EXPECT_FALSE(scheduler.must_switch()) << "at the next tick";
    scheduler.tick();
    EXPECT_TRUE(scheduler.must_switch());
    EXPECT_EQ(scheduler.next(), &a);
    sleep_current();
    EXPECT_EQ(scheduler.next(), &b) << "it goes on with what is left of its slice";
    EXPECT_EQ(b.slice, Scheduler::slice_of(0) - 1);
    scheduler.yield();
    EXPECT_EQ(scheduler.next(), &c);
    scheduler.wake(a);
}

TEST_F(SchedulerTest, WhoSleepsOftenHasNoMoreThanItsShare) {
    Thread& sleeper = make();
    Thread& worker = make();
    EXPECT_EQ(scheduler.next(), &sleeper);
    for (std::uint32_t i = 0; i < Scheduler::slice_of(0); ++i) {
        EXPECT_EQ(scheduler.current(), &sleeper);
        scheduler.tick();
        sleep_current();
        EXPECT_EQ(scheduler.next(), &worker);
        scheduler.wake(sleeper);
        if (i + 1 < Scheduler::slice_of(0)) {
            EXPECT_EQ(scheduler.next(), &sleeper);
        }
    }
    EXPECT_EQ(scheduler.next(), &worker) << "the sleeper's slice is over";
}

TEST_F(SchedulerTest, AWakeBeforeTheSleepIsNotLost) {
    Thread& a = make();
    EXPECT_EQ(scheduler.next(), &a);
    scheduler.prepare_to_sleep();
    scheduler.wake(a);
    EXPECT_FALSE(scheduler.sleep(ThreadState::Sleeping));
    EXPECT_EQ(a.state, ThreadState::Ready);
}

TEST_F(SchedulerTest, AWakeBetweenSleepAndSwitchKeepsItRunning) {
    Thread& a = make();
    EXPECT_EQ(scheduler.next(), &a);
    sleep_current();
    a.wake();
    EXPECT_EQ(scheduler.next(), &a);
}

TEST_F(SchedulerTest, ASignalWakesWhoSleepsAndNotWhoWaits) {
    Thread& a = make();
    Thread& b = make();
    EXPECT_EQ(scheduler.next(), &a);
    sleep_current(ThreadState::Waiting);
    EXPECT_EQ(scheduler.next(), &b);
    sleep_current(ThreadState::Sleeping);
    scheduler.interrupt(a);
    EXPECT_EQ(a.state, ThreadState::Waiting);
    scheduler.interrupt(b);
    EXPECT_EQ(b.state, ThreadState::Ready);
    scheduler.wake(a);
}

TEST_F(SchedulerTest, OnlyResumeWakesWhoIsStopped) {
    Thread& a = make();
    EXPECT_EQ(scheduler.next(), &a);
    sleep_current(ThreadState::Stopped);
    scheduler.wake(a);
    scheduler.interrupt(a);
    EXPECT_EQ(a.state, ThreadState::Stopped);
    EXPECT_EQ(scheduler.next(), nullptr);
    scheduler.resume(a);
    EXPECT_EQ(scheduler.next(), &a);
}

// Nobody is somebody, too: the idle loop.
TEST_F(SchedulerTest, SwitchesAndThreadsAreCounted) {
    make();
    make();
    EXPECT_EQ(scheduler.threads_made(), 2U);
    const std::uint64_t before = scheduler.switches();
    scheduler.next();
    EXPECT_EQ(scheduler.switches(), before + 1);
    scheduler.next();  // its slice is not over: the same again
    EXPECT_EQ(scheduler.switches(), before + 1);
    sleep_current();
    scheduler.next();
    sleep_current();
    EXPECT_EQ(scheduler.next(), nullptr);
    EXPECT_EQ(scheduler.switches(), before + 3);
    scheduler.next();
    EXPECT_EQ(scheduler.switches(), before + 3);
}

TEST_F(SchedulerTest, DemandIsWhoRunsCouldOrWaitsForADisk) {
    make();
    make();
    make();
    make();
    scheduler.next();
    sleep_current();
    scheduler.next();
    sleep_current(ThreadState::Waiting);
    scheduler.next();
    EXPECT_EQ(scheduler.demand().running, 2U);
    EXPECT_EQ(scheduler.demand().blocked, 1U);
    Thread kernel_thread(0, nullptr);
    scheduler.add(kernel_thread);
    sleep_current();
    while (scheduler.next() != &kernel_thread)
        sleep_current();
    EXPECT_EQ(scheduler.demand().running, 1U);
    sleep_current(ThreadState::Waiting);
    EXPECT_EQ(scheduler.next(), nullptr);
    EXPECT_EQ(scheduler.demand().running, 0U);
    EXPECT_EQ(scheduler.demand().blocked, 1U);
    kernel_thread.state = ThreadState::Ended;
    scheduler.remove(kernel_thread);
}

TEST_F(SchedulerTest, WhoHasEndedNeverRuns) {
    Thread& a = make();
    Thread& b = make();
    EXPECT_EQ(scheduler.next(), &a);
    scheduler.end_current();
    scheduler.wake(a);
    EXPECT_EQ(scheduler.next(), &b);
    EXPECT_EQ(a.state, ThreadState::Ended);
}

TEST_F(SchedulerTest, SlicesGrowWithPriority) {
    std::uint32_t above = 1000;
    for (std::int32_t nice = Scheduler::kLeastNice; nice <= Scheduler::kMostNice; ++nice) {
        const std::uint32_t slice = Scheduler::slice_of(nice);
        EXPECT_GE(slice, 1U);
        EXPECT_LE(slice, above);
        above = slice;
    }
    EXPECT_EQ(Scheduler::slice_of(0), 10U);
}

// Everybody computes: the CPU is shared as slices say, within one round.
TEST_F(SchedulerTest, SharesAreFair) {
    std::map<Thread*, std::uint32_t> used;
    const std::array<std::int32_t, 4> nices = {-5, 0, 0, 10};
    std::uint32_t round = 0;
    std::vector<Thread*> threads;
    for (const std::int32_t nice : nices) {
        threads.push_back(&make(nice));
        round += Scheduler::slice_of(nice);
    }
    constexpr std::uint32_t kRounds = 20;
    for (std::uint32_t i = 0; i < kRounds * round; ++i) {
        if (scheduler.current() == nullptr || scheduler.must_switch()) scheduler.next();
        ++used[scheduler.current()];
        scheduler.tick();
    }
    for (std::size_t i = 0; i < nices.size(); ++i)
        EXPECT_EQ(used[threads[i]], kRounds * Scheduler::slice_of(nices[i])) << i;
}

// Whatever happens: nobody who is ready is forgotten.
TEST_F(SchedulerTest, NobodyWhoIsReadyIsForgotten) {
    std::mt19937 random(static_cast<std::uint32_t>(seed()));
    std::vector<Thread*> threads;
    for (int i = 0; i < 8; ++i)
        threads.push_back(&make(static_cast<std::int32_t>(random() % 40) - 20));
    for (int step = 0; step < 20'000; ++step) {
        Thread* current = scheduler.current();
        switch (random() % 6) {
        case 0:
            scheduler.wake(*threads[random() % threads.size()]);
            break;
        case 1:
            if (current != nullptr && current->state == ThreadState::Ready) {
                scheduler.prepare_to_sleep();
                (void)scheduler.sleep(random() % 2 == 0 ? ThreadState::Sleeping
                                                        : ThreadState::Waiting);
                (void)scheduler.next();
            }
            break;
        case 2:
            if (current != nullptr) scheduler.yield();
            break;
        case 3:
            scheduler.interrupt(*threads[random() % threads.size()]);
            break;
        default:
            scheduler.tick();
            if (scheduler.current() == nullptr || scheduler.must_switch()) (void)scheduler.next();
            break;
        }
        scheduler.check_invariants();
    }
    std::size_t ready = 0;
    for (const Thread* thread : threads)
        if (thread->state == ThreadState::Ready) ++ready;
    std::map<Thread*, int> ran;
    for (int i = 0; i < 5000; ++i) {
        if (scheduler.next() == nullptr) break;
        ++ran[scheduler.current()];
        scheduler.yield();
    }
    EXPECT_EQ(ran.size(), ready);
}

}  // namespace
}  // namespace quire::test
