// clear: an empty screen, and the cursor at its top.
#include <stdio.h>

#include "user/tools/main.h"

int main(int, char**) {
    fputs("\033[H\033[2J\033[3J", stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
