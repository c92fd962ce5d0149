// date [-uR] [-d TIME | -r FILE] [-I[FORM] | +FORMAT]: what time it is, or was, or will be
// (dates.h); FORMAT as in strftime(3), and %N for nanoseconds, %-d without zeros, %_d with blanks,
// %^a in capitals. -I: 2024-01-31, -R: as in letters. date -s TIME sets the clock. All times are
// UTC.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "user/tools/dates.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

/// The time that is asked for; false after a complaint.
bool choose_time(const Options& options, timespec& time) {
    if (const char* const file = options.value('r')) {
        struct stat told;
        if (stat(file, &told) != 0) return complain(file) == 0;
        time = told.st_mtim;
        return true;
    }
    const char* const text = options.has('s') ? options.value('s') : options.value('d');
    if (text == nullptr) return clock_gettime(CLOCK_REALTIME, &time) == 0;
    return parse_date(text, time) || complain(text, "not a time") == 0;
}

class Writer {
  public:
    Writer(const struct tm& date, long nanoseconds) : date_(date), nanoseconds_(nanoseconds) {}

    void write(const char* format) const {
        while (*format != '\0')
            if (*format == '%' && format[1] != '\0')
                format = write_figure(format + 1);
            else
                putchar(*format++);
        putchar('\n');
    }

  private:
    /// Behind the percent sign: flags, a width of %N, a letter. Returns what follows.
    const char* write_figure(const char* format) const {
        char flag = '\0';
        for (; *format != '\0' && strchr("-_^0", *format) != nullptr; ++format)
            flag = *format;
        char* end = nullptr;
        const long digits = strtol(format, &end, 10);
        if (*end == 'N') {
            char text[16];
            snprintf(text, sizeof text, "%09ld", nanoseconds_);
            printf("%.*s", digits > 0 && digits < 9 ? static_cast<int>(digits) : 9, text);
            return end + 1;
        }
        if (*format == '\0') return format;
        const char figure[] = {'%', *format, '\0'};
        char text[128] = "";
        strftime(text, sizeof text, figure, &date_);
        put(text, flag);
        return format + 1;
    }
    static void put(char* text, char flag) {
        if (flag == '^')
            for (char* place = text; *place != '\0'; ++place)
                *place = static_cast<char>(toupper(static_cast<unsigned char>(*place)));
        const char other = flag == '0' ? ' ' : '0';
        const bool is_number = text[strspn(text, "0123456789 ")] == '\0';
        if (flag == '\0' || flag == '^' || !is_number) return void(fputs(text, stdout));
        for (; (*text == other || *text == ' ') && text[1] != '\0'; ++text)
            if (flag != '-') putchar(flag == '_' ? ' ' : '0');
        fputs(text, stdout);
    }

    const struct tm& date_;
    long nanoseconds_;
};

/// What is shown if nothing else is asked for; nullptr: what is asked for makes no sense.
const char* choose_format(const Options& options) {
    if (!options.operands().empty())
        return options.operands()[0][0] == '+' ? options.operands()[0] + 1 : nullptr;
    if (options.has('R')) return "%a, %d %b %Y %H:%M:%S +0000";
    if (!options.has('I')) return "%a %b %e %H:%M:%S UTC %Y";
    const char* const form = options.value('I');
    if (form == nullptr || strcmp(form, "date") == 0 || *form == '\0') return "%Y-%m-%d";
    if (strcmp(form, "hours") == 0) return "%Y-%m-%dT%H+00:00";
    if (strcmp(form, "minutes") == 0) return "%Y-%m-%dT%H:%M+00:00";
    if (strcmp(form, "seconds") == 0) return "%Y-%m-%dT%H:%M:%S+00:00";
    return strcmp(form, "ns") == 0 ? "%Y-%m-%dT%H:%M:%S,%N+00:00" : nullptr;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv,
                          "uRI::d:r:s:", "[-uR] [-d TIME | -r FILE | -s TIME] [-I[FORM] | +FORMAT]",
                          1, "utc=u universal=u date=d set=s reference=r iso-8601=I rfc-email=R");
    options.need(0, 1);
    const char* const format = choose_format(options);
    if (format == nullptr) options.refuse();
    timespec time{};
    if (!choose_time(options, time)) return 1;
    if (options.has('s') && clock_settime(CLOCK_REALTIME, &time) != 0) return complain("clock");
    struct tm date;
    if (localtime_r(&time.tv_sec, &date) == nullptr) return complain("date");
    Writer(date, time.tv_nsec).write(format);
    return finish(0);
}
