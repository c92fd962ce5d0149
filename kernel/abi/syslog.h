// What syslog(2) can be asked for, with the numbers of Linux. (Linux: linux/syslog.h.)
#pragma once

#include <cstdint>

namespace quire::abi {

inline constexpr std::uint32_t kSyslogClose = 0;
inline constexpr std::uint32_t kSyslogOpen = 1;
inline constexpr std::uint32_t kSyslogRead = 2;
inline constexpr std::uint32_t kSyslogReadAll = 3;
inline constexpr std::uint32_t kSyslogReadClear = 4;
inline constexpr std::uint32_t kSyslogClear = 5;
inline constexpr std::uint32_t kSyslogConsoleOff = 6;
inline constexpr std::uint32_t kSyslogConsoleOn = 7;
inline constexpr std::uint32_t kSyslogConsoleLevel = 8;
inline constexpr std::uint32_t kSyslogSizeUnread = 9;
inline constexpr std::uint32_t kSyslogSizeBuffer = 10;
inline constexpr std::uint32_t kSyslogMostLevel = 8;

}  // namespace quire::abi
