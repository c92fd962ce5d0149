// quire::user on the host: what a copy does with ranges that a program made up.
#include "kernel/process/user_copy.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/host/fault_machine.h"
#include "tests/host/user_copy_host.h"

namespace quire::test {
namespace {

using mm::PageNumber;
using mm::VirtAddr;

class UserCopy : public FaultMachine {
  protected:
    static constexpr PageNumber kPage{0x100};
    static constexpr VirtAddr kStart = mm::start_of(kPage);
    static constexpr VirtAddr kEnd = mm::start_of(PageNumber(0x102));

    UserCopy() { add(kPage, 2, read_write()); }

    UserCopies copies{machine};
};

TEST_F(UserCopy, MovesBytesAcrossPages) {
    const std::uint32_t written = 0x12345678;
    ASSERT_TRUE(user::write(kStart + 4094, written).ok());
    EXPECT_EQ(user::read<std::uint32_t>(kStart + 4094).value(), written);
    EXPECT_EQ(read(kPage + mm::PageCount(1)), 0x34U);  // the program sees its upper half
}

TEST_F(UserCopy, EndsWhereTheRegionEnds) {
    const std::array<char, 8> eight{};
    EXPECT_TRUE(user::copy_to(kEnd + -8U, eight.data(), 8).ok());
    EXPECT_EQ(user::copy_to(kEnd + -7U, eight.data(), 8).error(), Error::BadAddress);
    EXPECT_EQ(user::clear(kEnd, 1).error(), Error::BadAddress);
}

TEST_F(UserCopy, RefusesTheKernelAndWhatWraps) {
    std::uint32_t word = 0;
    EXPECT_EQ(user::copy_from(&word, VirtAddr(0xC0000000), 4).error(), Error::BadAddress);
    EXPECT_EQ(user::copy_from(&word, VirtAddr(0xBFFFFFFE), 4).error(), Error::BadAddress);
    EXPECT_EQ(user::copy_from(&word, VirtAddr(0xFFFFFFFE), 4).error(), Error::BadAddress);
    EXPECT_EQ(user::copy_from(&word, kStart, 0xFFFFFFFF).error(), Error::BadAddress);
    EXPECT_EQ(user::copy_from(&word, VirtAddr(0), 4).error(), Error::BadAddress);
}

TEST_F(UserCopy, NoBytesAreAlwaysRight) {
    EXPECT_TRUE(user::copy_from(nullptr, VirtAddr(0xFFFFFFFF), 0).ok());
}

TEST_F(UserCopy, DoesNotWriteWhatTheProgramMayNotWrite) {
    add(PageNumber(0x200), 1, traits(mm::Rights::read()));
    const VirtAddr address = mm::start_of(PageNumber(0x200));
    EXPECT_TRUE(user::read<char>(address).ok());
    EXPECT_EQ(user::write(address, 'x').error(), Error::BadAddress);
}

TEST_F(UserCopy, CopiesAPageThatAForkShares) {
    ASSERT_TRUE(user::write(kStart, 'a').ok());
    fork();
    ASSERT_TRUE(user::write(kStart, 'b').ok());
    load(*child);
    EXPECT_EQ(user::read<char>(kStart).value(), 'a');
    end_child();
}

TEST_F(UserCopy, StringsEndAtTheirNul) {
    ASSERT_TRUE(user::copy_to(kStart, "word", 5).ok());
    std::array<char, 5> room{};
    EXPECT_EQ(user::copy_string_from(room, kStart).value(), 4U);
    EXPECT_EQ(std::string(room.data()), "word");
    EXPECT_EQ(user::copy_string_from(std::span(room).first(4), kStart).error(), Error::NameTooLong);
    ASSERT_TRUE(user::copy_to(kEnd + -2U, "xy", 2).ok());
    EXPECT_EQ(user::copy_string_from(room, kEnd + -2U).error(), Error::BadAddress);
}

}  // namespace
}  // namespace quire::test
