// Futexes without threads: who is woken, in which order, and what a word is known by.
#include <gtest/gtest.h>

#include <deque>

#include "kernel/abi/futex.h"
#include "kernel/process/futex.h"
#include "tests/host/test_object.h"
#include "tests/host/user_machine.h"

namespace quire::test {
namespace {

using kernel::futex_key;
using kernel::FutexKey;
using kernel::FutexOperation;
using kernel::FutexTable;
using kernel::FutexWaiter;

constexpr FutexKey kWord{nullptr, 0, 0x1000};
constexpr FutexKey kOther{nullptr, 0, 0x1004};

// Counts how often it is woken.
class Sleeper final : public fs::Waiter {
  public:
    void wake() override { ++woken; }
    int woken = 0;
};

class FutexTest : public testing::Test {
  protected:
    FutexWaiter& wait_for(const FutexKey& key, std::uint32_t bits = FutexTable::kAllBits) {
        FutexWaiter& waiter = waiters_.emplace_back(key, bits);
        table.add(waiter);
        return waiter;
    }
    void TearDown() override {
        table.check_invariants();
        for (FutexWaiter& waiter : waiters_)
            if (!waiter.was_woken()) table.remove(waiter);
    }
    FutexTable table;

  private:
    std::deque<FutexWaiter> waiters_;
};

TEST_F(FutexTest, WakesThoseWhoWaitForTheWord) {
    FutexWaiter& other = wait_for(kOther);
    FutexWaiter& first = wait_for(kWord);
    FutexWaiter& second = wait_for(kWord);
    FutexWaiter& third = wait_for(kWord);
    EXPECT_EQ(table.wake(kWord, 2), 2U);
    EXPECT_TRUE(first.was_woken() && second.was_woken());
    EXPECT_FALSE(third.was_woken() || other.was_woken());
    EXPECT_EQ(table.wake(kWord, 5), 1U);
    EXPECT_EQ(table.wake(kWord, 5), 0U);
}

TEST_F(FutexTest, WakingIsForTheQueueOfTheWaiter) {
    FutexWaiter& waiter = wait_for(kWord);
    Sleeper sleeper;
    waiter.queue.add(sleeper);
    EXPECT_EQ(table.wake(kWord, 1), 1U);
    EXPECT_EQ(sleeper.woken, 1);
    waiter.queue.remove(sleeper);
}

TEST_F(FutexTest, BitsChooseWhoIsWoken) {
    FutexWaiter& even = wait_for(kWord, 0b10);
    FutexWaiter& odd = wait_for(kWord, 0b01);
    EXPECT_EQ(table.wake(kWord, 9, 0b100), 0U);
    EXPECT_EQ(table.wake(kWord, 9, 0b101), 1U);
    EXPECT_TRUE(odd.was_woken());
    EXPECT_FALSE(even.was_woken());
}

TEST_F(FutexTest, MovedWaitersWaitForTheOtherWord) {
    FutexWaiter& first = wait_for(kWord);
    FutexWaiter& second = wait_for(kWord);
    EXPECT_EQ(table.move(kWord, kOther, 1), 1U);
    table.check_invariants();
    EXPECT_EQ(table.wake(kWord, 9), 1U);
    EXPECT_TRUE(second.was_woken());
    EXPECT_EQ(table.move(kOther, kOther, 9), 1U) << "to itself: counted, as on Linux";
    EXPECT_EQ(table.wake(kOther, 9), 1U);
    EXPECT_TRUE(first.was_woken());
}

TEST_F(FutexTest, MovedWaitersStayInOrder) {
    FutexWaiter& first = wait_for(kWord);
    FutexWaiter& second = wait_for(kWord);
    FutexWaiter& third = wait_for(kWord);
    EXPECT_EQ(table.move(kWord, kWord, 2), 2U);
    EXPECT_EQ(table.wake(kWord, 1), 1U);
    EXPECT_TRUE(third.was_woken()) << "who was moved is behind who stayed";
    EXPECT_EQ(table.wake(kWord, 1), 1U);
    EXPECT_TRUE(first.was_woken());
    EXPECT_FALSE(second.was_woken());
}

constexpr std::uint32_t encoded(std::uint32_t what, std::uint32_t question, std::uint32_t operand,
                                std::uint32_t compared) {
    return what << 28 | question << 24 | (operand & 0xFFF) << 12 | (compared & 0xFFF);
}

TEST(FutexOperationTest, ChangesTheWord) {
    const auto result = [](std::uint32_t what, std::uint32_t operand, std::uint32_t word) {
        return FutexOperation::decode(encoded(what, 0, operand, 0)).value().result(word);
    };
    EXPECT_EQ(result(abi::kFutexSet, 7, 100), 7U);
    EXPECT_EQ(result(abi::kFutexSet, 0xFFF, 100), ~0U) << "12 bits with a sign";
    EXPECT_EQ(result(abi::kFutexAdd, 7, 100), 107U);
    EXPECT_EQ(result(abi::kFutexAdd, 0xFFE, 100), 98U);
    EXPECT_EQ(result(abi::kFutexOr, 6, 3), 7U);
    EXPECT_EQ(result(abi::kFutexAndNot, 6, 7), 1U);
    EXPECT_EQ(result(abi::kFutexXor, 6, 3), 5U);
    EXPECT_EQ(result(8 + abi::kFutexSet, 31, 0), 1U << 31);
    EXPECT_EQ(result(8 + abi::kFutexSet, 33, 0), 2U) << "a shift that is too long is cut";
    EXPECT_EQ(result(8 + abi::kFutexOr, 4, 1), 0x11U);
    for (const std::uint32_t what : {5U, 6U, 7U, 13U})
        EXPECT_EQ(FutexOperation::decode(what << 28).error(), Error::NotSupported);
}

TEST(FutexOperationTest, AsksWithASign) {
    const auto asks = [](std::uint32_t question, std::uint32_t compared, std::uint32_t before) {
        return FutexOperation::decode(encoded(0, question, 0, compared)).value().asks(before);
    };
    const struct {
        std::uint32_t question;
        bool less, equal, greater;
    } rows[] = {
        {abi::kFutexEqual, false, true, false},   {abi::kFutexNotEqual, true, false, true},
        {abi::kFutexLess, true, false, false},    {abi::kFutexLessOrEqual, true, true, false},
        {abi::kFutexGreater, false, false, true}, {abi::kFutexGreaterOrEqual, false, true, true}};
    for (const auto& row : rows) {
        EXPECT_EQ(asks(row.question, 0xFFF, ~1U).value(), row.less) << row.question;  // -2 : -1
        EXPECT_EQ(asks(row.question, 0xFFF, ~0U).value(), row.equal) << row.question;
        EXPECT_EQ(asks(row.question, 0xFFF, 3).value(), row.greater) << row.question;
    }
    for (std::uint32_t question = 6; question < 16; ++question)
        EXPECT_EQ(asks(question, 0, 0).error(), Error::NotSupported);
}

TEST(FutexKeyTest, APrivateWordIsItsSpaceAndAddress) {
    UserMachine machine;
    const auto one = machine.new_space();
    const auto two = machine.new_space();
    mm::MapRequest request;
    request.address = mm::VirtAddr(0x10000000);
    request.place = mm::MapRequest::Place::Fixed;
    request.bytes = 2 * mm::kPageSize;
    request.rights = mm::Rights::read() | mm::Rights::write();
    for (mm::AddressSpace* space : {one.get(), two.get()})
        ASSERT_TRUE(space->map(request).ok());
    const mm::VirtAddr word(0x10000010);
    EXPECT_EQ(futex_key(*one, word).take(), futex_key(*one, word).take());
    EXPECT_NE(futex_key(*one, word).take(), futex_key(*two, word).take());
    EXPECT_NE(futex_key(*one, word).take(), futex_key(*one, mm::VirtAddr(0x10000014)).take());
    EXPECT_EQ(futex_key(*one, mm::VirtAddr(0x10000011)).error(), Error::InvalidArgument);
    EXPECT_EQ(futex_key(*one, mm::VirtAddr(0x10002000)).error(), Error::BadAddress);
}

}  // namespace
}  // namespace quire::test
