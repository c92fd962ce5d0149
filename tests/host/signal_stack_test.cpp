// kernel/process/signal_stack: sigaltstack's rules, and where handlers begin.
#include "kernel/process/signal_stack.h"

#include <gtest/gtest.h>

namespace quire::kernel {
namespace {

using namespace abi;

constexpr std::uint32_t kStart = 0x10000, kBytes = 0x2000, kEnd = kStart + kBytes;
constexpr std::uint32_t kElsewhere = 0xBF000000;

AlternateStack stack(std::uint32_t flags = 0) {
    return {kStart, kBytes, flags};
}

TEST(SignalStack, BelongsToWhoIsWithin) {
    EXPECT_FALSE(is_on(stack(), kStart));
    EXPECT_TRUE(is_on(stack(), kStart + 1));
    EXPECT_TRUE(is_on(stack(), kEnd));
    EXPECT_FALSE(is_on(stack(), kEnd + 1));
    EXPECT_FALSE(is_on(stack(), 0));
    EXPECT_FALSE(is_on(stack(kSsAutoDisarm), kEnd));
    EXPECT_FALSE(is_on(AlternateStack{}, 0));
    EXPECT_FALSE(is_on(AlternateStack{}, 8));
}

TEST(SignalStack, TellsItsState) {
    EXPECT_EQ(told_of(AlternateStack{}, 8).flags, kSsDisable);
    EXPECT_EQ(told_of(stack(), kElsewhere).flags, 0U);
    EXPECT_EQ(told_of(stack(kSsOnStack), kElsewhere).flags, 0U);
    EXPECT_EQ(told_of(stack(), kEnd).flags, kSsOnStack);
    EXPECT_EQ(told_of(stack(kSsAutoDisarm), kEnd).flags, kSsAutoDisarm);
    EXPECT_EQ(told_of(stack(), kElsewhere).start, kStart);
    EXPECT_EQ(told_of(stack(), kElsewhere).bytes, kBytes);
}

TEST(SignalStack, IsSetAndTakenAway) {
    AlternateStack it;
    EXPECT_TRUE(change(it, {kStart, 0, kLeastSignalStack}, kElsewhere).ok());
    EXPECT_EQ(told_of(it, kElsewhere).bytes, kLeastSignalStack);
    EXPECT_TRUE(change(it, {kStart, kSsOnStack | kSsAutoDisarm, kBytes}, kElsewhere).ok());
    EXPECT_EQ(told_of(it, kElsewhere).flags, kSsAutoDisarm);
    EXPECT_TRUE(change(it, {kStart, kSsDisable, kBytes}, kElsewhere).ok());
    EXPECT_EQ(told_of(it, kElsewhere).flags, kSsDisable);
    EXPECT_EQ(told_of(it, kElsewhere).start, 0U);
    EXPECT_EQ(told_of(it, kElsewhere).bytes, 0U);
}

TEST(SignalStack, RefusesAndStays) {
    AlternateStack it = stack();
    EXPECT_EQ(change(it, {1, 0, kBytes}, kEnd).error(), Error::NotPermitted);
    EXPECT_EQ(change(it, {1, 4, kBytes}, kElsewhere).error(), Error::InvalidArgument);
    EXPECT_EQ(change(it, {1, 3, kBytes}, kElsewhere).error(), Error::InvalidArgument);
    EXPECT_EQ(change(it, {1, 0, kLeastSignalStack - 1}, kElsewhere).error(), Error::OutOfMemory);
    EXPECT_EQ(it.start, kStart);
    EXPECT_EQ(it.bytes, kBytes);
}

TEST(SignalStack, HandlersBeginThereWhenTheyAskForIt) {
    EXPECT_EQ(stack_for(stack(), kSaOnStack, kElsewhere).top, kEnd);
    EXPECT_TRUE(stack_for(stack(), kSaOnStack, kElsewhere).is_alternate);
    EXPECT_EQ(stack_for(stack(), 0, kElsewhere).top, kElsewhere);
    EXPECT_FALSE(stack_for(stack(), 0, kElsewhere).is_alternate);
    EXPECT_EQ(stack_for(AlternateStack{}, kSaOnStack, kElsewhere).top, kElsewhere);
}

TEST(SignalStack, NestedHandlersGoOnBelow) {
    EXPECT_EQ(stack_for(stack(), kSaOnStack, kEnd - 100).top, kEnd - 100);
    EXPECT_TRUE(stack_for(stack(), kSaOnStack, kEnd - 100).is_alternate);
    EXPECT_TRUE(stack_for(stack(), 0, kEnd - 100).is_alternate);
    EXPECT_EQ(stack_for(stack(kSsAutoDisarm), kSaOnStack, kEnd - 100).top, kEnd);
}

}  // namespace
}  // namespace quire::kernel
