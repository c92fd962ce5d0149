// What the compiler itself may call.
#include <cstddef>

#include "kernel/base/panic.h"

extern "C" [[noreturn]] void __cxa_pure_virtual();

void __cxa_pure_virtual() {
    quire::panic("a pure virtual function was called");
}
