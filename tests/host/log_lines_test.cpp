// kernel/log_lines: the log as syslog(2) hands it out.
#include "kernel/log_lines.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace quire::kernel {
namespace {

std::string line_of(const LogRing::Record& record) {
    std::vector<char> room(kLongestLogLine + 1);
    return std::string(write_log_line(record, room));
}

struct Log {
    Log() : storage(4096), ring(storage) {}
    std::vector<std::byte> storage;
    LogRing ring;
};

TEST(LogLines, HaveLinuxFormat) {
    EXPECT_EQ(line_of({0, 1234, LogLevel::Info, "fs", "hda1 is /"}),
              "<6>[    1.234000] fs: hda1 is /\n");
    EXPECT_EQ(line_of({0, 0, LogLevel::Debug, "a", ""}), "<7>[    0.000000] a: \n");
    EXPECT_EQ(line_of({0, 4294967295, LogLevel::Error, "x", "y"}), "<3>[4294967.295000] x: y\n");
    EXPECT_EQ(line_of({0, 12345067, LogLevel::Warning, "x", "y"}), "<4>[12345.067000] x: y\n");
}

TEST(LogLines, TheLengthIsThatOfTheLine) {
    for (const std::uint32_t ms : {0U, 999U, 99999999U, 100000000U, 999999999U, 4294967295U}) {
        const LogRing::Record record{0, ms, LogLevel::Info, "room", "some text"};
        EXPECT_EQ(log_line_length(record), line_of(record).size()) << ms;
    }
    const std::string room(LogRing::kMaxRoom, 'r'), text(LogRing::kMaxText, 't');
    const LogRing::Record longest{0, 4294967295, LogLevel::Info, room, text};
    EXPECT_EQ(line_of(longest).size(), kLongestLogLine);
}

TEST(LogLines, TheTailIsTheNewestLinesThatFit) {
    Log log;
    for (const char* text : {"first", "second", "third"})
        log.ring.append(LogLevel::Info, 0, "r", text);
    std::vector<std::size_t> lengths;
    for (const LogRing::Record record : log.ring)
        lengths.push_back(log_line_length(record));
    const std::size_t all = lengths[0] + lengths[1] + lengths[2];
    EXPECT_EQ(log_tail(log.ring, 0, all).first, 0U);
    EXPECT_EQ(log_tail(log.ring, 0, all).bytes, all);
    EXPECT_EQ(log_tail(log.ring, 0, all - 1).first, 1U);
    EXPECT_EQ(log_tail(log.ring, 0, all - 1).bytes, all - lengths[0]);
    EXPECT_EQ(log_tail(log.ring, 0, lengths[2]).first, 2U);
    EXPECT_EQ(log_tail(log.ring, 0, lengths[2] - 1).bytes, 0U);
    EXPECT_EQ(log_tail(log.ring, 2, all).first, 2U);
    EXPECT_EQ(log_tail(log.ring, 2, all).bytes, lengths[2]);
    EXPECT_EQ(log_tail(log.ring, 3, all).bytes, 0U);
    EXPECT_EQ(log_tail(log.ring, 1, lengths[2]).first, 2U);
    EXPECT_EQ(log_tail(log.ring, 1, lengths[2]).bytes, lengths[2]);
}

}  // namespace
}  // namespace quire::kernel
