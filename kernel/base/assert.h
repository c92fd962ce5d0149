// Contracts that stay on in every build.
//
// ASSERT(cond) states what the programmer promised; its condition has no side effect. What a user
// or a device may do wrong is an Error, never an assert. assertion_failed() is resolved at link
// time: the kernel panics with registers and a backtrace, host tests print and abort, so that a
// broken contract can be tested with EXPECT_DEATH.
#pragma once

namespace quire {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line,
                                   const char* function);

}  // namespace quire

#define ASSERT(condition)                              \
    (__builtin_expect(static_cast<bool>(condition), 1) \
         ? static_cast<void>(0)                        \
         : quire::assertion_failed(#condition, __FILE__, __LINE__, __func__))

/// Closes a switch over one of our own enums, where no value is left.
#define ASSERT_UNREACHABLE() \
    quire::assertion_failed("this line is never reached", __FILE__, __LINE__, __func__)
