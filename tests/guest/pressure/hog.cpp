// /pressure/hog MIB: writes to every page of so many MiB, and says how far it came. Where there is
// no swap and less RAM, it does not come to its end.
#include "tests/guest/pressure/pressure.h"

using namespace quire;
using namespace quire::pressure;

int main(int argc, char** argv, char**) {
    const Arguments arguments(argc, argv, 1, "hog MIB");
    auto* const bytes = map<volatile char>(arguments[0] * kMib);
    for (std::size_t i = 0; i < arguments[0]; ++i) {
        for (std::size_t at = 0; at < kMib; at += kPage)
            bytes[i * kMib + at] = 1;
        say("hog: %zu MiB\n", i + 1);
    }
    say("hog: has all\n");
    return 0;
}
