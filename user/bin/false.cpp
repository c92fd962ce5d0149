// false: nothing is well.
#include "user/system.h"

int main(int, char**, char**) {
    return 1;
}
