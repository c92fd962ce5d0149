// A frame for programs with a C library that say what they have found, one line of TAP each.
#pragma once

#include <stdio.h>
#include <stdlib.h>

static int checks_done, checks_failed;

/// What is tested, and whether it held.
static inline void report(int passed, const char* what) {
    if (!passed) ++checks_failed;
    printf("%sok %d - %s\n", passed ? "" : "not ", ++checks_done, what);
    fflush(stdout);
}

/// What main returns.
static inline int end_of_checks(void) {
    printf("1..%d\n", checks_done);
    return checks_failed == 0 ? 0 : 1;
}
