// The kernel's log as syslog(2) hands it out: a line a record, "<6>[    1.234000] room: text\n".
//
// The number in angle brackets is the level of syslog; seconds are since boot. (Linux:
// kernel/printk/ printk.c.)
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "kernel/log_ring.h"

namespace quire::kernel {

/// As many characters as the longest record makes.
inline constexpr std::size_t kLongestLogLine =
    sizeof "<7>[4294967.295000] : \n" - 1 + LogRing::kMaxRoom + LogRing::kMaxText;

/// Writes the line of `record` at the start of `room` and returns it.
/// Precondition: room.size() > kLongestLogLine.
std::string_view write_log_line(const LogRing::Record& record, std::span<char> room);

/// How long that line is.
[[nodiscard]] std::size_t log_line_length(const LogRing::Record& record);

/// The first record, `from` or younger, from which on all lines together have at most `bytes`
/// characters; and how many they have.
struct LogTail {
    std::uint32_t first = 0;
    std::size_t bytes = 0;
};
[[nodiscard]] LogTail log_tail(const LogRing& log, std::uint32_t from, std::size_t bytes);

}  // namespace quire::kernel
