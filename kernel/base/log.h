// The kernel log: one line an event, with a level and the room it comes from.
//
//     log(LogLevel::Info, "pit", "tick every %u us", 10000);
//
// log() is resolved at link time: the kernel formats into the ring that `dmesg` shows and, at or
// above the console level, prints; host tests collect the lines. It allocates nothing and may be
// called with interrupts off, from an interrupt handler, and before any device is set up.
#pragma once

namespace quire {

enum class LogLevel : unsigned char { Debug, Info, Warning, Error };

constexpr const char* log_level_name(LogLevel level) {
    switch (level) {
    case LogLevel::Debug:
        return "debug";
    case LogLevel::Info:
        return "info";
    case LogLevel::Warning:
        return "warning";
    case LogLevel::Error:
        return "error";
    }
    return "?";
}

/// `room` names the speaker ("boot", "serial"); the line gets its own newline.
[[gnu::format(printf, 3, 4)]] void log(LogLevel level, const char* room, const char* format, ...);

}  // namespace quire
