// The real-time clock: every register format, readings torn by an update, and Unix time.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <ctime>
#include <vector>

#include "drivers/rtc.h"
#include "tests/host/simulated_hardware.h"

namespace quire::drivers {
namespace {

constexpr std::uint8_t kBcd24 = 0x02;
constexpr std::uint8_t kBinary24 = 0x06;
constexpr std::uint8_t kBcd12 = 0x00;
constexpr std::uint8_t kBinary12 = 0x04;

std::uint8_t digits(std::uint32_t number, bool binary) {
    return static_cast<std::uint8_t>(binary ? number : number / 10 * 16 + number % 10);
}

// What a clock with `format` shows at `time`.
RtcRegisters encode(const DateTime& time, std::uint8_t format) {
    const bool binary = (format & 4) != 0;
    std::uint8_t hour = digits(time.hour, binary);
    if ((format & 2) == 0) {
        const std::uint32_t twelve = time.hour % 12 == 0 ? 12 : time.hour % 12;
        hour = static_cast<std::uint8_t>(digits(twelve, binary) | (time.hour >= 12 ? 0x80 : 0));
    }
    return {.second = digits(time.second, binary),
            .minute = digits(time.minute, binary),
            .hour = hour,
            .day = digits(time.day, binary),
            .month = digits(time.month, binary),
            .year = digits(time.year % 100, binary),
            .century = digits(time.year / 100, binary),
            .format = format};
}

class SimulatedRtc final : public test::SimulatedDevice {
  public:
    RtcRegisters registers;
    bool always_updating = false;
    /// At this many register reads from now the clock moves on to `next`, in mid-reading.
    int reads_until_next = -1;
    RtcRegisters next;
    int update_polls = 0;  // register A says "update" this many times

    std::uint8_t in8(std::uint16_t offset) override {
        if (offset != 1) return 0xFF;
        if (reads_until_next >= 0 && reads_until_next-- == 0) registers = next;
        switch (index_) {
        case 0x00:
            return registers.second;
        case 0x02:
            return registers.minute;
        case 0x04:
            return registers.hour;
        case 0x07:
            return registers.day;
        case 0x08:
            return registers.month;
        case 0x09:
            return registers.year;
        case 0x0A:
            return always_updating || update_polls-- > 0 ? 0xA6 : 0x26;
        case 0x0B:
            return registers.format;
        case 0x0D:
            return 0x80;
        case 0x32:
            return registers.century;
        default:
            return 0;
        }
    }
    void out8(std::uint16_t offset, std::uint8_t value) override {
        if (offset == 0) index_ = value;
    }

  private:
    int index_ = 0;
};

struct Machine {
    Machine() {
        hardware.attach(pit_device, 0x40, 4);
        hardware.attach(device, 0x70, 2);
        pit.start(100);
    }
    test::SimulatedHardware hardware;
    test::SimulatedPit pit_device;
    SimulatedRtc device;
    Pit pit{hardware};
    Rtc rtc{hardware, pit};
};

constexpr DateTime kNoonish = {2026, 11, 22, 12, 34, 56};
constexpr DateTime kNewYearsEve = {2025, 12, 31, 23, 59, 59};
constexpr DateTime kNewYear = {2026, 1, 1, 0, 0, 0};

TEST(Rtc, KnowsTheLengthOfMonths) {
    EXPECT_EQ(days_in_month(2026, 2), 28U);
    EXPECT_EQ(days_in_month(2024, 2), 29U);
    EXPECT_EQ(days_in_month(2000, 2), 29U);
    EXPECT_EQ(days_in_month(2100, 2), 28U);
    EXPECT_EQ(days_in_month(2026, 9), 30U);
    EXPECT_EQ(days_in_month(2026, 12), 31U);
    EXPECT_DEATH((void)days_in_month(2026, 13), "month <= 12");
}

TEST(Rtc, CountsUnixTime) {
    EXPECT_EQ(unix_time({}), 0U);
    EXPECT_EQ(unix_time({2000, 2, 29, 0, 0, 0}), 951'782'400U);
    EXPECT_EQ(unix_time({2038, 1, 19, 3, 14, 8}), 2'147'483'648U);
    EXPECT_DEATH((void)unix_time({2026, 2, 29, 0, 0, 0}), "is_valid");
}

DateTime any_time() {
    DateTime time;
    time.year = *rc::gen::inRange<std::uint32_t>(1970, 2200);
    time.month = *rc::gen::inRange<std::uint32_t>(1, 13);
    time.day = *rc::gen::inRange<std::uint32_t>(1, days_in_month(time.year, time.month) + 1);
    time.hour = *rc::gen::inRange<std::uint32_t>(0, 24);
    time.minute = *rc::gen::inRange<std::uint32_t>(0, 60);
    time.second = *rc::gen::inRange<std::uint32_t>(0, 60);
    return time;
}

// timegm() of the 32-bit host ends in 2038; there later dates are left to the 64-bit run.
RC_GTEST_PROP(Rtc, AgreesWithTheHostsCalendar, ()) {
    const DateTime time = any_time();
    RC_PRE(sizeof(std::time_t) == 8 || time.year < 2038);
    std::tm host{};
    host.tm_year = static_cast<int>(time.year) - 1900;
    host.tm_mon = static_cast<int>(time.month) - 1;
    host.tm_mday = static_cast<int>(time.day);
    host.tm_hour = static_cast<int>(time.hour);
    host.tm_min = static_cast<int>(time.minute);
    host.tm_sec = static_cast<int>(time.second);
    RC_ASSERT(unix_time(time) == static_cast<std::uint64_t>(timegm(&host)));
}

RC_GTEST_PROP(Rtc, DecodesWhatAClockShowsInEveryFormat, ()) {
    const DateTime time = any_time();
    for (const std::uint8_t format : {kBcd24, kBinary24, kBcd12, kBinary12}) {
        RC_ASSERT(decode_rtc(encode(time, format)).value() == time);
    }
}

TEST(Rtc, DecodesMidnightAndNoonOfATwelveHourClock) {
    RtcRegisters registers = encode(kNoonish, kBcd12);
    registers.hour = 0x12;
    EXPECT_EQ(decode_rtc(registers).value().hour, 0U);
    registers.hour = 0x92;
    EXPECT_EQ(decode_rtc(registers).value().hour, 12U);
    registers.hour = 0x81;
    EXPECT_EQ(decode_rtc(registers).value().hour, 13U);
    registers.hour = 0x00;
    EXPECT_FALSE(decode_rtc(registers).ok());
    registers.hour = 0x13;
    EXPECT_FALSE(decode_rtc(registers).ok());
}

TEST(Rtc, GuessesTheCenturyWhenTheRegisterIsRubbish) {
    RtcRegisters registers = encode(kNoonish, kBcd24);
    for (const int century : {0x00, 0xFF, 0x55}) {
        registers.century = static_cast<std::uint8_t>(century);
        registers.year = 0x26;
        EXPECT_EQ(decode_rtc(registers).value().year, 2026U);
        registers.year = 0x99;
        EXPECT_EQ(decode_rtc(registers).value().year, 1999U);
    }
}

// Rubbish in the registers is refused or is a date, never something in between.
RC_GTEST_PROP(Rtc, NeverMakesAnImpossibleDate, ()) {
    const auto raw =
        *rc::gen::container<std::vector<std::uint8_t>>(8, rc::gen::inRange<std::uint8_t>(0, 0x48));
    const RtcRegisters registers = {raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], raw[6], raw[7]};
    const Result<DateTime> time = decode_rtc(registers);
    if (!time.ok()) return;
    // unix_time() asserts a valid date; encoding it again gives what the clock showed.
    RC_ASSERT(unix_time(time.value()) > 0U);
    const RtcRegisters again = encode(time.value(), registers.format);
    RC_ASSERT(again.day == registers.day && again.month == registers.month);
    RC_ASSERT(again.hour == registers.hour && again.minute == registers.minute);
}

TEST(Rtc, RefusesEachFieldOutOfRange) {
    const RtcRegisters good = encode(kNoonish, kBcd24);
    ASSERT_TRUE(decode_rtc(good).ok());
    for (std::uint8_t RtcRegisters::*field :
         {&RtcRegisters::second, &RtcRegisters::minute, &RtcRegisters::hour, &RtcRegisters::day,
          &RtcRegisters::month, &RtcRegisters::year}) {
        RtcRegisters bad = good;
        bad.*field = 0xFA;
        EXPECT_EQ(decode_rtc(bad).error(), Error::InvalidArgument);
    }
    RtcRegisters february = good;
    february.month = 0x02;
    february.day = 0x29;
    EXPECT_FALSE(decode_rtc(february).ok());
}

TEST(Rtc, ReadsTheClock) {
    Machine machine;
    machine.device.registers = encode(kNoonish, kBcd24);
    EXPECT_EQ(machine.rtc.read().value(), kNoonish);
    EXPECT_EQ(machine.rtc.read_unix_time().value(), 1'795'350'896U);
    EXPECT_TRUE(machine.hardware.interrupts_on());
}

TEST(Rtc, WaitsForAnUpdateToEnd) {
    Machine machine;
    machine.device.registers = encode(kNoonish, kBcd24);
    machine.device.update_polls = 20;
    EXPECT_EQ(machine.rtc.read().value(), kNoonish);
}

// The year turns while we read, at every possible place: old or new, never a mixture.
TEST(Rtc, NeverReturnsATornReading) {
    for (int place = 0; place < 30; ++place) {
        Machine machine;
        machine.device.registers = encode(kNewYearsEve, kBcd24);
        machine.device.next = encode(kNewYear, kBcd24);
        machine.device.reads_until_next = place;
        const DateTime time = machine.rtc.read().value();
        EXPECT_TRUE(time == kNewYear || time == kNewYearsEve) << place;
    }
}

TEST(Rtc, TellsAMachineWithoutAClock) {
    test::SimulatedHardware hardware;
    Pit pit(hardware);
    Rtc rtc(hardware, pit);
    EXPECT_EQ(rtc.read().error(), Error::NotFound);
    EXPECT_EQ(rtc.read_unix_time().error(), Error::NotFound);
    EXPECT_LT(hardware.now(), 10U);
}

TEST(Rtc, GivesUpOnAClockThatAlwaysUpdates) {
    Machine machine;
    machine.device.always_updating = true;
    EXPECT_EQ(machine.rtc.read().error(), Error::TimedOut);
    EXPECT_LT(machine.hardware.now(), 60'000U);
}

TEST(Rtc, RefusesADeadBattery) {
    Machine machine;
    EXPECT_EQ(machine.rtc.read().error(), Error::InvalidArgument);
}

}  // namespace
}  // namespace quire::drivers
