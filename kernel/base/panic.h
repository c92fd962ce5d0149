// The end: the kernel's own integrity is lost. Resolved at link time, like log().
#pragma once

namespace quire {

/// Says why, shows registers, backtrace and memory, and stops the machine (or, under test, ends the
/// emulator). For broken kernel state only: what a user, a disk or a full memory does is an Error.
[[noreturn, gnu::format(printf, 1, 2)]] void panic(const char* format, ...);

}  // namespace quire
