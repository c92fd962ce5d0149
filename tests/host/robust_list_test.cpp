// kernel/process/robust_list: what becomes of the locks of a thread that ends, and of lists that
// mean harm.
#include "kernel/process/robust_list.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "kernel/abi/futex.h"
#include "kernel/process/user_copy.h"
#include "tests/host/fault_machine.h"
#include "tests/host/seed.h"
#include "tests/host/user_copy_host.h"

namespace quire::test {
namespace {

using kernel::futex_key;
using kernel::FutexTable;
using kernel::FutexWaiter;
using kernel::kMostRobustEntries;
using mm::PageNumber;
using mm::VirtAddr;

constexpr std::uint32_t kTid = 77;

// Locks are 16 bytes: the entry, then at +8 the word. The head lies at the start of the memory.
class RobustList : public FaultMachine {
  protected:
    static constexpr PageNumber kPage{0x100};
    static constexpr std::uint32_t kPages = 16;
    static constexpr VirtAddr kHead = mm::start_of(kPage);
    static constexpr std::uint32_t kWordAt = 8;

    RobustList() { add(kPage, kPages, read_write()); }
    ~RobustList() override {
        for (FutexWaiter& waiter : waiters_)
            if (!waiter.was_woken()) table.remove(waiter);
    }

    static VirtAddr entry(std::uint32_t lock) { return kHead + 16 + lock * 16; }
    static VirtAddr word(std::uint32_t lock) { return entry(lock) + kWordAt; }
    void put(VirtAddr at, std::uint32_t value) { ASSERT_TRUE(user::write(at, value).ok()); }
    static std::uint32_t get(VirtAddr at) { return user::read<std::uint32_t>(at).value(); }

    /// A list of locks 0 to count - 1, all held, and nothing pending.
    void make_list(std::uint32_t count) {
        put_head(count == 0 ? kHead : entry(0), VirtAddr(0));
        for (std::uint32_t i = 0; i < count; ++i) {
            put(entry(i), (i + 1 < count ? entry(i + 1) : kHead).raw());
            put(word(i), kTid);
        }
    }
    void put_head(VirtAddr first, VirtAddr pending) {
        const abi::RobustListHead head{first.raw(), kWordAt, pending.raw()};
        ASSERT_TRUE(user::write(kHead, head).ok());
    }
    FutexWaiter& wait_for(VirtAddr at) {
        FutexWaiter& waiter = waiters_.emplace_back(futex_key(*space, at).value(), ~0U);
        table.add(waiter);
        return waiter;
    }
    void walk(VirtAddr head = kHead) { walk_robust_list(table, *space, head, kTid); }
    static bool is_dead(std::uint32_t lock) { return get(word(lock)) == abi::kFutexOwnerDied; }

    UserCopies copies{machine};
    FutexTable table;

  private:
    std::deque<FutexWaiter> waiters_;
};

TEST_F(RobustList, NoListIsNoWork) {
    walk(VirtAddr(0));
    make_list(0);
    walk();
}

TEST_F(RobustList, LocksAreMarked) {
    make_list(3);
    walk();
    EXPECT_TRUE(is_dead(0) && is_dead(1) && is_dead(2));
}

TEST_F(RobustList, OneWaiterIsWokenWhereSomebodyWaits) {
    make_list(2);
    put(word(0), kTid | abi::kFutexWaiters);
    FutexWaiter& first = wait_for(word(0));
    FutexWaiter& second = wait_for(word(0));
    FutexWaiter& unmarked = wait_for(word(1));
    walk();
    EXPECT_EQ(get(word(0)), abi::kFutexWaiters | abi::kFutexOwnerDied);
    EXPECT_TRUE(first.was_woken());
    EXPECT_FALSE(second.was_woken() || unmarked.was_woken());
}

TEST_F(RobustList, LocksOfOthersStay) {
    make_list(2);
    put(word(0), kTid + 1);
    walk();
    EXPECT_EQ(get(word(0)), kTid + 1);
    EXPECT_TRUE(is_dead(1));
}

TEST_F(RobustList, APendingLockIsFreedToo) {
    make_list(1);
    put_head(entry(0), entry(5));
    put(word(5), kTid);
    walk();
    EXPECT_TRUE(is_dead(0) && is_dead(5));
}

TEST_F(RobustList, APendingLockThatIsFreeAlreadyWakesOne) {
    make_list(0);
    put_head(kHead, entry(5));
    put(word(5), abi::kFutexWaiters);
    FutexWaiter& waiter = wait_for(word(5));
    walk();
    EXPECT_TRUE(waiter.was_woken());
    EXPECT_EQ(get(word(5)), abi::kFutexWaiters);
}

TEST_F(RobustList, APendingLockInTheListIsFreedOnce) {
    make_list(2);
    put_head(entry(0), entry(0));
    put(word(0), kTid | abi::kFutexWaiters);
    FutexWaiter& first = wait_for(word(0));
    FutexWaiter& second = wait_for(word(0));
    walk();
    EXPECT_TRUE(first.was_woken());
    EXPECT_FALSE(second.was_woken());
    EXPECT_TRUE(is_dead(1));
}

TEST_F(RobustList, LocksWithPriorityWakeNobody) {
    make_list(2);
    put_head(entry(0) + 1, entry(5) + 1);
    put(entry(0), entry(1).raw() + 1);
    put(word(0), kTid | abi::kFutexWaiters);
    put(word(5), 0);
    FutexWaiter& first = wait_for(word(0));
    FutexWaiter& pending = wait_for(word(5));
    walk();
    EXPECT_EQ(get(word(0)), abi::kFutexWaiters | abi::kFutexOwnerDied);
    EXPECT_FALSE(first.was_woken() || pending.was_woken());
    EXPECT_TRUE(is_dead(1));
}

TEST_F(RobustList, ARingEndsAtTheLimit) {
    make_list(2);
    put(entry(1), entry(0).raw());
    walk();
    EXPECT_TRUE(is_dead(0) && is_dead(1));
}

TEST_F(RobustList, TheLimitIsLinuxs) {
    make_list(kMostRobustEntries + 2);
    put_head(entry(0), entry(kMostRobustEntries + 3));
    put(word(kMostRobustEntries + 3), kTid);
    walk();
    EXPECT_TRUE(is_dead(kMostRobustEntries - 1));
    EXPECT_EQ(get(word(kMostRobustEntries)), kTid);
    EXPECT_TRUE(is_dead(kMostRobustEntries + 3)) << "the pending one is seen to all the same";
}

TEST_F(RobustList, ABadPointerEndsTheWalk) {
    for (const std::uint32_t bad : {0U, 0x1000U, 0xC0000000U, 0xFFFFFFFEU, 0xBFFFFFFEU}) {
        make_list(3);
        put_head(entry(0), entry(6));
        put(word(6), kTid);
        put(entry(1), bad);
        walk();
        EXPECT_TRUE(is_dead(0) && is_dead(1)) << bad;
        EXPECT_EQ(get(word(2)), kTid);
        EXPECT_EQ(get(word(6)), kTid) << "nor is the pending one looked at, as on Linux";
    }
    for (const std::uint32_t bad : {1U, 0x1000U, 0xC0000000U, 0xFFFFFFFCU, 0xFFFFFFFFU})
        walk(VirtAddr(bad));
}

TEST_F(RobustList, AWordThatIsNotAlignedEndsTheWalk) {
    make_list(2);
    const abi::RobustListHead head{entry(0).raw(), kWordAt + 2, 0};
    ASSERT_TRUE(user::write(kHead, head).ok());
    walk();
    EXPECT_EQ(get(word(0)), kTid);
}

TEST_F(RobustList, ALockThatCannotBeWrittenStaysAndEndsTheWalk) {
    make_list(3);
    const mm::PageNumber there{0x200};
    add(there, 1, read_write());
    const VirtAddr locked = mm::start_of(there);
    put(locked, entry(2).raw());
    put(locked + kWordAt, kTid);
    put(entry(1), locked.raw());
    ASSERT_TRUE(space->protect(locked, mm::kPageSize, mm::Rights::read(), false).ok());
    walk();
    EXPECT_TRUE(is_dead(0) && is_dead(1));
    EXPECT_EQ(get(locked + kWordAt), kTid);
    EXPECT_EQ(get(word(2)), kTid);
}

TEST_F(RobustList, EveryCopyMayFail) {
    make_list(4);
    put_head(entry(0), entry(6));
    for (std::uint32_t bytes = 0; bytes < 80; bytes += 2) {
        copies.fail_after(bytes);
        walk();
        copies.fail_after(~0U);
    }
    walk();
    EXPECT_TRUE(is_dead(3));
}

// Words anywhere, pointers to anywhere: the walk ends, and changes no word that is not the
// thread's.
TEST_F(RobustList, RandomMemoryIsSurvived) {
    constexpr std::uint32_t kWords = 512;
    Random random(seed());
    const auto any = [&random](std::uint32_t limit) {
        return static_cast<std::uint32_t>(random.below(limit));
    };
    for (int round = 0; round < 300; ++round) {
        std::vector<std::uint32_t> before;
        for (std::uint32_t i = 0; i < kWords; ++i) {
            const std::uint32_t kinds[] = {any(~0U),
                                           kTid,
                                           kTid | abi::kFutexWaiters,
                                           kHead.raw(),
                                           kHead.raw() + any(kWords) * 4,
                                           kHead.raw() + any(kWords) * 4};
            before.push_back(i == 1 ? any(4) * 4 : kinds[random.below(std::size(kinds))]);
        }
        ASSERT_TRUE(user::copy_to(kHead, before.data(), kWords * 4).ok());
        walk();
        for (std::uint32_t i = 0; i < kWords; ++i) {
            const std::uint32_t left = (before[i] & abi::kFutexWaiters) | abi::kFutexOwnerDied;
            const std::uint32_t now = get(kHead + i * 4);
            ASSERT_TRUE(now == before[i] || ((before[i] & abi::kFutexTid) == kTid && now == left));
        }
    }
}

}  // namespace
}  // namespace quire::test
