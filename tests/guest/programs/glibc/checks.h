// A frame for programs with a C library that say what they have found, one line of TAP each.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int checks_done, checks_failed;

/// What is tested, and whether it held.
static inline void report(int passed, const char* what) {
    if (!passed) ++checks_failed;
    printf("%sok %d - %s\n", passed ? "" : "not ", ++checks_done, what);
    fflush(stdout);
}

/// What wait(2) says of a child that does `work`; 99 is its code if it comes back.
static inline int status_of_child(void (*work)(void)) {
    int status = -1;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        work();
        _exit(99);
    }
    waitpid(child, &status, 0);
    return status;
}

/// What main returns.
static inline int end_of_checks(void) {
    printf("1..%d\n", checks_done);
    return checks_failed == 0 ? 0 : 1;
}
