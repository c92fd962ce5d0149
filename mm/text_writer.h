// Where mm writes sentences for people: the monitor's `explain`, the panic screen, a test's string.
#pragma once

#include <cstddef>

namespace quire::mm {

/// A writer function with its context, and print() over it. Copies are cheap.
struct TextWriter {
    /// Takes the next `length` characters, which are not NUL-terminated (libc::FormatWriter).
    void (*write)(void* context, const char* text, std::size_t length);
    void* context;

    [[gnu::format(printf, 2, 3)]] void print(const char* format, ...) const;
};

}  // namespace quire::mm
