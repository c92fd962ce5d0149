// Pipes: their two ends, what is in between, and what happens when one end is gone.
#define SUBJECT "pipes"
#include "tests/oracle/frame.h"

ANSWER(pipe, "NULL for the two numbers", CALL(pipe, 0))
CASE(pipe, "the two lowest free numbers") {
    int ends[2];
    answer(CALL(pipe, ends));
    answer_text("%d %d", ends[0], ends[1]);
}
