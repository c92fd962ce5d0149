#include "kernel/log_lines.h"

#include "kernel/base/assert.h"
#include "libc/format.h"

namespace quire::kernel {
namespace {

constexpr unsigned level_number(LogLevel level) {
    switch (level) {
    case LogLevel::Debug:
        return 7;
    case LogLevel::Info:
        return 6;
    case LogLevel::Warning:
        return 4;
    case LogLevel::Error:
        return 3;
    }
    return 7;
}

// Numbers wrap: who is less than half of all behind is younger.
bool is_older(std::uint32_t number, std::uint32_t than) {
    return static_cast<std::int32_t>(number - than) < 0;
}

std::size_t length_from(const LogRing& log, std::uint32_t from) {
    std::size_t length = 0;
    for (const LogRing::Record record : log)
        if (!is_older(record.number, from)) length += log_line_length(record);
    return length;
}

}  // namespace

std::string_view write_log_line(const LogRing::Record& record, std::span<char> room) {
    ASSERT(room.size() > kLongestLogLine);
    const int length =
        snprintf(room.data(), room.size(), "<%u>[%5lu.%03lu000] %.*s: %.*s\n",
                 level_number(record.level), static_cast<unsigned long>(record.milliseconds / 1000),
                 static_cast<unsigned long>(record.milliseconds % 1000),
                 static_cast<int>(record.room.size()), record.room.data(),
                 static_cast<int>(record.text.size()), record.text.data());
    ASSERT(length > 0 && static_cast<std::size_t>(length) <= kLongestLogLine);
    return {room.data(), static_cast<std::size_t>(length)};
}

std::size_t log_line_length(const LogRing::Record& record) {
    std::size_t digits = 5;
    for (std::uint32_t seconds = record.milliseconds / 1000 / 100000; seconds != 0; seconds /= 10)
        ++digits;
    constexpr std::size_t kAround = sizeof "<6>[.000000] : \n" - 1;
    return kAround + digits + record.room.size() + record.text.size();
}

LogTail log_tail(const LogRing& log, std::uint32_t from, std::size_t bytes) {
    std::size_t length = length_from(log, from);
    for (const LogRing::Record record : log) {
        if (length <= bytes) break;
        if (is_older(record.number, from)) continue;
        length -= log_line_length(record);
        from = record.number + 1;
    }
    return {from, length};
}

}  // namespace quire::kernel
