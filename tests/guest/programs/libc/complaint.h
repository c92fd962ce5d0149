// What a child complains of: its standard error output, and how it has ended.
#pragma once

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/guest/programs/tap.h"

struct Complaint {
    char text[1024];
    int status;  // of wait4(2)
};

/// Runs function(argument) in a child with MALLOC_DEBUG as it is here. The child ends by exit(0).
static struct Complaint complaint_of(void (*function)(long argument), long argument) {
    struct Complaint complaint;
    size_t length = 0;
    int ends[2];
    memset(&complaint, 0, sizeof complaint);
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        function(argument);
        exit(0);
    }
    close(ends[1]);
    for (;;) {
        const ssize_t got =
            read(ends[0], complaint.text + length, sizeof complaint.text - 1 - length);
        if (got <= 0) break;
        length += (size_t)got;
    }
    close(ends[0]);
    system_call(SYS_wait4, child, &complaint.status, 0, 0);
    return complaint;
}
