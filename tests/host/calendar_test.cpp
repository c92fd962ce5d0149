// libc/standard's calendar and texts of dates against the host's.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <time.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <string>

namespace {
using HostDate = struct ::tm;
const auto host_gmtime_r = ::gmtime_r;
const auto host_timegm = ::timegm;
const auto host_strftime = ::strftime;
const auto host_asctime_r = ::asctime_r;
}  // namespace

#include "tests/host/standard_names.h"

// Ours is laid out as the host's is at its beginning.
struct tm {
    int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst;
};
extern "C" {
struct tm* gmtime_r(const long* time, struct tm* told);
long timegm(struct tm* date);
char* asctime_r(const struct tm* date, char* to);
char* ctime_r(const long* time, char* to);
size_t strftime(char* to, size_t size, const char* format, const struct tm* date);
}

namespace {

static_assert(sizeof(struct tm) <= sizeof(HostDate));
using Date = struct tm;

/// No date that is looked at lies beyond these.
constexpr long kLatest = sizeof(long) == 8 ? static_cast<long>(60'000'000'000'000LL) : LONG_MAX;

rc::Gen<long> some_time() {
    return rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t drawn) {
        return static_cast<long>(drawn % (drawn % 3 == 0 ? kLatest : 40'000'000));
    });
}

HostDate as_hosts(const Date& date) {
    HostDate hosts{};
    __builtin_memcpy(&hosts, &date, sizeof date);
    return hosts;
}

void expect_same_date(long time) {
    Date ours{};
    HostDate hosts{};
    ASSERT_NE(gmtime_r(&time, &ours), nullptr);
    host_gmtime_r(&time, &hosts);
    EXPECT_EQ(__builtin_memcmp(&ours, &hosts, sizeof ours), 0) << time;
    EXPECT_EQ(timegm(&ours), time);
}

TEST(Calendar, AgreesOnEachDayOfFourCenturies) {
    constexpr long kDay = 86400;
    for (long day = -24856; day < 24855; ++day)
        expect_same_date(day * kDay + day % kDay);
    expect_same_date(-1);
    expect_same_date(0);
    expect_same_date(kLatest);
}

RC_GTEST_PROP(Calendar, KnowsEveryTimeLikeTheHost, ()) {
    expect_same_date(*some_time());
    RC_ASSERT(!testing::Test::HasFailure());
}

RC_GTEST_PROP(Calendar, PutsDatesRightLikeTheHost, ()) {
    const auto some = rc::gen::inRange(-500, 500);
    Date ours{*some, *some, *some, *some, *some, *rc::gen::inRange(10, 130), 0, 0, 0};
    HostDate hosts = as_hosts(ours);
    RC_ASSERT(timegm(&ours) == host_timegm(&hosts));
    RC_ASSERT(__builtin_memcmp(&ours, &hosts, sizeof ours) == 0);
}

TEST(Calendar, SaysWhenAYearDoesNotFit) {
    Date date{0, 0, 0, 1, INT_MAX, INT_MAX, 0, 0, 0};
    errno = 0;
    EXPECT_EQ(timegm(&date), -1);
    EXPECT_EQ(errno, EOVERFLOW);
    if (sizeof(long) == 8) {
        const long never = LONG_MAX;
        EXPECT_EQ(gmtime_r(&never, &date), nullptr);
    }
}

RC_GTEST_PROP(Strftime, WritesLikeTheHost, ()) {
    constexpr long kYear1000 = sizeof(long) == 8 ? static_cast<long>(-30'610'224'000LL) : LONG_MIN;
    const long time = std::max(*some_time(), kYear1000);  // glibc pads years below in many ways
    Date ours{};
    gmtime_r(&time, &ours);
    HostDate hosts = as_hosts(ours);
    hosts.tm_zone = "UTC";
    for (const char letter : std::string("aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%")) {
        const std::string format = std::string("<%") + letter + ">";
        char our_text[80] = "", host_text[80] = "";
        const size_t length = strftime(our_text, sizeof our_text, format.c_str(), &ours);
        RC_ASSERT(length == host_strftime(host_text, sizeof host_text, format.c_str(), &hosts));
        RC_LOG() << format << " of " << time;
        RC_ASSERT(std::string(our_text) == host_text);
    }
}

TEST(Strftime, SaysWhenThereIsNoRoom) {
    const Date date{1, 2, 3, 4, 5, 100, 0, 155, 0};
    char room[9] = "";
    EXPECT_EQ(strftime(room, 9, "%T", &date), 8U);
    EXPECT_EQ(strftime(room, 8, "%T", &date), 0U);
    EXPECT_EQ(strftime(room, 0, "%T", &date), 0U);
    EXPECT_EQ(strftime(room, 9, "%Ey%Om", &date), 4U);
    EXPECT_STREQ(room, "0006");
}

RC_GTEST_PROP(Asctime, WritesLikeTheHost, ()) {
    const long time = *some_time() / 300;
    Date ours{};
    gmtime_r(&time, &ours);
    HostDate hosts = as_hosts(ours);
    char our_text[64] = "", host_text[64] = "";
    const bool fits = asctime_r(&ours, our_text) != nullptr;
    RC_PRE(fits);
    host_asctime_r(&hosts, host_text);
    RC_ASSERT(std::string(our_text) == host_text);
    RC_ASSERT(ctime_r(&time, our_text) == our_text);
    RC_ASSERT(std::string(our_text) == host_text);
}

}  // namespace
