// date [-u] [-d @SECONDS | -r FILE] [+FORMAT]: what time it is, or was; FORMAT as in strftime(3),
// and %N for nanoseconds. date -s @SECONDS sets the clock. All times are UTC.
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

bool parse_seconds(const char* text, timespec& time) {
    char* end = nullptr;
    if (*text != '@') return false;
    time = {strtol(text + 1, &end, 10), 0};
    return end != text + 1 && *end == '\0';
}

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
    return parse_seconds(text, time) || complain(text, "not @SECONDS") == 0;
}

/// %N becomes digits, which strftime leaves alone.
void put_nanoseconds(char* to, size_t size, const char* format, long nanoseconds) {
    while (*format != '\0' && size > 16) {
        const bool is_pair = format[0] == '%' && format[1] != '\0';
        int length = is_pair ? 2 : 1;
        if (is_pair && format[1] == 'N')
            snprintf(to, size, "%09ld", nanoseconds);
        else
            snprintf(to, size, "%.*s", length, format);
        format += length;
        size -= strlen(to);
        to += strlen(to);
    }
    *to = '\0';
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv,
                          "ud:r:s:", "[-u] [-d @SECONDS | -r FILE | -s @SECONDS] [+FORMAT]");
    options.need(0, 1);
    timespec time{};
    if (!choose_time(options, time)) return 1;
    if (options.has('s') && clock_settime(CLOCK_REALTIME, &time) != 0) return complain("clock");
    const bool has_format = !options.operands().empty();
    if (has_format && options.operands()[0][0] != '+') options.refuse();
    char format[512], text[2048];
    put_nanoseconds(format, sizeof format,
                    has_format ? options.operands()[0] + 1 : "%a %b %e %H:%M:%S UTC %Y",
                    time.tv_nsec);
    struct tm date;
    if (localtime_r(&time.tv_sec, &date) == nullptr) return complain("date");
    strftime(text, sizeof text, format, &date);
    puts(text);
    return finish(0);
}
