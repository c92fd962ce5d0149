// sleep TIME...: waits for the sum; 0.25 is a quarter of a second, 2m are two minutes (also s, h,
// d), infinity is for ever.
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

constexpr long kNanoseconds = 1'000'000'000;
constexpr long long kForEver = LLONG_MAX;  // and what is longer

long long times(long long time, long long factor) {
    return __builtin_mul_overflow(time, factor, &time) ? kForEver : time;
}
long long plus(long long time, long long more) {
    return __builtin_add_overflow(time, more, &time) ? kForEver : time;
}

/// Nanoseconds, or -1 for what is no time.
long long parse_time(const char* text) {
    char* end = nullptr;
    const char* const first = text + (*text == '.' ? 1 : 0);
    if (strcmp(text, "infinity") == 0) return kForEver;
    if (*first < '0' || *first > '9') return -1;
    long long time = times(strtoll(text, &end, 10), kNanoseconds);
    if (*end == '.') {
        long worth = kNanoseconds / 10;
        for (++end; *end >= '0' && *end <= '9'; ++end, worth /= 10)
            time = plus(time, (*end - '0') * worth);
    }
    constexpr char kUnits[] = "smhd";
    constexpr long kSeconds[] = {1, 60, 3600, 86400};
    if (*end == '\0') return time;
    const char* const unit = strchr(kUnits, *end);
    return unit != nullptr && end[1] == '\0' ? times(time, kSeconds[unit - kUnits]) : -1;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "+", "TIME[smhd]...");
    options.need(1);
    long long sum = 0;
    for (const char* text : options.operands()) {
        const long long time = parse_time(text);
        if (time < 0) options.refuse();
        sum = plus(sum, time);
    }
    const long long seconds = sum / kNanoseconds;
    const timespec duration{static_cast<time_t>(seconds < LONG_MAX ? seconds : LONG_MAX),
                            static_cast<long>(sum % kNanoseconds)};
    return nanosleep(&duration, nullptr) == 0 ? 0 : 1;
}
