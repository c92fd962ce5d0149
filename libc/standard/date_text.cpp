// Dates as text: strftime(3), asctime(3), ctime(3), in the locale "C".
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

namespace {

constexpr const char* kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                 "Thursday", "Friday", "Saturday"};
constexpr const char* kMonths[] = {"January",   "February", "March",    "April",
                                   "May",       "June",     "July",     "August",
                                   "September", "October",  "November", "December"};

const char* day_of(const struct tm& date) {
    return date.tm_wday >= 0 && date.tm_wday < 7 ? kDays[date.tm_wday] : "?";
}
const char* month_of(const struct tm& date) {
    return date.tm_mon >= 0 && date.tm_mon < 12 ? kMonths[date.tm_mon] : "?";
}
long long year_of(const struct tm& date) {
    return date.tm_year + 1900LL;
}
int hour_of_12(const struct tm& date) {
    return (date.tm_hour + 11) % 12 + 1;
}

bool is_leap(long long year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// The week by ISO 8601: weeks begin on Monday, and the first one has January 4th in it.
struct Week {
    long long year;
    int number;
};
Week week_of(const struct tm& date) {
    const int from_monday = (date.tm_wday + 6) % 7;
    const long long year = year_of(date);
    const int week = (date.tm_yday - from_monday + 10) / 7;
    const auto last_of = [](long long of, int last_day) {
        // The day of the week, from Monday, of a year's last day: 53 weeks if it is Thursday, or
        // Friday of a leap year.
        return last_day == 3 || (last_day == 4 && is_leap(of)) ? 53 : 52;
    };
    if (week < 1) {
        const int last_day = (from_monday - date.tm_yday - 1 + 7 * 54) % 7;
        return {year - 1, last_of(year - 1, last_day)};
    }
    const int left = (is_leap(year) ? 365 : 364) - date.tm_yday;
    if (week > last_of(year, (from_monday + left) % 7)) return {year + 1, 1};
    return {year, week};
}

/// The text, which grows by format() until there is no room.
class Text {
  public:
    Text(char* to, size_t size) : to_(to), size_(size) {}

    [[gnu::format(printf, 2, 3)]] void format(const char* format, ...) {
        va_list arguments;
        va_start(arguments, format);
        const int added = vsnprintf(to_ + length_, size_ - length_, format, arguments);
        va_end(arguments);
        has_room_ = has_room_ && static_cast<size_t>(added) < size_ - length_;
        if (has_room_) length_ += static_cast<size_t>(added);
    }
    void add(const char* format, const struct tm& date);
    [[nodiscard]] size_t length() const { return has_room_ ? length_ : 0; }

  private:
    void add_day(char letter, const struct tm& date);
    void add_time(char letter, const struct tm& date);
    bool add_group(char letter, const struct tm& date);
    void add_one(char letter, const struct tm& date);

    char* to_;
    size_t size_;
    size_t length_ = 0;
    bool has_room_ = true;
};

// What stands for several others.
bool Text::add_group(char letter, const struct tm& date) {
    constexpr struct {
        char letter;
        const char* format;
    } kGroups[] = {{'c', "%a %b %e %H:%M:%S %Y"},
                   {'D', "%m/%d/%y"},
                   {'F', "%Y-%m-%d"},
                   {'R', "%H:%M"},
                   {'T', "%H:%M:%S"},
                   {'r', "%I:%M:%S %p"},
                   {'x', "%m/%d/%y"},
                   {'X', "%H:%M:%S"}};
    for (const auto& group : kGroups) {
        if (group.letter != letter) continue;
        add(group.format, date);
        return true;
    }
    return false;
}

void Text::add_day(char letter, const struct tm& date) {
    switch (letter) {
    case 'a':
        return format("%.3s", day_of(date));
    case 'A':
        return format("%s", day_of(date));
    case 'b':
    case 'h':
        return format("%.3s", month_of(date));
    case 'B':
        return format("%s", month_of(date));
    case 'C':
        return format("%02lld", year_of(date) / 100);
    case 'd':
        return format("%02d", date.tm_mday);
    case 'e':
        return format("%2d", date.tm_mday);
    case 'g':
        return format("%02lld", week_of(date).year % 100);
    case 'G':
        return format("%lld", week_of(date).year);
    case 'j':
        return format("%03d", date.tm_yday + 1);
    case 'm':
        return format("%02d", date.tm_mon + 1);
    case 'u':
        return format("%d", (date.tm_wday + 6) % 7 + 1);
    case 'U':
        return format("%02d", (date.tm_yday + 7 - date.tm_wday) / 7);
    case 'V':
        return format("%02d", week_of(date).number);
    case 'w':
        return format("%d", date.tm_wday);
    case 'W':
        return format("%02d", (date.tm_yday + 7 - (date.tm_wday + 6) % 7) / 7);
    case 'y':
        return format("%02lld", year_of(date) % 100);
    case 'Y':
        return format("%lld", year_of(date));
    default:
        return format("%%%c", letter);
    }
}

void Text::add_time(char letter, const struct tm& date) {
    struct tm copy = date;
    switch (letter) {
    case 'H':
        return format("%02d", date.tm_hour);
    case 'I':
        return format("%02d", hour_of_12(date));
    case 'k':
        return format("%2d", date.tm_hour);
    case 'l':
        return format("%2d", hour_of_12(date));
    case 'M':
        return format("%02d", date.tm_min);
    case 'S':
        return format("%02d", date.tm_sec);
    case 'p':
        return format("%s", date.tm_hour < 12 ? "AM" : "PM");
    case 'P':
        return format("%s", date.tm_hour < 12 ? "am" : "pm");
    case 's':
        return format("%ld", timegm(&copy));
    case 'z':
        return format("+0000");
    case 'Z':
        return format("UTC");
    case 'n':
        return format("\n");
    case 't':
        return format("\t");
    case '%':
        return format("%%");
    default:
        return add_day(letter, date);
    }
}

void Text::add_one(char letter, const struct tm& date) {
    if (!add_group(letter, date)) add_time(letter, date);
}

// %E and %O ask for the locale's other digits, which "C" has not got.
void Text::add(const char* format, const struct tm& date) {
    for (; *format != '\0'; ++format) {
        if (*format != '%') {
            this->format("%c", *format);
            continue;
        }
        ++format;
        if (*format == 'E' || *format == 'O') ++format;
        if (*format == '\0') return;
        add_one(*format, date);
    }
}

}  // namespace

size_t strftime(char* to, size_t size, const char* format, const struct tm* date) {
    Text text(to, size);
    if (size > 0) *to = '\0';
    text.add(format, *date);
    return text.length();
}

char* asctime_r(const struct tm* date, char* to) {
    constexpr int kRoom = 26;
    const int length =
        snprintf(to, kRoom, "%.3s %.3s%3d %.2d:%.2d:%.2d %lld\n", day_of(*date), month_of(*date),
                 date->tm_mday, date->tm_hour, date->tm_min, date->tm_sec, year_of(*date));
    if (length < kRoom) return to;
    errno = EOVERFLOW;
    return nullptr;
}
char* asctime(const struct tm* date) {
    static char text[26];
    return asctime_r(date, text);
}
char* ctime_r(const time_t* time, char* to) {
    struct tm date;
    return localtime_r(time, &date) != nullptr ? asctime_r(&date, to) : nullptr;
}
char* ctime(const time_t* time) {
    static char text[26];
    return ctime_r(time, text);
}
