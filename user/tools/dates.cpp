#include "user/tools/dates.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

namespace quire::tools {
namespace {

bool is_figure(char character) {
    return isdigit(static_cast<unsigned char>(character)) != 0;
}

/// So many digits, or at most so many; -1: the first is none.
int take_digits(const char*& text, int most) {
    if (!is_figure(*text)) return -1;
    int number = 0;
    for (; most > 0 && is_figure(*text); --most)
        number = number * 10 + (*text++ - '0');
    return number;
}

void skip_blanks(const char*& text) {
    while (*text == ' ')
        ++text;
}

bool is_date(const struct tm& date) {
    return date.tm_mon >= 0 && date.tm_mon < 12 && date.tm_mday >= 1 && date.tm_mday <= 31 &&
           date.tm_hour >= 0 && date.tm_hour < 24 && date.tm_min >= 0 && date.tm_min < 60 &&
           date.tm_sec >= 0 && date.tm_sec <= 60;
}

/// Sets the time; false for a day that the calendar does not have, or that no time_t can be.
bool set_time(struct tm date, timespec& time) {
    const int day = date.tm_mday;
    if (!is_date(date)) return false;
    errno = 0;
    time = {timegm(&date), 0};
    return errno != EOVERFLOW && date.tm_mday == day;
}

/// ".25" as nanoseconds; 0 if there is none.
long take_fraction(const char*& text) {
    long nanoseconds = 0;
    if (*text != '.') return 0;
    for (long worth = 100'000'000; is_figure(*++text); worth /= 10)
        nanoseconds += (*text - '0') * worth;
    return nanoseconds;
}

/// @SECONDS with a fraction.
bool take_seconds(const char* text, timespec& time) {
    char* end = nullptr;
    const bool is_negative = text[1] == '-';
    const long long seconds = strtoll(text + 1, &end, 10);
    const char* rest = end;
    time = {static_cast<time_t>(seconds), take_fraction(rest)};
    if (end == text + 1 || time.tv_sec != seconds || *rest != '\0') return false;
    if (!is_negative || time.tv_nsec == 0) return true;
    time.tv_nsec = 1'000'000'000 - time.tv_nsec;
    return !__builtin_sub_overflow(time.tv_sec, 1, &time.tv_sec);
}

/// 12:30 or 12:30:15; false, and nothing taken, if it is none.
bool take_clock(const char*& text, struct tm& date) {
    const char* place = text;
    const int hour = take_digits(place, 2);
    if (hour < 0 || *place++ != ':') return false;
    date.tm_hour = hour;
    date.tm_min = take_digits(place, 2);
    date.tm_sec = 0;
    if (*place == ':') date.tm_sec = take_digits(++place, 2);
    text = place;
    return true;
}

/// 2024-01-31, with the clock behind it if there is one.
bool take_day(const char*& text, struct tm& date) {
    const char* place = text;
    const int year = take_digits(place, 4);
    if (year < 0 || *place++ != '-') return false;
    date = {};
    date.tm_year = year - 1900;
    date.tm_mon = take_digits(place, 2) - 1;
    if (*place++ != '-') return false;
    date.tm_mday = take_digits(place, 2);
    if (*place == 'T' && is_figure(place[1])) ++place;
    skip_blanks(place);
    take_clock(place, date);
    text = place;
    return true;
}

/// The seconds of a unit, "day" or "days"; 0: it is none.
long take_unit(const char*& text) {
    constexpr struct {
        const char* name;
        long seconds;
    } kUnits[] = {{"second", 1},  {"sec", 1},     {"minute", 60},  {"min", 60},
                  {"hour", 3600}, {"day", 86400}, {"week", 604800}};
    for (const auto& unit : kUnits) {
        const size_t length = strlen(unit.name);
        if (strncmp(text, unit.name, length) != 0) continue;
        const bool is_plural = text[length] == 's';
        if (isalpha(static_cast<unsigned char>(text[length + (is_plural ? 1 : 0)])) != 0) continue;
        text += length + (is_plural ? 1 : 0);
        return unit.seconds;
    }
    return 0;
}

bool take_word(const char*& text, const char* word) {
    const size_t length = strlen(word);
    if (strncmp(text, word, length) != 0) return false;
    text += length;
    return true;
}

/// yesterday, "3 days ago", "+2 hours": what is to be added to the time.
bool take_distance(const char*& text, long& seconds) {
    constexpr long kDay = 86400;
    if (take_word(text, "now") || take_word(text, "today")) return seconds = 0, true;
    if (take_word(text, "yesterday")) return seconds = -kDay, true;
    if (take_word(text, "tomorrow")) return seconds = kDay, true;
    char* end = nullptr;
    const char* place = text;
    const long count = strtol(place, &end, 10);
    if (end == place) return false;
    place = end;
    skip_blanks(place);
    const long unit = take_unit(place);
    if (unit == 0) return false;
    skip_blanks(place);
    const bool is_ago = take_word(place, "ago");
    text = place;
    return !__builtin_mul_overflow(count, is_ago ? -unit : unit, &seconds);
}

}  // namespace

bool parse_date(const char* text, timespec& time) {
    skip_blanks(text);
    if (*text == '@') return take_seconds(text, time);
    if (clock_gettime(CLOCK_REALTIME, &time) != 0 || *text == '\0') return false;
    struct tm date;
    gmtime_r(&time.tv_sec, &date);
    if (take_day(text, date) || take_clock(text, date)) {
        if (!set_time(date, time)) return false;
        time.tv_nsec = take_fraction(text);
        skip_blanks(text);
        if (!take_word(text, "UTC") && !take_word(text, "GMT") && !take_word(text, "Z"))
            take_word(text, "+0000");
    }
    for (skip_blanks(text); *text != '\0'; skip_blanks(text)) {
        long seconds = 0;
        if (!take_distance(text, seconds)) return false;
        if (__builtin_add_overflow(time.tv_sec, seconds, &time.tv_sec)) return false;
    }
    return true;
}

bool parse_stamp(const char* text, timespec& time) {
    const size_t length = strcspn(text, ".");
    if (strspn(text, "0123456789") != length || (length != 8 && length != 10 && length != 12))
        return false;
    const time_t now = ::time(nullptr);
    struct tm date;
    gmtime_r(&now, &date);
    constexpr int kCenturies = 69;  // what is less is of this century
    if (length == 12) {
        date.tm_year = take_digits(text, 4) - 1900;
    } else if (length == 10) {
        const int year = take_digits(text, 2);
        date.tm_year = year < kCenturies ? year + 100 : year;
    }
    date.tm_mon = take_digits(text, 2) - 1;
    date.tm_mday = take_digits(text, 2);
    date.tm_hour = take_digits(text, 2);
    date.tm_min = take_digits(text, 2);
    date.tm_sec = *text == '.' ? take_digits(++text, 2) : 0;
    return *text == '\0' && set_time(date, time);
}

}  // namespace quire::tools
