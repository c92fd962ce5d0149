// printf into a std::string, for messages of tests.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <string>

namespace quire::test {

[[gnu::format(printf, 1, 2)]] inline std::string formatted(const char* format, ...) {
    char line[400];
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    return line;
}

}  // namespace quire::test
