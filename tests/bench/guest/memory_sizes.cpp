// What memory is taken by what is not a program's page, from /proc/meminfo: at the start, and what
// comes with 64 MiB touched. Runs on Linux, too. Prints "size: NAME KIB".
#include "tests/bench/guest/measure.h"

namespace {

using namespace bench;

constexpr std::size_t kTouched = 64 * kMib;

struct Figures {
    long free, page_tables, slab;
};

char text[8192];

// The number in the line that begins with `key`.
long figure(const char* key) {
    for (const char* line = text; *line != '\0';) {
        const char* at = line;
        const char* wanted = key;
        while (*wanted != '\0' && *at == *wanted) {
            ++at;
            ++wanted;
        }
        if (*wanted == '\0') {
            long value = 0;
            for (; *at == ' '; ++at) {
            }
            for (; *at >= '0' && *at <= '9'; ++at)
                value = value * 10 + (*at - '0');
            return value;
        }
        while (*line != '\0' && *line++ != '\n') {
        }
    }
    say("/proc/meminfo has no %s\n", key);
    sys::exit(1);
}

Figures now() {
    const int file = static_cast<int>(must("open", sys::open("/proc/meminfo", 0)));
    std::size_t used = 0;
    while (used < sizeof text - 1) {
        const long got = must("read", sys::read(file, text + used, sizeof text - 1 - used));
        if (got == 0) break;
        used += static_cast<std::size_t>(got);
    }
    text[used] = '\0';
    sys::close(file);
    return {figure("MemFree:"), figure("PageTables:"), figure("Slab:")};
}

}  // namespace

int main(int, char**, char**) {
    const Figures before = now();
    touch(map(kTouched), kTouched);
    const Figures after = now();
    say("size: free %ld\n", before.free);
    say("size: page-tables %ld\n", after.page_tables - before.page_tables);
    say("size: slab %ld\n", after.slab - before.slab);
    say("size: beside %ld\n", before.free - after.free - static_cast<long>(kTouched / 1024));
    return 0;
}
