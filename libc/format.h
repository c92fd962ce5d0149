// The one printf engine: snprintf, the kernel log, the panic screen and user programs share it.
//
// format_to() walks the format and hands finished pieces of text to a writer; nothing is
// collected, so it needs no buffer, no allocation and about 200 bytes of stack.
//
// Conversions: d i u x X o b c s p %, with the flags - + space 0 #, a width and a precision
// (digits or *), and the lengths hh h l ll j z t, all as in C17 7.21.6.1. There is no floating
// point, and %n is left out on purpose. Ours: %p shows "0x" and all digits of an address, %b is
// binary, a null %s shows "(null)", and a conversion we do not know prints itself.
#pragma once

#include <cstdarg>
#include <cstddef>

namespace quire::libc {

/// Takes the next `length` characters of the output (never 0). They are not NUL-terminated.
using FormatWriter = void (*)(void* context, const char* text, std::size_t length);

/// Formats to `writer`, and returns the number of characters, or -1 if that is above INT_MAX.
int format_to(FormatWriter writer, void* context, const char* format, std::va_list arguments);

}  // namespace quire::libc

// Parts of the standard library bring <cstdio> along, whose declarations these repeat.
// NOLINTBEGIN(readability-redundant-declaration,readability-inconsistent-declaration-parameter-name)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"

extern "C" {

/// Writes at most `size` bytes with the NUL (nothing for size 0: `buffer` may then be nullptr) and
/// returns the length of the whole text: a result >= `size` tells that it was cut.
[[gnu::format(printf, 3, 4)]] int snprintf(char* buffer, std::size_t size, const char* format,
                                           ...) noexcept;
[[gnu::format(printf, 3, 0)]] int vsnprintf(char* buffer, std::size_t size, const char* format,
                                            std::va_list arguments) noexcept;

}  // extern "C"

#pragma GCC diagnostic pop
// NOLINTEND(readability-redundant-declaration,readability-inconsistent-declaration-parameter-name)
