// sleep TIME...: waits for the sum; 0.25 is a quarter of a second, 2m are two minutes (also s, h,
// d).
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

constexpr long kNanoseconds = 1'000'000'000;

/// Nanoseconds, or -1 for what is no time.
long long parse_time(const char* text) {
    char* end = nullptr;
    const char* const first = text + (*text == '.' ? 1 : 0);
    if (*first < '0' || *first > '9') return -1;
    long long time = strtoll(text, &end, 10) * kNanoseconds;
    if (*end == '.') {
        long worth = kNanoseconds / 10;
        for (++end; *end >= '0' && *end <= '9'; ++end, worth /= 10)
            time += (*end - '0') * worth;
    }
    constexpr char kUnits[] = "smhd";
    constexpr long kSeconds[] = {1, 60, 3600, 86400};
    if (*end == '\0') return time;
    const char* const unit = strchr(kUnits, *end);
    return unit != nullptr && end[1] == '\0' ? time * kSeconds[unit - kUnits] : -1;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "+", "TIME[smhd]...");
    options.need(1);
    long long sum = 0;
    for (const char* text : options.operands()) {
        const long long time = parse_time(text);
        if (time < 0) options.refuse();
        sum += time;
    }
    const timespec duration{static_cast<time_t>(sum / kNanoseconds),
                            static_cast<long>(sum % kNanoseconds)};
    return nanosleep(&duration, nullptr) == 0 ? 0 : 1;
}
