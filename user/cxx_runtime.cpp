// What the C++ compiler and its headers expect a program to have. There are no exceptions: where
// the library would throw one, the program ends.
#include "user/output.h"
#include "user/system.h"

// NOLINTBEGIN(bugprone-reserved-identifier)
namespace std {

[[noreturn]] void __throw_out_of_range_fmt(const char* format, ...);
[[noreturn]] void __throw_out_of_range_fmt(const char* format, ...) {
    quire::complain("out of range: %s\n", format);
    quire::sys::exit(2);
}

}  // namespace std

extern "C" [[noreturn]] void __cxa_pure_virtual();
extern "C" [[noreturn]] void __cxa_pure_virtual() {
    quire::complain("a pure virtual function was called\n");
    quire::sys::exit(2);
}
// NOLINTEND(bugprone-reserved-identifier)
