#include "drivers/rtc.h"

#include "kernel/base/assert.h"

namespace quire::drivers {

namespace {

constexpr std::uint16_t kIndexPort = 0x70;  // bit 7 would mask NMI; it stays 0
constexpr std::uint16_t kDataPort = 0x71;
constexpr std::uint8_t kRegisterA = 0x0A;
constexpr std::uint8_t kRegisterB = 0x0B;
constexpr std::uint8_t kRegisterD = 0x0D;
constexpr std::uint8_t kNobodyThere = 0xFF;
constexpr std::uint8_t kCentury = 0x32;
constexpr std::uint8_t kUpdateInProgress = 0x80;
constexpr std::uint8_t kFormatBinary = 0x04;
constexpr std::uint8_t kFormat24Hours = 0x02;
constexpr std::uint32_t kAfternoon = 0x80;

// An update takes 2 ms; two agreeing readings need no more than a few of them.
constexpr std::uint32_t kReadLimit = 50'000;  // microseconds

constexpr std::uint32_t kNotBcd = 0xFFFF;

constexpr std::uint32_t from_bcd(std::uint32_t value) {
    const std::uint32_t tens = value >> 4;
    const std::uint32_t ones = value & 0xF;
    return tens > 9 || ones > 9 ? kNotBcd : tens * 10 + ones;
}

std::uint32_t decode_hour(std::uint8_t raw, bool binary, bool hours24) {
    const std::uint32_t digits = hours24 ? raw : raw & ~kAfternoon;
    const std::uint32_t hour = binary ? digits : from_bcd(digits);
    if (hours24) return hour;
    if (hour == 0 || hour > 12) return kNotBcd;
    return hour % 12 + ((raw & kAfternoon) != 0 ? 12 : 0);
}

// The century register is a convention: believed only when it is plausible.
std::uint32_t decode_year(std::uint32_t year, std::uint32_t century) {
    if (century >= 19 && century <= 21) return century * 100 + year;
    return year < 70 ? 2000 + year : 1900 + year;
}

bool is_valid(const DateTime& time) {
    return time.year >= 1970 && time.month >= 1 && time.month <= 12 && time.day >= 1 &&
           time.day <= days_in_month(time.year, time.month) && time.hour < 24 && time.minute < 60 &&
           time.second < 60;
}

}  // namespace

std::uint32_t days_in_month(std::uint32_t year, std::uint32_t month) {
    ASSERT(month >= 1 && month <= 12);
    if (month == 2) return is_leap_year(year) ? 29 : 28;
    // April, June, September, November.
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::uint64_t unix_time(const DateTime& time) {
    ASSERT(is_valid(time));
    const std::uint32_t before = time.year - 1;
    const std::uint32_t leap_days = before / 4 - before / 100 + before / 400;
    constexpr std::uint32_t kLeapDaysBefore1970 = 1969 / 4 - 1969 / 100 + 1969 / 400;
    std::uint32_t days = (time.year - 1970) * 365 + leap_days - kLeapDaysBefore1970;
    for (std::uint32_t month = 1; month < time.month; ++month) {
        days += days_in_month(time.year, month);
    }
    days += time.day - 1;
    const std::uint32_t seconds = (time.hour * 60 + time.minute) * 60 + time.second;
    return std::uint64_t{days} * 86'400 + seconds;
}

Result<DateTime> decode_rtc(const RtcRegisters& registers) {
    const bool binary = (registers.format & kFormatBinary) != 0;
    const bool hours24 = (registers.format & kFormat24Hours) != 0;
    const auto number = [binary](std::uint8_t raw) -> std::uint32_t {
        return binary ? raw : from_bcd(raw);
    };
    const std::uint32_t year = number(registers.year);
    if (year > 99) return Error::InvalidArgument;
    const DateTime time = {
        .year = decode_year(year, number(registers.century)),
        .month = number(registers.month),
        .day = number(registers.day),
        .hour = decode_hour(registers.hour, binary, hours24),
        .minute = number(registers.minute),
        .second = number(registers.second),
    };
    if (!is_valid(time)) return Error::InvalidArgument;
    return time;
}

Result<DateTime> Rtc::read() {
    // Register D never reads as all ones: its low bits are zero or a day of the month.
    if (read_register(kRegisterD) == kNobodyThere) return Error::NotFound;
    return decode_rtc(TRY(read_stable()));
}

Result<std::uint64_t> Rtc::read_unix_time() {
    return unix_time(TRY(read()));
}

Result<RtcRegisters> Rtc::read_stable() {
    PollDeadline deadline(pit_, kReadLimit);
    RtcRegisters last;
    bool have_last = false;
    while (!deadline.expired()) {
        if ((read_register(kRegisterA) & kUpdateInProgress) != 0) continue;
        const RtcRegisters now = {
            .second = read_register(0x00),
            .minute = read_register(0x02),
            .hour = read_register(0x04),
            .day = read_register(0x07),
            .month = read_register(0x08),
            .year = read_register(0x09),
            .century = read_register(kCentury),
            .format = read_register(kRegisterB),
        };
        if (have_last && now == last) return now;
        last = now;
        have_last = true;
    }
    return Error::TimedOut;
}

std::uint8_t Rtc::read_register(std::uint8_t index) {
    // A handler that uses the index port must not come between.
    const InterruptsOff guard(hardware_);
    hardware_.out8(kIndexPort, index);
    return hardware_.in8(kDataPort);
}

}  // namespace quire::drivers
