#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void __assert_fail(const char* condition, const char* file, unsigned line, const char* function) {
    fflush(nullptr);
    dprintf(STDERR_FILENO, "%s:%u: %s: assertion '%s' does not hold\n", file, line, function,
            condition);
    abort();
}
