// Days and dates: gmtime(3), timegm(3) and their kin, in UTC, for any year that an int holds.
//
// Days are counted in eras of 400 years, which all have 146,097 days. Within an era years begin in
// March, so the day that is sometimes there is the last one (Hinnant, "chrono-compatible low-level
// date algorithms"):
//
//      1970-01-01 is day 0 = era 4, day 719,468 since March 1st of year 0
#include <errno.h>
#include <limits.h>
#include <time.h>

namespace {

using Days = long long;
constexpr Days kEra = 146097;
constexpr Days kFromYear0 = 719468;
constexpr long long kDay = 86400;
constexpr int kFirstYear = 1900;
constexpr int kThursday = 4;  // the day of the week of day 0

Days floor_divide(Days number, Days divisor) {
    return number / divisor - (number % divisor < 0 ? 1 : 0);
}

/// The day that a month begins with; month from 0.
Days day_of(long long year, int month) {
    const bool before_march = month < 2;
    if (before_march) --year;
    const Days era = floor_divide(year, 400);
    const Days year_of_era = year - era * 400;
    const int from_march = month + (before_march ? 10 : -2);
    const Days day_of_year = (153 * from_march + 2) / 5;
    return era * kEra + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           kFromYear0;
}

/// Year, month and day of the month; false if the year does not fit.
bool set_date(Days day, struct tm& date) {
    const Days shifted = day + kFromYear0;
    const Days era = floor_divide(shifted, kEra);
    const Days day_of_era = shifted - era * kEra;
    const Days year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const Days day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const auto from_march = static_cast<int>((5 * day_of_year + 2) / 153);
    date.tm_mday = static_cast<int>(day_of_year - (153 * from_march + 2) / 5) + 1;
    date.tm_mon = from_march < 10 ? from_march + 2 : from_march - 10;
    const long long year = year_of_era + era * 400 + (date.tm_mon < 2 ? 1 : 0);
    const long long told = year - kFirstYear;
    date.tm_year = static_cast<int>(told);
    date.tm_yday = static_cast<int>(day - day_of(year, 0));
    return told >= INT_MIN && told <= INT_MAX;
}

bool set_time(long long seconds, struct tm& date) {
    const Days day = floor_divide(seconds, kDay);
    const auto of_day = static_cast<int>(seconds - day * kDay);
    date.tm_sec = of_day % 60;
    date.tm_min = of_day / 60 % 60;
    date.tm_hour = of_day / 3600;
    date.tm_wday = static_cast<int>(((day + kThursday) % 7 + 7) % 7);
    date.tm_isdst = 0;
    return set_date(day, date);
}

struct tm last_date;

}  // namespace

struct tm* gmtime_r(const time_t* time, struct tm* told) {
    if (set_time(*time, *told)) return told;
    errno = EOVERFLOW;
    return nullptr;
}
struct tm* gmtime(const time_t* time) {
    return gmtime_r(time, &last_date);
}
struct tm* localtime_r(const time_t* time, struct tm* told) {
    return gmtime_r(time, told);
}
struct tm* localtime(const time_t* time) {
    return gmtime(time);
}

// Months beyond a year are carried first; days and seconds just add up.
time_t timegm(struct tm* date) {
    const long long years = floor_divide(date->tm_mon, 12);
    const auto month = static_cast<int>(date->tm_mon - years * 12);
    const Days day = day_of(date->tm_year + years + kFirstYear, month) + date->tm_mday - 1;
    const long long seconds =
        day * kDay + date->tm_hour * 3600LL + date->tm_min * 60LL + date->tm_sec;
    const auto told = static_cast<time_t>(seconds);
    if (told == seconds && set_time(seconds, *date)) return told;
    errno = EOVERFLOW;
    return -1;
}
time_t mktime(struct tm* date) {
    return timegm(date);
}
