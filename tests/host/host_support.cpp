// What the product expects at link time, on the host: assertions abort, log lines go to stderr
// when QUIRE_LOG is set.
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "kernel/base/assert.h"
#include "kernel/base/log.h"

namespace quire {

void assertion_failed(const char* condition, const char* file, int line, const char* function) {
    std::fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, function, condition);
    std::abort();
}

void log(LogLevel level, const char* room, const char* format, ...) {
    if (std::getenv("QUIRE_LOG") == nullptr) return;
    std::va_list arguments;
    va_start(arguments, format);
    std::fprintf(stderr, "[%s] %s: ", log_level_name(level), room);
    std::vfprintf(stderr, format, arguments);
    std::fputc('\n', stderr);
    va_end(arguments);
}

}  // namespace quire
