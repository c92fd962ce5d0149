// The members of the printf family that go through a stream's way to memory or to a file.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

int vasprintf(char** text, const char* format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(nullptr, 0, format, again);
    va_end(again);
    *text = length < 0 ? nullptr : static_cast<char*>(malloc(static_cast<size_t>(length) + 1));
    if (*text == nullptr) return -1;
    return vsnprintf(*text, static_cast<size_t>(length) + 1, format, arguments);
}

int asprintf(char** text, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length = vasprintf(text, format, arguments);
    va_end(arguments);
    return length;
}

int sprintf(char* to, const char* format, ...) noexcept {
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(to, INT_MAX, format, arguments);
    va_end(arguments);
    return length;
}
