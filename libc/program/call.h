// The kernel's answer as POSIX has it: -1 and errno, or the result.
#pragma once

#include <errno.h>
#include "user/system_call.h"

namespace quire::libc {

inline constexpr unsigned long kLargestError = 4095;

/// The kernel answers a result, or -errno in the last page of numbers.
inline long answer(long result) {
    if (static_cast<unsigned long>(result) < -kLargestError) return result;
    errno = static_cast<int>(-result);
    return -1;
}

/// Up to five arguments, integers or pointers.
template <typename... Arguments>
int call(long number, Arguments... arguments) {
    const long values[5] = {(long)(arguments)...};
    return static_cast<int>(
        answer(system_call(number, values[0], values[1], values[2], values[3], values[4])));
}

inline int fail(int error) {
    errno = error;
    return -1;
}

}  // namespace quire::libc
