// An ordinary C program.
#include <stdio.h>

int main(void) {
    printf("Hello, world. 6 * 7 = %d, pi is about %.4f\n", 6 * 7, 22 / 7.0);
    return 0;
}
