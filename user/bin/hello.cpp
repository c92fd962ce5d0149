// hello: the smallest program that shows that programs run.
#include <stdio.h>
#include <unistd.h>

#include "user/tools/main.h"

int main(int argc, char** argv) {
    printf("Hello from process %d.\n", getpid());
    for (int i = 1; i < argc; ++i)
        printf("argument %d: %s\n", i, argv[i]);
    return 0;
}
