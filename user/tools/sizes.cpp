#include "user/tools/sizes.h"

#include <stdio.h>

namespace quire::tools {

SizeText readable_size(unsigned long long bytes) {
    SizeText text{};
    constexpr char kUnits[] = " KMGTP";
    unsigned power = 0;
    unsigned long long unit = 1;
    while (power + 2 < sizeof kUnits && (bytes + unit - 1) / unit >= 1024)
        unit *= 1024, ++power;
    const unsigned long long tenths = (bytes * 10 + unit - 1) / unit;
    if (power == 0) {
        snprintf(text.data(), text.size(), "%llu", bytes);
    } else if (tenths < 100) {
        snprintf(text.data(), text.size(), "%llu.%llu%c", tenths / 10, tenths % 10, kUnits[power]);
    } else {
        snprintf(text.data(), text.size(), "%llu%c", (bytes + unit - 1) / unit, kUnits[power]);
    }
    return text;
}

SizeText size_in(unsigned long long bytes, unsigned unit, bool readable) {
    if (readable) return readable_size(bytes);
    SizeText text{};
    snprintf(text.data(), text.size(), "%llu", (bytes + unit - 1) / unit);
    return text;
}

}  // namespace quire::tools
