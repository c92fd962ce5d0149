// sleep SECONDS: waits; 0.25 is a quarter of a second.
#include <cstdint>

#include "libc/string.h"
#include "user/output.h"
#include "user/system.h"

namespace {

constexpr std::uint32_t kNanoseconds = 1'000'000'000;

/// The digits behind the point, as nanoseconds; -1: something else stands there.
std::int32_t parse_fraction(const char* text) {
    std::uint32_t value = 0, digit_worth = kNanoseconds / 10;
    for (; *text >= '0' && *text <= '9'; ++text, digit_worth /= 10)
        value += static_cast<std::uint32_t>(*text - '0') * digit_worth;
    return *text == '\0' ? static_cast<std::int32_t>(value) : -1;
}

}  // namespace

int main(int argc, char** argv, char**) {
    using namespace quire;
    struct {
        std::int32_t seconds;
        std::int32_t nanoseconds;
    } time{};
    char* end = nullptr;
    if (argc == 2) {
        time.seconds = strtol(argv[1], &end, 10);
        time.nanoseconds = *end == '.' ? parse_fraction(end + 1) : *end == '\0' ? 0 : -1;
    }
    if (argc != 2 || end == argv[1] || time.seconds < 0 || time.nanoseconds < 0) {
        complain("usage: sleep SECONDS\n");
        return 2;
    }
    return system_call(SYS_nanosleep, &time, 0) == 0 ? 0 : 1;
}
