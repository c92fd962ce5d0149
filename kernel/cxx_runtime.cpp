// What the compiler and the headers of the C++ library may call.
#include <cstddef>

#include "kernel/base/panic.h"

extern "C" [[noreturn]] void __cxa_pure_virtual();

void __cxa_pure_virtual() {
    quire::panic("a pure virtual function was called");
}

namespace std {

// string_view::substr() from behind the end.
[[noreturn]] void __throw_out_of_range_fmt(const char* format, ...);

void __throw_out_of_range_fmt(const char* format, ...) {
    quire::panic("out of range: %s", format);
}

}  // namespace std
