// kernel/base: Result and TRY, strong units, the intrusive list, the ring buffer.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <memory>
#include <vector>

#include "kernel/base/align.h"
#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "kernel/base/ring_buffer.h"
#include "mm/types.h"

namespace quire {
namespace {

Result<int> half_of(int number) {
    if (number % 2 != 0) return Error::InvalidArgument;
    return number / 2;
}
Result<int> quarter_of(int number) {
    return half_of(TRY(half_of(number)));
}

TEST(Result, CarriesAValueOrAnError) {
    EXPECT_EQ(quarter_of(12).value(), 3);
    EXPECT_EQ(quarter_of(6).error(), Error::InvalidArgument);
    EXPECT_FALSE(quarter_of(7).ok());
}

TEST(Result, RefusesTheValueOfAnError) {
    EXPECT_DEATH((void)quarter_of(7).value(), "assertion failed");
    EXPECT_DEATH((void)quarter_of(8).error(), "assertion failed");
}

struct Counted {
    explicit Counted(int& live) : live_(&live) { ++*live_; }
    Counted(Counted&& other) noexcept : live_(other.live_) { ++*live_; }
    Counted& operator=(Counted&&) = delete;
    ~Counted() { --*live_; }
    int* live_;
};

Result<Counted> counted_or(int& live, bool fail) {
    if (fail) return Error::Busy;
    return Counted(live);
}
Result<void> uses_counted(int& live, bool fail) {
    Counted counted = TRY(counted_or(live, fail));
    EXPECT_EQ(live, 1);
    return {};
}

// A move-only value inside a Result is destroyed exactly once, on every path.
TEST(Result, DestroysWhatItHolds) {
    int live = 0;
    EXPECT_TRUE(uses_counted(live, false).ok());
    EXPECT_EQ(live, 0);
    EXPECT_EQ(uses_counted(live, true).error(), Error::Busy);
    EXPECT_EQ(live, 0);
}

TEST(Result, NamesEveryError) {
    EXPECT_STREQ(error_name(Error::OutOfMemory), "OutOfMemory");
    EXPECT_STREQ(error_name(Error::Busy), "Busy");
}

TEST(Align, RoundsToPowersOfTwo) {
    EXPECT_EQ(align_up(0U, 8U), 0U);
    EXPECT_EQ(align_up(1U, 8U), 8U);
    EXPECT_EQ(align_down(15U, 8U), 8U);
    EXPECT_TRUE(is_aligned(64U, 64U));
    EXPECT_FALSE(is_aligned(65U, 64U));
    EXPECT_DEATH((void)align_up(1U, 3U), "is_power_of_two");
}

TEST(Types, PagesAndFramesCount) {
    using namespace mm;
    const PageRange range = PageRange::of(PageNumber(16), PageCount(4));
    EXPECT_EQ(range.count(), PageCount(4));
    EXPECT_TRUE(range.contains(PageNumber(19)));
    EXPECT_FALSE(range.contains(PageNumber(20)));
    EXPECT_TRUE(range.overlaps({PageNumber(19), PageNumber(25)}));
    EXPECT_FALSE(range.overlaps({PageNumber(20), PageNumber(25)}));
    EXPECT_EQ(pages_for(1), PageCount(1));
    EXPECT_EQ(pages_for(0xFFFFFFFF), PageCount(0x100000));
    EXPECT_EQ(directory_index(PageNumber(0xC0100)), 768U);
    EXPECT_EQ(table_index(PageNumber(0xC0100)), 256U);
    EXPECT_EQ(start_of(page_of(VirtAddr(0xC0100ABC))), VirtAddr(0xC0100000));
    EXPECT_EQ(offset_in_page(VirtAddr(0xC0100ABC)), 0xABCU);
}

struct Waiter {
    explicit Waiter(int id) : number(id) {}
    int number;
    ListHook hook;
};
using WaiterList = IntrusiveList<Waiter, &Waiter::hook>;

std::vector<int> numbers(WaiterList& list) {
    list.check_invariants();
    std::vector<int> result;
    for (Waiter& waiter : list)
        result.push_back(waiter.number);
    return result;
}

TEST(IntrusiveList, KeepsOrder) {
    Waiter a(1), b(2), c(3);
    WaiterList list;
    list.push_back(b);
    list.push_front(a);
    list.push_back(c);
    EXPECT_EQ(numbers(list), (std::vector<int>{1, 2, 3}));
    list.remove(b);
    list.insert_before(a, b);
    EXPECT_EQ(numbers(list), (std::vector<int>{2, 1, 3}));
    EXPECT_EQ(list.pop_front(), &b);
    EXPECT_EQ(list.back(), &c);
    list.remove(a);
    list.remove(c);
    EXPECT_EQ(list.pop_front(), nullptr);
}

TEST(IntrusiveList, CatchesMisuse) {
    EXPECT_DEATH(
        {
            WaiterList list;
            Waiter gone(1);
            list.push_back(gone);
        },
        "!is_linked");
    EXPECT_DEATH(
        {
            WaiterList list;
            Waiter twice(1);
            list.push_back(twice);
            list.push_back(twice);
        },
        "!is_linked");
}

// A ring of 8 against std::deque, for any sequence of pushes and pops.
RC_GTEST_PROP(RingBuffer, BehavesLikeADeque, (const std::vector<int>& steps)) {
    RingBuffer<int, 8> ring;
    std::deque<int> model;
    for (int step : steps) {
        if (step % 3 != 0) {
            RC_ASSERT(ring.push(step) == (model.size() < 8));
            if (model.size() < 8) model.push_back(step);
        } else {
            int value = -1;
            RC_ASSERT(ring.pop(value) == !model.empty());
            if (!model.empty()) {
                RC_ASSERT(value == model.front());
                model.pop_front();
            }
        }
        RC_ASSERT(ring.size() == model.size());
        ring.check_invariants();
    }
}

}  // namespace
}  // namespace quire
