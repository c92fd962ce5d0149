// The battery-backed clock (MC146818): the date and time at boot, as Unix time.
//
// The clock counts while we read, so a reading is believed only when two in a row agree and no
// update was in progress. What the registers hold (BCD or binary, 12 or 24 hours, a century or
// not) is decoded by a pure function. (Motorola MC146818A data sheet; QEMU and PCs put the century
// at 0x32.) The clock is taken to run on UTC.
#pragma once

#include <cstdint>

#include "drivers/hardware.h"
#include "drivers/pit.h"
#include "kernel/base/result.h"

namespace quire::drivers {

struct DateTime {
    std::uint32_t year = 1970;
    std::uint32_t month = 1;  // 1 to 12
    std::uint32_t day = 1;    // 1 to 31
    std::uint32_t hour = 0;
    std::uint32_t minute = 0;
    std::uint32_t second = 0;

    bool operator==(const DateTime&) const = default;
};

/// The clock's registers as read.
struct RtcRegisters {
    std::uint8_t second = 0;
    std::uint8_t minute = 0;
    std::uint8_t hour = 0;
    std::uint8_t day = 0;
    std::uint8_t month = 0;
    std::uint8_t year = 0;
    std::uint8_t century = 0;
    std::uint8_t format = 0;  // register B

    bool operator==(const RtcRegisters&) const = default;
};

[[nodiscard]] constexpr bool is_leap_year(std::uint32_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// The number of days in `month` (1 to 12) of `year`.
[[nodiscard]] std::uint32_t days_in_month(std::uint32_t year, std::uint32_t month);

/// Seconds since 1970-01-01 00:00:00 UTC. Precondition: a valid date, 1970 or later.
[[nodiscard]] std::uint64_t unix_time(const DateTime& time);

/// What the registers say. InvalidArgument when that is no date: an empty or dead clock.
Result<DateTime> decode_rtc(const RtcRegisters& registers);

class Rtc {
  public:
    constexpr Rtc(Hardware& hardware, const Pit& pit) : hardware_(hardware), pit_(pit) {}

    /// Reads the clock; takes at most some milliseconds.
    /// Errors: NotFound (no clock), TimedOut (it never stands still), InvalidArgument (it holds no
    /// date).
    Result<DateTime> read();

    /// The same in seconds since 1970, with the same errors.
    Result<std::uint64_t> read_unix_time();

  private:
    Result<RtcRegisters> read_stable();
    std::uint8_t read_register(std::uint8_t index);

    Hardware& hardware_;
    const Pit& pit_;
};

}  // namespace quire::drivers
