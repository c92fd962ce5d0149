// Bytes between the file layer and a program's buffers.
#include "kernel/process/user_bytes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fs/open_file.h"
#include "tests/host/fault_machine.h"
#include "tests/host/user_copy_host.h"

namespace quire::test {
namespace {

using kernel::UserBuffer;
using kernel::UserVector;

class UserBytes : public FaultMachine {
  protected:
    static constexpr std::uint32_t kStart = 0x100000;

    UserBytes() { add(page_of(mm::VirtAddr(kStart)), 4, read_write()); }

    static std::span<const std::byte> piece(const std::string& text) {
        return std::as_bytes(std::span(text));
    }
    std::string text(std::uint32_t address, std::uint32_t bytes) {
        std::string result(bytes, '?');
        EXPECT_TRUE(user::copy_from(result.data(), mm::VirtAddr(address), bytes).ok());
        return result;
    }
    mm::VirtAddr store(const std::vector<UserBuffer>& buffers) {
        const mm::VirtAddr array(kStart + 0x3000);
        EXPECT_TRUE(user::copy_to(array, buffers.data(),
                                  static_cast<std::uint32_t>(buffers.size() * sizeof(UserBuffer)))
                        .ok());
        return array;
    }
    static UserBuffer at(std::uint32_t start, std::uint32_t bytes) {
        return {mm::VirtAddr(start), bytes};
    }
    UserCopies copies{machine};
};

TEST_F(UserBytes, ABufferMustLieInUserSpace) {
    EXPECT_TRUE(kernel::check_buffer(mm::VirtAddr(0), 0xC0000000).ok());
    EXPECT_TRUE(kernel::check_buffer(mm::VirtAddr(0xC0000000), 0).ok());
    EXPECT_FALSE(kernel::check_buffer(mm::VirtAddr(0xC0000001), 0).ok());
    EXPECT_FALSE(kernel::check_buffer(mm::VirtAddr(0xBFFFFFFF), 2).ok());
    EXPECT_FALSE(kernel::check_buffer(mm::VirtAddr(1), 0xFFFFFFFF).ok());
}

TEST_F(UserBytes, PiecesFollowEachOther) {
    kernel::UserSink sink{mm::VirtAddr(kStart)};
    ASSERT_TRUE(sink.take(piece("one")).ok());
    ASSERT_TRUE(sink.take(piece("two")).ok());
    EXPECT_EQ(text(kStart, 6), "onetwo");
    kernel::UserSource source{mm::VirtAddr(kStart)};
    std::string room(3, '?');
    ASSERT_TRUE(source.give(std::as_writable_bytes(std::span(room))).ok());
    ASSERT_TRUE(source.give(std::as_writable_bytes(std::span(room))).ok());
    EXPECT_EQ(room, "two");
    EXPECT_EQ(kernel::UserSink(mm::VirtAddr(kStart + 0x3FFE)).take(piece("abc")).error(),
              Error::BadAddress);
}

TEST_F(UserBytes, VectorsFillTheirBuffersInOrder) {
    const auto array = store({at(kStart, 2), at(0, 0), at(kStart + 100, 3), at(kStart + 200, 5)});
    UserVector vector = UserVector::create(array, 4).take();
    EXPECT_EQ(vector.bytes(), 10U);
    ASSERT_TRUE(vector.take(piece("a")).ok());
    ASSERT_TRUE(vector.take(piece("bcdef")).ok());
    EXPECT_EQ(text(kStart, 2) + text(kStart + 100, 3) + text(kStart + 200, 1), "abcdef");
    UserVector source = UserVector::create(array, 4).take();
    std::string room(6, '?');
    ASSERT_TRUE(source.give(std::as_writable_bytes(std::span(room))).ok());
    EXPECT_EQ(room, "abcdef");
}

TEST_F(UserBytes, AfterAFailureTheNextPieceGoesToTheSamePlace) {
    kernel::UserSink sink{mm::VirtAddr(kStart + 0x3FFE)};
    EXPECT_FALSE(sink.take(piece("abc")).ok());
    EXPECT_EQ(sink.reach(), 2U);
    ASSERT_TRUE(sink.take(piece("xy")).ok());
    EXPECT_EQ(text(kStart + 0x3FFE, 2), "xy");
    const auto array =
        store({at(kStart, 2), at(kStart + 100, 0), at(kStart + 0x1FFF, 1), at(0, 9)});
    UserVector vector = UserVector::create(array, 4).take();
    EXPECT_FALSE(vector.take(piece("abcdefgh")).ok());
    for (const char* byte : {"ab", "c"}) {
        ASSERT_EQ(vector.reach(), std::string(byte).size());
        ASSERT_TRUE(vector.take(piece(byte)).ok());
    }
    EXPECT_EQ(text(kStart, 2) + text(kStart + 0x1FFF, 1), "abc");
    UserVector source = UserVector::create(array, 4).take();
    std::string room(4, '?');
    EXPECT_FALSE(source.give(std::as_writable_bytes(std::span(room))).ok());
    EXPECT_EQ(source.reach(), 2U);
    ASSERT_TRUE(source.give(std::as_writable_bytes(std::span(room).first(3))).ok());
    EXPECT_EQ(room.substr(0, 3), "abc");
}

TEST_F(UserBytes, VectorsAreCheckedAsAWhole) {
    const auto create = [&](const std::vector<UserBuffer>& buffers) {
        const auto vector =
            UserVector::create(store(buffers), static_cast<std::uint32_t>(buffers.size()));
        return vector.ok() ? std::to_string(vector.value().bytes()) : error_name(vector.error());
    };
    EXPECT_EQ(create({}), "0");
    EXPECT_EQ(create({at(kStart, 1), at(kStart, 0x80000000)}), "InvalidArgument");
    EXPECT_EQ(create({at(kStart, 1), at(0xC0000000, 1)}), "BadAddress");
    EXPECT_EQ(create({at(0, 0x7FFFFFFF), at(0, 0x7FFFFFFF)}),
              std::to_string(fs::OpenFile::kMostBytes));
    EXPECT_EQ(UserVector::create(mm::VirtAddr(kStart), 1025).error(), Error::InvalidArgument);
    EXPECT_TRUE(UserVector::create(mm::VirtAddr(kStart), 0).ok());
    EXPECT_EQ(UserVector::create(mm::VirtAddr(0), 1).error(), Error::BadAddress);
}

}  // namespace
}  // namespace quire::test
