// kernel/process/timer_queue: what is called when, and what a function may do to the queue.
#include "kernel/process/timer_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "tests/host/seed.h"

namespace quire::kernel {
namespace {

constexpr std::uint64_t kNever = ~std::uint64_t{0};

/// A timer that does what the test says, and writes its name down.
struct Bell {
    Bell(char its_name, std::string& its_log) : name(its_name), log(its_log) {}
    static void ring(void* context) {
        Bell& bell = *static_cast<Bell*>(context);
        bell.log += bell.name;
        if (bell.then) bell.then();
    }
    char name;
    std::string& log;
    std::function<void()> then;
    Timer timer{ring, this};
};

class TimerQueueTest : public testing::Test {
  protected:
    ~TimerQueueTest() override {
        for (Bell* bell : {&a, &b, &c})
            queue.cancel(bell->timer);
        queue.check_invariants();
    }
    std::string run(std::uint64_t now) {
        log.clear();
        queue.run_until(now);
        return log;
    }
    TimerQueue queue;
    std::string log;
    Bell a{'a', log}, b{'b', log}, c{'c', log};
};

TEST_F(TimerQueueTest, CallsWhatIsDueInOrder) {
    queue.set(c.timer, 30);
    queue.set(a.timer, 10);
    queue.set(b.timer, 20);
    queue.check_invariants();
    EXPECT_EQ(queue.next_deadline(), 10U);
    EXPECT_EQ(run(9), "");
    EXPECT_EQ(run(10), "a");
    EXPECT_FALSE(a.timer.is_set());
    EXPECT_EQ(queue.next_deadline(), 20U);
    EXPECT_EQ(run(100), "bc");
    EXPECT_EQ(queue.next_deadline(), kNever);
    EXPECT_EQ(run(kNever), "");
}

TEST_F(TimerQueueTest, EqualDeadlinesAreInTheOrderOfSetting) {
    queue.set(b.timer, 10);
    queue.set(a.timer, 10);
    queue.set(c.timer, 10);
    EXPECT_EQ(run(10), "bac");
}

TEST_F(TimerQueueTest, SetAgainIsMoved) {
    queue.set(a.timer, 10);
    queue.set(b.timer, 20);
    queue.set(a.timer, 30);
    EXPECT_EQ(a.timer.deadline(), 30U);
    EXPECT_EQ(run(20), "b");
    EXPECT_EQ(run(30), "a");
}

TEST_F(TimerQueueTest, CancelledIsNotCalled) {
    queue.set(a.timer, 10);
    queue.cancel(a.timer);
    queue.cancel(a.timer);
    EXPECT_FALSE(a.timer.is_set());
    EXPECT_EQ(queue.next_deadline(), kNever);
    EXPECT_EQ(run(10), "");
}

TEST_F(TimerQueueTest, AFunctionMaySetItsOwnTimerAgain) {
    a.then = [&] { queue.set(a.timer, 20); };
    queue.set(a.timer, 10);
    EXPECT_EQ(run(10), "a");
    EXPECT_EQ(queue.next_deadline(), 20U);
    EXPECT_EQ(run(19), "");
    a.then = nullptr;
    EXPECT_EQ(run(20), "a");
}

TEST_F(TimerQueueTest, AFunctionMayCancelAndSetOthers) {
    a.then = [&] {
        queue.cancel(b.timer);
        queue.set(c.timer, 5);
    };
    queue.set(a.timer, 10);
    queue.set(b.timer, 10);
    EXPECT_EQ(run(10), "ac");
}

TEST_F(TimerQueueTest, ATimeOf64BitsIsCompared) {
    queue.set(a.timer, std::uint64_t{1} << 32);
    queue.set(b.timer, (std::uint64_t{1} << 32) - 1);
    EXPECT_EQ(run(0xFFFFFFFFU), "b");
    EXPECT_EQ(run(std::uint64_t{1} << 32), "a");
}

TEST(TimerQueueRandom, CallsEachOnceAndInOrder) {
    test::Random random(test::seed());
    std::string log;
    TimerQueue queue;
    std::vector<std::unique_ptr<Bell>> bells;
    for (int i = 0; i < 40; ++i)
        bells.push_back(std::make_unique<Bell>(static_cast<char>('0' + i), log));
    for (std::uint64_t now = 0; now < 2000; ++now) {
        for (int i = 0; i < 4; ++i) {
            Timer& timer = bells[random.below(bells.size())]->timer;
            if (random.below(4) == 0) {
                queue.cancel(timer);
            } else {
                queue.set(timer, now + random.below(50));
            }
        }
        std::vector<std::pair<std::uint64_t, char>> due;
        for (const auto& bell : bells)
            if (bell->timer.is_set() && bell->timer.deadline() <= now)
                due.emplace_back(bell->timer.deadline(), bell->name);
        log.clear();
        queue.run_until(now);
        ASSERT_EQ(log.size(), due.size());
        for (const auto& one : due)
            ASSERT_NE(log.find(one.second), std::string::npos);
        ASSERT_GT(queue.next_deadline(), now);
        queue.check_invariants();
    }
    for (const auto& bell : bells)
        queue.cancel(bell->timer);
}

}  // namespace
}  // namespace quire::kernel
