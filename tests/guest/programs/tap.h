// A frame for test programs that run inside Quire, for C and C++.
//
//     #include "tests/guest/programs/tap.h"
//
//     TEST(a_page_is_zero_at_first) {
//         CHECK(page[0] == 0);
//         CHECK_EQUAL(system_call(SYS_close, 77), -EBADF);
//     }
//
// There is no main to write: each TEST runs in a child of its own and gives a line of TAP; one that
// crashes fails, and the others go on. `PROGRAM WORD` runs the tests whose name has WORD in it.
// The programs need nothing but system calls, so that a test shows what the kernel does and not
// what a library makes of it; numbers and structures come from Linux's own headers (<asm/...>,
// <linux/...>). With a C library the same works, too.
#pragma once

#include "user/system_call.h"

#ifdef __cplusplus
extern "C" {
#endif

struct TapTest {
    const char* name;
    void (*run)(void);
};

#define TEST(name)                                                                               \
    static void test_##name(void);                                                               \
    __attribute__((section("tap_tests"), used)) static const struct TapTest tap_entry_##name = { \
        #name, test_##name};                                                                     \
    static void test_##name(void)

/// A condition that must hold. The test goes on when it does not.
#define CHECK(condition) tap_check(!!(condition), #condition, __FILE__, __LINE__)
/// Two numbers or pointers of 32 bits; both are shown when they differ.
#define CHECK_EQUAL(actual, expected) \
    tap_check_equal((long)(actual), (long)(expected), #actual, #expected, __FILE__, __LINE__)
/// As CHECK, but there is no point in going on: the test ends.
#define REQUIRE(condition)                     \
    do {                                       \
        if (!CHECK(condition)) tap_end_test(); \
    } while (0)

/// Return whether it was so.
int tap_check(int passed, const char* condition, const char* file, int line);
int tap_check_equal(long actual, long expected, const char* actual_text, const char* expected_text,
                    const char* file, int line);
__attribute__((noreturn)) void tap_end_test(void);
/// A line of explanation, of printf's kind.
__attribute__((format(printf, 1, 2))) void tap_note(const char* format, ...);

/// Runs function(argument) in a child, and returns what wait4(2) says of it; the child ends with
/// code 0 when the function returns.
int tap_status_in_child(void (*function)(long argument), long argument);
/// The same for a function that ought to crash: the signal that has ended the child, 0 if none.
int tap_signal_in_child(void (*function)(long argument), long argument);

#ifdef __cplusplus
}
#endif
